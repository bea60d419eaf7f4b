"""`verify --policy FILE`: every field is read and takes effect, a wrong one is named; and the hidden `--basis`."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from tests.support.chain_verdicts import counted, ids, package, take_every_proof
from tests.support.links import Translator
from tests.support.proofs import SMALL
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.verifier.chain_policy import LIMITS, SCHEMA, ChainPolicy, read_chain_policy

ACCEPT = Path(__file__).resolve().parents[3] / "vectors" / "accept" / "lot-machine-v2"
PACKAGE = str(ACCEPT / "balanced.zkh")
HEADER = json.loads((ACCEPT / "balanced.json").read_text())["policy"]
PAGES = HEADER["pages"]

WRONG_FOR_THE_PACKAGE = {
    "standing": ("cd" * 32, "policy/standing"),
    "pages": ({"kraken": ["00" * 32]}, "policy/page"),
    "accounts": ({"kraken": ["K-bob"]}, "policy/account"),
    "source_keys": ({"coinbase": [{"key": "aa" * 32}]}, "page/unsigned"),
    "signer": ("ab" * 32, "signature/missing"),
    "year": (2025, "policy/year"),
    "method": ("lifo", "policy/method"),
    "pooling": ("universal", "policy/pooling"),
    "timezone": ("UTC", "policy/timezone"),
    "currency": ("EUR", "policy/currency"),
    "audience": ("somebody else", "policy/context"),
    "nonce": ("ff", "policy/context"),
    "circuits": (["lot-machine/v9"], "policy/circuit"),
    "min_bits": (200, "policy/bits"),
}
COUNTED = {f"max_{name}" for name in LIMITS} | {"need_refs"}
SWITCHES = {"first", "allow_other_sources", "allow_test_preset"}


@pytest.fixture
def verdict(tmp_path, capsys):
    def run(policy, *options, package=PACKAGE):
        path = tmp_path / "policy.json"
        path.write_text(policy if isinstance(policy, str) else json.dumps(policy))
        code = main(["verify", package, "--policy", str(path), *options, "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else err

    return run


def without(*names):
    return {name: value for name, value in HEADER.items() if name not in names}


def test_a_policy_file_is_all_that_is_needed(verdict):
    code, shown = verdict(HEADER)
    assert code == ExitCode.DONE and shown["verdict"] == "accepted" and not shown["findings"]
    assert read_chain_policy(json.dumps(shown["policy"])) == read_chain_policy(json.dumps(HEADER))


def test_every_field_is_one_of_these():
    assert {entry.name for entry in fields(ChainPolicy)} == WRONG_FOR_THE_PACKAGE.keys() | COUNTED | SWITCHES


@pytest.mark.parametrize("name", WRONG_FOR_THE_PACKAGE)
def test_each_field_takes_effect_and_is_shown_as_it_was_read(verdict, name):
    value, reason = WRONG_FOR_THE_PACKAGE[name]
    code, shown = verdict({**(without("first") if name == "standing" else HEADER), name: value})
    assert (code, shown["reason"]) == (ExitCode.REJECTED, reason)
    assert shown["policy"][name] == value


@pytest.mark.parametrize("name", sorted(COUNTED))
def test_limits_of_a_file_are_held_against_the_counters(verdict, name, tmp_path, monkeypatch):
    """The package has one of each."""
    take_every_proof(monkeypatch)
    link = counted()
    path = tmp_path / "counted.zkh"
    path.write_bytes(package(link).encode())
    newest = {source: page.hex() for source, page in ids(Translator(link), *link.pages).items()}
    loose, tight = (False, True) if name == "need_refs" else (1, 0)
    wanted = {"schema": SCHEMA, "first": True, "pages": newest}
    assert verdict({**wanted, name: loose}, package=str(path))[0] == ExitCode.DONE
    code, shown = verdict({**wanted, name: tight}, package=str(path))
    assert (code, shown["reason"]) == (ExitCode.UNDECIDED, "policy/counters")
    assert shown["policy"][name] == tight and type(shown["policy"][name]) is type(tight)


def test_what_came_before_is_said_by_the_file(verdict):
    code, shown = verdict(without("first"))
    assert (code, shown["reason"]) == (ExitCode.UNDECIDED, "policy/history")


def test_other_sources_are_allowed_by_their_switch(verdict):
    one = {"schema": SCHEMA, "first": True, "pages": {"kraken": PAGES["kraken"]}}
    code, shown = verdict(one)
    assert (code, shown["reason"]) == (ExitCode.UNDECIDED, "policy/source-not-compared")
    code, shown = verdict({**one, "allow_other_sources": True})
    assert code == ExitCode.DONE
    assert {one["source"]: one["status"] for one in shown["chain"]["accounts"]} == {
        "kraken": "compared",
        "nano": "open",
    }


def test_the_test_preset_is_allowed_by_its_switch(verdict):
    header = json.loads((ACCEPT / "2024.json").read_text())["policy"]
    assert header["allow_test_preset"]
    path = str(ACCEPT / "2024.zkh")
    assert verdict(header, package=path)[0] == ExitCode.DONE
    code, shown = verdict({**header, "allow_test_preset": False}, package=path)
    assert (code, shown["reason"]) == (ExitCode.REJECTED, "policy/test-preset")


def test_bits_that_are_asked_for_are_asked_of_the_test_preset_too(verdict):
    """It has 5.07 of them."""
    header = json.loads((ACCEPT / "2024.json").read_text())["policy"]
    path = str(ACCEPT / "2024.zkh")
    assert verdict({**header, "min_bits": 5.07}, package=path)[0] == ExitCode.DONE
    for bits in (5.08, 128):
        code, shown = verdict({**header, "min_bits": bits}, package=path)
        assert (code, shown["reason"]) == (ExitCode.REJECTED, "policy/bits")
    code, shown = verdict(header, "--min-bits", "100", package=path)
    assert (code, shown["reason"]) == (ExitCode.REJECTED, "policy/bits")


def test_days_behind_the_year_that_are_not_the_zones_are_reported(verdict):
    """The package says that New York's clocks change for January 2, 2026."""
    header = json.loads((ACCEPT / "later-days.json").read_text())["policy"]
    code, shown = verdict(header, package=str(ACCEPT / "later-days.zkh"))
    assert code == ExitCode.DONE
    [note] = [one for one in shown["notes"] if "America/New_York" in one]
    assert note.startswith("some day after 2024-12-31 begins when it does not in America/New_York as this machine")
    code, shown = verdict(header, package=str(ACCEPT / "fifo-from-genesis.zkh"))
    assert not any("America/New_York" in one for one in shown["notes"])


