"""The key stream: field elements uniform, seeds explicit, nothing handed out twice."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from zkharvest.prover.plain import P
from zkharvest.prover.randomness import Randomness


def test_it_is_the_chacha20_key_stream():
    key = bytes(range(32))
    expected = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(96))
    stream = Randomness(key)
    assert stream.octets(32).tobytes() + stream.octets(4, 16).tobytes() == expected


def test_elements_are_below_p_and_uniform():
    drawn = Randomness(b"u" * 32).elements(200, 1000)
    assert drawn.shape == (200, 1000) and drawn.dtype == np.uint32 and int(drawn.max()) < P
    counts = np.histogram(drawn, bins=127, range=(0, P))[0]
    expected = drawn.size / 127
    assert ((counts - expected) ** 2 / expected).sum() < 200  # 126 degrees of freedom: one in 10^4 is above 190
    assert np.unique(drawn).size > drawn.size - 30  # 9 collisions are expected
    assert Randomness(b"u" * 32).elements(0).size == 0


def test_fresh_by_default_and_repeatable_only_by_seed():
    assert not np.array_equal(Randomness().elements(50), Randomness().elements(50))
    assert np.array_equal(Randomness(b"x" * 32).elements(50), Randomness(b"x" * 32).elements(50))
    stream = Randomness(b"x" * 32)
    assert not np.array_equal(stream.elements(50), stream.elements(50))
    assert inspect.signature(Randomness).parameters["seed"].default is None


@pytest.mark.parametrize("seed", [b"", b"short", bytes(33)])
def test_seeds_have_32_bytes(seed):
    with pytest.raises(ValueError, match="32 bytes"):
        Randomness(seed)
