# mypy: disable-error-code="import-untyped,misc,no-untyped-call,no-untyped-def,no-any-return"
"""Vector operations for numba kernels: sixteen 32-bit lanes (`U32`), or eight 64-bit ones (`U64`).

Kernels of this project name their lanes instead of hoping that a compiler finds them: the same source gives
the same vector code whatever the vectoriser's heuristics think of aliasing or trip counts, and it compiles in
a fraction of the time. LLVM maps the lanes to what the machine has (one AVX-512 register, two AVX2 ones, four
NEON ones). Lane values live only inside compiled code; arrays go in and out through `load` and `store`.

Beside these functions, lane values have + - * & | ^. All arithmetic wraps modulo 2^32 or 2^64, as unsigned machine
arithmetic does. Offsets count 32-bit elements from the array's first element, so one C-contiguous array of any
shape serves; nothing is bounds-checked.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from zkharvest.simd import values
from zkharvest.simd.values import LANES, U32, U64, Lanes, Value, broadcast, operation

__all__ = ["LANES", "U32", "U64", "Lanes"]

_I1, _I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64))
_MASK = ir.VectorType(_I1, LANES)


def intrinsic(function: Any) -> Any:
    """numba's decorator; untyped, since its stub shows callers the typing context as a parameter."""
    return extending.intrinsic(function)


@operation(U32)
def splat(value: Value) -> Value:
    """The uint32 `value` in all sixteen lanes."""
    return value


@intrinsic
def splat64(typing, value):
    """The uint64 `value` in all eight lanes."""
    return U64(types.uint64), lambda context, builder, signature, args: broadcast(builder, U64, args[0]).ir


# --- arithmetic ---------------------------------------------------------------------------------------------

umin = operation()(values.umin)
mulhi = operation()(values.mulhi)
odd_down = operation()(values.odd_down)
mul_even = operation(U64)(values.mul_even)
low_halves = operation(U32)(values.low_halves)
high_halves = operation(U32)(values.high_halves)


@operation()
def shl(a: Value, distance: Value) -> Value:
    """Every lane shifted left by one distance."""
    return a << distance


@operation()
def shr(a: Value, distance: Value) -> Value:
    """Every lane shifted right by one distance."""
    return a >> distance


@operation()
def byteswap(a: Value) -> Value:
    """Every lane with its four bytes reversed."""
    swap = _llvm(a.builder, "llvm.bswap.v16i32", ir.FunctionType(U32.vector, [U32.vector]))
    return a.like(a.builder.call(swap, [a.ir]))


# --- memory -------------------------------------------------------------------------------------------------


def _llvm(builder: ir.IRBuilder, name: str, kind: ir.FunctionType) -> Any:
    """An intrinsic function of LLVM, declared in the module at hand."""
    return cgutils.get_or_insert_function(builder.module, kind, name)


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
        return broadcast(builder, U32, builder.load(builder.gep(data, [args[1]]), align=4)).ir

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
def store_at(typing, address, value):
    """Write sixteen consecutive 32-bit words at a machine address of any alignment."""

    def emit(context, builder, signature, args):
        builder.store(args[1], builder.inttoptr(args[0], U32.vector.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(types.intp, U32), emit


@intrinsic
def store_word_at(typing, address, word):
    """Write one 32-bit word at a machine address that is a multiple of four."""

    def emit(context, builder, signature, args):
        builder.store(args[1], builder.inttoptr(args[0], _I32.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(types.intp, types.uint32), emit


@intrinsic
def load_some_at(typing, address, bits):
    """Like `load_some` from a machine address, 0 in the other lanes; the caller keeps the memory alive."""

    def emit(context, builder, signature, args):
        pointer = builder.inttoptr(args[0], U32.vector.as_pointer())
        kind = ir.FunctionType(U32.vector, [pointer.type, _I32, _MASK, U32.vector])
        masked = _llvm(builder, "llvm.masked.load.v16i32.p0", kind)
        return builder.call(
            masked, [pointer, ir.Constant(_I32, 4), _mask(builder, args[1]), ir.Constant(U32.vector, [0] * LANES)]
        )

    return U32(types.intp, types.uint32), emit


def _prefetch(builder: ir.IRBuilder, pointer: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, _I32, _I32, _I32])
    read, keep, data = ir.Constant(_I32, 0), ir.Constant(_I32, 3), ir.Constant(_I32, 1)
    builder.call(_llvm(builder, "llvm.prefetch.p0", kind), [pointer, read, keep, data])


@intrinsic
def prefetch(typing, address):
    """Ask for the cache line at a machine address; never faults."""

    def emit(context, builder, signature, args):
        _prefetch(builder, builder.inttoptr(args[0], _I8.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.intp), emit


@intrinsic
def prefetch_at(typing, array, offset):
    """Ask for the cache line of an element; it need not be there."""

    def emit(context, builder, signature, args):
        pointer = builder.bitcast(_address(context, builder, signature.args[0], *args), _I8.as_pointer())
        _prefetch(builder, pointer)
        return context.get_dummy_value()

    return types.void(array, types.intp), emit


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
