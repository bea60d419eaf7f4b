"""A circuit of a test as prover and verifier have it: frozen, its digest, and what the verifier reads of it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import PublicValues
from zkharvest.spec import P
from zkharvest.verifier.description_reader import read_description
from zkharvest.verifier.public import PublicData


def freeze(circuit: Circuit) -> tuple[bytes, Any]:
    """Digest, and the description as the verifier reads it."""
    data = circuit.freeze()
    return sha256(data).digest(), read_description(data)


def given(public: PublicValues, context: bytes) -> PublicData:
    """What the verifier is given, as field elements."""

    def words(values: Sequence[int]) -> tuple[int, ...]:
        return tuple(int(value) % P for value in values)

    lists = tuple(tuple(words(record) for record in records) for records in public.lists)
    columns = {place: words(values) for place, values in public.columns.items()}
    return PublicData(words(public.publics), lists, columns, context)
