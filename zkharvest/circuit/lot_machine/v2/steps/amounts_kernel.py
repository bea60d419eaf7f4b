# mypy: disable-error-code="no-untyped-call"
"""The compiled part of filling `steps`: amounts by their bytes, quotients, remainders, carries and rests.

A row's line is what `AmountColumns` has, in its order: a, b, c, q, r, e, g, carries, borrows of e and g, the comparison
of remainder and divisor; behind it left_inverse.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.simd.compiling import helper, kernel
from zkharvest.spec import P

A, B, C, Q, R, E, G, CARRY, BORROW_E, BORROW_G, FLAGS, LOW, HIGH = (
    0, 8, 22, 36, 56, 70, 84, 92, 108, 114, 117, 122, 123
)  # fmt: skip
LINE = 124
LEFT_INVERSE = 124
UNIT_BYTE = 12
"""2^96 = 256^12: where the one of a unit's dividend stands."""

_LOAD, _LOAD_TOKEN, _OPEN, _TAKE, _OUT, _DROP, _ARRIVE, _CLOSE, _CLOSE_TOKEN = (
    int(op)
    for op in (
        Op.LOAD, Op.LOAD_TOKEN, Op.OPEN, Op.TAKE, Op.OUT, Op.DROP, Op.ARRIVE, Op.CLOSE, Op.CLOSE_TOKEN,
    )
)  # fmt: skip


@helper
def _put(line: Any, first: Any, count: Any, word: Any) -> None:
    """The low bytes of a word."""
    for k in range(count):
        line[first + k] = np.int64(word >> np.uint64(8 * k)) & 255


@helper
def _put_two(line: Any, first: Any, low: Any, high: Any) -> None:
    """A quantity: 14 bytes."""
    _put(line, first, 8, low)
    _put(line, first + 8, 6, high)


@helper
def _divide(line: Any, product: Any) -> None:
    """r and the carries of a * b = q * c + r, and that r is below c."""
    for k in range(34):
        product[k] = 0
    for i in range(8):
        for j in range(14):
            product[i + j] += line[A + i] * line[B + j]
    for i in range(20):
        if line[Q + i]:
            for j in range(14):
                product[i + j] -= line[Q + i] * line[C + j]
    carry = np.int64(0)
    for m in range(17):
        column = carry + product[2 * m] + (product[2 * m + 1] << 8)
        carry = column >> 16
        if m < 7:
            line[R + 2 * m], line[R + 2 * m + 1] = column & 255, column >> 8 & 255
        if m < 16:
            line[CARRY + m] = carry if carry >= 0 else carry + P
    for lane in range(5):  # the most significant first
        at = 3 * (4 - lane)
        x, y = line[R + at] + (line[R + at + 1] << 8), line[C + at] + (line[C + at + 1] << 8)
        if lane:
            x, y = x + (line[R + at + 2] << 16), y + (line[C + at + 2] << 16)
        if x != y:
            gap = y - x - 1
            line[FLAGS + lane], line[LOW] = 1, gap & 0x7FFF
            line[HIGH] = gap >> 15 if gap >= 0 else (gap >> 15) + P
            return


@helper
def _subtract(line: Any, whole: Any, part: Any, rest: Any, limbs: Any, borrow: Any) -> None:
    """rest = whole - part, and the carries of part + rest but the last, which is 0."""
    carry = np.int64(0)
    for m in range(limbs):
        x = line[whole + 2 * m] + (line[whole + 2 * m + 1] << 8)
        y = line[part + 2 * m] + (line[part + 2 * m + 1] << 8)
        left = (x - y - carry) & 0xFFFF
        carry = (y + left + carry - x) >> 16
        line[rest + 2 * m], line[rest + 2 * m + 1] = left & 255, left >> 8
        if m < limbs - 1:
            line[borrow + m] = carry if carry >= 0 else carry + P


@helper
def _rest_of_quantity(line: Any) -> None:
    _subtract(line, C, B, E, 7, BORROW_E)


@helper
def _rest_of_value(line: Any) -> None:
    _subtract(line, A, Q, G, 4, BORROW_G)


@helper
def _total(line: Any, first: Any) -> Any:
    total = np.int64(0)
    for k in range(14):
        total += line[first + k]
    return total


