"""Makes the packages of vectors/accept, with their headers: run again whenever a circuit changes before its release.

    python vectors/generate/make_packages.py [NAME...]

Unlike the scripts of known answers this one needs zkharvest, for its prover. What a header expects is not from there:
totals come from `ledger_oracle.py`. Salts, masks and keys are drawn from the package's name, so that making a package
again gives the same bytes, and a diff shows what changed. Nothing that is made here hides anything.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest import mock

import ledger_oracle as oracle

from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.commitment.opening import Opening, commit
from zkharvest.conformance.kinds.recipe import taxpayer_key
from zkharvest.files.packages import open_package, package_bytes
from zkharvest.prover import stark
from zkharvest.prover.randomness import Randomness
from zkharvest.sign.attest import sign_as_source, sign_as_taxpayer
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.model import Trade
from zkharvest.verifier.policy import SCHEMA
from zkharvest.verifier.statement import read_statement
from zkharvest.workflow.prove import prove

VECTORS = Path(__file__).resolve().parent.parent
FOLDER = VECTORS / "accept" / "lot-machine-v1"
ZONE = "America/New_York"


@dataclass(frozen=True)
class Wanted:
    """A package to make."""

    name: str
    about: str
    method: str = "fifo"
    pooling: str = "wallet"
    year: int = 2025
    ledger: str = "small.csv"
    carried: str = ""  # the lots carried in, as the trades that opened them
    timezone: str = ZONE
    preset: str = "test"
    book: str = "book"  # seeds the salts: two books of one ledger have other roots
    audience: str = ""
    nonce: bytes = b""
    known: str = ""  # the only source whose commitment the auditor knows; all of them if none is named
    sources: tuple[str, ...] = ()  # who attests
    taxpayer: str = ""  # who signs


WANTED = [
    *(
        Wanted(f"{method}-{pooling}", f"{method}, {pooling} pooling", method, pooling)
        for method in oracle.METHODS
        for pooling in oracle.POOLINGS
    ),
    Wanted(
        "balanced",
        "the parameter set that real policy wants: 128 bits; made for an audience and its nonce",
        method="hifo",
        preset="balanced",
        audience="tax office of the example",
        nonce=bytes(range(16)),
    ),
    Wanted("small", "the parameter set for fewer bytes, eight columns a stack", method="lofo", preset="small"),
    Wanted(
        "signed",
        "attested by two of the three sources, signed by the taxpayer",
        sources=("coinbase:main", "kraken:main"),
        taxpayer="taxpayer",
    ),
    Wanted(
        "signed-other-book",
        "the same ledger under other salts, attested by one source, signed by another taxpayer",
        book="other book",
        sources=("kraken:main",),
        taxpayer="another-taxpayer",
    ),
    Wanted("earlier-year", "a year before the last trades: what comes later counts nowhere", year=2024),
    Wanted(
        "later-year",
        "a year of one sale; what was sold before is run and not counted. One source is known, others are let pass",
        "lifo",
        year=2026,
        known="kraken:main",
    ),
    Wanted(
        "negative-proceeds", "fees larger than all amounts: the sum of the proceeds is below zero", ledger="dust.csv"
    ),
    Wanted(
        "carried-in",
        "a year that begins with last year's lots: terms and order are those of their purchases",
        method="hifo",
        ledger="carried-year.csv",
        carried="carried-lots.csv",
    ),
    Wanted(
        "skipped-day",
        "December 30, 2011 did not exist in Apia: a lot of December 29, 2010 is long term as the 31st begins",
        year=2011,
        ledger="apia.csv",
        timezone="Pacific/Apia",
    ),
]


@contextmanager
def reproducible(name: str) -> Iterator[None]:
    """Everything that a prover draws at random comes from the name instead."""
    seed = sha256(f"zkharvest vectors {name}".encode()).digest()
    stream = Randomness(sha256(b"witness" + seed).digest())

    def octets(count: int) -> bytes:
        return stream.octets(count).tobytes()

    with (
        mock.patch.object(stark, "Randomness", partial(Randomness, seed)),
        mock.patch("zkharvest.circuit.blinding.secrets.token_bytes", octets),
    ):
        yield


def opening_of(ledger: str, book: str) -> Opening:
    """The ledger committed under the salts of a book."""
    return commit(
        load_trades(FOLDER / ledger), currency="USD", seed=sha256(f"zkharvest vectors {book}".encode()).digest()
    )


def source_key(name: str) -> PrivateKey:
    """The BLS test key of a source."""
    from py_ecc.bls import G2ProofOfPossession as Bls

    secret = Bls.KeyGen(sha256(f"zkharvest test key {name}".encode()).digest())
    return PrivateKey(Scheme.BLS, int(secret).to_bytes(32, "big"))


def witness_with(carried: list[Trade]) -> Any:
    """The ledger and the witness of a year that begins with lots."""
    taking = {name: partial(getattr(generator, name), carried=carried) for name in ("operations_of", "make_witness")}
    return mock.patch.multiple(generator, **taking)


def make(one: Wanted) -> tuple[bytes, dict[str, Any]]:
    """A package and its header."""
    opening = opening_of(one.ledger, one.book)
    carried = load_trades(FOLDER / one.carried) if one.carried else []
    with reproducible(one.name), witness_with(carried):
        data = prove(
            opening,
            year=one.year,
            method=one.method,
            pooling=one.pooling,
            timezone=one.timezone,
            preset=one.preset,
            audience=one.audience,
            nonce=one.nonce,
        )
    package = open_package(data, one.name)
    policy: dict[str, Any] = {
        "schema": SCHEMA,
        "commitments": {s: root.hex() for s, root in opening.roots.items() if one.known in ("", s)},
        "year": one.year,
        "method": one.method,
        "pooling": one.pooling,
        "timezone": one.timezone,
        "currency": opening.currency,
    }
    if one.known:
        policy["allow_other_sources"] = True
    if carried:
        name = read_statement(package.statement).carried_in
        assert name is not None
        policy["carried_in"] = name.hex()
    if one.preset == "test":
        policy["allow_test_preset"] = True
    if one.audience:
        policy |= {"audience": one.audience, "nonce": one.nonce.hex()}
    for source in one.sources:
        package = sign_as_source(package, source_key(source), source, opening.roots[source])
        policy.setdefault("source_keys", {})[source] = source_key(source).public().key.hex()
    if one.taxpayer:
        key = taxpayer_key(one.taxpayer)
        package = sign_as_taxpayer(package, key)
        policy["signer"] = key.public().key.hex()
    trades = [trade for name in (one.carried, one.ledger) if name for trade in oracle.load(FOLDER / name)]
    sums = oracle.totals(trades, one.method, one.pooling, one.timezone, one.year)
    statement = {
        "year": one.year,
        "method": one.method,
        "pooling": one.pooling,
        "timezone": one.timezone,
        "totals": oracle.shown(sums),
    }
    expect = {"statement": statement, "security": {"preset": one.preset}}
    return package_bytes(package), {"about": one.about, "ledger": one.ledger, "policy": policy, "expect": expect}


def main() -> None:
    """Make all packages, or those named."""
    names = set(sys.argv[1:])
    for one in WANTED:
        if not names or one.name in names:
            data, header = make(one)
            (FOLDER / f"{one.name}.zkh").write_bytes(data)
            (FOLDER / f"{one.name}.json").write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")
            print(f"{one.name}: {len(data)} bytes")


if __name__ == "__main__":
    main()
