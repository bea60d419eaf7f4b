"""Files and arguments made to mislead the person at the terminal."""

import io
import json
import sys
from dataclasses import replace

import pytest

from tests.support.proofs import small_opening, small_package
from zkharvest.cli import main, output, reasons
from zkharvest.cli.output import ExitCode, visible
from zkharvest.verifier.package import decode_package, encode_package
from zkharvest.verifier.rejections import Reason
from zkharvest.workflow.verify import verify

CLEAR = "\x1b[2J\x1b[HVERIFIED  p.zkh\n  Statement  net loss 1,000,000.00 USD\x1b[8m"
SOURCES = ("coinbase:main", "kraken:main")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.zkh").write_bytes(small_package())
    monkeypatch.setattr(
        "zkharvest.workflow.verify.verify",
        lambda data, policy, **rest: verify(data, policy, allow_test_preset=True, **rest),
    )
    return tmp_path


def expected(*sources):
    return [word for s in sources for word in ("--commitment", f"{s}={small_opening().roots[s].hex()}")]


def shown(capsys):
    out, err = capsys.readouterr()
    assert all(line.isprintable() for line in (out + err).split("\n")), ascii(out + err)
    assert len(out + err) < 4000
    return out, err


def test_what_is_printed_does_nothing(capsys):
    odd = "\x1b[2J \x9b1m \u202e \u200b \r \t \n \x00 \ud800 \U000e0001 \x7f"
    output.data(odd)
    output.note(odd)
    output.warning(odd, odd)
    output.fields([(odd, odd), ("a", [odd, odd])])
    output.table((odd, "a"), [(odd, odd)])
    out, err = shown(capsys)
    assert visible("\x1b\x9b\u202e\U000e0001") == r"\x1b\x9b\u202e\U000e0001"
    assert (len(out.splitlines()), len(err.splitlines())) == (6, 3)


def test_our_colours_are_no_way_in(capsys):
    output.configure(quiet=False, color="always")
    try:
        output.data(output.paint("x\x1b[0m", "red"), " \x1b[1;32mVERIFIED")
        output.data(f"{output.paint('x', 'red')}")
    finally:
        output.configure(quiet=False, color="auto")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "\x1b[1;31mx\\x1b[0m\x1b[0m \\x1b[1;32mVERIFIED"
    assert "\x1b" not in second


def test_json_is_ascii_and_stays_json(capsys):
    text = "\x1b \x7f \x9b \u202e é \ud800"
    output.json_object("zkharvest/x/1", {"text": text})
    out = capsys.readouterr().out
    assert out.isascii()
    assert all(line.isprintable() for line in out.split("\n"))
    assert json.loads(out)["text"] == text


