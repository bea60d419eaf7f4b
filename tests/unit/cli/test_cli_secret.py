"""Secrets by the command line: sealed by default, passphrases by file or descriptor, backup and restore."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.proofs import SMALL
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files.page_files import read_page_opening, read_seed
from zkharvest.sign.keyfiles import read_private_key

PASS = "correct horse battery staple"


@pytest.fixture
def here(tmp_path, monkeypatch, cheap_scrypt):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("zkharvest.cli.passphrases._terminal", lambda: False)
    (tmp_path / "trades.csv").write_text(SMALL)
    for name, text in (("pass", PASS), ("other", "another long passphrase")):
        (tmp_path / name).write_text(f"{text}\n")
        (tmp_path / name).chmod(0o600)
    return tmp_path


@pytest.fixture
def terminal(here, monkeypatch):
    """Answers that a person gives, in order."""
    answers = []
    monkeypatch.setattr("zkharvest.cli.passphrases._terminal", lambda: True)
    monkeypatch.setattr("zkharvest.cli.passphrases._prompt", lambda _text: answers.pop(0))
    return answers


def commit(*more, folder="own"):
    return main(["commit", "trades.csv", "--currency", "USD", "-o", folder, *more])


def opening(folder="own"):
    """An opening in a folder of pages; there is one of each wallet."""
    return str(min(Path(folder).glob("*.zko")))


def content(path, passphrase=None):
    found = read_page_opening(path, passphrase)
    return found.header, found.key, found.records


def test_without_a_terminal_it_says_what_to_give(here, capsys):
    for words in (
        ["commit", "trades.csv", "--currency", "USD", "-o", "own"],
        ["page", "seed", "-o", "seed"],
        ["keygen", "-o", "k"],
        ["keygen", "-o", "k", "--pkcs8"],
    ):
        assert main(words) == ExitCode.USAGE
        err = capsys.readouterr().err
        assert "--passphrase-file FILE or --passphrase-fd N, or --no-passphrase" in err
    assert sorted(os.listdir(here)) == ["other", "pass", "trades.csv"]


def test_sealed_by_file(here, capsys):
    """That no plaintext is in a sealed file is in `test_cli_commit`."""
    assert commit("--passphrase-file", "pass") == ExitCode.DONE
    ids = capsys.readouterr().out.splitlines()
    for path, line in zip(sorted(Path("own").glob("*.zko")), ids, strict=True):
        assert main(["inspect", str(path), "--json"]) == ExitCode.DONE
        shown = json.loads(capsys.readouterr().out)
        assert (f"{shown['header']['source']}={shown['page']}", shown["sealed"]) == (line, True)
    prove = ["prove", "own", "--year", "2025", "--method", "fifo", "--first", "--size", "test", "-o", "p.zkh"]
    assert main(prove) == ExitCode.USAGE
    assert "sealed with a passphrase, and none was given" in capsys.readouterr().err
    assert main([*prove, "--passphrase-file", "other"]) == ExitCode.USAGE
    assert "wrong passphrase" in capsys.readouterr().err
    assert not (here / "p.zkh").exists()
    assert main([*prove, "--carry-out", "p.zks", "--passphrase-file", "pass"]) == ExitCode.DONE
    assert (here / "p.zkh").exists()
    assert main(["secret", "show", "p.zks"]) == ExitCode.USAGE
    assert "sealed with a passphrase" in capsys.readouterr().err
    assert main(["secret", "show", "p.zks", "--passphrase-file", "pass", "--json"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["sealed"]) == ("standing", True)


def test_by_descriptor(here, capsys):
    read, write = os.pipe()
    os.write(write, f"{PASS}\nmore\n".encode())
    assert commit("--passphrase-fd", str(read)) == ExitCode.DONE
    assert os.read(read, 99) == b"more\n"  # what follows stays for others
    os.close(read)
    os.close(write)
    assert content(opening(), PASS)
    assert read_seed("own/seed", PASS)
    assert commit("--passphrase-fd", "99", folder="other.own") == ExitCode.USAGE
    assert "--passphrase-fd: 99 cannot be read" in capsys.readouterr().err


def test_by_prompt(terminal, capsys):
    terminal += [PASS, PASS]
    assert commit() == ExitCode.DONE
    terminal += ["wrong", "wrong again", PASS]
    assert main(["secret", "show", opening()]) == ExitCode.DONE
    assert terminal == []
    terminal += [PASS, "something else"]
    assert commit(folder="other.own") == ExitCode.USAGE
    assert "the two passphrases differ" in capsys.readouterr().err
    assert not Path("other.own").exists()


def test_what_is_no_passphrase_is_refused(here, capsys):
    for data, why in ((b"", "nothing"), (b" \n", "nothing"), (b"a\nb\n", "more than one line"), (b"\xff", "not UTF-8")):
        (here / "bad").write_bytes(data)
        (here / "bad").chmod(0o600)
        assert commit("--passphrase-file", "bad") == ExitCode.USAGE
        assert why in capsys.readouterr().err
    (here / "pass").chmod(0o644)
    assert commit("--passphrase-file", "pass") == ExitCode.USAGE
    assert "other users have access" in capsys.readouterr().err
    assert commit("--passphrase-file", "other", "--no-passphrase") == ExitCode.USAGE
    assert commit("--passphrase-file", "other", "--passphrase-fd", "0") == ExitCode.USAGE
    assert "exclude each other" in capsys.readouterr().err
    assert not (here / "own").exists()


def test_a_short_passphrase_is_warned_of(here, capsys):
    (here / "pass").write_text("secret")
    assert commit("--passphrase-file", "pass") == ExitCode.DONE
    assert "this passphrase is short" in capsys.readouterr().err


def test_no_passphrase_says_so_and_offers_to_seal(here, capsys):
    assert commit("--no-passphrase") == ExitCode.DONE
    assert "own is not encrypted" in capsys.readouterr().err
    for path in (opening(), "own/seed"):
        assert main(["secret", "show", path]) == ExitCode.DONE
        assert "zkharvest secret passwd seals it" in capsys.readouterr().err
        assert main(["secret", "passwd", path, "--new-passphrase-file", "pass"]) == ExitCode.DONE
        assert "are not encrypted" in capsys.readouterr().err
    assert content(opening(), PASS) and read_seed("own/seed", PASS)


READERS = {"opening": content, "seed": read_seed, "ed25519": read_private_key, "bls": read_private_key}


@pytest.mark.parametrize("what", READERS)
def test_the_passphrase_is_changed(here, capsys, what):
    if what in ("opening", "seed"):
        assert commit("--passphrase-file", "pass") == ExitCode.DONE
        path = "own/seed" if what == "seed" else opening()
    else:
        path = "k"
        assert main(["keygen", "--scheme", what, "-o", path, "--passphrase-file", "pass"]) == ExitCode.DONE
    read = READERS[what]
    before = read(path, PASS)
    passwd = ["secret", "passwd", path]
    assert main([*passwd, "--passphrase-file", "other", "--new-passphrase-file", "pass"]) == ExitCode.USAGE
    assert main([*passwd, "--passphrase-file", "pass"]) == ExitCode.USAGE
    assert "--new-passphrase-file FILE or --new-passphrase-fd N, or --no-passphrase" in capsys.readouterr().err
    assert main([*passwd, "--passphrase-file", "pass", "--new-passphrase-file", "other"]) == ExitCode.DONE
    assert read(path, "another long passphrase") == before
    assert main([*passwd, "--passphrase-file", "other", "--no-passphrase"]) == ExitCode.DONE
    assert read(path) == before
    assert Path(path).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("suffix", ["txt", "html"])
def test_pages_come_back_from_the_sheet_and_the_trades_alone(here, capsys, suffix):
    assert commit("--passphrase-file", "pass") == ExitCode.DONE
    ids = capsys.readouterr().out
    sheet = f"sheet.{suffix}"
    assert main(["secret", "backup", "own/seed", "-o", sheet, "--passphrase-file", "pass"]) == ExitCode.DONE
    assert "in the clear" in capsys.readouterr().err
    assert Path(sheet).stat().st_mode & 0o777 == 0o600
    before = content(opening(), PASS)
    shutil.rmtree("own")
    Path("pass").unlink()  # nothing is left but the sheet and the trades
    assert main(["secret", "restore", "--words", sheet, "-o", "back/seed", "--no-passphrase"]) == ExitCode.USAGE
    Path("back").mkdir()
    assert main(["secret", "restore", "--words", sheet, "-o", "back/seed", "--no-passphrase"]) == ExitCode.DONE
    capsys.readouterr()
    assert commit("--no-passphrase", folder="back") == ExitCode.DONE
    assert capsys.readouterr().out == ids
    assert content(opening("back")) == before


def test_other_trades_do_not_come_back(here, capsys):
    """A page that is there says that the trades are not those that it was made of."""
    assert commit("--no-passphrase") == ExitCode.DONE
    lost = Path(opening())
    lost.unlink()
    (here / "trades.csv").write_text(SMALL.replace("30000", "30001"))
    assert commit("--no-passphrase") == ExitCode.REJECTED
    assert "holds other records than the file has" in capsys.readouterr().err
    assert not lost.exists()
    (here / "trades.csv").write_text(SMALL)
    assert commit("--no-passphrase") == ExitCode.DONE
    assert lost.exists()


@pytest.mark.parametrize("scheme", ["ed25519", "bls"])
def test_a_key_comes_back_from_its_sheet(here, capsys, scheme):
    assert main(["keygen", "--scheme", scheme, "-o", "k", "--passphrase-file", "pass"]) == ExitCode.DONE
    public = capsys.readouterr().out
    assert main(["secret", "backup", "k", "-o", "sheet.txt", "--passphrase-file", "pass"]) == ExitCode.DONE
    restore = ["secret", "restore", "--words", "sheet.txt", "-o", "back", "--passphrase-file", "pass"]
    assert main(restore) == ExitCode.DONE
    assert capsys.readouterr().out == public
    assert read_private_key("back", PASS) == read_private_key("k", PASS)
    assert main([*restore, "--force"]) == ExitCode.USAGE  # keys are never overwritten


def test_a_sheet_is_not_overwritten_by_other_commands(here, capsys):
    assert commit("--no-passphrase") == ExitCode.DONE
    backup = ["secret", "backup", "own/seed", "-o", "sheet.txt"]
    assert main(backup) == ExitCode.DONE
    assert main(backup) == ExitCode.USAGE
    assert main([*backup, "--force"]) == ExitCode.DONE
    capsys.readouterr()
    assert commit("--no-passphrase", "--force", "--book", "sheet.txt", folder="other.own") == ExitCode.USAGE
    assert "is a backup sheet" in capsys.readouterr().err
    prove = ["prove", "own", "--year", "2025", "--method", "fifo", "--first", "-o", "p.zkh", "--no-passphrase"]
    assert main([*prove, "--carry-out", "sheet.txt", "--force"]) == ExitCode.USAGE
    assert "is a backup sheet" in capsys.readouterr().err


def test_show_tells_what_is_public(here, capsys):
    assert commit("--passphrase-file", "pass") == ExitCode.DONE
    ids = dict(line.split("=") for line in capsys.readouterr().out.splitlines())
    for path in Path("own").glob("*.zko"):
        assert main(["secret", "show", str(path), "--passphrase-file", "pass", "--json"]) == ExitCode.DONE
        shown = json.loads(capsys.readouterr().out)
        assert (shown["schema"], shown["kind"], shown["sealed"]) == ("zkharvest/secret/1", "opening of a page", True)
        (source,) = ids.keys() & shown["public"].keys()
        assert shown["public"][source] == ids.pop(source)
    assert not ids
    assert main(["secret", "show", "trades.csv"]) == ExitCode.USAGE
    assert "it is a trades CSV" in capsys.readouterr().err


def test_a_seed_of_pages_is_shown_sealed_anew_and_restored(here, capsys):
    assert main(["page", "seed", "-o", "seed", "--passphrase-file", "pass"]) == ExitCode.DONE
    mark = capsys.readouterr().out.strip()
    assert main(["secret", "passwd", "seed", "--passphrase-file", "pass", "--new-passphrase-file", "other"]) == 0
    assert main(["secret", "show", "seed", "--passphrase-file", "other", "--json"]) == ExitCode.DONE
    shown = json.loads(capsys.readouterr().out)
    assert (shown["kind"], shown["sealed"], shown["public"]) == ("seed of pages", True, {"fingerprint": mark})
    assert main(["secret", "backup", "seed", "-o", "sheet.txt", "--passphrase-file", "other"]) == ExitCode.DONE
    again = ["secret", "restore", "--words", "sheet.txt", "-o", "back", "--no-passphrase"]
    capsys.readouterr()
    assert main(again) == ExitCode.DONE
    assert capsys.readouterr().out.strip() == mark
    assert read_seed("back") == read_seed("seed", "another long passphrase")


def test_the_opening_of_a_page_is_sealed_anew_but_not_on_a_sheet(here, capsys):
    assert main(["page", "seed", "-o", "seed", "--no-passphrase"]) == ExitCode.DONE
    head, *rows = SMALL.splitlines(keepends=True)
    (here / "one.csv").write_text(head + "".join(row for row in rows if ",kraken:main," in row))
    make = ["page", "make", "one.csv", "--source", "kraken", "--account", "K-1", "--seed", "seed", "-o", "out"]
    period = ["--from", "2025-01-01", "--to", "2026-01-01", "--currency", "USD"]
    assert main([*make, *period]) == ExitCode.DONE, capsys.readouterr().err
    (path,) = Path("out").glob("*.zko")
    records = read_page_opening(path).records
    assert main(["secret", "passwd", str(path), "--new-passphrase-file", "other"]) == ExitCode.DONE
    assert "a copy from its source" in capsys.readouterr().err
    assert read_page_opening(path, "another long passphrase").records == records
    assert main(["secret", "show", str(path), "--passphrase-file", "other"]) == ExitCode.DONE
    assert "opening of a page, sealed under a passphrase" in capsys.readouterr().out
    assert main(["secret", "backup", str(path), "-o", "s.txt", "--passphrase-file", "other"]) == ExitCode.USAGE
    assert "cannot be made again from words" in capsys.readouterr().err


def test_words_come_from_a_stream(here):
    assert commit("--no-passphrase") == ExitCode.DONE
    assert main(["secret", "backup", "own/seed", "-o", "sheet.txt"]) == ExitCode.DONE
    words = ["secret", "restore", "--words", "-", "-o", "back", "--no-passphrase"]
    done = subprocess.run(
        [sys.executable, "-m", "zkharvest", *words], input=(here / "sheet.txt").read_bytes(), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert read_seed("back") == read_seed("own/seed")


@pytest.mark.parametrize("words", [["commit", "trades.csv", "-o", "own"], ["secret", "passwd", "s.zko"]])
def test_no_passphrase_is_an_option_or_in_the_environment(words):
    """Other users of a machine can read both."""
    done = subprocess.run(
        [sys.executable, "-m", "zkharvest", *words[:1], *(["passwd"] if words[0] == "secret" else []), "--help"],
        capture_output=True,
        text=True,
    )
    assert "--passphrase-file" in done.stdout
    assert "--passphrase TEXT" not in done.stdout
    assert "env var" not in done.stdout
