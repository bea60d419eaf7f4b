"""The canonical subset of msgpack that packages are made of: one value has one encoding.

nil, booleans, integers in their shortest form, UTF-8 strings, byte strings, arrays, and maps whose keys are strings in
strictly increasing order of their UTF-8 bytes. Nothing else: no floats, no extensions, no other keys, no bytes after
the value. In Python: None, bool, int, str, bytes, list, dict.

`decode` is total (a value or Reject) and its work is linear in the input: a length is believed only if the bytes for
it are there. `encode` is its inverse.
"""

from __future__ import annotations

from typing import TypeAlias

from zkharvest.verifier.rejections import Reason, Reject

Value: TypeAlias = "bool | int | str | bytes | list[Value] | dict[str, Value] | None"

MAX_BYTES = 1 << 26
MAX_DEPTH = 8
MAX_ITEMS = 1 << 18

# First bytes with a length or value after them: byte -> (width of it, smallest value that needs this form).
_UNSIGNED = {0xCC: (1, 1 << 7), 0xCD: (2, 1 << 8), 0xCE: (4, 1 << 16), 0xCF: (8, 1 << 32)}
_SIGNED = {0xD0: (1, -(1 << 5)), 0xD1: (2, -(1 << 7)), 0xD2: (4, -(1 << 15)), 0xD3: (8, -(1 << 31))}
_STRING = {0xD9: (1, 1 << 5), 0xDA: (2, 1 << 8), 0xDB: (4, 1 << 16)}
_BINARY = {0xC4: (1, 0), 0xC5: (2, 1 << 8), 0xC6: (4, 1 << 16)}
_ARRAY = {0xDC: (2, 1 << 4), 0xDD: (4, 1 << 16)}
_MAP = {0xDE: (2, 1 << 4), 0xDF: (4, 1 << 16)}


def decode(data: bytes, start: int = 0) -> Value:
    """The value that `data` encodes from `start` on, all of it; Reject(PACKAGE_ENCODING, _LIMIT, _TRAILING) otherwise.

    What is before `start` is not looked at: a large file is read where it lies, without a copy of it.
    """
    if len(data) - start > MAX_BYTES:
        raise Reject(Reason.PACKAGE_LIMIT, f"more than {MAX_BYTES} bytes")
    reader = _Reader(data, start)
    value = reader.value(MAX_DEPTH)
    if reader.position != len(data):
        raise Reject(Reason.PACKAGE_TRAILING, f"{len(data) - reader.position} bytes after the end")
    return value


def encode(value: Value) -> bytes:
    """The one encoding of a value; ValueError for what the subset does not hold."""
    parts: list[bytes] = []
    _write(value, parts, MAX_DEPTH)
    return b"".join(parts)


