"""The proof system's verifier, step by step (FORMAT.md sections 3 to 5).

The caller fixes everything that could weaken the proof: description, parameter set, height, public data. The proof
fills in values only. It returns None if the proof convinces and raises Reject with one reason if not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from zkharvest.spec import P
from zkharvest.verifier import constraints, field, fri, merkle, public
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import DEGREE, Ext
from zkharvest.verifier.messages import Evaluations, Rounds, point_is_usable
from zkharvest.verifier.params import ParameterSet, Sizes, sizes
from zkharvest.verifier.proof import (
    Messages,
    OpenedLayer,
    OpenedTree,
    Queries,
    Reader,
    read_messages,
    read_queries,
)
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.stacks import Stacks, Tree, stacks_of

_T = TypeVar("_T")


def verify_proof(
    description: Description, digest: bytes, params: ParameterSet, n: int, data: PublicData, proof: bytes
) -> None:
    """Accepts (returns) or rejects (Reject): "some trace of height 2^n satisfies the circuit with this public data".

    `digest` is the SHA-256 of the description's exact bytes. A height that circuit or parameters do not allow is a
    ValueError: the caller checks it (`package`), it is not the proof's.
    """
    if not description.log_rows[0] <= n <= description.log_rows[1]:
        raise ValueError(f"height 2^{n} is outside {description.log_rows}")
    at = sizes(n, params)

    # 1 ----- Shapes. Public data is what the circuit says; the proof's first part has exactly the sizes that
    #         description, height and parameters give.
    public.check(description, at.rows, data)
    reader = Reader(proof)
    messages = read_messages(reader, description, at)

    # 2 ----- Statement and rounds. Every message is absorbed before the challenges that answer it are drawn.
    nonces = iter(messages.nonces)
    rounds = Rounds(params, n, lambda _site, _state, _bits: next(nonces))
    rounds.statement(digest, public.encode(description, data))
    lookup = rounds.main(messages.main)
    delta = rounds.aux(messages.aux)
    z = rounds.quotient(messages.quotient)
    if not point_is_usable(z, at):
        raise Reject(Reason.POINT, "z lies in the trace domain or in the evaluation domain")
    batch = rounds.evaluations(messages.evaluations)
    folds = [rounds.fold(layer) for layer in messages.layers]
    indices = rounds.final(messages.final)

    # 3 ----- Shapes again, now that the query indices are known; then the proof is over.
    queries = read_queries(reader, description, at, indices)
    reader.end()

    # 4 ----- Buses and tallies: the tables' terminals and the public messages add up to zero.
    compression = constraints.Compression(lookup, description)
    if constraints.balance(description, data, messages.aux.terminals, compression) != field.ZERO:
        raise Reject(Reason.BALANCE, "buses and tallies do not add up to zero")

    # 5 ----- Constraints at z: their combination is the quotient times z^N - 1.
    selectors = constraints.selectors(z, at)
    tables = _table_values(description, data, messages, z, at)
    found = [
        constraints.table_constraints(table, values, data.publics, compression, at.rows)
        for table, values in zip(description.tables, tables, strict=True)
    ]
    claimed = _quotient_at(description, messages.evaluations, z, at)
    if constraints.combined(found, delta, selectors.by_where) != field.mul(claimed, selectors.vanishing):
        raise Reject(Reason.QUOTIENT, "the constraints do not hold on the committed trace")

    # 6 ----- The opened rows and layer leaves are the committed ones.
    _check_trees(messages, queries, at)

    # 7 ----- At every query: F from the opened rows, with the claimed values divided out ...
    deep = _deep_values(description, messages.evaluations, queries, z, batch, at)

    # 8 ----- ... and FRI: F is close to a polynomial of low degree, so the claims of step 5 are about the trace.
    fri.check_folds(deep, queries.layers, folds, messages.final.coefficients, at)


def _chunks(values: Sequence[_T], lengths: Sequence[int]) -> list[Sequence[_T]]:
    """The values cut into consecutive parts of these lengths; they use them up exactly."""
    if sum(lengths) != len(values):
        raise ValueError(f"{len(values)} values, not {sum(lengths)}")
    parts, start = [], 0
    for length in lengths:
        parts.append(values[start : start + length])
        start += length
    return parts


def _table_values(
    description: Description, data: PublicData, messages: Messages, z: Ext, at: Sizes
) -> list[constraints.TableValues]:
    """The opened values, table by table."""
    tables = description.tables
    opened = messages.evaluations
    main, extension, _ = _by_tree(description, opened)
    here = _chunks(main, [len(table.columns) for table in tables])
    aux = _chunks(extension, [table.extension_columns for table in tables])
    next_main, phi_following = _chunks(opened.at_next, [len(description.next_main), len(description.next_aux)])
    following = _chunks(next_main, [len(table.next_columns) for table in tables])
    public_here, public_following = constraints.public_columns_at(data.columns, z, at)
    return [
        constraints.TableValues(
            here=here[t],
            following=dict(zip(table.next_columns, following[t], strict=True)),
            public_here=[public_here[t, i] for i in range(len(table.public_columns))],
            public_following=[public_following[t, i] for i in range(len(table.public_columns))],
            helpers=aux[t][:-1],
            phi=aux[t][-1],
            phi_following=phi_following[t],
            terminal=messages.aux.terminals[t],
        )
        for t, table in enumerate(tables)
    ]


def _by_tree(description: Description, opened: Evaluations) -> list[Sequence[Ext]]:
    """The values at z of the main columns, the bus columns and the quotient's pieces."""
    return _chunks(opened.at_z, [description.main_width, description.extension_columns, description.pieces])


