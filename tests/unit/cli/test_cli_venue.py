"""Pages by the command line, as a venue's engineer runs it; and what `prove` and `commit` say of them."""

import json

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency,ref\n"
JANUARY = ["--from", "2025-01-01", "--to", "2025-02-01"]
FEBRUARY = ["--from", "2025-02-01", "--to", "2025-03-01"]


@pytest.fixture
def venue(tmp_path, monkeypatch):
    """A folder with an export of two months, a seed and a key with a time of its own."""
    monkeypatch.chdir(tmp_path)
    rows = ["2025-01-02T10:00:00Z,K-1,a,buy,BTC,1,100,1,USD,", "2025-02-02T10:00:00Z,K-1,b,sell,XBT,1,90,1,USD,"]
    (tmp_path / "export.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    assert main(["-q", "page", "seed", "-o", "seed", "--no-passphrase"]) == 0
    key = ["keygen", "-o", "key", "--public", "pub", "--no-passphrase", "--valid-from", "2025-02-01"]
    assert main(["-q", *key]) == 0
    return tmp_path


def make(period, *more, source="kraken", account="K-1"):
    fixed = ["--source", source, "--account", account, "--seed", "seed", "-o", "out"]
    return main(["-q", "page", "make", "export.csv", *fixed, *period, *more])


def read(capsys):
    return json.loads(capsys.readouterr().out)


def test_two_months_are_made_signed_and_checked(venue, capsys):
    assert make(JANUARY, "--json") == 0
    first = read(capsys)
    assert make(FEBRUARY, "--prev", first["header"]) == 0
    second = capsys.readouterr().out.strip()
    assert second.startswith("kraken=")
    assert first["page"] != second.partition("=")[2]
    before = (venue / first["header"]).read_bytes()
    assert main(["-q", "attest", "out/kraken-K-1-0001.zkp", "--key", "key"]) == 0
    assert (venue / first["header"]).read_bytes() == before  # what was given out stays as it was
    files = [f"out/kraken-K-1-000{n}.{end}" for n in (0, 1) for end in ("zkp", "zko")]
    capsys.readouterr()
    assert main(["-q", "page", "check", *files, "--source-key", "kraken=pub"]) == 0
    text = capsys.readouterr().out
    assert "vouched for by page 1" in text
    assert "signed by" in text
    assert main(["-q", "page", "check", *files, "--source-key", "kraken=pub", "--json"]) == 0
    shown = read(capsys)
    assert shown["ok"]
    assert [page["records"] for page in shown["pages"]] == [1, 1]


def test_a_bare_id_is_signed(venue, capsys):
    assert make(FEBRUARY) == 0
    line = capsys.readouterr().out.strip()
    assert main(["-q", "attest", "--page", line, "--key", "key", "-o", "signature.zkp"]) == 0
    files = ["out/kraken-K-1-0000.zko", "out/kraken-K-1-0000.zkp", "signature.zkp"]
    assert main(["-q", "page", "check", *files, "--source-key", "kraken=pub"]) == 0
    assert main(["-q", "page", "check", *files[:2], "--source-key", "kraken=pub"]) == ExitCode.REJECTED


def test_rows_outside_the_period_are_counted(venue, capsys):
    """Before an account's first page they are in no page at all, and a proof has nothing of them."""

    def said(*arguments):
        fixed = ["--source", "kraken", "--account", "K-1", "--seed", "seed", "-o", "out"]
        assert main(["page", "make", "export.csv", *fixed, *arguments]) == 0
        return capsys.readouterr().err

    late = said(*FEBRUARY, "--force")
    assert "warning: rows before the account's first page, which are in no page: 1" in late
    first = said(*JANUARY, "--force")
    assert "rows after the period, which are in no page yet: 1" in first
    assert "warning" not in first
    second = said(*FEBRUARY, "--prev", "out/kraken-K-1-0000.zkp")
    assert "rows before the period, left out: 1;" in second
    assert "warning" not in second


def test_a_period_that_is_not_over_is_said(venue, capsys):
    """What happens in it later is in no page, and once it is over no verdict tells that anything is missing."""
    said = "the period is not over until 2400-01-01T00:00:00Z"
    assert make(["--from", "2025-01-01", "--to", "2400-01-01"]) == 0
    assert said in capsys.readouterr().err
    for command in (
        ["attest", "out/kraken-K-1-0000.zkp", "--key", "key"],
        ["page", "check", "out/kraken-K-1-0000.zkp"],
    ):
        assert main(["-q", *command]) == 0
        assert said in capsys.readouterr().err
    assert make(JANUARY, account="K-2") == 0
    assert "not over" not in capsys.readouterr().err


def test_a_key_does_not_vouch_for_pages_before_its_time(venue, capsys):
    assert make(JANUARY) == 0
    assert main(["-q", "attest", "out/kraken-K-1-0000.zkp", "--key", "key"]) == 0
    check = ["-q", "page", "check", "out/kraken-K-1-0000.zkp", "--source-key", "kraken=pub"]
    assert main(check) == ExitCode.REJECTED
    assert "page/key-period" in capsys.readouterr().err


def test_prove_asks_what_pages_go_on_from(venue, capsys):
    assert make(JANUARY) == 0
    proving = ["prove", "out/kraken-K-1-0000.zko", "--year", "2025", "--method", "fifo", "-o", "x.zkh"]
    for more, message in (
        ([], "what do these pages go on from?"),
        (["--first", "--carry-in", "a.zks"], "--first and --carry-in exclude each other"),
        (["--first", "--covered-from", "2026"], '"2026" is not a day of the calendar'),
        (["--first", "--method-of", "2025=fifo"], "the year 2025 is not one that can be named"),
        (["--carry-in", "none.zks"], "none.zks: cannot be read"),
        (["--first"], "is the last one, and ends before the window does"),
    ):
        assert main([*proving, *more]) == ExitCode.USAGE, message
        assert message in capsys.readouterr().err
    assert main(["prove", "out/kraken-K-1-0000.zkp", "--year", "2025", "--method", "fifo", "-o", "x.zkh"]) != 0
    assert not (venue / "x.zkh").exists()


def test_a_standing_is_replaced_only_when_asked(venue, capsys):
    """The refusal comes before any work; with --force the command goes on to what is wrong with the pages."""
    from zkharvest.spec import STANDING_MAGIC

    assert make(JANUARY) == 0
    proving = ["prove", "out/kraken-K-1-0000.zko", "--year", "2025", "--method", "fifo", "-o", "x.zkh", "--first"]
    (venue / "old.zks").write_bytes(STANDING_MAGIC)
    (venue / "key2").write_text("-----BEGIN PRIVATE KEY-----\n")
    for name, more, message in (
        ("old.zks", [], "exists"),
        ("old.zks", ["--force"], "is the last one, and ends before the window does"),
        ("key2", ["--force"], "keys are never overwritten"),
    ):
        assert main([*proving, "--carry-out", name, "--no-passphrase", *more]) == ExitCode.USAGE
        assert message in capsys.readouterr().err
    assert (venue / "old.zks").read_bytes() == STANDING_MAGIC


def test_help_says_that_pages_are_a_preview(capsys):
    for arguments in (["--help"], ["page", "--help"]):
        assert main(arguments) == 0
        text = " ".join(capsys.readouterr().out.split())
        assert "lot-machine/v2" in text


def test_an_opening_can_be_sealed(venue, capsys):
    (venue / "words").write_text("five words that nobody guesses\n")
    (venue / "words").chmod(0o600)
    assert make(JANUARY, "--opening-passphrase-file", "words") == 0
    check = ["-q", "page", "check", "out/kraken-K-1-0000.zko"]
    assert main([*check, "--passphrase-file", "words"]) == 0
    assert main(check) == ExitCode.USAGE
    assert main(["inspect", "out/kraken-K-1-0000.zko", "--json"]) == 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2025-02-01", "--to", "2025-02-01"], "--to is not after --from"),
        (["--from", "1.2.2025", "--to", "2025-02-01"], "--from:"),
        ([*JANUARY, "--prev", "export.csv"], "not a page"),
        ([*JANUARY, "--account", " "], "--account"),
        ([*JANUARY, "--source", "a\nb"], "--source"),
        ([*JANUARY, "--seed", "key"], "not a seed of pages"),
        ([*JANUARY, "--currency", "EUR"], "USD, not in EUR"),
    ],
)
def test_what_cannot_be_made_is_said(venue, capsys, arguments, said):
    assert make(arguments) in (ExitCode.USAGE, ExitCode.REJECTED)
    assert said in capsys.readouterr().err
    assert not (venue / "out").exists() or not any((venue / "out").iterdir())


