# mypy: disable-error-code="import-untyped,misc,no-any-return"
"""The cells of a large canonical CSV, found and read by compiled code; `csv_columns.Cells` says what each answer means.

A file is UTF-8 bytes. Only a cell without line break or quote mark in it, quoted as a whole or not at all, is taken;
anything else raises Plain, and the text is read row by row. Numbers and times of the common form are read here; all
others go through the parser of `trades.text`, whose rules are the only ones.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zkharvest.simd.compiling import helper, kernel
from zkharvest.spec import TIME_LIMIT
from zkharvest.trades.csv_columns import BATCH, Cells, Plain
from zkharvest.trades.text import parse_time

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_COMMA, _QUOTE, _RETURN, _LINE, _POINT, _ZERO = 44, 34, 13, 10, 46, 48
_LONGEST = 1 << 16
"""Bytes of a cell; Python's csv module refuses twice as many."""
_DIGITS = 18
"""Of a number, before and behind the point, so that both fit 64 bits."""
_FLOAT_DIGITS = 15
"""A number of fewer digits never looks like an inexact float (`text.looks_like_float`), nor one of more than 17."""
_FNV_PRIME, _FNV_START = np.uint64(0x100000001B3), np.uint64(0xCBF29CE484222325)


@kernel
def _split(data: Any, position: Any, rows: Any, width: Any, starts: Any, ends: Any) -> Any:
    """Cells (width, rows) of up to `rows` records from a position: records and the next position; -1 where it stops."""
    size = data.size
    row = 0
    while row < rows and position < size:
        for c in range(width):
            if position < size and data[position] == _QUOTE:
                begin = position + 1
                position = begin
                while position < size and data[position] != _QUOTE:
                    if data[position] == _LINE or data[position] == _RETURN or data[position] == 0:
                        return -1, position
                    position += 1
                if position == size:
                    return -1, position
                end = position
                position += 1
            else:
                begin = position
                while position < size:
                    byte = data[position]
                    if byte in (_COMMA, _LINE, _RETURN):
                        break
                    if byte in (_QUOTE, 0):
                        return -1, position
                    position += 1
                end = position
            if end - begin > _LONGEST:
                return -1, position
            starts[c, row], ends[c, row] = begin, end
            if c < width - 1:
                if position == size or data[position] != _COMMA:
                    return -1, position
                position += 1
        if position < size and data[position] == _RETURN:
            position += 1
            if position == size:
                return -1, position
        if position < size:
            if data[position] != _LINE:
                return -1, position
            position += 1
        row += 1
    return row, position


@kernel
def _numbers(data: Any, starts: Any, ends: Any, decimals: Any, whole: Any, behind: Any, odd: Any) -> Any:
    """Digits before the point, and behind it in 10^-decimals, row by row; `odd` marks what the parser must read.

    An empty cell is 0. Returns how many are odd.
    """
    count = 0
    for row in range(starts.size):
        before = after = 0
        digits, decimal_digits, leading = 0, 0, 0
        begin, end = starts[row], ends[row]
        point = -1
        sound = True
        for at in range(begin, end):
            byte = data[at]
            if byte == _POINT:
                sound = sound and point < 0 and at > begin and at < end - 1
                point = at
            elif byte < _ZERO or byte > _ZERO + 9:
                sound = False
            elif point < 0:
                before = before * 10 + (byte - _ZERO)
                digits += 1
                sound = sound and digits <= _DIGITS
            else:
                after = after * 10 + (byte - _ZERO)
                decimal_digits += 1
                sound = sound and decimal_digits <= decimals
            if not sound:
                break
            if before == 0 and after == 0 and byte != _POINT:
                leading += 1
        if sound:
            significant = digits + decimal_digits - leading
            sound = (
                digits + decimal_digits < _FLOAT_DIGITS
                or decimal_digits == decimals
                or significant < _FLOAT_DIGITS
                or significant > _FLOAT_DIGITS + 2
            )
        if sound:
            for _ in range(decimals - decimal_digits):
                after *= 10
            whole[row], behind[row], odd[row] = before, after, 0
        else:
            odd[row] = 1
            count += 1
    return count


@helper
def _two(data: Any, at: Any) -> Any:
    """Two digits as a number; below zero where they are none."""
    a, b = np.int64(data[at]) - _ZERO, np.int64(data[at + 1]) - _ZERO
    if a < 0 or a > 9 or b < 0 or b > 9:
        return np.int64(-10_000)
    return a * 10 + b


