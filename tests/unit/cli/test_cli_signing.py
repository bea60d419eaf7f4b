"""Keys and signatures by their commands: keygen, attest, and what is not signed."""

import json
import stat
import subprocess
import sys
from dataclasses import replace

from tests.support.proofs import (
    expected,
    page_file,
    small_chain,
    small_ids,
)
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files.page_files import PageFile, page_bytes, read_page
from zkharvest.sign.chains import with_page_signatures
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import sign_page
from zkharvest.verifier.chain_package import decode_chain_package
from zkharvest.verifier.link import read_link

SOURCES = ("coinbase:main", "kraken:main")


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

    coinbase, kraken = (page_file("own", source) for source in SOURCES)
    assert main(["attest", kraken, "--key", "venue.key"]) == ExitCode.DONE
    assert main(["attest", "p.zkh", "--key", "my.key", "--signatures", kraken, "-o", "signed.zkh"]) == ExitCode.DONE
    capsys.readouterr()
    of_kraken = [f"{SOURCES[1]}=venue.pub", "--account", f"{SOURCES[1]}=own"]
    words = ["--first", "--source-key", *of_kraken, "--signer", mine, "--allow-other-sources"]
    assert main(["verify", "signed.zkh", *words]) == ExitCode.DONE
    out = capsys.readouterr().out
    assert f"as expected, signed by {venue[:16]}..." in out
    assert f"by the taxpayer, key {mine[:16]}..." in out
    assert main(["verify", "p.zkh", *words]) == ExitCode.REJECTED
    assert "signature/missing" in capsys.readouterr().out
    assert main(["verify", "p.zkh", "--first", "--source-key", *of_kraken]) == ExitCode.REJECTED
    assert "page/unsigned" in capsys.readouterr().out
    assert main(["verify", "signed.zkh", "--first", "--source-key", f"{SOURCES[0]}={venue}"]) == ExitCode.REJECTED
    assert main(["verify", "signed.zkh", *expected()]) == ExitCode.DONE

    assert main(["attest", coinbase, "--key", "venue.key"]) == ExitCode.DONE
    assert main(["attest", "signed.zkh", "--key", "my.key", "--signatures", coinbase]) == ExitCode.DONE
    words = ["--first", "--source-key", f"{SOURCES[0]}={venue}", "--account", f"{SOURCES[0]}=own", "--signer", mine]
    assert main(["verify", "signed.zkh", *words, "--source-key", *of_kraken]) == ExitCode.DONE
    assert main(["attest", "trades.csv", "--key", "my.key"]) == ExitCode.USAGE


def test_a_private_key_is_not_written_to_a_stream(here, capsys):
    assert main(["keygen", "-o", "-"]) == ExitCode.USAGE
    assert capsys.readouterr().out == ""


def test_a_package_that_does_not_verify_is_not_signed(here, capsys):
    assert main(["keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.DONE
    data = small_chain().package
    middle = len(data) // 2
    (here / "bad.zkh").write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    before = (here / "bad.zkh").read_bytes()
    assert main(["attest", "bad.zkh", "--key", "my.key"]) == ExitCode.REJECTED
    assert "the proof does not verify" in capsys.readouterr().err
    assert (here / "bad.zkh").read_bytes() == before
    (here / "bad.zkh").write_bytes(data[:8] + b"\x09" + data[9:])
    assert main(["attest", "bad.zkh", "--key", "my.key"]) == ExitCode.USAGE
    assert "update zkharvest" in capsys.readouterr().err


def test_a_source_s_signature_that_is_not_valid_is_not_signed_nor_proven_with(here, capsys):
    """Everybody would refuse the package: the owner hears it before a proof is made, and before he signs."""
    key = PrivateKey(Scheme.ED25519, bytes(31) + b"\x07")
    package = decode_chain_package(small_chain().package)
    page = read_link(package.parts[0].statement).statement.pages[0].header
    made = sign_page(page.page_id, key)
    false = replace(made, signature=made.signature[:-1] + bytes([made.signature[-1] ^ 1]))
    (here / "false.zkp").write_bytes(page_bytes(PageFile(page.page_id, page, (false,))))
    signed = with_page_signatures(package, [PageFile(page.page_id, page, (false,))])
    (here / "false.zkh").write_bytes(signed.encode())
    (here / "good.zkh").write_bytes(package.encode())
    assert main(["keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.DONE
    for words in (["false.zkh"], ["good.zkh", "--signatures", "false.zkp"]):
        before = (here / words[0]).read_bytes()
        assert main(["attest", *words, "--key", "my.key"]) == ExitCode.REJECTED
        assert "signature of" in capsys.readouterr().err
        assert (here / words[0]).read_bytes() == before
    command = ["prove", "none.zko", "--year", "2025", "--method", "fifo", "--first", "-o", "p2.zkh"]
    assert main([*command, "--signed", "false.zkp"]) == ExitCode.REJECTED
    told = capsys.readouterr().err
    assert "false.zkp" in told
    assert "is not valid" in told
    (here / "true.zkp").write_bytes(page_bytes(PageFile(page.page_id, page, (made,))))
    assert main(["attest", "good.zkh", "--key", "my.key", "--signatures", "true.zkp"]) == ExitCode.DONE


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
    kraken = page_file("own", "kraken:main")
    assert main(["attest", kraken, "--key", "venue"]) == main(["attest", kraken, "--key", "other"]) == ExitCode.DONE
    assert main([*attest, "new", "--signatures", kraken]) == ExitCode.DONE
    capsys.readouterr()
    for name in ("venue", "other"):  # a page holds the signatures of an old key and of a new one
        words = [*expected(), "--source-key", f"kraken:main={public[name]}"]
        assert main(["verify", "p.zkh", *words, "--account", "kraken:main=own"]) == ExitCode.DONE


def at_once(*commands):
    runs = [subprocess.Popen([sys.executable, "-m", "zkharvest", *words], stderr=subprocess.PIPE) for words in commands]
    assert [(run.communicate(timeout=120), run.returncode)[1] for run in runs] == [0, 0]


def test_two_that_sign_at_once_both_sign(here, capsys):
    """In place, the second reads what the first has written: a page, and a package with the sources' signatures."""
    for name in ("a", "b"):
        assert main(["keygen", "--scheme", "bls", "-o", name, "--no-passphrase"]) == ExitCode.DONE
    assert main(["keygen", "-o", "my.key", "--no-passphrase"]) == ExitCode.DONE
    coinbase, kraken = (page_file("own", source) for source in SOURCES)
    at_once(*(["attest", coinbase, "--key", key] for key in ("a", "b")))
    assert len(read_page(coinbase).signatures) == 2
    assert main(["attest", kraken, "--key", "a"]) == ExitCode.DONE
    at_once(*(["attest", "p.zkh", "--key", "my.key", "--signatures", page] for page in (coinbase, kraken)))
    capsys.readouterr()
    assert main(["inspect", "p.zkh", "--json"]) == ExitCode.DONE
    signed = json.loads(capsys.readouterr().out)["signatures"]
    assert sorted(entry["page"] for entry in signed) == sorted(
        [small_ids()[SOURCES[0]]] * 2 + [small_ids()[SOURCES[1]]]
    )
