"""What is fuzzed. A target takes bytes, whatever they are, and keeps the promises of the code that reads them.

`run` returns the name of what came out, so that a run can say what was reached; an AssertionError, or any other
exception, is a broken promise. `mutate` changes bytes so that they stay readable, `seeds` are where to begin, `words`
the keys and labels of the format. Nothing here needs the fuzzer: the corpus is replayed by `test_fuzz_corpus.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

from tests.fuzz import arithmetic, chains, circuit_files, expectations, owner_files
from tests.fuzz.chain_bases import HEAD_BYTES
from tests.fuzz.chains import named
from tests.fuzz.edits import edited_container
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.rejections import Reject


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


def container(data: bytes) -> str:
    """The container alone: what is read is encoded as it was."""
    try:
        found = decode_chain_package(data)
    except Reject as reject:
        return named(reject)
    assert found.encode() == data
    return "read"


@cache
def _small() -> list[bytes]:
    """Containers with every kind of value, in every width; they need not be packages otherwise."""
    of_all = [None, True, 0, 127, 128, 2**16, 2**32, -1, -33, -(2**15) - 1, "é", "x" * 32, b"", b"\0" * 300, [], [[{}]]]
    link = {"log_rows": [13, 12], "preset": "test", "proof": b"", "statement": {}}
    signed = {"key": bytes(32), "page": bytes(32), "pop": b"", "scheme": "ed25519", "signature": bytes(64)}
    fixed = {"attestations": None, "links": [link], "signature": None}
    maps = (
        {"links": [{**link, "statement": {"": of_all}}, link]},
        {"signature": {f"{i:x}": i for i in range(20)}},
        {"attestations": [{**signed, "page": bytes([i]) * 32} for i in range(20)]},
    )
    return [HEAD_BYTES + wire.encode({**fixed, **some}) for some in ({}, *maps)]


# --------------------------------------------------------------------------------------------- the list

_KEYS = (
    *("attestations", "links", "preset", "proof", "log_rows", "signature", "statement", "v", "year", "id", "digest"),
    *("calendar", "carried_in", "carried_out", "circuit", "context", "currency", "holding", "method", "pooling"),
    *("timezone", "days", "first_day", "offsets", "root", "audience", "nonce", "account", "accounts", "covered"),
    *("figures", "header", "pages", "window", "from", "to", "lots", "sums", "level", "values", "units", "proceeds"),
    *("basis", "events", "lines", "link", "instant", "open", "final", "end", "number", "page", "prev", "start"),
    *("kind", "origin", "term", "result", "fifo", "lifo", "hifo", "lofo", "specific", "wallet", "universal"),
    *("us-1222", "lot-machine/v2", "test", "balanced", "large", "USD", "Europe/Rome", "UTC", "2024-02-29"),
    chains.DIGEST,
)
_SIGNED_KEYS = ("attestations", "scheme", "page", "key", "pop", "signature", "ed25519", "bls12-381")

TARGETS = {
    target.name: target
    for target in (
        Target(
            "container",
            container,
            _small,
            lambda rng, data: edited_container(rng, data, _small()),
            (*_KEYS, PACKAGE_MAGIC, b"\xc6\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff"),
            1024,
            raw=0.95,
        ),
        Target("links", chains.links, chains.links_seeds, chains.mutate_links, _KEYS, 16384, raw=0.1),
        Target(
            "signatures",
            expectations.signatures,
            expectations.signature_seeds,
            expectations.mutate_signatures,
            _SIGNED_KEYS,
            4096,
        ),
        Target(
            "policies",
            expectations.policies,
            expectations.policy_seeds,
            expectations.mutate_policies,
            expectations.POLICY_WORDS,
            4096,
        ),
        Target("chain", chains.run, chains.seeds, chains.mutate, (*_KEYS, *_SIGNED_KEYS), 16384, raw=0.1),
        Target("description", circuit_files.run, circuit_files.seeds, circuit_files.mutate, circuit_files.WORDS, 16384),
        Target(
            "standing",
            owner_files.standing,
            owner_files.standing_seeds,
            owner_files.mutate_standing,
            (*_KEYS, "envelope", "plain", "standing", "state", "key"),
            16384,
        ),
        Target("pages", owner_files.pages, owner_files.page_seeds, owner_files.mutate_pages, _KEYS, 2048),
        Target("arithmetic", arithmetic.run, arithmetic.seeds, arithmetic.mutate, (), 512),
    )
}
