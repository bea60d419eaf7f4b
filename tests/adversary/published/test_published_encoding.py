"""Attacks on trees and encodings (rows B1 to B7 of the list, docs/security/attacks.md)."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.support import hashes, whole_links
from tests.support.boards import alone, board, names, witness
from tests.support.counts import count
from tests.support.proof_layout import replaced
from tests.support.proofs import chain_by_itself, packed, small_chain, small_part
from tests.support.stacked_leaves import HashedFromRows
from tests.support.tiny_proof import AT, Patched, check, honest, prove, queries, said, tiny
from zkharvest.circuit.check import reference_field
from zkharvest.commitment.poseidon import FULL_ROUNDS, MDS, ROUND_CONSTANTS, compress, permute
from zkharvest.commitment.tree import DEPTH, TAG_NODE
from zkharvest.prover import stark as prover
from zkharvest.verifier import constraints, description_reader, field, fri, merkle, public, stark, wire
from zkharvest.verifier import proof as proof_module
from zkharvest.verifier.field import P
from zkharvest.verifier.page import read_header
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stacks import Stacks, stacks_of

# ------------------------------------------------------------------ B1 to B3: trees


def test_b1_elements_do_not_move_between_trees():
    """Plonky3, plonky2, lambda_vm #909: rows hashed without their widths; the prover chose where main columns end.

    A column in the aux tree would be committed when the bus challenges are known.
    """
    real, seen = prover._Proof._stacking, {}

    def which(chosen):
        return repr(chosen if isinstance(chosen, slice) else chosen.tolist())

    class Narrow(HashedFromRows):
        """The main tree's leaves without their last word."""

        def __init__(self, stacking):
            self.stack, self._stacking = stacking.stack, stacking

        def rows(self, values, chosen):
            rows = self._stacking.rows(values, chosen)
            seen[which(chosen)] = [row[:, -1:] for row in rows]
            return [row[:, :-1] for row in rows]

    class Wide(Narrow):
        """The aux tree's, with that word in front."""

        def __init__(self, stacking):
            self.stack, self._stacking = stacking.stack, stacking

        def rows(self, values, chosen):
            rows = self._stacking.rows(values, chosen)
            return [np.concatenate(pair, axis=1) for pair in zip(seen[which(chosen)], rows, strict=True)]

    def moving(self, tree, degree):
        return (Narrow, Wide, lambda stacking: stacking)[tree](real(self, tree, degree))

    traces, data = tiny.honest()
    proof = prove(traces, data, patches=[(prover._Proof, "_stacking", moving)])
    assert check(proof, data) in (Reason.MERKLE_MAIN, Reason.PROOF_WORD)

    # A verifier that lets the proof say where the main columns end accepts it.
    main_width, aux_width, quotient_width = stacks_of(tiny.DESCRIPTION, tiny.HEIGHTS, AT.stack).words
    read = stark.read_queries

    def as_it_comes(*arguments):
        found = read(*arguments)
        main = {i: (*row, found.aux.rows[i][0]) for i, row in found.main.rows.items()}
        aux = {i: row[1:] for i, row in found.aux.rows.items()}
        return replace(found, main=replace(found.main, rows=main), aux=replace(found.aux, rows=aux))

    with Patched(
        (Stacks, "words", (main_width - 1, aux_width + 1, quotient_width)),
        (stark, "read_queries", as_it_comes),
    ):
        assert check(proof, data) is None
    count("attacks covered")


