"""A standing of the ledger as what its roots are over: lanes of lots, tokens and registers, in order of the trees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.lot_machine.v2.sums.keys import COVERED, GROUPS, LANES, ORIGINS, RESULTS, TERMS, level_number
from zkharvest.circuit.lot_machine.v2.sums.registers import rank
from zkharvest.circuit.lot_machine.words import lanes24
from zkharvest.commitment.assets import CODE_LANES, id_code
from zkharvest.commitment.standing import KEY_FIELDS, PAIR_LANES, StandingOpening
from zkharvest.ledger.history.records import Account
from zkharvest.ledger.history.registers import Amounts, Key, carried_on
from zkharvest.ledger.history.standing import Lot, Standing, Token
from zkharvest.spec import account_code
from zkharvest.verifier.standing import Standing as PublicStanding
from zkharvest.workflow.link_rows import day_number

Ints = NDArray[np.int64]
_NONE = (0,) * CODE_LANES


def roots_of(standing: Standing, key: bytes) -> tuple[bytes, bytes]:
    """The roots over lots and tokens, and over registers, under the salts of a key. ValueError for too many leaves."""
    opening = opening_of(standing, key)
    return opening.pairs.tree.root, opening.registers.tree.root


def opening_of(standing: Standing, key: bytes) -> StandingOpening:
    """What opens the roots of a standing."""
    return StandingOpening(lots_lanes(standing), tokens_lanes(standing), *register_lanes(standing), key)


def same_standing(one: StandingOpening, other: StandingOpening) -> bool:
    """Whether two standings hold the same, leaf by leaf, under one key: then they have the same roots."""
    same = (np.array_equal(getattr(one, part), getattr(other, part)) for part in ("lots", "tokens", "keys", "lanes"))
    return one.key == other.key and all(same)


def other_state(public: PublicStanding, state: Standing) -> str:
    """In what the state that a file holds differs from the standing in its header, where no root has it; else empty.

    `seq` is of the owner's alone: it must be at least what numbers lots and tokens, or nothing goes on from it.
    """
    accounts = [
        (*one.owner, one.number, one.page, one.end, one.open, one.final)
        for one in sorted(state.accounts, key=lambda one: one.owner)
    ]
    known = [(*one.name, one.number, one.page, one.end, one.open, one.final) for one in public.accounts]
    numbers = [lot.order for lot in state.lots] + [n for token in state.tokens for n in (token.seq, token.order)]
    differ = {
        "instant": state.instant != public.instant,
        "pooling": state.pooling != public.pooling,
        "time zone": state.zone != public.timezone,
        "tax year": state.year != public.year,
        "accounts": accounts != known,
        "number of records": state.seq < max(numbers, default=0),
    }
    return ", ".join(name for name, other in differ.items() if other)


def lots_lanes(standing: Standing) -> Ints:
    """The lanes of lots (n, 31), in the order in which they are carried out."""
    return _array(map(_lot, standing.lots), PAIR_LANES)


def tokens_lanes(standing: Standing) -> Ints:
    """The lanes of tokens (n, 31)."""
    return _array(map(_token, standing.tokens), PAIR_LANES)


def register_lanes(standing: Standing) -> tuple[Ints, Ints]:
    """Keys (n, 16) and signed lanes (n, 19) of the registers that a standing has, in the order of the table of sums."""
    registers = carried_on(standing.registers)
    keys = _array((key_fields(key) for key in registers), KEY_FIELDS)
    lanes = _amounts(list(registers.values()))
    order = np.lexsort(rank(keys, np.zeros(len(keys), np.int64)).T[::-1])
    return keys[order], lanes[order]


def key_fields(key: Key) -> tuple[int, ...]:
    """A register's key as the circuit has it."""
    side = 0 if key.side is None else int(key.side) + 1
    told = key.level in ("L0", "L1", "COUNT") and key.told
    return (
        level_number(key.level), *(id_code(key.asset) if key.asset else _NONE), *_place(key.account), key.kind,
        ORIGINS.index(key.origin), int(told), COVERED.index(key.covered), TERMS.index(key.term),
        RESULTS.index(key.result), side,
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _place(account: Account | None) -> tuple[int, ...]:
    return account_code(*account) if account is not None else _NONE


def _amounts(registers: Sequence[Amounts]) -> Ints:
    """Registers' lanes (n, LANES): three bytes each, with the sign of their number."""
    found = np.empty((len(registers), LANES), np.int64)
    for name, (first, count) in GROUPS.items():
        amounts = [getattr(one, name) for one in registers]
        sign = np.array([-1 if amount < 0 else 1 for amount in amounts], np.int64)
        found[:, first : first + count] = _lanes([abs(amount) for amount in amounts], count) * sign[:, None]
    return found


def _lanes(numbers: Sequence[int], count: int) -> Ints:
    """Of each number the low `count` lanes of 24 bits (n, count)."""
    size, kept = 3 * count, (1 << 24 * count) - 1
    octets = b"".join([(number & kept).to_bytes(size, "little") for number in numbers])
    return lanes24(np.frombuffer(octets, np.uint8).reshape(len(numbers), size).astype(np.int64))


def _lot(lot: Lot) -> tuple[int, ...]:
    return (
        *id_code(lot.asset), *_place(lot.place), *_split(lot.quantity, 5), *_split(lot.value, 3), lot.order, 0,
        *_nature(lot.unit, lot.day, lot.long_from), int(lot.side), int(lot.own),
    )  # fmt: skip


def _token(token: Token) -> tuple[int, ...]:
    whole = (1 << 30) - 1
    return (
        *id_code(token.asset), token.time & whole, token.time >> 30, token.ref & whole, token.ref >> 30,
        *_split(token.quantity, 5), *_split(token.value, 3), token.order, token.seq,
        *_nature(token.unit, token.day, token.long_from), token.part, int(token.last),
    )  # fmt: skip


def _nature(unit: int, day: int, long_from: int) -> list[int]:
    """Unit basis, from when it is long, and its day; a token without a lot has none of them."""
    return [*_split(unit, 7), *(long_from >> 15 * i & 0x7FFF for i in range(3)), day_number(day) if day else 0]


def _split(number: int, count: int) -> list[int]:
    return [number >> 24 * i & 0xFFFFFF for i in range(count)]


def _array(rows: Iterable[Iterable[int]], width: int) -> Ints:
    return np.array([tuple(row) for row in rows], np.int64).reshape(-1, width)