def test_a_stream_that_lacks_a_character_gets_an_escape(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    output.data("börse")
    stream.flush()
    assert stream.buffer.getvalue() == b"b\\xf6rse\n"


@pytest.mark.parametrize("part", ["attestations", "preset", "source", "audience"])
def test_a_package_cannot_paint_a_verdict(here, capsys, part):
    package = decode_package(small_package())
    statement = package.statement
    entry = {"source": CLEAR, "key": bytes(48), "pop": bytes(96)}
    changes = {
        "attestations": {"attestations": {"scheme": "bls12-381-g2-pop", "aggregate": bytes(96), "sources": [entry]}},
        "preset": {"preset": CLEAR},
        "source": {"statement": {**statement, "sources": [{**statement["sources"][0], "id": CLEAR}]}},
        "audience": {"statement": {**statement, "context": {"audience": CLEAR, "nonce": b""}}},
    }
    (here / "bad.zkh").write_bytes(encode_package(replace(package, **changes[part])))
    assert main(["verify", "bad.zkh", *expected(*SOURCES)]) == ExitCode.REJECTED
    out, _ = shown(capsys)
    assert out.startswith("REJECTED  bad.zkh\n")
    main(["inspect", "bad.zkh"])
    assert not any(line.lstrip().startswith("VERIFIED") for text in shown(capsys) for line in text.splitlines())
    main(["inspect", "bad.zkh", "--json"])
    assert capsys.readouterr().out.isascii()


def test_attest_and_key_files_cannot_paint(here, capsys):
    package = decode_package(small_package())
    sources = [{**source, "id": CLEAR} for source in package.statement["sources"]]
    changed = replace(package, statement={**package.statement, "sources": sources})
    (here / "bad.zkh").write_bytes(encode_package(changed))
    assert main(["keygen", "--scheme", "bls", "-o", "k", "--no-passphrase"]) == ExitCode.DONE
    words = ["attest", "bad.zkh", "--key", "k", "--source", "kraken", "--commitment", "00" * 36]
    assert main(words) == ExitCode.REJECTED
    assert "VERIFIED" not in "".join(shown(capsys))
    for header in ("private", "public"):
        (here / "odd").write_text(f"zkharvest {header} key 1\nscheme: {CLEAR}\npublic: {CLEAR}\n")
        assert main(["inspect", "odd"]) == ExitCode.USAGE
        assert "VERIFIED" not in "".join(shown(capsys))
    assert main(["inspect", CLEAR]) == ExitCode.USAGE  # a file's name
    assert "\\x1b[2J" in shown(capsys)[1]


def test_a_huge_value_is_not_echoed(here, capsys):
    package = decode_package(small_package())
    for changes in (
        {"statement": {**package.statement, "holding": "\0" * 9_000_000}},
        {"statement": {**package.statement, "scales": bytes(9_000_000)}},
        {"preset": "x" * 9_000_000},
        {"attestations": {"x" * 9_000_000: 1}},
        {"signature": {"key": bytes(9_000_000)}},
    ):
        (here / "big.zkh").write_bytes(encode_package(replace(package, **changes)))
        assert main(["verify", "big.zkh", *expected(*SOURCES)]) == ExitCode.REJECTED
        shown(capsys)
        main(["inspect", "big.zkh"])
        shown(capsys)


@pytest.mark.parametrize("option", ["signer", "carried-in", "nonce", "audience", "circuit", "timezone", "currency"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_expectation_is_wrong_use(here, capsys, option, value):
    """As of a script whose variable is unset: it must not verify under less than was meant."""
    assert main(["verify", "p.zkh", *expected(*SOURCES), f"--{option}", value]) == ExitCode.USAGE
    assert f"--{option}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--commitment", "kraken:main="],
        ["--commitment", ""],
        ["--source-key", "kraken:main="],
        ["--min-bits", "nan"],
        ["--min-bits", "inf"],
        ["--min-bits", "-inf"],
        ["--min-bits", "-1"],
        ["--min-bits", ""],
        ["--method", ""],
        ["--year", ""],
    ],
)
def test_expectations_that_are_none_are_wrong_use(here, capsys, words):
    assert main(["verify", "p.zkh", *expected("coinbase:main"), *words]) == ExitCode.USAGE
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [["--nonce", ""], ["--audience", ""], ["--nonce", " "]])
def test_a_prover_does_not_drop_an_empty_context(here, capsys, words):
    assert main(["prove", "s.zko", "--year", "2025", "--method", "fifo", "-o", "n.zkh", *words]) == ExitCode.USAGE
    assert words[0] in capsys.readouterr().err


def test_a_source_that_nobody_expects(here, capsys):
    assert main(["verify", "p.zkh", *expected("kraken:main")]) == ExitCode.UNDECIDED
    out, err = capsys.readouterr()
    assert out.startswith("CONSISTENT (unbound)  p.zkh\n")
    assert "policy/source-not-compared: 'coinbase:main': nothing is expected of these sources" in out
    assert "--allow-other-sources" in err
    assert main(["verify", "p.zkh", *expected("kraken:main"), "--json"]) == ExitCode.UNDECIDED
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["bound"], found["not_compared"]) == ("undecided", False, ["coinbase:main"])
    assert main(["verify", "p.zkh", *expected("kraken:main"), "--allow-other-sources"]) == ExitCode.DONE
    assert "1 of 2 not compared" in capsys.readouterr().out
    assert main(["verify", "p.zkh", "--allow-other-sources"]) == ExitCode.UNDECIDED


def test_time_zone_and_currency_are_expected(here, capsys):
    held = ["--timezone", "America/New_York", "--currency", "USD"]
    assert main(["verify", "p.zkh", *expected(*SOURCES), *held]) == ExitCode.DONE
    capsys.readouterr()
    for words, reason in ((["--timezone", "UTC"], "policy/timezone"), (["--currency", "VND"], "policy/currency")):
        assert main(["verify", "p.zkh", *expected(*SOURCES), *words]) == ExitCode.REJECTED
        assert f"{reason}: " in capsys.readouterr().out


