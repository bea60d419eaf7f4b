"""What a link's machine does, as arrays: the rows of `steps` are filled from it, and from nothing else.

An *operation* is one thing that the machine does: two rows of `steps` for TAKE and DROP, and for OUT where a lot is
taken; one row for all others. A ledger run and the owner's book give the operations; the pages give the records.

    LOAD, LOAD_TOKEN    a lot, a token of the standing carried in            first of all, in the order of its tree
    SKIP                a record outside the window
    OPEN                a record that opens a lot, or a deposit without a token (unexplained, or declared)
    TAKE                part of a lot, and the part of the disposal that settles it
    OUT                 part of a lot that a withdrawal takes, into a token; universal pooling: the token alone
    DROP                part of a lot that a withdrawal takes and nobody received
    ARRIVE              a token enters the destination
    CLOSE, CLOSE_TOKEN  what is left goes to the standing carried out        last of all, in the order of its tree

Operations stand in the order in which they are worked; those of a record stand together, its tokens before its drops.
CLOSEs of a pool stand in the order of its list. `docs/lot-machine-v2.md` has the rules, `tests/models/lot_machine_v2`
a model of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from zkharvest.circuit.lot_machine.words import Ints, Words
from zkharvest.commitment.page_record import RecordKind

Bytes = NDArray[np.uint8]
Lanes = NDArray[np.uint32]

SHORTFALL, UNEXPLAINED, IN_TRANSIT = 61, 62, 63
"""Kinds of what registers count, beside those of records (`commitment.page_record.RecordKind`)."""
GONE_KINDS = (RecordKind.FEE, RecordKind.GIFT, RecordKind.LOST, SHORTFALL, UNEXPLAINED)
"""Of what a withdrawal takes and nobody received."""
DECLARED_KINDS = (RecordKind.INCOME, RecordKind.OPENING_BALANCE, RecordKind.DECLARED)
"""Of a deposit without a token, whose value and day the owner declares."""


class Op(IntEnum):
    """What an operation does."""

    LOAD = 0
    LOAD_TOKEN = 1
    SKIP = 2
    OPEN = 3
    TAKE = 4
    OUT = 5
    DROP = 6
    ARRIVE = 7
    CLOSE = 8
    CLOSE_TOKEN = 9


@dataclass(frozen=True, slots=True)
class WorkedRecords:
    """Every record of the statement's pages, those that are skipped too, in the order of (time + shift, late, page,
    position), in which they are worked.

    page: place of its page in the statement's list; position: place in the page; lanes (n, 19): what is hashed of it
    but for the salt, the tag and code first (FORMAT.md, section 11); late 0 or 1, shift in ms: of a deposit that is
    worked at its withdrawal's time, because its own is not behind it.
    """

    page: Ints
    position: Ints
    lanes: Lanes
    late: Ints
    shift: Ints


@dataclass(frozen=True, slots=True)
class Entries:
    """Every entry of every list of open lots: one for each LOAD and OPEN, and for each ARRIVE under wallet pooling.

    pool: place in `MachineRows.pools`; unit (n, 20): basis of a unit with 96 fractional bits, little-endian bytes;
    order: number of the record that acquired the lot (`MachineRows.first_seq` more than its place among the records
    that are worked, counted from 1; a lot that moved keeps it); day: acquired on it, days since 1999-12-31;
    long_from: ms, from when it is long term; own 0 or 1: acquired here, and never moved.
    """

    pool: Ints
    unit: Bytes
    order: Ints
    day: Ints
    long_from: Ints
    own: Ints


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every token that is loaded or sent. Under universal pooling value, unit, order, day and long_from are 0.

    seq: number of the withdrawal's record, as in `Entries.order`; part: 0, 1, ... of the withdrawal; last 0 or 1;
    asset (n, 4) lanes of its code; time: the withdrawal's, in ms; ref (n, 2) lanes; quantity in 10^-18, two words;
    value in 10^-8; the rest as in `Entries`.
    """

    seq: Ints
    part: Ints
    last: Ints
    asset: Ints
    time: Ints
    ref: Ints
    quantity_lo: Words
    quantity_hi: Words
    value: Words
    unit: Bytes
    order: Ints
    day: Ints
    long_from: Ints


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the statement says that the machine reads.

    Of each page its account's code (n, 4), the verifier's bits `early` and `late`, and the calendar's rows with which
    its period begins and ends. Of the calendar, a row an interval: start (n + 1), in ms, the last the end of the last
    row; long_from in ms, 0 where there is none; phase 0 history, 1 tax year, 2 before the window, 3 behind it; day,
    days since 1999-12-31, 0 where it is none.
    window_end in ms; covered: the first day whose acquisitions are covered; method: of `spec.METHODS`; wallet: whether
    lots are pooled by account.
    """

    page_code: Ints
    page_early: Ints
    page_late: Ints
    page_first: Ints
    page_last: Ints
    start: Ints
    long_from: Ints
    phase: Ints
    day: Ints
    window_end: int
    covered: int
    method: str
    wallet: bool


@dataclass(frozen=True, slots=True)
class MachineRows:
    """The operations, one entry an operation in each array; -1 is none, and 0 an amount that it does not have.

    op: `Op`; record: place in `records`; node: the entry that is inserted or taken from; pred, next: its neighbours in
    the list (after an insertion; before a removal, where `next` is the one behind the entry), -1 at either end;
    token: place in `tokens` (OUT, ARRIVE, LOAD_TOKEN, CLOSE_TOKEN).
    part: quantity taken (TAKE, OUT, DROP) or arriving; lot, lot_value: what the entry holds before a part is taken, or
    when it is inserted or closed; part_value: the lot's part of its value (TAKE, OUT, DROP); rest, rest_value: what is
    left of the record's quantity and magnitude of value before the operation (of a record's first one the whole);
    close_value: magnitude of the record's part of its value (TAKE).
    emptied 0 or 1: the entry leaves the list (CLOSE always).
    kind: of a DROP (`GONE_KINDS`) or a declared deposit (`DECLARED_KINDS`), else 0; declared 0 or 1: an OPEN of a
    deposit with a declared value and day.
    Quantities are in 10^-18, of 112 bits in two words; values in 10^-8.

    pools (n, 9): asset 4, place 4 (the account's code; 0 under universal pooling), side, one for each list.
    first_seq: the number of records that were worked before the first of these, and of all lots and tokens carried in
    none is higher.
    """

    around: Surroundings
    first_seq: int
    records: WorkedRecords
    entries: Entries
    tokens: Tokens
    pools: Ints
    op: Ints
    record: Ints
    node: Ints
    pred: Ints
    next: Ints
    token: Ints
    part_lo: Words
    part_hi: Words
    lot_lo: Words
    lot_hi: Words
    lot_value: Words
    part_value: Words
    rest_lo: Words
    rest_hi: Words
    rest_value: Words
    close_value: Words
    emptied: Ints
    kind: Ints
    declared: Ints
