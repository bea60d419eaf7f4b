"""Commitment to an inventory: the lots that are carried out of one statement and into the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .encoding import DIGEST, LOT_LANES, SALT, TAG_LOT_A, TAG_LOT_B, WIDTH
from .opening import salts
from .poseidon_kernel import compress_many
from .records import Lanes
from .tree import Tree, build_tree


@dataclass(frozen=True, slots=True)
class Inventory:
    """Committed lots: the hash inputs of both halves (n, 24) and the tree over them."""

    first: Lanes
    second: Lanes
    tree: Tree


def commit_inventory(lots: Lanes, unit: Lanes, term: Lanes, year: int, seed: bytes, label: str) -> Inventory:
    """Commit lots: (n, 18) lanes (asset, wallet, quantity, value, seq), (n, 7) unit and (n, 4) (long-from, side).

    `year` is the one at whose end the lots are carried out; `label` separates the salts of different statements.
    """
    n = len(lots)
    first = np.zeros((n, WIDTH), np.uint32)
    first[:, 0] = TAG_LOT_A
    first[:, 1 : 1 + LOT_LANES] = lots
    first[:, WIDTH - SALT :] = salts(seed, f"lot\0{label}", n)
    second = np.zeros((n, WIDTH), np.uint32)
    second[:, 0] = TAG_LOT_B
    empty = np.zeros((0, DIGEST), np.uint32)
    second[:, 1 : 1 + DIGEST] = np.asarray(compress_many(first)) if n else empty
    second[:, 10:17] = unit
    second[:, 17:21] = term
    second[:, 21] = year
    leaves = np.asarray(compress_many(second)) if n else empty
    return Inventory(first, second, build_tree(leaves, salts(seed, f"inventory\0{label}", 1)[0]))
