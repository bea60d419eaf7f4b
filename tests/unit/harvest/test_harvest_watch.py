"""Watching prices: one event a change, and a file that grows."""

import json

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.errors import InputError, UsageError
from zkharvest.harvest.watch import GrowingFile

TRADES = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n2026-01-05T10:00:00Z,k,t1,buy,BTC,1,100000,,,\n"
RATES = 'jurisdiction = "US"\nyear = 2026\nshort = 0.35\nlong = 0.15\nordinary = 0.35\nother_short = 500000\n'


def rows(*prices):
    return "".join(f"2026-03-01T00:{n:02d}:00Z,BTC,{price}\n" for n, price in enumerate(prices))


def watched(tmp_path, capsys, text, *words):
    for name, content in (("t.csv", TRADES), ("r.toml", RATES), ("p.csv", "time,asset,price\n" + text)):
        (tmp_path / name).write_text(content)
    paths = [str(tmp_path / name) for name in ("t.csv", "p.csv", "r.toml")]
    given = ["harvest", "watch", paths[0], "--prices", paths[1], "--rates", paths[2], "--once", "--json"]
    assert main([*given, *words]) == ExitCode.DONE
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_price_that_trembles_at_the_threshold_is_one_event(tmp_path, capsys):
    text = rows(95000, 89600, 89400, 89600, 90500, 89400, 90900, 91100, 89900, 89000)
    events = watched(tmp_path, capsys, text, "--threshold", "0.9")
    assert [(e["time"][14:16], e["event"]) for e in events] == [("02", "on"), ("07", "off"), ("09", "on")]
    assert events[0]["schema"] == "zkharvest/watch/1"
    assert (events[0]["ratio"], events[0]["loss"]) == (0.894, "10600.00")


def test_break_even_is_the_default(tmp_path, capsys):
    assert [e["event"] for e in watched(tmp_path, capsys, rows(101000, 99000, 102000))] == ["on", "off"]


def test_a_line_that_is_being_written_waits(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("time,asset,price\n2026-03-01T00:00:00Z,BTC,9")
    file = GrowingFile(path)
    assert file.new_rows() == {}
    with path.open("a") as more:
        more.write("0000\n")
    assert [row.value for row in file.new_rows()["BTC"]] == [90000]
    assert file.new_rows() == {}
    with path.open("a") as more:
        more.write("2026-03-01T00:01:00Z,BTC,nan\n")
    with pytest.raises(InputError, match=r"p\.csv:3: "):
        file.new_rows()
    path.write_text("")
    with pytest.raises(UsageError, match="became shorter"):
        file.new_rows()
