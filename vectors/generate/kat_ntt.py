"""Known answers for transforms (circuits/FORMAT.md section 4): every value is a polynomial evaluated term by term."""

from __future__ import annotations

from typing import Any

from plain_field import P, Stream, poly_evaluate, poly_multiply, root_of_unity, write

SCRIPT = "vectors/generate/kat_ntt.py"


def by_rows(columns: list[list[int]]) -> list[list[int]]:
    """Columns side by side as rows."""
    return [list(row) for row in zip(*columns, strict=True)]


def values(coefficients: list[int], size: int, shift: int) -> list[int]:
    """f at shift * w^i, i < size."""
    w = root_of_unity(size.bit_length() - 1)
    return [poly_evaluate(coefficients, shift * pow(w, i, P) % P) for i in range(size)]


def interpolated(points: list[int], wanted: list[int]) -> list[int]:
    """The polynomial of degree < n through n points, by Lagrange's formula."""
    total = [0] * len(points)
    for i, x in enumerate(points):
        basis, denominator = [1], 1
        for j, other in enumerate(points):
            if i != j:
                basis = poly_multiply(basis, [-other % P, 1])
                denominator = denominator * (x - other) % P
        factor = wanted[i] * pow(denominator, -1, P) % P
        total = [(t + factor * b) % P for t, b in zip(total, basis, strict=True)]
    return total


def cases() -> list[dict[str, Any]]:
    """Sizes below and above the one at which a transform may be split in two passes; odd numbers of columns."""
    stream = Stream("ntt")
    out: list[dict[str, Any]] = []
    for n, width in ((2, 1), (8, 3), (16, 1), (64, 2), (128, 1)):
        columns = [[stream.base() for _ in range(n)] for _ in range(width)]
        evaluated = [values(column, n, 1) for column in columns]
        out.append({"op": "interpolate", "values": by_rows(evaluated), "out": by_rows(columns)})
    for count, size, shift, width in ((1, 8, 3, 1), (8, 16, 3, 2), (17, 64, 3, 1), (34, 128, 5, 1), (32, 256, 3, 2)):
        columns = [[stream.base() for _ in range(count)] for _ in range(width)]
        extended = [values(column, size, shift) for column in columns]
        case = {"op": "extend", "coefficients": by_rows(columns), "size": size, "shift": shift}
        out.append({**case, "out": by_rows(extended)})
    for n, h, blowup, width in ((8, 3, 4, 1), (16, 5, 4, 2), (32, 8, 8, 1)):
        w = root_of_unity(n.bit_length() - 1)
        points = [pow(w, i, P) for i in range(n)]
        trace = [[stream.base() for _ in range(n)] for _ in range(width)]
        masks = [[stream.base() for _ in range(h)] for _ in range(width)]
        extended = []
        for column, mask in zip(trace, masks, strict=True):
            f = interpolated(points, column) + [0] * h
            vanishing = poly_multiply([P - 1] + [0] * (n - 1) + [1], mask)
            extended.append(values([(a + b) % P for a, b in zip(f, vanishing, strict=True)], blowup * n, 3))
        case = {"op": "masked", "values": by_rows(trace), "mask": by_rows(masks), "blowup": blowup, "shift": 3}
        out.append({**case, "out": by_rows(extended)})
    return out


def main() -> None:
    """Write the file."""
    source = "circuits/FORMAT.md section 4 (domains, masks); sums of powers and Lagrange's formula, no transform"
    about = "values over <w_n> to coefficients; coefficients to values over shift * <w>; f + (X^n - 1) r over 3 * <w>"
    write("ntt/transforms", SCRIPT, source, about, cases())


if __name__ == "__main__":
    main()
