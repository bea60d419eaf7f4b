# mypy: disable-error-code="import-untyped,misc"
"""SHA-256 (FIPS 180-4) of many short messages at once.

Merkle leaves and nodes are prefixed as in RFC 9162, section 2.1:

    leaf = SHA-256(0x00 || salt (16 bytes) || row words, each 4 bytes little-endian, canonical residues)
    node = SHA-256(0x01 || left || right)

Rows are read in Montgomery form and converted on the way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zkharvest.prover.field import Words
from zkharvest.simd import sha256_x86
from zkharvest.simd.threads import over_ranges

if sha256_x86.available():
    from zkharvest.prover.sha256_pairs import hash_pairs as hash_messages
else:
    from zkharvest.prover.sha256_lanes import hash_lanes as hash_messages

__all__ = ["DIGEST_BYTES", "SALT_BYTES", "Bytes", "hash_messages", "hash_nodes", "hash_rows"]

Bytes = NDArray[np.uint8]
DIGEST_BYTES = 32
SALT_BYTES = 16

_SALT_WORDS = SALT_BYTES // 4
_LEAF, _NODE = 0, 1
_GRAIN = 1 << 12  # blocks that are worth a thread of their own


def _run(prefix: int, raw: int, count: int, parts: Sequence[Words], out: Bytes) -> None:
    addresses = np.array([part.ctypes.data for part in parts], dtype=np.int64)
    strides = np.array([part.strides[0] for part in parts], dtype=np.int64)
    widths = np.array([part.shape[1] for part in parts], dtype=np.int64)
    grain = max(1, _GRAIN // (2 * int(widths.sum()) + 32))  # in groups of 32 messages
    groups = -(-count // 32)
    over_ranges(
        hash_messages,
        groups,
        count,
        prefix,
        raw,
        addresses,
        strides,
        widths,
        out.ctypes.data,
        out.strides[0],
        grain=grain,
    )


def hash_rows(matrices: Words | Sequence[Words], salts: Bytes, out: Bytes | None = None) -> Bytes:
    """Leaf digests (n, 32) of n rows with their salts (n, 16).

    Several matrices of n rows are hashed as if they stood side by side; each is in Montgomery form, and may be a
    slice of rows or of consecutive columns of a larger one. So may the salts, and `out`, which takes the digests.
    """
    parts = [matrices] if isinstance(matrices, np.ndarray) else list(matrices)
    n = salts.shape[0]
    if salts.shape != (n, SALT_BYTES) or any(part.ndim != 2 or part.shape[0] != n for part in parts):
        raise ValueError(f"rows and salts do not match: {[part.shape for part in parts]}, {salts.shape}")
    if out is None:
        out = np.empty((n, DIGEST_BYTES), dtype=np.uint8)
    elif out.shape != (n, DIGEST_BYTES) or out.dtype != np.uint8 or out.strides[1] != 1 or out.strides[0] % 4:
        raise ValueError(f"{out.shape} of {out.dtype} takes no digests of {n} rows")
    dense = [
        part if part.strides[1] == part.itemsize == 4 else np.ascontiguousarray(part, dtype=np.uint32) for part in parts
    ]
    _run(_LEAF, _SALT_WORDS, n, [_words(salts), *dense], out)
    return out


def hash_nodes(left: Bytes, right: Bytes, out: Bytes | None = None) -> Bytes:
    """Node digests (k, 32): node i is over digests left[i] and right[i]. `out` takes them, if given."""
    if left.ndim != 2 or left.shape[1] != DIGEST_BYTES or left.shape != right.shape:
        raise ValueError(f"not two equally long lists of digests: {left.shape}, {right.shape}")
    if out is None:
        out = np.empty((left.shape[0], DIGEST_BYTES), dtype=np.uint8)
    elif out.shape != left.shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ValueError(f"{out.shape} of {out.dtype} takes no {left.shape[0]} digests")
    _run(_NODE, 2 * DIGEST_BYTES // 4, left.shape[0], [_words(left), _words(right)], out)
    return out


def _words(data: Bytes) -> Words:
    """Rows of bytes as words; a slice of rows stays one."""
    dense = data if data.dtype == np.uint8 and data.strides[1] == 1 else np.ascontiguousarray(data, dtype=np.uint8)
    return dense.view(np.uint32)
