"""Lies about registers' rows and keys: which lane a row is, which key it has, and that keys strictly increase."""

from __future__ import annotations

from tests.support.register_runs import (
    Lie,
    behind,
    cell,
    classes,
    each,
    ladder,
    lie,
    made_up,
    moved,
    nothing,
    one,
    register,
)
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, LANES, LEVELS, TERMS

# A register of which the first lanes are missing: nothing compares its key, which may stand there already.
each("sums.lane{}_next", lambda k: (ladder(), made_up(behind(ladder()), range(k + 1, LANES))), range(LANES - 1))


@lie("sums.adjacent")
def _adjacent() -> Lie:
    """Behind a gap, where the key that is compared is an idle row's."""
    run = ladder()
    row = behind(run) + 1
    before = {"order_at0": 1, "order_low": 8 - 1, "place": row // LANES - 1}
    return run, [*made_up(row), *(("sums", row - 1, column, value) for column, value in before.items())]


@lie("sums.one_lane")
def _one_lane() -> Lie:
    """A register that counts twice, of a level that is two."""
    edits = [(t, row, column, 2 if column.startswith("lane") else v) for t, row, column, v in made_up(0)]
    more = {"level1": 1, "term1": 1, "up_count": 2}
    return nothing(), edits + [("sums", row, name, value) for row in range(LANES) for name, value in more.items()]


def _flag(stem: str, number: int, count: int) -> Lie:
    """One flag is -1, two others are 1."""
    others = [k for k in range(count) if k != number and (stem, k) not in (("level", 1), ("level", 3), ("level", 4))][
        :2
    ]
    edits = made_up(0, level=None, term=None)
    other = "term0" if stem == "level" else "level0"
    for row in range(LANES):
        edits += [("sums", row, f"{stem}{number}", -1), *(("sums", row, f"{stem}{k}", 1) for k in others)]
        edits.append(("sums", row, other, 1))
        up = {"up_count": 1}
        if stem == "level":
            up["up_count"] = sum(k in (0, 1) for k in others) - (number in (0, 1))
            up["up_same"] = -int(LEVELS[number] in ("L3", "L4"))
        edits += [("sums", row, column, value) for column, value in up.items()]
    return nothing(), edits


each("sums.level{}_bit", lambda k: _flag("level", k, len(LEVELS)), range(len(LEVELS)))
each("sums.term{}_bit", lambda k: _flag("term", k, len(TERMS)), range(len(TERMS)))
one("sums.one_level", lambda: (nothing(), made_up(0, level=None)))
one("sums.one_term", lambda: (nothing(), [*made_up(0, term=None)]))


def held(column: str) -> Lie:
    """Another on a lane of which nothing was posted."""
    run = classes()
    return run, moved(run, register(run, "HOLD") + 4, **{column: 1})


def _level_held(number: int) -> Lie:
    """A lane that says it is of another level; the last level's flag need not say that it stays."""
    run = classes()
    row = register(run, "HOLD") + 4
    ups = {"L0": {"up_count": 1}, "L1": {"up_count": 1}, "L3": {"up_same": 1}, "L4": {"up_same": 1}}
    up = moved(run, row, **ups.get(LEVELS[number], {}))
    return run, [*moved(run, row, **{"level7": -1, f"level{number}": 1}), *up]


def _term_held(number: int) -> Lie:
    """A lane of income that says it is something else."""
    run = classes()
    row = register(run, "L1", term=TERMS.index("income")) + 4
    up = {"up_disposal": 1} if number else {"up_term": -1}
    return run, moved(run, row, **{"term5": -1, f"term{number}": 1}, **up)


for _name in (*(f"{p}{i}" for p in ("asset", "source") for i in range(4)), *FIELDS[9:13], "result", "side"):
    if _name != "term":
        one(f"sums.{_name}_held", lambda name=_name: held(name))
each("sums.level{}_held", _level_held, range(len(LEVELS) - 1))
each("sums.term{}_held", _term_held, range(len(TERMS) - 1))

one("sums.pack_first", lambda: (ladder(), moved(ladder(), 3, octet=1)))
one("sums.pack_next", lambda: (ladder(), moved(ladder(), 4, octet=1)))
for _place, _first in (("asset", 2), ("source", 11)):
    each(
        f"sums.{_place}{{}}_bytes",
        lambda i, first=_first: (ladder(), moved(ladder(), first + 3 * i, octet=1, pack=1)),
        range(3),
    )


@lie("sums.order_marked")
def _order_marked() -> Lie:
    """A key that stands twice is marked nowhere: here one of two that differ in the last lane alone."""
    run = classes()
    row = register(run, "L3") + LANES - 1  # long gains; long losses follow
    keys = run.found.keys
    assert (keys[row // LANES][:14] == keys[row // LANES + 1][:14]).all()
    return run, [("sums", row, name, 0) for name in ("order_at7", "order_low", "order_high")]


def _order_equal(lane: int) -> Lie:
    """What differs in a high lane is compared in the last one."""
    run = ladder()
    row = LANES * (1, 7, 6, 5, 4, 3, 2)[lane] - 1
    assert cell(run, row, f"order_at{lane}") == 1
    return run, [
        *moved(run, row, **{f"order_at{lane}": -1, "order_at7": 1}),
        ("sums", row, "order_low", 0),
        ("sums", row, "order_high", 0),
    ]


each("sums.order_equal{}", _order_equal, range(7))
one("sums.order_gap", lambda: (ladder(), moved(ladder(), LANES - 1, order_low=1)))


def _order_bit(lane: int) -> Lie:
    """A mark that is not a bit makes up for one too many."""
    if lane == 7:  # the difference of a high lane, less that of the last
        gap = 8 * 5 - 1 - 1
        edits = {"order_at1": 1, "order_at7": -1, "order_low": gap - cell(ladder(), LANES - 1, "order_low")}
        return ladder(), moved(ladder(), LANES - 1, **edits)
    run = classes()
    row = register(run, "L3") + LANES - 1
    return run, moved(run, row, **{f"order_at{lane}": -1, f"order_at{(lane + 1) % 7}": 1})


each("sums.order_at{}_bit", _order_bit, range(8))
