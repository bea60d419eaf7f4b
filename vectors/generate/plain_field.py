"""KoalaBear and its quintic extension for the known-answer scripts, from circuits/FORMAT.md section 1 alone.

Written to share nothing with the implementation: products by long division by x^5 + x^2 - 1, inverses by solving a
linear system, roots of unity from the order of the group. Nothing here is fast.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

P = 2**31 - 2**24 + 1
MODULUS = [P - 1, 0, 1, 0, 0, 1]  # x^5 + x^2 - 1, constant first
HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent


def root_of_unity(log_order: int) -> int:
    """3^((p-1)/2^k)."""
    root = pow(3, (P - 1) // 2**log_order, P)
    assert log_order == 0 or pow(root, 2 ** (log_order - 1), P) == P - 1
    return root


def poly_multiply(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """The product of two polynomials over F_p, constant first."""
    out = [0] * (len(a) + len(b) - 1)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] = (out[i + j] + x * y) % P
    return out


def poly_evaluate(coefficients: Sequence[int], x: int) -> int:
    """sum c_i x^i, term by term."""
    return sum(c * pow(x, i, P) for i, c in enumerate(coefficients)) % P


def reduce(polynomial: Sequence[int]) -> list[int]:
    """The remainder of the division by the modulus: schoolbook long division."""
    rest = list(polynomial)
    for degree in range(len(rest) - 1, 4, -1):
        factor = rest[degree]
        for i, m in enumerate(MODULUS):
            rest[degree - 5 + i] = (rest[degree - 5 + i] - factor * m) % P
    return (rest + [0] * 5)[:5]


def multiply(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """a * b in E."""
    return reduce(poly_multiply(a, b))


def plus(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """a + b in E."""
    return [(x + y) % P for x, y in zip(a, b, strict=True)]


def minus(a: Sequence[int], b: Sequence[int]) -> list[int]:
    """a - b in E."""
    return [(x - y) % P for x, y in zip(a, b, strict=True)]


def times(a: Sequence[int], k: int) -> list[int]:
    """k * a in E for a base element k."""
    return [x * k % P for x in a]


def invert(a: Sequence[int]) -> list[int]:
    """The b with a * b = 1: the 5 x 5 system that says so, solved by elimination."""
    columns = [multiply(a, [int(i == j) for i in range(5)]) for j in range(5)]
    rows = [[columns[j][i] for j in range(5)] + [int(i == 0)] for i in range(5)]
    for k in range(5):
        pivot = next(i for i in range(k, 5) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        scale = pow(rows[k][k], -1, P)
        rows[k] = [x * scale % P for x in rows[k]]
        for i in range(5):
            if i != k:
                factor = rows[i][k]
                rows[i] = [(x - factor * y) % P for x, y in zip(rows[i], rows[k], strict=True)]
    return [row[5] for row in rows]


def power(a: Sequence[int], exponent: int) -> list[int]:
    """a^exponent in E, from the lowest bit up."""
    result, square = [1, 0, 0, 0, 0], list(a)
    while exponent:
        if exponent & 1:
            result = multiply(result, square)
        square = multiply(square, square)
        exponent >>= 1
    return result


def assert_irreducible() -> None:
    """Rabin's test for degree 5: x^(p^5) = x, and x^p - x is invertible modulo the modulus."""
    x = [0, 1, 0, 0, 0]
    image = x
    for _ in range(5):
        image = power(image, P)
    assert image == x
    invert(minus(power(x, P), x))


class Stream:
    """Numbers that anyone can draw again: SHA-256 of a label and a counter."""

    def __init__(self, label: str) -> None:
        self.label, self.counter = label, 0

    def octets(self, count: int) -> bytes:
        """`count` bytes."""
        out = b""
        while len(out) < count:
            out += sha256(f"{self.label} {self.counter}".encode()).digest()
            self.counter += 1
        return out[:count]

    def number(self, below: int) -> int:
        """A number below a bound of at most 2^64."""
        return int.from_bytes(self.octets(16), "little") % below

    def base(self) -> int:
        """A base element."""
        return self.number(P)

    def extension(self) -> list[int]:
        """An element of E."""
        return [self.base() for _ in range(5)]


def write(name: str, script: str, source: str, about: str, cases: list[dict[str, Any]]) -> None:
    """One file of known answers, a case a line."""
    head = {"kind": f"kat/{name.partition('/')[0]}", "about": about, "source": source, "script": script}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    lines += [f' "tests": {len(cases)},', ' "cases": [']
    lines.append(",\n".join("  " + json.dumps(case, separators=(", ", ": ")) for case in cases))
    path = VECTORS / "kat" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{\n" + "\n".join(lines) + "\n ]\n}\n", encoding="utf-8")
