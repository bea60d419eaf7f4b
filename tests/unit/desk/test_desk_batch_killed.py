"""A batch that is killed at any moment, a full disk at every write, two batches at once on one folder.

After each: every file of every client is the old one or the new one, whole, and no secret lies in the clear; the next
batch removes and names the leftovers, and finishes what is unfinished. The long form is marked `audit`.
"""

import errno
import json
import os
import random
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.counts import count
from tests.support.killed import InLine, Server, failing
from tests.support.proofs import SMALL, small_chain
from zkharvest.cli import main
from zkharvest.desk.batch import DONE
from zkharvest.files import leftovers
from zkharvest.files.book import parse_book
from zkharvest.files.packages import open_package
from zkharvest.files.page_files import parse_page, parse_page_opening, parse_seed

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and locks are POSIX's")

WORDS = "correct horse battery staple"
CLIENTS = ("anna", "bob")
COMMANDS = {
    "prove": ["batch", "prove", ".", "--passphrase-file", "words", "--year", "2025", "-o", "out"],
    "report": ["batch", "report", ".", "--year", "2025", "-o", "out"],
}
AGAIN = {"prove": ("--audience", ("bank", "court")), "report": ("--method", ("fifo", "lifo"))}


SECRETS = ("seed", ".zko", ".zks")


WHOLE = {
    "2025.zkh": lambda data: open_package(data, "x").parts,
    "2025.zks": lambda data: data.startswith(b"ZKHARVEST"),
    "seed": lambda data: parse_seed(data, "x", WORDS),
    "book.csv": lambda data: parse_book(data.decode(), "x"),
    ".zko": lambda data: parse_page_opening(data, "x", WORDS).records,
    ".zkp": lambda data: parse_page(data, "x").header,
    "pages.json": json.loads,
    DONE: json.loads,
    "report.json": json.loads,
    "report.html": lambda data: data.rstrip().endswith(b"</html>"),
    "form8949.pdf": lambda data: data.rstrip().endswith(b"%%EOF"),
    "scheduled.pdf": lambda data: data.rstrip().endswith(b"%%EOF"),
    "form8949.csv": lambda data: data.startswith(b"row,box,") and data.endswith(b"\n"),
    "income.csv": lambda data: data.endswith(b"\n"),
    "trades.txf": lambda data: data.startswith(b"V042") and data.rstrip().endswith(b"^"),
    "summary.csv": lambda data: data.startswith(b"client,status,") and data.count(b"\n") == 1 + len(CLIENTS),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("batch")
    (folder / "trades.csv").write_text(SMALL)
    (folder / "words").write_text(WORDS)
    (folder / "words").chmod(0o600)
    rows = "".join(f"{client},trades.csv,USD\n" for client in CLIENTS)
    (folder / "clients.csv").write_text(f"client,trades,currency\n{rows}")
    return folder


@pytest.fixture(scope="module")
def server(folder):
    made = Server(folder, [[*COMMANDS["prove"][:-1], "warm"]])
    yield made
    made.close()


@pytest.fixture
def here(folder, cheap_scrypt, monkeypatch):
    """The folder, and this process as the server is: proving left out, clients one after the other."""
    made = small_chain()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("zkharvest.workflow.prove_chain.prove_chain", lambda *_args, **_options: made)
    monkeypatch.setattr("zkharvest.desk.workers.local_pool", lambda _workers: InLine)
    yield folder
    shutil.rmtree(folder / "out", ignore_errors=True)


def words(task, number):
    """The command so that the results of run `number` are not those of the run before: all is done again."""
    option, values = AGAIN[task]
    return [*COMMANDS[task], option, values[number % 2]]


def check(out):
    """Every file whole, and which are leftovers."""
    left = set()
    for path in out.rglob("*"):
        if path.is_dir():
            continue
        data = path.read_bytes()
        if leftovers._NAME.match(path.name):
            left.add(path)
        else:
            whole = WHOLE.get(path.name) or WHOLE[path.suffix]
            assert whole(data), path.name
        if any(name in path.name for name in SECRETS):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert b"slip44" not in data
    return left


def check_finished(out):
    assert not check(out)
    assert {path.name for path in out.iterdir()} == {*CLIENTS, "summary.csv"}
    for client in CLIENTS:
        state = json.loads((out / client / DONE).read_text())
        assert {path.name for path in (out / client).iterdir()} == {DONE, *state["files"]}


def kill(task, server, folder, moments):
    rng, out = random.Random(f"{task} {moments}"), folder / "out"
    whole = server.run(words(task, 1))
    assert whole["code"] == 0
    assert whole["calls"] >= 20
    killed = 0
    for moment in range(moments):
        if moment % 4 < 2:  # else over finished results of another rule
            shutil.rmtree(out, ignore_errors=True)
        command = words(task, moment)
        if moment % 2:
            done = server.run(command, seconds=rng.uniform(0, 1.05 * whole["seconds"]))
        else:
            at = rng.randrange(2 * whole["calls"])
            done = server.run(command, call=at // 2 + 1, after=bool(at % 2))
        assert done["code"] in (0, -9), done
        killed += done["code"] == -9
        left = check(out)
        assert server.run(command)["code"] == 0
        check_finished(out)
        count("moments of SIGKILL")
        count("leftovers found and removed", len(left))
    assert killed >= moments // 3


def test_a_batch_that_is_killed(server, here):
    """Of proofs: reports are the same way to the disk, after a second of drawing for each client."""
    kill("prove", server, here, 12)


@pytest.mark.audit
@pytest.mark.parametrize("task", COMMANDS)
def test_a_batch_that_is_killed_at_two_hundred_moments(task, server, here):
    kill(task, server, here, 200)


def full(task, here, monkeypatch, capsys, step):
    """A disk that is full at every `step`th call that needs room: the client fails and says why, the rest goes on."""
    out, at = here / "out", 1
    while True:
        shutil.rmtree(out, ignore_errors=True)
        with monkeypatch.context() as patched:
            calls = failing(patched, at, errno.ENOSPC)
            code = main(words(task, 0))
        err = capsys.readouterr().err
        assert not check(out)
        if calls[0] < at:
            assert code == 0
            break
        assert code in (1, 2)
        assert os.strerror(errno.ENOSPC) in err
        assert "Traceback" not in err
        count("writes on a full disk")
        assert main(words(task, 0)) == 0
        check_finished(out)
        capsys.readouterr()
        at += step
    assert at > 20


def test_a_disk_that_is_full_at_every_third_write_of_a_batch(here, monkeypatch, capsys):
    full("prove", here, monkeypatch, capsys, 3)


@pytest.mark.audit
@pytest.mark.parametrize("task", COMMANDS)
def test_a_disk_that_is_full_at_every_write_of_a_long_batch(task, here, monkeypatch, capsys):
    full(task, here, monkeypatch, capsys, 1)


def test_two_batches_at_once_on_one_folder(folder, server, here):
    """Each file is of the one or the other, whole; what one could not do, a later run finishes."""
    second = Server(folder, [])
    try:
        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(lambda one: one.run(words("prove", 0))["code"], (server, second)))
    finally:
        second.close()
    assert set(codes) <= {0, 1}, codes
    assert not check(here / "out")
    assert server.run(words("prove", 0))["code"] == 0
    check_finished(here / "out")
    count("pairs of commands at once")


def test_a_later_batch_names_what_it_removes(here, capsys):
    left = here / "out" / "anna" / ".report.html.zkharvest-0123456789ab.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    assert main(words("prove", 0)) == 0
    assert f"removed {left}" in capsys.readouterr().err
    assert not left.exists()
