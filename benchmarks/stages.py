"""One proof step by step, and the bare transforms and hashes of the same cells: `python -m benchmarks.stages`.

Runs in a process of its own and does everything a few times over, so that kernels are loaded and memory is at hand;
of every time the median counts. The result is one JSON object on standard output.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.commands import METHOD, POOLING, Run, run

KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
"""Lets glibc's allocator keep what was freed, so that fresh memory is paid for by the first repetition alone."""

_ENDED = ""


def measure(pages: str, repeat: int, environment: dict[str, str], year: int, preset: str = "balanced") -> Any:
    """Run this module as a process; returns its object, with the process's peak memory."""
    words = ["-m", "benchmarks.stages", pages, str(repeat), str(year), preset]
    done: Run = run(words, {**environment, **KEEP_MEMORY})
    return {**json.loads(done.output), "memory": done.memory}


def stages_of(pages: str, repeat: int, year: int, preset: str) -> dict[str, Any]:
    """Seconds of every stage from a folder of pages to the verified package, and of the bare work; one warm-up first.

    The whole history is one link that begins with nothing.
    """
    from zkharvest.verifier.chain_package import decode_chain_package
    from zkharvest.workflow.own_folder import read_pages
    from zkharvest.workflow.prove_chain import prove_chain

    rounds: list[dict[str, float]] = []
    bare: list[dict[str, float]] = []
    for _ in range(repeat + 1):
        clock = _Clock()
        clock.begin("reading the openings")
        own = read_pages(pages)
        made = prove_chain(
            own, year=year, method=METHOD, first=True, pooling=POOLING, preset=preset, progress=clock.begin
        )  # fmt: skip
        clock.begin(_ENDED)
        rounds.append(clock.seconds)
        (part,) = decode_chain_package(made.package).parts
        bare.append(bare_work(part.preset, part.log_rows))
    return {
        "log_rows": max(part.log_rows),
        "heights": list(part.log_rows),
        "preset": part.preset,
        "proof": len(part.proof),
        "package": len(made.package),
        "stages": _medians(rounds[1:]),
        "bare": _medians(bare[1:]),
        "cells": _cells(part.preset, part.log_rows),
    }


def bare_work(preset: str, heights: Sequence[int]) -> dict[str, float]:
    """Seconds that extending and hashing take, on random cells of a proof's shape: main, bus and quotient columns.

    As many leaves of as many words are hashed as a proof has; that these are stacks of columns is not counted as bare.
    """
    import numpy as np

    from zkharvest.prover import field, ntt
    from zkharvest.prover.field import EXTENSION_DEGREE, P
    from zkharvest.prover.merkle import MerkleTree
    from zkharvest.prover.sha256 import SALT_BYTES, hash_rows
    from zkharvest.verifier.field import GENERATOR
    from zkharvest.verifier.params import PRESETS, sizes
    from zkharvest.verifier.stacks import stacks_of

    description = _description()
    at = sizes(max(heights), PRESETS[preset].params)
    random = np.random.default_rng(1)
    salts = random.integers(0, 256, (at.domain_size, SALT_BYTES), dtype=np.uint8)
    took = {"extend": 0.0, "hash": 0.0}

    def cells(rows: int, columns: int) -> field.Words:
        out = field.empty(rows, columns)
        out[:] = random.integers(0, P, (rows, columns), dtype=np.uint32)
        return out

    def commit(extend: Callable[[], field.Words]) -> None:
        began = time.perf_counter()
        values = extend()
        extended = time.perf_counter()
        MerkleTree.build(hash_rows(values.reshape(at.domain_size, -1), salts))
        took["hash"] += time.perf_counter() - extended
        took["extend"] += extended - began

    main, aux, quotient = stacks_of(description, heights, at.stack).words
    for words in (main, aux):
        columns = at.stack * words  # of the tallest: short columns are packed, empty lanes count too
        trace, masks = cells(at.rows, columns), cells(at.mask, columns)
        commit(lambda trace=trace, masks=masks: ntt.lde_masked(trace, masks, at.lde_size // at.rows, at.shift))  # type: ignore[misc]
    pieces = cells(at.degree_bound, at.stack * (quotient - EXTENSION_DEGREE))
    commit(lambda: ntt.coset_lde(pieces, at.lde_size, at.shift))
    extra = cells(at.stack_bound, EXTENSION_DEGREE)
    commit(lambda: ntt.coset_lde(extra, at.domain_size, GENERATOR))
    return took


def _cells(preset: str, heights: Sequence[int]) -> dict[str, int]:
    """Field elements of the traces, bus columns included, and committed in all."""
    from zkharvest.prover.field import EXTENSION_DEGREE
    from zkharvest.verifier.params import PRESETS, sizes

    description = _description()
    at = sizes(max(heights), PRESETS[preset].params)
    trace = sum(
        (len(table.columns) + EXTENSION_DEGREE * table.extension_columns) << log_rows
        for table, log_rows in zip(description.tables, heights, strict=True)
    )
    quotient = EXTENSION_DEGREE * description.pieces * at.lde_size + EXTENSION_DEGREE * at.domain_size
    return {"trace": trace, "committed": trace * at.lde_size // at.rows + quotient}


def _description() -> Any:
    from zkharvest.verifier import circuits

    return circuits.load(circuits.PINNED[-1])


class _Clock:
    """Adds up the seconds of stages that follow each other; a stage may come back."""

    def __init__(self) -> None:
        self._marks: list[tuple[float, str]] = []

    def begin(self, stage: str) -> None:
        self._marks.append((time.perf_counter(), stage))

    @property
    def seconds(self) -> dict[str, float]:
        out: dict[str, float] = {}
        for (start, stage), (end, _) in pairwise(self._marks):
            out[stage] = out.get(stage, 0.0) + end - start
        return out


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(one[name] for one in rounds), 4) for name in rounds[0]}


if __name__ == "__main__":
    json.dump(stages_of(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]), sys.stdout)
    sys.stdout.write(os.linesep)
