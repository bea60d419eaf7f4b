"""The audit package (`.zkh`) from the writing side; `verifier.package` defines what a package is.

Bytes are written by the msgpack library, and read back by the verifier's own strict reader before they leave this
module: two independent codecs agree on every package, and nothing is ever handed over that a verifier cannot read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zkharvest.errors import InputError, UsageError
from zkharvest.files.kinds import told_apart
from zkharvest.spec import MAX_NAME, PACKAGE_MAGIC, ROOT_BYTES
from zkharvest.verifier.package import MAX_BYTES, VERSION, Package, decode_package
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.text import is_visible

if TYPE_CHECKING:
    from zkharvest.verifier.chain_package import ChainPackage

READ_AT_MOST = MAX_BYTES + 1
"""This much of a file is read: one byte too many, so that the reader sees that a file is too large."""


def package_bytes(package: Package) -> bytes:
    """The file's bytes, canonical. Raises ValueError for parts that do not make a readable package."""
    import msgpack

    parts = {
        "attestations": package.attestations,
        "preset": package.preset,
        "proof": package.proof,
        "log_rows": list(package.log_rows),
        "signature": package.signature,
        "statement": package.statement,
    }
    data: bytes = PACKAGE_MAGIC + bytes([VERSION]) + msgpack.packb(_in_order(parts), use_bin_type=True)
    try:
        read = decode_package(data)
    except Reject as reject:
        raise ValueError(f"not a readable package: {reject}") from reject
    if read != package:
        raise ValueError("the package does not read back as it was written")
    return data


def open_package(data: bytes, name: str) -> Package:
    """The parts of a package, unverified; `name` stands for the file in errors.

    Raises UsageError for another kind of file or a newer format, InputError for a damaged package.
    """
    try:
        return decode_package(data)
    except Reject as reject:
        if reject.reason is Reason.PACKAGE_MAGIC:
            raise UsageError(f"{name}: {reject.detail}", told_apart(data, "is this a .zkh file?")) from None
        if reject.reason is Reason.PACKAGE_VERSION:
            raise UsageError(f"{name}: {reject.detail}", "update zkharvest") from None
        raise InputError.one(name, f"damaged package ({reject})", "ask for another copy") from None


def open_chain_package(data: bytes, name: str) -> ChainPackage:
    """The parts of a package of links, unverified; `name` stands for the file in errors. Raises as `open_package`."""
    from zkharvest.verifier.chain_package import decode_chain_package  # what stands alone needs no links

    try:
        return decode_chain_package(data)
    except Reject as reject:
        if reject.reason is Reason.PACKAGE_VERSION:
            raise UsageError(f"{name}: {reject.detail}", "update zkharvest") from None
        raise InputError.one(name, f"damaged package ({reject})", "ask for another copy") from None


def source_roots(package: Package) -> dict[str, bytes]:
    """The sources that the statement names, with their roots; what is not of the form there is left out."""
    sources = package.statement.get("sources")
    found: dict[str, bytes] = {}
    for entry in sources if isinstance(sources, list) else []:
        match entry:
            case {"id": str(name), "root": bytes(root)} if len(root) == ROOT_BYTES and is_visible(name, MAX_NAME):
                found[name] = root
    return found


def _in_order(value: Any) -> Any:
    """Maps with their keys in the order of the canonical form, at every depth."""
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value, key=str.encode)}
    if isinstance(value, list):
        return [_in_order(item) for item in value]
    return value
