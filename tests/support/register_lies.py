"""Dishonest witnesses of the table `sums`: for each of its constraints, and its lookups, one that breaks it alone.

A lie is a run and cells (table, row, column, value), or a run that is dishonest as it stands. Where a register of
nothing is made up, it stands behind the honest ones or in a table without any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from tests.models.lot_machine_v2 import sums as model
from tests.support import registers as support
from tests.support.registers import Run
from zkharvest.circuit.blinding import BLIND_ROWS
from zkharvest.circuit.check import PublicValues
from zkharvest.circuit.lot_machine.v2.sums.keys import FIELDS, GROUPS, LANES, LEVELS, SLOTS, TERMS, field, level_number
from zkharvest.spec import P

Edit = tuple[str, int, str, int]
Lie = tuple[Run, list[Edit]]
LIES: dict[str, Callable[[], Lie]] = {}
"""By what is broken: "sums.one_lane", or by the lookup: "sums <- bytes #0"."""

PROCEEDS, FEE = 6, 14


# ------------------------------------------------------------------------------------------------ runs


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
    return LANES * int(np.flatnonzero(good)[0])


def cell(run: Run, row: int, column: str) -> int:
    """An honest cell of the table."""
    return int(run.traces["sums"][row, support.definition()[1].t.index(column)])


def moved(run: Run, row: int, **by: int) -> list[Edit]:
    """Cells of a row, changed by some amounts."""
    return [("sums", row, column, cell(run, row, column) + amount) for column, amount in by.items()]


def made_up(
    row: int, lanes: Iterable[int] = range(LANES), *, level: int | None = 0, term: int | None = 0
) -> list[Edit]:
    """A register, or the end of one, that holds nothing."""
    edits = []
    for at, lane in enumerate(lanes, start=row):
        edits.append(("sums", at, f"lane{lane}", 1))
        edits += [("sums", at, f"level{level}", 1)] if level is not None else []
        edits += [("sums", at, f"term{term}", 1)] if term is not None else []
        edits += [("sums", at, "up_count", 1)] if level == 0 else []
        edits += [("sums", at, "place", row // LANES)]
    return edits


def behind(run: Run) -> int:
    """The first idle row."""
    return LANES * len(run.found.keys)


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

            lanes = [value(lane) for lane in sums.lane]
            if not any(lanes):
                continue
            factor = sign * (1 - 2 * value(sums.prior))
            number = sum(value(part) * 256**j for j, part in enumerate(sums.value))
            weights = [lane * number for lane in lanes] + [lanes[0] * value(part) for part in sums.key()]
            at = change.setdefault((value(sums.prior), value(sums.place)), np.zeros(len(weights), object))
            at += [factor * weight for weight in weights]
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


# ------------------------------------------------------------------------------------------------ lies


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


def _held(column: str) -> Lie:
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
        one(f"sums.{_name}_held", lambda name=_name: _held(name))
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


# ------------------------------------------------------------------------------------------------ numbers


def _held_nothing(first: int, count: int, negative: int) -> Lie:
    """Another sign of a number that is 0."""
    row = register(classes(), "HOLD") + first
    return classes(), [("sums", row + k, "negative", negative) for k in range(count)]


one("sums.negative_bit", lambda: _held_nothing(PROCEEDS, 4, 5))
one("sums.negative_held", lambda: _held_nothing(PROCEEDS + 3, 1, 1))
one("sums.negative_where", lambda: _held_nothing(FEE, 3, 1))


def _number(lane: int, **by: int) -> Lie:
    """Cells of a lane of what is held, changed by some amounts."""
    return ladder(), moved(ladder(), register(ladder(), "HOLD") + lane, **by)


each("sums.value{}_signed", lambda j: _number(1, **{f"byte{j}": 1}), range(3))
each("sums.sum{}", lambda j: _number(1, **{f"byte{j}": 1, f"value{j}": 1}), range(3))
each("sums.carry{}_limbs", lambda j: _number(1, **{f"carry_low{j}": 1}), range(3))
one("sums.carry_first", lambda: _number(PROCEEDS, carry_in=1, byte0=1, value0=1))
one("sums.carry_step", lambda: _number(PROCEEDS + 1, carry_in=1, byte0=1, value0=1))


@lie("sums.carry_last")
def _carry_last() -> Lie:
    """Less than nothing is held: all bytes 255, and the carry out of the highest is lost."""
    run = classes()
    row = register(run, "HOLD")
    post = int(np.flatnonzero(run.traces["posts"][:, 0] == level_number("HOLD"))[0])
    edits: list[Edit] = [("posts", post, "weight0", -1), ("sums", row, "posted0", -1)]
    for lane in range(6):
        edits += [("sums", row + lane, "carry_in", -1)] if lane else []
        for j in range(3):
            values = {"byte": 255, "value": 255, "carry": -1, "carry_low": 0x7FFF, "carry_high": 63}
            edits += [("sums", row + lane, f"{name}{j}", value) for name, value in values.items()]
    return run, edits


for _up in ("up_term", "up_disposal", "up_same", "up_count"):
    one(f"sums.{_up}_is", lambda up=_up: (classes(), moved(classes(), register(classes(), "L1") + 4, **{up: 1})))


# ------------------------------------------------------------------------------------------------ standings


def _prior_held() -> Lie:
    """A lane that says it was carried in, of which there is nothing."""
    return classes(), moved(classes(), register(classes(), "HOLD") + 4, prior=1, factor=-2)


@lie("sums.prior_bit")
def _prior_bit() -> Lie:
    """Neither carried in nor out: a register of which the standing has several, or a part."""
    more = {"prior": 5, "factor": 1 - 5}
    return nothing(), made_up(0, level=2) + [("sums", row, c, v) for row in range(LANES) for c, v in more.items()]


def _prior_carry(j: int) -> Lie:
    """What is carried in is posted in other numbers than bytes: 256 here and one less there."""
    run = carried()
    one, two = (register(run, "HOLD", prior=prior) + 1 for prior in (0, 1))
    edits: list[Edit] = []
    for row, by in ((one, -1), (two, 1)):
        limbs = cell(run, row, f"carry_low{j}") + (cell(run, row, f"carry_high{j}") << 15) + by
        values = {f"posted{j}": 256 * by, f"carry{j}": by}
        values |= {f"posted{j + 1}": -by} if j < 2 else {}
        edits += moved(run, row, **values)
        edits += [("sums", row, f"carry_low{j}", limbs & 0x7FFF), ("sums", row, f"carry_high{j}", limbs >> 15)]
        edits += moved(run, row + 1, carry_in=by, posted0=-by) if j == 2 else []
    return run, edits


one("sums.prior_held", _prior_held)
each("sums.prior_carry{}", _prior_carry, range(3))
one("sums.place_held", lambda: _held("place"))
one("sums.place_start", lambda: (nothing(), made_up(0) + [("sums", row, "place", 1) for row in range(LANES)]))
one("sums.factor_is", lambda: (classes(), moved(classes(), register(classes(), "HOLD") + 4, factor=-1)))


@lie("sums.place_step")
def _place_step() -> Lie:
    """A number is left out."""
    last = behind(ladder()) - LANES
    return ladder(), [edit for row in range(last, last + LANES) for edit in moved(ladder(), row, place=1)]


@lie("sums.counter_shown")
def _counter_shown() -> Lie:
    """A statement that does not say how many deposits nobody explained."""
    run = classes()
    hidden = run.edited(("sums", register(run, "COUNT", told=1) + LANES - 1, "shown", 0))
    return Run(hidden.traces, run.found, PublicValues(run.public.publics, [[]], {})), []


# ------------------------------------------------------------------------------------------------ lookups


def _carried(slot: int, change: int, bytes_by: int) -> Lie:
    """A byte of what is held changes, its carry with it, and all bytes above follow."""
    run = ladder()
    row, count = register(run, "HOLD"), 18
    octets = [cell(run, row + k // 3, f"byte{k % 3}") for k in range(count)]
    carries = dict.fromkeys(range(slot, count), 0)
    octets[slot], carries[slot] = octets[slot] + bytes_by, change
    for k in range(slot + 1, count):
        least = -octets[k]
        step = carries[k - 1] if abs(carries[k - 1]) < P // 2 else carries[k - 1] % P
        if k == slot + 1 and abs(change) > 1 << 22:
            step = change
            moves = next(m for m in range(least, least + 256) if (step - m) * pow(256, -1, P) % P < 1 << 20)
            carries[k] = (step - moves) * pow(256, -1, P) % P
        else:
            moves = (step - least) % 256 + least
            carries[k] = (step - moves) // 256
        octets[k] += moves
    edits: list[Edit] = []
    for k in range(slot, count):
        at, j = row + k // 3, k % 3
        limbs = (carries[k] + (1 << 21)) % P
        low, high = (limbs & 0x7FFF, limbs >> 15) if limbs < 1 << 22 else (0, limbs * pow(1 << 15, -1, P))
        edits += [("sums", at, f"byte{j}", octets[k]), ("sums", at, f"value{j}", octets[k])]
        edits += [("sums", at, f"carry{j}", carries[k]), ("sums", at, f"carry_low{j}", low)]
        edits += [("sums", at, f"carry_high{j}", high)]
        if j == 2 and k + 1 < count:
            edits.append(("sums", at + 1, "carry_in", carries[k]))
    return run, edits


def _carry_high(j: int) -> Lie:
    """A carry that is out of range by far: 256 times it is a small number modulo p."""
    for by in range(1, 248):
        change = -by * pow(256, -1, P) % P
        try:
            return _carried(3 + j, change, by)
        except StopIteration:
            continue
    raise AssertionError


LOOKUPS: dict[tuple[str, ...], Callable[[], Lie]] = {
    ("byte0", "byte1"): lambda: _carried(3, -1, 256),
    ("byte2", "octet"): lambda: _carried(5, -1, 256),
    **{
        (f"carry_low{j}",): (lambda j=j: _number(1, **{f"carry_low{j}": 1 << 15, f"carry_high{j}": -1}))
        for j in range(3)
    },
    **{(f"carry_high{j}", f"carry_high{j}"): (lambda j=j: _carry_high(j)) for j in range(3)},
    ("order_low",): lambda: (ladder(), moved(ladder(), LANES - 1, order_low=-(1 << 15), order_high=1)),
    ("order_high",): lambda: (
        ladder(),
        moved(ladder(), LANES - 1, order_low=1, order_high=-pow(1 << 15, -1, P)),
    ),
    ("kind", "origin", "told", "covered", "result", "side"): lambda: (
        nothing(),
        [*made_up(0), *(("sums", row, "kind", 1 << 15) for row in range(LANES))],
    ),
}
"""By the columns of the lookup: a lie that only this lookup stops."""
