# mypy: disable-error-code="import-untyped,misc,no-untyped-call,no-untyped-def,no-any-return"
"""SHA-256's compression function by the SHA instructions of x86 processors, two messages at a time.

One instruction does two rounds, two more a quarter of the next sixteen schedule words (Intel, "Intel SHA Extensions",
2013). A result takes four cycles and the next instruction may start after two, so two independent messages keep the
unit busy. Where AVX2 is the widest there is this is more than twice as fast as lanes; AVX-512 rotates in one
instruction, and lanes are left in place there.

The state is two vectors a message, as the instructions want it: words F E B A and H G D C.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target

from zkharvest.simd.compiling import inlined
from zkharvest.simd.lanes import intrinsic
from zkharvest.simd.sha256 import ROUND, START

ORDER = (5, 4, 1, 0, 7, 6, 3, 2)
"""Which word of FIPS 180-4's state stands at each place of a message's state here."""

FIRST = np.array([START[k] for k in ORDER] * 2, dtype=np.uint32)
"""The state of two messages before their first block."""

_I32, _I64 = ir.IntType(32), ir.IntType(64)
_FOUR = ir.VectorType(_I32, 4)


def available() -> bool:
    """Whether compiled code may use the instructions and is faster for it."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    on = set(features.split(","))
    return triple.startswith("x86_64") and {"+sha", "+sse4.1"} <= on and "+avx512f" not in on


class _Message:
    """The instructions of one of the messages."""

    def __init__(self, builder: ir.IRBuilder, state: Any, block: Any) -> None:
        self._builder = builder
        self._state = state
        self.abef, self.cdgh = self._before = [builder.load(self._at(state, k), align=4) for k in range(2)]
        swap = self._function("llvm.bswap.v4i32", 1)
        self._w = [builder.call(swap, [builder.load(self._at(block, k), align=1)]) for k in range(4)]

    def four_rounds(self, group: int) -> None:
        """Rounds 4 group .. 4 group + 3."""
        builder = self._builder
        if group >= 4:
            self._w.append(self._scheduled())
        constants = ir.Constant(_FOUR, [int(k) for k in ROUND[4 * group : 4 * group + 4]])
        sums = builder.add(self._w[group], constants)
        rounds = self._function("llvm.x86.sha256rnds2", 3)
        # Two rounds make the new A B E F; the old ones are C D G H from then on.
        self.cdgh, self.abef = self.abef, builder.call(rounds, [self.cdgh, self.abef, sums])
        sums = self._picked(sums, sums, (2, 3, 2, 3))
        self.cdgh, self.abef = self.abef, builder.call(rounds, [self.cdgh, self.abef, sums])

    def finish(self) -> None:
        """Add the state of before, and store it."""
        for k, (before, after) in enumerate(zip(self._before, (self.abef, self.cdgh), strict=True)):
            self._builder.store(self._builder.add(before, after), self._at(self._state, k), align=4)

    def _scheduled(self) -> Any:
        """The next four words of the message schedule."""
        w0, w1, w2, w3 = self._w[-4:]
        part = self._builder.call(self._function("llvm.x86.sha256msg1", 2), [w0, w1])
        part = self._builder.add(part, self._picked(w2, w3, (1, 2, 3, 4)))
        return self._builder.call(self._function("llvm.x86.sha256msg2", 2), [part, w3])

    def _picked(self, a: Any, b: Any, lanes: tuple[int, ...]) -> Any:
        return self._builder.shuffle_vector(a, b, ir.Constant(_FOUR, lanes))

    def _at(self, base: Any, vector: int) -> Any:
        return self._builder.gep(base, [ir.Constant(_I32, vector)])

    def _function(self, name: str, arguments: int) -> Any:
        return cgutils.get_or_insert_function(
            self._builder.module, ir.FunctionType(_FOUR, [_FOUR] * arguments), name
        )  # fmt: skip


@intrinsic
def compress_pair(typing, state, first, second):
    """Absorb a block of each of two messages, 64 bytes at each of two machine addresses, into `state` (16 words)."""

    def emit(context, builder, signature, args):
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        states = [
            builder.bitcast(builder.gep(data, [ir.Constant(_I64, 8 * k)]), _FOUR.as_pointer()) for k in range(2)
        ]  # fmt: skip
        blocks = [builder.inttoptr(address, _FOUR.as_pointer()) for address in args[1:]]
        messages = [_Message(builder, *where) for where in zip(states, blocks, strict=True)]
        for group in range(16):
            for message in messages:
                message.four_rounds(group)
        for message in messages:
            message.finish()
        return context.get_dummy_value()

    return types.void(state, types.intp, types.intp), emit


@inlined
def swapped(x: Any) -> Any:
    """The four bytes of a word reversed."""
    return np.uint32(((x & 0xFF) << 24) | ((x & 0xFF00) << 8) | ((x >> 8) & 0xFF00) | (x >> 24))