@kernel
def _times(data: Any, starts: Any, ends: Any, limit: Any, out: Any, odd: Any) -> Any:
    """Times written `2024-02-29T12:00:00Z` or `2024-02-29T12:00:00.250Z`, in ms; `odd` marks all others."""
    count = 0
    for row in range(starts.size):
        s, length = starts[row], ends[row] - starts[row]
        odd[row] = 1
        count += 1
        if length not in (20, 24):
            continue
        if data[s + 4] != 45 or data[s + 7] != 45 or data[s + 10] != 84 or data[s + 13] != 58 or data[s + 16] != 58:
            continue
        if data[s + length - 1] != 90:
            continue
        century, year, month, day = _two(data, s), _two(data, s + 2), _two(data, s + 5), _two(data, s + 8)
        hour, minute, second = _two(data, s + 11), _two(data, s + 14), _two(data, s + 17)
        if min(century, year, month, day, hour, minute, second) < 0:
            continue
        milli = 0
        if length == 24:
            tens, last = _two(data, s + 20), np.int64(data[s + 22]) - _ZERO
            if data[s + 19] != _POINT or tens < 0 or last < 0 or last > 9:
                continue
            milli = tens * 10 + last
        year += 100 * century
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        longest = 31
        if month in (4, 6, 9, 11):
            longest = 30
        elif month == 2:
            longest = 29 if leap else 28
        if year < 1970 or month < 1 or month > 12 or day < 1 or day > longest:
            continue
        if hour > 23 or minute > 59 or second > 59:
            continue
        # Days since 1970: years begin in March here, so that the leap day is their last.
        y = year - 1 if month <= 2 else year
        m = (month + 9) % 12
        days = 365 * y + y // 4 - y // 100 + y // 400 + (153 * m + 2) // 5 + day - 1 - 719_468
        value = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + milli
        if value < limit:
            out[row], odd[row] = value, 0
            count -= 1
    return count


@helper
def _hash(data: Any, begin: Any, end: Any, seed: Any) -> Any:
    """FNV-1a of some bytes."""
    value = _FNV_START ^ (np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15))
    for at in range(begin, end):
        value = (value ^ np.uint64(data[at])) * _FNV_PRIME
    return value ^ (value >> np.uint64(29))


@kernel
def _hashes(data: Any, starts: Any, ends: Any, seeds: Any, out: Any) -> None:
    """A hash of each cell together with a number."""
    for row in range(starts.size):
        out[row] = _hash(data, starts[row], ends[row], seeds[row])


@kernel
def _codes(data: Any, starts: Any, ends: Any, table: Any, first: Any, known: Any, codes: Any) -> Any:
    """The number of each cell's text among the distinct ones, of which `known` are in `first` (n, 2) already.

    `table` is open-addressed, a power of two, -1 where it is free, and never full. Returns how many are known now.
    """
    mask = table.size - 1
    for row in range(starts.size):
        begin, end = starts[row], ends[row]
        at = np.int64(_hash(data, begin, end, 0) & np.uint64(0x7FFFFFFF)) & mask
        while True:
            code = table[at]
            if code < 0:
                table[at] = known
                first[known, 0], first[known, 1] = begin, end
                codes[row] = known
                known += 1
                break
            same = first[code, 1] - first[code, 0] == end - begin
            k = 0
            while same and k < end - begin:
                same = data[first[code, 0] + k] == data[begin + k]
                k += 1
            if same:
                codes[row] = code
                break
            at = (at + 1) & mask
    return known


class _Texts:
    """The distinct texts of one column so far."""

    def __init__(self, rows: int) -> None:
        self._table = np.full(1 << (2 * rows).bit_length(), -1, np.int32)
        self._first = np.empty((rows, 2), np.int64)
        self._known = 0
        self.values: list[Any] = []
        self.codes = np.empty(0, np.int64)
        """The number of the text in each row of the last batch."""

    def read(
        self, file: _File, starts: Ints, ends: Ints, known: dict[str, Any], read: Callable[[str], Any]
    ) -> list[Any]:
        """See `csv_columns.Cells`."""
        codes = self.codes = np.empty(starts.size, np.int64)
        before = self._known
        self._known = _codes(file.data, starts, ends, self._table, self._first, before, codes)
        for text in file.texts(*self._first[before : self._known].T):
            if text not in known:
                known[text] = read(text)
            self.values.append(known[text])
        return list(map(self.values.__getitem__, codes.tolist()))


