"""Copies the self-test subset, which the wheel carries, into vectors/selftest. Standard library only.

    python vectors/generate/make_selftest.py

All known answers but those about the form of statements and policies, all worked ledgers, and of the packages a few of
each sort, below 2 MB together. A test holds the copies to their originals.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

VECTORS = Path(__file__).resolve().parent.parent
TARGET = VECTORS / "selftest"
LIMIT = 2_000_000
ACCEPT = ("2024", "2025", "fifo-from-genesis", "two-years")
KEPT = "chain.json"  # of what is about statements: the other files are a megabyte
REJECT = (
    "attestation/possession",
    "chain/links-exchanged",
    "chain/packages-in-the-wrong-order",
    "challenges/public-basis-one-unit",
    "challenges/proof-evaluations-exchanged",
    "challenges/public-short-loss-one-cent",
    "challenges/public-method",
    "challenges/proof-main-root",
    "challenges/proof-final-coefficient",
    "circuit/digest",
    "constraints/lot-used-twice",
    "constraints/terminals-that-cancel",
    "constraints/total-one-unit-more",
    "fri/layer-1-not-the-fold",
    "fri/evaluations-that-fit",
    "link/figure-of-nothing-posted",
    "merkle/main-row",
    "merkle/quotient-salt",
    "merkle/layer-0-sibling",
    "package/key-twice",
    "package/newer-format",
    "package/number-not-shortest",
    "package/trailing-byte",
    "page/july-for-the-year",
    "page/signature-ed25519",
    "policy/account-of-somebody-else",
    "policy/page",
    "policy/no-expectation",
    "policy/test-preset",
    "proof/last-digest-missing",
    "proof/p-in-z-0",
    "signature/attestations-dropped",
    "statement/calendar-day-short",
    "statement/carried-out-word-is-p",
    "statement/year-true",
    "transcript/nonce-query-not-zero",
)


def chosen() -> Iterator[Path]:
    """The files of the subset, below `vectors`."""
    for folder in ("kat", "ledger"):
        files = sorted(path for path in (VECTORS / folder).rglob("*") if path.is_file())
        yield from (path for path in files if path.parent.name != "chain" or path.name == KEPT)
    accept = VECTORS / "accept" / "lot-machine-v2"
    for name in ACCEPT:
        yield from (accept / f"{name}.zkh", accept / f"{name}.json")
    for name in ("kraken.csv", "wallet.csv"):
        yield accept / name
    for name in REJECT:
        yield from sorted((VECTORS / "reject").glob(f"{name}.*"))


def main() -> None:
    """Make the folder anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    size = 0
    for path in chosen():
        target = TARGET / path.relative_to(VECTORS)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        size += path.stat().st_size
    assert size < LIMIT, f"{size} bytes are more than a wheel should carry"
    print(f"{size} bytes")


if __name__ == "__main__":
    main()
