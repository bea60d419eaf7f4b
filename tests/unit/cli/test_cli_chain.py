"""`zkharvest verify` of packages of links: expectations, the verdict as it is shown, and what is refused at once.

What depends on a pinned circuit is replaced, as in `test_verifier_chain_verdict`.
"""

import json

import pytest

from tests.models.lot_machine_v2.story import two_years
from tests.support.links import Translator
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files.page_files import PageFile
from zkharvest.sign.chains import with_page_signatures
from zkharvest.sign.keyfiles import write_public_key
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import sign_page
from zkharvest.verifier import verify_chain as module
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.circuits import Pinned

ONE, TWO = two_years()
TRANSLATOR = Translator(ONE, TWO)
FIRST = TRANSLATOR.standing(ONE.closing).name.hex()
A, B = (f"{page.source}={TRANSLATOR.page_id(page.id).hex()}" for page in TWO.pages)
KEY = PrivateKey(Scheme.ED25519, bytes(31) + b"\x07")


@pytest.fixture
def files(tmp_path, monkeypatch):
    """2024 and 2025 as packages of one link each, of a circuit that is known and whose proofs hold."""
    monkeypatch.setattr(module.circuits, "find", lambda name, digest: Pinned(name, digest.hex()))
    monkeypatch.setattr(module, "_bits", lambda part, policy: 128.0)
    monkeypatch.setattr(module, "_check_proof", lambda part, link, policy: None)
    return [str(written(tmp_path, name, link)) for name, link in (("2024", ONE), ("2025", TWO))]


def written(folder, name, link, *signed):
    made = ChainPackage((Part(TRANSLATOR.statement(link), "balanced", (13,), b""),))
    headers = [TRANSLATOR.header(page) for page in signed]
    made = with_page_signatures(made, [PageFile(h.page_id, h, (sign_page(h.page_id, KEY),)) for h in headers])
    path = folder / f"{name}.zkh"
    path.write_bytes(made.encode())
    return path


def test_two_years_are_verified_and_shown(files, capsys):
    assert main(["verify", *files, "--first", "--page", A, "--page", B]) == ExitCode.DONE
    shown = capsys.readouterr().out
    assert shown.startswith("VERIFIED")
    for words in (
        "Tax year 2024", "Tax year 2025", "FIFO", "HIFO", "0 values that the taxpayer declared", "as expected",
        "2 pages", "not by the taxpayer", "all of the taxpayer's accounts", "then hifo",
    ):  # fmt: skip
        assert words in shown, words


def test_the_year_after_begins_with_the_standing(files, capsys):
    pages = ["--page", A, "--page", B]
    assert main(["verify", files[1], *pages]) == ExitCode.UNDECIDED
    told = capsys.readouterr()
    assert "policy/history" in told.out
    assert "--standing" in told.err
    assert main(["verify", files[1], *pages, "--standing", FIRST]) == ExitCode.DONE
    assert FIRST in capsys.readouterr().out
    assert main(["verify", files[1], *pages, "--standing", "00" * 32]) == ExitCode.REJECTED
    assert main(["verify", files[1], files[0], *pages, "--first"]) == ExitCode.REJECTED
    assert "chain/standing" in capsys.readouterr().out


def test_json_is_the_verdict_of_the_chain(files, capsys):
    command = ["verify", *files, "--first", "--page", A, "--page", B, "--max-declared", "0", "--need-refs", "--json"]
    assert main(command) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert shown["schema"] == "zkharvest/chain-verdict/1"
    assert shown["verdict"] == "accepted"
    assert shown["policy"]["max_declared"] == 0
    assert [year["year"] for year in shown["chain"]["years"]] == [2024, 2025]


def test_keys_are_hex_or_files_and_need_an_account(tmp_path, files, capsys):
    path = written(tmp_path, "signed", TWO, *TWO.pages)
    public = tmp_path / "venue.pub"
    write_public_key(public, KEY.public())
    base = ["verify", str(path), "--standing", FIRST]
    keys = ["--source-key", f"A={public}", "--source-key", f"B={KEY.public_bytes().hex()}"]
    assert main([*base, *keys]) == ExitCode.UNDECIDED
    assert "policy/holder" in capsys.readouterr().out
    assert main([*base, *keys, "--account", "A=A-1", "--account", "B=B-1"]) == ExitCode.DONE
    assert "signed by" in capsys.readouterr().out
    assert main([*base, *keys, "--account", "A=A-2", "--account", "B=B-1"]) == ExitCode.REJECTED
    assert "policy/account" in capsys.readouterr().out