def test_options_go_before_the_file_and_pages_add_to_it(verdict):
    wrong = {**HEADER, "year": 2025, "method": "lifo"}
    assert verdict(wrong, "--year", "2024", "--method", "hifo")[0] == ExitCode.DONE
    one = {source: page for source, page in PAGES.items() if source != "kraken"}
    code, shown = verdict({**HEADER, "pages": one}, "--page", f"kraken={PAGES['kraken']}")
    assert code == ExitCode.DONE
    assert shown["policy"]["pages"] == {source: [page] for source, page in PAGES.items()}


def test_a_page_of_an_option_stands_beside_those_of_the_file(verdict):
    """Both must be there: neither replaces the other."""
    page = f"kraken={PAGES['kraken']}"
    assert verdict(HEADER, "--page", page)[0] == ExitCode.DONE
    code, shown = verdict({**HEADER, "pages": {**PAGES, "kraken": ["00" * 32]}}, "--page", page)
    assert (code, shown["reason"]) == (ExitCode.REJECTED, "policy/page")
    assert shown["policy"]["pages"]["kraken"] == ["00" * 32, PAGES["kraken"]]


UNTIL_MAY = {"key": "11" * 32, "last": "2024-05-31"}
FROM_JUNE = {"key": "22" * 32, "first": "2024-06-01"}


def test_a_key_of_an_option_is_one_of_the_files_and_keeps_its_days(verdict):
    several = {**HEADER, "source_keys": {"kraken": [UNTIL_MAY, FROM_JUNE, {**UNTIL_MAY, "last": "2020-01-01"}]}}
    keys = {
        ("11",): [UNTIL_MAY, {**UNTIL_MAY, "last": "2020-01-01"}],
        ("22",): [FROM_JUNE],
        ("22", "11"): several["source_keys"]["kraken"],
    }
    for named, expected in keys.items():
        options = [word for one in named for word in ("--source-key", f"kraken={one * 32}")]
        code, shown = verdict(several, *options)
        assert code == ExitCode.DONE and shown["policy"]["source_keys"]["kraken"] == expected


@pytest.mark.parametrize(
    ("file", "option", "both"),
    [
        ({"source_keys": {"kraken": [UNTIL_MAY]}}, ("--source-key", "kraken=" + "33" * 32), ("33" * 8, "11" * 8)),
        ({"source_keys": {"kraken": "11" * 32}}, ("--source-key", "kraken=" + "33" * 48), ("33" * 8, "11" * 8)),
        ({"accounts": {"kraken": ["K-alice"]}}, ("--account", "kraken=K-bob"), ("'K-bob'", "'K-alice'")),
        (
            {"accounts": {"kraken": ["K-alice", "K-bob"]}},
            ("--account", "kraken=K-bob"),
            ("'K-bob'", "'K-alice' and 'K-bob'"),
        ),
    ],
)
def test_an_option_that_contradicts_the_file_is_an_error_that_names_both(verdict, file, option, both):
    code, said = verdict({**HEADER, **file}, *option)
    assert code == ExitCode.USAGE
    assert f"{option[0]} 'kraken': the option expects" in said
    given, known = both
    assert given in said.partition("the policy file")[0] and known in said.partition("the policy file")[2]


