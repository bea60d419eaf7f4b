"""Canada's superficial losses are shown beside the figures: how much s.54 would deny, and of which sale."""

import pytest

from tests.support.make import COIN, trade
from zkharvest.cli import main
from zkharvest.ledger import Election, Pooling, run_ledger
from zkharvest.ledger.superficial import superficial_losses
from zkharvest.trades.csv_out import trades_to_text

HELD = [trade("2024-01-10", "b", "buy", 100, 5000), trade("2025-06-01", "s", "sell", 100, 4000)]


def found(*more):
    trades = [*HELD, *more]
    run = run_ledger(trades, Election(None, Pooling.UNIVERSAL, "America/Toronto", 2025, "canada"))
    return [(one.trade.id, one.loss // COIN, one.denied // COIN) for one in superficial_losses(run, trades)]


@pytest.mark.parametrize(
    ("more", "denied"),
    [
        ([], []),
        ([trade("2025-06-20", "r", "buy", 40, 1600)], [("s", 1000, 400)]),  # IT-456R: min(sold, bought, held) / sold
        ([trade("2025-07-01", "r", "buy", 40, 1600)], [("s", 1000, 400)]),  # the thirtieth day
        ([trade("2025-07-02T12:00", "r", "buy", 40, 1600)], []),
        ([trade("2025-06-20", "r", "buy", 40, 1600), trade("2025-06-25", "t", "sell", 40, 1600)], []),  # not held
        ([trade("2025-05-20", "r", "buy", 40, 2000)], [("s", 1000, 400)]),  # before, and still held
        ([trade("2025-06-20", "r", "buy", 40, 1600, asset="ETH")], []),
    ],
)
def test_the_share_that_is_denied(more, denied):
    assert found(*more) == denied


def test_a_purchase_of_the_next_year_counts():
    trades = [trade("2024-01-10", "b", "buy", 100, 5000), trade("2025-12-20", "s", "sell", 100, 4000)]
    trades.append(trade("2026-01-05", "r", "buy", 100, 4000))
    run = run_ledger(trades, Election(None, Pooling.UNIVERSAL, "America/Toronto", 2025, "canada"))
    assert [one.denied for one in superficial_losses(run, trades)] == [1000 * COIN]


def test_the_commands_say_so(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(trades_to_text([*HELD, trade("2025-06-20", "r", "buy", 40, 1600)]))
    for words in (["ledger", "report", str(path), "--regime", "canada"], ["report", "schedule3", str(path)]):
        assert main([*words, "--year", "2025"]) == 0
        err = capsys.readouterr().err
        assert "w/s: the loss of 1000.00 looks superficial (s.54)" in err
        assert "400.00 would be denied" in err
