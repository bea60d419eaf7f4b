"""Pages from exports: which row becomes which record, what is refused, and batches of many accounts."""

from dataclasses import replace
from pathlib import Path

import pytest

from zkharvest.commitment.assets import shipped
from zkharvest.commitment.page_record import Flag, RecordKind
from zkharvest.errors import InputError
from zkharvest.files.page_files import PageFile, read_page, read_page_opening
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import SourceKey
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.trades.text import parse_time
from zkharvest.verifier.page import PageFault, PageReject
from zkharvest.workflow.page_batch import Chunk, file_stem, make_chunk, read_list, twice
from zkharvest.workflow.pages import Period, check, make_pages, records_of

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,to,into,into_quantity,acquired,lots,group,ref,category\n"
SEED = bytes(range(32))
JANUARY = Period("kraken", parse_time("2025-01-01T00:00:00Z"), parse_time("2025-02-01T00:00:00Z"), "USD")
FEBRUARY = replace(JANUARY, start=JANUARY.end, end=parse_time("2025-03-01T00:00:00Z"))
TXID = "ab" * 32


def row(day, kind, asset="BTC", quantity="1", amount="", fee="", n=[0], **more):  # noqa: B006  (a counter)
    n[0] += 1
    cells = {"time": f"2025-{day}T10:00:00Z", "source": "K-1", "id": f"i{n[0]}", "kind": kind, "asset": asset}
    cells |= {"quantity": quantity, "amount": amount, "fee": fee, "currency": "USD", **more}
    return ",".join(cells.get(name, "") for name in HEAD.strip().split(",")) + "\n"


def records(*rows, period=JANUARY):
    return records_of(trades_from_text(HEAD + "".join(rows), "export.csv"), period, shipped())


C, M, I, S, N, J, X, V = (
    Flag.CLOSES, Flag.MOVES, Flag.INWARD, Flag.SHORT, Flag.NEGATIVE, Flag.JOINED, Flag.CONVERT, Flag.MONEY,
)  # fmt: skip


@pytest.mark.parametrize(
    ("made", "flags", "kind", "value"),
    [
        (row("01-02", "buy", amount="100", fee="1"), V, RecordKind.TRADE, 101),
        (row("01-02", "sell", amount="100", fee="1"), C | V, RecordKind.TRADE, 99),
        (row("01-02", "sell", amount="1", fee="3"), C | V | N, RecordKind.TRADE, -2),
        (row("01-02", "sell", amount="1", fee="-3"), C | V, RecordKind.TRADE, 4),
        (row("01-02", "short", amount="9", fee="1"), S | V, RecordKind.TRADE, 8),
        (row("01-02", "cover", amount="9", fee="1"), C | S | V, RecordKind.TRADE, 10),
        (row("01-02", "income", amount="9", category="staking"), Flag(0), RecordKind.STAKING, 9),
        (row("01-02", "income", amount="9"), Flag(0), RecordKind.INCOME, 9),
        (row("01-02", "spend", amount="9", category="fee"), C, RecordKind.FEE, 9),
        (row("01-02", "spend", amount="9"), C, RecordKind.PAYMENT, 9),
        (row("01-02", "deposit"), M | I, RecordKind.MOVE, 0),
        (row("01-02", "deposit", category="opening balance"), M | I, RecordKind.OPENING_BALANCE, 0),
        (row("01-02", "withdraw", category="gift"), M, RecordKind.GIFT, 0),
    ],
)
def test_a_row_becomes_the_record_of_its_event(made, flags, kind, value):
    (one,) = records(made)
    assert (one.flags, one.kind, one.value) == (flags, kind, value * 10**8)
    assert one.fee == (max(0, int(made.split(",")[7] or 0)) * 10**8)
    assert one.asset == "slip44:0"


def test_an_option_expires_on_the_side_that_the_account_holds():
    """Rows before the period are not committed, and say which side is open."""
    name = "BTC-31JAN25-90000-P"
    opened = row("01-02", "short", name, amount="9")
    lapsed = row("02-03", "expire", name)
    (one,) = records(opened, lapsed, period=FEBRUARY)
    assert one.flags == C | S
    assert one.kind is RecordKind.LAPSE
    assert one.asset == f"venue:kraken/{name}"
    with pytest.raises(InputError, match="expire"):
        records(lapsed, period=FEBRUARY)


