"""FRI: the queried values of F belong to a polynomial of fewer than k K coefficients (FORMAT.md section 4).

A layer is the function that is folded next, on the coset c <w> of size m, point i being c w^i. Leaf j of it holds the
values at the arity many points x, x u, x u^2, ... with x = c w^j and u = w^(m/a): the points whose a-th power is the
same, Y = x^a, which is point j of the next layer's coset c^a <w^a>.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zkharvest.spec import P
from zkharvest.verifier import field
from zkharvest.verifier.field import Ext
from zkharvest.verifier.params import Sizes
from zkharvest.verifier.proof import OpenedLayer
from zkharvest.verifier.rejections import Reason, Reject


def inverse_dft(arity: int) -> list[list[int]]:
    """Row i holds u^(-i s) / a for s = 0..a-1: it takes a leaf to x^i f_i(Y), where f(X) = sum_i X^i f_i(X^a)."""
    u = field.root_of_unity(arity.bit_length() - 1)
    by_arity = field.base_inverse(arity)
    return [[pow(u, -i * s, P) * by_arity % P for s in range(arity)] for i in range(arity)]


def fold(values: Sequence[Ext], x: int, challenge: Ext, matrix: Sequence[Sequence[int]]) -> Ext:
    """sum_i challenge^i f_i(Y) from the leaf's values: Horner in challenge / x over the x^i f_i(Y)."""
    by_coordinate = field.weights(values)
    return field.evaluate(
        [field.dot(row, by_coordinate) for row in matrix], field.scale(challenge, field.base_inverse(x))
    )


def check_folds(
    values: Mapping[int, Ext],
    layers: Sequence[OpenedLayer],
    challenges: Sequence[Ext],
    final: Sequence[Ext],
    at: Sizes,
) -> None:
    """Follows F, known at the query indices, through every layer down to the final polynomial.

    Reject(FRI_LAYER) where a value is not what the next layer holds, Reject(FRI_FINAL) at the end.
    """
    log_size, shift = at.log_domain, field.GENERATOR
    for number, (arity, layer, challenge) in enumerate(zip(at.arities, layers, challenges, strict=True)):
        generator = field.root_of_unity(log_size)
        log_size -= arity.bit_length() - 1
        for index, value in values.items():
            slot, leaf = divmod(index, 1 << log_size)
            if layer.leaves[leaf][slot] != value:
                raise Reject(Reason.FRI_LAYER, f"layer {number} holds another value at {index}")
        matrix = inverse_dft(arity)
        values = {
            leaf: fold(members, shift * pow(generator, leaf, P) % P, challenge, matrix)
            for leaf, members in layer.leaves.items()
        }
        shift = pow(shift, arity, P)
    generator = field.root_of_unity(log_size)
    coefficients = field.weights(final)
    for index, value in values.items():
        x = shift * pow(generator, index, P) % P
        if field.dot(_powers(x, len(final)), coefficients) != value:
            raise Reject(Reason.FRI_FINAL, f"the final polynomial has another value at {index}")


def _powers(x: int, count: int) -> list[int]:
    result = [1]
    for _ in range(count - 1):
        result.append(result[-1] * x % P)
    return result
