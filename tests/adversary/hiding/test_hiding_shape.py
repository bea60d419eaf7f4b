"""What the form of a package tells: the bucket of the table height, and what is public. Not the trades, nor how many.

Different ledgers, methods and fillings of one bucket give proofs that are alike down to the byte count of every part,
and the length of what follows the queries is a function of the indices, which the verifier draws.
"""

from __future__ import annotations

import pytest

from tests.adversary.hiding.ledgers import COINS, LEDGERS, YEAR, busy, frozen, opening, packages
from tests.adversary.hiding.observing import LOG_ROWS, observe
from tests.support.counts import count
from tests.support.verdicts import by_itself
from zkharvest.circuit.lot_machine.v1.witness import make_witness, operations_of
from zkharvest.commitment.opening import commit
from zkharvest.conformance.kinds.proof_parts import proof_parts
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verifier import wire
from zkharvest.verifier.package import decode_package, encode_package
from zkharvest.workflow.prove import prove

HEIGHTS = (LOG_ROWS, LOG_ROWS, 12, 12, 12, 12, 13)
"""Of the lot machine's tables, for every small ledger; the range table lists 2^13 rows."""


def test_the_ledgers_differ_and_the_heights_do_not():
    used = {}
    for name, (_, method) in LEDGERS.items():
        witness = make_witness(
            opening(name), operations_of(opening(name), Election(Method(method), Pooling.WALLET, "UTC", YEAR))
        )
        operations = [i for i, column in enumerate(frozen().tables[0].columns) if column.startswith("is_")]
        used[name] = int(witness.traces[0][:, operations].any(axis=1).sum())
        assert tuple(trace.shape[0] for trace in witness.traces) == tuple(1 << height for height in HEIGHTS)
    assert used["five trades"] < 40
    assert used["300 trades"] > 400
    assert len(opening("300 trades").trades) == 300


def test_with_the_same_indices_every_part_has_the_same_size():
    """Package, statement but for its own texts, and every part of the proof, root by root and leaf by leaf."""
    parts = [
        {name: len(words) for name, words in observe(p.proof, frozen(), HEIGHTS, COINS).items()}
        for p in packages().values()
    ]
    assert all(part == parts[0] for part in parts)
    assert len({len(p.proof) for p in packages().values()}) == 1
    assert {p.log_rows for p in packages().values()} == {HEIGHTS}
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
        assert by_itself(encode_package(package)).accepted
        parts = proof_parts(package)
        names = list(parts)
        before.append({part: parts[part] for part in names[: names.index("main/0/salt")]})
    assert before[0] == before[1]
    count("proofs compared", 2)


@pytest.mark.parametrize(("trades", "log_rows"), [(3, 13), (1500, 13), (2500, 14)])
def test_rows_tell_the_size_of_the_run_up_to_a_factor_of_two(trades, log_rows):
    """The height is the smallest power of two that holds the run, 2^13 at least: a bucket, never a count.

    The low tables tell nothing more: machine and hashes are as high as one another, the others as low as they may be.
    """
    made = commit(trades_from_text(busy(trades), "busy.csv"), currency="USD")
    witness = make_witness(made, operations_of(made, Election(Method.FIFO, Pooling.WALLET, "UTC", YEAR)))
    assert witness.heights == (log_rows, log_rows, *HEIGHTS[2:])
    assert tuple(trace.shape[0] for trace in witness.traces) == tuple(1 << height for height in witness.heights)
