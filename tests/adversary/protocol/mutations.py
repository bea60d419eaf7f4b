"""Changes to a proof or its statement that verify while the challenges are held: at least one for every byte.

Each names the absorb that must tell it: that is the first which differs in the real run, and the next challenge drawn
must differ with it. Changes are minimal in what is absorbed: what gives way stands in the same message or later.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

from tests.adversary.kit.frozen import Case, Frozen, Place
from tests.adversary.protocol.forger import Forger, random_ext, vanishing
from tests.adversary.protocol.real_run import ground_sites
from zkharvest.verifier import field, public
from zkharvest.verifier.field import P
from zkharvest.verifier.params import ParameterSet, Sizes

ROUNDS = {"main": ("main", 0), "aux": ("aux", 0), "quotient": ("quotient", 0)}


@dataclass(frozen=True)
class Mutation:
    """What is changed, the absorb that it changes first, and the changed case."""

    name: str
    absorb: Place
    make: Callable[[Frozen], Case]


def absorbed_at(tree: str) -> Place:
    """Where a tree's root is absorbed."""
    return ROUNDS[tree] if tree in ROUNDS else ("fold", int(tree.removeprefix("layer ")))


# ------------------------------------------------------------------ the statement


def other_publics(data: public.PublicData, rows: int) -> Iterator[tuple[str, public.PublicData]]:
    """Public data with one thing changed: every scalar, every field of a list's records, every column's rows."""
    for i, value in enumerate(data.publics):
        yield f"scalar {i}", replace(data, publics=(*data.publics[:i], (value + 1) % P, *data.publics[i + 1 :]))
    for number, records in enumerate(data.lists):

        def with_list(changed: Any, number: int = number) -> public.PublicData:
            return replace(data, lists=(*data.lists[:number], tuple(changed), *data.lists[number + 1 :]))

        for k, record in enumerate(records):
            for i, value in enumerate(record):
                other = (*record[:i], (value + 1) % P, *record[i + 1 :])
                yield f"list {number}, record {k}, field {i}", with_list((*records[:k], other, *records[k + 1 :]))
        yield f"list {number}, a record less", with_list(records[:-1])
        yield f"list {number}, a record more", with_list((*records, records[0]))
        yield f"list {number}, the other way round", with_list(records[::-1])
    for key, column in data.columns.items():
        other = ((column[0] + 1) % P, *column[1:])
        yield f"column {key}, a value", replace(data, columns={**data.columns, key: other})
        if len(column) < rows:  # the same polynomial: no equation reads how many rows were given
            yield f"column {key}, a zero more", replace(data, columns={**data.columns, key: (*column, 0)})
    yield "context", replace(data, context=bytes([data.context[0] ^ 1]) + data.context[1:])
    yield "context, a byte more", replace(data, context=data.context + b"\0")


def other_params(params: ParameterSet, at: Sizes) -> Iterator[tuple[str, ParameterSet]]:
    """Every one of the nine numbers changed, as far as recorded challenges can serve the change."""
    for entry in fields(params):
        value = getattr(params, entry.name)
        if entry.name.startswith("grind"):
            if getattr(at, entry.name, value) > 1:  # without any bits no challenge is drawn for the nonce
                yield entry.name, replace(params, **{entry.name: value - 1})
        else:
            change = -1 if entry.name == "queries" else 1
            yield entry.name, replace(params, **{entry.name: value + change})


def of_the_statement(case: Case) -> Iterator[Mutation]:
    """Circuit, parameters, height, public data."""
    place = ("statement", 0)
    yield Mutation("circuit digest", place, lambda f: replace(f.case, digest=bytes(32)))
    for name, params in other_params(case.params, case.at):
        shaped = name in {"queries", "log_blowup", "log_stack"}

        def make(f: Frozen, params: ParameterSet = params, shaped: bool = shaped) -> Case:
            forger = Forger(f, params=params)
            return forger.from_nothing().done() if shaped else forger.done()

        yield Mutation(f"parameter {name}", place, make)
    for table in range(len(case.heights)):

        def taller(f: Frozen, table: int = table) -> Case:
            heights = tuple(height + (t == table) for t, height in enumerate(f.case.heights))
            return Forger(f, heights=heights).from_nothing().done()

        yield Mutation(f"height of table {table}", place, taller)
    for name, data in other_publics(case.public, case.at.rows):
        yield Mutation(name, place, lambda f, data=data: Forger(f, public=data).mend().follow().bind().done())  # type: ignore[misc]


# ------------------------------------------------------------------ trees


def random_words(row: list[int]) -> None:
    """Other words in a row, every one."""
    row[:] = [(word + 1 + secrets.randbelow(P - 1)) % P for word in row]


def asked_slots(forger: Forger, number: int) -> dict[int, set[int]]:
    """The values of a FRI layer that queries name, by leaf."""
    result: dict[int, set[int]] = {}
    indices = set(forger.known.indices)
    for layer in range(number + 1):
        log_size = forger.parts.trees[f"layer {layer}"].log_size
        if layer == number:
            for index in indices:
                result.setdefault(index % (1 << log_size), set()).add(index >> log_size)
        indices = {index % (1 << log_size) for index in indices}
    return result


def disturb_layer(forger: Forger, number: int) -> None:
    """Other values wherever no query looks in a FRI layer's leaves."""
    tree = forger.parts.trees[f"layer {number}"]
    for leaf, slots in asked_slots(forger, number).items():
        for slot in range(len(tree.slots(leaf))):
            if slot not in slots:
                tree.put(leaf, slot, random_ext())


