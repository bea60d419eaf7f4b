"""What a file is and says, without any judgement: `inspect`. Nothing here verifies anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from zkharvest.errors import UsageError
from zkharvest.files import container
from zkharvest.files.atomic import STREAM, check_rights, open_file
from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of
from zkharvest.files.packages import READ_AT_MOST, open_chain_package, open_package
from zkharvest.files.page_files import MAX_PAGE_FILE, OPENING, header_of, parse_page
from zkharvest.sign.attest import named_signers
from zkharvest.sign.keyfiles import FILE_BYTES, describe_key
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import circuits, wire
from zkharvest.verifier.chain_verdict import link_json
from zkharvest.verifier.description_reader import MAX_LOG_ROWS
from zkharvest.verifier.link import read_link
from zkharvest.verifier.package import Package, has_links
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.soundness import security, security_json
from zkharvest.verifier.stark import heights_fault
from zkharvest.verifier.statement import Statement, read_statement
from zkharvest.verifier.verdict import statement_json


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
            return describe_chain(whole, str(path)) if has_links(whole) else describe_package(whole, str(path))
        if kind is Kind.OPENING:
            from zkharvest.files.openings import describe_open

            return {"kind": "opening", **describe_open(file, head, path)}
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

    Raises as `files.openings.describe_opening` does.
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

    Raises as `open_package` does.
    """
    package = open_package(data, name)
    shown: dict[str, Any] = {
        "kind": "package",
        "version": data[len(PACKAGE_MAGIC)],
        "bytes": len(data),
        "verified": False,
        "package": package.body_digest.hex(),
        "preset": package.preset,
        "log_rows": list(package.log_rows),
        "rows": 1 << max(package.log_rows) if _plausible(package) else None,
        "statement": None,
        "statement_fault": None,
        "security": None,
        "signatures": _signatures(package),
        "parts": _sizes(data, package),
    }
    try:
        statement = read_statement(package.statement)
    except Reject as reject:
        return shown | {"statement_fault": str(reject)}
    status = _circuit_status(statement)
    shown["statement"] = statement_json(statement, status)
    shown["security"] = _security(statement, package)
    return shown


def describe_chain(data: bytes, name: str) -> dict[str, Any]:
    """What a package of links claims. Nothing of it is checked but its form. Raises as `open_chain_package` does."""
    package = open_chain_package(data, name)
    links: list[dict[str, Any]] = []
    for part in package.parts:
        try:
            claimed: dict[str, Any] = link_json(read_link(part.statement))
        except Reject as reject:
            claimed = {"fault": f"{reject.reason.value}: {reject.detail}"}
        links.append({**claimed, "preset": part.preset, "log_rows": list(part.log_rows), "proof": len(part.proof)})
    signed = [{"page": one.page.hex(), "scheme": one.scheme, "key": one.key.hex()} for one in package.attestations]
    key = package.signature.get("key") if package.signature else None
    return {
        "kind": "chain-package",
        "version": data[len(PACKAGE_MAGIC)],
        "bytes": len(data),
        "verified": False,
        "package": package.body_digest.hex(),
        "links": links,
        "signatures": signed,
        "taxpayer": key.hex() if isinstance(key, bytes) else None,
    }


def _circuit_status(statement: Statement) -> str:
    """Standing of the circuit on this machine: its pinned status, or why it cannot be used."""
    try:
        return circuits.find(statement.circuit_id, statement.circuit_digest).status
    except Reject as reject:
        return reject.reason.value


def _security(statement: Statement, package: Package) -> dict[str, Any] | None:
    """Bits that a proof of this shape proves, term by term; None if circuit, preset or height are unknown here."""
    try:
        description = circuits.load(circuits.find(statement.circuit_id, statement.circuit_digest))
        params = PRESETS[package.preset].params
        if heights_fault(description, params, package.log_rows) is not None:
            return None
        level = security(description, params, package.log_rows)
    except (Reject, KeyError, ValueError):
        return None
    return security_json(level)


def _plausible(package: Package) -> bool:
    """Whether the heights are those of some circuit."""
    return bool(package.log_rows) and 0 <= min(package.log_rows) <= max(package.log_rows) <= MAX_LOG_ROWS


def _signatures(package: Package) -> dict[str, Any]:
    """Who is said to have signed; `fault` says why nothing can be told."""
    shown: dict[str, Any] = {"checked": False, "fault": None, "sources": [], "taxpayer": None}
    try:
        sources, taxpayer = named_signers(package)
    except Reject as reject:
        return shown | {"fault": str(reject)}
    named = [{"id": source, "key": key.hex()} for source, key in sources]
    return shown | {"sources": named, "taxpayer": taxpayer.hex() if taxpayer else None}


def _sizes(data: bytes, package: Package) -> dict[str, int]:
    """Bytes of each part; they add up to the file's."""
    parts = {
        "statement": len(wire.encode(package.statement)),
        "proof": len(package.proof),
        "attestations": len(wire.encode(package.attestations)),
        "signature": len(wire.encode(package.signature)),
    }
    return {**parts, "framing": len(data) - sum(parts.values())}
