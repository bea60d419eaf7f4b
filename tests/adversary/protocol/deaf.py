"""A verifier, and a prover beside it, that leave something out of the transcript: and the attack that then succeeds.

For every part of every absorb in `messages.Rounds`: what an attacker changes once all challenges are known. Without
the absorb no challenge moves, and the real run accepts: of several attacks, a statement that is false.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from unittest import mock

from tests.adversary.kit.frozen import Case, Frozen, Place
from tests.adversary.protocol.forger import Forger, kernel, solve_two
from tests.adversary.protocol.mutations import disturb_layer, new_final, new_nonce
from zkharvest.verifier import constraints, field
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason
from zkharvest.verifier.transcript import Transcript

Part = slice | None
"""The bytes that are not absorbed; None: the absorb is left out."""


@contextmanager
def deaf_to(place: Place, part: Part) -> Iterator[None]:
    """Within it no transcript, prover's or verifier's, hears this part of this absorb."""
    real = Transcript.absorb

    def absorb(self: Transcript, label: str, data: bytes) -> None:
        heard = self.__dict__.setdefault("_heard", Counter())
        here = (label, heard[label])
        heard[label] += 1
        if here != place:
            real(self, label, data)
        elif part is not None:
            real(self, label, data[: part.start] + data[part.stop :])

    with mock.patch.object(Transcript, "absorb", absorb):
        yield


def statement_parts(case: Case) -> dict[str, slice]:
    """Where the parts of the first absorb lie (FORMAT.md sections 4 and 5)."""
    data = case.public
    sizes = {
        "protocol": len(b"zkharvest/stark/v2"),
        "circuit digest": 32,
        "parameters": 36,
        "heights": len(case.heights),
        "scalars": 4 + 4 * len(data.publics),
        "lists": sum(4 + 4 * sum(map(len, records)) for records in data.lists),
        "columns": sum(4 + 4 * len(column) for column in data.columns.values()),
        "context": 4 + len(data.context),
    }
    ends = [sum(list(sizes.values())[: k + 1]) for k in range(len(sizes))]
    return {name: slice(end - size, end) for (name, size), end in zip(sizes.items(), ends, strict=True)}


# ------------------------------------------------------------------ attacks on a statement that is not heard


def other_scalars(frozen: Frozen, marks: Sequence[int]) -> Case:
    """Scalars for which the constraints hold at z all the same: six unknowns, five equations over F_p."""
    forger, data = Forger(frozen), frozen.case.public

    def shifted(by: Sequence[int]) -> PublicData:
        changes = dict(zip(marks, by, strict=True))
        return replace(data, publics=tuple((v + changes.get(i, 0)) % field.P for i, v in enumerate(data.publics)))

    units = [[int(i == k) for i in range(len(marks))] for k in range(len(marks))]
    effects = [forger.quotient_excess(shifted(unit)) for unit in units]
    return replace(frozen.case, public=shifted(kernel(effects)))


def other_order(frozen: Frozen, number: int) -> Case:
    """A list whose records change places."""
    lists = list(frozen.case.public.lists)
    lists[number] = lists[number][::-1]
    return replace(frozen.case, public=replace(frozen.case.public, lists=tuple(lists)))


def other_column(frozen: Frozen, key: tuple[int, int]) -> Case:
    """A public column with the same values at z and at g z: eleven rows, ten equations."""
    case, z = frozen.case, Forger(frozen).known.z
    column, log_rows = case.public.columns[key], case.heights[key[0]]
    effects = []
    for k in range(11):
        unit = [int(i == k) for i in range(len(column))]
        (here,), (ahead,) = constraints.public_columns_at([unit], z, log_rows)
        effects.append((*here, *ahead))
    changes = [*kernel(effects), *[0] * (len(column) - 11)]
    other = tuple((v + c) % field.P for v, c in zip(column, changes, strict=True))
    return replace(case, public=replace(case.public, columns={**case.public.columns, key: other}))


# ------------------------------------------------------------------ attacks on messages that are not heard


def other_rows(frozen: Frozen, tree: str) -> Case:
    """Six words in every opened row for which F at the query stays: five equations. The root follows."""
    forger = Forger(frozen)
    rows, before = forger.parts.trees[tree].rows, forger.deep()
    effects: list[dict[int, field.Ext]] = []
    for k in range(6):
        for row in rows.values():
            row[k] = (row[k] + 1) % field.P
        after = forger.deep()
        effects.append({index: field.sub(after[index], before[index]) for index in rows})
        for row in rows.values():
            row[k] = (row[k] - 1) % field.P
    for index, row in rows.items():
        for k, change in enumerate(kernel([effect[index] for effect in effects])):
            row[k] = (row[k] + change) % field.P
    return forger.bind().done()


def other_layer(frozen: Frozen, number: int) -> Case:
    """A layer's leaves that hold what is asked for, fold to what is asked for, and are otherwise invented."""
    forger = Forger(frozen)
    disturb_layer(forger, number)
    return forger.follow(number).bind().done()


