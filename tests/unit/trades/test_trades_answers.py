"""What the user says beside the exports: manual rows, rows left out, names, prices; every hint is followed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.errors import InputError, UsageError
from zkharvest.trades.importers import Answers, ImportRefused, import_exports
from zkharvest.trades.importers.grouping import grouped
from zkharvest.trades.importers.names import load_names

KRAKEN = "txid,refid,time,type,aclass,asset,amount,fee,balance\n"
COINBASE = (
    "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
    "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n"
)
MANUAL = "time,source,id,kind,asset,quantity,amount,fee,currency,to,lots,category,origin\n"
ODD = "x1,2024-01-01 12:00:00 UTC,Moonshot,SOL,1,USD,$100.00,$100.00,$100.00,$0.00,\n"
BUY = "b1,2024-01-01 11:00:00 UTC,Buy,SOL,1,USD,$100.00,$100.00,$101.00,$1.00,\n"


# Manual rows


def test_a_manual_row_stands_for_the_row_that_it_names(bring) -> None:
    assert bring.problems(COINBASE + BUY + ODD) == ['a.csv:3:Transaction Type: "Moonshot" is not a known type']
    assert bring.hints(COINBASE + BUY + ODD) == [
        (
            'write what it did into a --manual file, with "a.csv:3" in its origin column; '
            "or leave it out with --skip a.csv:3=REASON"
        )
    ]
    manual = MANUAL + "2024-01-01T12:00:00Z,coinbase,x1,income,SOL,1,100,,USD,,,reward,a.csv:3\n"
    columns = "kind asset amount origin"
    assert bring.table(COINBASE + BUY + ODD, columns=columns, manual=manual) == [
        "buy SOL 100.00 a.csv:2",
        "income SOL 100.00 a.csv:3;manual.csv:2",
    ]
    assert bring.notes(COINBASE + BUY + ODD, manual=manual) == ["a.csv: 1 row: read from the manual file instead"]


def test_manual_rows_stand_for_rows_that_can_be_read_too_or_join_them(bring) -> None:
    manual = MANUAL + (
        "2024-01-01T11:00:00Z,coinbase,b1-a,buy,SOL,0.4,40,0.4,USD,,,,a.csv:2\n"
        "2024-01-01T11:00:00Z,coinbase,b1-b,buy,SOL,0.6,60,0.6,USD,,,,a.csv:2\n"
        "2024-02-01T11:00:00Z,cold,m1,spend,XBT,0.5,20000,,USD,,,payment,\n"
    )
    assert bring.table(COINBASE + BUY, columns="source kind asset quantity", manual=manual) == [
        "coinbase buy SOL 0.4",
        "coinbase buy SOL 0.6",
        "cold spend BTC 0.5",
    ]


def test_a_manual_row_must_have_the_time_of_its_row(bring) -> None:
    manual = MANUAL + "2024-01-02T12:00:00Z,coinbase,x1,income,SOL,1,100,,USD,,,reward,a.csv:3\n"
    assert bring.problems(COINBASE + BUY + ODD, manual=manual) == [
        "manual.csv:2:time: 2024-01-02T12:00:00Z is not the time of a.csv:3, which is 2024-01-01T12:00:00Z"
    ]
    nowhere = MANUAL + "2024-01-01T12:00:00Z,coinbase,x1,income,SOL,1,100,,USD,,,reward,a.csv:9\n"
    assert bring.problems(COINBASE + BUY + ODD, manual=nowhere) == [
        "manual.csv:2:origin: a.csv:9 is not a row of this import"
    ]
    other = MANUAL + "2024-01-01T12:00:00Z,coinbase,x1,income,SOL,1,100,,EUR,,,reward,a.csv:3\n"
    assert bring.problems(COINBASE + BUY + ODD, manual=other) == [
        "manual.csv:2:currency: the row is in EUR, the import in USD"
    ]


# Rows left out


def test_a_row_is_left_out_with_its_reason(bring) -> None:
    assert len(bring.rows(COINBASE + BUY + ODD, skip=["a.csv:3=it is a test"])) == 1
    assert bring.notes(COINBASE + BUY + ODD, skip=["a.csv:3=it is a test"]) == [
        "a.csv: 1 row: left out by --skip: it is a test"
    ]
    assert bring.rows(COINBASE + BUY + ODD, skip=["a.csv:2-3=none of it"]) == []
    assert bring.problems(COINBASE + BUY, skip=["a.csv:7=gone"]) == [
        "--skip a.csv:7: no export of this import has such a row"
    ]


@pytest.mark.parametrize("text", ["a.csv=x", "a.csv:2", "a.csv:2=", "a.csv:3-2=x", "a.csv:2,=x"])
def test_a_skip_that_is_not_one(bring, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        bring(COINBASE + BUY, skip=[text])
    assert caught.value.hint


# Names


def test_names_of_the_user_go_before_those_that_are_shipped(bring, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[alias]]\nname = "SOL"\ncoin = "SOLANA"\nsource = "mine"\ndate = "2024-01-01"\n'
        '[[rename]]\nold = "OLD"\nnew = "NEW"\nratio = "1:10"\ndate = "2024-01-01"\nsource = "mine"\n'
    )
    assert bring.table(COINBASE + BUY, columns="asset", aliases=own) == ["SOLANA"]
    sale = "s1,2024-03-01 11:00:00 UTC,Sell,NEW,-10,USD,$1.00,$10.00,$10.00,$0.00,\n"
    text = COINBASE + BUY.replace("SOL", "OLD") + sale
    assert bring.table(text, columns="kind asset quantity into into_quantity", aliases=own) == [
        "buy OLD 1  ",
        "convert OLD 1 NEW 10",
        "sell NEW 10  ",
    ]
    assert bring.notes(text, aliases=own) == [
        "a.csv: 1 row: before this row 1 OLD became 10 NEW (coinbase wrote no row)"
    ]


def test_every_problem_of_a_file_of_names(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'extra = 1\n[[alias]]\nname = "A/B"\ncoin = "C"\ndate = "soon"\n'
        '[[rename]]\nold = "A"\nnew = "B"\nratio = "1"\ndate = "2024-01-01"\nsource = "s"\nwhy = "x"\n'
        '[[rename]]\nold = "A"\nnew = "B"\nratio = "0:1"\ndate = "2024-01-01"\nsource = "s"\n'
    )
    with pytest.raises(InputError) as caught:
        load_names(own)
    assert [str(p).split("\n")[0].replace(f"{own}", "own") for p in caught.value.problems] == [
        'own: "extra" is not a table',
        "own: alias 1: source is missing",
        'own: alias 1: name: "A/B" has a / or ;',
        'own: alias 1: "soon" is not a day',
        'own: rename 1: "why" is not a field',
        'own: rename 2: "0:1" is not a ratio',
    ]
    own.write_text("alias = 1")
    with pytest.raises(InputError, match="not a list"):
        load_names(own)
    own.write_text("alias = [")
    with pytest.raises(InputError, match="not TOML"):
        load_names(own)


def test_each_shipped_name_has_its_source_and_day() -> None:
    names = load_names()
    assert names.coin("XXBT") == names.coin("XBT") == "BTC"
    assert names.coin("ZUSD", "kraken") == "USD"
    assert names.coin("ZUSD", "coinbase") == "ZUSD"
    assert names.coin("XXDG", "kraken") == "DOGE"
    assert names.is_wrapping("WETH", "ETH")
    known = {(rename.old, rename.new): (rename.takes, rename.gives) for rename in names.renames}
    one = 10**18
    assert known["MATIC", "POL"] == (one, one)
    assert known["GAL", "G"] == (one, 60 * one)
    assert known["LEND", "AAVE"] == (100 * one, one)
    assert known["LUNA", "LUNC"] == (one, one)
    assert all(rename.source.startswith("http") and rename.time for rename in names.renames)


def test_check_finds_one_coin_under_two_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    head = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n"
    row = "2024-01-0{0}T00:00:00Z,k,{0},buy,{1},1,1,,,\n"
    path.write_text(head + row.format(1, "XBT") + row.format(2, "BTC"))
    assert main(["trades", "check", str(path), "--json"]) == 1
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [p["message"] for p in problems] == ['"XBT" is another name of "BTC", which the file has too']
    path.write_text(head + row.format(1, "XBT"))
    assert main(["trades", "check", str(path)]) == 0


# Prices


def test_the_prices_that_are_missing_are_written_filled_in_and_enough(tmp_path: Path) -> None:
    export, template, out = tmp_path / "k.csv", tmp_path / "missing.csv", tmp_path / "out.csv"
    export.write_text(
        KRAKEN
        + "K1,R1,2024-03-03 10:00:00,dividend,c,XXBT,1,0,0\nK2,R2,2024-03-03 11:00:00,dividend,c,XETH,1,0,0\n"
        + "K3,R3,2024-03-03 11:00:00,dividend,c,XETH,1,0,0\n"
    )
    arguments = ["trades", "import", str(export), "-o", str(out)]
    assert main([*arguments, "--missing-prices", str(template)]) == 1
    assert template.read_text() == "time,asset,price\n2024-03-03T10:00:00Z,BTC,\n2024-03-03T11:00:00Z,ETH,\n"
    assert main([*arguments, "--prices", str(template)]) == 1  # not filled in yet
    assert not out.exists()
    template.write_text(template.read_text().replace("BTC,", "XBT,60000").replace("ETH,", "ETH,3000"))
    assert main([*arguments, "--prices", str(template)]) == 0
    assert out.read_text().count("3000.00") == 2


def test_one_list_of_missing_prices_is_all_of_them(tmp_path: Path) -> None:
    """The fee in a third coin is on the list with the trade, not on the next one."""
    export, template, out = tmp_path / "k.csv", tmp_path / "missing.csv", tmp_path / "out.csv"
    head = "tradeCreatedAt,symbol,side,price,size,funds,fee,feeCurrency\n"
    export.write_text(head + "2024-03-03 10:00:00,ETH-USDT,buy,3000,1,3000,0.5,KCS\n")
    arguments = ["trades", "import", str(export), "-o", str(out)]
    assert main([*arguments, "--missing-prices", str(template)]) == 1
    assert template.read_text() == "time,asset,price\n2024-03-03T10:00:00Z,ETH,\n2024-03-03T10:00:00Z,KCS,\n"
    template.write_text(template.read_text().replace("ETH,", "ETH,3000").replace("KCS,", "KCS,10"))
    assert main([*arguments, "--prices", str(template)]) == 0
    assert out.read_text().count("3000.00") == 2


def test_several_price_files_may_not_contradict(tmp_path: Path) -> None:
    one, two = tmp_path / "p1.csv", tmp_path / "p2.csv"
    one.write_text("time,asset,price\n2024-03-03,XBT,60000\n")
    two.write_text("time,asset,price\n2024-03-03,BTC,60001\n2024-03-04,BTC,1\n")
    (tmp_path / "a.csv").write_text(KRAKEN + "K1,R1,2024-03-03 10:00:00,dividend,c,XXBT,1,0,0\n")
    with pytest.raises(InputError, match="priced otherwise"):
        import_exports([tmp_path / "a.csv"], answers=Answers(prices=[one, two]))
    two.write_text("time,asset,price\n2024-03-04,BTC,1\n")
    made = import_exports([tmp_path / "a.csv"], answers=Answers(prices=[one, two]))
    assert made.trades[0].amount == 60000 * 10**8


# Messages


def test_problems_of_one_kind_are_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = "".join(ODD.replace("x1", f"x{n}").replace("12:00:00", f"12:00:0{n}") for n in range(9))
    (tmp_path / "a.csv").write_text(COINBASE + odd)
    with pytest.raises(ImportRefused) as caught:
        import_exports([tmp_path / "a.csv"])
    assert len(caught.value.problems) == 9
    told = grouped(caught.value.problems)
    assert [problem.message for problem in told[:3]] == ['"Moonshot" is not a known type'] * 3
    assert told[3].message == "6 more rows have the same problem (lines 5, 6, 7, 8, 9, 10)"
    assert main(["trades", "import", str(tmp_path / "a.csv"), "-o", str(tmp_path / "t.csv"), "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 9


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for year in ("2024", "2025"):
        (tmp_path / year).mkdir()
        paths.append(tmp_path / year / "coinbase.csv")
        paths[-1].write_text(COINBASE + BUY.replace("b1", year))
    made = import_exports(paths)
    assert [trade.origin for trade in made.trades] == ["2024_coinbase.csv:2", "2025_coinbase.csv:2"]
