"""What is fuzzed. A target takes bytes, whatever they are, and keeps the promises of the code that reads them.

`run` returns the name of what came out, so that a run can say what was reached; an AssertionError, or any other
exception, is a broken promise. `mutate` changes bytes so that they stay readable, `seeds` are where to begin, `words`
the keys and labels of the format. Nothing here needs the fuzzer: the corpus is replayed by `test_fuzz_corpus.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from tests.fuzz import arithmetic, chains, circuit_files, owner_files, whole
from tests.fuzz.edits import edited_container
from tests.fuzz.mutants import HEAD, NAMES, base_of, encoded
from zkharvest.errors import InputError, UsageError
from zkharvest.sign.attest import check_attestations, sign_as_taxpayer
from zkharvest.sign.bls import AggregateError
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import circuits, public, wire
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.package import Package, decode_package, encode_package
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.statement import public_data, read_statement
from zkharvest.workflow.inspect import describe_package

HEAD_BYTES = PACKAGE_MAGIC + b"\x01"
LONGEST_CALENDAR = 800
"""Days. A calendar may have 200,000, read in half a second; the fuzzer would find little but those."""


@dataclass(frozen=True)
class Target:
    """A function to fuzz; `longest` is the size of input that it is given.

    `raw`: how often bytes are changed without regard to the format, which is faster by far.
    """

    name: str
    run: Callable[[bytes], str]
    seeds: Callable[[], list[bytes]]
    mutate: Callable[[Random, bytes], bytes]
    words: tuple[str | bytes, ...]
    longest: int
    raw: float = 0.3


def named(reject: Reject) -> str:
    """The name of a reason; one that stands for a defect of ours is a broken promise."""
    assert reject.reason is not Reason.INTERNAL, reject
    assert "\n" not in reject.detail, reject
    assert reject.detail.isprintable(), reject
    assert len(reject.detail) < 400, reject
    return reject.reason.value


# --------------------------------------------------------------------------------------------- readers of a package


def container(data: bytes) -> str:
    """The container alone: what is read is encoded as it was."""
    try:
        found = decode_package(data)
    except Reject as reject:
        return named(reject)
    assert encode_package(found) == data
    return "read"


@cache
def _small() -> list[bytes]:
    """Containers with every kind of value, in every width; they need not be packages otherwise."""
    of_all = [None, True, 0, 127, 128, 2**16, 2**32, -1, -33, -(2**15) - 1, "é", "x" * 32, b"", b"\0" * 300, [], [[{}]]]
    fixed = {
        "attestations": None,
        "preset": "test",
        "proof": b"",
        "log_rows": [13, 12],
        "signature": None,
        "statement": {},
    }
    maps = (
        {"statement": {"": of_all}},
        {"signature": {f"{i:x}": i for i in range(20)}},
        {"attestations": {"a": [0] * 20}},
    )
    return [wire.encode({**fixed, **some}) for some in ({}, *maps)]


def package(data: bytes) -> str:
    """The container, the statement, its public data, and `inspect`: what is read is usable."""
    try:
        found = decode_package(data)
    except Reject as reject:
        _not_described(data)
        return named(reject)
    shown = json.dumps(describe_package(data, "x.zkh"))
    try:
        statement = read_statement(found.statement)
    except Reject as reject:
        assert json.loads(shown)["statement_fault"] == str(reject)
        return named(reject)
    assert json.loads(shown)["statement"]["year"] == statement.year
    names = (source.id for source in statement.sources)
    for text in (*names, statement.audience, statement.circuit_id, statement.timezone, statement.currency):
        assert text.isprintable(), text
    if statement.calendar.days > LONGEST_CALENDAR:
        return "a long calendar"
    description = circuits.load(circuits.PINNED[0])
    data_of = public_data(statement, description, found.statement_digest)
    try:
        public.check(description, [13] * len(description.tables), data_of)
        public.encode(description, data_of)
        check_zone(statement.calendar, statement.timezone)
    except Reject as reject:
        return named(reject)
    return "read"


def _not_described(data: bytes) -> None:
    try:
        describe_package(data, "x.zkh")
    except (InputError, UsageError) as error:
        assert str(error)
    else:
        raise AssertionError("a package that cannot be read is described")


@cache
def _plain() -> list[bytes]:
    """Packages of the vectors without their proofs: no reader of the container looks into one."""
    return [encoded({**base_of(name).parts, "proof": b""}) for name in (*NAMES, "signed", "skipped-day", "balanced")]


# --------------------------------------------------------------------------------------------- attestations


@cache
def _signed() -> tuple[Package, dict[str, bytes], bytes]:
    """A package that two sources and the taxpayer signed, the sources' keys, the taxpayer's; without a proof."""
    key = PrivateKey(Scheme.ED25519, bytes(31) + b"\x01")
    found = sign_as_taxpayer(replace(decode_package(base_of("signed").data), proof=b""), key, replace_other=True)
    assert found.attestations is not None
    keys = {entry["source"]: entry["key"] for entry in found.attestations["sources"]}
    return found, keys, key.public_bytes()


def attestations(data: bytes) -> str:
    """`{"attestations", "signature"}` in the signed package, under its keys: a fault with a name, or the original.

    The pairings are left out (`bls.check_signed` takes a second); all before them is not.
    """
    try:
        parts = wire.decode(data)
    except Reject as reject:
        return named(reject)
    if not isinstance(parts, dict) or set(parts) != {"attestations", "signature"}:
        return "other keys"
    if not all(part is None or isinstance(part, dict) for part in parts.values()):
        return "not maps"
    original, keys, signer = _signed()
    changed = replace(original, **parts)
    outcomes = _attested(changed, keys, signer), _attested(changed, None, None)
    reached = {"valid", Reason.ATTESTATION_SOURCES.value} & set(outcomes)
    if reached and changed != original:  # only parts can be left out, and then what is expected is missing
        assert parts["signature"] in (None, original.signature)
        assert "missing" in outcomes[0]
    return ", ".join(outcomes)


def _attested(changed, keys, signer):
    from zkharvest.sign import bls

    whole_check, bls.check_signed = bls.check_signed, _no_pairing
    try:
        found = check_attestations(changed, keys, signer)
    except Reject as error:
        assert error.reason.stage in ("signature", "attestation")
        assert str(error).isprintable()
        return error.reason.value
    finally:
        bls.check_signed = whole_check
    assert not found.sources
    return "valid"


def _no_pairing(entries, aggregate, progress):
    assert 1 <= len(entries) <= 64
    assert all((len(entry.key), len(entry.pop)) == (48, 96) for entry in entries)
    raise AggregateError


def _attestation_seeds() -> list[bytes]:
    package, _, _ = _signed()
    both = {"attestations": package.attestations, "signature": package.signature}
    return [wire.encode(both), wire.encode({**both, "attestations": None}), wire.encode({**both, "signature": None})]


def _mutate_attestations(rng: Random, data: bytes) -> bytes:
    framed = edited_container(rng, HEAD_BYTES + data, [HEAD_BYTES + seed for seed in _attestation_seeds()])
    return framed[HEAD:]


# --------------------------------------------------------------------------------------------- the list

_KEYS = (
    *("attestations", "preset", "proof", "log_rows", "signature", "statement"),
    *("calendar", "carried_in", "carried_out", "circuit", "context", "currency", "holding", "method", "pooling"),
    "scales",
    *(
        "sources",
        "timezone",
        "totals",
        "v",
        "wash_sale",
        "year",
        "days",
        "first_day",
        "offsets",
        "id",
        "digest",
        "root",
    ),
    *("audience", "nonce", "long_gain", "long_loss", "proceeds", "short_gain", "short_loss"),
    *("fifo", "lifo", "hifo", "lofo", "specific", "wallet", "universal", "us-1222", "lot-machine/v1", "test"),
    *("balanced", "large", "USD", "Europe/Rome", "UTC", "1970-01-02", "2024-02-29"),
)
_LINK_KEYS = (
    *("links", "account", "accounts", "covered", "figures", "header", "pages", "window", "from", "to", "lots", "sums"),
    *("level", "values", "units", "proceeds", "basis", "events", "lines", "link", "instant", "open", "final", "end"),
    *("number", "page", "prev", "root", "start", "kind", "origin", "term", "result", "lot-machine/v2", chains.DIGEST),
)
_SIGNED_KEYS = ("scheme", "sources", "aggregate", "source", "key", "pop", "ed25519", "bls12-381-g2-pop")

TARGETS = {
    target.name: target
    for target in (
        Target(
            "container",
            container,
            lambda: [HEAD_BYTES + seed for seed in _small()],
            lambda rng, data: edited_container(rng, data, [HEAD_BYTES + seed for seed in _small()]),
            (*_KEYS, PACKAGE_MAGIC, b"\xc6\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"),
            1024,
            raw=0.95,
        ),
        Target(
            "package",
            package,
            _plain,
            lambda rng, data: edited_container(rng, data, _plain()),
            _KEYS,
            8192,
        ),
        Target("attestations", attestations, _attestation_seeds, _mutate_attestations, _SIGNED_KEYS, 4096),
        Target("verify", whole.run, whole.seeds, whole.mutate, (*_KEYS, *_SIGNED_KEYS, whole.PROOF), 8192),
        Target("description", circuit_files.run, circuit_files.seeds, circuit_files.mutate, circuit_files.WORDS, 16384),
        Target("links", chains.links, chains.links_seeds, chains.mutate_links, (*_KEYS, *_LINK_KEYS), 16384, raw=0.1),
        Target("chain", chains.run, chains.seeds, chains.mutate, (*_KEYS, *_LINK_KEYS, *_SIGNED_KEYS), 16384, raw=0.1),
        Target(
            "standing",
            owner_files.standing,
            owner_files.standing_seeds,
            owner_files.mutate_standing,
            (*_LINK_KEYS, "envelope", "plain", "standing", "state", "key"),
            16384,
        ),
        Target("pages", owner_files.pages, owner_files.page_seeds, owner_files.mutate_pages, _LINK_KEYS, 2048),
        Target("arithmetic", arithmetic.run, arithmetic.seeds, arithmetic.mutate, (), 512),
    )
}
