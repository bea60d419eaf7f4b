"""Wrong inputs as a new user gives them: each refusal says what is wrong, and what to type."""

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode

HEAD = "time,source,id,kind,asset,quantity,amount,fee,currency"
ROWS = (
    "2024-03-01T00:00:00Z,kraken,1,buy,BTC,1,100,0,USD",
    "2024-06-05T00:00:00Z,kraken,2,sell,BTC,0.5,200,0,USD",
)
EARLY = ("2019-03-01T00:00:00Z,kraken,0,buy,BTC,1,100,0,USD", *ROWS)
ODD = tuple(row.replace("BTC", "WEIRD").replace("sell", "buy") for row in (ROWS[0], ROWS[1].replace("kraken", "other")))
PROVE = ["prove", "own", "--method", "fifo", "--first", "--check", "--no-passphrase"]
COMMIT = ["commit", "--no-passphrase", "-o"]
CSV_FILE = "it is a trades CSV; "


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Trades of 2024, the same with an earlier row, a coin of no table in two wallets; pages of the first."""
    folder = tmp_path_factory.mktemp("files")
    for name, rows in (("t", ROWS), ("early", EARLY), ("odd", ODD), ("moved", (ROWS[0].replace("2024", "1999"),))):
        (folder / f"{name}.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    money = [row.replace("BTC", "USD") for row in ROWS]
    (folder / "money.csv").write_text("\n".join([HEAD, *money]) + "\n")
    euros = [row.replace("BTC", "EUR") for row in ROWS]
    (folder / "euros.csv").write_text("\n".join([HEAD, *euros]) + "\n")
    assert main(["-q", "commit", str(folder / "t.csv"), "-o", str(folder / "own"), "--no-passphrase"]) == ExitCode.DONE
    (folder / "odd.toml").write_text('[assets]\nWEIRD = "eip155:1/erc20:0x0123456789abcdef0123456789abcdef01234567"\n')
    (folder / "policy.json").write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("command", "error", "hint"),
    [
        ([*COMMIT, "own", "early.csv"], "early.csv:2: kraken/0: is of 2019-03-01T00:00:00Z, before the first page",
         "commit into a new folder"),
        ([*COMMIT, "new", "t.csv", "--from", "2024-04-01"], "t.csv:2: kraken/1: is of 2024-03-01T00:00:00Z, before",
         "give an earlier --from, at most 2024-03-01T00:00:00Z"),
        ([*COMMIT, "own", "t.csv"], "kraken: its last page ends at 2025-01-01T05:00:00Z", "a --to after 2025-01-01"),
        ([*COMMIT, "new", "odd.csv"], "odd.csv:2: WEIRD lies in 2 wallets", '[assets], and below it "WEIRD" ='),
        ([*COMMIT, "new", "moved.csv"], "moved.csv:2: kraken/1: is of 1999-03-01T00:00:00Z, and days before 2000-01-01",
         "mend the time"),
        ([*COMMIT, "new", "t.csv", "--from", "1999-01-01"], "--from: pages cannot begin at 1999-01-01T00:00:00Z",
         "give --from 2000-01-01T05:00:00Z"),
        ([*COMMIT, "new", "t.csv", "--timezone", "EST5"], "unknown time zone 'EST5'", "America/New_York"),
        ([*COMMIT, "new", "t.csv", "--timezone", "../x"], "unknown time zone '../x'", "America/New_York"),
        (["explain", "own", "--timezone", "EST5"], "unknown time zone 'EST5'", "America/New_York"),
        ([*PROVE, "--year", "2025"], "is the last one, and ends before the window does", "commit --to 2026-01-01T05"),
        ([*PROVE, "--year", "2090"], "the tax year 2090 cannot be proven", "of 2000 to 2088 there are proofs"),
        ([*PROVE, "--year", "2024", "--covered-from", "2090-01-01"], "purchases from 2090-01-01 on", "or never"),
        (["prove", "t.csv", *PROVE[2:], "--year", "2024"], "t.csv: not the opening of a page",
         f"{CSV_FILE}zkharvest commit and page make write openings (.zko)"),
        (["explain", "t.csv"], "t.csv: not the opening of a page", f"{CSV_FILE}zkharvest commit"),
        (["page", "check", "t.csv"], "t.csv: neither a page nor the opening of one", f"{CSV_FILE}give .zkp and .zko"),
        (["verify", "t.csv", "--first"], "t.csv: this is not a zkharvest package", f"{CSV_FILE}give a package (.zkh)"),
        (["page", "check", "own/kraken-own-0000.zkp", "--source-key", "kraken"], "--source-key: 'kraken' is not",
         "such as kraken=kraken.pub, the file that keygen --public wrote"),
        (["verify", "t.csv", "--source-key", "kraken"], "--source-key: 'kraken' is not", "keygen --public wrote"),
        (["verify", "t.csv", "--page", "kraken"], "--page: 'kraken' is not SOURCE=HEX", "as zkharvest commit"),
        (["ledger", "explain", "t.csv", "2", "--year", "2023", "--method", "fifo"],
         "2 is of 2024-06-05T00:00:00Z, after the tax year 2023", "give the year of the sale with --year"),
        (["ledger", "explain", "t.csv", "x", "--year", "2024", "--method", "fifo"], "no trade is called x",
         "zkharvest ledger report lists the sales of the year"),
        (["verify", "t.csv", "--policy", "policy.json"], 'policy.json: schema: a policy has "schema"', "section 10"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(files, monkeypatch, capsys, command, error, hint):
    monkeypatch.chdir(files)
    assert main(["-q", *command]) in (ExitCode.REJECTED, ExitCode.USAGE)
    said = capsys.readouterr().err
    assert f"zkharvest: error: {error}" in said or (error in said and "this cannot be stated" in said)
    assert [line for line in said.splitlines() if line.startswith("zkharvest: hint: ") and hint in line]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "p.zkh", "--year", "20x5"], "'--year' / '-y': not a whole number"),
        (["verify", "p.zkh", "--year", "1900"], "'--year' / '-y': must be at least 1971"),
        (["verify", "p.zkh", "--year", "9999"], "'--year' / '-y': must be at most "),
        (["harvest", "simulate", "--wealth", "much"], "'--wealth': not a number"),
        (["ledger", "lots", "t.csv", "--at", "31.12.2025"], "'--at': '31.12.2025' is not a date as YYYY-MM-DD"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_plain_words(capsys, words, said):
    assert main(words) == ExitCode.USAGE
    assert f"zkharvest: error: invalid value for {said}" in capsys.readouterr().err


def test_openings_that_are_not_sealed_are_counted(files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    assert main(["commit", "odd.csv", "-o", "two", "--assets", "odd.toml", "--no-passphrase"]) == ExitCode.DONE
    proving = ["--year", "2024", "--method", "fifo", "--first", "--check"]
    for folder, said in (
        ("own", "own/kraken-own-0000.zko is not encrypted; zkharvest secret passwd seals it under a passphrase"),
        ("two", "two/kraken-own-0000.zko and 1 more are not encrypted; zkharvest secret passwd seals a file"),
    ):
        capsys.readouterr()
        assert main(["prove", folder, *proving, "--no-passphrase"]) == ExitCode.DONE
        assert said in capsys.readouterr().err


def test_a_standing_names_the_year_that_goes_on_from_it(files, monkeypatch, capsys):
    monkeypatch.chdir(files)
    proving = ["-q", "prove", "own", "--method", "fifo", "--no-passphrase", "--size", "test", "-o", "y.zkh"]
    assert main([*proving, "--year", "2024", "--first", "--carry-out", "2024.zks"]) == ExitCode.DONE
    capsys.readouterr()
    for year in ("2024", "2026"):
        assert main([*proving, "--force", "--year", year, "--carry-in", "2024.zks"]) == ExitCode.USAGE
        said = capsys.readouterr().err
        assert f"the standing is of 2025-01-01T05:00:00Z, not of the beginning of {year}" in said
        assert "give --year 2025, which goes on from it" in said


def test_packages_out_of_order_are_told_to_be_ordered(files, monkeypatch, capsys, test_preset):
    monkeypatch.chdir(files)
    proving = ["-q", "prove", "own", "--method", "fifo", "--no-passphrase", "--size", "test", "-o", "one.zkh"]
    assert main([*proving, "--year", "2024", "--first"]) == ExitCode.DONE
    assert main(["verify", "one.zkh", "one.zkh", "--first"]) == ExitCode.REJECTED
    said = capsys.readouterr()
    assert "chain/standing: link 2 carries nothing in" in said.out
    assert "hint: give the packages of the chain in the order of their years, each once" in said.err


def test_the_currency_of_the_amounts_is_no_coin(files, monkeypatch, capsys):
    """Cash legs are amounts of other rows; money of another currency is property."""
    monkeypatch.chdir(files)
    assert main(["-q", "page", "seed", "-o", "venue.seed", "--no-passphrase"]) == ExitCode.DONE
    making = [
        "-q",
        "page",
        "make",
        "--source",
        "kraken",
        "--account",
        "K",
        "--from",
        "2024-01-01",
        "--to",
        "2025-01-01",
    ]
    said = "money.csv:2: kraken/1: USD is what amounts are stated in, and no coin with lots"
    for command in ([*COMMIT, "cash", "money.csv"], [*making, "--seed", "venue.seed", "-o", "cash", "money.csv"]):
        assert main(command) == ExitCode.REJECTED
        assert said in capsys.readouterr().err
        assert main([word.replace("money.csv", "euros.csv") for word in command]) == ExitCode.DONE
        capsys.readouterr()
    assert main(["ledger", "report", "money.csv", "--year", "2024", "--method", "fifo"]) == ExitCode.DONE
    assert f"zkharvest: warning: {said}" in capsys.readouterr().err
    assert main(["trades", "check", "euros.csv"]) == ExitCode.DONE
    assert capsys.readouterr().err == ""


def test_a_page_with_rows_of_its_own_currency_does_not_pass_the_check(files, monkeypatch, capsys):
    """Made by another program, or before such rows were refused."""
    from zkharvest.workflow import pages

    monkeypatch.chdir(files)
    with monkeypatch.context() as patched:
        patched.setattr(pages, "_money", lambda *_: None)
        assert main(["-q", *COMMIT, "older", "money.csv"]) == ExitCode.DONE
    assert main(["-q", "page", "check", "older/kraken-own-0000.zko"]) == ExitCode.REJECTED
    assert "a record of USD, which amounts are stated in" in capsys.readouterr().err
