"""Recipes: packages to reject, written as edits of a package (the language is in `vectors/README.md`).

    expect: rejected                       or undecided
    reason: merkle/main                    what must reject; several where chance decides which check comes first
    base: accept/lot-machine-v2/x.zkh      any package among the vectors
    policy: year 2024                      replaces an expectation of the base's header; any number of these
    before: accept/lot-machine-v2/y.zkh    a package given before it, any number; `none` for those of the base's header
    comment: what is at fault, in a line

    flip proof.0:main/0/row 3                edits, one a line, in order; none if the base itself is at fault

A recipe has one fault. It is a few hundred bytes where the package is many thousands, and it says what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from zkharvest.conformance.kinds.proof_parts import proof_parts
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import Part, decode_chain_package

_HEAD = len(PACKAGE_MAGIC) + 1
_REQUIRED = ("expect", "reason", "base", "comment")


class RecipeError(ValueError):
    """A recipe that cannot be followed: the vector itself is at fault."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe as it is written."""

    expect: str
    reasons: tuple[str, ...]
    base: str
    comment: str
    policy: dict[str, Any] = field(default_factory=dict)
    edits: tuple[str, ...] = ()
    before: tuple[str, ...] | None = None


def read_recipe(text: str) -> Recipe:
    """The recipe in a file's text. RecipeError for an unknown or missing header line."""
    head, _, body = text.partition("\n\n")
    found: dict[str, str] = {}
    policy: dict[str, Any] = {}
    before: list[str] = []
    for line in head.splitlines():
        key, colon, value = line.partition(": ")
        if key == "policy":
            name, _, wanted = value.partition(" ")
            policy[name] = json.loads(wanted)
        elif key == "before" and value:
            before.append(value)
        elif not colon or key not in _REQUIRED or key in found:
            raise RecipeError(f"header line {line!r}")
        else:
            found[key] = value
    if missing := [key for key in _REQUIRED if not found.get(key)]:
        raise RecipeError(f"no {', '.join(missing)}")
    edits = tuple(line for line in body.splitlines() if line)
    given = tuple(one for one in before if one != "none") if before else None
    reasons = tuple(found["reason"].split())
    return Recipe(found["expect"], reasons, found["base"], found["comment"], policy, edits, given)


def materialise(root: Path, recipe: Recipe) -> bytes:
    """The package that a recipe makes of its base. RecipeError where an edit does not apply or changes nothing."""
    data = (root / recipe.base).read_bytes()
    bench = _Bench(root, data)
    for line in recipe.edits:
        before = bench.data
        word, _, rest = line.partition(" ")
        edit = _EDITS.get(word)
        if edit is None:
            raise RecipeError(f"unknown edit {word!r}")
        try:
            edit(bench, *_arguments(word, rest))
        except (LookupError, TypeError, ValueError) as error:
            raise RecipeError(f"{line[:80]!r}: {error}") from None
        if bench.data == before:
            raise RecipeError(f"{line[:80]!r} changes nothing")
    return bench.data


def _arguments(word: str, rest: str) -> list[str]:
    """`PATH = VALUE` for set, words otherwise."""
    if word == "set":
        path, _, value = rest.partition(" = ")
        return [path, value]
    return rest.split()


class _Bench:
    """The bytes being worked on. Places in the proof are those of the base."""

    def __init__(self, root: Path, data: bytes) -> None:
        self.root, self.base, self.data = root, data, data
        self._parts: dict[str, dict[str, range]] = {}

    @property
    def parts(self) -> dict[str, wire.Value]:
        """The container's map, decoded afresh."""
        value = wire.decode(self.data[_HEAD:])
        if not isinstance(value, dict):
            raise RecipeError("the container is no longer a map")
        return value

    @parts.setter
    def parts(self, value: dict[str, wire.Value]) -> None:
        self.data = self.data[:_HEAD] + wire.encode(value)

    def locate(self, place: str) -> range:
        """A place as bytes of the file: `file+OFFSET`, `proof.LINK:PART`, `proof.LINK:PART+OFFSET`."""
        kind, _, rest = place.partition(":")
        name, _, offset = (rest if kind in _proofs(self.base) else place).partition("+")
        if kind not in _proofs(self.base):
            if name != "file":
                raise RecipeError(f"no place {place!r}")
            return range(int(offset) % len(self.data), len(self.data))
        if kind not in self._parts:
            self._parts[kind] = proof_parts(_proofs(self.base)[kind])
        part = self._parts[kind][name]
        start = self._proof_start(kind) + part.start
        return range(start, start + len(part))[int(offset or 0) :]

    def _proof_start(self, kind: str) -> int:
        proof = _proofs(self.data)[kind].proof
        if len(proof) != len(_proofs(self.base)[kind].proof):
            raise RecipeError("the proof's length was changed before")
        return self.data.index(proof)

    def splice(self, place: str, at: range, new: bytes) -> None:
        """Put bytes in place of others. Within a proof the container is encoded anew if the length changes."""
        if len(new) == len(at):
            self.data = self.data[: at.start] + new + self.data[at.stop :]
            return
        kind = place.partition(":")[0]
        start, parts = self._proof_start(kind), self.parts
        proof = _proofs(self.data)[kind].proof
        changed = proof[: at.start - start] + new + proof[at.stop - start :]
        whole: Any = parts
        whole["links"][int(kind.partition(".")[2])]["proof"] = changed
        self.parts = parts


