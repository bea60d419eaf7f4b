"""Lies about registers that stand on one row alone: on the first or the last of the table.

Registers here hold nothing. They fill the table, or stand at its beginning, or lie around its end: the first half of
the last one on the last row, its second half on the first. Honest keys cannot stand so, since they strictly increase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.adversary.kit.local import Board
from tests.support import registers as support
from tests.support.register_lies import LIES as OF_ALL
from tests.support.register_lies import TERM_LIES
from tests.support.register_runs import CARRYING, Edit, Lie, carry_cells, followed, net_of_nothing, nothing, register
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, LEVELS, ORDERED, TERMS
from zkharvest.circuit.lot_machine.v2.sums.table import CLASS

Half = Mapping[str, int]
"""Cells of a row; `level` and `term` by number, 0 for none of them said otherwise."""
L2, L3, L4, NET, COUNT, HOLD = range(2, 8)
LANES = (*(f"asset{i}" for i in range(ORDERED)), *(f"source{i}" for i in range(ORDERED)))
FULL = 128
"""Registers that fill the table of `nothing`."""
LIES: dict[str, Callable[[], Lie]] = {}
"""By the mutant (`restricted_rows.RowMutant.name`) that takes it."""


def _rank(half: Half) -> list[int]:
    lead = 128 * half.get("prior", 0) + 8 * (half.get("level", L2) + 1) + half.get("term", 0)
    return [lead, *(half.get(lane, 0) for lane in LANES), sum(half.get(n, 0) * w for n, w in CLASS.items())]


def _row(row: int, half: Half, which: str) -> Iterator[Edit]:
    """Cells of half a register that holds nothing."""
    level, term = half.get("level", L2), half.get("term", 0)
    new = 1 - half.get("prior", 0)
    yield "sums", row, which, 1
    yield "sums", row, f"level{level}", 1
    yield "sums", row, f"term{term}", 1
    if level in (0, 1):
        yield "sums", row, "up_count", new
    if level in (L3, L4):
        yield "sums", row, "up_same", new
    for i, name in enumerate(LANES[:ORDERED] if which == "first" else LANES[ORDERED:]):
        for j in range(3):
            yield "sums", row, f"octet{3 * i + j}", half.get(name, 0) >> (16 - 8 * j) & 255
    for byte in CARRYING:
        yield from carry_cells(row, byte, 0)
    yield from (("sums", row, name, value) for name, value in half.items() if name not in ("level", "term"))


def standing_at(row: int, keys: Sequence[Half | tuple[Half, Half]], around: bool = False) -> Lie:
    """Registers one behind the other from a row on; with `around` the last one's second half is on row 0.

    Each key is compared with the one before as far as may be: where the first lane differs that is larger.
    """
    height = len(nothing().traces["sums"])
    edits: list[Edit] = []
    pairs = [key if isinstance(key, tuple) else (key, key) for key in keys]
    for number, halves in enumerate(pairs):
        for k, half in enumerate(halves):
            edits += _row((row + 2 * number + k) % height, half, ("first", "second")[k])
    before = [pairs[-1][1] if around else None, *(second for _, second in pairs)]
    for number, (first, _) in enumerate(pairs):
        if row + number == 0:
            continue  # nothing stands before it
        key = before[number]
        one = [0] * (2 + len(LANES)) if key is None else _rank(key)
        at = [b - a for a, b in zip(one, _rank(first), strict=True)]
        lane = next((k for k, gap in enumerate(at) if gap > 0), None)
        if lane is not None:
            edits += [
                ("sums", row + 2 * number - 1, "order_low", at[lane] - 1 & 0x7FFF),
                ("sums", row + 2 * number - 1, "order_high", at[lane] - 1 >> 15),
                ("sums", row + 2 * number - 1, f"order_at{lane}", 1),
            ]
    return nothing(), edits


def _counted(keys: int) -> list[Half]:
    """Keys that differ in the last lane alone."""
    return [{"kind": 1 + number} for number in range(keys)]


def _put(name: str, make: Callable[[], Lie]) -> None:
    assert name not in LIES, name
    LIES[name] = make


def _split(column: str, one: Half, other: Half) -> None:
    """A register that is something else on its second row: one on the first rows, one around the table's end."""
    _put(f"sums.{column}_held but the first row", lambda: standing_at(0, [(one, other)]))
    # Around the end the second half stands below all others, the first above them.
    rest = [{**other, "kind": other.get("kind", 0) + 1 + number} for number in range(FULL - 1)]
    _put(f"sums.{column}_held but the last row", lambda: standing_at(1, [*rest, (one, other)], around=True))


for _lane in LANES:
    _split(_lane, {_lane: 70_000}, {})
for _name in CLASS:
    _split(_name, {_name: 20 if _name == "origin" else 500 if _name == "kind" else 1}, {})
_split("prior", {"prior": 1}, {})
for _k in range(L2, HOLD):
    _split(f"level{_k}", {"level": HOLD}, {"level": _k})
for _k in range(len(TERMS) - 1):
    _split(f"term{_k}", {"term": len(TERMS) - 1}, {"term": _k})
for _k in range(L2):
    _put(f"sums.level{_k}_held but the first row", lambda k=_k: standing_at(0, [({"level": k}, {"level": HOLD})]))
for _name in ("asset3", "source3", "place"):
    _put(f"sums.{_name}_held but the first row", lambda name=_name: standing_at(0, [({}, {name: 1})]))
_put(
    "sums.empty_held but the first row",
    lambda: standing_at(0, [({"level": HOLD}, {"level": HOLD, "empty": 1})]),
)


