"""Files and arguments made to mislead the person at the terminal."""

import io
import json
import sys
from dataclasses import replace

import pytest

from tests.support.chain_verdicts import ids, kraken, package, take_every_proof
from tests.support.links import Translator
from tests.support.proofs import (
    allow_test_preset,
    chain_by_itself,
    expected,
    packed,
    page_file,
    small_chain,
    small_ids,
    small_pages,
    small_part,
)
from zkharvest.cli import main, output, reasons
from zkharvest.cli.output import ExitCode, visible
from zkharvest.files.page_files import page_bytes, read_page
from zkharvest.sign.chains import with_page_signatures
from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.rejections import Reason
from zkharvest.workflow.own_folder import write_pages

CLEAR = "\x1b[2J\x1b[HVERIFIED  p.zkh\n  Statement  net loss 1,000,000.00 USD\x1b[8m"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.zkh").write_bytes(small_chain().package)
    allow_test_preset(monkeypatch)
    return tmp_path


@pytest.fixture
def page(here):
    """A page's file, with others and their openings in its folder."""
    write_pages("own", small_pages(), passphrase=None)
    return page_file("own", "kraken:main")


def with_parts(**changes):
    """The small package with other top-level parts, as the bytes of a file."""
    whole = wire.decode(small_chain().package, len(PACKAGE_MAGIC) + 1)
    return small_chain().package[: len(PACKAGE_MAGIC) + 1] + wire.encode({**whole, **changes})


def changed(**changes):
    """The small package with another statement."""
    return packed(statement={**small_part().statement, **changes})


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


@pytest.mark.parametrize("part", ["attestations", "preset", "source", "audience", "signature"])
def test_a_package_cannot_paint_a_verdict(here, capsys, part):
    statement = small_part().statement
    entry = {"key": bytes(48), "page": bytes(32), "pop": bytes(96), "scheme": CLEAR, "signature": bytes(96)}
    first, *others = statement["accounts"]
    forged = {
        "attestations": lambda: with_parts(attestations=[entry]),
        "preset": lambda: packed(preset=CLEAR),
        "source": lambda: changed(accounts=[{**first, "source": CLEAR}, *others]),
        "audience": lambda: changed(context={**statement["context"], "audience": CLEAR}),
        "signature": lambda: with_parts(signature={"key": CLEAR, "signature": CLEAR}),
    }
    (here / "bad.zkh").write_bytes(forged[part]())
    assert main(["verify", "bad.zkh", *expected()]) == ExitCode.REJECTED
    out, _ = shown(capsys)
    assert out.startswith("REJECTED  bad.zkh\n")
    main(["inspect", "bad.zkh"])
    assert not any(line.lstrip().startswith("VERIFIED") for text in shown(capsys) for line in text.splitlines())
    main(["inspect", "bad.zkh", "--json"])
    assert capsys.readouterr().out.isascii()


def test_attest_and_key_files_cannot_paint(here, capsys, page):
    accounts = [{**one, "source": CLEAR} for one in small_part().statement["accounts"]]
    (here / "bad.zkh").write_bytes(changed(accounts=accounts))
    assert main(["keygen", "-o", "k", "--no-passphrase"]) == ExitCode.DONE
    assert main(["attest", "bad.zkh", "--key", "k", "--signatures", page]) == ExitCode.REJECTED
    assert "VERIFIED" not in "".join(shown(capsys))
    assert main(["attest", "--page", f"{CLEAR}={'00' * 32}", "--key", "k", "-o", "s.zkp"]) == ExitCode.DONE
    assert "VERIFIED  p.zkh" not in "".join(shown(capsys))
    for header in ("private", "public"):
        (here / "odd").write_text(f"zkharvest {header} key 1\nscheme: {CLEAR}\npublic: {CLEAR}\n")
        assert main(["inspect", "odd"]) == ExitCode.USAGE
        assert "VERIFIED" not in "".join(shown(capsys))
    assert main(["inspect", CLEAR]) == ExitCode.USAGE  # a file's name
    assert "\\x1b[2J" in shown(capsys)[1]


def test_a_huge_value_is_not_echoed(here, capsys):
    many = 9_000_000
    for data in (
        changed(holding="\0" * many),
        changed(circuit={"id": "x" * many, "digest": bytes(32)}),
        changed(scales=bytes(many)),
        packed(preset="x" * many),
        with_parts(attestations=[{"x" * many: 1}]),
        with_parts(signature={"key": bytes(many)}),
    ):
        (here / "big.zkh").write_bytes(data)
        assert main(["verify", "big.zkh", *expected()]) == ExitCode.REJECTED
        shown(capsys)
        main(["inspect", "big.zkh"])
        shown(capsys)


