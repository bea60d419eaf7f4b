r"""The file of a standing (`.zks`): what next year's link begins with, its secret part sealed or plain.

A `container` with the magic "ZKHARVEST-STANDING\n". Public in its header: `standing`, the bytes of the standing
(`verifier.standing`), whose name is in the verdict of the link that ended here. The payload is a msgpack map
{key, state}: the key of the salts, and what was open as its owner knows it (lots, coins in transit, registers), a map
that who writes it reads again.

Reading computes both roots from the payload and compares them with the standing's, so that a file that was changed is
noticed before anything is proven from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from zkharvest.errors import UsageError
from zkharvest.files import container
from zkharvest.files.atomic import STREAM, check_rights, read_private_file, write_file
from zkharvest.files.container import Form
from zkharvest.files.kinds import Kind, told_apart
from zkharvest.files.sealing import Passphrase
from zkharvest.spec import STANDING_MAGIC
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.standing import Standing, decode_standing

MAX_STANDING_FILE = 1 << 28
KEY_BYTES = 32

FORM = Form(STANDING_MAGIC, 1, MAX_STANDING_FILE, "standing", "restore it from a copy, or prove its link again")

Roots: TypeAlias = Callable[[Mapping[str, Any], bytes], tuple[bytes, bytes]]
"""The roots over lots and over registers (36 bytes each) of a state and the key of its salts. ValueError, TypeError or
KeyError for a map that is no state."""


@dataclass(frozen=True, slots=True)
class StandingFile:
    """What a `.zks` holds: the standing that others see, and what opens it."""

    standing: Standing
    key: bytes = field(repr=False)
    state: Mapping[str, Any] = field(repr=False)


def standing_bytes(file: StandingFile, passphrase: str | None) -> bytes:
    """The bytes of a standing's file; sealed unless the passphrase is None. UsageError if it holds too much."""
    import msgpack

    payload: bytes = msgpack.packb({"key": file.key, "state": file.state}, use_bin_type=True)
    try:
        return container.pack(FORM, {"standing": file.standing.encode()}, payload, passphrase)
    except ValueError as error:
        raise UsageError(f"a standing that no file can hold ({error})", "close accounts that are not used") from None


def write_standing(path: str | Path, file: StandingFile, *, passphrase: str | None, force: bool = False) -> None:
    """Write a standing's file, mode 0600, whole or not at all. Replaces another standing only with `force`."""
    write_file(path, standing_bytes(file, passphrase), private=True, force=force, replaces=Kind.STANDING)


def read_standing_file(path: str | Path, roots: Roots, passphrase: Passphrase = None) -> StandingFile:
    """A standing's file, its state checked against the standing by `roots`.

    UsageError for another kind of file, one that others have access to, a newer one and a wrong passphrase; InputError
    for a damaged one.
    """
    data = read_private_file(path, check_head=_check_kind(path), at_most=MAX_STANDING_FILE + 1)
    return parse_standing(data, path, roots, passphrase)


def parse_standing(data: bytes, name: object, roots: Roots, passphrase: Passphrase = None) -> StandingFile:
    """The standing in a file's bytes; `name` stands for the file in errors. Raises as `read_standing_file`."""
    import msgpack

    _check_kind(name)(data[:64])
    public, payload = container.unpack(FORM, data, passphrase, name)
    standing = standing_of(public, name)
    try:
        parts = msgpack.unpackb(payload, raw=False, strict_map_key=False)
        if not isinstance(parts, dict) or set(parts) != {"key", "state"}:
            raise ValueError("its parts are not those of a standing")
        key, state = parts["key"], parts["state"]
        if not isinstance(key, bytes) or len(key) != KEY_BYTES or not isinstance(state, dict):
            raise ValueError("the key of its salts or its state is missing")
        found = roots(state, key)
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        raise container.damaged(FORM, name, str(error)[:120]) from None
    if found != (standing.lots, standing.sums):
        raise container.damaged(FORM, name, "its lots or registers do not give the standing's roots")
    return StandingFile(standing, key, state)


def is_sealed(data: bytes, name: object) -> bool:
    """Whether the bytes of a standing's file are under a passphrase."""
    return bool(container.read_header(FORM, data, name)[0]["envelope"] != container.PLAIN)


def standing_of(public: Mapping[str, Any], name: object) -> Standing:
    """The standing out of the public part of its file. Raises as `read_standing_file`."""
    encoded = public.get("standing")
    if not isinstance(encoded, bytes):
        raise container.damaged(FORM, name, "it has no standing")
    try:
        return decode_standing(encoded)
    except Reject as reject:
        if reject.reason is Reason.STANDING_VERSION:
            raise UsageError(f"{name}: {reject.detail}", "update zkharvest") from None
        raise container.damaged(FORM, name, reject.detail) from None


def describe_standing(file: BinaryIO, head: bytes, path: str | Path) -> dict[str, Any]:
    """What the public part of an open standing's file says, its roots not checked: the object of `inspect --json`."""
    if str(path) != STREAM:
        check_rights(path, file)
    public, _ = container.read_header(FORM, container.read_start(FORM, file, head), path)
    standing = standing_of(public, path)
    accounts = [{**state.to_map(), "page": state.page.hex()} for state in standing.accounts]
    return {
        "kind": "standing",
        "checked": False,
        "sealed": public["envelope"] != container.PLAIN,
        "standing": standing.name.hex(),
        "instant": standing.instant,
        "year": standing.year,
        "currency": standing.currency,
        "pooling": standing.pooling,
        "timezone": standing.timezone,
        "lots": standing.lots.hex(),
        "sums": standing.sums.hex(),
        "accounts": accounts,
    }


def _check_kind(name: object) -> Callable[[bytes], None]:
    def check(head: bytes) -> None:
        if not head.startswith(STANDING_MAGIC):
            hint = told_apart(head, "a standing is a .zks file, written beside the package of its year")
            raise UsageError(f"{name}: not a standing", hint)

    return check
