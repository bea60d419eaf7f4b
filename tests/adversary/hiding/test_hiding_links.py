"""Packages of links hide what they must: form, ranks, masks at every table's height, salts; nothing private shows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.adversary.hiding import ranks
from tests.adversary.hiding.alarms import alarms
from tests.adversary.hiding.mutants import MUTANTS
from tests.adversary.hiding.observing import PARAMS, fixed, observe, sample
from tests.adversary.hiding.test_hiding_randomness import Recorded
from tests.adversary.hiding.two_histories import COINS, circuit, few, many, proven, with_ring
from tests.adversary.links.forgery import package
from tests.support import whole_links
from tests.support.counts import count
from tests.support.model_histories import openings_of
from zkharvest.commitment.encoding import SALT
from zkharvest.commitment.pages import page_salts
from zkharvest.commitment.standing import StandingOpening, standing_salts
from zkharvest.prover import deep, field
from zkharvest.prover.extension import interpolated
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stark import prove_circuit
from zkharvest.spec import P
from zkharvest.verifier import wire
from zkharvest.verifier.page import read_header
from zkharvest.verifier.params import PRESETS, SALT_BYTES, sizes

NAMES = ("few", "many")
ROOTS = 36


def heights():
    return proven("few").part.log_rows


# ------------------------------------------------------------------------------------------------ form


def without_roots(statement):
    """A statement with zeros for the roots of its pages and of what is carried out."""
    pages = []
    for page in statement["pages"]:
        root = read_header(page["header"]).root
        assert page["header"].count(root) == 1
        pages.append({**page, "header": page["header"].replace(root, bytes(ROOTS))})
    return {**statement, "pages": pages, "carried_out": dict.fromkeys(("lots", "sums"), bytes(ROOTS))}


def test_two_histories_of_one_public_part_are_alike():
    """Statements differ in roots alone; with the same indices every part of the proofs has one size."""
    one, other = (proven(name) for name in NAMES)
    assert [len(few()[0]), len(many()[0]) > 90] == [2, True]
    assert without_roots(one.part.statement) == without_roots(other.part.statement)
    for name in ("lots", "sums"):
        assert one.part.statement["carried_out"][name] != other.part.statement["carried_out"][name]
    assert one.part.log_rows == other.part.log_rows
    assert len(package(one).encode()) == len(package(other).encode())
    description, _ = circuit()
    sizes_of = [
        {name: len(words) for name, words in observe(told.part.proof, description, heights(), COINS).items()}
        for told in (one, other)
    ]
    assert sizes_of[0] == sizes_of[1]
    assert sum(4 * size for size in sizes_of[0].values()) < len(one.part.proof)
    count("proofs compared", 2)


def test_heights_tell_activity_up_to_a_factor_of_two():
    """Every table has the least height that holds it, and not below a bound: none tells a count."""
    one, other = (proven(name).witness for name in NAMES)
    assert one.heights == other.heights
    assert max(one.heights) == 13
    assert len(one.closing.lots) < len(other.closing.lots) > 80


# ------------------------------------------------------------------------------------------------ contents


def secrets_of(told):
    """Runs of words that nobody but the owner knows, of 12 bytes and more, and keys."""
    witness, found = told.witness, set()
    for lanes, _ in (whole_links.hashed_page(page) for page in told.link.pages):
        for row in lanes.astype("<u4"):
            found |= {row[k : k + 3].tobytes() for k in range(3, len(row) - 2) if len(set(row[k : k + 3])) == 3}
    for pairs in (witness.closing.pairs, witness.closing.registers):
        for row in np.concatenate([pairs.first, pairs.second]).astype("<u4"):
            found |= {row[k : k + 3].tobytes() for k in range(1, len(row) - 2) if len(set(row[k : k + 3])) == 3}
    found.add(witness.closing.key)
    for record in (record for page in told.link.pages for record in page.records):
        found |= {str(number).encode() for number in (record.quantity, record.value) if number > 10**12}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_no_private_word_is_in_a_package(name):
    """Quantities, values, assets, salts, registers, lots carried out and their keys: not one run of them."""
    told = proven(name)
    data = package(told).encode()
    words = secrets_of(told)
    assert len(words) > (40 if name == "few" else 1000)
    assert not [word for word in words if word in data]
    # The search would find one: what is shown is there.
    assert told.part.statement["carried_out"]["lots"] in data
    count("private words looked for", len(words))


def test_salts_of_pages_and_standings_are_draws_of_their_own():
    """One key, one stream: no salt twice in a tree, none in two trees, and another key gives all others."""
    trees = [page_salts(key, 50) for key in (bytes(32), b"\1" * 32)]
    trees += [standing_salts(key, tree, 50) for key in (bytes(32), b"\1" * 32) for tree in ("lots", "sums")]
    every = [salt.tobytes() for root, leaves in trees for salt in (root, *leaves)]
    assert len(set(every)) == len(every) == 6 * 51
    assert len(every[0]) == 4 * SALT >= 16
    assert all(int(salts.max()) < P for _, salts in trees)


def test_the_same_state_under_another_key_has_nothing_in_common():
    """So that whoever guesses what was carried out, and knows an old root of it, cannot tell."""
    closing = proven("many").closing
    again = StandingOpening(closing.lots, closing.tokens, closing.keys, closing.lanes, bytes(32))
    for one, other in ((closing.pairs, again.pairs), (closing.registers, again.registers)):
        assert one.tree.root != other.tree.root
        salts = [{row.tobytes() for row in of.first[:, -SALT:]} for of in (one, other)]
        assert len(salts[0]) == len(one.first)
        assert not salts[0] & salts[1]


def test_every_proof_draws_the_key_of_its_standing():
    """Two proofs of one year have no root in common but those of the pages."""
    from tests.models.lot_machine_v2.histories import make_history
    from tests.support.model_histories import decisions_of
    from zkharvest.files.book import Book
    from zkharvest.ledger.rules import Election, Method, Pooling
    from zkharvest.workflow.links import Wanted, prepare_links

    history = make_history(7, size=12)
    wanted = Wanted([Election(Method.FIFO, Pooling.WALLET, "UTC", 2023)], preset="test")
    book = Book(decisions_of(history.book))
    one, other = (next(prepare_links(openings_of(history), wanted, book=book)).statement for _ in "ab")
    assert one["pages"] == other["pages"]
    assert not set(one["carried_out"].values()) & set(other["carried_out"].values())
    assert len(wire.encode(one)) == len(wire.encode(other))


# ------------------------------------------------------------------------------------------------ masks


def test_openings_have_full_rank():
    """Columns, all pieces of the quotient but one together, the last, R: nothing of the product's draws is weak."""
    description, _ = circuit()
    at = sizes(max(heights()), PARAMS)
    assert ranks.weak(description, PARAMS, at, Randomness(), COINS.z, COINS.indices) == set()


