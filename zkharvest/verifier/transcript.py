"""The Fiat-Shamir transcript: 32 bytes of SHA-256 state (FORMAT.md section 4).

`absorb` and the three uses of a challenge carry different domain bytes, and every variable part is preceded by
its length, so that no two sequences of operations hash the same bytes. Both sides use it through
`messages.Rounds` only.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from zkharvest.spec import P
from zkharvest.verifier.field import DEGREE, Ext

INITIAL_STATE = sha256(b"zkharvest/transcript/v1").digest()

_ABSORB, _BLOCK, _RATCHET = b"\x00", b"\x01", b"\x02"


def _named(label: str) -> bytes:
    name = label.encode("ascii")
    return len(name).to_bytes(1, "little") + name


def after_absorbing(state: bytes, label: str, data: bytes) -> bytes:
    """The state after `data` under `label`."""
    return sha256(state + _ABSORB + _named(label) + len(data).to_bytes(8, "little") + data).digest()


def challenge_block(state: bytes, label: str, counter: int) -> bytes:
    """Block `counter` of the challenge `label` drawn in `state`."""
    return sha256(state + _BLOCK + _named(label) + counter.to_bytes(4, "little")).digest()


def grinding_holds(state: bytes, nonce: int, bits: int) -> bool:
    """Whether `nonce` buys `bits` > 0 bits in `state`: what a grinder searches and a verifier checks."""
    ground = after_absorbing(state, "grind", nonce.to_bytes(8, "little"))
    return int.from_bytes(challenge_block(ground, "pow", 0), "big") >> (256 - bits) == 0


class Transcript:
    """A transcript in progress; every method changes the state."""

    def __init__(self) -> None:
        self._state = INITIAL_STATE

    @property
    def state(self) -> bytes:
        """The current state, for a grinder and for tests."""
        return self._state

    def absorb(self, label: str, data: bytes) -> None:
        """Binds everything that follows to `data`."""
        self._state = after_absorbing(self._state, label, data)

    def squeeze(self, label: str, length: int) -> bytes:
        """`length` challenge bytes; the state moves on, so that the next challenge differs."""
        blocks = [challenge_block(self._state, label, counter) for counter in range(-(-length // 32))]
        self._state = sha256(self._state + _RATCHET + _named(label)).digest()
        return b"".join(blocks)[:length]

    def extension(self, label: str) -> Ext:
        """A challenge in E: five u64 reduced mod p, each within 2^-33 of uniform."""
        data = self.squeeze(label, 8 * DEGREE)
        c0, c1, c2, c3, c4 = (int.from_bytes(data[i : i + 8], "little") % P for i in range(0, 8 * DEGREE, 8))
        return (c0, c1, c2, c3, c4)

    def indices(self, label: str, count: int, size: int) -> tuple[int, ...]:
        """`count` uniform indices below `size`, a power of two; repetitions are possible and stay."""
        if size & (size - 1) or size <= 0:
            raise ValueError("size must be a power of two")
        data = self.squeeze(label, 8 * count)
        return tuple(int.from_bytes(data[i : i + 8], "little") % size for i in range(0, 8 * count, 8))

    def grind(self, bits: int, nonce_of: Callable[[bytes], int]) -> int | None:
        """Absorbs the nonce that `nonce_of(state)` names, and returns it; None if it does not buy `bits` bits.

        With no bits to buy nothing is absorbed and only nonce 0 is valid: a proof has one encoding.
        """
        nonce = nonce_of(self._state)
        if bits == 0:
            return nonce if nonce == 0 else None
        if not 0 <= nonce < 2**64:
            return None
        self.absorb("grind", nonce.to_bytes(8, "little"))
        block = challenge_block(self._state, "pow", 0)
        self._state = sha256(self._state + _RATCHET + _named("pow")).digest()
        return nonce if int.from_bytes(block, "big") >> (256 - bits) == 0 else None
