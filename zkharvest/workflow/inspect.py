"""What a file is and says, without any judgement: `inspect`. Nothing here verifies anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from zkharvest.errors import UsageError
from zkharvest.files import container
from zkharvest.files.atomic import STREAM, check_rights, open_file
from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of
from zkharvest.files.packages import READ_AT_MOST, open_package
from zkharvest.files.page_files import MAX_PAGE_FILE, OPENING, header_of, parse_page
from zkharvest.sign.keyfiles import FILE_BYTES, describe_key
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import circuits, wire
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_verdict import link_json
from zkharvest.verifier.link import read_link
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.soundness import security, security_json
from zkharvest.verifier.stark import heights_fault
from zkharvest.verifier.statement_v2 import StatementV2


def describe(path: str | Path) -> dict[str, Any]:
    """Kind and content of a package, a page, an opening, a standing or a key file, as the object of `inspect --json`.

    Of an opening only the header is read. Raises UsageError for other files, InputError for a package or opening that
    cannot be read.
    """
    with open_file(path) as file:
        head = file.read(HEAD_BYTES)
        kind = kind_of(head)
        if kind is Kind.PACKAGE:
            whole = head + file.read(READ_AT_MOST - len(head))
            return describe_package(whole, str(path))
        if kind in (Kind.PRIVATE_KEY, Kind.PUBLIC_KEY):
            return describe_key(head + file.read(FILE_BYTES), path)
        if kind is Kind.PAGE:
            return describe_page(head + file.read(MAX_PAGE_FILE), path)
        if kind is Kind.PAGE_OPENING:
            return describe_page_opening(file, head, path)
        if kind is Kind.STANDING:
            from zkharvest.files.standings import describe_standing

            return describe_standing(file, head, path)
        what = f"it is {kind}; " if kind else ""
        read = "inspect reads .zkh, .zkp, .zko, .zks and key files"
        raise UsageError(f"{path}: not a file that inspect reads", f"{what}{read}")


def describe_page(data: bytes, name: object) -> dict[str, Any]:
    """What a page's file says; no signature of it is checked. Raises as `files.page_files.parse_page`."""
    found = parse_page(data, name)
    signed = [{"scheme": one.scheme, "key": one.key.hex()} for one in found.signatures]
    shown: dict[str, Any] = {"kind": "page", "bytes": len(data), "checked": False, "page": found.page.hex()}
    return shown | {"header": _header_json(found.header) if found.header else None, "signatures": signed}


def describe_page_opening(file: BinaryIO, head: bytes, path: str | Path) -> dict[str, Any]:
    """What the header of a page's opening says, nothing of it checked; its records are not read.

    Raises as `files.page_files.parse_page_opening` does.
    """
    if str(path) != STREAM:
        check_rights(path, file)
    public, _ = container.read_header(OPENING, container.read_start(OPENING, file, head), path)
    header = header_of(public, path)
    shown = {"kind": "page-opening", "checked": False, "sealed": public["envelope"] != container.PLAIN}
    return shown | {"page": header.page_id.hex(), "header": _header_json(header)}


def _header_json(header: PageHeader) -> dict[str, Any]:
    return header.to_map() | {"root": header.root.hex(), "prev": header.prev.hex() if header.prev else None}


def describe_package(data: bytes, name: str) -> dict[str, Any]:
    """What a package claims; `name` stands for the file in errors. Nothing of it is checked but its form.

    `parts` are the bytes of its parts, which add up to the file's. Raises as `open_package` does.
    """
    package = open_package(data, name)
    links = [_link(part) for part in package.parts]
    signed = [{"page": one.page.hex(), "scheme": one.scheme, "key": one.key.hex()} for one in package.attestations]
    key = package.signature.get("key") if package.signature else None
    return {
        "kind": "package",
        "version": data[len(PACKAGE_MAGIC)],
        "bytes": len(data),
        "verified": False,
        "package": package.body_digest.hex(),
        "links": links,
        "signatures": signed,
        "taxpayer": key.hex() if isinstance(key, bytes) else None,
        "parts": _sizes(data, package),
    }


def _link(part: Part) -> dict[str, Any]:
    """What one link claims, and how well a proof of its shape would prove it."""
    shown: dict[str, Any] = {"preset": part.preset, "log_rows": list(part.log_rows), "proof": len(part.proof)}
    try:
        link = read_link(part.statement)
    except Reject as reject:
        return {"fault": f"{reject.reason.value}: {reject.detail}", **shown}
    claimed = link_json(link)
    claimed["circuit"]["status"] = _circuit_status(link.statement)
    return {**claimed, **shown, "security": _security(link.statement, part)}


def _circuit_status(statement: StatementV2) -> str:
    """Standing of the circuit on this machine: its pinned status, or why it cannot be used."""
    try:
        return circuits.find(statement.circuit_id, statement.circuit_digest).status
    except Reject as reject:
        return reject.reason.value


def _security(statement: StatementV2, part: Part) -> dict[str, Any] | None:
    """Bits that a proof of this shape proves, term by term; None if circuit, preset or height are unknown here."""
    try:
        description = circuits.load(circuits.find(statement.circuit_id, statement.circuit_digest))
        params = PRESETS[part.preset].params
        if heights_fault(description, params, part.log_rows) is not None:
            return None
        level = security(description, params, part.log_rows)
    except (Reject, KeyError, ValueError):
        return None
    return security_json(level)


def _sizes(data: bytes, package: ChainPackage) -> dict[str, int]:
    """Bytes of each part; they add up to the file's."""
    signed: list[wire.Value] = [one.to_map() for one in package.attestations]
    parts = {
        "statements": sum(len(wire.encode(part.statement)) for part in package.parts),
        "proofs": sum(len(part.proof) for part in package.parts),
        "signatures": len(wire.encode(signed or None)) + len(wire.encode(package.signature)),
    }
    return {**parts, "framing": len(data) - sum(parts.values())}
