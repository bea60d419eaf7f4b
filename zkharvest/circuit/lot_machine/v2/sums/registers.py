"""Registers from posts: exact sums by key, level by level, on whole arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.lot_machine.words import Ints
from zkharvest.commitment.standing import LEVEL_WEIGHT, small_fields

from .keys import (
    CARRIED_LEVELS,
    DIFFERENCE_LEVELS,
    FIELDS,
    FIRST_LANES,
    GROUPS,
    LAST_LANES,
    RESULTS,
    SIGNED_GROUPS,
    SLOTS,
    TERMS,
    field,
    level_number,
)

CARRIED = [level_number(level) for level in CARRIED_LEVELS]
SIGNED_UNITS = [level_number(level) for level in DIFFERENCE_LEVELS]
INCOME = TERMS.index("income")
_ODD = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio: its powers spread the fields of a key over a word (Knuth, TAOCP 6.4)."""


@dataclass(frozen=True, slots=True)
class Registers:
    """Keys (n, FIELDS) in the table's order; what was posted, its bytes and signed bytes (n, SLOTS).

    `carries` (n, SLOTS) are those out of each byte; `negative` (n, groups) 0 or 1. `prior` (n,) is 1 for those of the
    standing carried in, which come last, `factor` what their bytes count in their own sum: 1, of a prior one -1 or 0.
    """

    keys: Ints
    posted: Ints
    octets: Ints
    carries: Ints
    negative: Ints
    prior: Ints
    factor: Ints

    @property
    def signed(self) -> Ints:
        """Bytes with the sign of their group."""
        return self.octets * _signs(self.negative)

    def amount(self, row: int, group: str) -> int:
        """The sum of a group of lanes."""
        first, count = GROUPS[group]
        return sum(int(v) << (8 * i) for i, v in enumerate(self.signed[row, 3 * first : 3 * (first + count)]))

    @property
    def empty(self) -> NDArray[np.bool_]:
        """(n,) whether a register of what is held holds nothing, so that no standing has it."""
        held: NDArray[np.bool_] = (self.keys[:, 0] == level_number("HOLD")) & (self.prior == 0)
        nothing: NDArray[np.bool_] = held & ~self.octets.any(axis=1)
        return nothing

    @property
    def carried(self) -> NDArray[np.bool_]:
        """(n,) whether a register is one of a standing: of the one carried in, or out."""
        of_level: NDArray[np.bool_] = np.isin(self.keys[:, 0], CARRIED)
        return of_level & ~self.empty

    def own(self) -> Registers:
        """All that are not of the standing carried in; they come first, so that their numbers are the same."""
        return self.at(np.flatnonzero(self.prior == 0))

    def carried_out(self) -> Registers:
        """Those of the standing carried out."""
        return self.at(np.flatnonzero((self.prior == 0) & self.carried))

    @classmethod
    def of_lanes(cls, keys: Ints, lanes: Ints) -> Registers:
        """Registers of a standing: keys and signed lanes (n, LANES), as the standing's tree has them."""
        size = np.abs(lanes)
        octets = np.stack([size >> 8 * j & 255 for j in range(3)], axis=2).reshape(len(lanes), SLOTS)
        first = [at for at, _ in GROUPS.values()]
        negative = (np.minimum.reduceat(lanes, first, axis=1) < 0).astype(np.int64)
        nothing, none = np.zeros_like(octets), np.zeros(len(keys), np.int64)
        return cls(keys, nothing, octets, nothing, negative, none, none + 1)

    def at(self, rows: Ints) -> Registers:
        """Some of them, in this order."""
        return Registers(*(getattr(self, name)[rows] for name in Registers.__slots__))