def test_accounts_of_an_option_may_be_those_of_the_file(verdict):
    assert verdict({**HEADER, "accounts": {"kraken": ["K-alice"]}}, "--account", "kraken=K-alice")[0] == ExitCode.DONE
    code, shown = verdict({**HEADER, "accounts": {"nano": ["nano-s"]}}, "--account", "kraken=K-alice")
    assert code == ExitCode.DONE and shown["policy"]["accounts"] == {"nano": ["nano-s"], "kraken": ["K-alice"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"yaer": 2025}, "'yaer' is not a key of a policy (did you mean year?)"),
        ({"year": "2025"}, "year is a number such as 2025, not str '2025'"),
        ({"method": "hifoo"}, "method 'hifoo' is not one of fifo, lifo, hifo, lofo, specific (did you mean hifo?)"),
        ({"pages": {"kraken": "57ab"}}, "pages of 'kraken' has 2 bytes, not 32"),
        ({"source_keys": []}, "source_keys maps source ids to lists"),
        ({"source_keys": {"kraken": "aa" * 33}}, "source_keys of 'kraken' has 33 bytes, not 32 (Ed25519) or 48"),
        ({"accounts": {"kraken": 7}}, "accounts of 'kraken' is text, not int 7"),
        ({"signer": "xyz"}, "signer: 'xyz' is not hexadecimal"),
        ({"standing": "00"}, "standing has 1 byte, not 32"),
        ({"standing": "00" * 32}, "a chain that begins with a standing is not the first"),
        ({"nonce": ""}, "nonce is empty: leave it out to expect nothing"),
        ({"circuits": "lot-machine/v2"}, "circuits is a list of ids, not a text"),
        ({"min_bits": "128"}, "min_bits is a number such as 128"),
        ({"max_declared": -1}, "max_declared is a number from 0 on, not -1"),
        ({"need_refs": 0}, "need_refs is true or false, not int 0"),
        ({"allow_test_preset": 1}, "allow_test_preset is true or false, not int 1"),
        ({"schema": "zkharvest/policy/1"}, "not 'zkharvest/policy/1'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_field_is_named_with_the_file(verdict, change, message):
    code, said = verdict({**HEADER, **change})
    assert code == ExitCode.USAGE
    assert "policy.json: " in said and message in said and "circuits/FORMAT.md, section" in said


def test_a_file_that_is_not_a_policy(verdict, capsys):
    assert "not JSON" in verdict("year = 2025")[1]
    assert main(["verify", PACKAGE, "--policy", "no-such-file"]) == ExitCode.USAGE
    assert "no-such-file: cannot be read" in capsys.readouterr().err


def test_basis_still_means_pooling_and_is_not_shown(verdict, capsys):
    """The earlier name of `--pooling`."""
    assert verdict(HEADER, "--basis", "wallet")[0] == ExitCode.DONE
    code, shown = verdict(HEADER, "--basis=universal")
    assert (code, shown["reason"]) == (ExitCode.REJECTED, "policy/pooling")
    for command in ("verify", "prove", "ledger"):
        main([command, *(["report"] if command == "ledger" else []), "--help"])
        assert "--basis" not in capsys.readouterr().out


def test_a_ledger_report_takes_the_earlier_name(tmp_path, capsys):
    trades = tmp_path / "small.csv"
    trades.write_text(SMALL)
    shown = []
    for option in ("--basis", "--pooling"):
        words = ["ledger", "report", str(trades), "--year", "2025", "--method", "hifo", option, "universal", "--json"]
        assert main(words) == ExitCode.DONE
        shown.append(json.loads(capsys.readouterr().out))
    assert shown[0] == shown[1] and shown[0]["pooling"] == "universal"


@pytest.mark.parametrize("regime", ["canada", "uk", "average"])
def test_prove_refuses_a_country_that_the_circuit_does_not_know(regime, tmp_path, capsys):
    """Before anything is read: the opening is not there, and no method is given."""
    missing = str(tmp_path / "none.zko")
    assert main(["prove", missing, "--year", "2025", "--regime", regime]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "cannot be proven: the circuit knows only the rules of us" in said
    assert f"zkharvest ledger report TRADES.csv --regime {regime}" in said
    words = ["prove", missing, "--year", "2025", "--regime", "us", "-m", "hifo", "--first"]
    words += ["-o", str(tmp_path / "p.zkh")]
    assert main(words) == ExitCode.USAGE
    assert "none.zko: cannot be read" in capsys.readouterr().err
