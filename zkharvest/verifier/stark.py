"""The proof system's verifier, step by step (FORMAT.md sections 3 to 5).

The caller fixes everything that could weaken the proof: description, parameter set, height, public data. The proof
fills in values only. It returns None if the proof convinces and raises Reject with one reason if not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from zkharvest.verifier import constraints, field, fri, merkle, public
from zkharvest.verifier.description import Description
from zkharvest.verifier.field import DEGREE, Ext, P
from zkharvest.verifier.messages import Openings, Rounds, point_is_usable
from zkharvest.verifier.params import ParameterSet, Sizes, sizes
from zkharvest.verifier.proof import (
    LayerOpening,
    Messages,
    Queries,
    Reader,
    TreeOpening,
    read_messages,
    read_queries,
    row_width_aux,
    row_width_main,
)
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason, Reject

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
    batch = rounds.openings(messages.openings)
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
    claimed = _quotient_at(description, messages.openings, z, at)
    if constraints.combined(found, delta, selectors.by_where) != field.mul(claimed, selectors.vanishing):
        raise Reject(Reason.QUOTIENT, "the constraints do not hold on the committed trace")

    # 6 ----- The opened rows and layer leaves are the committed ones.
    _check_trees(messages, queries, at)

    # 7 ----- At every query: F from the opened rows, with the claimed values divided out ...
    deep = _deep_values(description, messages.openings, queries, z, batch, at)

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


def _extensions(coordinates: Sequence[Ext]) -> list[Ext]:
    """Extension columns from their opened base columns, five each."""
    return [field.recombine(part) for part in _chunks(coordinates, [DEGREE] * (len(coordinates) // DEGREE))]


def _table_values(
    description: Description, data: PublicData, messages: Messages, z: Ext, at: Sizes
) -> list[constraints.TableValues]:
    """The opened values, table by table."""
    tables = description.tables
    opened = messages.openings
    main_width, aux_width = row_width_main(description), row_width_aux(description)
    here = _chunks(opened.at_z[:main_width], [len(table.columns) for table in tables])
    aux_columns = _extensions(opened.at_z[main_width : main_width + aux_width])
    aux = _chunks(aux_columns, [table.extension_columns for table in tables])
    next_width = len(description.next_main)
    following = _chunks(opened.at_next[:next_width], [len(table.next_columns) for table in tables])
    phi_following = _extensions(opened.at_next[next_width:])
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


def _quotient_at(description: Description, opened: Openings, z: Ext, at: Sizes) -> Ext:
    """Q(z) = sum_i z^(i M) q'_i(z)."""
    start = row_width_main(description) + row_width_aux(description)
    pieces = _extensions(opened.at_z[start : start + DEGREE * description.pieces])
    return field.evaluate(pieces, field.power(z, at.piece_step))


def _check_trees(messages: Messages, queries: Queries, at: Sizes) -> None:
    """Every opened leaf hashes up to the root that was absorbed."""

    def check(opening: TreeOpening | LayerOpening, log_size: int, root: bytes, reason: Reason, what: str) -> None:
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


def _deep_values(
    description: Description, opened: Openings, queries: Queries, z: Ext, batch: Ext, at: Sizes
) -> dict[int, Ext]:
    """F at the query indices: sum_j lambda^j (f_j(x) - v_j) / (x - p_j), with p_j = z or g z, from the opened rows.

    Pairs with the same p_j share a denominator, so each point needs one combination of the rows and one, made
    beforehand, of the claimed values.
    """
    lambdas = field.powers(batch, len(opened.at_z) + len(opened.at_next))
    by_z, by_next = _chunks(lambdas, [len(opened.at_z), len(opened.at_next)])
    claimed_z = field.total(map(field.mul, by_z, opened.at_z))
    claimed_next = field.total(map(field.mul, by_next, opened.at_next))

    weights_z, weights_next = field.weights(by_z), field.weights(by_next)
    main_next = description.next_main
    aux_next = [DEGREE * column + k for column in description.next_aux for k in range(DEGREE)]

    generator = field.root_of_unity(at.log_domain)
    z_next = field.scale(z, field.root_of_unity(at.log_rows))
    points = {index: field.GENERATOR * pow(generator, index, P) % P for index in queries.main.rows}
    from_z = field.batch_inverse([field.add_base(field.neg(z), x) for x in points.values()])
    from_next = field.batch_inverse([field.add_base(field.neg(z_next), x) for x in points.values()])

    result: dict[int, Ext] = {}
    for index, over_z, over_next in zip(points, from_z, from_next, strict=True):
        main, aux, quotient = queries.main.rows[index], queries.aux.rows[index], queries.quotient.rows[index]
        row_z = field.dot(main + aux + quotient, weights_z)
        row_next = field.dot([main[i] for i in main_next] + [aux[i] for i in aux_next], weights_next)
        result[index] = field.add(
            field.mul(field.sub(row_z, claimed_z), over_z),
            field.mul(field.sub(row_next, claimed_next), over_next),
        )
    return result