@helper
def _write(line: Any, cells: Any, first: Any, row: Any) -> None:
    """The line to its columns; it is 0 again."""
    for k in range(LINE):
        if line[k]:
            cells[first + k, row] = np.uint32(line[k])
            line[k] = 0


@helper
def _write_lanes(cells: Any, columns: Any, row: Any, low: Any, high: Any, value: Any) -> None:
    """What is left of the record before the operation: five lanes of its quantity, three of its value."""
    for k in range(8):
        if k < 5:
            at = 24 * k
            word = low >> np.uint64(at) if at < 64 else high >> np.uint64(at - 64)
            if k == 2:
                word |= high << np.uint64(16)
        else:
            word = value >> np.uint64(24 * (k - 5))
        cells[columns[k], row] = np.uint32(word & np.uint64(0xFFFFFF if k != 4 else 0xFFFF))


@kernel
def fill(
    start: Any, stop: Any, cells: Any, first: Any, rest_columns: Any, inverses: Any,
    op: Any, at: Any, end: Any, record: Any, node: Any, token: Any, emptied: Any,
    part_lo: Any, part_hi: Any, lot_lo: Any, lot_hi: Any, rest_lo: Any, rest_hi: Any,
    lot_value: Any, part_value: Any, rest_value: Any, close_value: Any,
    units: Any, token_units: Any, token_lo: Any, token_hi: Any, token_value: Any,
) -> None:  # fmt: skip
    """Fill the amounts of operations start..stop in cells (columns, rows); `first` is the column of a's first byte.

    op, record, node, token, emptied and amounts are those of `MachineRows`, at and end the operations' rows.
    rest_columns: of the five lanes of a record's quantity, and the three of its value. inverses[i] is 1 / i mod p, of 0
    it is 0. units, token_units (n, 3): bytes of `Entries.unit` and `Tokens.unit` in words.
    """
    line, product = np.zeros(LINE, np.int64), np.zeros(34, np.int64)
    for i in range(start, stop):
        does, row, last, t = op[i], at[i], end[i], token[i]
        if record[i] >= 0:
            _write_lanes(cells, rest_columns, row, rest_lo[i], rest_hi[i], rest_value[i])
            _write_lanes(cells, rest_columns, last, rest_lo[i], rest_hi[i], rest_value[i])
        takes = does in (_TAKE, _DROP) or (does == _OUT and node[i] >= 0)
        if takes or does in (_LOAD, _OPEN, _CLOSE):
            _put(line, A, 8, lot_value[i])
            _put_two(line, C, lot_lo[i], lot_hi[i])
            if takes:
                _put_two(line, B, part_lo[i], part_hi[i])
                _put(line, Q, 8, part_value[i])
                _rest_of_quantity(line)
                _rest_of_value(line)
                if emptied[i] == 0:
                    cells[first + LEFT_INVERSE, row] = inverses[_total(line, E)]
            elif does != _CLOSE:
                _put(line, Q, 8, units[node[i], 0])
                _put(line, Q + 8, 8, units[node[i], 1])
                _put(line, Q + 16, 4, units[node[i], 2])
            if does == _OPEN:
                line[B + UNIT_BYTE] = 1
            if takes or does == _OPEN:
                _divide(line, product)
            _write(line, cells, first, row)
        if does in (_LOAD_TOKEN, _ARRIVE, _CLOSE_TOKEN):
            _put(line, A, 8, token_value[t])
            _put_two(line, B, token_lo[t], token_hi[t])
            if does == _LOAD_TOKEN:
                _put(line, Q, 8, token_units[t, 0])
                _put(line, Q + 8, 8, token_units[t, 1])
                _put(line, Q + 16, 4, token_units[t, 2])
            if does == _ARRIVE:
                _put_two(line, C, rest_lo[i], rest_hi[i])
                _rest_of_quantity(line)
            _write(line, cells, first, row)
        if does in (_TAKE, _OUT, _DROP):
            _put_two(line, B, part_lo[i], part_hi[i])
            _put_two(line, C, rest_lo[i], rest_hi[i])
            _rest_of_quantity(line)
            cells[first + LEFT_INVERSE, last] = inverses[_total(line, B)]
            if does == _OUT:
                _put(line, A, 8, part_value[i])
            if does == _TAKE:
                _put(line, A, 8, rest_value[i])
                _put(line, Q, 8, close_value[i])
                _rest_of_value(line)
                _divide(line, product)
            _write(line, cells, first, last)
