"""Values of msgpack taken apart, changed and put together again: what mutators of every file are made of.

`loose` writes any value in any form, `edited` changes the structure of a tree; `edits` changes values.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from zkharvest.spec import PACKAGE_MAGIC

HEAD = len(PACKAGE_MAGIC) + 1
"""Bytes of a package before its first value."""


def loose(value: Any, rng: Random | None = None) -> bytes:
    """msgpack of anything, in the order given; with a source of chance, in forms that are not the shortest."""
    wide = rng.choice((0, 1, 2, 3)) if rng else 0
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case float():
            return b"\xcb" + bytes(8)
        case int():
            return _integer(value, wide)
        case str():
            data = value.encode("utf-8", "surrogatepass")
            return _counted(len(data), 0xA0, 32, (0xD9, 0xDA, 0xDB), wide) + data
        case bytes():
            return _counted(len(value), 0, 0, (0xC4, 0xC5, 0xC6), wide) + value
        case list():
            head = _counted(len(value), 0x90, 16, (None, 0xDC, 0xDD), wide)
            return head + b"".join(loose(item, rng) for item in value)
        case dict():
            head = _counted(len(value), 0x80, 16, (None, 0xDE, 0xDF), wide)
            return head + b"".join(loose(key, rng) + loose(item, rng) for key, item in value.items())
        case _:
            raise TypeError(type(value))


def _integer(value: int, wide: int) -> bytes:
    if -32 <= value < 128 and not wide:
        return (value % 256).to_bytes(1, "big")
    firsts, signed = ((0xCC, 0xCD, 0xCE, 0xCF), False) if value >= 0 else ((0xD0, 0xD1, 0xD2, 0xD3), True)
    for k, first in enumerate(firsts):
        bits = 8 << k
        if k >= wide and -(1 << (bits - 1)) <= value < 1 << (bits - signed):
            return bytes([first]) + value.to_bytes(bits // 8, "big", signed=signed)
    raise ValueError(value)


def _counted(count: int, short: int, below: int, firsts: tuple[int | None, ...], wide: int) -> bytes:
    if count < below and not wide:
        return bytes([short | count])
    for k, first in enumerate(firsts):
        width = 1 << k
        if first is not None and count < 1 << (8 * width) and (k >= wide - 1 or k == 2):
            return bytes([first]) + count.to_bytes(width, "big")
    raise ValueError(count)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a structure."""
    found = [path]
    if isinstance(value, dict):
        found += [deeper for key, item in value.items() for deeper in paths(item, (*path, key))]
    if isinstance(value, list):
        found += [deeper for number, item in enumerate(value) for deeper in paths(item, (*path, number))]
    return found


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


ODD = (
    None, True, False, 0, 1, -1, 12, 13, 14, 21, 127, 128, 2**31, 2**32, 2**63, 2**64 - 1, -(2**63), 0.5,
    "", "0", "-0", "01", "1.0", "fifo", "lifo", "test", "balanced", "UTC", "\ud800", "é", "a" * 300, "9" * 40,
    b"", b"\0" * 32, b"\0" * 35, b"\0" * 36, b"\x01\0\0\x7f" + b"\0" * 32, b"\xff" * 36, [], {}, [[]], {"a": 1}, {1: 2},
)  # fmt: skip


def edited(rng: Random, parts: Any, odd: Sequence[Any] = ODD, least: int = 8) -> Any:
    """A copy with one value removed, replaced, moved or repeated, somewhere in the tree; not fewer than `least`."""
    parts = copied(parts)
    places = [path for path in paths(parts) if path]
    if not places:
        return copied(rng.choice(odd))
    path = rng.choice(places)
    holder, last = at(parts, path[:-1]), path[-1]
    match rng.randrange(6):
        case 0 if len(places) > least:
            del holder[last]
        case 1:
            holder[last] = copied(rng.choice(odd))
        case 2:
            holder[last] = copied(at(parts, rng.choice(places)))
        case 3 if isinstance(holder, dict):
            holder[rng.choice(("zzz", "", "Preset", "log_rows", "v"))] = copied(holder[last])
        case 4 if isinstance(holder, list):
            holder.insert(rng.randrange(len(holder) + 1), copied(holder[last]))
        case _:
            holder[last] = [holder[last]]
    return parts
