"""`verify --policy FILE`: every field is read and takes effect, a wrong one is named; and the hidden `--basis`."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.verifier.policy import SCHEMA, Policy, read_policy

ACCEPT = Path(__file__).resolve().parents[1] / "workflow" / "version1"
PACKAGE = str(ACCEPT / "balanced.zkh")
HEADER = json.loads((ACCEPT / "balanced.json").read_text())["policy"]
ROOTS = HEADER["commitments"]

WRONG_FOR_THE_PACKAGE = {
    "commitments": ({**ROOTS, "kraken:main": "00" * 36}, "policy/commitment"),
    "source_keys": ({"kraken:main": "aa" * 48}, "attestation/missing"),
    "signer": ("ab" * 32, "signature/missing"),
    "carried_in": ("cd" * 32, "policy/carried-in"),
    "year": (2024, "policy/year"),
    "method": ("lifo", "policy/method"),
    "pooling": ("universal", "policy/pooling"),
    "timezone": ("UTC", "policy/timezone"),
    "currency": ("EUR", "policy/currency"),
    "audience": ("somebody else", "policy/context"),
    "nonce": ("ff", "policy/context"),
    "circuits": (["lot-machine/v9"], "policy/circuit"),
    "min_bits": (200, "policy/bits"),
}
SWITCHES = {"allow_other_sources", "allow_test_preset"}


@pytest.fixture
def verdict(tmp_path, capsys):
    def run(policy, *options, package=PACKAGE):
        path = tmp_path / "policy.json"
        path.write_text(policy if isinstance(policy, str) else json.dumps(policy))
        code = main(["verify", package, "--policy", str(path), *options, "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else err

    return run


def test_a_policy_file_is_all_that_is_needed(verdict):
    code, shown = verdict(HEADER)
    assert code == ExitCode.DONE and shown["verdict"] == "accepted" and shown["bound"]
    assert read_policy(json.dumps(shown["policy"])) == read_policy(json.dumps(HEADER))


def test_every_field_is_one_of_these():
    assert {entry.name for entry in fields(Policy)} == WRONG_FOR_THE_PACKAGE.keys() | SWITCHES


@pytest.mark.parametrize("name", WRONG_FOR_THE_PACKAGE)
def test_each_field_takes_effect_and_is_shown_as_it_was_read(verdict, name):
    value, reason = WRONG_FOR_THE_PACKAGE[name]
    code, shown = verdict({**HEADER, name: value})
    assert (code, shown["reason"]) == (ExitCode.REJECTED, reason)
    assert shown["policy"][name] == value


def test_other_sources_are_allowed_by_their_switch(verdict):
    one = {"schema": SCHEMA, "commitments": {"kraken:main": ROOTS["kraken:main"]}}
    code, shown = verdict(one)
    assert (code, shown["reason"]) == (ExitCode.UNDECIDED, "policy/source-not-compared")
    code, shown = verdict({**one, "allow_other_sources": True})
    assert code == ExitCode.DONE and shown["not_compared"] == ["coinbase:main", "deribit:options"]


def test_the_test_preset_is_allowed_by_its_switch(verdict):
    header = json.loads((ACCEPT / "hifo-wallet.json").read_text())["policy"]
    assert header["allow_test_preset"]
    package = str(ACCEPT / "hifo-wallet.zkh")
    assert verdict(header, package=package)[0] == ExitCode.DONE
    code, shown = verdict({**header, "allow_test_preset": False}, package=package)
    assert (code, shown["reason"]) == (ExitCode.REJECTED, "policy/test-preset")


def test_options_go_before_the_file_and_commitments_add_to_it(verdict):
    wrong = {**HEADER, "year": 2024, "method": "lifo"}
    assert verdict(wrong, "--year", "2025", "--method", "hifo")[0] == ExitCode.DONE
    two = {source: root for source, root in ROOTS.items() if source != "kraken:main"}
    code, shown = verdict({**HEADER, "commitments": two}, "--commitment", f"kraken:main={ROOTS['kraken:main']}")
    assert code == ExitCode.DONE and shown["policy"]["commitments"] == ROOTS


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"yaer": 2025}, "'yaer' is not a key of a policy (did you mean year?)"),
        ({"year": "2025"}, "year is a number such as 2025, not str '2025'"),
        ({"method": "hifoo"}, "method 'hifoo' is not one of fifo, lifo, hifo, lofo, specific (did you mean hifo?)"),
        ({"commitments": {"kraken:main": "57ab"}}, "commitments of 'kraken:main' has 2 bytes, not 36"),
        ({"source_keys": []}, "source_keys maps source ids to bytes or hex text"),
        ({"signer": "xyz"}, "signer: 'xyz' is not hexadecimal"),
        ({"carried_in": "00"}, "carried_in has 1 byte, not 32"),
        ({"nonce": ""}, "nonce is empty: leave it out to expect nothing"),
        ({"circuits": "lot-machine/v1"}, "circuits is a list of ids, not a text"),
        ({"min_bits": "128"}, "min_bits is a number such as 128"),
        ({"allow_test_preset": 1}, "allow_test_preset is true or false, not int 1"),
        ({"schema": "zkharvest/policy/2"}, "not 'zkharvest/policy/2'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_field_is_named_with_the_file(verdict, change, message):
    code, said = verdict({**HEADER, **change})
    assert code == ExitCode.USAGE
    assert "policy.json: " in said and message in said and "circuits/FORMAT.md, section 10" in said


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
    trades = str(ACCEPT / "small.csv")
    shown = []
    for option in ("--basis", "--pooling"):
        words = ["ledger", "report", trades, "--year", "2025", "--method", "hifo", option, "universal", "--json"]
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
    words = ["prove", missing, "--year", "2025", "--regime", "us", "-m", "hifo", "-o", str(tmp_path / "p.zkh")]
    assert main(words) == ExitCode.USAGE
    assert "none.zko: cannot be read" in capsys.readouterr().err
