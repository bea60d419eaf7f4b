# mypy: disable-error-code="import-untyped,misc,no-untyped-call"
"""Lane values while a kernel is being compiled.

numba types a kernel, then asks every operation for its LLVM instructions. Here an operation on lanes is a plain
Python function of `Value`s, which stand for vectors to come: what it computes with them is emitted, once, at the place
of the call. `operation` makes such a function callable in kernels. Beside compiled helper functions this saves
numba's typing and LLVM's linking and inlining of every small step, most of the time that compilation took.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import models, register_model

LANES = 16


class Lanes(types.Type):
    """The numba type of a vector of `count` unsigned integers of `bits` bits."""

    def __init__(self, bits: int, count: int) -> None:
        self.bits = bits
        self.count = count
        super().__init__(name=f"lanes_u{bits}x{count}")

    @property
    def vector(self) -> ir.VectorType:
        """The LLVM type."""
        return ir.VectorType(ir.IntType(self.bits), self.count)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


U32 = Lanes(32, LANES)
U64 = Lanes(64, LANES // 2)


class Value:
    """A vector of the kernel being compiled; an int beside it stands for itself in every lane."""

    __slots__ = ("builder", "ir", "lanes")

    def __init__(self, builder: ir.IRBuilder, lanes: Lanes, value: Any) -> None:
        self.builder = builder
        self.lanes = lanes
        self.ir = value

    def like(self, value: Any) -> Value:
        """Another vector of the same type, from its LLVM value."""
        return Value(self.builder, self.lanes, value)

    def constant(self, value: int) -> Any:
        """The LLVM constant of this type with `value` in every lane."""
        return ir.Constant(self.lanes.vector, [value] * self.lanes.count)

    def _emit(self, instruction: str, other: Value | int) -> Value:
        right = self.constant(other) if isinstance(other, int) else other.ir
        return self.like(getattr(self.builder, instruction)(self.ir, right))

    def __add__(self, other: Value | int) -> Value:
        return self._emit("add", other)

    def __sub__(self, other: Value | int) -> Value:
        return self._emit("sub", other)

    def __mul__(self, other: Value | int) -> Value:
        return self._emit("mul", other)

    def __and__(self, other: Value | int) -> Value:
        return self._emit("and_", other)

    def __or__(self, other: Value | int) -> Value:
        return self._emit("or_", other)

    def __xor__(self, other: Value | int) -> Value:
        return self._emit("xor", other)

    def __lshift__(self, other: Value | int) -> Value:
        return self._emit("shl", other)

    def __rshift__(self, other: Value | int) -> Value:
        return self._emit("lshr", other)

    def as_lanes(self, lanes: Lanes) -> Value:
        """The same bits, cut into other lanes."""
        return Value(self.builder, lanes, self.builder.bitcast(self.ir, lanes.vector))


# --- vocabulary for operations: what lanes can do beside + - * & | ^ << >> ------------------------------------

_LOW = 0xFFFFFFFF


def umin(a: Value, b: Value) -> Value:
    """Lane-wise unsigned minimum; `umin(t, t + p)` turns a difference that may have wrapped into a residue."""
    return a.like(a.builder.select(a.builder.icmp_unsigned("<", a.ir, b.ir), a.ir, b.ir))


def mulhi(a: Value, b: Value) -> Value:
    """The upper 32 bits of the sixteen 64-bit products."""
    wide, builder = ir.VectorType(ir.IntType(64), LANES), a.builder
    product = builder.mul(builder.zext(a.ir, wide), builder.zext(b.ir, wide))
    return a.like(builder.trunc(builder.lshr(product, ir.Constant(wide, [32] * LANES)), U32.vector))


def odd_down(a: Value) -> Value:
    """The odd lanes moved to the even places (the odd places hold 0): `mul_even` of it is `mul_odd` of `a`."""
    return (a.as_lanes(U64) >> 32).as_lanes(U32)


def mul_even(a: Value, b: Value) -> Value:
    """The 64-bit products of lanes 0, 2, 4, ..."""
    return Value(a.builder, U64, a.builder.mul((a.as_lanes(U64) & _LOW).ir, (b.as_lanes(U64) & _LOW).ir))


def mul_odd(a: Value, b: Value) -> Value:
    """The 64-bit products of lanes 1, 3, 5, ..."""
    return (a.as_lanes(U64) >> 32) * (b.as_lanes(U64) >> 32)


def low_halves(even: Value, odd: Value) -> Value:
    """The lower 32 bits of an (even, odd) pair, lanes back in order."""
    return ((even & _LOW) | (odd << 32)).as_lanes(U32)


def high_halves(even: Value, odd: Value) -> Value:
    """The upper 32 bits of an (even, odd) pair, lanes back in order."""
    return ((even >> 32) | (odd & (_LOW << 32))).as_lanes(U32)


def rotr(a: Value, distance: int) -> Value:
    """Every lane rotated right by 1 to 31."""
    return (a >> distance) | (a << 32 - distance)


# --- how kernels get at it ----------------------------------------------------------------------------------------


def _binary_operator(symbol: Any, instruction: str) -> None:
    """Let `symbol` between two equal lane types in a kernel be one instruction."""

    @infer_global(symbol)
    class _Typed(AbstractTemplate):
        def generic(self, args: Any, _kws: Any) -> Any:
            if len(args) == 2 and isinstance(args[0], Lanes) and args[0] == args[1]:
                return signature(args[0], *args)
            return None

    @extending.lower_builtin(symbol, Lanes, Lanes)
    def emit(_context: Any, builder: Any, _sig: Any, args: Any) -> Any:
        return getattr(builder, instruction)(*args)


for _symbol, _instruction in (
    (operator.add, "add"),
    (operator.sub, "sub"),
    (operator.mul, "mul"),
    (operator.and_, "and_"),
    (operator.or_, "or_"),
    (operator.xor, "xor"),
):
    _binary_operator(_symbol, _instruction)


def broadcast(builder: ir.IRBuilder, lanes: Lanes, scalar: Any) -> Value:
    """A scalar LLVM value in every lane."""
    nothing = ir.Constant(lanes.vector, ir.Undefined)
    index = ir.IntType(32)
    first = builder.insert_element(nothing, scalar, ir.Constant(index, 0))
    zeros = ir.Constant(ir.VectorType(index, lanes.count), [0] * lanes.count)
    return Value(builder, lanes, builder.shuffle_vector(first, nothing, zeros))


def _accepted(given: Any) -> Any:
    if isinstance(given, Lanes):
        return given
    if isinstance(given, types.UniTuple) and isinstance(given.dtype, Lanes):
        return given
    return types.uint32 if isinstance(given, types.Integer) else None


def _unpacked(builder: Any, kind: Any, value: Any) -> Any:
    if isinstance(kind, Lanes):
        return Value(builder, kind, value)
    if isinstance(kind, types.UniTuple):
        return tuple(Value(builder, part, builder.extract_value(value, k)) for k, part in enumerate(kind))
    return broadcast(builder, U32, value)


def operation(result: Any = None) -> Callable[[Callable[..., Any]], Any]:
    """Make a function of `Value`s (or tuples of them) an operation of kernels.

    `result` is its numba type; by default that of the first argument. An integer argument arrives as a U32 vector
    with that number in every lane.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        names = list(inspect.signature(function).parameters)

        def typer(_typing: Any, *given: Any) -> Any:
            kinds = [_accepted(kind) for kind in given]
            if len(kinds) != len(names) or any(kind is None for kind in kinds):
                return None

            def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
                values = [_unpacked(builder, kind, value) for kind, value in zip(sig.args, args, strict=True)]
                answer = function(*values)
                if isinstance(answer, tuple):
                    return context.make_tuple(builder, sig.return_type, [part.ir for part in answer])
                return answer.ir

            return signature(result or kinds[0], *kinds), emit

        parameters = [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("typing", *names)]
        typer.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        typer.__name__, typer.__qualname__ = function.__name__, function.__qualname__
        typer.__module__, typer.__doc__ = function.__module__, function.__doc__
        return extending.intrinsic(typer)

    return decorate
