"""The flow by its commands: commit, prove, attest, verify, inspect; exit codes and files."""

import io
import json
import os
import stat
import subprocess
import sys

import pytest

from tests.support.proofs import METHOD, NONCE, SMALL, YEAR, small_opening, small_package
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.cli.show import money
from zkharvest.files.openings import read_opening, write_opening
from zkharvest.workflow.verify import verify

SOURCES = ("coinbase:main", "kraken:main")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trades.csv").write_text(SMALL)
    (tmp_path / "p.zkh").write_bytes(small_package())
    return tmp_path


@pytest.fixture
def test_preset(monkeypatch):
    """Real policy refuses the test preset; these tests are about everything else."""
    monkeypatch.setattr(
        "zkharvest.workflow.verify.verify",
        lambda data, policy, **rest: verify(data, policy, allow_test_preset=True, **rest),
    )


def expected():
    return [
        word for source, root in small_opening().roots.items() for word in ("--commitment", f"{source}={root.hex()}")
    ]


def test_commit_writes_a_private_opening_and_prints_commitments(here, capsys):
    assert main(["commit", "trades.csv", "--currency", "USD", "--no-passphrase", "-o", "s.zko"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    lines = dict(line.split("=") for line in out.splitlines())
    assert tuple(lines) == SOURCES
    assert all(len(bytes.fromhex(root)) == 36 for root in lines.values())
    assert "keep it secret" in err
    assert stat.S_IMODE((here / "s.zko").stat().st_mode) == 0o600
    before = (here / "s.zko").read_bytes()
    assert main(["commit", "trades.csv", "--currency", "USD", "--no-passphrase", "-o", "s.zko"]) == ExitCode.USAGE
    assert (here / "s.zko").read_bytes() == before
    assert (
        main(["commit", "trades.csv", "--currency", "USD", "--no-passphrase", "-o", "s.zko", "--force", "--json"])
        == ExitCode.DONE
    )
    shown = json.loads(capsys.readouterr().out)
    assert [source["id"] for source in shown["sources"]] == list(SOURCES)
    assert shown["sources"][0]["root"] != lines[SOURCES[0]]  # fresh salts


@pytest.mark.parametrize(
    "words",
    [
        ["commit", "trades.csv", "--currency", "USD", "-o", "new", "--book", "./trades.csv", "--force"],
        ["prove", "s.zko", "--year", "2025", "--method", "fifo", "-o", "s.zko", "--force"],
        ["trades", "import", "trades.csv", "-o", "trades.csv", "--force"],
    ],
)
def test_a_result_never_replaces_what_it_is_made_from(here, capsys, words):
    write_opening("s.zko", small_opening(), passphrase=None)
    before = {path.name: path.read_bytes() for path in here.iterdir()}
    assert main(words) == ExitCode.USAGE
    assert "would be overwritten" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


def test_one_stream_takes_one_result(here, capsys):
    for words in (["commit", "trades.csv"], ["trades", "import", "trades.csv"], ["attest", "p.zkh", "--key", "k"]):
        assert main([*words, "-o", "-", "--json"]) == ExitCode.USAGE
        assert "both want standard output" in capsys.readouterr().err


def test_an_opening_on_a_stream_leaves_the_commitments_to_the_other(here):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "zkharvest",
            "--quiet",
            "commit",
            "trades.csv",
            "--currency",
            "USD",
            "--no-passphrase",
            "-o",
            "-",
        ],
        capture_output=True,
        check=True,
    )
    assert done.stdout.startswith(b"ZKHARVEST-OPENING\n")
    assert [line.split("=")[0] for line in done.stderr.decode().splitlines()] == [f"zkharvest: {s}" for s in SOURCES]


def test_records_are_committed_to_in_their_currency(here, capsys):
    assert main(["commit", "trades.csv", "-o", "s.zko", "--no-passphrase", "--currency", "EUR"]) == ExitCode.DONE
    assert read_opening("s.zko").currency == "EUR"
    words = ["commit", "trades.csv", "-o", "t.zko", "--no-passphrase", "--currency", "US dollars"]
    assert main(words) == ExitCode.USAGE
    assert not (here / "t.zko").exists()