REAL = [preset for preset in PRESETS.values() if preset.real]


@pytest.mark.parametrize("preset", REAL, ids=lambda preset: preset.name)
def test_masks_have_as_many_coefficients_as_are_opened_at_every_height(preset):
    """At z, at g z and at each query: at most h, which has room in the columns of every height."""
    description, params = circuit()[0], preset.params
    assert description.pieces == 3
    for log_rows in range(preset.min_log_rows, preset.max_log_rows + 1):
        at = sizes(log_rows, params)
        assert at.mask >= 2 * params.queries + 10
        for low in range(params.least_log_rows, log_rows + 1):
            assert at.degree_bound >> (log_rows - low) >= (1 << low) + at.mask


@cache
def recorded():
    """A proof of `many` with what it drew."""
    told, source = proven("many"), Recorded()
    description, digest = circuit()
    traces = with_ring(told)
    with fixed(COINS):
        proof = prove_circuit(description, digest, PARAMS, told.public, traces, rng=source)
    return source, traces, observe(proof, description, told.part.log_rows, COINS)


def test_every_column_of_every_table_has_a_mask_of_its_own_and_is_under_it():
    """At z each main column is f(z) + (z^N - 1) r(z), N of its own table, r its own draw."""
    source, traces, seen = recorded()
    description, _ = circuit()
    at = sizes(max(heights()), PARAMS)
    levels = sorted(set(heights()), reverse=True)
    by_height = [[t for t, height in enumerate(heights()) if height == level] for level in levels]
    widths = [sum(len(description.tables[t].columns) for t in tables) for tables in by_height]
    masks = source.answers[: len(levels)]
    assert [mask.shape for mask in masks] == [(at.mask, width) for width in widths]
    assert sum(widths) == description.main_width
    together = np.concatenate(masks, axis=1)
    assert len(np.unique(together[0])) == len(np.unique(together[-1])) == description.main_width
    assert source.answers[len(levels)].shape == (at.domain_size, SALT_BYTES)

    starts = np.cumsum([0, *(len(table.columns) for table in description.tables)])
    opened = seen["main at z"].reshape(-1, 5)
    for log_rows, tables, mask in zip(levels, by_height, masks, strict=True):
        values = field.to_mont(np.ascontiguousarray(np.concatenate([traces[t] for t in tables], axis=1)))
        columns = interpolated(values, mask)
        here, _ = deep.open_columns(columns, COINS.z, log_rows)
        places = np.concatenate([np.arange(starts[t], starts[t + 1]) for t in tables])
        assert np.array(here).tolist() == opened[places].tolist()
        bare, _ = deep.open_columns(interpolated(values, mask * 0), COINS.z, log_rows)
        assert not (np.array(bare) == np.array(here)).all(axis=1).any()
    count("columns shown under their masks", description.main_width)


def test_no_table_s_terminal_is_what_its_witness_gives():
    """The ring adds random messages to every table: two proofs of one witness have no terminal in common."""
    told = proven("many")
    first = observe(told.part.proof, circuit()[0], told.part.log_rows, COINS)
    one, other = (seen["terminals"].reshape(-1, 5) for seen in (first, recorded()[2]))
    assert len(one) == len(circuit()[0].tables)
    assert not (one == other).all(axis=1).any()


def samples(proofs, source=Randomness):
    """Fresh proofs of each history, the coins being the same."""
    description, digest = circuit()

    def of(name):
        told = proven(name)
        which = description, digest, told.public
        return sample(which, lambda: with_ring(told), proofs, COINS, source, heights=heights())

    return [of(name) for name in NAMES]


@pytest.mark.audit
def test_openings_of_two_histories_are_uniform_and_alike():
    one, other = samples(15)
    assert {"main rows", "aux rows", "quotient rows", "terminals", "main at z", "main at gz"} <= set(one)
    assert alarms(one, other) == set()


@pytest.mark.audit
def test_a_prover_without_masks_would_be_noticed():
    assert {part for _, part in alarms(*samples(8, MUTANTS["masks off"]))} >= {"main at z", "main rows"}


def test_rows_of_the_two_witnesses_are_far_apart():
    one, other = (proven(name).witness.traces for name in NAMES)
    assert sum(int((one[name] != other[name]).sum()) for name in one) > 20_000
