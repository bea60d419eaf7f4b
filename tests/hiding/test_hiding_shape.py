"""What the form of a package tells: the bucket of the table height, and what is public. Not the trades, nor how many.

Different ledgers, methods and fillings of one bucket give proofs that are alike down to the byte count of every part,
and the length of what follows the queries is a function of the indices, which the verifier draws.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.hiding.alarms import alarms
from tests.hiding.observing import Coins, fixed, observe
from tests.support.counts import count
from tests.support.proofs import SMALL
from zkharvest.audit.proving import CIRCUIT, prove
from zkharvest.audit.vector_kinds.proof_parts import proof_parts
from zkharvest.circuit.lot_machine.definition import define
from zkharvest.circuit.lot_machine.witness import _uniform, make_witness
from zkharvest.circuit.lot_machine.witness_tables import BLIND_ROWS, blind
from zkharvest.commitment.opening import commit
from zkharvest.ledger.rules import Basis, Method, Regime
from zkharvest.prove import field, logup, stark
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verify import circuits, policy, wire
from zkharvest.verify.field import P
from zkharvest.verify.package import decode_package, encode_package
from zkharvest.verify.statement import public_data, read_statement

LOG_ROWS = 13
YEAR = 2025


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
def opening(name):
    return commit(trades_from_text(LEDGERS[name][0], f"{name}.csv"))


@cache
def packages():
    """A package of each ledger, the verifier's coins being the same."""
    with fixed(Coins(8, LOG_ROWS)):
        return {
            name: decode_package(prove(opening(name), year=YEAR, method=method, preset="test"))
            for name, (_, method) in LEDGERS.items()
        }


def frozen():
    return circuits.load(next(pinned for pinned in circuits.PINNED if pinned.id == CIRCUIT))


def test_the_ledgers_differ_and_the_heights_do_not():
    used = {}
    for name, (_, method) in LEDGERS.items():
        witness = make_witness(opening(name), Regime(Method(method), Basis.WALLET, "UTC", YEAR))
        operations = [i for i, column in enumerate(frozen().tables[0].columns) if column.startswith("is_")]
        used[name] = int(witness.traces[0][:, operations].any(axis=1).sum())
        assert {trace.shape[0] for trace in witness.traces} == {1 << LOG_ROWS}
    assert used["five trades"] < 40
    assert used["300 trades"] > 400
    assert len(opening("300 trades").trades) == 300


def test_with_the_same_indices_every_part_has_the_same_size():
    """Package, statement but for its own texts, and every part of the proof, root by root and leaf by leaf."""
    parts = [
        {name: len(words) for name, words in observe(p.proof, frozen(), LOG_ROWS, Coins(8, LOG_ROWS)).items()}
        for p in packages().values()
    ]
    assert all(part == parts[0] for part in parts)
    assert len({len(p.proof) for p in packages().values()}) == 1
    assert {p.rows for p in packages().values()} == {LOG_ROWS}
    around = {len(encode_package(p)) - len(wire.encode(p.statement)) for p in packages().values()}
    assert len(around) == 1
    for p in packages().values():
        assert set(p.statement) == set(packages()["five trades"].statement)
        assert p.statement["calendar"] == packages()["five trades"].statement["calendar"]
        assert (p.attestations, p.signature) == (None, None)
    count("proofs compared", len(packages()))


def test_with_real_coins_the_length_follows_from_the_indices():
    """All that comes before the openings of the queries lies where it does in any proof; of those the indices decide.

    `proof_parts` computes every size from the indices that the verifier draws, and raises if the bytes are not used up.
    """
    before = []
    for name in ("five trades", "300 trades"):
        package = decode_package(prove(opening(name), year=YEAR, method="hifo", preset="test"))
        assert policy.verify(encode_package(package), policy.Policy(allow_test_preset=True)).accepted
        parts = proof_parts(package)
        names = list(parts)
        before.append({part: parts[part] for part in names[: names.index("main/0/salt")]})
    assert before[0] == before[1]
    count("proofs compared", 2)


@pytest.mark.parametrize(("trades", "log_rows"), [(3, 13), (1500, 13), (2500, 14)])
def test_rows_tell_the_size_of_the_run_up_to_a_factor_of_two(trades, log_rows):
    """The height is the smallest power of two that holds the run, 2^13 at least: a bucket, never a count."""
    made = commit(trades_from_text(busy(trades), "busy.csv"))
    witness = make_witness(made, Regime(Method.FIFO, Basis.WALLET, "UTC", YEAR))
    assert witness.n == log_rows
    assert {trace.shape[0] for trace in witness.traces} == {1 << log_rows}


def test_terminals_of_the_lot_machine_are_uniform_for_every_ledger():
    """At the same challenges, with a fresh ring each time; without it they are constants that tell ledgers apart."""
    circuit, _ = define()
    description = frozen()
    lookup = Coins(8, LOG_ROWS).lookup

    def terminals(name, proofs, ring=None):
        regime = Regime(Method(LEDGERS[name][1]), Basis.WALLET, "UTC", YEAR)
        witness = make_witness(opening(name), regime)
        statement = read_statement(packages()[name].statement)
        shown = public_data(statement, description, bytes(32))
        known = stark._public_columns(description, shown, 1 << LOG_ROWS)
        by_name = {table.name: trace for table, trace in zip(circuit.tables, witness.traces, strict=True)}
        main = field.to_mont(np.concatenate(list(by_name.values()), axis=1))
        rows = []
        for _ in range(proofs):
            blind(circuit, by_name, _uniform(len(circuit.tables)) if ring is None else ring)
            blinded = np.concatenate([trace[:BLIND_ROWS] for trace in by_name.values()], axis=1)
            main[:BLIND_ROWS] = field.to_mont(blinded)
            _, found = logup.auxiliary_trace(description, shown.publics, lookup, main, known)
            rows.append([coordinate for terminal in found for coordinate in terminal])
        return {"terminals": np.array(rows)}

    first, second = (terminals(name, 24) for name in ("five trades", "300 trades"))
    assert alarms(first, second) == set()
    # a table's blinds are in two neighbouring tables, so all of them but the sum are free
    assert len({tuple(row) for row in first["terminals"].tolist()}) == 24
    constant = np.zeros((len(circuit.tables), BLIND_ROWS), dtype=np.uint32)
    first, second = (terminals(name, 24, constant) for name in ("five trades", "300 trades"))
    assert ("value: witnesses differ", "terminals") in alarms(first, second)
    count("mutant provers caught")
    assert int(first["terminals"].max()) < P
