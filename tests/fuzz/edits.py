"""Changes that keep a file readable: it is taken apart, one value is changed, and it is put together again.

Bytes changed at random hardly ever make canonical msgpack or JSON again, so a fuzzer that knows nothing of the form
never gets past the first reader. These functions are the mutators that it is given (`targets`); `mutants.edited`
changes the structure, `tweaked` a value.
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgpack

from tests.fuzz.mutants import HEAD, at, copied, edited, loose, paths
from zkharvest.spec import PACKAGE_MAGIC

CHARACTERS = (
    "", "0", "9", "-", "+", "/", ".", ":", "_", " ", "\n", "\0", "\x1b[2J", "\x9b", "\u202e", "\u200b", "\u0301", "é",
    "e\u0301", "\ufeff", "\U0001f600", "\x7f", "A", "Z", "UTC", "__init__", "posix/", "../",
)  # fmt: skip
EDGES = (0, 1, 127, 128, 255, 256, 2**16, 2**31 - 2**24, 2**31 - 2**24 + 1, 2**31, 2**32, 2**63, 2**64 - 1)


def tweaked(rng: Random, value: Any) -> Any:
    """A copy in which one number, text or byte string is another of its kind."""
    value = copied(value)
    leaves = [path for path in paths(value) if path and not isinstance(at(value, path), dict | list)]
    if leaves:
        path = rng.choice(leaves)
        holder, last = at(value, path[:-1]), path[-1]
        holder[last] = other(rng, holder[last])
    return value


def other(rng: Random, leaf: Any) -> Any:
    """Another value of the same kind."""
    match leaf:
        case bool() | None:
            return rng.choice((True, False, None))
        case int():
            changed = rng.choice(
                (leaf + 1, leaf - 1, -leaf, 2 * leaf, leaf ^ 1 << rng.randrange(40), rng.choice(EDGES))
            )
            return max(min(changed, 2**64 - 1), -(2**63))
        case str():
            place = rng.randrange(len(leaf) + 1)
            if rng.random() < 0.1:
                return leaf * rng.choice((2, 9))
            return leaf[:place] + rng.choice(CHARACTERS) + leaf[place + rng.randrange(3) :]
        case bytes():
            place = rng.randrange(len(leaf) + 1)
            new = rng.randbytes(rng.choice((1, 1, 1, 0, 4)))
            return leaf[:place] + new + leaf[place + rng.choice((len(new), len(new), len(new), 0, 1)) :]
        case _:  # a float, which the packages do not have
            return leaf


def edited_container(rng: Random, data: bytes, bases: list[bytes], head: bytes = PACKAGE_MAGIC + b"\x02") -> bytes:
    """A package with one or a few values changed, sometimes in an encoding that is not canonical; `head` begins it."""
    try:
        value = unpacked(data[HEAD:])
    except ValueError:
        value = unpacked(rng.choice(bases)[HEAD:])
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        value = tweaked(rng, value) if rng.random() < 0.6 else edited(rng, value)
    if rng.random() < 0.05:
        return head + loose(value, rng)
    return head + packed(sorted_keys(value))


def unpacked(data: bytes) -> Any:
    """What any msgpack stands for; ValueError if it is none. Not our own reader: that one is what is fuzzed."""
    try:
        return msgpack.unpackb(data, strict_map_key=False, timestamp=1, ext_hook=lambda _, inner: inner)
    except (msgpack.UnpackException, RecursionError, TypeError) as error:  # a list as a key is a TypeError
        raise ValueError(error) from None


def packed(value: Any) -> bytes:
    """Msgpack in its shortest forms, also of what the format does not have."""
    try:
        return msgpack.packb(value)
    except (ValueError, OverflowError):
        return loose(value)


def sorted_keys(value: Any) -> Any:
    """Maps in the order of the canonical form, at every depth."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: str(key).encode("utf-8", "surrogatepass"))
        return {key: sorted_keys(value[key]) for key in keys}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value
