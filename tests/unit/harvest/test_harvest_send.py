"""`harvest send`: orders go out and fills come back through ccxt, against a server that speaks Binance.US's REST."""

import csv
import json
import os
import shutil
import signal
from decimal import Decimal, getcontext
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.exchange import Binance, Exchange, keys, serving
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.harvest.markets import venue as venues
from zkharvest.harvest.plan_file import read_plan

ccxt = pytest.importorskip("ccxt")

TRADES = "time,source,id,kind,asset,quantity,amount,fee,to,lots\n2026-01-05T10:00:00Z,binance,t1,buy,BTC,1,92000,,,\n"
RATES = 'jurisdiction = "US"\nyear = 2026\nshort = 0.35\nlong = 0.15\nordinary = 0.35\nother_short = 50000\n'
PRICES = "time,asset,price\n2026-11-28T12:00:00Z,BTC,80000\n"


class Place(NamedTuple):
    folder: Path
    url: str
    paused: list

    def __truediv__(self, name):
        return self.folder / name


@pytest.fixture(autouse=True)
def decimals_round_as_before():
    """ccxt changes the decimals' context of whoever calls it; nothing of that stays with the sender."""
    before = getcontext().copy()
    yield
    assert (getcontext().rounding, getcontext().traps) == (before.rounding, before.traps)


@pytest.fixture
def exchange():
    made = Exchange()
    made.quote("BTCUSD", [(79990, 10)], [(80010, 10)])
    return made


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The folder's files, with a plan of two sales and two re-entries: made once, all of it due."""
    folder = tmp_path_factory.mktemp("planned")
    for name, text in (("t.csv", TRADES), ("r.toml", RATES), ("p.csv", PRICES)):
        (folder / name).write_text(text)
    files = [str(folder / "t.csv"), "--prices", str(folder / "p.csv"), "--rates", str(folder / "r.toml")]
    words = ["--as-of", "2026-11-28T18:00:00Z", "--band", "0.5", "--seed", "3", "--slices-a-day", "1000"]
    assert main(["harvest", "plan", *files, *words, "-o", str(folder / "plan.json")]) == 0
    plan = json.loads((folder / "plan.json").read_text())
    for step in plan["steps"]:
        step["at"] = plan["made"]
    (folder / "plan.json").write_text(json.dumps(plan, indent=2) + "\n")
    return folder


@pytest.fixture
def place(tmp_path, monkeypatch, exchange, planned):
    """A folder with a plan that is due, keys, and a venue; its pauses are counted, not waited."""
    monkeypatch.chdir(tmp_path)
    keys(monkeypatch, "binanceus")
    paused = []
    monkeypatch.setattr(venues, "pause", paused.append)
    monkeypatch.setattr(ccxt.Exchange, "throttle", lambda *_: None)
    shutil.copytree(planned, tmp_path, dirs_exist_ok=True)
    with serving(Binance(exchange)) as url:
        yield Place(tmp_path, url, paused)


def send(place, capsys, *words):
    """The exit code, and the object that is printed."""
    capsys.readouterr()
    given = ["harvest", "send", "plan.json", "--venue", "binanceus", "--url", f"binanceus={place.url}", "--json"]
    code = main([*given, *words])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None


def really(place, capsys, *words):
    return send(place, capsys, "--send", "--limit", "200000", *words)


def fills(place):
    return list(csv.DictReader((place / "plan-fills.csv").open()))


def states(shown):
    return [step["state"] for step in shown["steps"]]


def test_a_dry_run_is_the_default_and_sends_nothing(place, capsys, exchange):
    code, shown = send(place, capsys)
    assert (code, shown["sent"]) == (ExitCode.DONE, False)
    assert [(s["side"], s["amount"], s["fillable"]) for s in shown["steps"]] == [
        ("sell", "0.5", "0.5"), ("buy", "0.5", "0.5"), ("sell", "0.5", "0.5"), ("buy", "0.5", "0.5"),
    ]  # fmt: skip
    assert not exchange.orders
    assert not any("POST" in request or "allOrders" in request for request in exchange.requests)
    assert not (place / "plan-fills.csv").exists()
    exchange.quote("BTCUSD", [(79990, "0.2")], [(80010, 10)])
    assert main(["harvest", "send", "plan.json", "--venue", "binanceus", "--url", f"binanceus={place.url}"]) == 0
    assert "step 1: the book takes 0.2 of 0.5 at its limit now" in capsys.readouterr().err


