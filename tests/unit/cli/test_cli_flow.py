"""The flow by its commands: commit, prove, attest, verify, inspect; exit codes and files."""

import hashlib
import io
import json
import re
import subprocess
import sys

import pytest

from tests.support import proofs
from tests.support.proofs import (
    METHOD,
    NONCE,
    YEAR,
    expected,
    page_file,
    small_chain,
    small_ids,
    small_part,
)
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.cli.show import money
from zkharvest.files.page_files import read_page_opening
from zkharvest.verifier.circuits import PINNED

SOURCES = ("coinbase:main", "kraken:main")
FIRST = ["--year", "2025", "--method", "fifo", "--first"]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_commit_prints_ids_of_new_salts_and_says_what_is_secret(here, capsys):
    words = ["commit", "trades.csv", "--currency", "USD", "--no-passphrase", "-o"]
    printed = []
    for folder in ("one", "two"):
        assert main([*words, folder]) == ExitCode.DONE
        out, err = capsys.readouterr()
        printed.append(dict(line.split("=") for line in out.splitlines()))
        assert tuple(printed[-1]) == SOURCES
        assert all(len(bytes.fromhex(name)) == 32 for name in printed[-1].values())
        assert "keep its openings (.zko) and book.csv secret" in err
    assert not set(printed[0].values()) & set(printed[1].values())


@pytest.mark.parametrize(
    "words",
    [
        ["commit", "trades.csv", "--currency", "USD", "-o", "new", "--book", "./trades.csv", "--force"],
        ["prove", "own", *FIRST, "--book", "own/book.csv", "-o", "own/book.csv", "--force"],
        ["prove", "own", *FIRST, "-o", "p.zkh", "--carry-out", "./p.zkh", "--no-passphrase", "--force"],
        ["trades", "import", "trades.csv", "-o", "trades.csv", "--force"],
    ],
)
def test_a_result_never_replaces_what_it_is_made_from(here, capsys, words):
    before = contents(here)
    assert main(words) == ExitCode.USAGE
    assert "would be overwritten" in capsys.readouterr().err
    assert contents(here) == before


def test_one_stream_takes_one_result(here, capsys):
    for words in (["prove", "own", *FIRST], ["trades", "import", "trades.csv"], ["attest", "p.zkh", "--key", "k"]):
        assert main([*words, "-o", "-", "--json"]) == ExitCode.USAGE
        assert "both want standard output" in capsys.readouterr().err


def test_a_package_on_a_stream_leaves_the_standing_to_the_other(here):
    words = ["--quiet", "prove", "own", *FIRST, "--size", "test", "-o", "-"]
    done = subprocess.run([sys.executable, "-m", "zkharvest", *words], capture_output=True, check=True)
    verdict = proofs.chain_by_itself(done.stdout)
    assert verdict.accepted, verdict.findings
    assert done.stderr.decode() == f"zkharvest: carried out {verdict.chain.links[-1].closing.name.hex()}\n"


def test_records_are_committed_to_in_their_currency(here):
    assert main(["commit", "trades.csv", "-o", "new", "--no-passphrase", "--currency", "EUR"]) == ExitCode.DONE
    found = [read_page_opening(path) for path in (here / "new").glob("*.zko")]
    assert [one.header.currency for one in found] == ["EUR", "EUR"]
    words = ["commit", "trades.csv", "-o", "newer", "--no-passphrase", "--currency", "US dollars"]
    assert main(words) == ExitCode.USAGE
    assert not (here / "newer").exists()


