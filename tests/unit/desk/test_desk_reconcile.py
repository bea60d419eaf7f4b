"""The broker's form against the ledger: what matches, what differs and why, and the codes it brings."""

import pytest

from tests.support.desk import ledger
from zkharvest.desk.broker import read_1099da
from zkharvest.desk.form8949 import Reported, make_form
from zkharvest.desk.lines import lines_of
from zkharvest.desk.reconcile import finding_rows, reconcile
from zkharvest.errors import InputError

HEAD = "broker,asset,units,dateAcquired,dateOfSale,proceeds,costBasis,basisReported,grossOrNet,term,washSaleLoss\n"
BOOK = """
2024-01-05T12:00:00Z,kraken,B0,buy,BTC,1,10000,,,
2026-01-05T12:00:00Z,coinbase,B1,buy,BTC,2,40000,,,
2026-02-05T12:00:00Z,coinbase,B2,buy,BTC,1,30000,,,
2026-03-05T12:00:00Z,kraken,T1,transfer,BTC,1,,,coinbase,
2026-06-01T23:30:00Z,coinbase,S1,sell,BTC,1,25000,50,,
2026-07-01T12:00:00Z,coinbase,S2,sell,BTC,2,50000,100,,
2026-08-01T12:00:00Z,coinbase,S3,sell,BTC,0.5,9000,10,,
2026-08-02T12:00:00Z,ledger,I1,income,BTC,0.25,5000,,,
2026-08-03T12:00:00Z,ledger,S4,spend,BTC,0.25,5000,,,
"""  # fifo: S1 takes B0 (long), S2 B1 (2 of 2), S3 half of B2


@pytest.fixture
def compare(tmp_path):
    def run(*rows, book=BOOK, head=HEAD):
        path = tmp_path / "1099da.csv"
        path.write_text(head + "".join(f"{row}\n" for row in rows))
        book = ledger(book, year=2026)
        found = reconcile(book, lines_of(book), read_1099da(path))
        return book, found, make_form(found.lines, 2026, found.reported)

    return run


def only(found, rows=1):
    (finding,) = [one for one in found.findings if len(one.rows) == rows]
    return finding


def row_of(form, book, trade):
    (row,) = [row for row in form.rows if book.trades[row.line.place].id == trade]
    return row


def test_a_row_that_agrees_needs_no_code(compare):
    book, found, form = compare("coinbase,BTC,2,2026-01-05,2026-07-01,49900,40000,X,Net,S,")
    assert (only(found).status, only(found).codes, only(found).why) == ("matched", "", ())
    row = row_of(form, book, "S2")
    assert (row.box, row.proceeds, row.basis, row.adjustments, row.gain) == ("G", 4_990_000, 4_000_000, (), 990_000)
    assert not found.open


def test_gross_proceeds_bring_code_e(compare):
    """Column (d) has the proceeds as reported, (g) the selling expenses as a negative amount."""
    book, found, form = compare("coinbase,BTC,2,2026-01-05,2026-07-01,50000,40000,X,Gross,S,")
    row = row_of(form, book, "S2")
    assert (row.box, row.line.codes, row.proceeds, row.adjustment, row.gain) == ("G", "E", 5_000_000, -10_000, 990_000)
    assert "gross proceeds" in only(found).why[0] and only(found).status == "explained"


@pytest.mark.parametrize("told", [900, 100, 0.5])
def test_a_wrong_basis_that_was_reported_brings_code_b(compare, told):
    """Worksheet for Basis Adjustments in Column (g): reported less correct basis."""
    book, _, form = compare(f"coinbase,BTC,2,2026-01-05,2026-07-01,49900,{told},X,Net,S,")
    row = row_of(form, book, "S2")
    assert (row.box, row.line.codes, row.basis) == ("G", "B", int(told * 100))
    assert row.adjustment == int(told * 100) - 4_000_000
    assert row.gain == 990_000


def test_a_basis_that_was_not_reported_is_replaced_without_a_code(compare):
    book, found, form = compare("coinbase,BTC,2,,2026-07-01,49900,123,,Net,,")
    row = row_of(form, book, "S2")
    assert (row.box, row.line.codes, row.basis, row.gain) == ("H", "", 4_000_000, 990_000)
    assert "no basis reported" in only(found).why[0]


def test_lots_that_came_in_by_transfer_are_named(compare):
    book, found, form = compare("coinbase,BTC,1,,2026-06-01,24950,,,Net,,")
    assert "transfer from kraken" in only(found).why[0]
    assert row_of(form, book, "S1").box == "K"


def test_a_day_of_another_zone_and_another_term(compare):
    book, found, form = compare("coinbase,BTC,1,2026-02-05,2026-06-02,24950,10000,X,Net,Short-term,")
    why = " ".join(only(found).why)
    assert "another time zone" in why and "code T" in why
    row = row_of(form, book, "S1")
    assert (row.box, row.line.codes, row.adjustment) == ("J", "T", 0)


