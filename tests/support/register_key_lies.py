"""Lies about registers' rows and keys: which row is which, which key it has, and that keys strictly increase."""

from __future__ import annotations

from tests.support.register_runs import (
    Edit,
    Lie,
    behind,
    cell,
    classes,
    each,
    halves,
    ladder,
    lie,
    made_up,
    moved,
    nothing,
    one,
    register,
)
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, LEVELS, ORDERED, TERMS

# The second row of a register alone: nothing compares its key, which may stand there already.
one("sums.second_next", lambda: (ladder(), made_up(ladder(), behind(ladder()), [1])))


@lie("sums.adjacent")
def _adjacent() -> Lie:
    """Behind a gap, where the key that is compared is an idle row's."""
    run = ladder()
    row = behind(run) + 1
    before = {"order_at0": 1, "order_low": 8 - 1, "place": int(run.found.carried.sum())}
    return run, [*made_up(run, row), *(("sums", row - 1, column, value) for column, value in before.items())]


@lie("sums.first_bit")
def _first_bit() -> Lie:
    """A register that counts twice, of a level that is two."""
    edits = made_up(nothing(), 0)
    for row, name in enumerate(("first", "second")):
        more = {name: 2, "level1": 1, "term1": 1, "up_count": 2}
        edits += [("sums", row, column, value) for column, value in more.items()]
    return nothing(), edits


def _flag(stem: str, number: int, count: int) -> Lie:
    """One flag is -1, two others are 1."""
    others = [k for k in range(count) if k != number and (stem, k) not in (("level", 1), ("level", 3), ("level", 4))][
        :2
    ]
    edits = made_up(nothing(), 0, level=None, term=None)
    other = "term0" if stem == "level" else "level0"
    for row in range(2):
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
one("sums.one_level", lambda: (nothing(), made_up(nothing(), 0, level=None)))
one("sums.one_term", lambda: (nothing(), made_up(nothing(), 0, term=None)))


def held(column: str) -> Lie:
    """Another on a second row of which nothing was posted; a lane of the source with its bytes."""
    run = classes()
    row = register(run, "HOLD") + 1
    bytes_of: list[Edit] = []
    by = 1
    if column in [f"source{i}" for i in range(ORDERED)]:
        lowest = f"octet{3 * int(column[-1]) + 2}"
        by = -1 if cell(run, row, lowest) == 255 else 1
        bytes_of = moved(run, row, **{lowest: by})
    return run, [*moved(run, row, **{column: by}), *bytes_of]


def _level_held(number: int) -> Lie:
    """A row that says it is of another level; the last level's flag need not say that it stays."""
    run = classes()
    row = register(run, "HOLD") + 1
    ups = {"L0": {"up_count": 1}, "L1": {"up_count": 1}, "L3": {"up_same": 1}, "L4": {"up_same": 1}}
    up = moved(run, row, **ups.get(LEVELS[number], {}))
    return run, [*moved(run, row, **{"level7": -1, f"level{number}": 1}), *up]


def _term_held(number: int) -> Lie:
    """A row of income that says it is something else; the next key exceeds this one by more."""
    run = halves()
    row = register(run, "L1", term=TERMS.index("income")) + 1
    up = {"up_disposal": 1} if number else {"up_term": -1}
    more = TERMS.index("income") - number
    return run, moved(run, row, **{"term5": -1, f"term{number}": 1, "order_low": more}, **up)


for _name in (*(f"{p}{i}" for p in ("asset", "source") for i in range(4)), *FIELDS[9:13], "result", "side"):
    if _name != "term":
        one(f"sums.{_name}_held", lambda name=_name: held(name))
each("sums.level{}_held", _level_held, range(len(LEVELS) - 1))
each("sums.term{}_held", _term_held, range(len(TERMS) - 1))

each("sums.octets{}", lambda i: (ladder(), moved(ladder(), 0, **{f"octet{3 * i}": 1})), range(ORDERED))


@lie("sums.order_marked")
def _order_marked() -> Lie:
    """A key that stands twice is marked nowhere: here one of two that differ in the last lane alone."""
    run = classes()
    row = register(run, "L3") + 1  # long gains; long losses follow
    keys = run.found.keys
    assert (keys[row // 2][:14] == keys[row // 2 + 1][:14]).all()
    return run, [("sums", row, name, 0) for name in ("order_at7", "order_low", "order_high")]


def _order_equal(lane: int) -> Lie:
    """What differs in a high lane is compared in the last one."""
    run = ladder()
    row = 2 * (1, 7, 6, 5, 4, 3, 2)[lane] - 1
    assert cell(run, row, f"order_at{lane}") == 1
    return run, [
        *moved(run, row, **{f"order_at{lane}": -1, "order_at7": 1}),
        ("sums", row, "order_low", 0),
        ("sums", row, "order_high", 0),
    ]


each("sums.order_equal{}", _order_equal, range(7))
one("sums.order_gap", lambda: (ladder(), moved(ladder(), 1, order_low=1)))


def _order_bit(lane: int) -> Lie:
    """A mark that is not a bit makes up for one too many."""
    if lane == 7:  # the difference of a high lane, less that of the last
        gap = 8 * 5 - 1 - 1
        edits = {"order_at1": 1, "order_at7": -1, "order_low": gap - cell(ladder(), 1, "order_low")}
        return ladder(), moved(ladder(), 1, **edits)
    run = classes()
    row = register(run, "L3") + 1
    return run, moved(run, row, **{f"order_at{lane}": -1, f"order_at{(lane + 1) % 7}": 1})


each("sums.order_at{}_bit", _order_bit, range(8))
