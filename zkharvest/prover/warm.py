"""The prover's modules imported and its compiled kernels loaded in a thread, while the main thread reads trades."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def kernels_loading(more: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Load them while the block runs; at its end they are loaded, so that no thread is cut off in the middle.

    `more` loads what the circuit needs beside the prover.
    """
    thread = threading.Thread(target=_load, args=(more,), name="kernels", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load(more: Callable[[], object]) -> None:
    try:
        import zkharvest.prover.stark  # noqa: F401

        more()
        _run_small()
    except Exception:  # noqa: BLE001, S110  (whoever needs it finds out, and says so)
        pass


def _run_small() -> None:
    """Every kernel once, on the smallest matrices that it takes: it is loaded by its first call."""
    import numpy as np

    from zkharvest.prover import deep, field, levels, logup, ntt, sha256, stacks, weighted
    from zkharvest.prover.extension import interpolated
    from zkharvest.prover.field import EXTENSION_DEGREE

    matrix = field.to_mont(np.ones((256, 20), dtype=np.uint32))
    levels.in_one([matrix, np.asfortranarray(matrix)])
    coefficients = interpolated(matrix, matrix[:32])
    ntt.on_coset(coefficients, field.empty(256, 20), 3)
    digests = sha256.hash_rows(matrix, np.zeros((256, 16), dtype=np.uint8))
    sha256.hash_nodes(digests[:128], digests[128:])
    stacking, leaves = stacks.Stacking([[0], [1], [2], [3]], EXTENSION_DEGREE, 10), np.zeros((1024, 16), dtype=np.uint8)
    stacking.hash(matrix, 0, 1, leaves, np.empty((1024, 32), dtype=np.uint8))
    deep.open_columns(coefficients, (2, 0, 0, 0, 0), 8)
    weighted.values_at(coefficients, 256, 8, 3, [1])
    deep.combine_rows(matrix, [(1, 0, 0, 0, 0)] * 20)
    field.ext_inverse(field.ext_mul(matrix[:64, :5].copy(), np.array([field.mont(1), 0, 0, 0, 0], dtype=np.uint32)))
    logup.climb(matrix.reshape(-1), 20, 256, np.uint32(1), np.zeros(16, dtype=np.uint32))