def terminals_that_fit(frozen: Frozen) -> Case:
    """The buses do not balance. Two terminals give way: so that they do, and so that the constraints hold at z."""
    forger = Forger(frozen)
    terminals, lack = forger.parts.terminals, forger.quotient_excess()
    effects = []
    for k in (0, 1):
        terminals[k] = field.add(terminals[k], field.ONE)
        effects.append(field.sub(forger.quotient_excess(), lack))
        terminals[k] = field.sub(terminals[k], field.ONE)
    wanted = (field.neg(forger.bus_excess()), field.neg(lack))
    changes = solve_two((field.ONE, field.ONE), (effects[0], effects[1]), wanted)
    terminals[:2] = map(field.add, terminals, changes)
    return forger.done()


# ------------------------------------------------------------------ the table


@dataclass(frozen=True)
class Deafness:
    """What is not heard, how the proof is made (honestly, or of a statement that is false for `but_for`), and what is
    changed afterwards."""

    name: str
    place: Place
    part: Callable[[Case], Part]
    change: Callable[[Frozen], Case]
    but_for: Reason | None = None


def _statement(part: str, change: Callable[[Frozen], Case]) -> Deafness:
    return Deafness(f"statement: {part}", ("statement", 0), lambda case: statement_parts(case)[part], change)


def _whole(name: str, place: Place, change: Callable[[Frozen], Case]) -> Deafness:
    return Deafness(name, place, lambda case: None, change)


def _openings(case: Case) -> int:
    return 20 * len(case.messages().evaluations.at_z)


def deafnesses(marks: Sequence[int], folds: int) -> list[Deafness]:
    """For the wide circuit; `marks` are the scalars that stand alone in a constraint, `folds` how often FRI folds."""
    return [
        _statement("circuit digest", lambda f: replace(f.case, digest=bytes(32))),
        _statement("parameters", lambda f: replace(f.case, params=replace(f.case.params, johnson_m=9))),
        _statement("scalars", lambda f: other_scalars(f, marks)),
        _statement("lists", lambda f: other_order(f, len(f.case.public.lists) - 1)),
        _statement("columns", lambda f: other_column(f, min(f.case.public.columns))),
        _statement("context", lambda f: replace(f.case, public=replace(f.case.public, context=b"else"))),
        _whole("main root", ("main", 0), lambda f: other_rows(f, "main")),
        Deafness("aux root", ("aux", 0), lambda _: slice(0, 32), lambda f: other_rows(f, "aux")),
        Deafness("terminals", ("aux", 0), lambda c: slice(32, 32 + 20 * 2), terminals_that_fit, Reason.BALANCE),
        _whole("quotient root", ("quotient", 0), lambda f: other_rows(f, "quotient")),
        Deafness(
            "openings at z",
            ("evaluations", 0),
            lambda c: slice(0, _openings(c)),
            lambda f: Forger(f).mend_here().done(),
            Reason.QUOTIENT,
        ),
        Deafness(
            "openings at g z",
            ("evaluations", 0),
            lambda c: slice(_openings(c), _openings(c) + 20 * len(c.messages().evaluations.at_next)),
            lambda f: Forger(f).mend_ahead().done(),
            Reason.QUOTIENT,
        ),
        *(_whole(f"root of layer {k}", ("fold", k), lambda f, k=k: other_layer(f, k)) for k in range(folds)),  # type: ignore[misc]
        _whole("final polynomial", ("final", 0), new_final),
        *(_whole(f"nonce {k}", ("grind", k), lambda f, k=k: new_nonce(f, k)) for k in range(4 + folds)),  # type: ignore[misc]
    ]


NOT_SHOWN = {
    "protocol": "a constant: it keeps this protocol's challenges apart from those of another, and no proof chooses it",
    "heights": "no one proof serves two sets of heights: its trees have other depths, or its claims other points; "
    "absorbed so that a forger cannot choose the heights that suit the challenges",
}
"""Parts of the first absorb whose omission no change of one proof exploits."""
