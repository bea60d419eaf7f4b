"""Known answers for the base field and its extension (circuits/FORMAT.md section 1). Standard library only."""

from __future__ import annotations

from typing import Any

from plain_field import (
    P,
    Stream,
    assert_irreducible,
    invert,
    minus,
    multiply,
    plus,
    power,
    root_of_unity,
    write,
)

SCRIPT = "vectors/generate/kat_field.py"
EDGES = [0, 1, 2, 3, 2**24 - 1, 2**24, 2**30, (P - 1) // 2, (P + 1) // 2, P - 2, P - 1]


def base_cases() -> list[dict[str, Any]]:
    """Every pair of edge values, some pairs in between, every root of unity."""
    stream = Stream("field")
    values = EDGES + [stream.base() for _ in range(6)]
    pairs = [(a, b) for a in EDGES for b in EDGES] + [(stream.base(), stream.base()) for _ in range(40)]
    cases: list[dict[str, Any]] = []
    for a, b in pairs:
        cases += [
            {"op": "add", "in": [a, b], "out": (a + b) % P},
            {"op": "sub", "in": [a, b], "out": (a - b) % P},
            {"op": "mul", "in": [a, b], "out": a * b % P},
        ]
    # Fermat: a^(p-2); checked by the product.
    for a in values[1:]:
        inverse = pow(a, P - 2, P)
        assert a * inverse % P == 1
        cases.append({"op": "inverse", "in": [a], "out": inverse})
    cases += [
        {"op": "power", "in": [a, e], "out": pow(a, e, P)} for a in values for e in (0, 1, 2, 3, 31, P - 2, P - 1, P)
    ]
    cases += [{"op": "powers", "in": [a, 21], "out": [pow(a, i, P) for i in range(21)]} for a in (0, 1, 3, P - 1)]
    cases += [{"op": "reduce", "in": [u], "out": u % P} for u in (0, P - 1, P, P + 1, 2 * P - 1, 2 * P, 2**32 - 1)]
    cases += [{"op": "root_of_unity", "in": [k], "out": root_of_unity(k)} for k in range(25)]
    return cases


def extension_cases() -> list[dict[str, Any]]:
    """The powers of x, elements of the base field, and elements in general position."""
    assert_irreducible()
    stream = Stream("extension")
    units = [[int(i == k) for i in range(5)] for k in range(5)]
    elements = [*units, [P - 1] * 5, [0, 0, 0, 0, P - 1], [7, 0, 0, 0, 0], *(stream.extension() for _ in range(8))]
    pairs = [(a, b) for a in elements[:7] for b in elements[:7]] + [
        (stream.extension(), stream.extension()) for _ in range(24)
    ]
    cases: list[dict[str, Any]] = []
    for a, b in pairs:
        cases += [
            {"op": "add", "in": [a, b], "out": plus(a, b)},
            {"op": "sub", "in": [a, b], "out": minus(a, b)},
            {"op": "mul", "in": [a, b], "out": multiply(a, b)},
        ]
    for a in elements:
        inverse = invert(a)
        assert multiply(a, inverse) == [1, 0, 0, 0, 0]
        cases.append({"op": "inverse", "in": [a], "out": inverse})
        cases += [{"op": "power", "in": [a, e], "out": power(a, e)} for e in (0, 1, 2, 5, 17, 2**24, P, P**5 - 1)]
    for a in (units[1], stream.extension()):
        cases.append({"op": "powers", "in": [a, 18], "out": [power(a, i) for i in range(18)]})
    # A column of E is committed as five columns of F_p: v_0 + x v_1 + ... + x^4 v_4, the v_i themselves in E.
    for _ in range(4):
        parts = [stream.extension() for _ in range(5)]
        value = [0] * 5
        for unit, part in zip(units, parts, strict=True):
            value = plus(value, multiply(unit, part))
        cases.append({"op": "recombine", "in": [parts], "out": value})
    # A polynomial over E at a point of E, term by term.
    for count in (1, 2, 9):
        coefficients, x = [stream.extension() for _ in range(count)], stream.extension()
        value = [0] * 5
        for i, c in enumerate(coefficients):
            value = plus(value, multiply(c, power(x, i)))
        cases.append({"op": "evaluate", "in": [coefficients, x], "out": value})
    return cases


def main() -> None:
    """Write both files."""
    source = "circuits/FORMAT.md section 1; integers modulo p = 2^31 - 2^24 + 1, by Python's own arithmetic"
    write("field/koalabear", SCRIPT, source, "arithmetic of the base field, and its roots of unity", base_cases())
    source = "circuits/FORMAT.md section 1; long division by x^5 + x^2 - 1 (Rabin's test run), inverses by elimination"
    write("extension/quintic", SCRIPT, source, "arithmetic of F_p[x]/(x^5 + x^2 - 1)", extension_cases())


if __name__ == "__main__":
    main()
