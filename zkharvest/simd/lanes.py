# mypy: disable-error-code="import-untyped,misc,no-untyped-call,no-untyped-def,type-arg,no-any-return"
"""Vector values for numba kernels: sixteen 32-bit lanes (`U32`) and eight 64-bit lanes (`U64`).

Kernels of this project name their lanes instead of hoping that a compiler finds them: the same source gives
the same vector code whatever the vectoriser's heuristics think of aliasing or trip counts, and it compiles in
a fraction of the time. LLVM maps the lanes to what the machine has (one AVX-512 register, two AVX2 ones, four
NEON ones). Lane values live only inside compiled code; arrays go in and out through `load` and `store`.

Offsets count 32-bit elements from the array's first element, so one C-contiguous array of any shape serves;
nothing is bounds-checked. All arithmetic wraps modulo 2^32 or 2^64, as unsigned machine arithmetic does.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.extending import models, overload, register_model

LANES = 16
_I1, _I16, _I32, _I64 = ir.IntType(1), ir.IntType(16), ir.IntType(32), ir.IntType(64)


def intrinsic(function: Any) -> Any:
    """numba's decorator; untyped, since its stub shows callers the typing context as a parameter."""
    return extending.intrinsic(function)


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

    def constant(self, value: int) -> ir.Constant:
        """`value` in every lane."""
        return ir.Constant(self.vector, [value] * self.count)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


U32 = Lanes(32, LANES)
U64 = Lanes(64, LANES // 2)
_MASK = ir.VectorType(_I1, LANES)


def _binary_operator(op: Any, instruction: str) -> None:
    """Let `op` on two equal lane types emit one LLVM instruction."""

    @intrinsic
    def emit(typing, a, b):
        return a(a, b), lambda context, builder, signature, args: getattr(builder, instruction)(*args)

    @overload(op)
    def implement(a, b):
        if isinstance(a, Lanes) and a == b:
            return lambda a, b: emit(a, b)  # noqa: PLW0108 - an overload must be a function
        return None


for _op, _instruction in (
    (operator.add, "add"),
    (operator.sub, "sub"),
    (operator.mul, "mul"),
    (operator.and_, "and_"),
    (operator.or_, "or_"),
    (operator.xor, "xor"),
):
    _binary_operator(_op, _instruction)


def _llvm(builder: ir.IRBuilder, name: str, kind: ir.FunctionType) -> Any:
    """An intrinsic function of LLVM, declared in the module at hand."""
    return cgutils.get_or_insert_function(builder.module, kind, name)


def _broadcast(builder: ir.IRBuilder, lanes: Lanes, value: Any) -> Any:
    nothing = ir.Constant(lanes.vector, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_I32, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_I32, lanes.count), [0] * lanes.count))


@intrinsic
def splat(typing, value):
    """The uint32 `value` in all sixteen lanes."""
    return U32(types.uint32), lambda context, builder, signature, args: _broadcast(builder, U32, args[0])


@intrinsic
def splat64(typing, value):
    """The uint64 `value` in all eight lanes."""
    return U64(types.uint64), lambda context, builder, signature, args: _broadcast(builder, U64, args[0])


@intrinsic
def umin(typing, a, b):
    """Lane-wise unsigned minimum; `umin(t, t + p)` turns a difference that may have wrapped into a residue."""

    def emit(context, builder, signature, args):
        return builder.select(builder.icmp_unsigned("<", *args), *args)

    return a(a, a), emit


@intrinsic
def mulhi(typing, a, b):
    """The upper 32 bits of the sixteen 64-bit products."""

    def emit(context, builder, signature, args):
        wide = ir.VectorType(_I64, LANES)
        product = builder.mul(builder.zext(args[0], wide), builder.zext(args[1], wide))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, [32] * LANES)), U32.vector)

    return U32(U32, U32), emit


# --- shifts: the distance is an int, the same for all lanes -----------------------------------------------


def _shift(name: str, doc: str, build: Any) -> Any:
    def typer(typing, a, distance):
        def emit(context, builder, signature, args):
            return build(builder, args[0], _broadcast(builder, U32, args[1]))

        return U32(U32, types.uint32), emit

    typer.__name__, typer.__doc__ = name, doc
    return intrinsic(typer)


def _rotate(builder: ir.IRBuilder, value: Any, distance: Any) -> Any:
    back = builder.sub(U32.constant(32), distance)
    return builder.or_(builder.lshr(value, distance), builder.shl(value, back))


