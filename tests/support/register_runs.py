"""Runs of the table `sums` that lies start from, and what changes them.

A lie is a run and cells (table, row, column, value), or a run that is dishonest as it stands. Where a register of
nothing is made up, it stands behind the honest ones or in a table without any.

Bytes of a row have numbers: 0 to 11 are those of proceeds on a first row, of basis on a second, the rest are those of
units, or of fee, lines and events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from tests.models.lot_machine_v2 import sums as model
from tests.support import registers as support
from tests.support.registers import Run
from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.expr import lift
from zkharvest.circuit.lot_machine.v2.sums.keys import (
    CARRIED_LEVELS,
    FIELDS,
    GROUPS,
    ROW_LANES,
    SLOTS,
    field,
    level_number,
)
from zkharvest.circuit.lot_machine.v2.sums.table import CARRY, CARRY_LIMB, CARRYING
from zkharvest.spec import P

Edit = tuple[str, int, str, int]
Lie = tuple[Run, list[Edit]]
LIES: dict[str, Callable[[], Lie]] = {}
"""By what is broken: "sums.one_lane", or by the lookup: "sums <- bytes #0"."""


def lie(fault: str) -> Callable[[Callable[[], Lie]], Callable[[], Lie]]:
    """Register a lie."""

    def put(make: Callable[[], Lie]) -> Callable[[], Lie]:
        assert fault not in LIES, fault
        LIES[fault] = make
        return make

    return put


def each(faults: str, make: Callable[[int], Lie], numbers: Iterable[int]) -> None:
    """Register one for every number."""
    for number in numbers:
        lie(faults.format(number))(lambda number=number: make(number))


def one(fault: str, make: Callable[[], Lie]) -> None:
    """Register one."""
    lie(fault)(make)


@cache
def ladder() -> Run:
    """Keys that differ from the one before in one lane of their rank and in the last: lane 0 first, then 6 to 1."""
    places = [0x010203] * 6
    keys = [_key("L2", places, 1), _key("HOLD", places, 2)]
    for kind, lane in enumerate(range(5, -1, -1), start=3):
        places[lane] += 3
        keys.append(_key("HOLD", places, kind))
    slots = np.zeros((len(keys), SLOTS), np.int64)
    slots[:, :18], slots[:, 18:42] = 7, 9  # no byte is 0, none 255
    return support.run(np.array(keys), slots)


@cache
def classes() -> Run:
    """Two keys that differ in their small fields alone, a disposal, income, a counter that must be shown."""
    posts: model.Posts = {}
    sale = {"asset": "A", "source": "s", "kind": "trade", "origin": "venue", "covered": "c", "term": "long"}
    model.add(
        posts, model.Key("L1", **sale, result="loss"), model.weights(proceeds=300, basis=70_000, lines=1, events=1)
    )
    gain = model.weights(proceeds=70_000, basis=-300, fee=5, lines=1, events=1)
    model.add(posts, model.Key("L1", **sale, result="gain"), gain)
    income = model.Key("L1", asset="A", source="s", kind="income", origin="venue", term="income")
    model.add(posts, income, model.weights(units=5, proceeds=400, events=1))
    unexplained = model.Key("L0", asset="B", source="s", kind="unexplained", origin="none")
    model.add(posts, unexplained, model.weights(units=9, events=2))
    model.add(posts, model.Key("HOLD", asset="B", source="s", side="0"), model.weights(units=1))
    return support.run(*support.posts_of(posts))


@cache
def carried() -> Run:
    """A purchase and a sale of what was bought before; two registers are carried in."""
    held = model.Key("HOLD", asset="A", source="s", side="0")
    bought = model.Key("L1", asset="A", source="s", kind="trade", origin="venue")
    before: model.Posts = {}
    model.add(before, held, model.weights(units=0x0101010101))
    model.add(before, bought, model.weights(units=0x0101010101, basis=7, events=1))
    after: model.Posts = {}
    model.add(after, held, model.weights(units=0x0505050505))
    return support.run(
        *support.posts_of(after), opening=support.run(*support.posts_of(before)).found.carried_out(), same_year=True
    )


@cache
def nothing() -> Run:
    """No register."""
    return support.run(np.zeros((0, len(FIELDS)), np.int64), np.zeros((0, SLOTS), np.int64))


@cache
def net_of_nothing() -> Run:
    """A year without disposals, which shows that the net is 0."""
    none = np.zeros((0, len(FIELDS)), np.int64), np.zeros((0, SLOTS), np.int64)
    return support.run(*none, shown=[({"level": level_number("NET")}, "units")])


@cache
def halves() -> Run:
    """Income of which there is nothing on its second row."""
    posts: model.Posts = {}
    income = model.Key("L1", asset="A", source="s", kind="income", origin="venue", term="income")
    model.add(posts, income, model.weights(units=5, proceeds=400))
    return support.run(*support.posts_of(posts))


@cache
def full() -> Run:
    """One disposal of which no byte is 0."""
    amounts = {group: int.from_bytes(bytes(range(1, 3 * count + 1)), "little") for group, (_, count) in GROUPS.items()}
    amounts["proceeds"] *= 7
    posts: model.Posts = {}
    sale = {"asset": "A", "source": "s", "kind": "trade", "origin": "venue", "covered": "c", "term": "long"}
    model.add(posts, model.Key("L1", **sale, result="gain"), model.weights(**amounts))
    return support.run(*support.posts_of(posts))


def _key(level: str, places: Iterable[int], kind: int) -> list[int]:
    a0, a1, a2, s0, s1, s2 = places
    return [level_number(level), a0, a1, a2, 5, s0, s1, s2, 6, kind, 0, 0, 0, 0, 0, 0]


def register(run: Run, level: str, prior: int = 0, **fields: int) -> int:
    """The first row of a register."""
    keys = run.found.keys
    good = (keys[:, 0] == level_number(level)) & (run.found.prior == prior)
    for name, value in fields.items():
        good &= keys[:, field(name)] == value
    return 2 * int(np.flatnonzero(good)[0])


def cell(run: Run, row: int, column: str) -> int:
    """An honest cell of the table."""
    return int(run.traces["sums"][row, support.definition()[1].t.index(column)])


def moved(run: Run, row: int, **by: int) -> list[Edit]:
    """Cells of a row, changed by some amounts."""
    return [("sums", row, column, cell(run, row, column) + amount) for column, amount in by.items()]


def carry_cells(row: int, byte: int, carry: int, *, low: bool = False) -> list[Edit]:
    """The limbs of what is carried out of a byte, as they may be; one that is out of range has a high limb that is.

    With `low` it is the low limb that is out of range.
    """
    at = CARRYING.index(byte)
    whole = carry + CARRY
    high = CARRY // CARRY_LIMB if low else whole // CARRY_LIMB
    return [
        ("sums", row, f"carry_high{at}", high),
        ("sums", row, f"carry_low{at}", whole - high * CARRY_LIMB),
    ]


def carry_at(run: Run, row: int, byte: int) -> int:
    """What is carried out of a byte."""
    at = CARRYING.index(byte)
    return cell(run, row, f"carry_low{at}") + cell(run, row, f"carry_high{at}") * CARRY_LIMB - CARRY


def byte_cells(run: Run, row: int, byte: int, by: int) -> list[Edit]:
    """A byte above zero, changed with its value."""
    return moved(run, row, **{f"byte{byte}": by, f"value{byte}": by})


def posted(run: Run, row: int, byte: int, by: int) -> Edit:
    """What is posted to the slot of a byte, changed: the first post of the register's key follows."""
    key, lanes = run.found.keys[row // 2], ROW_LANES[row % 2]
    slot = 3 * lanes[byte // 3] + byte % 3
    post = int(np.flatnonzero((run.traces["posts"][:, : len(FIELDS)] == key).all(axis=1))[0])
    stub = run.traces["posts"][post, len(FIELDS) + slot]
    return "posts", post, f"weight{slot}", int(stub) + by


def made_up(
    run: Run, row: int, halves: Iterable[int] = (0, 1), *, level: int | None = 0, term: int | None = 0
) -> list[Edit]:
    """A register, or half of one, that holds nothing."""
    edits = []
    for half in halves:
        at = row + half
        edits.append(("sums", at, ("first", "second")[half], 1))
        edits += [("sums", at, f"level{level}", 1)] if level is not None else []
        edits += [("sums", at, f"term{term}", 1)] if term is not None else []
        edits += [("sums", at, "up_count", 1)] if level == 0 else []
        edits.append(("sums", at, "place", int(run.found.carried.sum())))
        edits += [edit for byte in CARRYING for edit in carry_cells(at, byte, 0)]
    return edits


def behind(run: Run) -> int:
    """The first idle row."""
    return 2 * len(run.found.keys)


def followed(run: Run, edits: list[Edit]) -> list[Edit]:
    """The edits, and what hashes of standings would say of them: a liar commits to what he has."""
    sums = support.definition()[1]
    rows = sorted({row for table, row, _, _ in edits if table == "sums"})
    after = run.edited(*edits).traces["sums"]
    change: dict[tuple[int, int], np.ndarray] = {}
    for sign, trace in ((-1, run.traces["sums"]), (1, after)):
        for row in rows:
            cells = trace[row].astype(object)

            def value(of, cells=cells):
                return sum((k * int(cells[atom[1]]) for atom, k in of.terms.items()), of.const) % P

            carried, levels = value(sums.carried), value(sums.at(*CARRIED_LEVELS))
            places = [(value(lift(row)), value(sums.amount(at)), lane) for row, lane, at in sums.places()]
            weights = [levels * row * number % P for row, number, _ in sorted(places, key=lambda one: one[2])]
            weights += [carried * value(lift(sums.first)) * value(part) % P for part in sums.fields()]
            if not any(weights):
                continue
            at = change.setdefault((value(sums.prior), value(sums.place)), np.zeros(len(weights), object))
            at += [sign * weight for weight in weights]
    stub = run.traces["standing"]
    rest = iter(range(BLIND_ROWS + len(run.found.keys), len(stub)))
    for (prior, place), weights in change.items():
        if not any(weight % P for weight in weights):
            continue
        known = np.flatnonzero((stub[:, 0] == prior) & (stub[:, 1] == place) & stub[:, 2:-3].any(axis=1))
        row = int(known[0]) if len(known) else next(rest)
        edits = [*edits, ("standing", row, "key0", prior), ("standing", row, "key1", place)]
        edits += [("standing", row, f"weight{k}", int(stub[row, 2 + k]) + w) for k, w in enumerate(weights) if w % P]
    return edits