def test_orders_go_out_and_fills_come_back_as_record_takes_them(place, capsys, exchange):
    code, shown = really(place, capsys)
    assert code == ExitCode.DONE
    assert states(shown) == ["filled"] * 4
    sent = sorted(exchange.orders.values(), key=lambda order: int(order["id"]))
    wanted = read_plan("plan.json").steps
    assert [(o["side"], o["amount"], o["price"], o["client"], o["immediate"]) for o in sent] == [
        (s.side, Decimal(s.amount), Decimal(s.price), s.params["clientOrderId"], True) for s in wanted
    ]
    assert [(f["price"], f["amount"], f["fee_cost"], f["fee_currency"]) for f in fills(place)] == [
        ("79990", "0.5", "39.995", "USD"), ("80010", "0.5", "40.005", "USD"),
        ("79990", "0.5", "39.995", "USD"), ("80010", "0.5", "40.005", "USD"),
    ]  # fmt: skip
    words = ["harvest", "record", "plan.json", "plan-fills.csv", "--trades", "t.csv", "-o", "new.csv", "--json"]
    assert main(words) == ExitCode.DONE
    recorded = json.loads(capsys.readouterr().out)
    assert (recorded["loss"], recorded["gaps"]) == ("12089.99", [])  # 92,000 - 2 * (39,995 - 39.995)


def test_a_second_run_doubles_no_order_even_without_its_journal(place, capsys, exchange):
    assert really(place, capsys)[0] == ExitCode.DONE
    first = (place / "plan-fills.csv").read_text()
    assert really(place, capsys)[0] == ExitCode.DONE
    (place / "plan-journal.jsonl").unlink()
    code, shown = really(place, capsys, "--force")
    assert (code, states(shown)) == (ExitCode.DONE, ["filled"] * 4)
    assert len(exchange.orders) == 4
    assert (place / "plan-fills.csv").read_text() == first


@pytest.mark.parametrize("fault", ["lose answer", "lose request", "break", "too many"])
def test_a_connection_lost_in_the_middle_places_each_order_once(place, capsys, exchange, fault):
    exchange.faults = [("POST /api/v3/order", fault), ("/api/v3/myTrades", "break"), ("/api/v3/order", "too many")]
    code, shown = really(place, capsys)
    assert (code, states(shown)) == (ExitCode.DONE, ["filled"] * 4)
    assert len(exchange.orders) == 4
    assert sum(Decimal(f["amount"]) for f in fills(place)) == 2
    assert place.paused


def test_a_venue_that_stays_away_stops_the_sending_and_the_next_run_goes_on(place, capsys, exchange):
    # the first look-up is answered, so that the order is sent at all
    exchange.on_order = lambda _: exchange.faults.extend([("/api/v3/allOrders", "lose request")] * 40)
    exchange.faults = [("POST /api/v3/order", "lose answer")]
    code, shown = really(place, capsys)
    assert code == ExitCode.REJECTED
    assert states(shown) == ["unclear", "waiting", "waiting", "waiting"]
    assert "whether orders are open is not known" in shown["stopped"]
    assert fills(place) == []
    exchange.faults, exchange.on_order = [], None
    code, shown = really(place, capsys)
    assert (code, states(shown), len(exchange.orders)) == (ExitCode.DONE, ["filled"] * 4, 4)


def test_a_venue_that_goes_away_between_two_steps_keeps_what_was_filled(place, capsys, exchange):
    exchange.on_order = lambda _: exchange.faults.extend([("/api/v3/allOrders", "lose request")] * 40)
    code, shown = really(place, capsys)
    assert (code, states(shown)) == (ExitCode.REJECTED, ["filled", "waiting", "waiting", "waiting"])
    assert "step 2 was not sent" in shown["stopped"]
    assert [f["amount"] for f in fills(place)] == ["0.5"]
    exchange.faults, exchange.on_order = [], None
    assert states(really(place, capsys)[1]) == ["filled"] * 4
    assert len(exchange.orders) == 4