shl = _shift("shl", "Every lane shifted left.", lambda builder, value, distance: builder.shl(value, distance))
shr = _shift("shr", "Every lane shifted right.", lambda builder, value, distance: builder.lshr(value, distance))
rotr = _shift("rotr", "Every lane rotated right by 1 to 31.", _rotate)


@intrinsic
def byteswap(typing, a):
    """Every lane with its four bytes reversed."""

    def emit(context, builder, signature, args):
        swap = _llvm(builder, "llvm.bswap.v16i32", ir.FunctionType(U32.vector, [U32.vector]))
        return builder.call(swap, args)

    return U32(U32), emit


# --- 64-bit accumulators: a U64 pair holds the even and the odd lanes of one U32 ---------------------------


def _evens(builder: ir.IRBuilder, value: Any) -> Any:
    return builder.and_(builder.bitcast(value, U64.vector), U64.constant(0xFFFFFFFF))


def _odds(builder: ir.IRBuilder, value: Any) -> Any:
    return builder.lshr(builder.bitcast(value, U64.vector), U64.constant(32))


@intrinsic
def mul_even(typing, a, b):
    """The 64-bit products of lanes 0, 2, 4, ..."""

    def emit(context, builder, signature, args):
        return builder.mul(_evens(builder, args[0]), _evens(builder, args[1]))

    return U64(U32, U32), emit


@intrinsic
def mul_odd(typing, a, b):
    """The 64-bit products of lanes 1, 3, 5, ..."""

    def emit(context, builder, signature, args):
        return builder.mul(_odds(builder, args[0]), _odds(builder, args[1]))

    return U64(U32, U32), emit


@intrinsic
def odd_down(typing, a):
    """The odd lanes moved to the even places (the odd places hold 0): `mul_even` of it is `mul_odd` of `a`."""

    def emit(context, builder, signature, args):
        return builder.bitcast(_odds(builder, args[0]), U32.vector)

    return U32(U32), emit


@intrinsic
def low_halves(typing, even, odd):
    """The lower 32 bits of an (even, odd) pair, lanes back in order."""

    def emit(context, builder, signature, args):
        odd_up = builder.shl(args[1], U64.constant(32))
        return builder.bitcast(builder.or_(builder.and_(args[0], U64.constant(0xFFFFFFFF)), odd_up), U32.vector)

    return U32(U64, U64), emit


@intrinsic
def high_halves(typing, even, odd):
    """The upper 32 bits of an (even, odd) pair, lanes back in order."""

    def emit(context, builder, signature, args):
        even_down = builder.lshr(args[0], U64.constant(32))
        odd_high = builder.and_(args[1], U64.constant(0xFFFFFFFF00000000))
        return builder.bitcast(builder.or_(even_down, odd_high), U32.vector)

    return U32(U64, U64), emit


# --- memory -------------------------------------------------------------------------------------------------


def _address(context: Any, builder: ir.IRBuilder, array_type: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), U32.vector.as_pointer())


@intrinsic
def load(typing, array, offset):
    """Sixteen consecutive elements of a uint32 array."""

    def emit(context, builder, signature, args):
        return builder.load(_address(context, builder, signature.args[0], *args), align=4)

    return U32(array, types.intp), emit


@intrinsic
def store(typing, array, offset, value):
    """Write sixteen consecutive elements of a uint32 array."""

    def emit(context, builder, signature, args):
        builder.store(args[2], _address(context, builder, signature.args[0], *args[:2]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, U32), emit


@intrinsic
def splat_at(typing, array, offset):
    """One element of a uint32 array in all sixteen lanes."""

    def emit(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        return _broadcast(builder, U32, builder.load(builder.gep(data, [args[1]]), align=4))

    return U32(array, types.intp), emit


def _mask(builder: ir.IRBuilder, bits: Any) -> Any:
    return builder.bitcast(builder.trunc(bits, _I16), _MASK)


@intrinsic
def load_some(typing, array, offset, bits, other):
    """Like `load` for the lanes whose bit is set in `bits`, `other` in the rest; only those elements are touched."""

    def emit(context, builder, signature, args):
        address = _address(context, builder, signature.args[0], *args[:2])
        kind = ir.FunctionType(U32.vector, [address.type, _I32, _MASK, U32.vector])
        masked = _llvm(builder, "llvm.masked.load.v16i32.p0", kind)
        return builder.call(masked, [address, ir.Constant(_I32, 4), _mask(builder, args[2]), args[3]])

    return U32(array, types.intp, types.uint32, U32), emit


@intrinsic
def load_some_at(typing, address, bits):
    """Like `load_some` from a machine address, 0 in the other lanes; the caller keeps the memory alive."""

    def emit(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], U32.vector.as_pointer())
        kind = ir.FunctionType(U32.vector, [pointer.type, _I32, _MASK, U32.vector])
        masked = _llvm(builder, "llvm.masked.load.v16i32.p0", kind)
        return builder.call(masked, [pointer, ir.Constant(_I32, 4), _mask(builder, args[1]), U32.constant(0)])

    return U32(types.intp, types.uint32), emit


@intrinsic
def prefetch(typing, address):
    """Ask for the cache line at a machine address; never faults."""

    def emit(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, _I32, _I32, _I32])
        read, keep, data = ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)
        builder.call(_llvm(builder, "llvm.prefetch.p0", kind), [pointer, read, keep, data])
        return context.get_dummy_value()

    return types.void(types.intp), emit


