"""What all makers of packages have in common: randomness that follows from a name, and keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from unittest import mock

from zkharvest.prover import stark
from zkharvest.prover.randomness import Randomness
from zkharvest.sign.keys import PrivateKey, Scheme

VECTORS = Path(__file__).resolve().parent.parent


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


def source_key(name: str) -> PrivateKey:
    """The BLS test key of a source."""
    from py_ecc.bls import G2ProofOfPossession as Bls

    secret = Bls.KeyGen(sha256(f"zkharvest test key {name}".encode()).digest())
    return PrivateKey(Scheme.BLS, int(secret).to_bytes(32, "big"))