def test_legs_of_one_event_stand_together():
    legs = [row("01-02", "sell", amount="5", group="s"), row("01-02", "buy", "ETH", amount="5", group="s")]
    found = records(legs[0], row("01-02", "buy", "SOL", amount="1"), legs[1])
    assert [(one.asset, one.flags) for one in found] == [
        ("slip44:0", C), ("slip44:60", J), ("slip44:501", V),
    ]  # fmt: skip


def test_a_conversion_is_a_pair():
    given, got = records(row("01-02", "convert", "MATIC", "10", into="POL", into_quantity="20"))
    assert (given.flags, got.flags) == (X | C, X | J)
    assert (given.asset, given.quantity) == ("slip44:966", 10 * 10**18)
    assert (got.asset, got.quantity) == (shipped()["POL"], 20 * 10**18)
    assert given.time == got.time


def test_one_coin_has_one_name_at_every_venue():
    found = [records(row("01-02", "buy", name, amount="1"))[0].asset for name in ("XBT", "XXBT", "BTC")]
    assert found == ["slip44:0"] * 3


def test_a_move_says_its_transaction():
    one, other = records(row("01-02", "withdraw", ref=f"bitcoin:{TXID}:0")), records(row("01-02", "deposit", ref=""))
    assert one[0].ref == f"bitcoin:{TXID}:0"
    assert other[0].ref == ""  # not the venue's own id: two ends would never agree


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (row("01-02", "transfer", to="ledger"), "a transfer speaks of two accounts"),
        (row("01-02", "sell", amount="1", lots="x:1"), "names lots"),
        (row("01-02", "deposit", amount="5"), "states a basis"),
        (row("01-02", "deposit", acquired="2020-01-01"), "states a basis or date"),
        (row("01-02", "income", amount="5", fee="1"), "income with a fee, which a proof would count as income"),
        (row("01-02", "income", amount="5", fee="-1"), "income with a fee"),
        (row("01-02", "sell", amount="1", fee="180143985.09481984"), "fee is 2"),
    ],
)
def test_what_is_not_a_sources_to_say_is_refused(made, why):
    with pytest.raises(InputError, match=why):
        records(made)
    assert records(made.replace("2025-01", "2025-02")) == []


@pytest.mark.parametrize("last", [row("01-02", "convert", "MATIC", into="POL", into_quantity="1", group="e"), None])
def test_an_event_has_no_more_records_than_a_page_takes(last):
    """A conversion is two records: sixteen rows that a file may hold can be seventeen of them."""
    legs = [row("01-02", "buy", amount="1", group="e") for _ in range(15)]
    assert len(records(*legs, row("01-02", "buy", amount="1", group="e"))) == 16
    if last is None:  # made by hand: no file is read with so many rows
        rows = trades_from_text(HEAD + legs[0], "export.csv") * 17
    else:
        rows = trades_from_text(HEAD + "".join([*legs, last]), "export.csv")
    with pytest.raises(InputError, match="17 records of one event, at most 16"):
        records_of(rows, JANUARY, shipped())
    others = [replace(one, group="f", time=one.time + 1) for one in rows[:15]]
    assert len(records_of([*rows[:15], *others], JANUARY, shipped())) == 30


def test_a_category_that_no_file_could_give_is_named():
    (one,) = trades_from_text(HEAD + row("01-02", "income", amount="1"), "export.csv")
    with pytest.raises(InputError, match='the category "prize" is not known'):
        records_of([replace(one, category="prize")], JANUARY, shipped())


# --------------------------------------------------------------------------------------------- pages and checks


def made_pages(period=JANUARY, before=lambda _: None, rows=None):
    trades = trades_from_text(HEAD + (rows or row("01-02", "buy", amount="1") + row("02-02", "deposit")), "x")
    return make_pages({"K-1": trades}, period, SEED, shipped(), before)[0]


