"""What a file is and says, without any judgement: `inspect`. Nothing here verifies anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.files.atomic import open_file
from zkharvest.files.kinds import HEAD_BYTES, Kind, kind_of
from zkharvest.files.packages import READ_AT_MOST, open_package
from zkharvest.sign.attest import named_signers
from zkharvest.sign.keyfiles import FILE_BYTES, describe_key
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import circuits, wire
from zkharvest.verifier.description_reader import MAX_LOG_ROWS
from zkharvest.verifier.package import Package
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.soundness import security
from zkharvest.verifier.statement import Statement, read_statement
from zkharvest.verifier.verdict import security_json, statement_json


def describe(path: str | Path) -> dict[str, Any]:
    """Kind and content of a package, an opening or a key file, as the object of `inspect --json`.

    Of an opening only the header is read. Raises UsageError for other files, InputError for a package or opening that
    cannot be read.
    """
    with open_file(path) as file:
        head = file.read(HEAD_BYTES)
        kind = kind_of(head)
        if kind is Kind.PACKAGE:
            return describe_package(head + file.read(READ_AT_MOST - len(head)), str(path))
        if kind is Kind.OPENING:
            from zkharvest.files.openings import describe_open

            return {"kind": "opening", **describe_open(file, head, path)}
        if kind in (Kind.PRIVATE_KEY, Kind.PUBLIC_KEY):
            return describe_key(head + file.read(FILE_BYTES), path)
        what = f"it is {kind}; " if kind else ""
        raise UsageError(f"{path}: not a file that inspect reads", f"{what}inspect reads .zkh, .zko and key files")


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
        "log_rows": package.log_rows,
        "rows": 1 << package.log_rows if 0 <= package.log_rows <= MAX_LOG_ROWS else None,
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
        level = security(description, PRESETS[package.preset].params, package.log_rows)
    except (Reject, KeyError, ValueError):
        return None
    return security_json(level)


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
