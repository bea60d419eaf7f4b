"""Files beside the exports (prices to fetch, published prices, balances): what is refused, and its hint followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.errors import InputError
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.fetching import read_rows
from zkharvest.trades.importers.names import load_names
from zkharvest.trades.importers.price_files import published
from zkharvest.trades.importers.reconcile import against_list

TRADES = "time,source,id,kind,asset,quantity,amount\n2024-01-01T00:00:00Z,kraken,1,buy,BTC,2,100\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty: the first line is time,asset,price"),
        ("time,asset,price\n2024-13-01,BTC,\n", "2024-13-01"),
        ("time,asset,price\n2024-01-01,\x07,\n", "character"),
    ],
)
def test_a_file_of_prices_to_fetch(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "missing.csv"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        read_rows(path)
    problem = refused.value.problems[0]
    assert says in f"{problem.message}: {problem.hint}"
    assert problem.hint
    path.write_text("time,asset,price\n2024-01-01,BTC,\n")
    assert [(row.time, row.asset) for row in read_rows(path)] == [("2024-01-01", "BTC")]


def test_published_rates_with_a_day_that_is_edited() -> None:
    head, names = ["Date", "USD", "JPY"], load_names()
    edited = [(1, head), (2, ["01.03.2024", "1.0834", "163.1"])]
    with pytest.raises(InputError) as refused:
        published("eurofxref-hist.csv", edited, names, "USD")
    problem = refused.value.problems[0]
    assert '"01.03.2024" is not a day' in problem.message
    assert problem.hint == "take the file as it is published"
    found = published("eurofxref-hist.csv", [(1, head), (2, ["2024-03-01", "1.0834", "163.1"])], names, "USD")
    assert found is not None
    assert {one.asset for one in found} == {"EUR", "JPY"}


def test_a_list_of_balances_with_a_broken_quote(tmp_path: Path) -> None:
    trades, listed = tmp_path / "t.csv", tmp_path / "now.csv"
    trades.write_text(TRADES)
    listed.write_text('source,asset,quantity\nkraken,"BTC,2\n')
    with pytest.raises(InputError) as refused:
        against_list(load_trades(trades), listed, load_names())
    problem = refused.value.problems[0]
    assert "is broken at or after this line" in problem.message
    assert problem.hint == "mend the quotes"
    listed.write_text('source,asset,quantity\nkraken,"BTC",2\n')
    assert main(["trades", "reconcile", str(trades), "--balances", str(listed)]) == 0
