"""The prover's randomness: masks and salts from a ChaCha20 key stream (RFC 8439), keyed afresh for every proof.

Everything that hides the witness comes from here, so a seed must never serve twice: without an argument the key is
from the operating system; tests that need the same proof twice pass a seed of their own to the constructor.
"""

from __future__ import annotations

import os

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from numpy.typing import NDArray

from zkharvest.prover.field import Words
from zkharvest.spec import P

_SEED_BYTES = 32
_ZEROS = bytes(1 << 16)  # a stretch of the key stream at a time: as many zeros as bytes are asked for take memory


class Randomness:
    """An endless stream of secret bytes and field elements; no byte is handed out twice."""

    def __init__(self, seed: bytes | None = None) -> None:
        key = os.urandom(_SEED_BYTES) if seed is None else seed
        if len(key) != _SEED_BYTES:
            raise ValueError(f"a seed has {_SEED_BYTES} bytes, not {len(key)}")
        self._stream = Cipher(algorithms.ChaCha20(key, bytes(16)), mode=None).encryptor()

    def octets(self, *shape: int) -> NDArray[np.uint8]:
        """Uniform bytes."""
        count = int(np.prod(shape, dtype=np.int64))
        out = np.empty(count, dtype=np.uint8)
        for start in range(0, count, len(_ZEROS)):
            self._stream.update_into(_ZEROS[: count - start], out.data[start:])
        return out.reshape(shape)

    def elements(self, *shape: int) -> Words:
        """Uniform field elements (uniform in any representation), by rejection from 31 bits."""
        count = int(np.prod(shape, dtype=np.int64))
        out = np.empty(count, dtype=np.uint32)
        done = 0
        while done < count:
            wanted = count - done
            draw = self.octets(4 * (wanted + wanted // 64 + 16)).view(np.uint32) & np.uint32(0x7FFFFFFF)
            kept = draw[draw < P][:wanted]
            out[done : done + kept.size] = kept
            done += kept.size
        return out.reshape(shape)
