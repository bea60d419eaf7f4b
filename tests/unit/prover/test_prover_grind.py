"""Nonces against the transcript's own definition."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.prover import grind
from zkharvest.simd import sha256_x86
from zkharvest.verifier.transcript import Transcript, grinding_holds

SEARCHES = [grind._search, *([grind._search_pairs] if sha256_x86.available() else [])]


@settings(max_examples=25, deadline=None)
@given(state=st.binary(min_size=32, max_size=32), bits=st.integers(1, 11))
def test_the_nonce_found_is_the_least(state, bits):
    nonce = grind.find_nonce(state, bits)
    assert nonce == next(n for n in range(1 << 20) if grinding_holds(state, n, bits))


def test_no_bits_no_work():
    assert grind.find_nonce(bytes(32), 0) == 0


@pytest.mark.parametrize("bits", [16, 18])
def test_a_transcript_accepts_it(bits):
    transcript = Transcript()
    transcript.absorb("anything", sha256(bytes([bits])).digest())
    nonce = transcript.grind(bits, lambda state: grind.find_nonce(state, bits))
    assert nonce is not None and nonce > 0


@pytest.mark.parametrize("search", SEARCHES, ids=lambda one: one.__name__)
def test_nonces_beyond_32_bits_are_hashed_alike(search):
    """The search's second half of a nonce: every word of the block against the definition."""
    state = sha256(b"high").digest()
    words = np.array([int.from_bytes(state[i : i + 4], "big") for i in range(0, 32, 4)], dtype=np.uint32)
    for high in (0, 1, 0x01020304, 0xFFFFFFFF):
        found = np.full(1, -1, dtype=np.int64)
        search(0, 1, words, high, 0, 1 << 12, 32 - 8, found)
        expected = next(n for n in range(1 << 12) if grinding_holds(state, (high << 32) | n, 8))
        assert found[0] == expected


@pytest.mark.parametrize("available", [True, False])
def test_the_way_of_hashing_changes_nothing(available, monkeypatch):
    if available and not sha256_x86.available():
        pytest.skip("this machine has no SHA instructions, or AVX-512")
    monkeypatch.setattr(sha256_x86, "available", lambda: available)
    state = sha256(b"any").digest()
    assert grind.find_nonce(state, 12) == next(n for n in range(1 << 20) if grinding_holds(state, n, 12))