@pytest.mark.parametrize("option", ["signer", "nonce", "audience", "circuit", "timezone", "currency"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_expectation_is_wrong_use(here, capsys, option, value):
    """As of a script whose variable is unset: it must not verify under less than was meant."""
    assert main(["verify", "p.zkh", *expected(), f"--{option}", value]) == ExitCode.USAGE
    assert f"--{option}" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_standing_is_wrong_use(here, capsys, value):
    assert main(["verify", "p.zkh", *expected()[1:], "--standing", value]) == ExitCode.USAGE
    assert "--standing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["--page", "kraken:main="],
        ["--page", ""],
        ["--source-key", "kraken:main="],
        ["--account", "kraken:main="],
        ["--account", ""],
        ["--max-declared", ""],
        ["--max-declared", "-1"],
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
def test_a_prover_does_not_drop_an_empty_context(here, capsys, page, words):
    year = ["--year", "2025", "--method", "fifo", "--first"]
    assert main(["prove", "own", *year, "-o", "n.zkh", *words]) == ExitCode.USAGE
    assert words[0] in capsys.readouterr().err


def test_a_source_that_nobody_expects(here, capsys):
    assert main(["verify", "p.zkh", *expected("kraken:main")]) == ExitCode.UNDECIDED
    out, err = capsys.readouterr()
    assert out.startswith("UNDECIDED  p.zkh\n")
    assert "policy/source-not-compared: " in out and "coinbase:main/own" in out
    assert "nothing is expected of these accounts, and their records count too" in out
    assert "--allow-other-sources" in err
    assert main(["verify", "p.zkh", *expected("kraken:main"), "--json"]) == ExitCode.UNDECIDED
    found = json.loads(capsys.readouterr().out)
    status = {one["source"]: one["status"] for one in found["chain"]["accounts"]}
    assert (found["verdict"], status) == ("undecided", {"coinbase:main": "open", "kraken:main": "compared"})
    assert main(["verify", "p.zkh", *expected("kraken:main"), "--allow-other-sources"]) == ExitCode.DONE
    assert "not compared" in capsys.readouterr().out
    assert main(["verify", "p.zkh", "--first", "--allow-other-sources"]) == ExitCode.UNDECIDED


def test_time_zone_and_currency_are_expected(here, capsys):
    held = ["--timezone", "America/New_York", "--currency", "USD"]
    assert main(["verify", "p.zkh", *expected(), *held]) == ExitCode.DONE
    capsys.readouterr()
    for words, reason in ((["--timezone", "UTC"], "policy/timezone"), (["--currency", "VND"], "policy/currency")):
        assert main(["verify", "p.zkh", *expected(), *words]) == ExitCode.REJECTED
        assert f"{reason}: " in capsys.readouterr().out


def test_a_source_signs_only_the_page_that_it_names(here, capsys, page):
    """A page's id is its own: what is signed vouches for no other page, and a package takes none of another's."""
    assert main(["keygen", "--scheme", "bls", "-o", "k", "--public", "pub", "--no-passphrase"]) == ExitCode.DONE
    attest, name = ["attest", "--key", "k", "-o", "s.zkp", "--page"], small_ids()["kraken:main"]
    for text in (name, f"={name}", "kraken:main=", f"kraken:main={name[:-2]}", f"kraken:main={name[:-1]}x", ""):
        assert main([*attest, text]) == ExitCode.USAGE, text
        assert not (here / "s.zkp").exists()
    before = (here / "p.zkh").read_bytes()
    assert main(["keygen", "-o", "own.key", "--no-passphrase"]) == ExitCode.DONE
    taxpayer = ["attest", "p.zkh", "--key", "own.key", "--signatures", "s.zkp"]
    assert main([*attest, f"kraken:main={'00' * 32}"]) == ExitCode.DONE
    assert main(taxpayer) == ExitCode.USAGE
    assert "no link lists the page" in capsys.readouterr().err
    assert (here / "p.zkh").read_bytes() == before
    assert main([*attest, f"kraken:main={name}", "--force"]) == ExitCode.DONE
    assert main(taxpayer) == ExitCode.DONE
    capsys.readouterr()
    for source, code in (("kraken:main", ExitCode.DONE), ("coinbase:main", ExitCode.REJECTED)):
        words = ["--first", "--source-key", f"{source}=pub", "--account", f"{source}=own", "--allow-other-sources"]
        assert main(["verify", "p.zkh", *words]) == code
    assert "page/unsigned" in capsys.readouterr().out


def test_a_page_with_another_s_signature_is_not_taken(here, capsys, page):
    """Signatures that are copied from one page's file into another's are no signatures over it."""
    other = page_file("own", "coinbase:main")
    assert main(["keygen", "-o", "k", "--public", "pub", "--no-passphrase"]) == ExitCode.DONE
    assert main(["attest", other, "--key", "k"]) == ExitCode.DONE
    (here / "forged.zkp").write_bytes(page_bytes(replace(read_page(page), signatures=read_page(other).signatures)))
    assert main(["attest", "p.zkh", "--key", "k", "--signatures", "forged.zkp", "-o", "q.zkh"]) == ExitCode.REJECTED
    assert "is not valid" in capsys.readouterr().err
    made = with_page_signatures(decode_chain_package((here / "p.zkh").read_bytes()), [read_page("forged.zkp")])
    (here / "q.zkh").write_bytes(made.encode())  # as a program does that lets it be
    assert main(["verify", "q.zkh", *expected()]) == ExitCode.REJECTED
    assert "page/signature" in capsys.readouterr().out


def test_every_reason_has_a_sentence():
    for reason in Reason:
        sentence = reasons.meaning(reason)
        assert sentence[0].islower()
        assert not sentence.endswith(".")
    for reason in (Reason.QUOTIENT, Reason.MERKLE_MAIN, Reason.FRI_LAYER, Reason.GRINDING):
        assert reasons.meaning(reason) == "the proof does not belong to this statement, or was altered"
    assert "--standing" in reasons.hint("policy/history")
    assert "--page" in reasons.hint("policy/no-expectation")


def test_a_name_made_to_look_like_the_verdict_stands_in_quotes(here, capsys):
    """One space is all that a name can set apart, and a name with a space is quoted."""
    (here / "q.zkh").write_bytes(packed(preset="test, proof of 9"))
    assert main(["inspect", "q.zkh"]) == ExitCode.DONE
    assert 'preset "test, proof of 9", proof of' in shown(capsys)[0]


def test_an_account_made_to_look_like_the_verdict_stands_in_quotes(here, capsys, monkeypatch):
    take_every_proof(monkeypatch)
    link = kraken("K-1 1 page, as expected")
    (here / "r.zkh").write_bytes(package(link).encode())
    (page,) = ids(Translator(link), *link.pages).values()
    assert main(["verify", "r.zkh", "--first", "--page", f"kraken={page.hex()}"]) == ExitCode.DONE
    assert 'kraken "K-1 1 page, as expected"  1 page' in shown(capsys)[0]


@pytest.mark.parametrize("option", ["--signer", "--source-key"])
def test_a_key_that_is_too_long_for_a_path_is_wrong_use(here, capsys, option):
    value = "k" * 5000 if option == "--signer" else "kraken:main=" + "k" * 5000
    assert main(["verify", "p.zkh", option, value]) == ExitCode.USAGE
    assert "public key" in shown(capsys)[1]


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
def test_a_key_that_is_no_number_of_the_group_is_a_damaged_key(here, capsys, page, secret):
    assert main(["keygen", "--scheme", "bls", "-o", "b.key", "--no-passphrase"]) == ExitCode.DONE
    lines = (here / "b.key").read_text().splitlines()
    lines = [f"private: {secret}" if line.startswith("private") else line for line in lines]
    (here / "b.key").write_text("\n".join(lines) + "\n")
    for path in ("p.zkh", page):
        assert main(["attest", path, "--key", "b.key"]) == ExitCode.USAGE
        assert "damaged private key" in capsys.readouterr().err


def test_an_opening_shows_neither_key_nor_trades():
    for one in small_pages().openings:
        text = repr(one)
        assert "key" not in text and "records" not in text and "slip44" not in text
    whole = repr(small_pages())
    assert small_pages().seed.hex() not in whole and repr(small_pages().seed) not in whole


def test_one_circuit_given_as_text_is_that_circuit():
    data = small_chain().package
    assert chain_by_itself(data, circuits="lot-machine/v2").accepted
    assert chain_by_itself(data, circuits="my-lot-machine/v20").reason == "policy/circuit"
