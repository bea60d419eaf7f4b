"""A table's nodes on a tape: instructions are written on demand, in an order that keeps few registers alive.

A node is computed where it is first needed and its register is free again after its last use. Expressions without
columns are folded into constants.
"""

from __future__ import annotations

from collections.abc import Sequence

from zkharvest.prover.tape import MAIN, PUBLIC, Assembler
from zkharvest.spec import P
from zkharvest.verifier.description import Table


class Nodes:
    """A table's nodes on an assembler.

    `roots` are the nodes that will be asked for, once for every time: a register is kept until `done` was said
    that often (and every expression that needs it is computed). `levels` are theirs, 0 if not given: a node is of the
    highest level of what needs it.
    """

    def __init__(
        self, assembler: Assembler, table: Table, publics: Sequence[int], roots: Sequence[int],
        levels: Sequence[int] | None = None,
    ) -> None:  # fmt: skip
        self._assembler = assembler
        self._nodes = table.nodes
        self._known = _known_values(table, publics)
        self._uses = [0] * len(table.nodes)
        self._level = [0] * len(table.nodes)
        self._needs: dict[int, Sequence[int]] = {}  # operands, of nodes that are to be computed and have some
        self._count_uses(roots, levels or [0] * len(roots))
        self._at: dict[int, int] = {}

    def known(self, node: int) -> int | None:
        """The node's value if no column enters it."""
        return self._known[node]

    def operand(self, node: int) -> int:
        """The register that holds the node, computed now if it was not before."""
        at = self._at
        if node not in at:
            level = self._assembler.level
            known, needs = self._known, self._needs
            stack = [node]
            while stack:
                one = stack.pop()
                if one < 0:  # its operands are there
                    self._compute(~one)
                elif one not in at:
                    missing = [a for a in needs.get(one, ()) if a not in at and known[a] is None]
                    if missing:
                        stack.append(~one)
                        stack += missing
                    else:
                        self._compute(one)
            self._assembler.level = level
        return at[node]

    def done(self, node: int) -> None:
        """One use of the node is over."""
        if self._known[node] is not None and node not in self._at:
            return
        self._uses[node] -= 1
        if self._uses[node] == 0 and self._nodes[node][0] not in ("col", "pub"):
            self._assembler.free(self._at[node])

    # --- how

    def _count_uses(self, roots: Sequence[int], levels: Sequence[int]) -> None:
        uses, of, nodes, known = self._uses, self._level, self._nodes, self._known
        for root, level in zip(roots, levels, strict=True):
            uses[root] += 1
            of[root] = max(of[root], level)
        for node in range(max(roots, default=-1), -1, -1):
            if not uses[node] or known[node] is not None:  # such as nothing times something
                continue
            kind, *rest = nodes[node]
            if kind in ("col", "pub"):
                continue
            operands = [a for _, a in rest[1]] if kind == "lin" else rest
            self._needs[node] = operands
            level = of[node]
            for operand in operands:
                uses[operand] += 1
                of[operand] = max(of[operand], level)

    def _compute(self, node: int) -> None:
        asm, known = self._assembler, self._known
        asm.level = self._level[node]
        value = known[node]
        if value is not None:
            self._at[node] = asm.allocate()
            asm.fill(self._at[node], value)
            return
        kind, *rest = self._nodes[node]
        if kind in ("col", "pub"):
            self._at[node] = asm.column(MAIN if kind == "col" else PUBLIC, rest[0], rest[1])
            return
        # Operands are released first: an instruction may overwrite a register that it reads.
        operands = self._needs[node]
        places = [self._at.get(a, -1) for a in operands]
        for a in operands:
            self.done(a)
        d = self._at[node] = asm.allocate()
        if kind == "lin":
            constant = rest[0]
            terms: dict[int, int] = {}
            for (k, a), place in zip(rest[1], places, strict=True):
                value = known[a]
                if value is not None:
                    constant += k * value
                else:
                    terms[place] = terms.get(place, 0) + k
            self._lin(d, constant % P, [(k % P, a) for a, k in terms.items() if k % P])
            return
        x, y = (known[a] for a in operands)
        a, b = places
        if x is None and y is None:
            {"add": asm.add, "sub": asm.sub, "mul": asm.mul}[kind](d, a, b)
        elif kind == "add":
            asm.add_constant(d, b if y is None else a, x if y is None and x is not None else y or 0)
        elif kind == "mul":
            asm.mul_constant(d, b if y is None else a, x if y is None and x is not None else y or 0)
        elif y is not None:
            asm.add_constant(d, a, -y)
        else:
            asm.constant_sub(d, x or 0, b)

    def _lin(self, d: int, constant: int, terms: list[tuple[int, int]]) -> None:
        """The shortest form of a linear combination."""
        asm = self._assembler
        if not terms:
            asm.fill(d, constant)
        elif len(terms) == 1 and terms[0][0] == 1:
            asm.add_constant(d, terms[0][1], constant)
        elif len(terms) == 1 and terms[0][0] == P - 1:
            asm.constant_sub(d, constant, terms[0][1])
        elif constant == 0 and len(terms) == 1:
            asm.mul_constant(d, terms[0][1], terms[0][0])
        elif constant == 0 and len(terms) == 2 and {k for k, _ in terms} <= {1, P - 1} and (1 in dict(terms)):
            (k, a), (m, b) = terms
            if k == m:
                asm.add(d, a, b)
            else:
                asm.sub(d, a if k == 1 else b, b if k == 1 else a)
        else:
            asm.lin(d, constant, terms)


def _known_values(table: Table, publics: Sequence[int]) -> list[int | None]:
    """The value of every node that no column enters."""
    known: list[int | None] = []
    for kind, *rest in table.nodes:
        value: int | None = None
        if kind == "const":
            value = rest[0] % P
        elif kind == "public":
            value = publics[rest[0]] % P
        elif kind == "lin":
            parts = [(k, known[a]) for k, a in rest[1]]
            if all(v is not None for _, v in parts):
                value = (rest[0] + sum(k * v for k, v in parts if v is not None)) % P
        elif kind in ("add", "sub", "mul"):
            x, y = known[rest[0]], known[rest[1]]
            if kind == "mul" and 0 in (x, y):
                value = 0
            elif x is not None and y is not None:
                value = (x + y if kind == "add" else x - y if kind == "sub" else x * y) % P
        known.append(value)
    return known