def test_a_month_is_appended_and_the_first_page_stays():
    first = made_pages()
    again = made_pages()
    second = made_pages(FEBRUARY, lambda _: first.page.header)
    assert second.page.header.prev == first.page.page
    assert first.page.header.count is None
    found = check([("a", first.opening), ("b", second.opening)], [("p", second.page), ("q", first.page)], {})
    assert not found.faults
    assert again.page.header.source == first.page.header.source
    with pytest.raises(PageReject) as error:
        made_pages(replace(FEBRUARY, start=FEBRUARY.start + 1), lambda _: first.page.header)
    assert error.value.fault is PageFault.GAP


def test_pages_follow_from_seed_and_export():
    rows = row("01-02", "buy", amount="1")
    assert made_pages(rows=rows).page == made_pages(rows=rows).page


def faults(*arguments):
    return [fault.fault for _, fault in check(*arguments).faults]


def test_what_does_not_fit_is_named():
    first = made_pages(replace(JANUARY, state_count=True))
    opening, page = first.opening, first.page
    other = made_pages(rows=row("01-03", "buy", amount="2"))
    assert faults([("a", opening)], [("p", page)], {}) == []
    assert faults([("a", other.opening)], [("p", page)], {}) == [PageFault.OTHER, PageFault.CHAIN]
    fewer = replace(opening, records=())
    assert faults([("a", fewer)], [], {}) == [PageFault.COUNT]
    late = replace(opening, records=(replace(opening.records[0], time=JANUARY.end),))
    assert faults([("a", late)], [], {}) == [PageFault.PERIOD]
    joined = replace(opening, records=(replace(opening.records[0], flags=Flag.JOINED | Flag.MONEY),))
    assert faults([("a", joined)], [], {}) == [PageFault.ORDER]
    assert faults([("a", opening)], [("p", page)], {"kraken": [SourceKey(bytes(32))]}) == [PageFault.UNSIGNED]
    assert faults([("a", opening)], [("p", page)], {"coinbase": [SourceKey(bytes(32))]}) == [PageFault.UNSIGNED]


def test_a_signature_handed_over_alone_counts_for_its_page():
    from zkharvest.sign.pages import sign_page

    first = made_pages()
    key = PrivateKey(Scheme.ED25519, bytes(31) + b"\x07")
    alone = PageFile(first.page.page).with_signature(sign_page(first.page.page, key))
    expected = {"kraken": [SourceKey(key.public_bytes())]}
    found = check([("a", first.opening)], [("p", first.page), ("s", alone)], expected)
    assert not found.faults
    assert list(found.signers) == [first.page.page]
    assert faults([("a", first.opening)], [("p", first.page)], expected) == [PageFault.UNSIGNED]


# --------------------------------------------------------------------------------------------- batches


def export(path, accounts, month="01"):
    """Two rows for each account."""
    rows = [
        row(f"{month}-0{day}", "buy", amount=str(n + day)).replace("K-1", name)
        for n, name in enumerate(accounts)
        for day in (2, 3)
    ]
    path.write_text(HEAD + "".join(rows))
    return str(path)


def test_a_batch_makes_pages_of_all_accounts_and_is_repeatable(tmp_path):
    path = export(tmp_path / "a.csv", ["K/1".replace("/", ":"), "K-2", "Käthe"])
    chunk = Chunk(path, str(tmp_path / "out"), JANUARY, SEED, key=PrivateKey(Scheme.ED25519, bytes(31) + b"\x07"))
    made = make_chunk(chunk)
    assert (made.status, made.accounts, made.records, made.message) == ("made", 3, 6, "")
    listed = list(read_list(tmp_path / "out" / "a"))
    assert [one.account for one in listed] == ["K:1", "K-2", "Käthe"]
    key = SourceKey(PrivateKey(Scheme.ED25519, bytes(31) + b"\x07").public_bytes())
    for one in listed:
        stem = tmp_path / "out" / "a" / one.file
        opening, page = read_page_opening(stem.with_suffix(".zko")), read_page(stem.with_suffix(".zkp"))
        assert not check([("a", opening)], [("p", page)], {"kraken": [key]}).faults
        assert page.page.hex() == one.page
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.zk?")}
    assert make_chunk(chunk).status == "unchanged"
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.zk?")} == before
    export(tmp_path / "a.csv", ["K-2"])
    again = make_chunk(chunk)
    assert again.status == "failed"
    assert "do not change" in again.message


