"""Standings as maps: read back as written, through msgpack too; whatever else is read is refused by a known error."""

from __future__ import annotations

import contextlib
import copy
from random import Random

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2.histories import YEARS, at, make_history
from tests.support.model_histories import decisions_of, history_of, window_of
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.standing_map import map_of, standing_of


def standings(seed: int, pooling: str):
    made = make_history(seed)
    history = history_of([page for pages in made.pages.values() for page in pages])
    windows = [window_of(at(y), at(y + 1), y, "hifo", pooling) for y in YEARS]
    return [run.closing for run in run_windows(history, decisions_of(made.book), windows)]


@given(st.integers(0, 10**9), st.sampled_from(["wallet", "universal"]))
@settings(max_examples=30, deadline=None)
def test_a_standing_is_read_back(seed, pooling):
    for standing in standings(seed, pooling):
        packed = msgpack.packb(map_of(standing), use_bin_type=True)
        assert standing_of(msgpack.unpackb(packed, raw=False)) == standing


def leaves(value, path=()):
    """The paths of everything in a map."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*path, key)
        yield from leaves(one, (*path, key))


WRONG = (None, -1, 1 << 70, "", "1.0", "x" * 100, b"", [], {}, True, 0.0, -1.0, 10**6, [[]], "-5", "007")


@given(st.integers(0, 10**9))
@settings(max_examples=300, deadline=None)
def test_whatever_is_read_is_a_standing_or_a_known_error(seed):
    rng = Random(seed)
    parts = copy.deepcopy(MAP)
    for _ in range(rng.randrange(1, 3)):
        *path, last = rng.choice(list(leaves(parts)))
        holder = parts
        for key in path:
            holder = holder[key]
        if rng.random() < 0.3:
            del holder[last]
        else:
            holder[last] = rng.choice(WRONG)
    with contextlib.suppress(ValueError, TypeError, KeyError, OverflowError):
        assert repr(map_of(standing_of(parts))) == repr(parts)


MAP = map_of(standings(1, "wallet")[1])


def renamed(parts):
    """The first asset is listed again at the end, and rows of lots speak of it there."""
    parts["assets"].append(parts["assets"][0])
    for row in parts["lots"]:
        row[0] = len(parts["assets"]) - 1 if row[0] == 0 else row[0]


OTHER_FORMS = {
    "an asset listed twice": renamed,
    "an asset of which nothing speaks": lambda parts: parts["assets"].append("UNUSED"),
    "an account of which nothing speaks": lambda parts: parts["names"].append(["other", "x"]),
    "assets as the letters of a text": lambda parts: parts.update(assets="".join(parts["assets"])),
    "a list that is a map": lambda parts: parts.update(assets=dict.fromkeys(parts["assets"])),
    "no tokens, as a map": lambda parts: parts.update(tokens={}),
    "a fraction for none": lambda parts: parts["registers"][-1].__setitem__(1, -1.0),
    "a truth value for a side": lambda parts: parts["lots"][0].__setitem__(2, bool(parts["lots"][0][2])),
    "a fraction for the version": lambda parts: parts.update(v=1.0),
}


@pytest.mark.parametrize("form", OTHER_FORMS)
def test_a_standing_has_one_map(form):
    parts = copy.deepcopy(MAP)
    assert map_of(standing_of(parts)) == parts
    OTHER_FORMS[form](parts)
    with pytest.raises((ValueError, TypeError)):
        standing_of(parts)


@pytest.mark.parametrize("part", sorted(MAP))
def test_each_part_is_needed(part):
    with pytest.raises((ValueError, TypeError, KeyError)):
        standing_of({key: value for key, value in MAP.items() if key != part})


@pytest.mark.parametrize(
    ("part", "row", "cell", "value"),
    [
        ("lots", 0, 3, "0"), ("lots", 0, 3, str(1 << 112)), ("lots", 0, 4, str(1 << 64)), ("lots", 0, 4, "-1"),
        ("lots", 0, 2, 2), ("lots", 0, 8, 1), ("lots", 0, 0, 99), ("lots", 0, 1, -2), ("lots", 0, 6, -1),
        ("lots", 0, 3, "01"), ("registers", 0, 0, "L9"), ("registers", 0, 9, 7), ("accounts", 0, 1, "x"),
    ],
)  # fmt: skip
def test_values_out_of_range(part, row, cell, value):
    parts = copy.deepcopy(MAP)
    parts[part][row][cell] = value
    with pytest.raises((ValueError, TypeError)):
        standing_of(parts)


def test_a_register_is_there_once():
    parts = copy.deepcopy(MAP)
    parts["registers"].append(parts["registers"][0])
    with pytest.raises(ValueError, match="twice"):
        standing_of(parts)
