"""`commit` to a folder: trades of one's own wallets as pages, year after year, sealed, and the book of them."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files.page_files import read_page_opening, read_seed
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.verify_chain import verify_chain

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,to,acquired,lots,category\n"
FIRST = """\
2024-01-05T12:00:00Z,cold,a,deposit,BTC,2,20000,,USD,,2019-03-04,,opening balance
2024-02-05T12:00:00Z,cold,b,buy,BTC,1,30000,10,USD,,,,
2024-03-01T10:00:00Z,cold,c,transfer,BTC,1.5,,,USD,hot,,b:1;a:0.5,
2024-04-01T10:00:00Z,hot,d,withdraw,BTC,0.25,,,USD,,,b:0.25,gift
"""
SECOND = "2025-02-01T10:00:00Z,hot,e,sell,BTC,1,60000,0,USD,,,b:0.75;a:0.25,\n"
YEAR = ["ledger", "report", "--year", "2025", "--timezone", "UTC", "--json", "--method"]


@pytest.fixture
def folder(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zkharvest.cli.passphrases._terminal", lambda: False)
    (tmp_path / "trades.csv").write_text(HEAD + FIRST)
    return tmp_path


def own(*more, to="2025-01-01", seal=("--no-passphrase",)):
    """`commit`, as the tests use it; `to` None is the default."""
    end = ["--to", to] if to else []
    return main(["-q", "commit", "trades.csv", "-o", "pages", "--timezone", "UTC", *end, *seal, *more])


def totals(capsys, *arguments):
    assert main(["-q", *arguments]) == 0
    return json.loads(capsys.readouterr().out)["totals"]


def test_two_years_of_pages_are_the_file(folder, capsys):
    assert own() == 0
    assert [line.partition("=")[0] for line in capsys.readouterr().out.splitlines()] == ["cold", "hot"]
    before = {path.name: path.read_bytes() for path in (folder / "pages").iterdir() if path.name != "book.csv"}
    pages = {f"{wallet}-own-0000.{end}" for wallet in ("cold", "hot") for end in ("zkp", "zko")}
    assert set(before) == {*pages, "seed"}
    assert {stat.S_IMODE((folder / "pages" / name).stat().st_mode) for name in before if name[-3:] != "zkp"} == {0o600}
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own("--json", to="2026-01-01") == 0
    made = json.loads(capsys.readouterr().out)
    assert [(one["source"], one["number"], one["records"]) for one in made["pages"]] == [("cold", 1, 0), ("hot", 1, 1)]
    assert all((folder / "pages" / name).read_bytes() == data for name, data in before.items())
    for method in ("fifo", "hifo", "specific"):
        of_pages = totals(capsys, *YEAR, method, "pages")
        assert of_pages == totals(capsys, *YEAR, method, "trades.csv")
    # specific: 0.75 of b (30,010 a coin) and 0.25 of a (10,000 a coin), by hand
    assert of_pages["basis"] == "25007.50000000"
    text = (folder / "pages" / "book.csv").read_text()
    rows = {row["position"] + row["source"] + row["page"]: row for row in csv.DictReader(io.StringIO(text))}
    declared = rows["0cold0"]
    assert (declared["kind"], declared["value"], declared["day"]) == ("opening balance", "20000.00", "2019-03-04")
    assert rows["2cold0"]["lots"] == "cold/own/0/1:1;cold/own/0/0:0.5"
    assert rows["0hot1"]["lots"] == "cold/own/0/1:0.75;cold/own/0/0:0.25"


def test_what_was_given_out_does_not_change(folder, capsys):
    assert own() == 0
    (folder / "trades.csv").write_text(HEAD + FIRST.replace("30000", "30001") + SECOND)
    assert own(to="2026-01-01") == ExitCode.REJECTED
    error = capsys.readouterr().err
    assert "cold/own, page 0: holds other records than the file has" in error
    assert "hot/own" not in error
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own() == ExitCode.REJECTED
    assert "ends at 2025-01-01T00:00:00Z, and there is nothing to add before that" in capsys.readouterr().err
    early = "2020-12-31T00:00:00Z,cold,z,buy,BTC,1,1,0,USD,,,,\n"
    (folder / "trades.csv").write_text(HEAD + early + FIRST + SECOND)
    assert own(to="2026-01-01") == ExitCode.REJECTED
    assert "before the first page of cold" in capsys.readouterr().err


PASS = "correct horse battery staple"


@pytest.fixture
def sealed(folder, cheap_scrypt):
    (folder / "pass").write_text(PASS + "\n")
    (folder / "pass").chmod(0o600)
    return folder


def by_file(*more, to="2025-01-01"):
    return own(*more, to=to, seal=("--passphrase-file", "pass"))


def test_seed_and_openings_are_sealed_under_one_passphrase(sealed, capsys, monkeypatch):
    assert own(seal=()) == ExitCode.USAGE
    assert "no passphrase was given" in capsys.readouterr().err
    assert not (sealed / "pages").exists()
    assert by_file() == 0
    seed = read_seed(sealed / "pages" / "seed", PASS)
    for name in ("cold", "hot"):
        data = (sealed / "pages" / f"{name}-own-0000.zko").read_bytes()
        assert b"slip44:0" not in data
        assert seed not in data
    assert read_page_opening(sealed / "pages" / "cold-own-0000.zko", PASS).records[0].id == "a"
    (sealed / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert by_file(to="2026-01-01") == 0
    assert read_page_opening(sealed / "pages" / "hot-own-0001.zko", PASS).records[0].id == "e"
    capsys.readouterr()
    assert main(["-q", *YEAR, "fifo", "pages"]) == ExitCode.USAGE
    assert "sealed with a passphrase" in capsys.readouterr().err
    of_file = totals(capsys, *YEAR, "fifo", "trades.csv")
    assert totals(capsys, *YEAR, "fifo", "pages", "--passphrase-file", "pass") == of_file
    # on a terminal it is asked for once, and again only where it does not open a file
    answers = ["wrong", PASS]
    monkeypatch.setattr("zkharvest.cli.passphrases._terminal", lambda: True)
    monkeypatch.setattr("zkharvest.cli.passphrases._prompt", lambda _text: answers.pop(0))
    assert totals(capsys, *YEAR, "fifo", "pages") == of_file
    assert answers == []


def test_what_is_lost_is_made_again_from_seed_and_trades(sealed, capsys):
    """An opening; then everything but the seed, whose words are on paper: same file, same periods, same pages."""
    assert by_file() == 0
    roots = capsys.readouterr().out
    (sealed / "pages" / "hot-own-0000.zko").unlink()
    assert by_file() == 0
    assert capsys.readouterr().out == ""
    assert read_page_opening(sealed / "pages" / "hot-own-0000.zko", PASS).records[1].id == "d"
    words = ["secret", "backup", "pages/seed", "-o", "sheet.txt", "--passphrase-file", "pass"]
    assert main(["-q", *words]) == 0
    for path in (sealed / "pages").iterdir():
        path.unlink()
    restore = ["secret", "restore", "--words", "sheet.txt", "-o", "pages/seed", "--passphrase-file", "pass"]
    assert main(["-q", *restore]) == 0
    capsys.readouterr()
    assert by_file() == 0
    assert capsys.readouterr().out == roots


def test_a_run_that_was_killed_is_finished_by_the_next(folder, capsys):
    """At any point: seed, book, openings, pages are written in this order, each whole or not at all."""
    assert own() == 0
    roots = capsys.readouterr().out.splitlines()
    (folder / "pages" / "hot-own-0000.zkp").unlink()
    assert own() == 0
    assert capsys.readouterr().out.splitlines() == roots[1:]
    for name in ("cold-own-0000.zkp", "hot-own-0000.zkp", "hot-own-0000.zko"):
        (folder / "pages" / name).unlink()
    assert own() == 0
    assert capsys.readouterr().out.splitlines() == roots
    (folder / "pages" / "seed").unlink()
    assert own() == ExitCode.USAGE
    assert "the seed of the pages in pages is not there" in capsys.readouterr().err


@pytest.mark.parametrize("late", [SECOND, "2025-02-01T10:00:00Z,new,e,transfer,BTC,1,,,USD,hot,,,\n"])
def test_a_row_of_a_closed_wallet_is_not_left_out(folder, capsys, late):
    """It stood in the ledger of the file and in no page, and commit said nothing."""
    assert own("--final") == 0
    bought = "2025-01-05T12:00:00Z,new,n,buy,BTC,1,30000,0,USD,,,,\n"
    (folder / "trades.csv").write_text(HEAD + FIRST + bought + late)
    assert own(to="2026-01-01") == ExitCode.REJECTED
    said = capsys.readouterr().err
    assert "trades.csv:7: " in said and "hot was closed with page 0, at 2025-01-01T00:00:00Z" in said
    (folder / "trades.csv").write_text(HEAD + FIRST + bought)
    assert own(to="2026-01-01") == 0


def test_a_book_that_was_edited_is_kept(folder, capsys):
    assert own() == 0
    text = (folder / "pages" / "book.csv").read_text()
    (folder / "pages" / "book.csv").write_text(text.replace("20000.00", "20001.00"))
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own(to="2026-01-01") == ExitCode.USAGE
    assert "book.csv: says another thing of" in capsys.readouterr().err
    assert not (folder / "pages" / "hot-own-0001.zkp").exists()
    assert own("--force", to="2026-01-01") == 0
    assert "20000.00" in (folder / "pages" / "book.csv").read_text()


def test_rows_of_other_accounts_stay_in_the_book(folder, capsys):
    """What is decided of a venue's records, whose openings are proven beside the folder, is nobody's to drop."""
    assert own() == 0
    book = folder / "pages" / "book.csv"
    head, *rows = book.read_text().splitlines()
    columns = head.split(",")
    said = {"source": "kraken", "account": "K-7", "page": "0", "position": "3", "kind": "gift", "note": "to, my sister"}
    row = ",".join(f'"{said.get(name, "")}"' for name in columns)
    book.write_text("\ufeff" + "\n".join((head.replace(",", " ,"), row, "", *rows)) + "\n")
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own(to="2026-01-01") == 0
    after = list(csv.DictReader(io.StringIO(book.read_text())))
    assert [one["note"] for one in after if one["source"] == "kraken"] == ["to, my sister"]
    assert [one["kind"] for one in after if one["source"] == "kraken"] == ["gift"]
    assert len(after) == len(rows) + 2  # one of the next year's


def test_pages_reach_to_the_end_of_the_last_trades_year(folder, capsys):
    """In the zone of the tax year; what the file has behind --to is counted, and a future end warned of."""
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert main(["commit", "trades.csv", "-o", "pages", "--to", "2024-06-01", "--no-passphrase"]) == 0
    assert "in no page yet: 1" in capsys.readouterr().err
    assert own("--timezone", "America/New_York", to=None) == 0
    ends = {read_page_opening(path).header.end for path in (folder / "pages").glob("*-0001.zko")}
    assert ends == {1767243600000}  # 2026-01-01T05:00:00Z
    capsys.readouterr()
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND.replace("2025", "2526"))
    assert main(["-q", "commit", "trades.csv", "-o", "later", "--no-passphrase"]) == 0
    assert "the pages reach into the future" in capsys.readouterr().err


def test_a_wallet_that_comes_later_begins_where_the_others_go_on(folder):
    assert own() == 0
    third = SECOND + SECOND.replace("hot,e,sell", "new,f,buy").replace("b:0.75;a:0.25", "")
    (folder / "trades.csv").write_text(HEAD + FIRST + third)
    assert own(to="2026-01-01") == 0
    first, second = (read_page_opening(folder / "pages" / f"{name}.zko") for name in ("new-own-0000", "hot-own-0001"))
    assert first.header.start == second.header.start == 1735689600000


WRONG_USE = [
    (["commit", "trades.csv", "-o", "trades.csv"], "is a file"),
    (["commit", "trades.csv", "-o", "x.zko", "--to", "2025-01-01"], "x.zko"),
    (
        ["commit", "trades.csv", "-o", "pages", "--to", "2020-01-01", "--no-passphrase"],
        "the pages would end before the first trade",
    ),
    (["commit", "trades.csv", "-o", "pages", "--currency", "U.S."], "is not a currency code"),
    ([*YEAR, "fifo", "empty"], "no openings of pages (.zko) in this folder"),
    (["explain", "empty"], "no openings of pages (.zko) in this folder"),
    (["prove", "empty", "--year", "2025", "--method", "fifo", "--first", "-o", "x.zkh"], "no openings of pages (.zko)"),
    ([*YEAR, "fifo", "one", "two"], "one/book.csv and two/book.csv are two books"),
]


@pytest.mark.parametrize(
    ("trades", "seal"),
    [
        (HEAD + FIRST.replace("BTC,1,30000", "BTC,one,30000"), "--no-passphrase"),
        (HEAD + FIRST, "--passphrase-file=none"),
    ],
)
def test_a_commit_that_fails_leaves_no_folder(folder, trades, seal):
    (folder / "trades.csv").write_text(trades)
    assert main(["commit", "trades.csv", "-o", "new/own", seal]) != ExitCode.DONE
    assert [path.name for path in folder.iterdir()] == ["trades.csv"]
    (folder / "there").mkdir()
    assert main(["commit", "trades.csv", "-o", "there/own", seal]) != ExitCode.DONE
    assert [*(folder / "there").iterdir()] == []


@pytest.mark.parametrize(("words", "message"), WRONG_USE)
def test_wrong_use_is_said(folder, capsys, words, message):
    (folder / "empty").mkdir()
    for name in ("one", "two"):
        (folder / name).mkdir()
        (folder / name / "a.zko").touch()
        (folder / name / "book.csv").touch()
    assert main(["-q", *words]) == ExitCode.USAGE
    assert message in capsys.readouterr().err


WRONG = [
    (
        "2024-05-04T12:00:00Z,cold,w,buy,BTC,1,5,,USD,,,,\n2024-05-05T12:00:00Z,cold,x,convert,BTC,1,,,USD,,,,",
        "a conversion cannot be worked from pages yet",
    ),
    (
        "2024-01-05T12:00:00Z,hot,x,buy,OURS,1,5,,USD,,,,\n2024-01-05T12:00:00Z,cold,x,buy,OURS,1,5,,USD,,,,",
        "--assets FILE",
    ),
]


@pytest.mark.parametrize(("rows", "message"), WRONG)
def test_what_pages_cannot_hold(folder, capsys, rows, message):
    head = HEAD
    if "convert" in rows:
        head = HEAD.strip() + ",into,into_quantity\n"
        rows += ",ETH,5"
    width = head.count(",")
    text = "".join(row + "," * (width - row.count(",")) + "\n" for row in rows.splitlines())
    (folder / "trades.csv").write_text(head + text)
    assert own() == ExitCode.REJECTED
    assert message in capsys.readouterr().err
    assert not (folder / "pages").exists()


def test_moves_that_only_look_like_transfers_are_none(folder, capsys):
    """A gift and, hours later, a purchase of the same amount that came as a deposit: not one move, as the file says."""
    rows = """\
