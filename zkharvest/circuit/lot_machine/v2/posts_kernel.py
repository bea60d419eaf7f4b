# mypy: disable-error-code="no-untyped-call"
"""The compiled part of reading posts off a table: expressions on blocks of rows, and sums by key.

A program's registers hold a value for each row of a block, canonical elements. Instructions are `COLUMN`, register,
column, 1 for the next row; `PRODUCT`, register, two registers; `SUM`, register, constant, number of terms, and of each
term register and signed factor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd.compiling import helper, kernel
from zkharvest.spec import P

COLUMN, PRODUCT, SUM, END = range(4)
BLOCK_ROWS = 256
SMALL = 1 << 24
"""Products with factors below it are added up before they are reduced: 2^7 of them are below 2^62."""
MOST_TERMS = 1 << 7

_FIRST_GROUPS = 1 << 9
_ODD = 0x9E3779B97F4A7C15
"""2^64 over the golden ratio (Knuth, TAOCP 6.4)."""


@helper
def _evaluate(work: Any, sums: Any, rows: Any, cells: Any, first: Any, code: Any) -> None:
    height = cells.shape[1]
    at = 0
    while code[at] != END:
        d = code[at + 1]
        if code[at] == COLUMN:
            column, shift = code[at + 2], code[at + 3]
            for r in range(rows):
                row = first + r + shift
                work[d, r] = cells[column, row if row < height else 0]
            at += 4
        elif code[at] == PRODUCT:
            a, b = code[at + 2], code[at + 3]
            for r in range(rows):
                work[d, r] = np.uint32(np.uint64(work[a, r]) * np.uint64(work[b, r]) % np.uint64(P))
            at += 4
        else:
            for r in range(rows):
                sums[r] = code[at + 2]
            count = code[at + 3]
            at += 4
            for _ in range(count):
                a, k = code[at], code[at + 1]
                at += 2
                if -SMALL < k < SMALL:
                    for r in range(rows):
                        sums[r] += np.int64(work[a, r]) * k
                else:
                    for r in range(rows):
                        sums[r] += np.int64(work[a, r]) * k % P
            for r in range(rows):
                work[d, r] = np.uint32(sums[r] % P)


@helper
def _mixed(keys: Any, number: Any) -> Any:
    """A key's hash."""
    mixed = np.uint64(0)
    for f in range(keys.shape[1]):
        mixed = (mixed ^ np.uint64(keys[number, f])) * np.uint64(_ODD)
        mixed ^= mixed >> np.uint64(29)
    return mixed


@helper
def _place(heads: Any, keys: Any, number: Any) -> Any:
    """Where in `heads` key `number` stands, or the free place where it belongs."""
    mask = np.int64(len(heads) - 1)
    at = np.int64(_mixed(keys, number) >> np.uint64(20)) & mask
    while heads[at] >= 0:
        same = True
        for f in range(keys.shape[1]):
            same = same and keys[heads[at], f] == keys[number, f]
        if same:
            return at
        at = (at + 1) & mask
    return at


@helper
def _grown(array: Any, count: Any) -> Any:
    more = np.empty((2 * array.shape[0], array.shape[1]), np.int64)
    for n in range(count):
        for k in range(array.shape[1]):
            more[n, k] = array[n, k]
    return more


@helper
def _none(count: Any) -> Any:
    heads = np.empty(count, np.int64)
    for k in range(count):
        heads[k] = -1
    return heads


@kernel
def add_up(
    start: Any,
    stop: Any,
    cells: Any,
    code: Any,
    registers: Any,
    messages: Any,
    signs: Any,
    begins: Any,
    weights: Any,
    width: Any,
) -> Any:
    """Keys and slots (n, width) of all that is posted on rows start..stop of (columns, rows), each key once.

    `code` is a program with so many registers. Interaction i posts under the registers messages[i] with the sign
    signs[i]: weights[begins[i]:begins[i + 1]] are pairs of a slot and a register, whose values above p/2 are negative.
    """
    work = np.empty((registers, BLOCK_ROWS), np.uint32)
    acc = np.empty(BLOCK_ROWS, np.int64)
    keys = np.empty((_FIRST_GROUPS, messages.shape[1]), np.int64)
    slots = np.empty((_FIRST_GROUPS, width), np.int64)
    heads = _none(4 * _FIRST_GROUPS)
    count = 0
    for first in range(start, stop, BLOCK_ROWS):
        rows = min(BLOCK_ROWS, stop - first)
        _evaluate(work, acc, rows, cells, first, code)
        for i in range(len(signs)):
            for r in range(rows):
                some = np.uint32(0)
                for w in range(begins[i], begins[i + 1]):
                    some |= work[weights[w, 1], r]
                if some == 0:
                    continue
                if count + 1 == len(keys):  # the key in question stands behind those that are known
                    keys, slots = _grown(keys, count), _grown(slots, count)
                    heads = _none(2 * len(heads))
                    for n in range(count):
                        heads[_place(heads, keys, n)] = n
                for f in range(keys.shape[1]):
                    keys[count, f] = work[messages[i, f], r]
                at = _place(heads, keys, count)
                if heads[at] < 0:
                    heads[at] = count
                    for s in range(slots.shape[1]):
                        slots[count, s] = 0
                    count += 1
                group = heads[at]
                for w in range(begins[i], begins[i + 1]):
                    value = np.int64(work[weights[w, 1], r])
                    slots[group, weights[w, 0]] += signs[i] * (value - P if value > P // 2 else value)
    return keys[:count], slots[:count]