def new_salts(forger: Forger, tree: str) -> Forger:
    salts = forger.parts.trees[tree].salts
    for index in salts:
        salts[index] = secrets.token_bytes(16)
    return forger


def new_siblings(forger: Forger, tree: str) -> Forger:
    siblings = forger.parts.trees[tree].siblings
    siblings[:] = [secrets.token_bytes(32) for _ in siblings]
    return forger


def new_rows(forger: Forger, tree: str) -> Forger:
    for row in forger.parts.trees[tree].rows.values():
        random_words(row)
    return forger


def new_layer(forger: Forger, number: int) -> Forger:
    disturb_layer(forger, number)
    return forger


def of_trees(case: Case) -> Iterator[Mutation]:
    """Salts, siblings, rows and layer leaves. The root follows; what is queried next takes up the change."""
    layers = [f"layer {number}" for number in range(len(case.at.arities))]
    for tree in (*ROUNDS, *layers):
        place = absorbed_at(tree)
        yield Mutation(f"salts of {tree}", place, lambda f, t=tree: new_salts(Forger(f), t).bind().done())  # type: ignore[misc]
        yield Mutation(f"siblings of {tree}", place, lambda f, t=tree: new_siblings(Forger(f), t).bind().done())  # type: ignore[misc]
    for tree in ROUNDS:
        place = absorbed_at(tree)
        yield Mutation(f"rows of {tree}", place, lambda f, t=tree: new_rows(Forger(f), t).follow(0).bind().done())  # type: ignore[misc]
        yield Mutation(
            f"rows of {tree}, down to the final polynomial",
            place,
            lambda f, t=tree: new_rows(Forger(f), t).follow().bind().done(),  # type: ignore[misc]
        )
    for number in range(len(layers)):
        place = ("fold", number)
        yield Mutation(
            f"leaves of layer {number}",
            place,
            lambda f, k=number: new_layer(Forger(f), k).follow(k).bind().done(),  # type: ignore[misc]
        )
    for number, _ in pairwise(range(len(layers) + 1)):
        stop = number + 1 if number + 1 < len(layers) else None
        yield Mutation(
            f"leaves of layer {number} and what they fold to",
            ("fold", number),
            lambda f, k=number, s=stop: new_layer(Forger(f), k).follow(s).bind().done(),  # type: ignore[misc]
        )


# ------------------------------------------------------------------ what is said in between


def moved(values: list[field.Ext], k: int) -> None:
    values[k] = field.add(values[k], random_ext())


def new_terminal(f: Frozen, k: int) -> Case:
    forger = Forger(f)
    moved(forger.parts.terminals, k)
    return forger.mend().follow().bind().done()


def new_opening(f: Frozen, k: int) -> Case:
    forger = Forger(f)
    moved(forger.parts.at_z, k)
    return mended(forger, k)


def new_opening_ahead(f: Frozen, k: int) -> Case:
    forger = Forger(f)
    moved(forger.parts.at_next, k)
    return mended(forger)


def mended(forger: Forger, moved_piece: int | None = None) -> Case:
    """Equations and FRI made good; the first piece gives way, or the second where it is the one that was moved."""
    first = forger.quotient_start()
    if moved_piece == first:
        step = field.power(forger.known.z, forger.case.at.piece_step)
        values = forger.parts.at_z
        values[first + 1] = field.add(values[first + 1], field.mul(forger.quotient_excess(), field.inverse(step)))
    return forger.mend().follow().bind().done()


def values_ahead_alone(f: Frozen) -> Case:
    """Of the claims only two at g z change: a main column's, and a running sum's, which makes the constraints hold."""
    forger = Forger(f)
    running = len(forger.case.description.next_main)
    moved(forger.parts.at_next, 0)
    forger.make_constraints_hold(forger.parts.at_next, running)
    return forger.follow().bind().done()


def new_final(f: Frozen) -> Case:
    """Another final polynomial that agrees with the first wherever a query looks."""
    forger = Forger(f)
    polynomial = vanishing(list(forger.final_points().values()))
    for degree in range(len(forger.parts.final) - len(polynomial) + 1):
        forger.add_final(polynomial, random_ext(), degree)
    return forger.done()


def new_nonce(f: Frozen, k: int) -> Case:
    forger = Forger(f)
    forger.parts.nonces[k] ^= 1 << 20
    return forger.done()


def of_messages(case: Case) -> Iterator[Mutation]:
    """Terminals, openings, the final polynomial, nonces."""
    said = case.messages()
    for k in range(1, len(said.aux.terminals)):
        yield Mutation(f"terminals 0 and {k}", ("aux", 0), lambda f, k=k: new_terminal(f, k))  # type: ignore[misc]
    for k in range(len(said.evaluations.at_z)):
        yield Mutation(f"opening {k} at z", ("evaluations", 0), lambda f, k=k: new_opening(f, k))  # type: ignore[misc]
    for k in range(len(said.evaluations.at_next)):
        yield Mutation(f"opening {k} at g z", ("evaluations", 0), lambda f, k=k: new_opening_ahead(f, k))  # type: ignore[misc]
    yield Mutation("values at g z alone", ("evaluations", 0), values_ahead_alone)
    yield Mutation("final polynomial", ("final", 0), new_final)
    for nth, k in enumerate(ground_sites(case.params, case.at)):
        yield Mutation(f"nonce {k}", ("grind", nth), lambda f, k=k: new_nonce(f, k))  # type: ignore[misc]


def all_mutations(case: Case) -> list[Mutation]:
    return [*of_the_statement(case), *of_trees(case), *of_messages(case)]
