"""Leftovers of killed commands go, files that somebody writes stay; of two that write, neither undoes the other."""

import os
import subprocess
import sys
import threading
import time

import pytest

from zkharvest.errors import UsageError
from zkharvest.files import leftovers
from zkharvest.files.atomic import ensure_writable, write_file
from zkharvest.files.kinds import Kind
from zkharvest.files.leftovers import Notice, exclusive, sweep, temporary

pytestmark = pytest.mark.skipif(os.name != "posix", reason="locks are POSIX's")
LEFT = ".secret.zko.zkharvest-0123456789ab.tmp"


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(Notice, "say", lines.append)
    return lines


def test_a_leftover_is_removed_and_named(tmp_path, said):
    (tmp_path / LEFT).write_bytes(b"half")
    (tmp_path / ".other.tmp").write_bytes(b"somebody else's")
    (tmp_path / ".x.zkharvest-0123.tmp").write_bytes(b"not ours")
    ensure_writable(tmp_path / "new")
    assert sorted(os.listdir(tmp_path)) == [".other.tmp", ".x.zkharvest-0123.tmp"]
    assert said == [f"removed {tmp_path / LEFT}, left behind by a command that was killed"]


def test_what_is_being_written_stays(tmp_path, said):
    with temporary(tmp_path / "x", 0o600) as (path, _):
        code = f"from zkharvest.files.leftovers import sweep; print(sweep({str(tmp_path)!r}))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"
        assert path.exists()
    assert not path.exists()
    assert said == []


def test_a_killed_writer_leaves_what_the_next_one_removes(tmp_path, said):
    code = (
        "import os, signal\n"
        "from pathlib import Path\n"
        "from zkharvest.files.leftovers import temporary\n"
        f"with temporary(Path({str(tmp_path)!r}) / 'x', 0o600):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    (left,) = os.listdir(tmp_path)
    assert sweep(tmp_path) == [tmp_path / left]
    assert os.listdir(tmp_path) == []


def test_a_link_or_directory_of_that_name_is_left_alone(tmp_path, said):
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / LEFT).symlink_to(tmp_path / "mine")
    (tmp_path / LEFT.replace("0", "1")).mkdir()
    assert sweep(tmp_path) == []
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_long_name_has_room(tmp_path):
    write_file(tmp_path / ("n" * 250), b"x")
    assert os.listdir(tmp_path) == ["n" * 250]


def test_two_that_change_a_file_do_so_one_after_the_other(tmp_path):
    path = tmp_path / "count"
    path.write_bytes(b"0")

    def add():
        for _ in range(10):
            with exclusive(path):
                number = int(path.read_bytes())
                time.sleep(0.001)
                write_file(path, str(number + 1).encode(), force=True)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == b"40"


def test_one_that_waits_too_long_says_so(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"")
    monkeypatch.setattr(leftovers, "_PATIENCE", 0.1)
    with exclusive(path), pytest.raises(UsageError, match="another command is writing it"), exclusive(path):
        pass
    with exclusive(tmp_path / "none"), exclusive("-"):
        pass


SECRETS = {
    Kind.PRIVATE_KEY: [
        b"zkharvest private key 1\nscheme: ed25519\n",
        b"-----BEGIN PRIVATE KEY-----\nMC4C",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n",
        b"Bag Attributes\n    localKeyID: 01\n-----BEGIN RSA PRIVATE KEY-----\n",
        b"zkharvest private key 2\nscheme: bls\n-----BEGIN ZKHARVEST SEALED PRIVATE KEY-----\n",
    ],
    Kind.PAGE_OPENING: [b"ZKHARVEST-PAGE-OPENING\n\x01", b"ZKHARVEST-PAGE-OPENING\n\x02"],
    Kind.SHEET: [b"zkharvest backup sheet 1\n", b"<!doctype html>\n<!-- zkharvest backup sheet 1 -->"],
}


@pytest.mark.parametrize(("kind", "data"), [(kind, data) for kind, all_ in SECRETS.items() for data in all_])
def test_a_secret_is_not_overwritten(tmp_path, kind, data):
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_bytes(data)
    link.symlink_to(path)
    for target in (path, link):
        for force in (True, False, None):
            for act in (lambda p, f: write_file(p, b"new", force=f), lambda p, f: ensure_writable(p, force=f)):
                with pytest.raises(UsageError) as caught:
                    act(target, force)
                assert str(kind) in str(caught.value)
                assert "--force" not in caught.value.hint
    assert path.read_bytes() == data
    if kind is not Kind.PRIVATE_KEY:
        write_file(path, b"new", force=True, replaces=kind)
        assert path.read_bytes() == b"new"


def test_a_link_stays_and_what_it_stands_for_is_replaced(tmp_path):
    path, link = tmp_path / "x", tmp_path / "link"
    path.write_bytes(b"old")
    link.symlink_to(path)
    write_file(link, b"new", force=True)
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
