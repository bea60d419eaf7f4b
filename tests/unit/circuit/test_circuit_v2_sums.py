"""Registers of lot-machine/v2: the paper model's sums, by the table's own fill, constraints and a proof."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2 import sums as model
from tests.models.lot_machine_v2.chain import check_link
from tests.models.lot_machine_v2.histories import YEARS, at, make_history, pages_for
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import make_link
from tests.models.lot_machine_v2.story import honest
from tests.support import registers as support
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v2.sums import keys as words
from zkharvest.circuit.lot_machine.v2.sums import registers as sums_of
from zkharvest.circuit.lot_machine.v2.sums.fill import sums_trace
from zkharvest.circuit.lot_machine.v2.sums.registers import by_key, registers
from zkharvest.prover import stark as prover
from zkharvest.spec import P
from zkharvest.verifier import stark as verifier
from zkharvest.verifier.description_reader import group_degree, node_degrees
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason, Reject

NET = ({"level": words.level_number("NET")}, "units")
LONG_LOSS = (
    {"level": words.level_number("L3"), "term": words.TERMS.index("long"), "result": words.RESULTS.index("loss")},
    "units",
)


def posts(link):
    return check_link(link).posts


def story():
    return support.run(*support.posts_of(posts(honest())), shown=[NET, LONG_LOSS])


def linked(seed, method, pooling="wallet"):
    """The years of a random taxpayer; each but the first starts from a standing."""
    history = make_history(seed, size=40)
    opening, links = None, []
    for year in YEARS:
        window = (at(year), at(year + 1))
        rules = Rules(*window, window, method, pooling)
        links.append(make_link(pages_for(history, *window), history.book, rules, year, opening))
        opening = links[-1].closing
    return links


# ------------------------------------------------------------------------------------------------ honest


@pytest.mark.parametrize(
    ("seed", "method", "pooling"), [(1, "fifo", "wallet"), (2, "hifo", "universal"), (3, "lifo", "wallet")]
)
def test_registers_are_the_model_s(seed, method, pooling):
    for link in linked(seed, method, pooling):
        found = posts(link)
        made = registers(*support.posts_of(found))
        expected = {tuple(support.key_of(r.key)): r for r in model.fill(found)}
        assert [tuple(key) for key in made.keys.tolist()] != []
        assert {tuple(key) for key in made.keys.tolist()} == expected.keys()
        for row, key in enumerate(made.keys.tolist()):
            register = expected[tuple(key)]
            assert tuple(made.octets[row]) == register.data
            signs = [register.signs[list(words.GROUPS).index(group)] for group in model.GROUPS]
            assert (1 - 2 * made.negative[row]).tolist() == signs
            assert all(made.amount(row, group) == register.get(group) for group in words.GROUPS)


@pytest.mark.parametrize("seed", [4, 5])
def test_random_histories_satisfy_the_table(seed):
    """Every constraint, bus and figure, in the second year, with registers carried in among the posts."""
    link = linked(seed, "fifo")[1]
    made = support.run(*support.posts_of(posts(link)), shown=[NET])
    assert Board(made, support.description()).verdict() == set()


@pytest.mark.parametrize("seed", [7, 8])
def test_registers_go_from_standing_to_standing(seed):
    """History, then a year in two segments: classes of the year go on, what is held always does, all else follows."""
    history, opening, before = make_history(seed, size=40), None, None
    cuts = [(at(2023), 2023), (at(2024), 2024), (at(2024, 7), 2024), (at(2025), 2025), (at(2026), 2026)]
    for (start, year), (end, _) in pairwise(cuts):
        rules = Rules(start, end, (at(year), at(year + 1)), "fifo", "wallet")
        link = make_link(pages_for(history, start, end), history.book, rules, year, opening)
        same_year = opening is not None and opening.year == year
        found = {key: dict(slots) for key, slots in posts(link).items()}
        for register in opening.sums if opening else ():  # the model posts them too
            if register.key.level == "HOLD" or (same_year and register.key.level in ("L0", "L1")):
                again = model.weights(**{group: register.get(group) for group in model.GROUPS})
                model.add(found, register.key, {slot: -weight for slot, weight in again.items()})
        own = {
            key: slots for key, slots in found.items() if any(slots.values())
        }  # so a register of nothing may be gone
        made = support.run(*support.posts_of(own), opening=before, same_year=same_year)
        assert Board(made, support.description()).verdict() == set()
        out = made.found.carried_out()
        own = made.found.own()
        assert sum(made.found.prior) == (len(before.keys) if before is not None else 0)
        expected = {tuple(support.key_of(r.key)): r.data for r in link.table if any(r.data)}
        octets = zip(own.keys.tolist(), own.octets.tolist(), strict=True)  # of nothing there may be a register, or none
        assert {tuple(key): tuple(found) for key, found in octets if any(found)} == expected
        opening, before = link.closing, out


def test_the_checker_says_so_too():
    made = story()
    assert check(support.description(), list(made.traces.values()), made.public) == []


def test_random_posts_are_added_up():
    """Bytes of any sign at any slot, as long as what may not be below zero is not: sums by plain integers."""
    rng = Random(6)
    keys, slots, expected = [], [], {}
    for _ in range(300):
        parts = {"asset": rng.choice("xyz"), "source": rng.choice("ab"), "term": rng.choice(("short", "long"))}
        key = model.Key("L1", **parts, kind="trade", origin="venue", result=rng.choice(("gain", "loss")))
        amounts = {"units": rng.randrange(1 << 112), "fee": rng.randrange(1 << 54), "lines": 1, "events": 1,
                   "proceeds": rng.randrange(-(1 << 64), 1 << 64), "basis": rng.randrange(-5, 1 << 64)}  # fmt: skip
        keys.append(support.key_of(key))
        row = np.zeros(words.SLOTS, np.int64)
        for slot, weight in model.weights(**amounts).items():
            row[slot] = weight
        slots.append(row)
        for group, amount in amounts.items():
            at_key = expected.setdefault(tuple(keys[-1]), dict.fromkeys(amounts, 0))
            at_key[group] += amount
    made = support.run(np.array(keys), np.array(slots), shown=[NET])
    assert Board(made, support.description()).verdict() == set()
    amounts = {tuple(k): row for row, k in enumerate(made.found.keys.tolist())}
    for key, of_key in expected.items():
        assert {group: made.found.amount(amounts[key], group) for group in of_key} == of_key
    net = made.found.amount(amounts[tuple(support.key_of(model.Key("NET")))], "units")
    assert net == sum(of_key["proceeds"] - of_key["basis"] for of_key in expected.values())


@pytest.mark.parametrize("odd", [sums_of._ODD, 1])  # with 1 as the weight, keys with the same digits have one sum
def test_posts_are_added_up_by_key(monkeypatch, odd):
    monkeypatch.setattr(sums_of, "_ODD", odd)
    rng = Random(7)
    keys = [[rng.randrange(3) for _ in range(4)] for _ in range(200)]
    posted = [[rng.randrange(-(1 << 40), 1 << 40) for _ in range(5)] for _ in keys]
    expected = {}
    for key, amounts in zip(keys, posted, strict=True):
        held = expected.setdefault(tuple(key), [0] * 5)
        expected[tuple(key)] = [a + b for a, b in zip(held, amounts, strict=True)]
    found, sums = by_key(np.array(keys, np.int64), np.array(posted, np.int64))
    ordered = sorted(expected, key=lambda key: key[::-1])
    assert list(map(tuple, found.tolist())) == ordered
    assert sums.tolist() == [expected[key] for key in ordered]


def test_nothing_posted_is_no_register():
    nothing = np.zeros((0, len(words.FIELDS)), np.int64), np.zeros((0, words.SLOTS), np.int64)
    made = support.run(*nothing)
    assert len(made.found.keys) == 0
    assert Board(made, support.description()).verdict() == set()
    shown = support.run(*nothing, shown=[NET])
    assert shown.public.lists[0][0][-1] == 0
    assert Board(shown, support.description()).verdict() == set()


@pytest.mark.parametrize(
    ("amounts", "why"),
    [
        ({"units": -1}, "the sum of units is below zero"),
        ({"events": -1}, "the sum of events is below zero"),
        ({"lines": 1 << 23}, "the sum of lines does not fit"),
    ],
)
def test_sums_that_have_no_place_are_refused(amounts, why):
    row = np.zeros((2, words.SLOTS), np.int64)
    for slot, weight in model.weights(**amounts).items():
        row[:, slot] = weight
    key = support.key_of(model.Key("HOLD", asset="x", source="a", side="0"))
    with pytest.raises(ValueError, match=why):
        registers(np.array([key, key]), row)


@pytest.mark.parametrize("place", ["asset", "source"])
def test_two_names_with_the_same_72_bits_are_refused(place):
    """Codes that agree in the lanes that order keys, and differ in the last: no table has a place for both."""
    keys = np.array([support.key_of(model.Key("HOLD", asset="x", source="a", side="0"))] * 2)
    keys[1, words.field(f"{place}{words.PLACE - 1}")] += 1
    with pytest.raises(ValueError, match="two registers have one place, their codes agree in the first 72 bits"):
        registers(keys, np.ones((2, words.SLOTS), np.int64))
    keys[1, words.field(f"{place}{words.ORDERED - 1}")] += 1
    assert len(registers(keys, np.ones((2, words.SLOTS), np.int64)).keys) == 2


def test_a_table_that_is_too_low_is_refused():
    made = story()
    with pytest.raises(ValueError, match="registers take"):
        sums_trace(support.definition()[1], made.found, [], 2 * len(made.found.keys) - 1)


# ------------------------------------------------------------------------------------------------ size


def test_columns_and_degrees():
    """What docs/lot-machine-v2.md says of the table."""
    _, read = support.frozen()
    table = next(t for t in read.tables if t.name == "sums")
    assert len(table.columns) - 3 == 180  # without those that blind
    assert table.extension_columns == 30
    degrees = node_degrees(table)
    assert max(group_degree(table, group, degrees) for group in table.groups) == 4


# ------------------------------------------------------------------------------------------------ proof

TEST = PRESETS["test"].params


@pytest.fixture(scope="module")
def proven():
    made = support.run(*support.posts_of(posts(honest())), shown=[NET, LONG_LOSS], log_rows=13)
    digest, read = support.frozen()
    return made, prover.prove_circuit(read, digest, TEST, support.public_data(made), list(made.traces.values()))


def rejected(proof, public):
    digest, read = support.frozen()
    try:
        verifier.verify_proof(read, digest, TEST, (13, 13, 13, 13), public, proof)
    except Reject as reject:
        return reject.reason
    return None


def test_figures_are_proven(proven):
    made, proof = proven
    assert rejected(proof, support.public_data(made)) is None


def test_another_figure_is_not(proven):
    """With the proof made for it: the message has no taker."""
    made, _ = proven
    digest, read = support.frozen()
    public = support.public_data(made)
    (first, *others) = public.lists[0]
    lie = replace(public, lists=((((*first[:-1], (first[-1] + 1) % P)), *others),))
    proof = prover.prove_circuit(read, digest, TEST, lie, list(made.traces.values()), allow_invalid=True)
    assert rejected(proof, lie) is Reason.BALANCE
