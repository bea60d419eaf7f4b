"""Known answers of the trees of a standing: what computes them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zkharvest.commitment.standing import Pairs

Case = dict[str, Any]


def _keys(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment.standing import standing_key

    for case in cases:
        seed, label = case["in"]
        yield standing_key(bytes.fromhex(seed), label)


def _salts(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment.standing import standing_salts

    for case in cases:
        key, tree, count = case["in"]
        root, own = standing_salts(bytes.fromhex(key), tree, count)
        yield [root, *own]


def _lots(cases: list[Case]) -> Iterable[Any]:
    import numpy as np

    from zkharvest.commitment.standing import PAIR_LANES, commit_lots

    for case in cases:
        lots, tokens = (np.array(case[name], np.int64).reshape(-1, PAIR_LANES) for name in ("lots", "tokens"))
        yield _answer(commit_lots(lots, tokens, bytes.fromhex(case["key"])))


def _sums(cases: list[Case]) -> Iterable[Any]:
    import numpy as np

    from zkharvest.commitment.standing import KEY_FIELDS, REGISTER_LANES, commit_registers

    for case in cases:
        keys = np.array(case["keys"], np.int64).reshape(-1, KEY_FIELDS)
        lanes = np.array(case["lanes"], np.int64).reshape(-1, REGISTER_LANES)
        yield _answer(commit_registers(keys, lanes, bytes.fromhex(case["key"])))


def _answer(pairs: Pairs) -> dict[str, Any]:
    return {"leaves": [leaf.astype("<u4").tobytes() for leaf in pairs.tree.leaves], "root": pairs.tree.root}


IMPLEMENTATIONS: dict[str, dict[str, Callable[[list[Case]], Iterable[Any]]]] = {
    "poseidon/standing-key": {"plain": _keys},
    "poseidon/standing-salts": {"plain": _salts},
    "poseidon/standing-lots": {"plain": _lots},
    "poseidon/standing-sums": {"plain": _sums},
}