def test_a_wash_sale_brings_code_w(compare):
    """The disallowed loss is a positive adjustment, and never more than the loss."""
    book, _, form = compare("coinbase,BTC,0.5,,2026-08-01,8990,15000,X,Net,S,2000")
    row = row_of(form, book, "S3")
    assert (row.line.codes, row.adjustment, row.gain) == ("W", 200_000, 899_000 - 1_500_000 + 200_000)
    book, _, form = compare("coinbase,BTC,0.5,,2026-08-01,8990,15000,X,Net,S,99000")
    assert row_of(form, book, "S3").gain == 0


def test_several_codes_stand_in_alphabetical_order(compare):
    book, _, form = compare("coinbase,BTC,0.5,,2026-08-01,9000,14000,X,Gross,L,1000")
    row = row_of(form, book, "S3")
    assert row.line.codes == "BETW"
    assert row.gain == 899_000 - 1_500_000 + 100_000
    assert row.proceeds - row.basis + row.adjustment == row.gain


def test_one_sale_in_several_rows(compare):
    book, found, form = compare(
        "coinbase,BTC,1.5,,2026-07-01,37425,,,Net,S,", "coinbase,BTC,0.5,,2026-07-01,12475,,,Net,S,"
    )
    assert only(found, rows=2).status == "explained"
    assert row_of(form, book, "S2").box == "H"


def test_what_cannot_be_explained_stays_open(compare):
    book, found, form = compare(
        "coinbase,BTC,2,,2026-07-01,51234,40000,X,Net,S,",
        "coinbase,BTC,1,,2026-03-05,30000,,,Net,S,",
        "coinbase,XRP,5,,2026-03-05,3,,,Net,S,",
    )
    assert [one.status for one in found.open] == ["differs", "only-broker", "only-broker"]
    why = [" ".join(one.why) for one in found.open]
    assert "proceeds differ by 1334.00" in why[0]
    assert "transfer of the same units" in why[1]
    assert "no such asset" in why[2]
    assert row_of(form, book, "S2").proceeds == 4_990_000  # the ledger's figure, until the difference is settled


def test_sales_that_no_form_covers(compare):
    _, found, _ = compare("coinbase,BTC,2,2026-01-05,2026-07-01,49900,40000,X,Net,S,")
    why = [one.why[0] for one in found.findings if one.status == "only-ledger"]
    assert len(why) == 3 and sum("ask the broker" in text for text in why) == 2
    assert sum("coins spent" in text for text in why) == 1


def test_findings_as_a_table(compare):
    book, found, _ = compare("coinbase,BTC,2,2026-01-05,2026-07-01,50000,39000,X,Gross,S,")
    row = next(iter(finding_rows(found, book)))
    assert row[0] == "explained" and row[5] == "S2" and row[10] == "BE"
    assert row[6:10] == ("50000.00", "49900.00", "39000.00", "40000.00")


@pytest.mark.parametrize(
    "head",
    [
        'Box 1b,Box 1c,Box 1e,Box 1f,Box 1g,Box 2,Box 6\nBitcoin,2,07/01/2026,"$49,900.00",40000,X,S\n',
        "symbol,quantity,disposed_date,proceeds,cost_basis,basis_reported,term\nBTC,2,2026-07-01T10:00Z,49900,40000,TRUE,ST\n",
        "digitalAssetName;units;dateOfSale;proceeds;costBasis;checkboxOnForm8949\nbitcoin;2;2026-07-01;49900;40000;G\n",
    ],
)
def test_names_of_columns(compare, head):
    book, _, form = compare(head=head)
    assert row_of(form, book, "S2").box == "G"
    assert Reported.BASIS in compare(head=head)[1].reported.values()


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "1099da.csv", "is empty"),
        ("asset,units\n", "1099da.csv:1", "lacks sold, proceeds"),
        ("asset,units,sold\n", "1099da.csv:1", "lacks"),
        ("asset,units,dateOfSale,proceeds\nBTC,x,2026-02-30,1e5\n", "1099da.csv:2:units", "not a decimal"),
        ("asset,units,dateOfSale,proceeds\nBTC,1,2026-02-30,5\n", "1099da.csv:2:sold", "not a day"),
        ("asset,units,dateOfSale,proceeds\nBTC,1,,5\n", "1099da.csv:2:sold", "is empty"),
        ("asset,units,dateOfSale,proceeds,basisReported\nBTC,1,2026-02-03,5,maybe\n", "2:basis_reported", "neither"),
        ("asset,units,dateOfSale,proceeds\nBTC,1\n", "1099da.csv:2", "has 2 cells"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path, text, where, message):
    path = tmp_path / "1099da.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_1099da(path)
    assert any(where in one.where and message in one.message for one in caught.value.problems)
