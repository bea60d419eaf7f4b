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
from zkharvest.verifier.stacks import Part, Stacks, stacks_of

_T = TypeVar("_T")


def verify_proof(
    description: Description,
    digest: bytes,
    params: ParameterSet,
    heights: Sequence[int],
    data: PublicData,
    proof: bytes,
) -> None:
    """Accepts (returns) or rejects (Reject): "some traces satisfy the circuit with this public data".

    Table t has 2^heights[t] rows. `digest` is the SHA-256 of the description's exact bytes. Heights that circuit or
    parameters do not allow are a ValueError: the caller checks them (`heights_fault`), they are not the proof's.
    """
    if (fault := heights_fault(description, params, heights)) is not None:
        raise ValueError(fault)
    at = sizes(max(heights), params)
    stacks = stacks_of(description, heights, at.stack)

    # 1 ----- Shapes. Public data is what the circuit says; the proof's first part has exactly the sizes that
    #         description, height and parameters give.
    public.check(description, heights, data)
    reader = Reader(proof)
    messages = read_messages(reader, description, at)

    # 2 ----- Statement and rounds. Every message is absorbed before the challenges that answer it are drawn.
    nonces = iter(messages.nonces)
    rounds = Rounds(params, heights, lambda _site, _state, _bits: next(nonces))
    rounds.statement(digest, public.encode(description, data))
    lookup = rounds.main(messages.main)
    delta = rounds.aux(messages.aux)
    z = rounds.quotient(messages.quotient)
    if not point_is_usable(z, at, heights):
        raise Reject(Reason.POINT, "z lies in a trace domain or in a columns' coset")
    weight = rounds.evaluations(messages.evaluations)
    folds = [rounds.fold(layer) for layer in messages.layers]
    indices = rounds.final(messages.final)

    # 3 ----- Shapes again, now that the query indices are known; then the proof is over.
    queries = read_queries(reader, stacks, at, indices)
    reader.end()

    # 4 ----- Buses and tallies: the tables' terminals and the public messages add up to zero.
    compression = constraints.Compression(lookup, description)
    if constraints.balance(description, data, messages.aux.terminals, compression) != field.ZERO:
        raise Reject(Reason.BALANCE, "buses and tallies do not add up to zero")

    # 5 ----- Constraints at z: their combination, each over z^N_t - 1 of its table, is the quotient.
    found = _constraints_at(description, heights, data, messages, compression, delta, z)
    if found != _quotient_at(description, messages.evaluations, z, at):
        raise Reject(Reason.QUOTIENT, "the constraints do not hold on the committed trace")

    # 6 ----- The opened rows and layer leaves are the committed ones.
    _check_trees(messages, queries, at)

    # 7 ----- At every query: F from the opened rows, with the claimed values divided out ...
    deep = _deep_values(batch_of(description, stacks, messages.evaluations, weight), stacks, queries, z, at)

    # 8 ----- ... and FRI: F is close to a polynomial of low degree, so the claims of step 5 are about the trace.
    fri.check_folds(deep, queries.layers, folds, messages.final.coefficients, at)


def heights_fault(description: Description, params: ParameterSet, heights: Sequence[int]) -> str | None:
    """What is wrong with the heights of a circuit's tables, log2 of the rows of each; None if nothing is."""
    least, most = description.log_rows
    if len(heights) != len(description.tables):
        return f"{len(heights)} heights for {len(description.tables)} tables"
    if not least <= max(heights) <= most:
        return f"a height of 2^{max(heights)} is not allowed"
    if min(heights) < params.least_log_rows:
        return f"2^{min(heights)} rows leave no room for a mask of {params.mask}"
    return None


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
    description: Description, heights: Sequence[int], data: PublicData, messages: Messages, z: Ext
) -> list[constraints.TableValues]:
    """The opened values, table by table."""
    tables = description.tables
    opened = messages.evaluations
    main, extension, _ = _by_tree(description, opened)
    here = _chunks(main, [len(table.columns) for table in tables])
    aux = _chunks(extension, [table.extension_columns for table in tables])
    next_main, phi_following = _chunks(opened.at_next, [len(description.next_main), len(description.next_aux)])
    following = _chunks(next_main, [len(table.next_columns) for table in tables])
    found = []
    for t, table in enumerate(tables):
        columns = [data.columns[t, i] for i in range(len(table.public_columns))]
        public_here, public_following = constraints.public_columns_at(columns, z, heights[t])
        found.append(
            constraints.TableValues(
                here=here[t],
                following=dict(zip(table.next_columns, following[t], strict=True)),
                public_here=public_here,
                public_following=public_following,
                helpers=aux[t][:-1],
                phi=aux[t][-1],
                phi_following=phi_following[t],
                terminal=messages.aux.terminals[t],
            )
        )
    return found


