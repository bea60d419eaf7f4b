"""Lies that only stacks of lower tables make possible (docs/adr/0017), and the points that they exclude."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest

from tests.adversary.protocol import subjects
from tests.adversary.protocol.lie import EIGHT, R
from tests.adversary.protocol.prover import cut_final, to_mont_added
from tests.adversary.protocol.unchecked import stops
from tests.support.counts import count
from tests.support.stacked_leaves import HashedFromRows
from tests.unit.verifier import tiny_circuit as tiny
from zkharvest.prover import field as arrays
from zkharvest.prover import ntt, stark
from zkharvest.prover.stacks import Stacking, layout
from zkharvest.spec import P
from zkharvest.verifier import field
from zkharvest.verifier.messages import point_is_usable
from zkharvest.verifier.params import sizes
from zkharvest.verifier.stacks import stacks_of
from zkharvest.verifier.stark import batch_of

LOW, MAIN = 1, 0
HEIGHTS = (13, 12)


def tiny_subject():
    """The tiny circuit, its second table half as tall as its first."""
    traces, public = tiny.honest(heights=HEIGHTS)
    words = [np.stack(table, axis=1).astype(np.uint32) for table in traces]
    return subjects.Subject(tiny.DESCRIPTION, tiny.DIGEST, public, words)


def adding(subject, place, power):
    """X^power more in a low stack of the main tree, in the committed rows alone; `place` counts within the height."""
    stacks = stacks_of(subject.description, subject.heights, 4)
    first, honest = stacks.heights[LOW].trees[MAIN].first, stark._Proof._stacking

    class More(HashedFromRows, Stacking):
        def rows(self, values, chosen):
            above = super().rows(values, chosen)
            size = 1 << self._log_domain
            words = np.zeros((size, 1), dtype=np.uint32)
            words[power % size] = arrays.to_mont(np.ones((1, 1), dtype=np.uint32))[0]
            words = arrays.from_mont(ntt.coset_lde(words, size, field.GENERATOR)).reshape(self.stack, -1)
            for rows, more in zip(above, words, strict=True):
                rows[:, first + place] = to_mont_added(rows[:, first + place], np.ascontiguousarray(more[chosen]))
            return above

    def stacking(self, tree, degree):
        if tree != MAIN:
            return honest(self, tree, degree)
        return More(layout(self._stacks, MAIN, self._at.stack).lanes, degree, self._at.log_domain)

    return [mock.patch.object(stark._Proof, "_stacking", stacking)]


def reaching(subject, column, power):
    """A low column has X^power more, and everything after says so: rows, claim and F, cut to the length of a proof."""
    (place, lane), lanes, held = found(subject, column), 4 << (HEIGHTS[0] - HEIGHTS[1]), {}
    usable, made, honest = stark.messages.point_is_usable, stark.messages.Evaluations, stark._Proof._deep_function

    def noting(z, at, heights):
        held["z"] = z
        return usable(z, at, heights)

    def said(at_z, at_next):
        held["true"] = made(at_z, at_next)
        more = field.add(at_z[column], field.power(held["z"], power))
        return made((*at_z[:column], more, *at_z[column + 1 :]), at_next)

    def deep(self, columns, pieces, extra, opened, z, challenge):
        layer = honest(self, columns, pieces, extra, held["true"], z, challenge)
        by = batch_of(self._description, self._stacks, opened, challenge).shares[LOW].here[MAIN][place]
        # by X^lane (Y^power - z^power) / (Y - z), Y = X^lanes
        more = np.zeros((lanes * power + lane, 5), dtype=np.uint32)
        for i in reversed(range(power)):
            more[lane + lanes * i] = by
            by = field.mul(by, z)
        return arrays.add(layer, ntt.coset_lde(arrays.to_mont(more), self._at.domain_size, field.GENERATOR))

    return [
        *adding(subject, place, lane + lanes * power),
        mock.patch.object(stark.messages, "point_is_usable", noting),
        mock.patch.object(stark.messages, "Evaluations", said),
        mock.patch.object(stark._Proof, "_deep_function", deep),
        *cut_final(),
    ]


def found(subject, column):
    """Stack and lane of a low main column."""
    part = stacks_of(subject.description, subject.heights, 4).heights[LOW].trees[MAIN]
    return next((stack, lane) for one, stack, lane in part.placed() if one == column)


def empty_lanes(subject):
    """(stack, lane) of the low main stacks that no column fills."""
    part = stacks_of(subject.description, subject.heights, 4).heights[LOW].trees[MAIN]
    filled = {(stack, lane) for _, stack, lane in part.placed()}
    return [(stack, lane) for stack in range(part.stacks) for lane in range(8) if (stack, lane) not in filled]


@pytest.mark.parametrize("turn", [0, -1], ids=["beside the only column opened twice", "the last"])
def test_an_empty_lane_of_a_low_stack_holds_zero(turn):
    subject = tiny_subject()
    place, lane = empty_lanes(subject)[turn]
    case = subject.proven(EIGHT, adding(subject, place, lane))
    assert stops(case) == (R.FRI_LAYER,)
    count("lying provers rejected")


@pytest.mark.parametrize(("over", "met"), [(0, (R.QUOTIENT,)), (1, (R.QUOTIENT, R.FRI_FINAL))])
def test_a_low_column_has_the_degree_of_its_own_height(over, met):
    """FRI lets a column of K_t + 1 coefficients through, as the calculator assumes, and none of more."""
    subject = tiny_subject()
    case = subject.proven(EIGHT, reaching(subject, 5, (17 << HEIGHTS[LOW] - 4) + over))
    assert stops(case) == met
    count("lying provers rejected")


def test_every_height_excludes_its_own_coset():
    """A z in the low tables' coset is in no other: without its own test a query would divide by zero."""
    at = sizes(14, EIGHT)
    for log_rows in (12, 13, 14):
        size, lanes = log_rows + EIGHT.log_blowup, 4 << 14 - log_rows
        for index in (0, 1, 4321):
            z = field.from_base(pow(3, lanes, P) * pow(field.root_of_unity(size), index, P) % P)
            for heights in [(14, 14), (14, 13), (14, 12), (12, 13, 14)]:
                assert point_is_usable(z, at, heights) is (log_rows not in heights)
                ahead = field.scale(z, field.root_of_unity(log_rows))  # g_t z lies where z does
                assert point_is_usable(ahead, at, heights) is (log_rows not in heights)