def registers(
    keys: Ints, posted: Ints, shown: Ints | None = None, *, opening: Registers | None = None, same_year: bool = False
) -> Registers:
    """Every register that posts (keys (m, FIELDS), slots (m, SLOTS)) lead to, parents included.

    `shown` are keys that must have one, even of nothing; `opening` are the registers carried in.

    Raises ValueError if a sum has the wrong sign or too many bytes for its lanes, or if two keys have one place in the
    order: their assets, or their sources, have codes that agree in the 72 bits that order them; or if a register is
    carried in that no standing has.
    """
    nothing = np.zeros((0, SLOTS), np.int64)
    todo = [(keys.astype(np.int64), posted.astype(np.int64))]
    if shown is not None:
        todo.append((shown.astype(np.int64), np.zeros((len(shown), SLOTS), np.int64)))
    carried = None if opening is None else _carried_in(opening, same_year)
    if carried is not None:
        counts = carried.factor != 0
        todo.append((carried.keys[counts], -carried.posted[counts]))
    made: list[Registers] = []
    for level in ("L0", "L1", "L2", "L3", "L4", "NET", "COUNT", "HOLD"):  # parents behind all of their children
        number = level_number(level)
        of_level = [(k[at], p[at]) for k, p in todo for at in [k[:, 0] == number] if at.any()]
        if not of_level:
            continue
        own = _split(*by_key(np.concatenate([k for k, _ in of_level]), np.concatenate([p for _, p in of_level])))
        made.append(own)
        todo += _posted_up(own, level)
    made.append(_split(np.zeros((0, len(FIELDS)), np.int64), nothing) if carried is None else carried)
    whole = Registers(*(np.concatenate([getattr(r, name) for r in made]) for name in Registers.__slots__))
    ranks = rank(whole.keys, whole.prior)
    order = np.lexsort(ranks.T[::-1])
    alike = np.flatnonzero((ranks[order[1:]] == ranks[order[:-1]]).all(axis=1))
    if len(alike):
        one, other = (whole.keys[order[alike[0] + k]].tolist() for k in (0, 1))
        raise ValueError(
            f"two registers have one place, their codes agree in the first 72 bits: keys {one} and {other}"
        )
    return whole.at(order)


def _carried_in(opening: Registers, same_year: bool) -> Registers:
    """As the table has them: what counts is posted, as the negative of what is collected."""
    if not np.isin(opening.keys[:, 0], CARRIED).all():
        raise ValueError("the standing carried in has registers that follow from others")
    counts = np.isin(opening.keys[:, 0], [level_number("HOLD"), *([1, 2] if same_year else [])]).astype(np.int64)
    posted, one = -opening.signed * counts[:, None], np.ones(len(counts), np.int64)
    nothing = np.zeros_like(opening.carries)
    return Registers(opening.keys, posted, opening.octets, nothing, opening.negative, one, -counts)


def rank(keys: Ints, prior: Ints) -> Ints:
    """(n, 8): by what the table orders keys, the most significant lane first."""
    lead = prior * 128 + keys[:, field("level")] * LEVEL_WEIGHT + keys[:, field("term")]
    places = [keys[:, field(f"{place}{i}")] for place in ("asset", "source") for i in range(3)]
    return np.stack([lead, *places, small_fields(keys)], axis=1)


def by_key(keys: Ints, posted: Ints) -> tuple[Ints, Ints]:
    """Distinct keys, ordered, and the sum of each slot."""
    order = _alike_together(keys)
    keys = keys[order]
    if not len(keys):
        return keys, posted
    starts = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]).any(axis=1)))
    sums = np.add.reduceat(posted[order], starts, axis=0)
    distinct = np.lexsort(keys[starts].T)
    return keys[starts][distinct], sums[distinct]


