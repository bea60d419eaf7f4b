"""Known answers of field, extension, transforms and FRI folding: what computes them here.

`verifier.field` is plain Python, `prover.plain` the prover's own plain twin, `prover.field`, `ntt` and `fri` are
kernels on arrays in Montgomery form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from zkharvest.spec import P

if TYPE_CHECKING:
    from zkharvest.prover.field import Words

Case = dict[str, Any]
Answers = Callable[[list[Case]], Iterable[Any]]


def _inputs(cases: list[Case]) -> list[list[Any]]:
    return [case["in"] for case in cases]


def _base_plain(name: str) -> Answers:
    """The base field as a subfield of E."""

    def answers(cases: list[Case]) -> Iterable[Any]:
        from zkharvest.verifier import field

        lift = field.from_base
        operations: dict[str, Callable[..., int]] = {
            "add": lambda a, b: field.add(lift(a), lift(b))[0],
            "sub": lambda a, b: field.sub(lift(a), lift(b))[0],
            "mul": lambda a, b: field.mul(lift(a), lift(b))[0],
            "inverse": field.base_inverse,
            "power": lambda a, e: field.power(lift(a), e)[0],
            "reduce": lambda a: lift(a)[0],
            "root_of_unity": field.root_of_unity,
        }
        return [operations[name](*values) for values in _inputs(cases)]

    return answers


def _mont(values: Any) -> Words:
    """Canonical residues (or any 32-bit words) as the kernels hold them."""
    import numpy as np

    from zkharvest.prover import field

    return field.to_mont(np.array(values, dtype=np.uint32))


def _base_kernel(name: str) -> Answers:
    def answers(cases: list[Case]) -> Iterable[Any]:
        import numpy as np

        from zkharvest.prover import field

        operands = [_mont(column) for column in zip(*_inputs(cases), strict=True)]
        operation: Callable[..., Words] = getattr(field, name) if name != "reduce" else np.copy
        return list(field.from_mont(operation(*operands)))

    return answers


def _powers_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field

    return [field.from_mont(field.powers(base, count)) for base, count in _inputs(cases)]


def _extension_powers_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field

    return [field.from_mont(field.ext_powers(base, count)) for base, count in _inputs(cases)]


def _roots_of_prover(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import plain

    return [plain.root_of_unity(*values) for values in _inputs(cases)]


def _extension_plain(name: str) -> Answers:
    def answers(cases: list[Case]) -> Iterable[Any]:
        from zkharvest.verifier import field

        operation: Callable[..., Any] = getattr(field, name)
        return [operation(*values) for values in _inputs(cases)]

    return answers


def _extension_of_prover(name: str) -> Answers:
    def answers(cases: list[Case]) -> Iterable[Any]:
        from zkharvest.prover import plain

        operation: Callable[..., Any] = getattr(plain, name)
        return [operation(*values) for values in _inputs(cases)]

    return answers


def _extension_kernel(name: str) -> Answers:
    def answers(cases: list[Case]) -> Iterable[Any]:
        from zkharvest.prover import field

        operands = [_mont(column) for column in zip(*_inputs(cases), strict=True)]
        operation: Callable[..., Words] = getattr(field, name)
        return list(field.from_mont(operation(*operands)))

    return answers


# --- transforms and folds


def _interpolate_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field, ntt

    return [field.from_mont(ntt.intt(_mont(case["values"]))) for case in cases]


def _extend_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field, ntt

    return [field.from_mont(ntt.coset_lde(_mont(c["coefficients"]), c["size"], c["shift"])) for c in cases]


def _masked_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field, ntt

    return [
        field.from_mont(ntt.lde_masked(_mont(c["values"]), _mont(c["mask"]), c["blowup"], c["shift"])) for c in cases
    ]


def _extend_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import plain

    for case in cases:
        root = plain.root_of_unity(case["size"].bit_length() - 1)
        columns = list(zip(*case["coefficients"], strict=True))
        points = [case["shift"] * pow(root, i, P) % P for i in range(case["size"])]
        yield [[plain.evaluate(column, x) for column in columns] for x in points]


def _fold_plain(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier import field, fri

    for case in cases:
        values, arity = case["values"], case["arity"]
        step, matrix = len(values) // arity, fri.inverse_dft(arity)
        root = field.root_of_unity(len(values).bit_length() - 1)
        points = [case["shift"] * pow(root, j, P) % P for j in range(step)]
        yield [fri.fold(values[j::step], x, case["challenge"], matrix) for j, x in enumerate(points)]


def _fold_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field, fri

    for c in cases:
        yield field.from_mont(fri.fold(_mont(c["values"]), c["shift"], c["arity"], tuple(c["challenge"])))


def _final_kernel(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.prover import field, fri

    return [field.from_mont(fri.final_polynomial(_mont(case["values"]), case["shift"])) for case in cases]


IMPLEMENTATIONS: dict[str, dict[str, Answers]] = {
    **{f"field/{op}": {"plain": _base_plain(op), "kernel": _base_kernel(op)} for op in ("add", "sub", "mul", "reduce")},
    "field/inverse": {"plain": _base_plain("inverse"), "kernel": _base_kernel("inverse")},
    "field/power": {"plain": _base_plain("power")},
    "field/powers": {"kernel": _powers_kernel},
    "field/root_of_unity": {"plain": _base_plain("root_of_unity"), "prover": _roots_of_prover},
    **{
        f"extension/{op}": {
            "plain": _extension_plain(op),
            "prover": _extension_of_prover(f"ext_{op}"),
            "kernel": _extension_kernel(kernel),
        }
        for op, kernel in (("add", "add"), ("sub", "sub"), ("mul", "ext_mul"), ("inverse", "ext_inverse"))
    },
    "extension/power": {"plain": _extension_plain("power"), "prover": _extension_of_prover("ext_pow")},
    "extension/powers": {"plain": _extension_plain("powers"), "kernel": _extension_powers_kernel},
    "extension/recombine": {"plain": _extension_plain("recombine")},
    "extension/evaluate": {"plain": _extension_plain("evaluate")},
    "ntt/interpolate": {"kernel": _interpolate_kernel},
    "ntt/extend": {"plain": _extend_plain, "kernel": _extend_kernel},
    "ntt/masked": {"kernel": _masked_kernel},
    "fri-fold/fold": {"plain": _fold_plain, "kernel": _fold_kernel},
    "fri-fold/final": {"kernel": _final_kernel},
}
