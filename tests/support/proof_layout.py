"""Where each part of a proof lies, written from FORMAT.md section 5; and how to change parts of it."""

from dataclasses import dataclass

from zkharvest.verifier.merkle import sibling_count
from zkharvest.verifier.params import sizes


@dataclass(frozen=True)
class Part:
    """A run of equal items: `items` of `size` bytes each; `kind` is root, nonce, ext, leaf or digest."""

    name: str
    kind: str
    start: int
    items: int
    size: int

    @property
    def end(self):
        return self.start + self.items * self.size

    def item(self, k):
        return slice(self.start + k * self.size, self.start + (k + 1) * self.size)


def layout(description, params, heights, indices):
    """The parts in order; `indices` are the query indices of this proof."""
    at = sizes(max(heights), params)
    parts, position = [], 0

    def part(name, kind, items, size):
        nonlocal position
        parts.append(Part(name, kind, position, items, size))
        position = parts[-1].end

    ahead_main, ahead_aux = len(description.next_main), len(description.next_aux)

    main_row, aux_row, quotient_row = 0, 0, 5 * -(-description.pieces // (1 << params.log_stack)) + 5
    for log_rows in set(heights):
        lanes = 1 << (params.log_stack + max(heights) - log_rows)
        tables = [table for table, height in zip(description.tables, heights, strict=True) if height == log_rows]
        ahead = sum(len(table.next_columns) for table in tables)
        main_row += -(-ahead // lanes) + -(-(sum(len(table.columns) for table in tables) - ahead) // lanes)
        aux_row += 5 * (-(-len(tables) // lanes) + -(-sum(len(table.groups) for table in tables) // lanes))
    part("main root", "root", 1, 32)
    part("nonce lookup", "nonce", 1, 8)
    part("aux root", "root", 1, 32)
    part("terminals", "ext", len(description.tables), 20)
    part("quotient root", "root", 1, 32)
    part("nonce deep", "nonce", 1, 8)
    part("main at z", "ext", description.main_width, 20)
    part("aux at z", "ext", description.extension_columns, 20)
    part("quotient at z", "ext", description.pieces, 20)
    part("main at gz", "ext", ahead_main, 20)
    part("phi at gz", "ext", ahead_aux, 20)
    part("nonce batch", "nonce", 1, 8)
    for i in range(len(at.arities)):
        part(f"layer {i} root", "root", 1, 32)
        part(f"nonce fold {i}", "nonce", 1, 8)
    part("final", "ext", at.final_terms, 20)
    part("nonce query", "nonce", 1, 8)
    distinct, log_size = sorted(set(indices)), at.log_domain
    for name, width in (("main", main_row), ("aux", aux_row), ("quotient", quotient_row)):
        part(f"{name} leaves", "leaf", len(distinct), 16 + 4 * width)
        part(f"{name} siblings", "digest", sibling_count(distinct, log_size), 32)
    for i, arity in enumerate(at.arities):
        log_size -= arity.bit_length() - 1
        distinct = sorted({index % (1 << log_size) for index in distinct})
        part(f"layer {i} leaves", "leaf", len(distinct), 16 + 20 * arity)
        part(f"layer {i} siblings", "digest", sibling_count(distinct, log_size), 32)
    return {p.name: p for p in parts}


def replaced(proof, where, data):
    """The proof with the bytes at a slice replaced by as many others."""
    assert where.stop - where.start == len(data)
    return proof[: where.start] + data + proof[where.stop :]


def flipped(proof, position, bit=0):
    """The proof with one bit flipped."""
    return proof[:position] + bytes([proof[position] ^ (1 << bit)]) + proof[position + 1 :]
