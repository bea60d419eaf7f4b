"""A year that is too tall for one proof is refused before its tables are filled, by the rows that they would take."""

import pytest

from tests.support.proofs import small_opening
from zkharvest.circuit.lot_machine.v1 import limits, poseidon, witness
from zkharvest.circuit.lot_machine.v1.steps import layout
from zkharvest.errors import InputError
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.workflow import prove as proving

ELECTION = Election(Method.FIFO, Pooling.WALLET, "America/New_York", 2025)
CHOSEN = {"year": 2025, "method": "fifo"}


def counted(monkeypatch):
    """Rows of the two tables that grow, as the limits count them and as the witness has them."""
    opening, seen = small_opening(), {}
    hashed, laid = poseidon.hash_rows, layout.lay_out

    def hashing(*arguments):
        inputs, marks = hashed(*arguments)
        seen["hashed"] = len(inputs)
        return inputs, marks

    def laying(*arguments):
        plan = laid(*arguments)
        seen["steps"] = plan.used
        return plan

    operations = witness.operations_of(opening, ELECTION)
    with monkeypatch.context() as patch:
        patch.setattr(witness, "hash_rows", hashing)
        patch.setattr(witness, "lay_out", laying)
        witness.make_witness(opening, operations)
    counts = [sum(trade.source == source for trade in opening.trades) for source in opening.sources]
    left = len(operations.final_node)
    found = limits.record_rows(counts) + limits.lot_rows(0) + limits.lot_rows(left)
    return opening, operations, (found, limits.lay_out(operations, len(opening.trades), 0, 0).used), seen


def test_rows_are_those_of_the_witness(monkeypatch):
    _, _, found, seen = counted(monkeypatch)
    assert found == (seen["hashed"], seen["steps"])


@pytest.mark.parametrize("leaves", [0, 1, 2, 3, 1000, 1024, 65_537])
def test_nodes_of_a_tree_by_their_levels(leaves):
    count, level = 0, leaves
    for height in range(1, 25):
        level = 1 if height == 24 else -(-level // 2)
        count += level
    assert limits.tree_rows(leaves) == count


def test_a_run_at_the_limit_is_taken_and_one_row_more_refused(monkeypatch):
    opening, operations, (hashed, steps), _ = counted(monkeypatch)
    monkeypatch.setattr(limits, "MOST_ROWS", max(hashed, steps))
    limits.check_records(opening)
    limits.check_run(opening, operations)
    monkeypatch.setattr(limits, "MOST_ROWS", max(hashed, steps) - 1)
    with pytest.raises(InputError, match=r"too many for one proof: .* takes? [0-9,]+ rows, a proof has at most"):
        limits.check_run(opening, operations)
    monkeypatch.setattr(limits, "MOST_ROWS", 10)
    with pytest.raises(InputError, match=r"their commitments alone take"):
        limits.check_records(opening)


def test_nothing_is_computed_for_what_the_number_of_trades_rules_out(monkeypatch):
    def never(*_):
        raise AssertionError("the ledger ran")

    monkeypatch.setattr(limits, "MOST_ROWS", 10)
    monkeypatch.setattr(witness, "operations_of", never)
    with pytest.raises(InputError, match="are too many for one proof") as refused:
        proving.prove(small_opening(), **CHOSEN)
    assert "prove fewer trades" in str(refused.value)


def test_no_table_is_filled_for_a_run_that_is_too_tall(monkeypatch):
    opening, _, (hashed, steps), _ = counted(monkeypatch)

    def never(*_arguments, **_given):
        raise AssertionError("the tables were filled")

    monkeypatch.setattr(limits, "check_records", lambda _: None)
    monkeypatch.setattr(limits, "MOST_ROWS", min(hashed, steps) - 1)
    monkeypatch.setattr(witness, "make_witness", never)
    with pytest.raises(InputError, match="a proof has at most"):
        proving.prove(opening, **CHOSEN)