class _Reader:
    """A position in the data; every method consumes what it returns."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._items = 0
        self.position = start

    def value(self, depth: int) -> Value:
        self._items += 1
        if depth == 0 or self._items > MAX_ITEMS:
            raise Reject(Reason.PACKAGE_LIMIT, "nested too deeply" if depth == 0 else "too many values")
        first = self._take(1)[0]
        if first <= 0x7F:
            return first
        if first >= 0xE0:
            return first - 0x100
        if first <= 0x8F:
            return self._map(first & 0x0F, depth)
        if first <= 0x9F:
            return self._array(first & 0x0F, depth)
        if first <= 0xBF:
            return self._string(first & 0x1F)
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _UNSIGNED:
            return self._number(_UNSIGNED[first])
        if first in _SIGNED:
            return self._negative(_SIGNED[first])
        if first in _STRING:
            return self._string(self._number(_STRING[first]))
        if first in _BINARY:
            return self._take(self._number(_BINARY[first]))
        if first in _ARRAY:
            return self._array(self._number(_ARRAY[first]), depth)
        if first in _MAP:
            return self._map(self._number(_MAP[first]), depth)
        raise Reject(Reason.PACKAGE_ENCODING, f"byte 0x{first:02x} cannot begin a value")

    def _take(self, count: int) -> bytes:
        start, end = self.position, self.position + count
        if end > len(self._data):
            raise Reject(Reason.PACKAGE_ENCODING, f"the data ends within a value at byte {start}")
        self.position = end
        return self._data[start:end]

    def _number(self, form: tuple[int, int]) -> int:
        width, least = form
        number = int.from_bytes(self._take(width), "big")
        if number < least:
            raise Reject(Reason.PACKAGE_ENCODING, "a number or length is not in its shortest form")
        return number

    def _negative(self, form: tuple[int, int]) -> int:
        width, bound = form
        number = int.from_bytes(self._take(width), "big", signed=True)
        if number >= bound:
            raise Reject(Reason.PACKAGE_ENCODING, "a negative number is not in its shortest form")
        return number

    def _string(self, length: int) -> str:
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise Reject(Reason.PACKAGE_ENCODING, "a string is not UTF-8") from None

    def _array(self, count: int, depth: int) -> list[Value]:
        self._expect(count)
        return [self.value(depth - 1) for _ in range(count)]

    def _map(self, count: int, depth: int) -> dict[str, Value]:
        self._expect(2 * count)
        result: dict[str, Value] = {}
        previous = b""
        for position in range(count):
            key = self.value(depth - 1)
            if not isinstance(key, str):
                raise Reject(Reason.PACKAGE_ENCODING, "a key is not a string")
            if position and key.encode() <= previous:
                raise Reject(Reason.PACKAGE_ENCODING, "keys are not strictly increasing")
            previous = key.encode()
            result[key] = self.value(depth - 1)
        return result

    def _expect(self, count: int) -> None:
        """A claimed number of values is possible only if there is at least a byte for each."""
        if count > len(self._data) - self.position:
            raise Reject(Reason.PACKAGE_ENCODING, f"{count} values are claimed, but the data ends sooner")


_CONSTANTS: dict[int, bool | None] = {0xC0: None, 0xC2: False, 0xC3: True}


def _write(value: Value, parts: list[bytes], depth: int) -> None:
    if depth == 0:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool):
        parts.append({None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value])
    elif isinstance(value, int):
        parts.append(_integer(value))
    elif isinstance(value, str):
        data = value.encode("utf-8")
        parts += [_head(len(data), 0xA0, 1 << 5, _STRING), data]
    elif isinstance(value, bytes):
        parts += [_head(len(value), 0, 0, _BINARY), value]
    elif isinstance(value, list):
        parts.append(_head(len(value), 0x90, 1 << 4, _ARRAY))
        for item in value:
            _write(item, parts, depth - 1)
    elif isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a key is not a string")
        parts.append(_head(len(value), 0x80, 1 << 4, _MAP))
        for key in sorted(value, key=lambda key: key.encode("utf-8")):
            _write(key, parts, depth - 1)
            _write(value[key], parts, depth - 1)
    else:
        raise ValueError(f"no encoding for {type(value).__name__}")


def _integer(value: int) -> bytes:
    if value >= 0:
        return _head(value, 0, 1 << 7, _UNSIGNED)
    if value >= -(1 << 5):
        return (value + 0x100).to_bytes(1, "big")
    for first, (width, _) in _SIGNED.items():
        if value >= -(1 << (8 * width - 1)):
            return bytes([first]) + value.to_bytes(width, "big", signed=True)
    raise ValueError("an integer below -2^63")


def _head(number: int, short: int, below: int, forms: dict[int, tuple[int, int]]) -> bytes:
    """First byte and number: in the first byte itself if it is small enough, else in the narrowest form."""
    if number < below:
        return bytes([short | number])
    for first, (width, _) in forms.items():
        if number < 1 << (8 * width):
            return bytes([first]) + number.to_bytes(width, "big")
    raise ValueError("a number or length too large to encode")
