"""TXF (Tax Exchange Format, version 042): what tax programs import.

Each row of Form 8949 is a detail record of format 4, or 5 where a wash sale loss is disallowed. The format is of 2011:
it has copies A, B and C of the form and no word for digital assets, so boxes G/J are sent as copy A, H/K as B, I/L
as C; after the import, the boxes are to be set in the program. Columns (f) and (g) do not exist either: the record
carries the basis and the net proceeds that give the same gain.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from zkharvest.desk.amounts import plain
from zkharvest.desk.form8949 import Form8949, Row, us_date
from zkharvest.desk.income import Income

REFERENCE = {
    "A": 321, "B": 711, "C": 712, "D": 323, "E": 713, "F": 714,
    "G": 321, "H": 711, "I": 712, "J": 323, "K": 713, "L": 714,
}  # fmt: skip
OTHER_INCOME = 257  # "Other income-misc."
END = "^"


def txf_text(form: Form8949, income: Income | None, *, program: str, exported: date) -> str:
    """A TXF file: the rows of the form, then the income by category and its sum. Lines end with CR LF."""
    records = [["V042", f"A{program}", f"D {us_date(exported)}"]]
    records += [_sale(row) for row in form.rows]
    if income is not None and income.receipts:
        for (category,), cents in income.by("category").items():
            records.append(["TD", f"N{OTHER_INCOME}", "C1", "L1", f"${plain(cents)}", f"X {_clean(category)}"])
        records.append(["TS", f"N{OTHER_INCOME}", "C1", "L1", f"${plain(income.total)}"])
    return "".join(f"{line}\r\n" for record in records for line in (*record, END))


def amounts(row: Row) -> tuple[int, int, int]:
    """Basis, net proceeds and disallowed wash sale loss, in cents: proceeds - basis + wash is column (h)."""
    wash = sum(amount for code, amount in row.adjustments if code == "W")
    expenses = sum(amount for code, amount in row.adjustments if code == "E")
    rest = row.adjustment - wash - expenses
    return row.basis - rest, row.proceeds + expenses, wash


def _sale(row: Row) -> list[str]:
    basis, proceeds, wash = amounts(row)
    record = [
        "TD",
        f"N{REFERENCE[row.box]}",
        "C1",
        "L1",
        f"P{_clean(row.line.description)}",
        f"D{row.acquired}",
        f"D{row.sold}",
        f"${plain(basis)}",
        f"${plain(proceeds)}",
    ]
    return [*record, f"${plain(wash)}"] if wash else record


def _clean(text: str) -> str:
    """ASCII without line ends: what every importer takes."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)


def read_txf(text: str) -> Iterator[dict[str, list[str]]]:
    """The records of a TXF file, by the letter that begins each line; for checks and tests."""
    record: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line == END:
            yield record
            record = {}
        else:
            record.setdefault(line[0], []).append(line[1:])
