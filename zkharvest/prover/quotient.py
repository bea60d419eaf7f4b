"""The quotient Q = sum of delta^k sel_k C_k / (X^N - 1), from the committed columns' values (FORMAT.md section 4).

It is a sum of three shares, by class: that of class m has at most m N + T coefficients (`constraint_tape`), so m N + T
values determine it: at the points of the first m of four cosets of H and at T points of the fourth, which are a coset
themselves. The four are c w_{n+2}^i H, c = 3^k being the shift of the columns' coset. On each of them X^N - 1 is
constant and the next row of the trace is the next point: a tape runs over one coset at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zkharvest.prover import field, ntt, plain
from zkharvest.prover.constraint_tape import SELECTED, classes, constraint_tape
from zkharvest.prover.extension import COSETS, Extended, sampled_rows
from zkharvest.prover.field import EXTENSION_DEGREE, Words
from zkharvest.prover.tape import AUX, MAIN, Tape, View
from zkharvest.spec import P
from zkharvest.verifier import field as ext
from zkharvest.verifier.description import Table
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import LookupChallenges

_TILE = 16


def selectors(log_rows: int, shift: int) -> Words:
    """(4 N, 3): the selectors first, last, transition at shift * w_{n+2}^i."""
    rows = 1 << log_rows
    points = field.powers(plain.root_of_unity(log_rows + 2), COSETS * rows, first=shift)
    last = plain.inverse(plain.root_of_unity(log_rows))
    from_first = field.sub(points, _one(1))
    from_last = field.sub(points, _one(last))
    inverse_rows = plain.inverse(rows)
    vanishing = field.to_mont(np.array(vanishing_values(log_rows, shift), dtype=np.uint32))
    factor = np.tile(field.mul(vanishing, _one(inverse_rows)), rows)
    out = field.empty(COSETS * rows, len(SELECTED))
    out[:, 0] = field.mul(factor, field.inverse(from_first))
    out[:, 1] = field.mul(field.mul(factor, _one(last)), field.inverse(from_last))
    out[:, 2] = from_last
    return out


def vanishing_values(log_rows: int, shift: int) -> list[int]:
    """X^N - 1 on the four cosets shift * w_{n+2}^c H."""
    rows = 1 << log_rows
    root = plain.root_of_unity(log_rows + 2)
    return [(pow(shift * pow(root, c, P) % P, rows, P) - 1) % P for c in range(COSETS)]


def quotient_coefficients(
    tables: Sequence[Table],
    firsts: Sequence[int],
    publics: Sequence[int],
    challenges: LookupChallenges,
    delta: Ext,
    terminals: Sequence[Ext],
    log_rows: int,
    shift: int,
    main: Extended,
    aux: Extended,
    public: Sequence[Words],
) -> Words:
    """What some tables of one height N contribute to Q: its 4 N coefficients, (4 N, 5).

    `firsts` has the number of each table's first constraint. `main` and `aux` begin with these tables' columns,
    `public` has one (4 N, public columns) matrix a table.
    """
    rows, sampled = 1 << log_rows, main.sampled
    chosen = selectors(log_rows, shift)
    found = [classes(table, rows, main.mask, sampled) for table in tables]
    top = max(max(own.of) for own in found)
    ends = [first + table.constraint_count for table, first in zip(tables, firsts, strict=True)]
    powers = field.from_mont(field.ext_powers(delta, max(ends))).astype(np.uint64)
    inverse_rows = plain.inverse(rows)
    tapes = [
        constraint_tape(
            table, publics, challenges, powers[first:end], ext.scale(terminal, inverse_rows), own.of, top
        )
        for table, first, end, terminal, own in zip(tables, firsts, ends, terminals, found, strict=True)
    ]  # fmt: skip

    def run(least: int, on_main: Words, on_aux: Words, others: Sequence[tuple[View, View]]) -> Words:
        """The sums of classes top, ..., least of all tables."""
        width, height = EXTENSION_DEGREE * (top - least + 1), len(on_main)
        total, part = field.empty(height, width), field.empty(height, width)
        column = at = 0
        for t, (table, tape, (known, selector)) in enumerate(zip(tables, tapes, others, strict=True)):
            views = (View(on_main, column), known, View(on_aux, at), selector)
            tape.at_least(least, width).run(views, height, View(part if t else total))
            if t:
                total = field.add(total, part)
            column += len(table.columns)
            at += EXTENSION_DEGREE * table.extension_columns
        return total

    pairs = COSETS - 1 + COSETS * sampled_rows(rows, sampled)  # of the points of all four cosets
    selected = View(chosen[pairs])
    shown = [View(known[pairs] if known.size else known) for known in public]
    few = run(1, main.samples(), aux.samples(), [(known, selected) for known in shown])
    values: dict[int, Words] = {}
    for c in (0, *range(top - 1, 0, -1)):  # coset 1 last, whole: queries find their rows on it where it was made again
        read = ((), ()) if c < 2 else tiles_of(tables, tapes, c + 1, (main.width, aux.width))
        on_main, on_aux = (
            of.coset(c * of.blowup // COSETS, tiles) for of, tiles in zip((main, aux), read, strict=True)
        )
        selected = View(chosen, 0, c, COSETS)
        values[c] = run(c + 1, on_main, on_aux, [(View(known, 0, c, COSETS), selected) for known in public])
    limits = [0] * top
    for own in found:
        for m, size in zip(own.of, own.coefficients, strict=True):
            limits[m - 1] = max(limits[m - 1], size - m * rows)
    return joined([values[c] for c in range(top)], np.ascontiguousarray(few[::2]), limits, log_rows, shift)


def tiles_of(
    tables: Sequence[Table], tapes: Sequence[Tape], least: int, widths: tuple[int, int]
) -> tuple[list[slice], list[slice]]:
    """The columns, main and bus, that constraints of class `least` and above read, in multiples of sixteen.

    All tables' columns stand side by side in matrices of these widths; none is named where all must be read.
    """
    found: tuple[list[slice], list[slice]] = ([], [])
    for of, source, width in zip(found, (MAIN, AUX), widths, strict=True):
        marks = np.zeros(-(-width // _TILE), dtype=np.bool_)
        start = 0
        for table, tape in zip(tables, tapes, strict=True):
            for column, count in tape.reads(source, least):
                marks[(start + column) // _TILE : (start + column + count - 1) // _TILE + 1] = True
            start += len(table.columns) if source == MAIN else EXTENSION_DEGREE * table.extension_columns
        if marks.all():
            continue
        edges = np.flatnonzero(np.diff(marks, prepend=False, append=False)).tolist()
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            beyond = max(0, _TILE * end - width)  # the last tile begins earlier, so that it ends with the matrix
            of.append(slice(_TILE * first - beyond, _TILE * end - beyond))
    return found


def joined(values: Sequence[Words], few: Words, limits: Sequence[int], log_rows: int, shift: int) -> Words:
    """The 4 N coefficients of all shares together, (4 N, 5), from values of the numerators.

    `values[c]`, (N, 5 (top - c)), are on coset c those of classes top, ..., c + 1, `few`, (T, 5 top), those of all
    classes at the sampled points. A share of class m has m N + `limits[m - 1]` coefficients. What a share has beyond
    them, if a constraint does not hold, is added to Q's last coefficients, where it shows (`split`).
    """
    rows, sampled, top = 1 << log_rows, len(few), len(values)
    root = plain.root_of_unity(log_rows + 2)
    shifts = [shift * pow(root, c, P) % P for c in range(COSETS)]
    *constants, constant = [pow(x, rows, P) for x in shifts]  # X^N on every coset
    # A share is A_0 + (X^N - s_0) (A_1 + (X^N - s_1) (... + (X^N - s_(m-1)) B)) for the constants s_c: Newton's divided
    # differences, of remainders modulo X^N - s_c. All classes at a time, side by side as the values are.
    pieces: list[Words] = []
    for c, own in enumerate(values):
        piece = field.mul(ntt.coset_intt(own, shifts[c]), _one(plain.inverse(constants[c] - 1)))
        for b, before in enumerate(pieces):
            piece = _difference(piece, before, constants[c] - constants[b])
        pieces.append(piece)
    # The same at the sampled points leaves B, of T coefficients.
    point = shifts[-1]
    together = _remainder(np.concatenate(pieces, axis=1), sampled, point)
    known = ntt.coset_lde(together, sampled, point)
    rest = field.mul(few, _one(plain.inverse(constant - 1)))
    column = 0
    for b, before in enumerate(pieces):
        width = before.shape[1]
        rest[:, :width] = _difference(rest[:, :width], known[:, column : column + width], constant - constants[b])
        column += width
    beyond = ntt.coset_intt(rest, point)

    # All shares together, and multiplied out.
    out = np.zeros((COSETS, rows, EXTENSION_DEGREE), dtype=np.uint32)
    for c, piece in enumerate(pieces):
        for column in range(0, piece.shape[1], EXTENSION_DEGREE):
            out[c] = field.add(out[c], piece[:, column : column + EXTENSION_DEGREE])
    columns = range(0, beyond.shape[1], EXTENSION_DEGREE)
    shares = [beyond[:, column : column + EXTENSION_DEGREE] for column in columns][::-1]
    for m, share in enumerate(shares, start=1):
        out[m, :sampled] = field.add(out[m, :sampled], share)
    for c in range(top - 1, -1, -1):
        out[c:top] = field.sub(out[c:top], field.mul(out[c + 1 : top + 1], _one(constants[c])))
    for share, limit in zip(shares, limits, strict=True):
        if share[limit:].any():
            out[-1, rows - sampled + limit :] = field.add(out[-1, rows - sampled + limit :], share[limit:])
    return out.reshape(COSETS * rows, EXTENSION_DEGREE)


def _difference(found: Words, before: Words, distance: int) -> Words:
    """(found - before) / distance, in as many columns as `found` has."""
    return field.mul(field.sub(found, before[:, : found.shape[1]]), _one(plain.inverse(distance)))


def _remainder(coefficients: Words, sampled: int, point: int) -> Words:
    """Modulo X^T - point^T the polynomials with these coefficients, (N, c): (T, c)."""
    rows = len(coefficients)
    while rows > sampled:
        rows //= 2
        upper = field.mul(coefficients[rows:], _one(pow(point, rows, P)))
        coefficients = field.add(coefficients[:rows], upper)
    return coefficients


def split(coefficients: Words, pieces: int, step: int, bound: int) -> tuple[Words, bool]:
    """Pieces q_0, q_1, ... with Q = sum of X^(i step) q_i as (bound, pieces, 5), and whether nothing was left over.

    All but the last have `step` coefficients, the last at most `bound`. Something is left over only if a
    constraint does not hold: then Q, a quotient with remainder, is of full degree.
    """
    out = np.zeros((bound, pieces, EXTENSION_DEGREE), dtype=np.uint32)
    for i in range(pieces - 1):
        out[:step, i] = coefficients[i * step : (i + 1) * step]
    last = coefficients[(pieces - 1) * step :]
    out[: min(bound, len(last)), pieces - 1] = last[:bound]
    return out, not last[bound:].any()


def randomise(pieces: Words, masks: Words, step: int) -> None:
    """Add X^step t_i to piece i and take t_i off piece i + 1: each piece is uniform where it is opened, Q stays.

    `masks` is (h, pieces - 1, 5).
    """
    h, count, _ = masks.shape
    for i in range(count):
        pieces[step : step + h, i] = field.add(pieces[step : step + h, i], masks[:, i])
        pieces[:h, i + 1] = field.sub(pieces[:h, i + 1], masks[:, i])


def _one(value: int) -> Words:
    """A canonical int as a one-element array."""
    return np.array([field.mont(value)], dtype=np.uint32)