def test_prove_then_verify(here, capsys, test_preset):
    write_opening("s.zko", small_opening(), passphrase=None)
    words = ["prove", "s.zko", "--year", "2025", "--method", "fifo", "--size", "test", "-o", "new.zkh", "--json"]
    assert main(words) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "zkharvest/proof/1"
    assert shown["bytes"] == (here / "new.zkh").stat().st_size
    assert main(["verify", "new.zkh", *expected(), "--year", "2025", "--method", "fifo"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert out.startswith("VERIFIED  new.zkh\n  Statement")
    assert "net loss 5,012.33333333 USD, tax year 2025, FIFO per wallet, America/New_York" in out
    assert "Not shown    that these sources are all of the taxpayer's sources" in out
    assert main(words) == ExitCode.USAGE  # never overwrites


def test_an_opening_that_others_can_read_is_refused(here, capsys):
    write_opening("s.zko", small_opening(), passphrase=None)
    (here / "s.zko").chmod(0o644)
    assert main(["prove", "s.zko", "--year", "2025", "--method", "fifo", "-o", "new.zkh"]) == ExitCode.USAGE
    assert "hint: chmod 600 s.zko" in capsys.readouterr().err
    assert not (here / "new.zkh").exists()


def test_a_proof_that_fails_its_self_check_is_not_written(here, capsys, monkeypatch):
    write_opening("s.zko", small_opening(), passphrase=None)
    bad = small_package()[:-1] + b"\x00"
    monkeypatch.setattr("zkharvest.workflow.prove.prove", lambda *_, **__: bad)
    assert main(["prove", "s.zko", "--year", "2025", "--method", "fifo", "-o", "new.zkh"]) == ExitCode.INTERNAL
    assert sorted(os.listdir(here)) == ["p.zkh", "s.zko", "trades.csv"]


def test_verdict_as_json(here, capsys, test_preset):
    assert main(["verify", "p.zkh", *expected(), "--json"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["verdict"], shown["reason"]) == ("zkharvest/verdict/1", "accepted", None)
    statement = shown["statement"]
    assert (statement["year"], statement["method"], statement["pooling"]) == (YEAR, METHOD, "wallet")
    assert {source["id"]: source["root"] for source in statement["sources"]} == {
        source: root.hex() for source, root in small_opening().roots.items()
    }
    assert main(["ledger", "report", "trades.csv", "--year", "2025", "--method", METHOD, "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["totals"] == statement["totals"]
    assert shown["security"]["preset"] == "test"
    assert len(shown["not_shown"]) >= 2


def test_no_expectation_is_undecided(here, capsys, test_preset):
    assert main(["verify", "p.zkh"]) == ExitCode.UNDECIDED
    out, err = capsys.readouterr()
    assert out.startswith("CONSISTENT (unbound)  p.zkh\n")
    assert "--commitment" in err


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
        (["--carried-in", "00" * 32], "policy/carried-in"),
        (["--circuit", "other/v1"], "policy/circuit"),
        (["--signer", "00" * 32], "signature/missing"),
        (["--source-key", f"{SOURCES[0]}={'00' * 48}"], "attestation/missing"),
        (["--commitment", f"binance={'00' * 36}"], "policy/commitment"),
    ],
)
def test_expectations_on_the_command_line_are_enforced(here, capsys, test_preset, words, reason):
    assert main(["verify", "p.zkh", *expected(), *words]) == ExitCode.REJECTED
    _, sentence, typed = capsys.readouterr().out.splitlines()[:3]
    assert sentence.startswith("  Reason  ")
    assert typed.startswith(f"          {reason}: ")


def test_what_is_malformed_behind_our_magic_is_rejected(here, capsys):
    data = small_package()
    for changed in (data[:-1], data[:9], data[:8], data + b"\0", data[:100] + b"\xff" + data[101:]):
        (here / "bad.zkh").write_bytes(changed)
        assert main(["verify", "bad.zkh", *expected()]) == ExitCode.REJECTED
        assert capsys.readouterr().out.startswith("REJECTED  bad.zkh\n  Reason")


def test_other_files_are_wrong_use_and_newer_ones_undecided(here, capsys):
    assert main(["verify", "trades.csv", *expected()]) == ExitCode.USAGE
    assert "trades.csv: this is not a zkharvest package" in capsys.readouterr().err
    assert main(["verify", "trades.csv", "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["reason"] == "package/magic"
    (here / "new.zkh").write_bytes(small_package()[:8] + b"\x03")
    assert main(["verify", "new.zkh", *expected()]) == ExitCode.UNDECIDED
    assert main(["verify", "none.zkh"]) == ExitCode.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ["--commitment", "nonsense"],
        ["--commitment", "=00"],
        ["--commitment", f"{SOURCES[0]}=00"],
        ["--commitment", f"{SOURCES[0]}=zz"],
        ["--commitment", f"{SOURCES[0]}={'00' * 36}", "--commitment", f"{SOURCES[0]}={'01' * 36}"],
        ["--source-key", f"{SOURCES[0]}=00"],
        ["--signer", "00"],
        ["--nonce", "0"],
        ["--carried-in", "00"],
        ["--method", "best"],
    ],
)
def test_expectations_that_make_no_sense_are_wrong_use(here, capsys, words):
    assert main(["verify", "p.zkh", *words]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("zkharvest: error: ")


def test_keys_and_attestations(here, capsys, test_preset):
    words = ["keygen", "--scheme", "bls", "-o", "venue.key", "--public", "venue.pub", "--no-passphrase"]
    assert main(words) == ExitCode.DONE
    venue = capsys.readouterr().out.strip()
    assert main(["keygen", "-o", "my.key", "--json", "--no-passphrase"]) == ExitCode.DONE
    mine = json.loads(capsys.readouterr().out)["public"]
    assert len(venue) == 96
    assert len(mine) == 64
    assert main(["keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.USAGE
    assert stat.S_IMODE((here / "my.key").stat().st_mode) == 0o600

    as_kraken, as_coinbase = (["--source", s, "--commitment", small_opening().roots[s].hex()] for s in SOURCES[::-1])
    assert main(["attest", "p.zkh", "--key", "venue.key", *as_kraken]) == ExitCode.DONE
    assert main(["attest", "p.zkh", "--key", "my.key", "-o", "signed.zkh"]) == ExitCode.DONE
    capsys.readouterr()
    words = ["--source-key", f"{SOURCES[1]}=venue.pub", "--signer", mine, "--allow-other-sources"]
    assert main(["verify", "signed.zkh", *words]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert f"signed by key {venue[:16]}... (as expected)" in out
    assert f"by the taxpayer, key {mine[:16]}... (as expected)" in out
    assert main(["verify", "p.zkh", *words]) == ExitCode.REJECTED
    assert main(["verify", "signed.zkh", "--source-key", f"{SOURCES[0]}={venue}"]) == ExitCode.REJECTED
    assert main(["verify", "signed.zkh", *expected()]) == ExitCode.DONE
    assert "(not compared)" in capsys.readouterr().out

    assert main(["attest", "signed.zkh", "--key", "venue.key", *as_coinbase]) == ExitCode.USAGE
    assert "--drop-signature" in capsys.readouterr().err
    assert main(["attest", "signed.zkh", "--key", "venue.key", *as_coinbase, "--drop-signature"]) == 0
    assert "the taxpayer's signature was removed" in capsys.readouterr().err
    assert main(["attest", "signed.zkh", "--key", "my.key", *as_coinbase]) == ExitCode.USAGE
    assert main(["attest", "trades.csv", "--key", "my.key"]) == ExitCode.USAGE


def test_a_private_key_is_not_written_to_a_stream(here, capsys):
    assert main(["keygen", "-o", "-"]) == ExitCode.USAGE
    assert capsys.readouterr().out == ""


def test_inspect_never_verifies_and_says_so(here, capsys):
    assert main(["inspect", "p.zkh"]) == ExitCode.DONE
    out, err = capsys.readouterr()
    assert out.startswith("p.zkh: audit package, version 1, ")
    assert "not verified" in out.splitlines()[0]
    assert "zkharvest verify does that" in err
    assert main(["inspect", "p.zkh", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["schema"] == "zkharvest/inspect-package/1"
    write_opening("s.zko", small_opening(), passphrase=None)
    assert main(["inspect", "s.zko"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert "plain" in out
    for source, root in small_opening().roots.items():
        assert f"{source}={root.hex()}" in out
    assert main(["inspect", "trades.csv"]) == ExitCode.USAGE
    (here / "p.zkh").write_bytes(small_package()[:-1])
    assert main(["inspect", "p.zkh"]) == ExitCode.REJECTED


def test_circuits(here, capsys):
    assert main(["circuits", "list", "--json"]) == ExitCode.DONE
    listed = json.loads(capsys.readouterr().out)["circuits"]
    assert [one["id"] for one in listed] == ["lot-machine/v1", "lot-machine/v2"]
    assert main(["circuits", "show", "lot-machine/v1"]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert listed[0]["digest"] in out
    assert main(["circuits", "show", "nothing/v1"]) == ExitCode.USAGE
    assert "it knows lot-machine/v1, lot-machine/v2" in capsys.readouterr().err
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
    "words", [["--help"], ["verify", "p.zkh", "--year", "2025"], ["inspect", "p.zkh"], ["verify", "--help"]]
)
def test_what_an_auditor_runs_needs_no_heavy_library(here, words):
    # (typer may bring pydantic: newer versions convert options with it)
    heavy = {"numpy", "numba", "llvmlite", "galois", "py_ecc", "cryptography", "rich", "msgpack"}
    assert modules_after(*words) & heavy == set()


def test_verifying_a_package_without_signatures_loads_what_verifying_takes_and_no_more(here):
    loaded = modules_after("verify", "p.zkh", "--year", "2025")
    without = {"typer", "pydantic", "rich", "cryptography", "shellingham", "numpy", "msgpack", "traceback"}
    assert loaded & without == set()


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "zkharvest", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("zkharvest ")


def test_a_package_that_does_not_verify_is_not_signed(here, capsys):
    assert main(["keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.DONE
    data = small_package()
    middle = len(data) // 2
    (here / "bad.zkh").write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    before = (here / "bad.zkh").read_bytes()
    assert main(["attest", "bad.zkh", "--key", "my.key"]) == ExitCode.REJECTED
    assert "the proof does not verify" in capsys.readouterr().err
    assert (here / "bad.zkh").read_bytes() == before
    (here / "bad.zkh").write_bytes(data[:8] + b"\x09" + data[9:])
    assert main(["attest", "bad.zkh", "--key", "my.key"]) == ExitCode.USAGE
    assert "update zkharvest" in capsys.readouterr().err


def test_a_signature_is_replaced_when_asked(here, capsys, test_preset):
    public = {}
    for name, scheme in (("old", "ed25519"), ("new", "ed25519"), ("venue", "bls"), ("other", "bls")):
        assert main(["keygen", "--scheme", scheme, "-o", name, "--no-passphrase"]) == ExitCode.DONE
        public[name] = capsys.readouterr().out.strip()
    attest = ["attest", "p.zkh", "--key"]
    assert main([*attest, "old"]) == main([*attest, "old"]) == ExitCode.DONE
    assert main([*attest, "new"]) == ExitCode.USAGE
    assert "--replace" in capsys.readouterr().err
    assert main([*attest, "new", "--replace"]) == ExitCode.DONE
    assert main(["verify", "p.zkh", *expected(), "--signer", public["new"]]) == ExitCode.DONE
    kraken = ["--source", "kraken:main", "--commitment", small_opening().roots["kraken:main"].hex()]
    (here / "p.zkh").write_bytes(small_package())
    assert main([*attest, "venue", *kraken]) == ExitCode.DONE
    assert main([*attest, "other", *kraken]) == ExitCode.USAGE
    assert "--replace" in capsys.readouterr().err
    assert main([*attest, "other", *kraken, "--replace"]) == ExitCode.DONE
    words = ["verify", "p.zkh", *expected(), "--source-key", f"kraken:main={public['other']}"]
    assert main(words) == ExitCode.DONE


def stream(here, words, data):
    """A command in a process of its own, with `data` on its standard input."""
    return subprocess.run([sys.executable, "-m", "zkharvest", *words], input=data, capture_output=True)


def test_a_dash_is_a_file_wherever_one_is_read(here, monkeypatch, capsys):
    write_opening("s.zko", small_opening(), passphrase=None)
    assert main(["--quiet", "keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.DONE
    csv, opening, key, package = ((here / name).read_bytes() for name in ("trades.csv", "s.zko", "my.key", "p.zkh"))
    year = ["--year", "2025", "--method", "fifo"]
    for words, data in (
        (["trades", "check", "-"], csv),
        (["ledger", "report", "-", *year], csv),
        (["ledger", "lots", "-", "--method", "fifo"], csv),
        (["commit", "-", "--currency", "USD", "-o", "new.zko", "--no-passphrase"], csv),
        (["inspect", "-"], opening),
        (["inspect", "-"], package),
        (["inspect", "-"], key),
        (["secret", "show", "-"], opening),
        (["secret", "backup", "-", "-o", "sheet.txt"], opening),
        (["attest", "-", "--key", "my.key", "-o", "signed.zkh"], package),
        (["attest", "p.zkh", "--key", "-", "-o", "signed2.zkh"], key),
        (["prove", "-", *year, "--size", "test", "-o", "new.zkh"], opening),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert main(words) == ExitCode.DONE, (words, capsys.readouterr().err)
    assert stream(here, ["inspect", "-"], package).returncode == ExitCode.DONE
    assert stream(here, ["attest", "-", "--key", "-"], package).returncode == ExitCode.USAGE


def test_two_that_sign_at_once_both_sign(here, capsys, test_preset):
    """In place, the second reads what the first has written."""
    for name in ("a", "b"):
        assert main(["keygen", "--scheme", "bls", "-o", name, "--no-passphrase"]) == ExitCode.DONE
    runs = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "zkharvest", "attest", "p.zkh", "--key", key),
                *("--source", source, "--commitment", small_opening().roots[source].hex()),
            ],
            stderr=subprocess.PIPE,
        )
        for key, source in zip(("a", "b"), SOURCES, strict=True)
    ]
    assert [(run.communicate(timeout=120), run.returncode)[1] for run in runs] == [0, 0]
    capsys.readouterr()
    assert main(["inspect", "p.zkh", "--json"]) == ExitCode.DONE
    signed = json.loads(capsys.readouterr().out)["signatures"]["sources"]
    assert [entry["id"] for entry in signed] == list(SOURCES)
