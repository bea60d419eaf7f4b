"""Files that claim, nest or repeat more than they should: what they cost a reader is bounded (`test_fuzz_bounds.py`).

Each is made when it is asked for; some have 64 MB. The reason is the one for which `zkharvest verify` refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from tests.fuzz.chain_bases import HEAD_BYTES as HEAD
from tests.fuzz.chain_bases import base_of
from zkharvest.verifier import wire

ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
LARGEST = wire.MAX_BYTES - 4096
BASE = "balanced"  # of a real parameter set: the real command looks at no other further than its name
LAST_YEAR = 2088
"""In which a calendar ends that begins in 2000 and is as long as one may be."""
LAST_WINDOW = {"from": 3_727_000_000_000, "to": 3_752_000_000_000}


Row = tuple[str, str, Callable[[], bytes]]


def package(links: list[Any] | None = None, **changes: Any) -> bytes:
    """A package of the vectors with other parts."""
    parts = base_of(BASE).parts
    return HEAD + wire.encode({**parts, "links": parts["links"] if links is None else links, **changes})


def linked(**changes: Any) -> bytes:
    """A package with other values beside the statement of its link."""
    return package([{**base_of(BASE).parts["links"][0], **changes}])


def stated(proof: bytes | None = None, log_rows: list[int] | None = None, **changes: Any) -> bytes:
    """A package with other values in its statement."""
    link = base_of(BASE).parts["links"][0]
    beside = {"proof": link["proof"] if proof is None else proof, "log_rows": log_rows or link["log_rows"]}
    return linked(statement={**link["statement"], **changes}, **beside)


def filled(fill: bytes) -> bytes:
    """A package whose proof is as long as a file may be."""
    return linked(proof=fill * (LARGEST // len(fill)))


def listed(number: int, **changes: Any) -> bytes:
    """A package with so many accounts, each with one page from the beginning of the window to its end."""
    statement = base_of(BASE).parts["links"][0]["statement"]
    window = changes.get("window", statement["window"])
    accounts, pages = [], []
    for i in range(number):
        source, account = f"{i:08d}{'x' * 100}", "a"
        root = b"".join((9 * i + k + 1).to_bytes(4, "little") for k in range(9))
        accounts.append({"source": source, "account": account})
        named = {"source": source, "account": account, "number": 0, "prev": None, "root": root}
        pages.append({"account": i, "header": _header(**window, **named)})
    return stated(accounts=accounts, pages=pages, **changes)


def _calendar(runs: int) -> dict[str, Any]:
    """The longest calendar there can be, with so many changes of the offset."""
    days = (date(LAST_YEAR + 1, 1, 1) - date(2000, 1, 1)).days
    return {"days": days, "first_day": "2000-01-01", "offsets": [[2 * i, i % 2] for i in range(runs)]}


def _attestations(number: int) -> list[dict[str, Any]]:
    return [{**_ENTRY, "page": i.to_bytes(32, "big")} for i in range(number)]


def _claims() -> Iterator[Row]:
    for what, head in (("string", b"\xdb"), ("byte string", b"\xc6"), ("list", b"\xdd"), ("map", b"\xdf")):
        most, much = head + b"\xff\xff\xff\xff", head + (2**26 - 99).to_bytes(4, "big")
        yield f"a {what} of 2^32 - 1", "package/encoding", partial(bytes, HEAD + most)
        yield (
            f"a {what} of 2^32 - 1 within",
            "package/encoding",
            partial(bytes, HEAD + b"\x83\xa1a" + most + b"\xc0" * 999),
        )
        yield f"a {what} of 2^26 - 99", "package/encoding", partial(bytes, HEAD + much)


def _containers() -> Iterator[Row]:
    million = b"\xdd\x00\x0f\x42\x40"
    yield "deeply nested maps", "package/limit", lambda: HEAD + b"\x81\xa1a" * 300_000
    yield "deeply nested lists", "package/limit", lambda: HEAD + b"\x91" * 1_000_000
    yield "a million nils", "package/limit", lambda: HEAD + million + b"\xc0" * 1_000_000
    yield "sixty million nils", "package/limit", lambda: HEAD + b"\xdd" + u32(LARGEST) + b"\xc0" * LARGEST
    yield "a million empty maps", "package/limit", lambda: HEAD + million + b"\x80" * 1_000_000
    yield (
        "as many empty maps as may be",
        "package/fields",
        lambda: HEAD + b"\xdd" + u32(2**18 - 1) + b"\x80" * (2**18 - 1),
    )
    yield "a key of 64 MB", "package/encoding", lambda: HEAD + b"\x81\xdb" + u32(LARGEST) + b"k" * LARGEST
    for rows in (2**64 - 1, 2**31, 19, -(2**63)):
        yield f"2^({rows}) rows", "package/log-rows", partial(linked, log_rows=[rows, 13, 12, 12, 12, 12, 13])
    yield "a proof of 64 MB of zeros", "transcript/grinding", lambda: filled(bytes(1024))
    yield "a proof of 64 MB of ones", "proof/field-word", lambda: filled(b"\xff" * 1024)
    yield "10,000 attestations", "attestation/limit", lambda: package(attestations=_attestations(10_000))
    yield "20,000 attestations", "attestation/limit", lambda: package(attestations=_attestations(20_000))
    yield "256 links, none after another", "chain/standing", lambda: package(links=_links(256))
    yield "257 links", "package/fields", lambda: package(links=_links(257))
    yield "30,000 links", "package/fields", lambda: package(links=[{}] * 30_000)


def _statements() -> Iterator[Row]:
    yield "a text of 64 MB", "statement/value", lambda: stated(b"", method="m" * LARGEST)
    yield "64 MB of wide text", "statement/value", lambda: stated(b"", currency=WIDE * (LARGEST // 4))
    yield "64 MB of text, one wide", "statement/value", lambda: stated(b"", timezone=WIDE + "x" * (LARGEST - 4))
    yield (
        "an amount of 64 MB",
        "link/figure",
        lambda: stated(b"", figures=[{**_NET, "values": {"units": "9" * LARGEST}}]),
    )
    yield "20,000 figures", "link/figure", lambda: stated(b"", figures=[_NET] * 20_000)
    yield "a header of 64 MB", "page/form", lambda: stated(b"", pages=[{"account": 0, "header": bytes(LARGEST)}])
    yield "4,096 accounts and pages", "transcript/grinding", lambda: listed(4096)
    yield "4,097 accounts", "statement/value", lambda: listed(4097)
    yield "5,000 pages", "statement/value", lambda: stated(pages=[{"account": 0, "header": b""}] * 5000)
    yield "32,508 days", "transcript/grinding", lambda: _long(_calendar(1))
    yield "32,508 days, 16,000 changes", "transcript/grinding", lambda: _long(_calendar(16_000))
    yield "200,000 days", "statement/calendar", lambda: _long({**_calendar(1), "days": 200_000}, year=2526)
    yield "2^63 days", "statement/calendar", lambda: _long({**_calendar(1), "days": 2**63})
    for what, runs in (("offsets of 2^63", [[0, 2**63]]), ("a run from day 2^63 on", [[0, 0], [2**63, 1]])):
        yield what, "statement/calendar", partial(_long, {**_calendar(1), "offsets": runs})


def _long(calendar: dict[str, Any], year: int = LAST_YEAR) -> bytes:
    return listed(1, year=year, calendar=calendar, window=LAST_WINDOW, log_rows=[13, 13, 12, 12, 12, 15, 13])


def _links(number: int) -> list[Any]:
    """One link so many times, numbered as if each came after another."""
    link = base_of(BASE).parts["links"][0]
    whole = link["statement"]
    contexts = ({**whole["context"], "link": i, "links": number} for i in range(number))
    return [{**link, "proof": b"", "statement": {**whole, "context": context}} for context in contexts]


def _escaped() -> Iterator[Row]:
    named = {"source": ESCAPES, "account": "a"}
    yield "escapes in the preset", "package/preset", lambda: linked(preset=ESCAPES)
    yield "escapes in a source", "statement/value", lambda: stated(accounts=[named])
    yield "escapes in an account", "statement/value", lambda: stated(accounts=[{"source": "a", "account": ESCAPES}])
    yield "escapes in a page's header", "page/value", lambda: stated(pages=[{"account": 0, "header": _header(**named)}])
    yield "escapes in the audience", "statement/value", lambda: stated(context={**_CONTEXT, "audience": ESCAPES})
    yield "escapes in the time zone", "statement/value", lambda: stated(timezone=ESCAPES)
    yield "escapes in the circuit", "statement/value", lambda: stated(circuit={"id": ESCAPES, "digest": bytes(32)})
    yield "escapes in a figure", "statement/fields", lambda: stated(figures=[{**_NET, "level": ESCAPES}])
    yield "escapes in a key", "statement/fields", lambda: stated(**{ESCAPES: 1})
    yield "escapes for a number", "statement/fields", lambda: stated(v=ESCAPES)
    yield "escapes in an attestation", "attestation/form", lambda: package(attestations=[{**_ENTRY, "scheme": ESCAPES}])


def _header(**changes: Any) -> bytes:
    statement = base_of(BASE).parts["links"][0]["statement"]
    return wire.encode({**wire.decode(statement["pages"][0]["header"]), **changes})  # type: ignore[dict-item]


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


WIDE = "\U0001f600"
_ENTRY = {"key": bytes(32), "page": bytes(32), "pop": b"", "scheme": "ed25519", "signature": bytes(64)}
_NET = {"level": "NET", "values": {"units": "0"}}
_CONTEXT = {"audience": "", "nonce": b"", "link": 0, "links": 1}
FILES = {
    what: (reason, made)
    for rows in (_claims(), _containers(), _statements(), _escaped())
    for what, reason, made in rows
}