def _quotient_at(description: Description, opened: Evaluations, z: Ext, at: Sizes) -> Ext:
    """Q(z) = sum_i z^(i M) q'_i(z)."""
    _, _, pieces = _by_tree(description, opened)
    return field.evaluate(pieces, field.power(z, at.piece_step))


def _check_trees(messages: Messages, queries: Queries, at: Sizes) -> None:
    """Every opened leaf hashes up to the root that was absorbed."""

    def check(opening: OpenedTree | OpenedLayer, log_size: int, root: bytes, reason: Reason, what: str) -> None:
        leaves = {index: merkle.leaf_hash(salted) for index, salted in opening.salted.items()}
        if merkle.root_of(leaves, log_size, opening.siblings) != root:
            raise Reject(reason, f"the opened leaves are not those of the {what}")

    check(queries.main, at.log_domain, messages.main.root, Reason.MERKLE_MAIN, "main tree")
    check(queries.aux, at.log_domain, messages.aux.root, Reason.MERKLE_AUX, "aux tree")
    check(queries.quotient, at.log_domain, messages.quotient.root, Reason.MERKLE_QUOTIENT, "quotient tree")
    log_size = at.log_domain
    for number, (arity, layer, message) in enumerate(zip(at.arities, queries.layers, messages.layers, strict=True)):
        log_size -= arity.bit_length() - 1
        check(layer, log_size, message.root, Reason.MERKLE_LAYER, f"FRI layer {number}")


@dataclass(frozen=True, slots=True)
class Batch:
    """lambda^j for every function that the batch combines, tree by tree, and the claims combined by them.

    `here` has the factor of every stack of a tree at z, `ahead` that of every stack opened at g z; `claimed_here` and
    `claimed_ahead` are the coefficients of sum_j lambda^j I_j(X), lane by lane; `extra` is R's factor.
    """

    here: tuple[Sequence[Ext], ...]
    ahead: tuple[Sequence[Ext], ...]
    extra: Ext
    claimed_here: list[Ext]
    claimed_ahead: list[Ext]


