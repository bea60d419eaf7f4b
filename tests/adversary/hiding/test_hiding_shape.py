"""What the form of a package tells: the buckets of the tables' heights, and what is public. Not the trades.

Different ledgers, methods and fillings of one bucket give proofs that are alike down to the byte count of every part,
and the length of what follows the queries is a function of the indices, which the verifier draws.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.adversary.hiding.observing import LOG_ROWS, Coins, fixed, observe
from tests.adversary.hiding.two_histories import circuit
from tests.support.counts import count
from tests.support.proofs import SMALL, chain_by_itself
from zkharvest.conformance.kinds.proof_parts import proof_parts
from zkharvest.ledger.rules import DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.workflow.links import Wanted, prepare_links
from zkharvest.workflow.own_folder import commit_pages
from zkharvest.workflow.prove_chain import prove_chain

YEAR = 2025
COINS = Coins(8, LOG_ROWS)
HEIGHTS = (LOG_ROWS, LOG_ROWS, 12, 12, 12, 12, 13)
"""Of the lot machine's tables, for every small ledger; the range table lists 2^13 rows."""


def busy(trades, seed=1):
    """A ledger of the same two sources and two years: buys, partial sells across many lots, a transfer."""
    rng = np.random.default_rng(seed)
    lines = [
        "time,source,id,kind,asset,quantity,amount,fee,to,lots",
        "2024-01-01T00:00:00Z,kraken:main,k,buy,BTC,1000000,9000000,5,,",
        "2024-01-01T00:01:00Z,coinbase:main,c,buy,ETH,1000000,900000,5,,",
        "2024-01-02T00:00:00Z,kraken:main,t,transfer,BTC,0.75,,,coinbase:main,",
    ]
    for i in range(trades - 3):
        source, asset = (("kraken:main", "BTC"), ("coinbase:main", "ETH"))[i % 2]
        kind = "sell" if i % 5 == 4 else "buy"
        quantity, amount = rng.integers(1, 400, 2) * (10 if kind == "sell" else 1)
        day = f"{2024 + (i * 2) // trades}-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:00:00Z"
        lines.append(f"{day},{source},{i},{kind},{asset},{quantity / 100:.2f},{amount},0.5,,")
    return "\n".join(lines) + "\n"


LEDGERS = {"five trades": (SMALL, "hifo"), "300 trades": (busy(300), "fifo"), "150 trades": (busy(150, 2), "lofo")}


@cache
def pages(name):
    return commit_pages(trades_from_text(LEDGERS[name][0], f"{name}.csv"), currency="USD")


def proven(own, method, verify=True):
    return prove_chain(own, year=YEAR, method=method, first=True, preset="test", verify=verify).package


def prepared(own):
    """The link of pages as it would be proven."""
    election = Election(Method.FIFO, Pooling.WALLET, DEFAULT_TIMEZONE, YEAR)
    given = [(opening.header.label, opening) for opening in own.openings]
    (link,) = prepare_links(given, Wanted([election], preset="test"), book=own.decided())
    return link


@cache
def packages():
    """The link of each ledger, the verifier's coins being the same; which the real verifier does not have."""
    with fixed(COINS):
        return {
            name: decode_chain_package(proven(pages(name), method, verify=False))
            for name, (_, method) in LEDGERS.items()
        }


def test_with_the_same_indices_every_part_has_the_same_size():
    """Package, statement but for its own texts, and every part of the proof, root by root and leaf by leaf."""
    parts = {name: package.parts[0] for name, package in packages().items()}
    sizes = [
        {name: len(words) for name, words in observe(part.proof, circuit()[0], HEIGHTS, COINS).items()}
        for part in parts.values()
    ]
    assert all(size == sizes[0] for size in sizes)
    assert len({len(part.proof) for part in parts.values()}) == 1
    assert {part.log_rows for part in parts.values()} == {HEIGHTS}
    around = {len(package.encode()) - len(wire.encode(package.parts[0].statement)) for package in packages().values()}
    assert len(around) == 1
    first = parts["five trades"].statement
    for package in packages().values():
        statement = package.parts[0].statement
        assert set(statement) == set(first)
        assert statement["calendar"] == first["calendar"]
        assert [set(page) for page in statement["pages"]] == [set(page) for page in first["pages"]]
        assert (package.attestations, package.signature) == ((), None)
    count("proofs compared", len(packages()))


def test_with_real_coins_the_length_follows_from_the_indices():
    """All that comes before the openings of the queries lies where it does in any proof; of those the indices decide.

    `proof_parts` computes every size from the indices that the verifier draws, and raises if the bytes are not used up.
    """
    before = []
    for name in ("five trades", "300 trades"):
        data = proven(pages(name), "hifo")
        assert chain_by_itself(data).accepted
        parts = proof_parts(decode_chain_package(data).parts[0])
        names = list(parts)
        before.append({part: parts[part] for part in names[: names.index("main/0/salt")]})
    assert before[0] == before[1]
    count("proofs compared", 2)


@pytest.mark.parametrize(("trades", "hashes"), [(10, 13), (1500, 13), (2500, 14)])
def test_rows_tell_the_size_of_the_run_up_to_a_factor_of_two(trades, hashes):
    """Heights are the smallest powers of two that hold the run, 2^13 at least: buckets, never a count.

    The low tables tell nothing more: they are as low as they may be.
    """
    made = prepared(commit_pages(trades_from_text(busy(trades), "busy.csv"), currency="USD"))
    assert made.heights == (LOG_ROWS, hashes, *HEIGHTS[2:])
    assert tuple(len(trace) for trace in made.witness.traces.values()) == tuple(1 << height for height in made.heights)
    names, used = circuit()[0].tables[0].columns, made.witness.traces["steps"]
    flags = [i for i, name in enumerate(names) if name.startswith("is_")]
    rows = int(used[:, flags].any(axis=1).sum())
    assert 2 * trades < rows + 10 < 2**LOG_ROWS
