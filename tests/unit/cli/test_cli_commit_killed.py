"""`commit` that is killed at any moment, on a full disk, twice at once: no half file, and the next run finishes it.

Seed, book, openings and pages are several files, each whole or not at all. What a run left out the next one makes, from
the same seed: pages that were there stay as they were given out.
"""

import errno
import os
import random
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.counts import count
from tests.support.killed import Server, failing
from tests.support.proofs import SMALL
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files import leftovers
from zkharvest.files.book import read_book
from zkharvest.files.page_files import read_page, read_page_opening, read_seed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and locks are POSIX's")

PASS = "another long passphrase"
COMMIT = ["--currency", "USD", "--timezone", "UTC", "--passphrase-file", "pass"]
WORDS = {
    "a new folder": ["commit", "trades.csv", "-o", "own", *COMMIT],
    "the year after": ["commit", "trades.csv", "-o", "own", *COMMIT],
}
PAGES = {"a new folder": 2, "the year after": 4}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Trades of two years, and the pages of the first of them."""
    folder = tmp_path_factory.mktemp("commit")
    (folder / "trades.csv").write_text(SMALL)
    (folder / "pass").write_text(PASS)
    (folder / "pass").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    server = Server(folder, [["commit", "trades.csv", "-o", "2024", *COMMIT, "--to", "2025-01-01"]])
    yield server
    server.close()


@pytest.fixture
def place(folder, server, cheap_scrypt, monkeypatch):
    """The folder as it is before a commit; returns what is in it by name."""
    monkeypatch.chdir(folder)

    def prepare(name):
        shutil.rmtree("own", ignore_errors=True)
        if name == "the year after":
            shutil.copytree("2024", "own")
        return files(folder / "own")

    yield prepare
    shutil.rmtree("own", ignore_errors=True)


def files(own):
    return {path.name: path.read_bytes() for path in own.iterdir()} if own.exists() else {}


def check(own, before):
    """Every file whole and secret, what was given out unchanged; returns the leftovers."""
    left = set()
    for path in own.iterdir() if own.exists() else ():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 or ".zkp" in path.name
        if leftovers._NAME.match(path.name):
            left.add(path)
            assert b"slip44" not in path.read_bytes()
        elif path.name == "seed":
            assert len(read_seed(path, PASS)) == 32
        elif path.suffix == ".zko":
            assert read_page_opening(path, PASS).records
            assert b"slip44" not in path.read_bytes()
        elif path.suffix == ".zkp":
            assert read_page(path).header is not None
            assert path.with_suffix(".zko").exists()
        else:
            assert path.name == "book.csv"
            read_book(path)
    now = files(own)
    assert {name: now.get(name) for name in before if name != "book.csv"} == {
        name: data for name, data in before.items() if name != "book.csv"
    }
    return left


def made(own):
    """The names of the pages, and of the openings."""
    return [sorted(path.stem for path in own.glob(f"*.{end}")) for end in ("zkp", "zko")]


def finish(own, name):
    """The next run: nothing is missing and nothing is left over; what was there is as it was."""
    there = {one: data for one, data in files(own).items() if not leftovers._NAME.match(one)}
    complete = all(len(names) == PAGES[name] for names in made(own))
    assert main(["-q", *WORDS[name]]) == (ExitCode.REJECTED if complete else ExitCode.DONE)
    assert not check(own, there)
    pages, openings = made(own)
    assert pages == openings and len(pages) == PAGES[name]


def kill(name, server, place, moments, seed):
    """Kill at `moments`, half of them by the clock and half at a call that touches a file."""
    rng = random.Random(seed)
    place(name)
    whole = server.run(WORDS[name])
    assert whole["code"] == 0
    assert whole["calls"] >= 20
    killed = 0
    for moment in range(moments):
        before = place(name)
        own = server.folder / "own"
        if moment % 2:
            done = server.run(WORDS[name], seconds=rng.uniform(0, 1.05 * whole["seconds"]))
        else:
            at = rng.randrange(2 * whole["calls"])
            done = server.run(WORDS[name], call=at // 2 + 1, after=bool(at % 2))
        assert done["code"] in (0, -9), done
        killed += done["code"] == -9
        count("leftovers found and removed", len(check(own, before)))
        count("moments of SIGKILL")
        if done["code"]:
            finish(own, name)
    assert killed >= moments // 3


@pytest.mark.parametrize("name", WORDS)
def test_a_commit_that_is_killed_is_finished_by_the_next(name, server, place):
    kill(name, server, place, 8, name)


@pytest.mark.audit
@pytest.mark.parametrize("name", WORDS)
def test_a_commit_that_is_killed_at_two_hundred_moments(name, server, place):
    kill(name, server, place, 200, f"long {name}")


@pytest.mark.parametrize("name", WORDS)
def test_a_disk_that_is_full_at_every_write(name, place, monkeypatch, capsys, folder):
    for at in range(1, 60):
        before = place(name)
        with monkeypatch.context() as patched:
            calls = failing(patched, at, errno.ENOSPC)
            code = main(WORDS[name])
        err = capsys.readouterr().err
        assert not check(folder / "own", before)
        if calls[0] < at:
            assert code == ExitCode.DONE
            break
        assert code == ExitCode.USAGE
        assert os.strerror(errno.ENOSPC) in err
        assert "Traceback" not in err
        count("writes on a full disk")
        finish(folder / "own", name)
    assert 15 < at < 59


@pytest.mark.parametrize("name", WORDS)
def test_two_at_once_on_one_folder(name, folder, server, place):
    """One of them at least makes the pages; a second that may not replace says so."""
    other = Server(folder, [])
    try:
        for _ in range(3):
            before = place(name)
            with ThreadPoolExecutor(2) as pool:
                codes = list(pool.map(lambda one: one.run(WORDS[name])["code"], (server, other)))
            assert 0 in codes
            assert set(codes) <= {0, ExitCode.USAGE, ExitCode.REJECTED}
            assert not check(folder / "own", before)
            finish(folder / "own", name)
            count("pairs of commands at once")
    finally:
        other.close()


def test_a_commit_that_is_terminated_leaves_nothing(place, folder):
    """As a shutdown does it: SIGTERM while the passphrase is awaited."""
    place("a new folder")
    read, write = os.pipe()
    words = ["commit", "trades.csv", "-o", "own", "--currency", "USD", "--passphrase-fd", str(read)]
    with subprocess.Popen([sys.executable, "-m", "zkharvest", *words], pass_fds=[read], stderr=subprocess.PIPE) as run:
        os.close(read)
        os.write(write, b"half a passphr")
        run.terminate()
        run.wait(60)
    os.close(write)
    assert not (folder / "own").exists()
