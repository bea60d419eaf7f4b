"""Golden imports: each folder holds exports of our own making, and what must come of them.

`expect.json` (the words are those of the bug reports that the kinds were taken from):

    files, args   the files in the order given, and more arguments; default: all .csv but prices.csv, sorted
    rows          rows that must be among the trades: each named cell equal, numbers by value
    absent        rows that must not be there
    gain          net gain of a year under FIFO, per wallet, UTC
    refuse        words of which one must stand in the message, where a refusal is right
    answers       what makes the refused import succeed: args, rows, absent, gain

`trades.txt` is the whole result, byte for byte (`ZKHARVEST_WRITE_GOLDEN=1` writes those that are missing).
"""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import redirect_stderr
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from zkharvest.cli import main
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.importers.detect import FORMATS, NAMES
from zkharvest.trades.importers.table import read_table

FOLDERS = sorted(path for path in (Path(__file__).parent / "imports").iterdir() if path.is_dir())


def imported(folder: Path, files: list[str], args: list[str], target: Path) -> tuple[int, str]:
    """Exit code and messages of `trades import`."""
    said = io.StringIO()
    given = [str(folder / arg) if (folder / arg).is_file() else arg for arg in args]
    prices = ["--prices", str(folder / "prices.csv")] if (folder / "prices.csv").exists() else []
    paths = [str(folder / name) for name in files]
    with redirect_stderr(said):
        code = main(["trades", "import", *paths, *prices, *given, "-o", str(target), "--force"])
    return code, said.getvalue()


def same(cell: str, wanted: str) -> bool:
    try:
        return Decimal(cell or "0") == Decimal(wanted)
    except InvalidOperation:
        return cell == wanted


def fits(row: dict[str, str], wanted: dict[str, str]) -> bool:
    return all(same(row[column], value) for column, value in wanted.items())


def gain(path: Path, year: int) -> Decimal:
    election = Election(Method.FIFO, Pooling.WALLET, "UTC", year)
    totals = run_ledger(load_trades(path), election, engine="plain").totals
    net = totals.short_term_gain - totals.short_term_loss + totals.long_term_gain - totals.long_term_loss
    return Decimal(net).scaleb(-8)


def hold(expect: dict[str, Any], target: Path) -> None:
    """Everything that an expectation says of the trades made."""
    rows = list(csv.DictReader(target.read_text().splitlines()))
    for wanted in expect.get("rows", []):
        assert any(fits(row, wanted) for row in rows), (wanted, rows)
    for unwanted in expect.get("absent", []):
        assert not any(fits(row, unwanted) for row in rows), unwanted
    for year, amount in expect.get("gain", {}).items():
        assert gain(target, int(year)) == Decimal(amount)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_expectations_hold(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expect = json.loads((folder / "expect.json").read_text())
    default = sorted(path.name for path in folder.glob("*.csv") if path.name != "prices.csv")
    files = expect.get("files", default)
    target = tmp_path / "trades.csv"
    code, said = imported(folder, files, expect.get("args", []), target)
    if "refuse" in expect:
        assert code == 1
        assert any(word in said for word in expect["refuse"]), said
        assert not target.exists()
    else:
        assert code == 0, said
        hold(expect, target)
        whole = folder / "trades.txt"
        if not whole.exists() and os.environ.get("ZKHARVEST_WRITE_GOLDEN"):
            whole.write_bytes(target.read_bytes())
        assert target.read_bytes() == whole.read_bytes()
        backwards = tmp_path / "backwards.csv"
        assert imported(folder, files[::-1], expect.get("args", []), backwards)[0] == 0
        assert backwards.read_bytes() == target.read_bytes()  # the order of files makes no difference
        capsys.readouterr()
        missing = expect.get("missing", [])  # an export that begins in the middle: the check names what was held before
        assert main(["trades", "check", str(target)]) == (1 if missing else 0)
        checked = "".join(capsys.readouterr())
        assert all(f"from pool {asset} (" in checked for asset in missing), checked
    for answer in expect.get("answers", []):
        code, said = imported(folder, files, answer["args"], target)
        assert code == 0, said
        hold(answer, target)


def test_each_folder_says_where_its_form_was_seen() -> None:
    for folder in FOLDERS:
        assert len((folder / "README.md").read_text()) > 40, folder.name


REPORTED = {  # what was reported of importers, and the folder that has its kind
    "a Convert exported as two rows": "coinbase-convert-two-rows",
    "a Convert of 2019 whose Total is below its Subtotal": "coinbase-money-conventions",
    "a Convert of 2025 with a negative fee": "coinbase-money-conventions",
    "ETH2 as another name of ETH": "coinbase-eth2",
    "a note with another market": "coinbase-market-of-the-note",
    "staking income with a commission": "coinbase-income",
    "an asset migration": "coinbase-migration",
    "an airdrop that looks like a move from futures": "kraken-futures",
    "dust of many coins for one": "kraken-dust",
    "the statement of 2025 with years of two digits": "binance-time",
    "expiry, assignment and exercise": "deribit-2026",
    "a strike with a lower-case d": "deribit-2026",
    "a move to a subaccount": "deribit-2026",
    "a transfer and a sale in one second": "order-across-sources",
    "a lone comma in a note": "coinbase-comma",
}


def test_each_reported_kind_has_a_folder_with_expectations() -> None:
    said = {folder.name: json.loads((folder / "expect.json").read_text()) for folder in FOLDERS}
    for report, name in REPORTED.items():
        assert {"rows", "gain", "refuse"} & said[name].keys(), report


def test_each_format_has_a_folder() -> None:
    read = {read_table(file, FORMATS, None).format.name for path in FOLDERS for file in exports(path)}
    assert set(NAMES) - read == {"solscan-defi"}  # which is refused: it tells the transfers a second time


def exports(folder: Path) -> list[Path]:
    """The exports of a folder."""
    expect = json.loads((folder / "expect.json").read_text())
    default = [path.name for path in folder.glob("*.csv") if path.name not in ("prices.csv", "manual.csv")]
    return [folder / name for name in expect.get("files", default)]
