"""The page: what it says, that nothing in it can act, and how it looks to a browser."""

import json

import pytest

from tests.support.browser import CHROMIUM, Browser
from tests.support.harvest import book, rates, scan
from zkharvest.harvest.page import page
from zkharvest.harvest.scan import run_until
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.trades.text import parse_time

ROWS = (
    "2025-02-01 coinbase t1 buy BTC 1 60000", "2026-02-01 coinbase t7 buy BTC 1 92000",
    "2026-10-01 coinbase <b>t8 buy ETH 10 42000", "2026-11-10 coinbase t9 buy ETH 1 3500",
    "2026-05-10 coinbase s9 sell ETH 0 0", "2026-10-02 k u1 buy NEW 5 10",
)  # fmt: skip


def made(**given):
    trades = book(*(row for row in ROWS if " ETH 0 " not in row))
    found = scan(trades, "BTC 80000, ETH 3000", rates(other_short=50000.0), Method.FIFO)
    run, _ = run_until(
        trades, Election(Method.FIFO, Pooling.WALLET, "America/New_York", 2026), parse_time("2026-11-28T18:00:00Z")
    )
    return page(found, run, **given)


def test_what_the_page_says():
    text = made()
    assert "FIFO takes coinbase/t1 at a gain first" in text
    assert "left out: no price" in text
    assert "H.R. 9172" in text
    assert "Estimates: not advice, and not a proof" in text
    assert "law of the United States as on 2026-11-28" in text
    assert "<script" not in text
    assert "<b>t8" not in text
    assert "&lt;b&gt;t8" in text


def test_what_other_commands_found_joins_the_page():
    lot = {"lot": "coinbase/t7", "sold": "1", "loss": "12000.00", "estimated_loss": "12080.00"}
    record = {"lots": [lot], "loss": "12000.00", "estimated_loss": "12080.00", "gaps": ["step 2: 0 of 1"]}
    greeks = {"delta": 1.0, "gamma": 0.0}
    match = {"matches": [{"coin": "BTC", "target": greeks, "got": greeks, "verdict": "matched", "reason": ""}]}
    text = made(records=[record], matches=match, forecast={"lots": [{"lot": "coinbase/t7", "threshold": 0.92}]})
    assert "Realised 12,000.00, estimated 12,080.00." in text
    assert "Greeks of BTC" in text
    assert "0.92" in text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_in_a_browser(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(made(), encoding="utf-8")
    with Browser() as browser:
        for width in (1280, 390):
            for dark in (False, True):
                shown = browser.open(path, width=width, dark=dark)
                assert not shown.requests()
                assert not shown.complaints()
                assert not shown.poor_contrast()
                assert not shown.overflows()


def test_the_same_book_is_the_same_page():
    assert made() == made()
    assert json.dumps(made()).isascii()
