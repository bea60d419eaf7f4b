"""What the verifier computes at z, against definitions that need the whole domain."""

import random
from dataclasses import replace

import numpy as np
import pytest
import verify_reference_prover as reference
import verify_tiny_circuit as tiny

from zkharvest.verifier import constraints, field, stark
from zkharvest.verifier.constraints import Compression, public_columns_at, selectors
from zkharvest.verifier.field import P
from zkharvest.verifier.messages import LookupChallenges
from zkharvest.verifier.params import PRESETS, sizes

AT = sizes(13, PRESETS["test"].params)
W = field.root_of_unity(13)
rng = random.Random(3)
Z, ALPHA, BETA, GAMMA = (tuple(rng.randrange(P) for _ in range(5)) for _ in range(4))


def interpolated(values, point):
    """The polynomial of degree < N through the values on H, at a point of E."""
    padded = np.zeros((1, AT.rows), dtype=np.uint64)
    padded[0, : len(values)] = values
    return reference.at_point(reference.intt(padded, W), point)[0]


@pytest.mark.parametrize("given", [1, 2, 300, AT.rows])
def test_public_columns_from_their_given_rows(given):
    columns = [tuple(rng.randrange(P) for _ in range(given)), (7,), ()]
    here, following = public_columns_at(columns, Z, AT.log_rows)
    assert here == [interpolated(column, Z) for column in columns]
    assert following == [interpolated(column, field.scale(Z, W)) for column in columns]


def test_no_public_rows_at_all():
    assert public_columns_at([()], Z, AT.log_rows) == ([field.ZERO], [field.ZERO])
    assert public_columns_at([], Z, AT.log_rows) == ([], [])


def test_selectors_are_one_at_their_row_and_zero_elsewhere():
    found = selectors(Z, AT.log_rows)
    last = [0] * (AT.rows - 1) + [1]
    assert found.by_where["first"] == interpolated([1], Z)
    assert found.by_where["last"] == interpolated(last, Z)
    assert found.by_where["transition"] == field.add_base(Z, -pow(W, -1, P))
    assert found.by_where["all"] == field.ONE
    vanishing = field.sub(field.power(Z, AT.rows), field.ONE)
    assert field.mul(found.over_vanishing, vanishing) == field.ONE


def test_fingerprints():
    """Bus number and every element count; a bus's messages have one width, so none is a prefix of another."""
    compression = Compression(LookupChallenges(ALPHA, BETA, GAMMA), tiny.DESCRIPTION)
    d = compression.base_denominator(2, [10, 20])
    expected = field.add_base(ALPHA, 2)
    expected = field.add(expected, field.scale(BETA, 10))
    expected = field.add(expected, field.scale(field.mul(BETA, BETA), 20))
    assert d == expected
    others = [(1, [10, 20]), (2, [20, 10]), (2, [10, 21]), (2, [0, 10]), (2, [12, 20])]
    assert len({compression.base_denominator(bus, message) for bus, message in others} | {d}) == 6
    assert compression.gamma == field.powers(GAMMA, 3)


def test_groups_expand_to_the_sum_of_fractions():
    """With h the sum of sign * mult / d the constraint vanishes, with anything else it does not."""
    store = tiny.DESCRIPTION.tables[1]
    compression = Compression(LookupChallenges(ALPHA, BETA, GAMMA), tiny.DESCRIPTION)
    nodes = [tuple(rng.randrange(P) for _ in range(5)) for _ in store.nodes]
    helper = field.ZERO
    for item in store.interactions:
        d = compression.denominator(item.bus, [nodes[i] for i in item.message])
        helper = field.add(helper, field.scale(field.mul(nodes[item.mult], field.inverse(d)), item.sign))
    value = constraints._group_value(store.interactions, helper, nodes, compression)
    assert value == field.ZERO
    wrong = constraints._group_value(store.interactions, field.add_base(helper, 1), nodes, compression)
    assert wrong != field.ZERO


def test_balance_of_public_messages():
    _, public = tiny.honest()
    compression = Compression(LookupChallenges(ALPHA, BETA, GAMMA), tiny.DESCRIPTION)
    messages = [(0, 7), (1, 11), (2, P - 1), (100, 5)]
    inverses = field.batch_inverse([compression.base_denominator(2, m) for m in messages])
    total = field.total(inverses)
    assert constraints.balance(tiny.DESCRIPTION, public, (field.neg(total), field.ZERO), compression) == field.ZERO
    # a receiving message counts with the other sign
    receiving = [replace(entry, sign=-1) for entry in tiny.DESCRIPTION.public_messages]
    turned = replace(tiny.DESCRIPTION, public_messages=tuple(receiving))
    assert constraints.balance(turned, public, (total,), compression) == field.ZERO
    none = replace(tiny.DESCRIPTION, public_messages=())
    assert constraints.balance(none, public, (Z, field.neg(Z)), compression) == field.ZERO


def test_values_are_cut_exactly():
    assert stark._chunks((1, 2, 3), [1, 0, 2]) == [(1,), (), (2, 3)]
    with pytest.raises(ValueError, match="3 values"):
        stark._chunks((1, 2, 3), [1, 1])