@intrinsic
def store_some(typing, array, offset, bits, value):
    """Like `store` for the lanes whose bit is set in `bits`; the other elements are not touched."""

    def emit(context, builder, signature, args):
        address = _address(context, builder, signature.args[0], *args[:2])
        kind = ir.FunctionType(ir.VoidType(), [U32.vector, address.type, _I32, _MASK])
        masked = _llvm(builder, "llvm.masked.store.v16i32.p0", kind)
        builder.call(masked, [args[3], address, ir.Constant(_I32, 4), _mask(builder, args[2])])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.uint32, U32), emit


def _pick(builder: ir.IRBuilder, parts: list[Any], sources: list[int]) -> Any:
    """The vector whose lane k is element `sources[k]` of the concatenated `parts`: one shuffle per further part."""
    count = len(sources)
    result = parts[0]
    done = {lane: source for lane, source in enumerate(sources) if source < count}
    for index, part in enumerate(parts[1:], start=1):
        first = index == 1
        mask = []
        for lane, source in enumerate(sources):
            if source // count == index:
                mask.append(count + source % count)
            else:
                mask.append(done.get(lane, lane) if first else lane)
        result = builder.shuffle_vector(result, part, ir.Constant(ir.VectorType(_I32, count), mask))
    return result


@intrinsic
def load_five(typing, array, offset):
    """Sixteen extension elements, stored as 80 consecutive coordinates: five vectors, one a coordinate."""

    def emit(context, builder, signature, args):
        base = _address(context, builder, signature.args[0], *args)
        parts = [builder.load(builder.gep(base, [ir.Constant(_I32, k)]), align=4) for k in range(5)]
        columns = [_pick(builder, parts, [5 * lane + k for lane in range(LANES)]) for k in range(5)]
        return context.make_tuple(builder, signature.return_type, columns)

    return types.UniTuple(U32, 5)(array, types.intp), emit


@intrinsic
def store_five(typing, array, offset, columns):
    """The inverse of `load_five`."""

    def emit(context, builder, signature, args):
        base = _address(context, builder, signature.args[0], *args[:2])
        columns = [builder.extract_value(args[2], k) for k in range(5)]
        for k in range(5):
            flat = range(LANES * k, LANES * (k + 1))
            part = _pick(builder, columns, [LANES * (i % 5) + i // 5 for i in flat])
            builder.store(part, builder.gep(base, [ir.Constant(_I32, k)]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.UniTuple(U32, 5)), emit


@intrinsic
def transpose(typing, array, offset):
    """Transpose the 16 x 16 block of consecutive elements at `offset` in place.

    Interleaving vector i with vector i + 8, four times over, moves every lane index into the vector index.
    """

    def emit(context, builder, signature, args):
        base = _address(context, builder, signature.args[0], *args)
        rows = [builder.load(builder.gep(base, [ir.Constant(_I32, k)]), align=4) for k in range(LANES)]
        half = LANES // 2
        low = ir.Constant(ir.VectorType(_I32, LANES), [j // 2 + (j % 2) * LANES for j in range(LANES)])
        high = ir.Constant(ir.VectorType(_I32, LANES), [half + j // 2 + (j % 2) * LANES for j in range(LANES)])
        for _ in range(4):
            pairs = [(rows[i], rows[i + half]) for i in range(half)]
            rows = [builder.shuffle_vector(a, b, mask) for a, b in pairs for mask in (low, high)]
        for k, row in enumerate(rows):
            builder.store(row, builder.gep(base, [ir.Constant(_I32, k)]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp), emit