class _File:
    """A file's bytes, and what its batches say together."""

    def __init__(self, text: str) -> None:
        self.bytes = text.encode()
        self.data: Bytes = np.frombuffer(self.bytes, np.uint8)
        self.rows = int(np.count_nonzero(self.data == _LINE)) + 1
        self.columns: dict[str, _Texts] = {}
        self.hashes: list[NDArray[np.uint64]] = []
        self._text = text if text.isascii() else ""

    def texts(self, starts: Ints, ends: Ints) -> list[str]:
        """The cells at these places."""
        places = zip(starts.tolist(), ends.tolist(), strict=True)
        if self._text:
            text = self._text
            return [text[begin:end] for begin, end in places]
        return [self.bytes[begin:end].decode() for begin, end in places]

    def check(self) -> None:
        """Raise Plain if two ids of a source may be the same: with equal hashes, the rows are looked at."""
        together = np.concatenate(self.hashes) if self.hashes else np.empty(0, np.uint64)
        together.sort()
        if (together[1:] == together[:-1]).any():
            raise Plain


class CompiledCells:
    """See `csv_columns.Cells`; `starts` and `ends` (columns, rows) say where in the file the cells are."""

    def __init__(self, file: _File, header: Sequence[str], starts: Ints, ends: Ints) -> None:
        self.count = starts.shape[1]
        self._file, self._header = file, {column: place for place, column in enumerate(header)}
        self._starts, self._ends = starts, ends
        self._none = np.zeros(self.count, np.int64)

    def _places(self, column: str) -> tuple[Ints, Ints]:
        place = self._header.get(column)
        if place is None:
            return self._none, self._none
        return self._starts[place], self._ends[place]

    def texts(self, column: str) -> Sequence[str]:
        """See `csv_columns.Cells`."""
        return self._file.texts(*self._places(column))

    def text(self, column: str, row: int) -> str:
        """See `csv_columns.Cells`."""
        starts, ends = self._places(column)
        return self._file.bytes[starts[row] : ends[row]].decode()

    def is_empty(self, column: str) -> bool:
        """See `csv_columns.Cells`."""
        starts, ends = self._places(column)
        return bool((starts == ends).all())

    def is_full(self, column: str) -> bool:
        """See `csv_columns.Cells`."""
        starts, ends = self._places(column)
        return bool((starts < ends).all())

    def read(self, column: str, known: dict[str, Any], read: Callable[[str], Any]) -> list[Any]:
        """See `csv_columns.Cells`."""
        texts = self._file.columns.get(column)
        if texts is None:
            texts = self._file.columns[column] = _Texts(self._file.rows)
        return texts.read(self._file, *self._places(column), known, read)

    def times(self, column: str) -> list[int]:
        """See `csv_columns.Cells`."""
        out, odd = np.empty(self.count, np.int64), np.empty(self.count, np.uint8)
        some = _times(self._file.data, *self._places(column), TIME_LIMIT, out, odd)
        times: list[int] = out.tolist()
        if some:
            for row in np.flatnonzero(odd).tolist():
                times[row] = parse_time(self.text(column, row))
        return times

    def numbers(self, column: str, decimals: int, parse: Callable[[str], int]) -> list[int]:
        """See `csv_columns.Cells`."""
        whole, behind = np.zeros(self.count, np.int64), np.zeros(self.count, np.int64)
        odd = np.empty(self.count, np.uint8)
        some = _numbers(self._file.data, *self._places(column), decimals, whole, behind, odd)
        unit = 10**decimals
        numbers: list[int]
        if int(whole.max()) < (1 << 62) // unit:
            numbers = (whole * unit + behind).tolist()
        else:
            numbers = [a * unit + b for a, b in zip(whole.tolist(), behind.tolist(), strict=True)]
        if some:
            for row in np.flatnonzero(odd).tolist():
                numbers[row] = parse(self.text(column, row))
        return numbers

    def add_ids(self, sources: Sequence[str]) -> None:  # noqa: ARG002
        """See `csv_columns.Cells`: by a hash of source and id, looked at when the file is read to its end."""
        out = np.empty(self.count, np.uint64)
        _hashes(self._file.data, *self._places("id"), self._file.columns["source"].codes, out)
        self._file.hashes.append(out)


def cells_of(text: str) -> tuple[list[str], int, Iterator[Cells]]:
    """The header of CSV text, the line it ends on, and the rows below. Raises Plain, csv.Error."""
    first, _, _ = text.partition("\n")
    header = next(csv.reader([first], strict=True), [])
    file = _File(text)

    def batches() -> Iterator[Cells]:
        position, width = len(first.encode()) + 1, len(header)
        while position < file.data.size:
            starts, ends = np.empty((2, width, BATCH), np.int64)
            rows, position = _split(file.data, position, BATCH, width, starts, ends)
            if rows < 0:
                raise Plain
            yield CompiledCells(file, header, starts[:, :rows], ends[:, :rows])
        file.check()

    return header, 1, batches()