def test_a_policy_file_is_added_to(tmp_path, files):
    path = tmp_path / "policy.json"
    schema = "zkharvest/chain-policy/1"
    path.write_text(json.dumps({"schema": schema, "first": True, "pages": {"A": [A.partition("=")[2]]}}))
    assert main(["verify", *files, "--policy", str(path)]) == ExitCode.UNDECIDED
    assert main(["verify", *files, "--policy", str(path), "--page", B]) == ExitCode.DONE
    path.write_text(json.dumps({"schema": "zkharvest/policy/1"}))
    assert main(["verify", *files, "--policy", str(path)]) == ExitCode.USAGE


@pytest.mark.parametrize(
    "more",
    [
        ["--page", "A"], ["--page", "A=00"],
        ["--page", "A=xy"], ["--account", "=x"], ["--standing", "00"], ["--standing", ""],
        ["--first", "--standing", "00" * 32], ["--source-key", "A=nothing"], ["--nonce", ""],
    ],
)  # fmt: skip
def test_what_says_nothing_about_a_chain_is_refused(files, more, capsys):
    assert main(["verify", *files, *more]) == ExitCode.USAGE
    assert "error:" in capsys.readouterr().err


def test_the_circuit_must_be_the_pinned_one(tmp_path, capsys):
    path = written(tmp_path, "2025", TWO)
    command = ["verify", str(path), "--standing", FIRST, "--page", A, "--page", B]
    assert main(command) == ExitCode.REJECTED
    assert "circuit/digest" in capsys.readouterr().out


def test_the_taxpayer_signs_over_the_sources_signatures(tmp_path, files, capsys):
    from zkharvest.files.atomic import write_file
    from zkharvest.files.page_files import page_bytes
    from zkharvest.sign.keyfiles import write_private_key

    own = PrivateKey(Scheme.ED25519, bytes(31) + b"\x09")
    key = tmp_path / "own.key"
    write_private_key(key, own, own.public(), passphrase=None)
    pages = []
    for page in TWO.pages:
        header = TRANSLATOR.header(page)
        path = tmp_path / f"{page.source}.zkp"
        write_file(path, page_bytes(PageFile(header.page_id, header, (sign_page(header.page_id, KEY),))))
        pages += ["--signatures", str(path)]
    assert main(["attest", files[1], "--key", str(key), *pages]) == ExitCode.DONE
    keys = [word for source in "AB" for word in ("--source-key", f"{source}={KEY.public_bytes().hex()}")]
    accounts = ["--account", "A=A-1", "--account", "B=B-1", "--signer", own.public_bytes().hex()]
    assert main(["verify", files[1], "--standing", FIRST, *keys, *accounts]) == ExitCode.DONE
    assert "by the taxpayer" in capsys.readouterr().out
    assert main(["attest", files[1], "--key", str(key)]) == ExitCode.DONE  # again, over what is there
    assert main(["inspect", files[1]]) == ExitCode.DONE
    shown = capsys.readouterr().out
    for words in ("not verified", "Link 1", "tax year 2025", "HIFO", "the taxpayer by", "(not checked)"):
        assert words in shown, words
    assert main(["inspect", files[1], "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["schema"] == "zkharvest/inspect-package/1"
    other = tmp_path / "other.key"
    write_private_key(other, KEY, KEY.public(), passphrase=None)
    assert main(["attest", files[1], "--key", str(other)]) == ExitCode.USAGE
    assert main(["attest", files[1], "--key", str(other), "--replace"]) == ExitCode.DONE
    assert main(["attest", files[0], "--key", str(key), *pages[:2]]) == ExitCode.USAGE  # no link lists that page


def test_a_package_of_links_that_does_not_verify_is_not_signed(tmp_path):
    from zkharvest.sign.keyfiles import write_private_key

    path, key = written(tmp_path, "2025", TWO), tmp_path / "own.key"
    write_private_key(key, KEY, KEY.public(), passphrase=None)
    assert main(["attest", str(path), "--key", str(key)]) == ExitCode.REJECTED
    damaged = tmp_path / "damaged.zkh"
    damaged.write_bytes(path.read_bytes()[:-1])
    assert main(["attest", str(damaged), "--key", str(key)]) == ExitCode.REJECTED
    assert main(["inspect", str(damaged)]) == ExitCode.REJECTED