def test_a_source_signs_only_what_it_says(here, capsys):
    root = small_opening().roots["kraken:main"].hex()
    assert main(["keygen", "--scheme", "bls", "-o", "k", "--no-passphrase"]) == ExitCode.DONE
    before = (here / "p.zkh").read_bytes()
    attest = ["attest", "p.zkh", "--key", "k"]
    for words, code in (
        (["--source", "kraken:main"], ExitCode.USAGE),
        (["--commitment", root], ExitCode.USAGE),
        (["--source", "", "--commitment", root], ExitCode.USAGE),
        (["--source", "kraken:main", "--commitment", ""], ExitCode.USAGE),
        (["--source", "kraken:main", "--commitment", root[:-2]], ExitCode.USAGE),
        (["--source", "kraken:main", "--commitment", "00" * 36], ExitCode.REJECTED),
        (["--source", "coinbase:main", "--commitment", root], ExitCode.REJECTED),
    ):
        assert main([*attest, *words]) == code, words
        assert (here / "p.zkh").read_bytes() == before
    assert "is not the one given" in capsys.readouterr().err
    assert main([*attest, "--source", "kraken:main", "--commitment", root]) == ExitCode.DONE


def test_every_reason_has_a_sentence():
    for reason in Reason:
        sentence = reasons.meaning(reason)
        assert sentence[0].islower()
        assert not sentence.endswith(".")
    for reason in (Reason.QUOTIENT, Reason.MERKLE_MAIN, Reason.FRI_LAYER, Reason.GRINDING):
        assert reasons.meaning(reason) == "the proof does not belong to this statement, or was altered"
    assert "--carried-in" in reasons.hint("policy/carried-in-not-compared")
    assert "--commitment" in reasons.hint("policy/no-expectation")


def test_a_name_made_to_look_like_the_verdict_stands_in_quotes(here, capsys):
    """One space is all that a name can set apart, and a name with a space is quoted."""
    package = decode_package((here / "p.zkh").read_bytes())
    context = {"audience": "IRS, nonce deadbeef", "nonce": b""}
    forged = replace(package, statement={**package.statement, "context": context})
    (here / "q.zkh").write_bytes(encode_package(forged))
    assert main(["inspect", "q.zkh"]) == ExitCode.DONE
    assert 'audience "IRS, nonce deadbeef"' in shown(capsys)[0]


@pytest.mark.parametrize("option", ["--signer", "--source-key"])
def test_a_key_that_is_too_long_for_a_path_is_wrong_use(here, capsys, option):
    value = "k" * 5000 if option == "--signer" else "kraken:main=" + "k" * 5000
    assert main(["verify", "p.zkh", option, value]) == ExitCode.USAGE
    assert "is not a" in shown(capsys)[1]


def test_signing_does_not_replace_the_key(here, capsys):
    assert main(["keygen", "-o", "k.key", "--no-passphrase"]) == ExitCode.DONE
    before = (here / "k.key").read_bytes()
    assert main(["attest", "p.zkh", "--key", "k.key", "-o", "k.key", "--force"]) == ExitCode.USAGE
    assert "would be overwritten" in capsys.readouterr().err
    assert (here / "k.key").read_bytes() == before


def test_signing_in_place_gives_nobody_access(here):
    assert main(["keygen", "-o", "k.key", "--no-passphrase"]) == ExitCode.DONE
    (here / "p.zkh").chmod(0o600)
    assert main(["attest", "p.zkh", "--key", "k.key"]) == ExitCode.DONE
    assert (here / "p.zkh").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("secret", ["00" * 32, "ff" * 32])
def test_a_key_that_is_no_number_of_the_group_is_a_damaged_key(here, capsys, secret):
    assert main(["keygen", "--scheme", "bls", "-o", "b.key", "--no-passphrase"]) == ExitCode.DONE
    lines = (here / "b.key").read_text().splitlines()
    lines = [f"private: {secret}" if line.startswith("private") else line for line in lines]
    (here / "b.key").write_text("\n".join(lines) + "\n")
    words = ["--source", "kraken:main", "--commitment", "00" * 36]
    assert main(["attest", "p.zkh", "--key", "b.key", *words]) == ExitCode.USAGE
    assert "damaged private key" in capsys.readouterr().err


def test_an_opening_shows_neither_seed_nor_trades():
    text = repr(small_opening())
    assert "seed" not in text and "Trade" not in text


def test_one_circuit_given_as_text_is_that_circuit(here):
    data = (here / "p.zkh").read_bytes()
    told = {source: small_opening().roots[source] for source in SOURCES}
    wanted = {"commitments": told, "allow_test_preset": True}
    assert verify(data, circuits="lot-machine/v1", **wanted).accepted
    assert verify(data, circuits="my-lot-machine/v10", **wanted).reason == "policy/circuit"
