# mypy: disable-error-code="import-untyped,misc"
"""Grinding: a nonce after which the transcript's next challenge begins with enough zero bits.

Both hashes of a try, `absorb("grind", nonce)` and the challenge "pow", are one SHA-256 block each (55 and 41 bytes).
Nonces are tried two at once by SHA instructions, where the machine has them, or 32 at once in lanes. The definition is
`verifier.transcript.grinding_holds`, which has the last word on every nonce found here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zkharvest.simd import sha256_x86
from zkharvest.simd.compiling import helper, kernel
from zkharvest.simd.lanes import byteswap, load, shl, shr, splat, splat_at, store
from zkharvest.simd.sha256 import START, begin, compress, compress_from
from zkharvest.simd.sha256_x86 import FIRST, ORDER, compress_pair, swapped
from zkharvest.simd.threads import over_ranges
from zkharvest.verifier.transcript import grinding_holds

_SLOTS = 32  # ranges of nonces searched side by side
_FIRST_WORD = ORDER.index(0)
_LEAST = 256  # nonces of a range


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 4], "big") for i in range(0, len(data), 4)]


# The parts of the two blocks that do not depend on state and nonce, padding (FIPS 180-4, 5.1.1) included.
_ABSORB = np.array(
    _words(b"\x00\x05grind" + (8).to_bytes(8, "little") + bytes(9) + (55 * 8).to_bytes(8, "big")), np.uint32
)
_POW = np.array(_words(b"\x01\x03pow" + bytes(4) + b"\x80" + bytes(14) + (41 * 8).to_bytes(8, "big")), np.uint32)


@helper
def _lay_out(w: Any, first: Any, words: Any) -> None:
    """Eight words of a block from word `first` on, the same for 32 messages."""
    for t in range(8):
        store(w, 32 * (first + t), splat_at(words, t))
        store(w, 32 * (first + t) + 16, splat_at(words, t))


@kernel
def _search(start: Any, stop: Any, state: Any, high: Any, first: Any, length: Any, shift: Any, found: Any) -> None:
    """found[slot] = the least nonce's low word in slot's range whose challenge >> shift is 0, for slots start..stop.

    The first block begins with the state, so that its first eight rounds are the same for all nonces.
    """
    memory = np.empty(2 * 2048 + 2 * 256 + 16, dtype=np.uint32)
    w = memory[(-(memory.ctypes.data // 4)) % 16 :]
    challenge, begun, digest = w[2048:], w[4096:], w[4352:]
    for lane in range(32):
        digest[lane] = lane
    lanes = (load(digest, 0), load(digest, 16))
    _lay_out(w, 0, state)
    _lay_out(w, 8, _ABSORB)
    _lay_out(challenge, 8, _POW)
    begin(begun, w, 8)
    upper = splat(np.uint32(high))
    for half in range(2):
        store(w, 32 * 13 + 16 * half, byteswap(shr(upper, 8)) | splat(np.uint32(0x80)))
    for slot in range(start, stop):
        for low in range(first + slot * length, first + (slot + 1) * length, 32):
            for half in range(2):
                nonce = splat(np.uint32(low)) + lanes[half]
                # Byte 47 is the nonce's first: its words are bytes 44..47, 48..51 and, before the padding, 52..54.
                store(w, 32 * 11 + 16 * half, splat_at(_ABSORB, 3) | (nonce & splat(np.uint32(0xFF))))
                store(w, 32 * 12 + 16 * half, byteswap(shr(nonce, 8) | shl(upper, 24)))
            _lay_out(challenge, 0, START)
            compress_from(challenge, 0, w, begun, 8)  # the digest begins the second block
            _lay_out(digest, 0, START)
            compress(digest, 0, challenge)
            for lane in range(32):
                if digest[lane] >> shift == 0:
                    found[slot] = low + lane
                    break
            if found[slot] >= 0:
                break


@kernel
def _search_pairs(
    start: Any, stop: Any, words: Any, high: Any, first: Any, length: Any, shift: Any, found: Any
) -> None:  # fmt: skip
    """What `_search` computes, by SHA instructions."""
    blocks = np.zeros((4, 16), dtype=np.uint32)  # both messages' first and second block, as bytes lie in memory
    state = np.empty(16, dtype=np.uint32)
    at = (blocks[0].ctypes.data, blocks[1].ctypes.data, blocks[2].ctypes.data, blocks[3].ctypes.data)
    for k in range(8):
        for one in range(2):
            blocks[one, k] = swapped(words[k])
            blocks[one, 8 + k] = swapped(_ABSORB[k])
            blocks[2 + one, 8 + k] = swapped(_POW[k])
    for one in range(2):  # byte 47 is the nonce's first
        blocks[one, 13] = np.uint32(0x80000000 | (high >> 8))
    for slot in range(start, stop):
        for low in range(first + slot * length, first + (slot + 1) * length, 2):
            for one in range(2):
                nonce = low + one
                blocks[one, 11] = np.uint32((blocks[one, 11] & 0xFFFFFF) | ((nonce & 0xFF) << 24))
                blocks[one, 12] = np.uint32((nonce >> 8) | ((high & 0xFF) << 24))
            state[:] = FIRST
            compress_pair(state, at[0], at[1])
            for k in range(8):
                blocks[2, ORDER[k]] = swapped(state[k])
                blocks[3, ORDER[k]] = swapped(state[8 + k])
            state[:] = FIRST
            compress_pair(state, at[2], at[3])
            for one in range(2):
                if found[slot] < 0 and state[8 * one + _FIRST_WORD] >> shift == 0:
                    found[slot] = low + one
            if found[slot] >= 0:
                break


def find_nonce(state: bytes, bits: int) -> int:
    """The nonce of a grinding site: 0 for no bits, else one that holds `bits` bits in `state`."""
    if bits == 0:
        return 0
    words = np.array(_words(state), dtype=np.uint32)
    search = _search_pairs if sha256_x86.available() else _search
    length = max(_LEAST, (1 << min(bits, 24)) // (16 * _SLOTS))  # a sixteenth of what is expected, then a look
    for high in range(1 << 32):
        for first in range(0, (1 << 32) - _SLOTS * length + 1, _SLOTS * length):
            found = np.full(_SLOTS, -1, dtype=np.int64)
            over_ranges(search, _SLOTS, words, high, first, length, 32 - min(bits, 31), found)
            for low in found[found >= 0]:
                nonce = (high << 32) | int(low)
                if grinding_holds(state, nonce, bits):
                    return nonce
    raise RuntimeError(f"no nonce holds {bits} bits")  # 2^64 tries