def _flag(stem: str, number: int, count: int, row: int) -> Lie:
    """An idle row with a flag that is -1, and another that is 1."""
    cells = {f"{stem}{number}": -1, f"{stem}{(number + 1) % count}": 1}
    if stem == "level":
        value = {k: cells.get(f"level{k}", 0) for k in range(count)}
        cells |= {"up_count": value[0] + value[1], "up_same": value[L3] + value[L4]}
        cells |= {"up_term": value[1], "up_disposal": value[1]}  # it has no term
    return nothing(), [("sums", row, name, v) for name, v in cells.items()]


for _where, _at in (("first", 0), ("last", 255)):
    for _k in range(len(LEVELS)):
        _put(f"sums.level{_k}_bit but the {_where} row", lambda k=_k, at=_at: _flag("level", k, len(LEVELS), at))
    for _k in range(len(TERMS)):
        _put(f"sums.term{_k}_bit but the {_where} row", lambda k=_k, at=_at: _flag("term", k, len(TERMS), at))
for _k in range(8):
    _put(f"sums.order_at{_k}_bit but the first row", lambda k=_k: _flag("order_at", k, 8, 0))

_put("sums.first_bit but the first row", OF_ALL["sums.first_bit"])


# The second half of a register alone: on row 0 nothing stands before it but the last row.
def _half(row: int) -> Lie:
    return nothing(), list(_row(row, {}, "second"))


_put("sums.second_next but the last row", lambda: _half(0))
_put("sums.second_next but the first row", lambda: _half(1))
_put("sums.adjacent but the first row", lambda: standing_at(1, [{}]))


# Keys that strictly increase from row 1 on: the last one, around the table's end, is not compared with the first.


def _around(lane: int) -> Lie:
    """It is above the first one in a lane, below it in the next."""
    name, behind = [*LANES, "kind"][lane - 1], [*LANES, "kind"][lane]
    first = {"level": L2} if lane == 0 else {name: 5}
    last = {"level": NET} if lane == 0 else {name: 6}
    start = 1 if behind == "kind" else 0
    keys = [{**first, "kind": 1 + start + n, behind: 9 if behind != "kind" else 1 + n} for n in range(FULL - 1)]
    return standing_at(1, [*keys, last], around=True)


for _lane in range(7):
    _put(f"sums.order_equal{_lane} but the first row", lambda lane=_lane: _around(lane))
_put("sums.order_marked but the first row", lambda: standing_at(1, _counted(FULL), around=True))


# The same of the last step: the last key is above the one before in a lane, and below it in the one before that.


def _at_the_end(lane: int) -> Lie:
    """It stands around the end of the table, and is the smallest."""
    name, behind = [*LANES, "kind"][lane - 1], [*LANES, "kind"][lane]
    rest = {"level": NET} if lane == 0 else {name: 6}
    keys = [{**rest, "kind": 1 + number} for number in range(FULL - 1)]
    last = {} if lane == 0 else {name: 5}
    return standing_at(1, [*keys, {**last, behind: 500}], around=True)


def _smallest_last(*marks: Edit) -> Lie:
    """Of keys that differ in the last lane alone the smallest stands last."""
    run, edits = standing_at(1, [*_counted(FULL)[1:], _counted(1)[0]], around=True)
    return run, [*edits, *marks]


for _lane in range(7):
    _put(f"sums.order_equal{_lane} but the last step", lambda lane=_lane: _at_the_end(lane))
_put("sums.order_marked but the last step", _smallest_last)
_put("sums.order_gap but the last step", lambda: _smallest_last(("sums", 2 * FULL - 2, "order_at7", 1)))


def _alone_around() -> Lie:
    """A register around the end, of which the first half stands behind idle rows."""
    run, edits = standing_at(1, [{"kind": 5}])
    edits = [edit for edit in edits if edit[1] != 0]  # the first is compared with it
    before = [("sums", row, name, value) for row, lane, gap in ((0, 7, 4), (2 * FULL - 2, 0, 8 * (L2 + 1)))
              for name, value in ((f"order_at{lane}", 1), ("order_low", gap - 1))]  # fmt: skip
    return run, [*edits, *before, *_row(2 * FULL - 1, {"kind": 1}, "first"), *_row(0, {"kind": 1}, "second")]


_put("sums.adjacent but the last step", _alone_around)
_put("sums.negative1_bit but the first row", lambda: (net_of_nothing(), [_net("negative1", 5)]))


def _net(column: str, value: int) -> Edit:
    row = register(net_of_nothing(), "NET")
    assert row == 0
    return "sums", row, column, value


def _hidden_counter() -> Lie:
    """A counter that must be told, on the last row, is not."""
    keys = _counted(FULL - 1)
    return standing_at(0, [*keys, {"level": COUNT, "told": 1}])


_put("sums.counter_shown but the last row", _hidden_counter)
_put("sums.empty_is but the first row", TERM_LIES["sums.empty_is without byte0"])


def _something() -> Lie:
    """What is held and left out has a basis: no unit of it, but a number that stands on the last row."""
    run, edits = standing_at(0, [*_counted(FULL - 1), {"level": HOLD, "empty": 1}])
    key = [HOLD + 1, *[0] * (len(FIELDS) - 1)]
    edits += [("sums", 2 * FULL - 1, name, 1) for name in ("byte0", "value0")]
    edits += [("posts", 99, f"key{k}", value) for k, value in enumerate(key)]
    return run, [*edits, ("posts", 99, "weight30", 1)]


_put("sums.empty_is but the last row", _something)


def board_of(lie: Lie, description: Any = None) -> Board:
    """What hashes and look-ups say follows."""
    run, edits = lie
    made = run.edited(*followed(run, edits)).counted()
    return Board(made, description or support.description())