def test_a_page_that_does_not_follow_is_refused(venue, capsys):
    assert make(JANUARY) == 0
    late = ["--from", "2025-02-02", "--to", "2025-03-01", "--prev", "out/kraken-K-1-0000.zkp"]
    assert make(late) == ExitCode.REJECTED
    assert "does not begin where page 0 ends" in capsys.readouterr().err
    assert make(FEBRUARY[:2] + JANUARY[2:] + ["--prev", "out/kraken-K-1-0000.zkp"]) == ExitCode.USAGE
    assert make(JANUARY) == ExitCode.USAGE  # exists
    assert make(JANUARY, "--force") == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["out/kraken-K-1-0000.zkp", "--replace"], "for packages"),
        (["out/kraken-K-1-0000.zkp", "--page", "kraken=00"], "both given"),
        (["--page", "kraken=00"], "give -o FILE"),
        (["--page", "kraken=00", "-o", "s.zkp"], "a page's id has 64"),
        (["--page", "00", "-o", "s.zkp"], "not SOURCE=HEX"),
        ([], "what to sign is not said"),
    ],
)
def test_what_cannot_be_signed_is_said(venue, capsys, arguments, said):
    assert make(JANUARY) == 0
    assert main(["attest", *arguments, "--key", "key"]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_a_batch_by_the_command_line(venue, capsys):
    rows = [f"2025-01-02T10:00:00Z,C-{n},t{n},buy,BTC,1,{n}00,1,USD,\n" for n in range(1, 4)]
    (venue / "a.csv").write_text(HEAD + "".join(rows[:2]))
    (venue / "b.csv").write_text(HEAD + rows[2])
    batch = ["-q", "page", "batch", "a.csv", "b.csv", "--source", "kraken", "--seed", "seed", "--jobs", "1"]
    capsys.readouterr()
    assert main([*batch, *JANUARY, "-o", "jan", "--key", "key", "--json"]) == 0
    shown = read(capsys)
    assert (shown["made"], shown["accounts"], shown["records"], shown["in_two_files"]) == (2, 3, 3, [])
    assert main([*batch, *FEBRUARY, "-o", "feb", "--prev", "jan"]) == 0
    assert "3 pages of 0 records" in capsys.readouterr().out
    (venue / "b.csv").write_text(HEAD + rows[0])
    assert main([*batch, *JANUARY, "-o", "again"]) == ExitCode.REJECTED
    assert "accounts in two files" in capsys.readouterr().err


@pytest.mark.slow
def test_a_batch_on_a_cluster_makes_the_same_pages(venue, capsys):
    distributed = pytest.importorskip("distributed")
    (venue / "a.csv").write_text(HEAD + "2025-01-02T10:00:00Z,C-1,t1,buy,BTC,1,100,1,USD,\n")
    batch = ["-q", "page", "batch", "a.csv", "--source", "kraken", "--seed", "seed", *JANUARY]
    assert main([*batch, "-o", "here"]) == 0
    local = {"dashboard_address": ":0", "host": "127.0.0.1", "processes": False, "protocol": "tcp://"}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **local) as cluster:
        assert main([*batch, "-o", "there", "--scheduler", cluster.scheduler_address]) == 0
    for name in ("pages.csv", "kraken-C-1-0000.zkp", "kraken-C-1-0000.zko"):
        assert (venue / "here" / "a" / name).read_bytes() == (venue / "there" / "a" / name).read_bytes()
    assert main([*batch, "-o", "no", "--scheduler", "x", "--jobs", "2"]) == ExitCode.USAGE
    capsys.readouterr()