def batch_of(description: Description, stacks: Stacks, opened: Evaluations, challenge: Ext) -> Batch:
    """Every stack at z, tree by tree, then every stack that looks ahead at g z, then R (FORMAT.md section 4)."""
    trees = stacks.trees
    lengths = [tree.stacks for tree in trees] + [tree.following.width for tree in trees] + [1]
    *factors, (extra,) = _chunks(field.powers(challenge, stacks.pairs), lengths)
    here, ahead = tuple(factors[: len(trees)]), tuple(factors[len(trees) :])
    claimed_here, claimed_ahead = ([field.ZERO] * stacks.stack for _ in range(2))
    next_values = _chunks(opened.at_next, [len(tree.following.columns) for tree in trees])
    for tree, values, following, by, by_ahead in zip(
        trees, _by_tree(description, opened), next_values, here, ahead, strict=True
    ):
        for kind, first in ((tree.following, 0), (tree.others, tree.following.width)):
            for number, column in enumerate(kind.columns):
                place, lane = kind.lane(number)
                term = field.mul(by[first + place], values[column])
                claimed_here[lane] = field.add(claimed_here[lane], term)
        for number, value in enumerate(following):
            place, lane = tree.following.lane(number)
            claimed_ahead[lane] = field.add(claimed_ahead[lane], field.mul(by_ahead[place], value))
    return Batch(here, ahead, extra, claimed_here, claimed_ahead)


def _deep_values(
    description: Description, opened: Evaluations, queries: Queries, z: Ext, challenge: Ext, at: Sizes
) -> dict[int, Ext]:
    """F at the query indices, from the opened rows.

    With y = x^k, F(x) = sum_j lambda^j (F_j(x) - I_j(x)) / (y - z), the same over the stacks that look ahead with
    y - g z, and lambda^r R(x). Stacks opened at one point share a denominator, so each point needs one combination of
    the row and one, made beforehand, of the claimed values.
    """
    stacks = stacks_of(description, at.stack)
    batch = batch_of(description, stacks, opened, challenge)
    here, ahead = (
        [field.weights(_of_words(tree, by)) for tree, by in zip(stacks.trees, factors, strict=True)]
        for factors in (batch.here, batch.ahead)
    )
    extra = field.weights(field.by_coordinate(batch.extra))

    generator = field.root_of_unity(at.log_domain)
    z_next = field.scale(z, field.root_of_unity(at.log_rows))
    points = {index: field.GENERATOR * pow(generator, index, P) % P for index in queries.main.rows}
    images = {index: pow(x, at.stack, P) for index, x in points.items()}
    from_z = field.batch_inverse([field.add_base(field.neg(z), y) for y in images.values()])
    from_next = field.batch_inverse([field.add_base(field.neg(z_next), y) for y in images.values()])

    result: dict[int, Ext] = {}
    for (index, x), over_z, over_next in zip(points.items(), from_z, from_next, strict=True):
        quotient = queries.quotient.rows[index]
        rows = (queries.main.rows[index], queries.aux.rows[index], quotient[:-DEGREE])
        at_x = field.add_base(field.ZERO, x)
        at_z = field.sub(_combined(rows, here), field.evaluate(batch.claimed_here, at_x))
        at_next = field.sub(_combined(rows, ahead), field.evaluate(batch.claimed_ahead, at_x))
        masked = field.dot(quotient[-DEGREE:], extra)
        result[index] = field.total((field.mul(at_z, over_z), field.mul(at_next, over_next), masked))
    return result


def _of_words(tree: Tree, factors: Sequence[Ext]) -> list[Ext]:
    """The weights of the words of a tree's first stacks: of a stack in E five, of one in F the factor itself."""
    if tree.degree == 1:
        return list(factors)
    return [weight for factor in factors for weight in field.by_coordinate(factor)]


def _combined(rows: Sequence[Sequence[int]], weights: Sequence[field.Weights]) -> Ext:
    """The stacks that have a weight, the first ones of each row, combined."""
    return field.total(field.dot(row[: len(by[0])], by) for row, by in zip(rows, weights, strict=True))
