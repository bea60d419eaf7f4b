"""Targets for the owner's and the venue's files: standings (`.zks`) and pages (`.zkp`), with their headers.

Files carry a checksum; inputs are without it, and it is made right, so that changes reach what is behind it.
"""

from __future__ import annotations

import io
from functools import cache
from hashlib import sha256
from random import Random
from typing import Any

from tests.fuzz.edits import packed, sorted_keys, tweaked, unpacked
from tests.fuzz.mutants import edited
from tests.models.lot_machine_v2.histories import make_history
from tests.support.model_histories import decisions_of, openings_of
from zkharvest.errors import InputError, UsageError
from zkharvest.files.book import Book
from zkharvest.files.page_files import PageFile, PageSignature, page_bytes, parse_page
from zkharvest.files.standings import describe_standing, parse_standing, standing_bytes
from zkharvest.ledger.history.standing_map import map_of, standing_of
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.spec import PAGE_MAGIC, STANDING_MAGIC
from zkharvest.verifier.page import PageReject, read_header
from zkharvest.workflow.histories import history_of, work
from zkharvest.workflow.standing_lanes import roots_of

CHECKSUM = 32
OURS = (InputError, UsageError)


def _roots(state: Any, key: bytes) -> tuple[bytes, bytes]:
    return roots_of(standing_of(state), key)


def standing(data: bytes) -> str:
    """A standing's file: refused with an error of ours, or its state is what its name commits to."""
    whole = data + sha256(data).digest()
    try:
        found = parse_standing(whole, "x.zks", _roots)
    except OURS as error:
        assert str(error)
        assert "\x1b" not in str(error)
        outcome = "refused"
    else:
        assert _roots(found.state, found.key) == (found.standing.lots, found.standing.sums)
        assert parse_standing(standing_bytes(found, None), "x.zks", _roots).standing == found.standing
        assert map_of(standing_of(found.state)) == found.state, "a state with two forms"
        outcome = "read"
    try:
        shown = describe_standing(io.BytesIO(whole), b"", "-")
    except OURS as error:
        assert str(error)
        assert outcome == "refused"
        return outcome
    assert all("\x1b" not in str(value) for value in shown.values())
    return f"{outcome}, described"


@cache
def standing_seeds() -> list[bytes]:
    """Standings at the ends of two years of a history, one of each pooling; without the checksum."""
    found = []
    for pooling in Pooling:
        history = make_history(7, size=12)
        openings = openings_of(history)
        elections = [Election(Method.FIFO, pooling, "UTC", year) for year in (2023, 2024)]
        runs = work(history_of(openings), Book(decisions_of(history.book)), elections, None, 1 << 20)
        found += [standing_bytes(_file_of(run), None)[:-CHECKSUM] for run in runs]
    return found


def _file_of(run: Any) -> Any:
    from zkharvest.files.standings import StandingFile
    from zkharvest.verifier.standing import AccountState, Standing

    closing, key = run.closing, bytes(range(32))
    lots, sums = roots_of(closing, key)
    accounts = tuple(
        AccountState(*one.owner, one.number, one.page, one.end, one.open, one.final) for one in closing.accounts
    )
    stated = Standing(
        run.window.end, "USD", run.window.pooling.value, run.window.zone, run.window.year, lots, sums, accounts
    )
    return StandingFile(stated, key, map_of(closing))


def mutate_standing(rng: Random, data: bytes) -> bytes:
    """The payload, or the public part before it, with a value changed; now and then the bytes themselves."""
    head = len(STANDING_MAGIC) + 1
    size = int.from_bytes(data[head : head + 4], "big")
    public, payload = data[head + 4 : head + 4 + size], data[head + 4 + size :]
    change = rng.choice((tweaked, edited))
    try:
        if rng.random() < 0.6:
            payload = packed(change(rng, unpacked(payload)))
        else:
            parts = unpacked(public)
            if rng.random() < 0.7 and isinstance(parts, dict) and isinstance(parts.get("standing"), bytes):
                parts["standing"] = packed(sorted_keys(change(rng, unpacked(parts["standing"]))))
            else:
                parts = change(rng, parts)
            public = packed(sorted_keys(parts))
    except ValueError:
        return rng.choice(standing_seeds())
    return data[:head] + len(public).to_bytes(4, "big") + public + payload


# --------------------------------------------------------------------------------------------- pages


def page(data: bytes) -> str:
    """A page's file: refused with an error of ours, or read as it stands; its header the same."""
    try:
        found = parse_page(data, "x.zkp")
    except OURS as error:
        assert str(error)
        assert "\x1b" not in str(error)
        return "refused"
    assert page_bytes(found) == data
    if found.header is not None:
        assert found.header.page_id == found.page
        assert read_header(found.header.encode()) == found.header
        assert all(text.isprintable() for text in (found.header.source, found.header.account))
    return "read"


def header(data: bytes) -> str:
    """A header alone."""
    try:
        found = read_header(data)
    except PageReject as reject:
        assert reject.detail.isprintable()
        return reject.reason.value if hasattr(reject, "reason") else "refused"
    assert found.encode() == data
    return "read"


def pages(data: bytes) -> str:
    """Both."""
    outcome = page(data)
    try:
        value = unpacked(data[len(PAGE_MAGIC) + 1 :])
    except ValueError:
        return outcome
    inner = value.get("header") if isinstance(value, dict) else None
    return f"{outcome}, header {header(inner)}" if isinstance(inner, bytes) else outcome


@cache
def page_seeds() -> list[bytes]:
    """Page files of a history: bare, signed, with and without a page before."""
    signature = PageSignature("ed25519", bytes(32), b"", bytes(64))
    bls = PageSignature("bls12-381", bytes(48), bytes(96), bytes(96))
    headers = [opening.header for _, opening in openings_of(make_history(7, size=12))[:4]]
    signed = ((), (signature,), tuple(sorted((bls, signature))))
    whole = [PageFile(header.page_id, header, signatures) for header in headers for signatures in signed]
    return [page_bytes(one) for one in (*whole, PageFile(bytes(32)))]


def mutate_pages(rng: Random, data: bytes) -> bytes:
    """The file, or the header in it, with a value changed; of a header the id follows."""
    head = len(PAGE_MAGIC) + 1
    change = rng.choice((tweaked, edited))
    try:
        parts = unpacked(data[head:])
        if rng.random() < 0.7 and isinstance(parts, dict) and isinstance(parts.get("header"), bytes):
            parts["header"] = packed(sorted_keys(change(rng, unpacked(parts["header"]))))
            try:
                parts["page"] = read_header(parts["header"]).page_id
            except PageReject:
                parts["page"] = bytes(32)
        else:
            parts = change(rng, parts)
        return data[:head] + packed(sorted_keys(parts))
    except (ValueError, TypeError):
        return rng.choice(page_seeds())