def _alike_together(keys: Ints) -> Ints:
    """An order in which equal keys are neighbours: that of a sum of their fields mod 2^64, or their own where two
    keys have one sum. A sum is ordered ten times as fast as sixteen fields.
    """
    weights = np.cumprod(np.full(keys.shape[1], _ODD, np.uint64))
    sums = (keys.astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
    order: Ints = np.argsort(sums, kind="stable")
    fields, sums = keys[order], sums[order]
    unlike = (fields[1:] != fields[:-1]).any(axis=1) & (sums[1:] == sums[:-1])
    return np.lexsort(keys.T) if unlike.any() else order


def _split(keys: Ints, posted: Ints) -> Registers:
    """Sums of slots into bytes with one sign a group: sum + carry = sign * byte + 256 * carry."""
    octets, carries = np.zeros_like(posted), np.zeros_like(posted)
    negative = np.zeros((len(keys), len(GROUPS)), np.int64)
    for number, (first, last) in enumerate(zip(FIRST_LANES, LAST_LANES, strict=True)):
        slots = slice(3 * first, 3 * last + 3)
        _, _, left = _bytes(posted[:, slots])
        sign = np.where(left < 0, -1, 1)
        octets[:, slots], own, left = _bytes(posted[:, slots] * sign[:, None])
        carries[:, slots], negative[:, number] = own * sign[:, None], sign < 0
        name = list(GROUPS)[number]
        allowed = np.isin(keys[:, 0], SIGNED_UNITS) if name == "units" else name in SIGNED_GROUPS
        for wrong, what in ((left != 0, "does not fit in its lanes"), ((sign < 0) & ~allowed, "is below zero")):
            if wrong.any():
                raise ValueError(f"the sum of {name} {what}: key {keys[int(np.argmax(wrong))].tolist()}")
    none = np.zeros(len(keys), np.int64)
    return Registers(keys, posted, octets, carries, negative, none, none + 1)


def _bytes(posted: Ints) -> tuple[Ints, Ints, Ints]:
    """Bytes, carries out of each, and the last carry: not 0 if the sum is below zero, or too large."""
    octets, carries = np.zeros_like(posted), np.zeros_like(posted)
    carry = np.zeros(len(posted), np.int64)
    for k in range(posted.shape[1]):
        whole = posted[:, k] + carry
        octets[:, k], carry = whole & 255, whole >> 8
        carries[:, k] = carry
    return octets, carries, carry


def _signs(negative: Ints) -> Ints:
    widths = [3 * count for _, count in GROUPS.values()]
    return np.repeat(1 - 2 * negative, widths, axis=1)


def _posted_up(own: Registers, level: str) -> list[tuple[Ints, Ints]]:
    """Posts of registers of one level to their parents, as `SumsTable` has them."""
    keys, signed = own.keys, own.signed
    term = keys[:, field("term")]
    alike = signed.copy()
    alike[:, : 3 * GROUPS["units"][1]] = 0
    posts = []

    def post(at: NDArray[np.bool_], parent: str, slots: Ints, *kept: str, **set_to: Ints | int) -> None:
        up = np.zeros_like(keys)
        up[:, 0] = level_number(parent)
        for name in kept:
            up[:, field(name)] = keys[:, field(name)]
        for name, value in set_to.items():
            up[:, field(name)] = value
        posts.append((up[at], slots[at]))

    every = np.ones(len(keys), bool)
    if level in ("L0", "L1"):
        post(every, "COUNT", alike, "kind", "origin", "told")
    if level == "L1":
        difference = alike.copy()
        (proceeds, count), (basis, _) = GROUPS["proceeds"], GROUPS["basis"]
        slots = slice(0, 3 * count)
        difference[:, slots] = signed[:, 3 * proceeds : 3 * (proceeds + count)]
        difference[:, slots] -= signed[:, 3 * basis : 3 * (basis + count)]
        source = [f"source{i}" for i in range(4)]
        post((term > 0) & (term != INCOME), "L2", alike, *source, "covered", "term")
        result = np.where(term == INCOME, RESULTS.index("gain"), keys[:, field("result")])
        post(term > 0, "L3", difference, "term", result=result)
    elif level == "L3":
        post(every, "L4", signed, "term")
    elif level == "L4":
        post(term != INCOME, "NET", signed)
    return posts