def test_partial_fills_cut_the_re_entry_so_that_delta_stays_in_its_band(place, capsys, exchange):
    exchange.quote("BTCUSD", [(79990, "0.2"), (79980, "0.1")], [(80010, 10)])
    code, shown = really(place, capsys)
    assert code == ExitCode.DONE
    assert [(s["state"], s["asked"], s["filled"]) for s in shown["steps"]] == [
        ("partly filled", "0.5", "0.3"), ("filled", "0.3", "0.3"), ("not filled", "0.5", "0"), ("left out", "0", "0"),
    ]  # fmt: skip
    assert "cut from 0.5" in shown["steps"][1]["why"]
    assert [(f["price"], f["amount"]) for f in fills(place)] == [("79990", "0.2"), ("79980", "0.1"), ("80010", "0.3")]
    words = ["harvest", "record", "plan.json", "plan-fills.csv", "--trades", "t.csv", "-o", "new.csv", "--json"]
    assert main(words) == ExitCode.DONE
    assert "binance/t1: planned 1, sold 0.3" in json.loads(capsys.readouterr().out)["gaps"]


def test_the_first_reject_stops_the_sending(place, capsys, exchange):
    exchange.on_order = lambda order: (
        exchange.faults.append(("POST /api/v3/order", "reject")) if order["side"] == "sell" else None
    )
    code, shown = really(place, capsys)
    assert code == ExitCode.REJECTED
    assert states(shown) == ["filled", "rejected", "waiting", "waiting"]
    assert "insufficient balance" in shown["stopped"]
    assert len(fills(place)) == 1
    exchange.on_order = None
    code, shown = really(place, capsys)
    assert (code, states(shown), len(exchange.orders)) == (ExitCode.DONE, ["filled"] * 4, 4)


def test_the_kill_switch_is_a_file(place, capsys, exchange):
    exchange.on_order = lambda order: (place / "plan-stop").touch() if len(exchange.orders) == 1 else None
    code, shown = really(place, capsys)
    assert code == ExitCode.INTERRUPTED
    assert states(shown) == ["filled", "filled", "waiting", "waiting"]
    assert "plan-stop exists" in shown["stopped"]
    (place / "plan-stop").unlink()
    assert states(really(place, capsys)[1]) == ["filled"] * 4
    assert len(exchange.orders) == 4


def test_the_kill_switch_is_a_signal_and_open_orders_are_withdrawn(place, capsys, exchange):
    plan = json.loads((place / "plan.json").read_text())
    plan["steps"][0]["params"]["timeInForce"] = "GTC"  # an order that rests
    (place / "plan.json").write_text(json.dumps(plan))
    exchange.quote("BTCUSD", [(79990, "0.2")], [(80010, 10)])
    before = signal.getsignal(signal.SIGTERM)
    exchange.on_order = lambda _: os.kill(os.getpid(), signal.SIGTERM)
    code, shown = really(place, capsys)
    assert code == ExitCode.INTERRUPTED
    assert "SIGTERM" in shown["stopped"]
    assert states(shown)[0] == "partly filled"
    assert not any(order["open"] for order in exchange.orders.values())
    assert [f["amount"] for f in fills(place)] == ["0.2"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_cancel_withdraws_what_is_open_and_keeps_what_it_filled(place, capsys, exchange):
    exchange.quote("BTCUSD", [(79990, "0.2")], [(80010, 10)])
    step = read_plan("plan.json").steps[0]
    exchange.place("BTCUSD", "sell", step.amount, step.price, step.params["clientOrderId"], immediate=False)
    exchange.place("BTCUSD", "sell", "1", "90000", "another's", immediate=False)
    code, shown = send(place, capsys, "--cancel")
    assert (code, shown["cancelled"]) == (ExitCode.DONE, [step.params["clientOrderId"]])
    assert [order["open"] for order in exchange.orders.values()] == [False, True]
    assert [f["amount"] for f in fills(place)] == ["0.2"]


def test_two_at_once_are_refused(place, capsys):
    import fcntl

    with (place / "plan-journal.jsonl").open("a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert really(place, capsys)[0] == ExitCode.USAGE


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--send"], "--send needs a limit"),
        (["--send", "--limit", "1000"], "the orders add up to 160,000.00, the limit is 1,000.00"),
        (["--send", "--limit", "0"], "--limit"),
        (["--limit", "1000"], "the limit is 1,000.00"),
        (["--send", "--cancel", "--limit", "1"], "exclude each other"),
        (["--venue", "binanceu"], "did you mean binanceus?"),
        (["--url", "http://127.0.0.1:1"], "does not name its venue"),
        (["--url", "binanceus=http://example.com"], "in the clear"),
        (["--url", "binanceus=ftp://example.com"], "is not a server"),
    ],
)
def test_what_is_refused_before_anything_is_sent(place, capsys, exchange, words, said):
    assert send(place, capsys, *words)[0] == ExitCode.USAGE
    assert send(place, capsys, *words)[0] == ExitCode.USAGE
    given = ["harvest", "send", "plan.json", "--venue", "binanceus", "--url", f"binanceus={place.url}"]
    main([*given, *words])
    assert said in capsys.readouterr().err
    assert not exchange.orders


