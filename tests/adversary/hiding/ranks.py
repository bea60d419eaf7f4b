"""Does a source of randomness make the openings of masked polynomials independent? Ranks over the field.

Everything opened of a masked polynomial is an affine function of its mask. Masks are drawn as the prover draws them,
many at once, the polynomials under them being zero, and opened by the prover's own code: if their openings span the
whole space, uniform masks give uniform openings, whatever is under them (Haboeck, Al Kindi, ePrint 2024/1037).
"""

from __future__ import annotations

import galois
import numpy as np

from zkharvest.prover import deep, field, ntt, plain, stark
from zkharvest.prover.extension import Extended, interpolated
from zkharvest.prover.plain import P

BASE = galois.GF(P, primitive_element=plain.GENERATOR, verify=False)


def rank(matrix):
    return int(np.linalg.matrix_rank(BASE(matrix)))


def points(indices, at):
    """What a query at x, and the quotient there, tells of: the positions y = x^k and g y on the columns' coset."""
    step = at.lde_size // at.rows
    images = {index % at.lde_size for index in indices}
    return sorted({*images, *((image + step) % at.lde_size for image in images)})


def columns_opened(masks, at, z, positions):
    """(positions + 10, columns): zero columns under these masks (h, columns), on their coset, at z and at g z."""
    columns = interpolated(np.zeros((at.rows, masks.shape[1]), dtype=np.uint32), field.to_mont(masks))
    rows = field.from_mont(Extended(columns, at).at(np.array(positions)))
    here, after = deep.open_columns(columns, z, at.log_rows)
    return np.concatenate([rows, np.array(here, dtype=np.uint32).T, np.array(after, dtype=np.uint32).T])


def pieces_drawn(description, params, at, source, count):
    """The randomised pieces of a zero quotient as the prover makes them: (count, K, pieces, 5).

    No traces are needed: this step of the prover looks at sizes only.
    """
    job = stark._Proof(description, bytes(32), params, None, [], (at.log_rows,) * len(description.tables), at, False)
    nothing = np.zeros((4 * at.rows, 5), dtype=np.uint32)
    drawn = [job._pieces(nothing, source).reshape(at.degree_bound, -1, 5) for _ in range(count)]
    return np.stack(drawn)


def polynomials_opened(coefficients, at, z, positions):
    """(positions + 5, polynomials) of base coefficients (K, polynomials): on the columns' coset and at z."""
    extended = ntt.coset_lde(coefficients, at.lde_size, at.shift)
    rows = field.from_mont(np.ascontiguousarray(extended[positions]))
    return np.concatenate([rows, np.array(deep.dot_powers(coefficients, z), dtype=np.uint32).T])


def weak(description, params, at, source, z, indices):
    """What of a source leaves openings that are not independent: of "columns", "pieces" and "batch"."""
    found = set()
    everywhere = points(indices, at)
    wanted = len(everywhere) + 10
    if rank(columns_opened(source.elements(at.mask, wanted + 8), at, z, everywhere)) < wanted:
        found.add("columns")
    queried = sorted({index % at.lde_size for index in indices})
    free = description.pieces - 1
    drawn = pieces_drawn(description, params, at, source, free * (len(queried) + 5) + 8)
    for coordinate in range(5):
        # All pieces but one together; the last alone, for it takes what makes the sum right.
        parts = [
            polynomials_opened(np.ascontiguousarray(drawn[:, :, i, coordinate].T), at, z, queried)
            for i in range(free + 1)
        ]
        if rank(np.concatenate(parts[:-1])) < free * (len(queried) + 5) or rank(parts[-1]) < len(queried) + 5:
            found.add("pieces")
    # R must be uniform in all its k K coefficients: none is twice the same.
    one, other = (source.elements(at.stack_bound, 1, 5) for _ in range(2))
    if (one == other).sum() > 3:
        found.add("batch")
    return found
