"""The records of a page: what a source says of one event, and the 24 field elements that are hashed of it.

    tag+code | time x2 (30 + 15 bits) | quantity x5 | value x3 | asset x4 | fee x2 (24 + 30 bits) | ref x2 | salt x5

The code is kind * 2^16 + flags. All of its bits are fixed here, also those that no circuit reads yet: pages outlive
circuits. Quantities are in 10^-18, money in 10^-8 of the page's currency. `value` is the amount after the fee, as a
magnitude (`NEGATIVE`): what a lot is opened or closed at. The currency stands in the page's header.

A record holds nothing of the order among sources: its place in the page orders a source, the time orders sources.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from zkharvest.commitment.assets import CODE_LANES, id_code
from zkharvest.commitment.encoding import SALT, WIDTH
from zkharvest.spec import MONEY_LIMIT, QUANTITY_LIMIT, TIME_LIMIT
from zkharvest.trades.model import MAX_LEGS

Lanes = npt.NDArray[np.uint32]

TAG_RECORD = 16 << 24
"""Tags from 16 on are those of pages: no record of one version is a leaf or node of another."""

FEE_LIMIT = 1 << 54
REF_LIMIT = 1 << 60
KIND_SHIFT = 16
VALUE_AT, ASSET_AT, FEE_AT, REF_AT = 8, 11, 15, 17


class Flag(IntFlag):
    """What a record does. Bits 10 to 15 are 0."""

    CLOSES = 1 << 0  # gives: takes lots (of the short side: a purchase that covers)
    MOVES = 1 << 1  # a withdrawal or deposit: the coins stay the owner's, as far as the source can tell
    INWARD = 1 << 2  # with MOVES: a deposit
    SHORT = 1 << 3  # on the short side
    NEGATIVE = 1 << 4  # the value is below zero: a fee larger than the amount; only where lots are closed
    JOINED = 1 << 5  # a leg of the same event as the record before it
    UNVALUED = 1 << 6  # the source states no value
    CONVERT = 1 << 7  # one of a pair: the coins given become those got, with basis and date
    FLAT = 1 << 8  # of a contract with a term of its own (s.1256: 60 % long, 40 % short)
    MONEY = 1 << 9  # the counter-value was money, not another asset (CARF tells the two apart)


class RecordKind(IntEnum):
    """Why: the record's kind, six bits. Numbers are never used again."""

    TRADE = 1
    FEE = 2  # paid in coin: to a network, to the venue
    PAYMENT = 3  # for goods or services
    GIFT = 4
    INCOME = 5  # not said of what sort
    STAKING = 6
    MINING = 7
    AIRDROP = 8
    FORK = 9
    INTEREST = 10
    REWARD = 11
    FUNDING = 12  # of a perpetual, either way
    SETTLEMENT = 13  # profit or loss of a derivative, paid in coin
    MOVE = 14
    OPENING_BALANCE = 15  # a deposit that stands for what was there before the first page
    LOST = 16
    LAPSE = 17  # an option that expires
    EXERCISE = 18  # settled in cash
    DELIVERY = 19
    MIGRATION = 20
    REDENOMINATION = 21
    WRAPPING = 22
    MARK = 23  # year-end mark to market (s.1256)
    LIQUIDATION = 24
    WAGES = 25
    REBATE = 26
    CORRECTION = 27
    DECLARED = 28  # an owner's own entry, in a page that nobody else signs


_NEGATIVE = int(Flag.NEGATIVE)
_WITHOUT_FEE = int(Flag.MOVES | Flag.CONVERT)
_WITHOUT_VALUE = int(Flag.MOVES | Flag.CONVERT | Flag.UNVALUED)


@dataclass(frozen=True, slots=True)
class PageRecord:
    """One record. Raises ValueError for what cannot be hashed or makes no sense.

    `time` Unix ms; `quantity` 10^-18, positive; `value` 10^-8, signed; `asset` a canonical id (`assets`); `fee` 10^-8,
    part of the value already, rebates as 0; `ref` text of which a code is hashed (`ref_code`); `id` the source's own
    name of the event, which is in the opening only.
    """

    flags: Flag
    kind: RecordKind
    time: int
    quantity: int
    value: int
    asset: str
    fee: int = 0
    ref: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        flags = int(self.flags)  # a million records: what an IntFlag computes is made anew each time
        if not (0 <= self.time < TIME_LIMIT and 0 < self.quantity < QUANTITY_LIMIT):
            raise ValueError("time or quantity out of range")
        if not (-MONEY_LIMIT < self.value < MONEY_LIMIT and 0 <= self.fee < FEE_LIMIT):
            raise ValueError("value or fee out of range")
        if (self.value < 0) != bool(flags & _NEGATIVE):
            raise ValueError("the sign of the value is not that of the code")
        if fault := flags_fault(self.flags):
            raise ValueError(fault)
        if flags & _WITHOUT_VALUE and self.value:
            raise ValueError("a value where the code says that there is none")
        if flags & _WITHOUT_FEE and self.fee:
            raise ValueError("a fee on a move or conversion: it is a record of its own")

    @property
    def code(self) -> int:
        """The code: kind and flags."""
        return int(self.kind) << KIND_SHIFT | int(self.flags)