def test_b1_every_opened_row_has_its_tree_s_width():
    """The widths are the circuit's, for every tree, layer and query."""
    case = honest()
    found = queries(case.proof, case.public)
    d = tiny.DESCRIPTION
    k, ahead = AT.stack, (len(d.next_main), len(d.next_aux))
    main = -(-ahead[0] // k) - (ahead[0] - d.main_width) // k
    aux = -(-ahead[1] // k) - (ahead[1] - d.extension_columns) // k
    widths = {"main": main, "aux": 5 * aux, "quotient": 5 * (-(-d.pieces // k) + 1)}
    for name, width in widths.items():
        opened = getattr(found, name)
        assert {len(row) for row in opened.rows.values()} == {width}
        assert {len(data) for data in opened.salted.values()} == {16 + 4 * width}
    for arity, layer in zip(AT.arities, found.layers, strict=True):
        assert {len(leaf) for leaf in layer.leaves.values()} == {arity}


def test_b2_paths_have_the_length_of_the_tree():
    """Plonky3: unreachable heights, paths too short or too long, an index beyond the leaves."""
    case = honest()
    for name, part in case.parts.items():
        if part.kind == "digest":
            last = part.item(part.items - 1)
            for changed in (
                case.proof[: last.start] + case.proof[last.stop :],
                case.proof[: last.stop] + bytes(32) + case.proof[last.stop :],
                case.proof[: last.stop] + case.proof[last] + case.proof[last.stop :],
            ):
                assert check(changed, case.public) is not None, name
    leaves = [bytes([i]) * 32 for i in range(8)]
    root = _root(leaves)
    path = [leaves[7], merkle.node_hash(leaves[1], leaves[5]), _root(leaves[0::2])]
    assert merkle.root_of({3: leaves[3]}, 3, path) == root
    for shape in ((2, path), (4, path), (3, path[:-1]), (3, [*path, path[0]])):
        with pytest.raises(ValueError, match="shape"):
            merkle.root_of({3: leaves[3]}, *shape)
    with pytest.raises(ValueError, match="shape"):
        merkle.root_of({}, 3, path)
    count("attacks covered")


def _root(level: list[bytes]) -> bytes:
    while len(level) > 1:
        half = len(level) // 2
        level = [merkle.node_hash(level[i], level[i + half]) for i in range(half)]
    return level[0]


def test_b2_commitment_trees_have_one_depth():
    """A record at another level than 0, or the root of a lower tree, opens no page."""
    alone("poseidon.leaf_level")
    made = hashes.run([([hashes.record(1)], b"k" * 32)])
    whole = Board(made, hashes.description())
    assert whole.verdict() == set()
    t, columns = whole.names.index("poseidon"), whole.tables[whole.names.index("poseidon")]["columns"]
    cells = whole.traces[t]
    below = (cells[:, columns.index("is_node")] == 1) & (cells[:, columns.index("tree")] == 0)
    (row,) = np.flatnonzero(below & (cells[:, columns.index("level")] == DEPTH - 1))
    lower = [int(cells[row, columns.index(f"round30_{i}")] + cells[row, i]) % P for i in range(9)]
    made.public.lists[0][0][:9] = lower
    assert Board(made, hashes.description()).verdict() == {"bus node"}


def test_b3_a_node_is_not_a_leaf():
    """RFC 9162, section 2.1: without prefixes an inner node passes as a leaf, and a tree has roots of other heights."""
    leaves = [bytes([i]) * 48 for i in range(4)]  # 16 bytes of salt, 8 words
    digests = [merkle.leaf_hash(leaf) for leaf in leaves]
    root = _root(digests)
    inner = digests[0] + digests[2]  # what is hashed to a node: as long as a salted row of 12 words
    other = merkle.node_hash(digests[1], digests[3])
    assert merkle.root_of({0: merkle.node_hash(digests[0], digests[2])}, 1, [other]) == root
    assert merkle.root_of({0: merkle.leaf_hash(inner)}, 1, [other]) != root
    with Patched((merkle, "_LEAF", b"\1")):
        assert merkle.root_of({0: merkle.leaf_hash(inner)}, 1, [other]) == root
    # In the circuit: a node hashed with a leaf's tag, and a leaf's row said to be a node.
    alone("poseidon.is_node_tag")
    count("attacks covered")


# ------------------------------------------------------------------ B4 to B6: bytes


def test_b4_every_field_word_is_below_p():
    """Plonky3 #1399, SP1 audit 3-2: v and v + p were both read, so that every proof had others."""
    case = honest()
    rng = np.random.default_rng(3)
    tried = 0
    for part in case.parts.values():
        skip = {"ext": 0, "leaf": 16}.get(part.kind)
        if skip is None:
            continue
        for k in range(part.items):
            place = part.item(k)
            positions = range(place.start + skip, place.stop, 4)
            for position in positions if part.kind == "ext" else rng.choice(positions, 12).tolist():
                value = int.from_bytes(case.proof[position : position + 4], "little")
                for alias in (P, value + P, 2**32 - 1)[: 3 if k == 0 else 2]:
                    changed = replaced(case.proof, slice(position, position + 4), alias.to_bytes(4, "little"))
                    assert check(changed, case.public) is Reason.PROOF_WORD, part.name
                    tried += 1
    assert tried > 4000

    # Without the check a proof is accepted in another encoding: here of the final polynomial.
    def alias_of(message):
        (c0, *rest), *others = message.coefficients
        return replace(message, coefficients=((c0 + P, *rest), *others))

    aliased = prove(tiny.honest()[0], case.public, patches=[said("FriFinal", alias_of)])
    assert check(aliased, case.public) is Reason.PROOF_WORD
    lenient = (proof_module, "_words", lambda data: tuple(np.frombuffer(data, "<u4").tolist()))
    with Patched(lenient):
        assert check(aliased, case.public) is None
    count("attacks covered")


def test_b4_public_words_are_below_p():
    """The same for what the statement says: no second name for a root, no scalar above p."""
    part = small_part()

    def aliased(root: bytes, at: int = 0) -> bytes:
        word = int.from_bytes(root[at : at + 4], "little") + P
        return replaced(root, slice(at, at + 4), word.to_bytes(4, "little"))

    carried, first = part.statement["carried_out"], part.statement["pages"][0]
    for key in ("lots", "sums"):
        for at in range(0, 36, 4):
            other = {**part.statement, "carried_out": {**carried, key: aliased(carried[key], at)}}
            assert chain_by_itself(packed(statement=other)).reason == Reason.STATEMENT_VALUE.value
    root = read_header(first["header"]).root
    for at in range(0, 36, 4):
        page = {**first, "header": first["header"].replace(root, aliased(root, at))}
        other = {**part.statement, "pages": [page, *part.statement["pages"][1:]]}
        assert chain_by_itself(packed(statement=other)).reason == Reason.PAGE_VALUE.value
    case = honest()
    value = case.public.publics[0] + P
    assert check(case.proof, replace(case.public, publics=(value, *case.public.publics[1:]))) is Reason.PUBLIC_VALUE


def test_b5_no_list_of_the_prover_is_shorter_than_its_check():
    """Plonky3 (GHSA-m23j-cj9m-ppg9), Stwo-Cairo: `zip` ended with the shorter list, and with it the checks."""
    case = honest()
    for name, part in case.parts.items():
        if part.items:
            last = part.item(part.items - 1)
            assert check(case.proof[: last.start] + case.proof[last.stop :], case.public) is not None, name
    data = case.public
    shorter = [
        replace(data, publics=data.publics[:-1]),
        replace(data, lists=data.lists[:-1]),
        replace(data, lists=(data.lists[0][:-1],)),
        replace(data, lists=((*data.lists[0][:-1], ()),)),
        replace(data, columns={(0, 0): data.columns[0, 0]}),
        replace(data, columns={**data.columns, (0, 1): ()}),
    ]
    for other in shorter:
        assert check(case.proof, other) is not None
    # The functions that walk two lists at once refuse lists of two lengths.
    found = queries(case.proof, case.public)
    message = [(1, 0, 0, 0, 0)]
    for call in (
        lambda: fri.check_folds({}, found.layers[:-1], message * 2, message, AT),
        lambda: fri.check_folds({}, found.layers, message, message, AT),
        lambda: field.dot([1], field.weights(message * 2)),
        lambda: stark._chunks([1, 2, 3], [1, 1]),
        lambda: constraints.Compression(_lookup(), tiny.DESCRIPTION).base_denominator(1, (1,) * 4),
    ):
        with pytest.raises(ValueError):
            call()
    count("attacks covered")


def _lookup():
    from zkharvest.verifier.messages import LookupChallenges

    return LookupChallenges((1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (1, 1, 1, 1, 1))


def test_b5_public_lists_are_not_cut():
    """A list too long for its circuit is refused, not cut."""
    case = honest()
    with pytest.raises(Reject):
        public.check(tiny.DESCRIPTION, tiny.HEIGHTS, replace(case.public, lists=(((1,),) * 9,)))
    assert [(one["name"], one["max"]) for one in whole_links.description()["lists"]] == [
        ("pages", 4096),
        ("figures", 1024),
    ]


def test_b6_one_encoding_no_bombs():
    """Longfellow, Plonky3 #1794: trailing bytes, keys that stand twice, lengths that were allocated before read."""
    for data, reason in (
        (b"\xc0\x00", Reason.PACKAGE_TRAILING),
        (b"\x82\xa1a\x01\xa1a\x02", Reason.PACKAGE_ENCODING),  # a key twice
        (b"\x82\xa1b\x01\xa1a\x02", Reason.PACKAGE_ENCODING),  # keys out of order
        (b"\xcc\x05", Reason.PACKAGE_ENCODING),  # a longer form than needed
        (b"\xcb" + bytes(8), Reason.PACKAGE_ENCODING),  # a float
        (b"\x91" * 9 + b"\xc0", Reason.PACKAGE_LIMIT),
        (b"\x91" * 100_000, Reason.PACKAGE_LIMIT),
        *((bytes([first]) + b"\xff\xff\xff\xff", Reason.PACKAGE_ENCODING) for first in (0xC6, 0xDB, 0xDD, 0xDF)),
        (b"\xdd" + (1 << 18).to_bytes(4, "big") + b"\xc0" * (1 << 18), Reason.PACKAGE_LIMIT),
    ):
        tracemalloc.start()
        before = time.process_time()
        with pytest.raises(Reject) as caught:
            wire.decode(data)
        took, (_, peak) = time.process_time() - before, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert caught.value.reason is reason, data[:8]
        assert peak < 8 << 20
        assert took < 2
    data = small_chain().package
    assert chain_by_itself(data).accepted
    for changed in (data + b"\0", data + data, data[:-1]):
        assert chain_by_itself(changed).verdict == "rejected"
    real = small_part().proof
    for proof in (real + b"\0", real + real, real[:-4], b""):
        verdict = chain_by_itself(packed(proof=proof))
        assert verdict.reason in (Reason.PROOF_TRAILING.value, Reason.PROOF_SHORT.value)
    with pytest.raises(description_reader.DescriptionError, match="twice"):
        description_reader.read_description(tiny.DATA.replace(b'"degree": 4', b'"degree": 4, "degree": 4'))
    # A mutant that does not ask for the end accepts a proof with anything behind it.
    case = honest()
    assert check(case.proof + b"more", case.public) is Reason.PROOF_TRAILING
    with Patched((proof_module.Reader, "end", lambda _: None)):
        assert check(case.proof + b"more", case.public) is None
    count("attacks covered")


# ------------------------------------------------------------------ B7


def inverse_permutation(state: list[int]) -> list[int]:
    """The input whose permutation this is: anybody can run Poseidon backwards."""
    gf = reference_field()
    back = np.linalg.inv(gf(np.array(MDS)))
    root = pow(3, -1, P - 1)
    x = list(state)
    half, rounds = FULL_ROUNDS // 2, len(ROUND_CONSTANTS)
    for number in range(rounds - 1, -1, -1):
        x = [int(v) for v in back @ gf(np.array(x))]
        partial = half <= number < rounds - half
        x = [pow(v, root, P) if lane == 0 or not partial else v for lane, v in enumerate(x)]
        x = [(v - c) % P for v, c in zip(x, ROUND_CONSTANTS[number], strict=True)]
    return x


def test_b7_a_permutation_cut_off_is_not_a_compression():
    """SP1: digests were Trunc(P(x)); P is invertible, so any digest has preimages. Here the input is added."""
    digest = list(range(100, 109))
    first, second = (inverse_permutation([*digest, *[lane + 7 * k for lane in range(15)]]) for k in (0, 1))
    assert first != second
    assert permute(first)[:9] == permute(second)[:9] == digest  # a collision of the cut permutation
    assert len({compress(first), compress(second), tuple(digest)}) == 3
    # The circuit adds the input too: a page's root is what `compress` makes of the top node.
    columns, cells = names("poseidon"), board().traces[board().names.index("poseidon")]
    top = (cells[:, columns.index("level")] == DEPTH) & (cells[:, columns.index("is_node")] == 1)
    (row,) = np.flatnonzero(top & (cells[:, columns.index("tree")] == 0))
    inputs = cells[row, :24].tolist()
    assert inputs[0] == TAG_NODE
    assert tuple(witness().public.lists[0][0][:9]) == compress(inputs) != tuple(permute(inputs)[:9])
    count("attacks covered")