def test_prove_then_verify(here, capsys, test_preset):
    words = ["prove", "own", *FIRST, "--size", "test", "-o", "new.zkh", "--json"]
    assert main(words) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "zkharvest/proof/2"
    assert shown["bytes"] == (here / "new.zkh").stat().st_size
    assert main(["verify", "new.zkh", *expected(), "--year", "2025", "--method", "fifo"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert out.startswith("VERIFIED  new.zkh\n  Tax year 2025")
    assert "net -5,012.33333333, proceeds 26,993.00, basis 32,005.33333333" in out
    assert "FIFO" in out and "per wallet, America/New_York, amounts in USD" in out
    assert f"standing {shown['carried_out']}" in out
    assert "that these accounts are all of the taxpayer's accounts" in out
    assert main(words) == ExitCode.USAGE  # never overwrites


def test_an_opening_that_others_can_read_is_refused(here, capsys):
    opening = page_file("own", SOURCES[1], "zko")
    (here / opening).chmod(0o644)
    assert main(["prove", "own", *FIRST, "-o", "new.zkh"]) == ExitCode.USAGE
    assert f"hint: chmod 600 {opening}" in capsys.readouterr().err
    assert not (here / "new.zkh").exists()


def test_a_proof_that_fails_its_self_check_is_not_written(here, monkeypatch):
    bad = small_part().proof[:-1] + b"\x00"
    monkeypatch.setattr("zkharvest.prover.stark.prove_circuit", lambda *_, **__: bad)
    before = contents(here)
    words = ["prove", "own", *FIRST, "--size", "test", "-o", "new.zkh", "--carry-out", "new.zks", "--no-passphrase"]
    assert main(words) == ExitCode.INTERNAL
    assert contents(here) == before


def test_verdict_as_json(here, capsys, test_preset):
    assert main(["verify", "p.zkh", *expected(), "--json"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["verdict"], shown["reason"]) == ("zkharvest/chain-verdict/1", "accepted", None)
    (link,), (year,) = shown["chain"]["links"], shown["chain"]["years"]
    assert (link["year"], link["method"], link["pooling"]) == (YEAR, METHOD, "wallet")
    newest = {account["source"]: account["pages"][-1] for account in shown["chain"]["accounts"]}
    assert newest == small_ids()
    assert main(["ledger", "report", "trades.csv", "--year", "2025", "--method", METHOD, "--json"]) == ExitCode.DONE
    totals = json.loads(capsys.readouterr().out)["totals"]
    reported = {name: totals[name] for name in ("proceeds", "basis", "net")}
    for term in ("short", "long"):
        reported |= {f"{term}.{sign}": totals[f"{term}_term_{sign}"] for sign in ("gain", "loss")}
    assert reported.items() <= year["totals"].items()
    assert shown["policy"]["allow_test_preset"] is True
    assert len(shown["not_shown"]) >= 2


def test_no_expectation_is_undecided(here, capsys, test_preset):
    assert main(["verify", "p.zkh", "--first"]) == ExitCode.UNDECIDED
    out, err = capsys.readouterr()
    assert out.startswith("UNDECIDED  p.zkh\n")
    assert "policy/no-expectation" in out
    assert "--page SOURCE=HEX" in err


def test_real_policy_refuses_the_test_preset(here, capsys):
    assert main(["verify", "p.zkh", *expected()]) == ExitCode.REJECTED
    assert "policy/test-preset" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--year", "2024"], "policy/year"),
        (["--method", "lifo"], "policy/method"),
        (["--pooling", "universal"], "policy/pooling"),
        (["--nonce", "00"], "policy/context"),
        (["--nonce", NONCE.hex(), "--audience", "me"], "policy/context"),
        (["--circuit", "other/v1"], "policy/circuit"),
        (["--signer", "00" * 32], "signature/missing"),
        (["--source-key", f"binance={'00' * 48}"], "page/unsigned"),
        (["--account", f"{SOURCES[0]}=K-1"], "policy/account"),
        (["--page", f"binance={'00' * 32}"], "policy/page"),
    ],
)
def test_expectations_on_the_command_line_are_enforced(here, capsys, test_preset, words, reason):
    assert main(["verify", "p.zkh", *expected(), *words]) == ExitCode.REJECTED
    _, sentence, typed = capsys.readouterr().out.splitlines()[:3]
    assert sentence.startswith("  Reason  ")
    assert typed.startswith(f"          {reason}: ")


def test_what_is_malformed_behind_our_magic_is_rejected(here, capsys):
    data = small_chain().package
    for changed in (data[:-1], data[:9], data[:8], data + b"\0", data[:100] + b"\xff" + data[101:]):
        (here / "bad.zkh").write_bytes(changed)
        assert main(["verify", "bad.zkh"]) == ExitCode.REJECTED
        assert capsys.readouterr().out.startswith("REJECTED  bad.zkh\n  Reason")


def test_other_files_are_wrong_use_and_newer_ones_undecided(here, capsys):
    assert main(["verify", "trades.csv"]) == ExitCode.USAGE
    assert "trades.csv: this is not a zkharvest package" in capsys.readouterr().err
    assert main(["verify", "trades.csv", "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["reason"] == "package/magic"
    (here / "new.zkh").write_bytes(small_chain().package[:8] + b"\x03")
    assert main(["verify", "new.zkh"]) == ExitCode.UNDECIDED
    assert main(["verify", "none.zkh"]) == ExitCode.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ["--page", "nonsense"],
        ["--page", f"={'00' * 32}"],
        ["--page", f"{SOURCES[0]}={'00' * 36}"],
        ["--source-key", f"{SOURCES[0]}=00"],
        ["--signer", "00"],
        ["--nonce", "0"],
        ["--standing", "00"],
        ["--method", "best"],
    ],
)
def test_expectations_that_make_no_sense_are_wrong_use(here, capsys, words):
    assert main(["verify", "p.zkh", *words]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("zkharvest: error: ")


def test_inspect_never_verifies_and_says_so(here, capsys):
    assert main(["inspect", "p.zkh"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.startswith("p.zkh: package of links, version 2, ")
    assert "circuit lot-machine/v2, active; " in out and "bits proven if it verifies" in out and "  proofs\n" in out
    assert "not verified" in out.splitlines()[0]
    assert "zkharvest verify does that" in err
    assert main(["inspect", "p.zkh", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["schema"] == "zkharvest/inspect-package/1"
    for source, name in small_ids().items():
        for end in ("zko", "zkp"):
            assert main(["inspect", page_file("own", source, end)]) == ExitCode.DONE
            assert name in capsys.readouterr().out
    assert main(["inspect", "trades.csv"]) == ExitCode.USAGE
    (here / "p.zkh").write_bytes(small_chain().package[:-1])
    assert main(["inspect", "p.zkh"]) == ExitCode.REJECTED


def test_what_inspect_shows_of_headers_is_for_a_person(here, capsys):
    """Instants as times, flags as words, each account of a standing in a line and its page below."""
    path = here / "out.zks"
    words = ["prove", "own", *FIRST, "--size", "test", "--no-passphrase", "--carry-out", "out.zks", "-o", "again.zkh"]
    assert main(words) == ExitCode.DONE
    source = min(small_ids())
    for file, names in (
        (path, ["instant"]),
        *((page_file("own", source, end), ["from", "to"]) for end in ("zkp", "zko")),
    ):
        capsys.readouterr()
        assert main(["inspect", str(file)]) == ExitCode.DONE
        shown = capsys.readouterr().out
        for name in names:
            assert re.search(rf"^  {name} +20\d\d-\d\d-01 \d\d:00 UTC$", shown, re.MULTILINE), (name, shown)
        assert "{" not in shown and "False" not in shown and "True" not in shown
        assert ("accounts  " in shown) == (file is path)
        assert file is not path or re.search(rf"  '?{source}'? '?own'?, page 0, to 20.* UTC\n +[0-9a-f]{{64}}\n", shown)


def test_circuits(here, capsys):
    assert main(["circuits", "list", "--json"]) == ExitCode.DONE
    listed = json.loads(capsys.readouterr().out)["circuits"]
    assert [one["id"] for one in listed] == [pinned.id for pinned in PINNED]
    digest = {one["id"]: one["digest"] for one in listed}["lot-machine/v2"]
    assert main(["circuits", "show", "lot-machine/v2", "--json"]) == ExitCode.DONE
    assert hashlib.sha256(capsys.readouterr().out.encode()).hexdigest() == digest
    assert main(["circuits", "show", "lot-machine/v2"]) == ExitCode.DONE
    assert "lot-machine/v2" in capsys.readouterr().out
    assert main(["circuits", "show", "nothing/v1"]) == ExitCode.USAGE
    assert f"it knows {', '.join(pinned.id for pinned in PINNED)}" in capsys.readouterr().err
    assert main(["circuits", "check"]) == ExitCode.DONE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.00000000", "0.00"),
        ("1234567.50000000", "1,234,567.50"),
        ("-0.00000001", "-0.00000001"),
        ("-1234.00000000", "-1,234.00"),
        ("999.12345678", "999.12345678"),
    ],
)
def test_money_is_exact(text, shown):
    assert money(text) == shown


def modules_after(*words):
    code = (
        f"import sys, json; from zkharvest.cli import main; main({list(words)!r}); print(json.dumps(list(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


@pytest.mark.parametrize(
    "words", [["--help"], ["verify", "p.zkh", "--first", "--year", "2025"], ["inspect", "p.zkh"], ["verify", "--help"]]
)
def test_what_an_auditor_runs_needs_no_heavy_library(here, words):
    # (typer may bring pydantic: newer versions convert options with it)
    heavy = {"numpy", "numba", "llvmlite", "galois", "py_ecc", "cryptography", "rich", "msgpack"}
    assert modules_after(*words) & heavy == set()


def test_verifying_a_package_without_signatures_loads_what_verifying_takes_and_no_more(here):
    loaded = modules_after("verify", "p.zkh", "--first", "--year", "2025")
    without = {"typer", "pydantic", "rich", "cryptography", "shellingham", "numpy", "msgpack", "traceback"}
    assert loaded & without == set()


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "zkharvest", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("zkharvest ")


def stream(here, words, data):
    """A command in a process of its own, with `data` on its standard input."""
    return subprocess.run([sys.executable, "-m", "zkharvest", *words], input=data, capture_output=True)


def test_a_dash_is_a_file_wherever_one_is_read(here, monkeypatch, capsys, test_preset):
    assert main(["--quiet", "keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.DONE
    names = ("trades.csv", page_file("own", SOURCES[0], "zko"), page_file("own", SOURCES[0]), "own/seed")
    csv, opening, page, seed = ((here / name).read_bytes() for name in names)
    key, package = ((here / name).read_bytes() for name in ("my.key", "p.zkh"))
    year = ["--year", "2025", "--method", "fifo"]
    for words, data in (
        (["trades", "check", "-"], csv),
        (["ledger", "report", "-", *year], csv),
        (["ledger", "lots", "-", "--method", "fifo"], csv),
        (["commit", "-", "--currency", "USD", "-o", "new", "--no-passphrase"], csv),
        (["inspect", "-"], opening),
        (["inspect", "-"], page),
        (["inspect", "-"], package),
        (["inspect", "-"], key),
        (["secret", "show", "-"], opening),
        (["secret", "backup", "-", "-o", "sheet.txt"], seed),
        (["verify", "-", *expected()], package),
        (["attest", "-", "--key", "my.key", "-o", "signed.zkh"], package),
        (["attest", "p.zkh", "--key", "-", "-o", "signed2.zkh"], key),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert main(words) == ExitCode.DONE, (words, capsys.readouterr().err)
    assert stream(here, ["inspect", "-"], package).returncode == ExitCode.DONE
    assert stream(here, ["attest", "-", "--key", "-"], package).returncode == ExitCode.USAGE