@cache
def flags_fault(flags: Flag) -> str:
    """Why these flags cannot stand together; empty if they can."""
    has = [flag for flag in Flag if flag in flags]
    if Flag.MOVES in has and set(has) - {Flag.MOVES, Flag.INWARD, Flag.JOINED}:
        return "a move neither closes nor converts, and has no value"
    if Flag.INWARD in has and Flag.MOVES not in has:
        return "inward without a move"
    if Flag.NEGATIVE in has and Flag.CLOSES not in has:
        return "a negative value where no lot is closed"
    if Flag.CONVERT in has and set(has) & {Flag.SHORT, Flag.NEGATIVE, Flag.UNVALUED, Flag.FLAT, Flag.MONEY}:
        return "a conversion is of long lots and has no value"
    return ""


@lru_cache(maxsize=1 << 12)
def record_of(code: int) -> tuple[Flag, RecordKind]:
    """Flags and kind of a code. ValueError for one that no record has."""
    flags, kind = code & 0xFFFF, code >> KIND_SHIFT
    if flags >> 10:
        raise ValueError("a flag that is not known")
    return Flag(flags), RecordKind(kind)


_HEX = re.compile(r"(?:0[xX])?([0-9a-fA-F]{64})")


def ref_code(text: str) -> int:
    """60 bits for a reference, 0 if there is none.

    A transaction on a chain is `CHAIN:TRANSACTION`: an output's number behind it is left out, since few exports have
    it and the two ends of a move must agree; 32 bytes of hex are lower case without 0x. All else is as it stands.
    """
    if not text:
        return 0
    chain, colon, rest = text.partition(":")
    transaction = rest.partition(":")[0]
    if colon and (digits := _HEX.fullmatch(transaction)):
        text = f"{chain.lower()}:{digits[1].lower()}"
    elif colon and transaction:
        text = f"{chain.lower()}:{transaction}"
    code = int.from_bytes(hashlib.sha256(b"zkharvest/ref/v2\0" + text.encode()).digest()[:8], "little") % REF_LIMIT
    return code or 1


def check_order(records: Sequence[PageRecord]) -> None:
    """ValueError unless times do not fall and legs follow each other as the code says."""
    leg = 0
    for place, record in enumerate(records):
        before = records[place - 1] if place else None
        if before is not None and record.time < before.time:
            raise ValueError(f"record {place} is earlier than the one before it")
        leg = leg + 1 if Flag.JOINED in record.flags else 0
        if leg and (before is None or before.time != record.time):
            raise ValueError(f"record {place} is joined to one of another time")
        if leg >= MAX_LEGS:
            raise ValueError(f"record {place} is leg {leg + 1} of one event, at most {MAX_LEGS}")
    _check_pairs(records)


def _check_pairs(records: Sequence[PageRecord]) -> None:
    """A conversion is two records, one after the other: what is given, and, joined to it, what is got."""
    expected = False
    for place, record in enumerate(records):
        if expected or (Flag.CONVERT in record.flags and Flag.CLOSES not in record.flags):
            second = Flag.CONVERT | Flag.JOINED
            if not expected or record.flags != second:
                raise ValueError(f"record {place} is half of a conversion")
            expected = False
        elif Flag.CONVERT in record.flags:
            expected = True
    if expected:
        raise ValueError("the last record is half of a conversion")


def lanes_of(records: Iterable[PageRecord]) -> Lanes:
    """Records as (n, 24) canonical elements, salt lanes zero."""
    rows = [
        (
            TAG_RECORD + r.code,
            r.time & 0x3FFFFFFF,
            r.time >> 30,
            r.quantity & 0xFFFFFF,
            r.quantity >> 24 & 0xFFFFFF,
            r.quantity >> 48 & 0xFFFFFF,
            r.quantity >> 72 & 0xFFFFFF,
            r.quantity >> 96,
            (v := abs(r.value)) & 0xFFFFFF,
            v >> 24 & 0xFFFFFF,
            v >> 48,
            *id_code(r.asset),
            r.fee & 0xFFFFFF,
            r.fee >> 24,
            (ref := ref_code(r.ref)) & 0x3FFFFFFF,
            ref >> 30,
        )
        for r in records
    ]
    lanes = np.zeros((len(rows), WIDTH), np.uint32)
    if rows:
        lanes[:, : WIDTH - SALT] = rows
    return lanes


assert REF_AT + 2 + SALT == WIDTH
assert ASSET_AT + CODE_LANES == FEE_AT