def test_the_next_month_follows_for_every_open_account(tmp_path):
    chunk = Chunk(export(tmp_path / "a.csv", ["one", "two"]), str(tmp_path / "jan"), JANUARY, SEED)
    assert make_chunk(chunk).status == "made"
    path = export(tmp_path / "a.csv", ["two", "new"], "02")
    later = replace(chunk, export=path, folder=str(tmp_path / "feb"), period=FEBRUARY, before=str(tmp_path / "jan"))
    assert make_chunk(later).accounts == 3
    found = {one.account: (one.number, one.records) for one in read_list(tmp_path / "feb" / "a")}
    assert found == {"one": (1, 0), "two": (1, 2), "new": (0, 2)}
    stem = next(one.file for one in read_list(tmp_path / "feb" / "a") if one.account == "one")
    page = read_page(tmp_path / "feb" / "a" / f"{stem}.zkp")
    assert page.header.prev == read_page(tmp_path / "jan" / "a" / f"{file_stem('kraken', 'one', 0)}.zkp").page


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text.replace("one,", "x" * 200_000 + ","), id="a cell longer than csv reads"),
        pytest.param(lambda text: text.replace(",0,", ",zero,", 1), id="no number"),
        pytest.param(lambda text: text.replace("one,", ""), id="a cell is missing"),
        pytest.param(lambda text: text.replace("one,", '"one'), id="a quote that never ends"),
        pytest.param(lambda text: text.replace("account", "name"), id="another header"),
    ],
)
def test_a_damaged_list_fails_its_chunk(tmp_path, damage):
    chunk = Chunk(export(tmp_path / "a.csv", ["one"]), str(tmp_path / "jan"), JANUARY, SEED)
    assert make_chunk(chunk).status == "made"
    listed = tmp_path / "jan" / "a" / "pages.csv"
    listed.write_text(damage(listed.read_text()))
    later = replace(chunk, folder=str(tmp_path / "feb"), period=FEBRUARY, before=str(tmp_path / "jan"))
    found = make_chunk(later)
    assert found.status == "failed"
    assert "is not the list of a chunk's pages" in found.message


def test_an_account_stays_in_its_file(tmp_path):
    chunk = Chunk(export(tmp_path / "a.csv", ["one"]), str(tmp_path / "jan"), JANUARY, SEED)
    assert make_chunk(chunk).status == "made"
    other = replace(chunk, export=export(tmp_path / "b.csv", ["one"]))
    assert make_chunk(other).status == "made"
    assert twice(tmp_path / "jan") == ["one"]
    later = replace(other, export=export(tmp_path / "c.csv", ["one"], "02"), period=FEBRUARY)
    moved = make_chunk(replace(later, folder=str(tmp_path / "feb"), before=str(tmp_path / "jan")))
    assert moved.status == "failed"
    assert "before" in moved.message


def test_a_bad_file_fails_alone_and_leaves_nothing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + row("01-02", "transfer", to="x") + row("01-03", "sell", amount="1", lots="q:1"))
    made = make_chunk(Chunk(str(path), str(tmp_path / "out"), JANUARY, SEED))
    assert made.status == "failed"
    assert "a transfer speaks of two accounts" in made.message
    assert "names lots" in made.message
    assert not (tmp_path / "out").exists() or not any((tmp_path / "out").iterdir())
    missing = make_chunk(Chunk(str(tmp_path / "none.csv"), str(tmp_path / "out"), JANUARY, SEED))
    assert missing.status == "failed"


def test_names_of_files_are_safe_and_distinct():
    names = ["a", "a/b", "a_b", "../x", "x" * 128, "x" * 127 + "y", "Ä"]
    stems = [file_stem("kraken", name, 3) for name in names]
    assert len(set(stems)) == len(names)
    assert all(Path(stem).name == stem and stem.isascii() and stem.endswith("-0003") for stem in stems)