@lru_cache(maxsize=4)
def _proofs(data: bytes) -> dict[str, Part]:
    """What each proof of a package belongs to: `proof.N` of link N."""
    return {f"proof.{number}": part for number, part in enumerate(decode_chain_package(data).parts)}


def _steps(path: str) -> list[str | int]:
    return [int(step) if step.isdigit() else step for step in path.split(".")]


def _parent(value: Any, path: str) -> tuple[Any, Any]:
    """The container of a path's end, and the last step."""
    *steps, last = _steps(path)
    for step in steps:
        value = value[step]
    return value, last


def parse_value(text: str) -> Any:
    """JSON, in which a string `hex:...` stands for bytes."""
    return _bytes_of(json.loads(text))


def _bytes_of(value: Any) -> Any:
    match value:
        case str() if value.startswith("hex:"):
            return bytes.fromhex(value[4:])
        case list():
            return [_bytes_of(item) for item in value]
        case dict():
            return {key: _bytes_of(item) for key, item in value.items()}
        case _:
            return value


def _hex(text: str) -> bytes:
    """Hex, with `*COUNT` to repeat and `+` to join: `dd000493e0+c0*300000`."""
    out = b""
    for piece in text.split("+"):
        digits, _, count = piece.partition("*")
        out += bytes.fromhex(digits) * int(count or 1)
    return out


# --- edits of the structure: the container is decoded, changed and encoded anew


def _set(bench: _Bench, path: str, value: str) -> None:
    parts = bench.parts
    holder, last = _parent(parts, path)
    if isinstance(holder, list) and last == len(holder):
        holder.append(parse_value(value))
    else:
        holder[last] = parse_value(value)
    bench.parts = parts


def _add(bench: _Bench, path: str, amount: str) -> None:
    """To an integer, or to one that is written as text."""
    parts = bench.parts
    holder, last = _parent(parts, path)
    total = int(holder[last]) + int(amount)
    holder[last] = str(total) if isinstance(holder[last], str) else total
    bench.parts = parts


def _delete(bench: _Bench, path: str) -> None:
    parts = bench.parts
    holder, last = _parent(parts, path)
    del holder[last]
    bench.parts = parts


def _exchange(bench: _Bench, one: str, other: str) -> None:
    """Two places change their contents."""
    if ":" in one:
        a, b = bench.locate(one), bench.locate(other)
        first, second = bench.data[a.start : a.stop], bench.data[b.start : b.stop]
        bench.splice(one, a, second)
        bench.splice(other, b, first)
        return
    parts = bench.parts
    a_holder, a_last = _parent(parts, one)
    b_holder, b_last = _parent(parts, other)
    a_holder[a_last], b_holder[b_last] = b_holder[b_last], a_holder[a_last]
    bench.parts = parts


def _take(bench: _Bench, path: str, _from: str, other: str) -> None:
    """A part of another package comes in place of this one's."""
    parts = bench.parts
    holder, last = _parent(parts, path)
    source, source_last = _parent(wire.decode((bench.root / other).read_bytes()[_HEAD:]), path)
    holder[last] = source[source_last]
    bench.parts = parts


def _sign(bench: _Bench, name: str) -> None:
    """The taxpayer's signature, made with the test key of that name."""
    from zkharvest.sign.chains import sign_as_taxpayer

    package = decode_chain_package(bench.data)
    bench.data = sign_as_taxpayer(package, taxpayer_key(name), replace_other=True).encode()


def taxpayer_key(name: str) -> Any:
    """The Ed25519 test key of a name: its secret is SHA-256 of "zkharvest test key " and the name."""
    from zkharvest.sign.keys import PrivateKey, Scheme

    return PrivateKey(Scheme.ED25519, sha256(f"zkharvest test key {name}".encode()).digest())


# --- edits of bytes


def _flip(bench: _Bench, place: str, bit: str) -> None:
    at = bench.locate(place).start
    bench.splice(place, range(at, at + 1), bytes([bench.data[at] ^ (1 << int(bit))]))


def _write(bench: _Bench, place: str, digits: str) -> None:
    at, new = bench.locate(place), _hex(digits)
    if len(new) > len(at):
        raise RecipeError("more bytes than the place has")
    bench.splice(place, at[: len(new)], new)


def _cut(bench: _Bench, place: str) -> None:
    bench.splice(place, bench.locate(place), b"")


def _insert(bench: _Bench, place: str, digits: str) -> None:
    bench.splice(place, bench.locate(place)[:0], _hex(digits))


def _truncate(bench: _Bench, length: str) -> None:
    bench.data = bench.data[: int(length)]


def _append(bench: _Bench, digits: str) -> None:
    bench.data += _hex(digits)


def _replace(bench: _Bench, old: str, new: str) -> None:
    """Bytes that occur once in the file, by others."""
    if bench.data.count(_hex(old)) != 1:
        raise RecipeError(f"{old} occurs {bench.data.count(_hex(old))} times")
    bench.data = bench.data.replace(_hex(old), _hex(new))


_EDITS: dict[str, Callable[..., None]] = {
    "set": _set, "add": _add, "delete": _delete, "exchange": _exchange, "take": _take, "sign": _sign,
    "flip": _flip, "write": _write, "cut": _cut, "insert": _insert,
    "truncate": _truncate, "append": _append, "replace": _replace,
}  # fmt: skip
