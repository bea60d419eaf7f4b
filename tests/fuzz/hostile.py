"""Files that claim, nest or repeat more than they should: what they cost a reader is bounded (`test_fuzz_bounds.py`).

Each is made when it is asked for; some have 64 MB. The reason is the one for which `zkharvest verify` refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

from tests.fuzz.mutants import base_of
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire

HEAD = PACKAGE_MAGIC + b"\x01"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"
LARGEST = wire.MAX_BYTES - 4096
BASE = "balanced"  # of a real parameter set: the real command looks at no other further than its name


Row = tuple[str, str, Callable[[], bytes]]


def package(**changes: Any) -> bytes:
    """A package of the vectors with other parts."""
    return PACKAGE_MAGIC + b"\x01" + wire.encode({**base_of(BASE).parts, **changes})


def stated(proof: bytes | None = None, **changes: Any) -> bytes:
    """A package with other values in its statement."""
    parts = base_of(BASE).parts
    return package(statement={**parts["statement"], **changes}, proof=parts["proof"] if proof is None else proof)


def filled(fill: bytes) -> bytes:
    """A package whose proof is as long as a file may be."""
    return package(proof=fill * (LARGEST // len(fill)))


def _sources(number: int) -> list[dict[str, Any]]:
    return [
        {"id": f"{i:08d}{'x' * 120}", "root": b"".join((9 * i + k + 1).to_bytes(4, "little") for k in range(9))}
        for i in range(number)
    ]


def _calendar(runs: int) -> dict[str, Any]:
    """The longest calendar there can be, with so many changes of the offset."""
    days = (date(2527, 1, 1) - date(1970, 1, 2)).days
    return {"days": days, "first_day": "1970-01-02", "offsets": [[2 * i, i % 2] for i in range(runs)]}


def _attestations(number: int) -> dict[str, Any]:
    sources = [{"source": f"{i:06d}", **_ENTRY} for i in range(number)]
    return {"scheme": "bls12-381-g2-pop", "aggregate": bytes(96), "sources": sources}


def _claims() -> Iterator[Row]:
    for what, head in (("string", b"\xdb"), ("byte string", b"\xc6"), ("list", b"\xdd"), ("map", b"\xdf")):
        most, much = head + b"\xff\xff\xff\xff", head + (2**26 - 99).to_bytes(4, "big")
        yield f"a {what} of 2^32 - 1", "package/encoding", partial(bytes, HEAD + most)
        yield (
            f"a {what} of 2^32 - 1 within",
            "package/encoding",
            partial(bytes, HEAD + b"\x86\xa1a" + most + b"\xc0" * 999),
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
        yield f"2^({rows}) rows", "package/log-rows", partial(package, log_rows=[rows, 13, 12, 12, 12, 12, 13])
    yield "a proof of 64 MB of zeros", "transcript/grinding", lambda: filled(bytes(1024))
    yield "a proof of 64 MB of ones", "proof/field-word", lambda: filled(b"\xff" * 1024)
    yield "10,000 attestations", "attestation/limit", lambda: package(attestations=_attestations(10_000))
    yield "35,000 attestations", "attestation/limit", lambda: package(attestations=_attestations(35_000))


def _statements() -> Iterator[Row]:
    yield "a text of 64 MB", "statement/value", lambda: stated(b"", method="m" * LARGEST)
    yield "64 MB of wide text", "statement/value", lambda: stated(b"", currency=WIDE * (LARGEST // 4))
    yield "64 MB of text, one wide", "statement/value", lambda: stated(b"", timezone=WIDE + "x" * (LARGEST - 4))
    yield "an amount of 64 MB", "statement/value", lambda: stated(b"", totals={**_TOTALS, "proceeds": "9" * LARGEST})
    yield "4,096 sources", "transcript/grinding", lambda: stated(sources=_sources(4096))
    yield "4,097 sources", "statement/value", lambda: stated(sources=_sources(4097))
    yield "200,000 days", "public/shape", lambda: stated(calendar=_calendar(1), year=2526)
    yield "200,000 days, 80,000 changes", "public/shape", lambda: stated(calendar=_calendar(80_000), year=2526)
    yield "2^63 days", "statement/calendar", lambda: stated(year=2526, calendar={**_calendar(1), "days": 2**63})
    for what, runs in (("offsets of 2^63", [[0, 2**63]]), ("a run from day 2^63 on", [[0, 0], [2**63, 1]])):
        yield what, "statement/calendar", partial(stated, year=2526, calendar={**_calendar(1), "offsets": runs})


def _escaped() -> Iterator[Row]:
    signed = {"scheme": "bls12-381-g2-pop", "aggregate": bytes(96), "sources": [{**_ENTRY, "source": ESCAPES}]}
    yield "escapes in the preset", "package/preset", lambda: package(preset=ESCAPES)
    yield "escapes in a source", "statement/value", lambda: stated(sources=[{"id": ESCAPES, "root": bytes(36)}])
    yield "escapes in the audience", "statement/value", lambda: stated(context={"audience": ESCAPES, "nonce": b""})
    yield "escapes in the time zone", "statement/value", lambda: stated(timezone=ESCAPES)
    yield "escapes in the circuit", "statement/value", lambda: stated(circuit={"id": ESCAPES, "digest": bytes(32)})
    yield "escapes in a key", "statement/fields", lambda: stated(**{ESCAPES: 1})
    yield "escapes for a number", "statement/value", lambda: stated(v=ESCAPES)
    yield "escapes in an attestation", "attestation/form", lambda: package(attestations=signed)


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


WIDE = "\U0001f600"
_ENTRY = {"key": bytes(48), "pop": bytes(96)}
_TOTALS = {"long_gain": "0", "long_loss": "0", "proceeds": "0", "short_gain": "0", "short_loss": "0"}
FILES = {
    what: (reason, made)
    for rows in (_claims(), _containers(), _statements(), _escaped())
    for what, reason, made in rows
}