def _constraints_at(
    description: Description,
    heights: Sequence[int],
    data: PublicData,
    messages: Messages,
    compression: constraints.Compression,
    delta: Ext,
    z: Ext,
) -> Ext:
    """What the opened values make of the constraints: what Q(z) must be."""
    chosen = {log_rows: constraints.selectors(z, log_rows) for log_rows in set(heights)}
    tables = _table_values(description, heights, data, messages, z)
    found = [
        constraints.table_constraints(table, values, data.publics, compression, 1 << log_rows)
        for table, values, log_rows in zip(description.tables, tables, heights, strict=True)
    ]
    return constraints.combined(found, delta, [chosen[log_rows] for log_rows in heights])


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
class Share:
    """What the batch says of the stacks of one height.

    `here` has the factor of every stack of each tree at z, `ahead` that of every stack opened at g z; `claimed_here`
    and `claimed_ahead` are the coefficients of sum_j lambda^j I_j(X), lane by lane.
    """

    here: tuple[Sequence[Ext], ...]
    ahead: tuple[Sequence[Ext], ...]
    claimed_here: list[Ext]
    claimed_ahead: list[Ext]


@dataclass(frozen=True, slots=True)
class Batch:
    """lambda^j for every function that the batch combines, one share a height; `extra` is R's factor."""

    shares: tuple[Share, ...]
    extra: Ext


def batch_of(description: Description, stacks: Stacks, opened: Evaluations, challenge: Ext) -> Batch:
    """Every stack at z, height by height and tree by tree; then those that look ahead, at g z; then R."""
    parts = [part for height in stacks.heights for part in height.trees]
    lengths = [part.stacks for part in parts] + [part.following.width for part in parts] + [1]
    *factors, (extra,) = _chunks(field.powers(challenge, stacks.pairs), lengths)
    here, ahead = iter(factors[: len(parts)]), iter(factors[len(parts) :])
    at_z = _by_tree(description, opened)
    next_main, next_aux = _chunks(opened.at_next, [len(description.next_main), len(description.next_aux)])
    at_next: tuple[dict[int, Ext], ...] = (
        dict(zip(description.next_main, next_main, strict=True)),
        dict(zip(description.next_aux, next_aux, strict=True)),
        {},
    )
    shares = []
    for height in stacks.heights:
        share = Share(
            tuple(next(here) for _ in height.trees),
            tuple(next(ahead) for _ in height.trees),
            [field.ZERO] * height.lanes,
            [field.ZERO] * height.lanes,
        )
        for t, part in enumerate(height.trees):
            for column, stack, lane in part.placed():
                term = field.mul(share.here[t][stack], at_z[t][column])
                share.claimed_here[lane] = field.add(share.claimed_here[lane], term)
                if stack < part.following.width:
                    term = field.mul(share.ahead[t][stack], at_next[t][column])
                    share.claimed_ahead[lane] = field.add(share.claimed_ahead[lane], term)
        shares.append(share)
    return Batch(tuple(shares), extra)


def _deep_values(batch: Batch, stacks: Stacks, queries: Queries, z: Ext, at: Sizes) -> dict[int, Ext]:
    """F at the query indices, from the opened rows.

    A height with s lanes gives sum_j lambda^j (F_j(x) - I_j(x)) / (y - z), y = x^s, and the same over the stacks that
    look ahead with y - g z, g one row of its tables; R gives lambda^r R(x). Stacks opened at one point share a
    denominator, so each point needs one combination of the row and one, made beforehand, of the claimed values.
    """
    generator = field.root_of_unity(at.log_domain)
    points = {index: field.GENERATOR * pow(generator, index, P) % P for index in queries.main.rows}
    extra = field.weights(field.by_coordinate(batch.extra))
    result = {index: field.dot(row[-DEGREE:], extra) for index, row in queries.quotient.rows.items()}
    trees = (queries.main.rows, queries.aux.rows, queries.quotient.rows)
    for height, share in zip(stacks.heights, batch.shares, strict=True):
        z_next = field.scale(z, field.root_of_unity(height.log_rows))
        images = [pow(x, height.lanes, P) for x in points.values()]
        for point, factors, claimed in (
            (z, share.here, share.claimed_here),
            (z_next, share.ahead, share.claimed_ahead),
        ):
            over = field.batch_inverse([field.add_base(field.neg(point), y) for y in images])
            weights = [field.weights(_of_words(part, by)) for part, by in zip(height.trees, factors, strict=True)]
            for (index, x), inverse in zip(points.items(), over, strict=True):
                found = field.neg(field.evaluate(claimed, field.from_base(x)))
                for rows, part, by in zip(trees, height.trees, weights, strict=True):
                    found = field.add(found, field.dot(rows[index][part.words][: len(by[0])], by))
                result[index] = field.add(result[index], field.mul(found, inverse))
    return result


def _of_words(part: Part, factors: Sequence[Ext]) -> list[Ext]:
    """The weights of the words of a part's first stacks: of a stack in E five, of one in F the factor itself."""
    if part.degree == 1:
        return list(factors)
    return [weight for factor in factors for weight in field.by_coordinate(factor)]