2024-01-05T12:00:00Z,cold,a,buy,BTC,2,20000,,USD,,,,
2024-03-01T10:00:00Z,cold,b,withdraw,BTC,1,,,USD,,,,
2024-03-01T12:00:00Z,hot,c,deposit,BTC,1,,,USD,,,,
2024-04-01T12:00:00Z,hot,d,sell,BTC,1,900,,USD,,,,
"""
    (folder / "trades.csv").write_text(HEAD + rows)
    assert own() == 0
    openings = [str(path) for path in sorted((folder / "pages").glob("*.zko"))]
    capsys.readouterr()
    year = ["ledger", "report", "--year", "2024", "--timezone", "UTC", "--json", "--method", "fifo"]
    assert totals(capsys, *year, "pages") == totals(capsys, *year, "trades.csv")
    assert totals(capsys, *year, *openings)["basis"] == "10000.00000000", "without the book they would be a move"
    assert [row["match"] for row in csv.DictReader(io.StringIO((folder / "pages" / "book.csv").read_text()))] == [
        "none"
    ]


@pytest.mark.slow
def test_named_lots_are_proven(folder, capsys):
    """Specific identification from the file to a proof, verified as it is made: a basis of 25,007.50 as above."""
    (folder / "trades.csv").write_text(HEAD + FIRST + SECOND)
    assert own("--from", "2024-01-01", to="2026-01-01") == 0
    capsys.readouterr()
    year = ["--year", "2025", "--timezone", "UTC", "--method", "specific", "--first"]
    assert main(["-q", "prove", "pages", *year, "--size", "test", "-o", "x.zkh", "--json"]) == 0
    (link,) = json.loads(capsys.readouterr().out)["links"]
    assert "3499250000000" in link["totals"].values(), link["totals"]


@pytest.mark.slow
def test_two_years_of_one_file_are_a_chain(sealed, capsys):
    """commit, prove, commit again with a wallet more, prove, verify: all openings of the folder are given each time."""
    fixed = ["--timezone", "UTC", "--size", "test", "--passphrase-file", "pass"]
    assert by_file() == 0
    first = ["prove", "pages", "--year", "2024", "--method", "hifo", "--first", "--carry-out", "2024.zks"]
    assert main(["-q", *first, *fixed, "-o", "2024.zkh"]) == 0
    new = "2025-03-01T10:00:00Z,new,f,buy,ETH,1,2000,0,USD,,,,\n"
    (sealed / "trades.csv").write_text(HEAD + FIRST + SECOND + new)
    capsys.readouterr()
    assert by_file(to="2026-01-01") == 0
    ids = dict(line.split("=") for line in capsys.readouterr().out.splitlines())
    assert list(ids) == ["cold", "hot", "new"]
    second = ["prove", "pages", "--year", "2025", "--method", "fifo", "--carry-in", "2024.zks"]
    assert main(["-q", *second, *fixed, "-o", "2025.zkh"]) == 0
    pages = {source: [bytes.fromhex(text)] for source, text in ids.items()}
    policy = ChainPolicy(pages=pages, first=True, allow_test_preset=True)
    verdict = verify_chain([Path(name).read_bytes() for name in ("2024.zkh", "2025.zkh")], policy)
    assert verdict.accepted, verdict.findings


def test_rows_that_change_places_in_pages_are_warned_of(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        f"2024-01-0{day}T00:00:00Z,{source},{source}{day},buy,BTC,1,100,0,,,USD" for day in (1, 2) for source in "ba"
    ]
    Path("t.csv").write_text(
        "\n".join(["time,source,id,kind,asset,quantity,amount,fee,to,lots,currency", *rows]) + "\n"
    )
    assert main(["commit", "t.csv", "-o", "mine", "--no-passphrase", "--pooling", "universal"]) == 0
    said = capsys.readouterr().err
    for line, row in ((2, "b1"), (4, "b2")):
        assert said.count(f't.csv:{line}: rows of the same instant come after "{row}"') == 1
    assert main(["commit", "t.csv", "-o", "other", "--no-passphrase"]) == 0
    assert "same instant" not in capsys.readouterr().err
