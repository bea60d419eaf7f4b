"""Known answers for FRI folding (circuits/FORMAT.md section 4), by interpolation. Standard library only.

f(X) = sum_i X^i f_i(X^a). On the a points with X^a = Y, sum_i f_i(Y) X^i is the polynomial of degree < a through f's
values there; so the fold with challenge b, sum_i b^i f_i(Y), is that polynomial's value at b. It is found here by
Lagrange's formula, point by point: no transform, no halving.
"""

from __future__ import annotations

from typing import Any

from plain_field import P, Stream, invert, minus, multiply, plus, power, root_of_unity, times, write

SCRIPT = "vectors/generate/kat_fri_fold.py"
Element = list[int]


def evaluate(coefficients: list[Element], x: int) -> Element:
    """sum c_i x^i for coefficients in E, term by term."""
    total = [0] * 5
    for i, c in enumerate(coefficients):
        total = plus(total, times(c, pow(x, i, P)))
    return total


def layer(coefficients: list[Element], size: int, shift: int) -> list[Element]:
    """f at shift * w^i."""
    w = root_of_unity(size.bit_length() - 1)
    return [evaluate(coefficients, shift * pow(w, i, P) % P) for i in range(size)]


def interpolate_at(points: list[int], values: list[Element], b: Element) -> Element:
    """Lagrange's formula at b in E."""
    total = [0] * 5
    for i, x in enumerate(points):
        factor, denominator = [1, 0, 0, 0, 0], 1
        for j, other in enumerate(points):
            if j != i:
                factor = multiply(factor, minus(b, [other, 0, 0, 0, 0]))
                denominator = denominator * (x - other) % P
        total = plus(total, multiply(times(values[i], pow(denominator, -1, P)), factor))
    return total


def fold(values: list[Element], shift: int, arity: int, b: Element) -> list[Element]:
    """The layer folded: leaf j holds the points j, j + m/a, j + 2 m/a, ..."""
    size = len(values)
    w, step = root_of_unity(size.bit_length() - 1), size // arity
    points = [shift * pow(w, i, P) % P for i in range(size)]
    return [interpolate_at(points[j::step], values[j::step], b) for j in range(step)]


def fold_case(values: list[Element], shift: int, arity: int, b: Element) -> dict[str, Any]:
    """A case of its own."""
    out = fold(values, shift, arity, b)
    return {"op": "fold", "values": values, "shift": shift, "arity": arity, "challenge": b, "out": out}


def cases() -> list[dict[str, Any]]:
    """One fold at each arity, a chain of folds down to a final polynomial, and the values of a final polynomial."""
    stream = Stream("fri")
    out: list[dict[str, Any]] = []
    for arity, size in ((2, 32), (4, 64), (8, 128)):
        coefficients = [stream.extension() for _ in range(size // 4)]
        values, b = layer(coefficients, size, 3), stream.extension()
        out.append(fold_case(values, 3, arity, b))
    # A chain: 34 coefficients, arities 4 and 2, so 9 and 5 coefficients remain; b^i f_i read off the coefficients too.
    coefficients = [stream.extension() for _ in range(34)]
    shift, size = 3, 128
    values = layer(coefficients, size, shift)
    for arity in (4, 2):
        b = stream.extension()
        parts = [coefficients[i::arity] for i in range(arity)]
        length = max(map(len, parts))
        coefficients = [[0] * 5 for _ in range(length)]
        for i, part in enumerate(parts):
            for k, c in enumerate(part):
                coefficients[k] = plus(coefficients[k], multiply(power(b, i), c))
        out.append(fold_case(values, shift, arity, b))
        shift, size = pow(shift, arity, P), size // arity
        values = layer(coefficients, size, shift)
        assert out[-1]["out"] == values
    padded = coefficients + [[0] * 5] * (size - len(coefficients))
    out.append({"op": "final", "values": values, "shift": shift, "out": padded})
    assert multiply(invert(coefficients[0]), coefficients[0]) == [1, 0, 0, 0, 0]
    return out


def main() -> None:
    """Write the file."""
    source = "circuits/FORMAT.md section 4, Fold; interpolation on each leaf, held against folded coefficients"
    about = "layers on shift * <w> folded by 2, 4 and 8, and the coefficients of a last layer (zero beyond its degree)"
    write("fri-fold/interpolated", SCRIPT, source, about, cases())


if __name__ == "__main__":
    main()