def test_orders_that_the_venue_would_not_take_are_named_together(place, capsys, exchange):
    exchange.steps = {"amount": "0.2", "price": "25", "least": "0.6", "cost": "50000"}
    assert main(
        ["harvest", "send", "plan.json", "--venue", "binanceus", "--url", f"binanceus={place.url}", "--send",
         "--limit", "200000"]
    ) == ExitCode.REJECTED  # fmt: skip
    said = capsys.readouterr().err
    assert "amount 0.5 of BTC/USD is not a multiple of 0.2" in said
    assert "--amount-step 0.2" in said
    assert "below the 0.6" in said
    assert "worth less than the 50000" in said
    assert not exchange.orders


def test_keys_come_from_the_environment_alone(place, capsys, exchange, monkeypatch):
    monkeypatch.setenv("ZKHARVEST_BINANCEUS_SECRET", "wrong")
    given = ["harvest", "send", "plan.json", "--venue", "binanceus", "--url", f"binanceus={place.url}", "--send",
             "--limit", "200000"]  # fmt: skip
    assert main(given) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "the key is refused" in said
    assert "signature" not in said
    monkeypatch.delenv("ZKHARVEST_BINANCEUS_SECRET")
    assert main(given) == ExitCode.USAGE
    assert "ZKHARVEST_BINANCEUS_SECRET is not set" in capsys.readouterr().err
    assert not exchange.orders
    keys(monkeypatch, "binance")  # the account by its source's name
    given[given.index("binanceus")] = "binance=binanceus"
    assert main(given) == ExitCode.DONE


def test_steps_wait_for_their_time_and_are_not_sent_much_too_late(place, capsys, exchange):
    plan = json.loads((place / "plan.json").read_text())
    plan["steps"][2]["at"] = plan["steps"][3]["at"] = "2099-01-01T00:00:00Z"
    (place / "plan.json").write_text(json.dumps(plan))
    code, shown = really(place, capsys, "--due")
    assert (code, states(shown)) == (ExitCode.DONE, ["filled", "filled", "waiting", "waiting"])
    assert "due at 2099" in shown["later"]
    plan["made"] = plan["steps"][0]["at"] = "2020-01-01T00:00:00Z"
    (place / "plan.json").write_text(json.dumps(plan))
    (place / "plan-journal.jsonl").unlink()
    exchange.orders.clear()
    code, shown = really(place, capsys, "--force")
    assert code == ExitCode.REJECTED
    assert "too long ago" in shown["stopped"]
    assert not exchange.orders


def test_another_plan_does_not_go_on_with_this_journal(place, capsys):
    assert really(place, capsys)[0] == ExitCode.DONE
    text = (place / "plan.json").read_text()
    (place / "plan.json").write_text(text + "\n")
    assert really(place, capsys)[0] == ExitCode.DONE  # the same plan, written otherwise
    (place / "plan.json").write_text(text.replace('"seed": 3', '"seed": 4'))
    assert really(place, capsys)[0] == ExitCode.REJECTED
    (place / "plan-journal.jsonl").write_text("{}\n")
    assert really(place, capsys)[0] == ExitCode.REJECTED
