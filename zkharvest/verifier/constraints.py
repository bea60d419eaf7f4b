"""A circuit's constraints at one point of E, from the values that a proof opens there (FORMAT.md sections 3, 4).

`combined` returns `sum_k delta^k sel_k(z) C_k(z) / (z^N_t - 1)`, numbered over all tables in order: a table's own
constraints, its groups, its running sum; N_t is the height of the constraint's table. `balance` is what the buses and
tallies add up to, which must be zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkharvest.spec import P
from zkharvest.verifier import field
from zkharvest.verifier.description import Description, Interaction, Node, Table
from zkharvest.verifier.field import Ext
from zkharvest.verifier.messages import LookupChallenges
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reason, Reject


@dataclass(frozen=True, slots=True)
class TableValues:
    """One table at z: columns here and (those that are read there) in the next row, helpers, phi, terminal."""

    here: Sequence[Ext]
    following: Mapping[int, Ext]
    public_here: Sequence[Ext]
    public_following: Sequence[Ext]
    helpers: Sequence[Ext]
    phi: Ext
    phi_following: Ext
    terminal: Ext


@dataclass(frozen=True, slots=True)
class Selectors:
    """At z, for tables of N_t rows: the factors that restrict a constraint to its rows, and 1 / (z^N_t - 1)."""

    by_where: Mapping[str, Ext]
    over_vanishing: Ext


def selectors(z: Ext, log_rows: int) -> Selectors:
    """At a usable z (`messages.point_is_usable`): nothing divides by zero."""
    last_point = field.base_inverse(field.root_of_unity(log_rows))  # w^-1, the last row
    vanishing = field.sub(field.power(z, 1 << log_rows), field.ONE)
    per_row = field.scale(vanishing, field.base_inverse(1 << log_rows))
    off_first, off_last = field.add_base(z, -1), field.add_base(z, -last_point)
    by_first, by_last, over_vanishing = field.batch_inverse([off_first, off_last, vanishing])
    return Selectors(
        {
            "all": field.ONE,
            "first": field.mul(per_row, by_first),
            "last": field.scale(field.mul(per_row, by_last), last_point),
            "transition": off_last,
        },
        over_vanishing,
    )


def public_columns_at(columns: Sequence[Sequence[int]], z: Ext, log_rows: int) -> tuple[list[Ext], list[Ext]]:
    """A table's public columns at z and at g z, from their given rows alone (the others are zero).

    Barycentric formula over H: f(z) = (z^N - 1)/N sum_i f_i W_i with W_i = w^i / (z - w^i); and since g = w shifts
    rows by one, f(g z) = (z^N - 1)/N sum_i f_i W_(i-1).
    """
    given = max((len(column) for column in columns), default=0)
    if given == 0:
        return [field.ZERO] * len(columns), [field.ZERO] * len(columns)
    w = field.root_of_unity(log_rows)
    points = [field.base_inverse(w)]  # w^-1, w^0, ..., w^(given-1)
    for _ in range(given):
        points.append(points[-1] * w % P)
    inverses = field.batch_inverse([field.add_base(z, -point) for point in points])
    lagrange = [field.scale(inverse, point) for inverse, point in zip(inverses, points, strict=True)]
    factor = field.scale(field.sub(field.power(z, 1 << log_rows), field.ONE), field.base_inverse(1 << log_rows))
    here, following = field.weights(lagrange[1:]), field.weights(lagrange[:-1])
    padded = [[*column, *[0] * (given - len(column))] for column in columns]
    return (
        [field.mul(factor, field.dot(column, here)) for column in padded],
        [field.mul(factor, field.dot(column, following)) for column in padded],
    )


def node_values(table: Table, values: TableValues, publics: Sequence[int]) -> list[Ext]:
    """Every node of a table, in order."""
    result: list[Ext] = []
    for node in table.nodes:
        result.append(_node_value(node, result, values, publics))
    return result


def _node_value(node: Node, before: Sequence[Ext], values: TableValues, publics: Sequence[int]) -> Ext:
    kind = node[0]
    if kind == "mul":
        return field.mul(before[node[1]], before[node[2]])
    if kind == "lin":
        return _linear(node[1], node[2], before)
    if kind == "add":
        return field.add(before[node[1]], before[node[2]])
    if kind == "sub":
        return field.sub(before[node[1]], before[node[2]])
    if kind == "col":
        return values.following[node[1]] if node[2] else values.here[node[1]]
    if kind == "pub":
        return values.public_following[node[1]] if node[2] else values.public_here[node[1]]
    return field.from_base(publics[node[1]] if kind == "public" else node[1])


def _linear(constant: int, terms: Sequence[tuple[int, int]], before: Sequence[Ext]) -> Ext:
    """constant + sum k * before[a]; reduced once, at the end."""
    r0, r1, r2, r3, r4 = constant, 0, 0, 0, 0
    for k, a in terms:
        v0, v1, v2, v3, v4 = before[a]
        r0 += k * v0
        r1 += k * v1
        r2 += k * v2
        r3 += k * v3
        r4 += k * v4
    return (r0 % P, r1 % P, r2 % P, r3 % P, r4 % P)


class Compression:
    """Fractions: d = alpha + bus + sum_i beta^i m_i, i from 1; powers of gamma for the slots of tallies and weights."""

    def __init__(self, challenges: LookupChallenges, description: Description) -> None:
        width = max((bus.width for bus in description.buses), default=0)
        self._alpha = challenges.alpha
        self._beta = field.powers(challenges.beta, width + 1)
        self.gamma = field.powers(challenges.gamma, description.tallies + 1)

    def denominator(self, bus: int, message: Sequence[Ext]) -> Ext:
        """Of a message of elements of E."""
        result = field.add_base(self._alpha, bus)
        for beta, element in zip(self._beta[1 : len(message) + 1], message, strict=True):
            result = field.add(result, field.mul(beta, element))
        return result

    def numerator(self, item: Interaction, nodes: Sequence[Ext]) -> Ext:
        """sign * (mult + sum of gamma^(slot+1) * weight)."""
        result = nodes[item.mult]
        for slot, node in item.weights:
            result = field.add(result, field.mul(self.gamma[slot + 1], nodes[node]))
        return result if item.sign == 1 else field.neg(result)

    def base_denominator(self, bus: int, message: Sequence[int]) -> Ext:
        """Of a message of base elements."""
        return self.denominator(bus, [field.from_base(element) for element in message])


def table_constraints(
    table: Table, values: TableValues, publics: Sequence[int], compression: Compression, rows: int
) -> list[tuple[str, Ext]]:
    """(where, value) of every constraint of a table: its own, its groups, its sum."""
    nodes = node_values(table, values, publics)
    result = [(constraint.where, nodes[constraint.node]) for constraint in table.constraints]

    for group, helper in zip(table.groups, values.helpers, strict=True):
        members = [table.interactions[i] for i in group]
        result.append(("all", _group_value(members, helper, nodes, compression)))

    step = field.sub(values.phi_following, values.phi)
    step = field.sub(step, field.total(values.helpers))
    for entry in table.tally:
        step = field.sub(step, field.mul(compression.gamma[entry.slot + 1], nodes[entry.node]))
    share = field.scale(values.terminal, field.base_inverse(rows))
    result.append(("all", field.add(step, share)))
    return result


def _group_value(members: Sequence[Interaction], helper: Ext, nodes: Sequence[Ext], compression: Compression) -> Ext:
    """h prod_i d_i - sum_i n_i prod_{j != i} d_j, n_i the signed numerators.

    Built up member by member: with product D and numerator sum S so far, one more (d, n) gives D d and S d + n D.
    """
    product, numerator = field.ONE, field.ZERO
    for member in members:
        d = compression.denominator(member.bus, [nodes[i] for i in member.message])
        own = compression.numerator(member, nodes)
        numerator = field.add(field.mul(numerator, d), field.mul(own, product))
        product = field.mul(product, d)
    return field.sub(field.mul(helper, product), numerator)


def combined(values: Sequence[list[tuple[str, Ext]]], delta: Ext, chosen: Sequence[Selectors]) -> Ext:
    """sum_k delta^k sel_k C_k / (z^N_t - 1) over the constraints of all tables in order; `chosen` has one a table."""
    result, weight = field.ZERO, field.ONE
    for table, by in zip(values, chosen, strict=True):
        found = field.ZERO
        for where, value in table:
            selected = value if where == "all" else field.mul(by.by_where[where], value)
            found = field.add(found, field.mul(weight, selected))
            weight = field.mul(weight, delta)
        result = field.add(result, field.mul(found, by.over_vanishing))
    return result


def balance(description: Description, data: PublicData, terminals: Sequence[Ext], compression: Compression) -> Ext:
    """sum_tables S + sum_public sign / d; Reject(DENOMINATOR) if some d is zero."""
    signs, denominators = [], []
    for entry in description.public_messages:
        records: Sequence[Sequence[int]] = ((),) if entry.each is None else data.lists[entry.each]
        for index, record in enumerate(records):
            source = {"public": data.publics, "item": record, "index": (index,)}
            message = [i if kind == "const" else source[kind][i] for kind, i in entry.message]
            signs.append(entry.sign)
            denominators.append(compression.base_denominator(entry.bus, message))
    if field.ZERO in denominators:
        raise Reject(Reason.DENOMINATOR, "a public message has a vanishing denominator")
    shares = [field.scale(d, sign) for sign, d in zip(signs, field.batch_inverse(denominators), strict=True)]
    return field.add(field.total(terminals), field.total(shares))
