"""The report: every digit, every key, nothing rounded."""

from __future__ import annotations

import csv
import io
import json
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.ledgers import ledgers, random_ledger, regimes
from tests.support.make import trade
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.ledger.report import (
    DISPOSAL_COLUMNS,
    LOT_COLUMNS,
    clock,
    csv_text,
    disposal_rows,
    lot_rows,
    lots_json,
    money_text,
    quantity_text,
    report_json,
    total_rows,
)
from zkharvest.trades.model import Trade

REGIME = Election(Method.HIFO, Pooling.WALLET, "America/New_York", 2025)
TRADES = [
    trade("2023-03-01T10:00:00.250", "kraken/1", "buy", 1, "100.10", "0.05"),
    trade("2024-03-02", "cold/1", "buy", 1, 90),
    trade("2024-07-01", "kraken/old", "sell", "0.5", 80),
    trade("2025-06-01T12:00:00", "kraken/2", "sell", "0.25", 10, "0.00000001"),
    trade("2025-06-02", "cold/3", "sell", "0.1", 20),
]


def test_the_report_as_json() -> None:
    assert report_json(run_ledger(TRADES, REGIME)) == {
        "schema": "zkharvest/report/1",
        "year": 2025,
        "regime": "us",
        "method": "hifo",
        "pooling": "wallet",
        "timezone": "America/New_York",
        "not_applied": [],
        "totals": {
            "proceeds": "29.99999999",
            "basis": "34.03750000",
            "gain": "-4.03750001",
            "short_term_gain": "0.00000000",
            "short_term_loss": "0.00000000",
            "long_term_gain": "11.00000000",
            "long_term_loss": "15.03750001",
            "net": "-4.03750001",
        },
        "disposals": [
            {
                "disposal": "2",
                "lot": "kraken/1",
                "source": "kraken",
                "asset": "BTC",
                "quantity": "0.25",
                "acquired": "2023-03-01T05:00:00.250-05:00",
                "disposed": "2025-06-01T08:00:00-04:00",
                "proceeds": "9.99999999",
                "basis": "25.03750000",
                "gain": "-15.03750001",
                "term": "long",
            },
            {
                "disposal": "3",
                "lot": "cold/1",
                "source": "cold",
                "asset": "BTC",
                "quantity": "0.1",
                "acquired": "2024-03-01T19:00:00-05:00",
                "disposed": "2025-06-01T20:00:00-04:00",
                "proceeds": "20.00000000",
                "basis": "9.00000000",
                "gain": "11.00000000",
                "term": "long",
            },
        ],
    }


def test_the_inventory_as_json() -> None:
    assert lots_json(run_ledger(TRADES, REGIME)) == {
        "schema": "zkharvest/lots/1",
        "year": 2025,
        "regime": "us",
        "method": "hifo",
        "pooling": "wallet",
        "timezone": "America/New_York",
        "not_applied": [],
        "at": "2026-01-01T00:00:00-05:00",
        "lots": [
            {
                "lot": "cold/1",
                "wallet": "cold",
                "asset": "BTC",
                "side": "long",
                "quantity": "0.9",
                "acquired": "2024-03-01T19:00:00-05:00",
                "basis": "81.00000000",
            },
            {
                "lot": "kraken/1",
                "wallet": "kraken",
                "asset": "BTC",
                "side": "long",
                "quantity": "0.25",
                "acquired": "2023-03-01T05:00:00.250-05:00",
                "basis": "25.03750000",
            },
        ],
    }


def test_numbers_are_written_in_full() -> None:
    assert [money_text(value) for value in (0, 1, -1, 10**8, -(2**64) + 1)] == [
        "0.00000000",
        "0.00000001",
        "-0.00000001",
        "1.00000000",
        "-184467440737.09551615",
    ]
    assert [quantity_text(value) for value in (1, 10**18, 15 * 10**17, 10**20)] == [
        "0.000000000000000001",
        "1",
        "1.5",
        "100",
    ]
    assert [clock("UTC")(ms) for ms in (0, 1, 951_827_696_789)] == [
        "1970-01-01T00:00:00+00:00",
        "1970-01-01T00:00:00.001+00:00",
        "2000-02-29T12:34:56.789+00:00",
    ]
    assert clock("Pacific/Kiritimati")(951_827_696_789) == "2000-03-01T02:34:56.789+14:00"


@settings(max_examples=40, deadline=None)
@given(ledgers(), regimes(), st.sampled_from(("plain", "fast")))
def test_rows_add_up_to_the_totals(trades: list[Trade], election: Election, engine: str) -> None:
    run = run_ledger(trades, election, engine=engine)  # type: ignore[arg-type]
    report = report_json(run)

    def cents(text: str) -> int:
        return int(text.replace(".", ""))

    for name in ("proceeds", "basis", "gain"):
        assert sum(cents(row[name]) for row in report["disposals"]) == cents(report["totals"][name])
    assert json.loads(json.dumps(report)) == report
    assert report["totals"] == dict(total_rows(run))


def test_rows_as_csv() -> None:
    run = run_ledger(random_ledger(Random(5), 60), Election(Method.LOFO, Pooling.UNIVERSAL, "UTC", 2022))
    rows = list(disposal_rows(run))
    read = list(csv.reader(io.StringIO(csv_text(DISPOSAL_COLUMNS, rows))))
    assert read[0] == list(DISPOSAL_COLUMNS)
    assert [tuple(row) for row in read[1:]] == rows
    assert len(rows) == sum(part.in_year for part in run.disposals) > 0
    lots = list(lot_rows(run))
    assert {len(row) for row in lots} == {len(LOT_COLUMNS)}
    assert csv_text(LOT_COLUMNS, lots).startswith("lot,wallet,asset,side,quantity,acquired,basis\n")
