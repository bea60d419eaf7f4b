"""Nothing is lost: commands killed at any moment, a disk that is full at every write, two commands at once.

After each: the old file or the new one, never a half; secrets with mode 0600, and no plaintext of a sealed one beside
it; leftovers that the next command finds, names and removes. The long form is marked `audit`.
"""

import errno
import json
import os
import random
import shutil
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.counts import count
from tests.support.killed import Server, failing
from tests.support.proofs import SMALL, page_file, small_chain, small_pages, small_proven
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.files import leftovers
from zkharvest.files.packages import open_package
from zkharvest.files.page_files import parse_page, parse_page_opening, parse_seed, write_page_opening
from zkharvest.files.sheets import read_words
from zkharvest.sign.keyfiles import parse_private_key
from zkharvest.workflow import secrets
from zkharvest.workflow.own_folder import write_pages

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and locks are POSIX's")

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "taxpayer"
EXPORTS = [EXAMPLES / name for name in ("coinbase.csv", "kraken-ledgers.csv", "deribit.csv")]
OLD, NEW = "correct horse battery staple", "another long passphrase"
SOURCE = "kraken:main"
PAGE = ["report", "page", EXAMPLES / "trades.csv", "--year", "2025", "--method", "fifo"]


FIRST = ["--year", "2025", "--method", "fifo", "--first"]
OPENING = small_pages().openings[0]


def is_under_either(data):
    for words in (OLD, NEW):
        try:
            return parse_page_opening(data, "x", words).key == OPENING.key
        except Exception as error:  # noqa: BLE001
            assert "wrong passphrase" in str(error)
    return False


def is_signed_page(data):
    return len(parse_page(data, "x").signatures) == 1


@dataclass
class Writer:
    """A command that writes `target`; `whole` says whether bytes that differ from the old ones are a whole new file."""

    words: list
    target: str
    whole: object
    secret: bool = False
    sealed: bool = False
    old: object = field(default=None)  # makes the file that is there before
    beside: str = ""  # another result, a package: never there without the target


def signed(data):
    return open_package(data, "x").signature is not None


WRITERS = {
    "import": Writer(
        ["trades", "import", *EXPORTS, "--prices", EXAMPLES / "prices.csv", "-o", "t.csv", "--force"],
        "t.csv",
        lambda data: data.startswith(b"time,source,id,") and data.count(b"\n") > 400 and data.endswith(b"\n"),
        old=lambda path: path.write_text(SMALL),
    ),
    "report": Writer(
        [
            *("report", "form8949", EXAMPLES / "trades.csv", "--year", "2025", "--method", "fifo"),
            *("--format", "csv", "-o", "f.csv", "--force"),
        ],
        "f.csv",
        lambda data: data.count(b"\n") > 20 and data.endswith(b"\n"),
        old=lambda path: path.write_text("old\n"),
    ),
    "report page, its figures": Writer(
        [*PAGE, "-o", "r.json", "--force"],
        "r.json",
        lambda data: json.loads(data)["schema"] == "zkharvest/overview/1",
        old=lambda path: path.write_text("old\n"),
    ),
    "prove": Writer(
        ["prove", "own", *FIRST, "-o", "n.zkh", "--force"],
        "n.zkh",
        lambda data: open_package(data, "x").parts,
        old=lambda path: path.write_bytes(small_chain().package[:-1]),
    ),
    "prove, what it carries out": Writer(
        ["prove", "own", *FIRST, "-o", "n.zkh", "--carry-out", "n.zks", "--passphrase-file", "new"],
        "n.zks",
        lambda data: secrets._standing(data, "x", NEW),
        secret=True,
        sealed=True,
        beside="n.zkh",
    ),
    "attest": Writer(
        ["attest", "p.zkh", "--key", "my.key"],
        "p.zkh",
        signed,
        old=lambda path: path.write_bytes(small_chain().package),
    ),
    "attest, a page": Writer(
        ["attest", "n.zkp", "--key", "my.key"],
        "n.zkp",
        is_signed_page,
        old=lambda path: shutil.copy(page_file("own", SOURCE), path),
    ),
    "keygen": Writer(
        ["keygen", "-o", "new.key", "--passphrase-file", "new"],
        "new.key",
        lambda data: parse_private_key(data, "x", NEW),
        secret=True,
        sealed=True,
    ),
    "secret passwd": Writer(
        ["secret", "passwd", "s.zko", "--passphrase-file", "old", "--new-passphrase-file", "new"],
        "s.zko",
        is_under_either,
        secret=True,
        sealed=True,
        old=lambda path: write_page_opening(path, OPENING, passphrase=OLD),
    ),
    "secret passwd, of a plain file": Writer(
        ["secret", "passwd", "s.zko", "--new-passphrase-file", "new"],
        "s.zko",
        is_under_either,
        secret=True,
        sealed=True,
        old=lambda path: write_page_opening(path, OPENING, passphrase=None),
    ),
    "secret backup": Writer(
        ["secret", "backup", "own/seed", "-o", "sheet.html"],
        "sheet.html",
        lambda data: read_words(data.decode()).secret == small_pages().seed and data.endswith(b"</section>\n"),
        secret=True,
    ),
    "secret restore": Writer(
        ["secret", "restore", "--words", "words", "-o", "r.seed", "--passphrase-file", "new"],
        "r.seed",
        lambda data: parse_seed(data, "x", NEW) == small_pages().seed,
        secret=True,
        sealed=True,
    ),
}

SLOWER = {  # the same way to the disk, after a second of drawing
    "report page": Writer(
        [*PAGE, "-o", "r.html", "--force"],
        "r.html",
        lambda data: data.startswith(b"<!doctype html>") and data.rstrip().endswith(b"</html>"),
        old=lambda path: path.write_text("old\n"),
    ),
    "report page, on paper": Writer(
        [*PAGE, "-o", "r.pdf", "--force"],
        "r.pdf",
        lambda data: data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF"),
        old=lambda path: path.write_text("old\n"),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What the commands read."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "trades.csv").write_text(SMALL)
    for name, words in (("old", OLD), ("new", NEW)):
        (folder / name).write_text(words)
        (folder / name).chmod(0o600)
    write_pages(folder / "own", small_pages(), passphrase=None)
    (folder / "p.zkh").write_bytes(small_chain().package)
    where = Path.cwd()
    os.chdir(folder)
    try:
        assert main(["--quiet", "keygen", "-o", "my.key", "--no-passphrase"]) == 0
        assert main(["--quiet", "secret", "backup", "own/seed", "-o", "words"]) == 0
    finally:
        os.chdir(where)
    return folder


@pytest.fixture(scope="module")
def server(folder):
    warm = [
        ["prove", "own", *FIRST, "-o", "warm.zkh", "--carry-out", "warm.zks", "--no-passphrase"],
        ["attest", "p.zkh", "--key", "my.key", "-o", "warm2.zkh"],
        ["secret", "backup", "own/seed", "-o", "warm.html"],
        ["trades", "import", *EXPORTS, "--prices", EXAMPLES / "prices.csv", "-o", "warm.csv"],
        [*PAGE, "-o", "warm.json"],
    ]
    server = Server(folder, warm)
    yield server
    server.close()


@pytest.fixture
def place(folder, cheap_scrypt, monkeypatch):
    """The folder as it is before a command, for each command."""
    kept = {path.name for path in folder.iterdir()}
    monkeypatch.chdir(folder)

    def prepare(writer):
        target = folder / writer.target
        for path in folder.iterdir():
            if path.name not in kept:
                path.unlink()
        if writer.old is not None:
            target.unlink(missing_ok=True)
            writer.old(target)
        return target, target.read_bytes() if target.exists() else None

    yield prepare
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    (folder / "p.zkh").write_bytes(small_chain().package)


def check(writer, target, before, names):
    """What is there after a command that did not end well."""
    folder = target.parent
    assert before is None or target.exists(), "the old file is gone"
    if target.exists():
        data = target.read_bytes()
        assert data == before or writer.whole(data), "neither the old file nor a new one"
        if writer.secret:
            assert stat.S_IMODE(target.stat().st_mode) == 0o600
    if writer.beside and (folder / writer.beside).exists():
        assert target.exists() and open_package((folder / writer.beside).read_bytes(), "x").parts
    names = names | {writer.target} | ({writer.beside} - {""})
    left = {path for path in folder.iterdir() if path.name not in names}
    for path in left:
        assert leftovers._NAME.match(path.name), path
        public = writer.beside and path.name.startswith(f".{writer.beside}.")  # of a package, beside a secret
        if writer.secret and not public:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        if writer.sealed:
            data = path.read_bytes()
            assert small_pages().seed not in data
            assert b"slip44" not in data
    said = []
    was, leftovers.Notice.say = leftovers.Notice.say, said.append
    try:
        assert set(leftovers.sweep(folder)) == left
    finally:
        leftovers.Notice.say = was
    assert len(said) == len(left)
    assert {path.name for path in folder.iterdir()} <= names
    count("leftovers found and removed", len(left))


def kill(name, server, place, moments, seed):
    """Kill a command at `moments`, half of them by the clock and half at a call that touches a file."""
    writer, rng = (WRITERS | SLOWER)[name], random.Random(seed)
    target, _ = place(writer)
    names = {path.name for path in target.parent.iterdir()}
    whole = server.run(writer.words)
    assert whole["code"] == 0
    assert whole["calls"] >= 5
    killed = aside = 0
    for moment in range(moments):
        target, before = place(writer)
        if moment % 2:
            done = server.run(writer.words, seconds=rng.uniform(0, 1.05 * whole["seconds"]))
        else:  # every call in turn, before and after it
            at = moment // 2 % (2 * whole["calls"])
            done = server.run(writer.words, call=at // 2 + 1, after=bool(at % 2))
        assert done["code"] in (0, -9), done
        assert not done["orphans"]
        killed += done["code"] == -9
        aside += done["aside"]
        check(writer, target, before, names)
        count("moments of SIGKILL")
        count("of them with a process aside at work", done["aside"])
    assert killed >= moments // 3
    assert aside or moments < 100 or writer.words[:2] != PAGE[:2]


@pytest.mark.parametrize("name", WRITERS)
def test_a_command_that_is_killed(name, server, place):
    kill(name, server, place, 8, name)


@pytest.mark.audit
@pytest.mark.parametrize("name", WRITERS | SLOWER)
def test_a_command_that_is_killed_at_two_hundred_moments(name, server, place):
    kill(name, server, place, 200, f"long {name}")


@pytest.mark.parametrize("name", WRITERS)
def test_a_disk_that_is_full_at_every_write(name, place, monkeypatch, capsys):
    writer = WRITERS[name]
    made = small_proven()
    monkeypatch.setattr("zkharvest.workflow.links.prove_links", lambda *_args, **_options: made)
    monkeypatch.setattr("zkharvest.workflow.signing.refuse_unproven", lambda *_args: None)
    target, before = place(writer)
    names = {path.name for path in target.parent.iterdir()}
    for number, most in ((errno.ENOSPC, 20), (errno.EDQUOT, 2)):  # the program does not tell a quota from a full disk
        for at in range(1, most):
            target, before = place(writer)
            with monkeypatch.context() as patched:
                calls = failing(patched, at, number)
                code = main(list(map(str, writer.words)))
            err = capsys.readouterr().err
            check(writer, target, before, names)
            if calls[0] < at:
                assert code == ExitCode.DONE
                break
            assert code == ExitCode.USAGE
            assert os.strerror(number) in err
            assert "Traceback" not in err
            count("writes on a full disk")
        assert at > 3 or number == errno.EDQUOT


@pytest.fixture(scope="module")
def other(folder):
    """A second one, so that two commands run at once."""
    second = Server(folder, [])
    yield second
    second.close()


@pytest.mark.parametrize("name", ["prove, what it carries out", "keygen", "secret passwd"])
def test_two_at_once_on_one_file(name, server, other, place):
    """The one or the other, whole; a second that may not replace says so."""
    writer = WRITERS[name]
    names = {path.name for path in place(writer)[0].parent.iterdir()}
    for _ in range(3):
        target, before = place(writer)
        with ThreadPoolExecutor(2) as pool:
            codes = list(pool.map(lambda one: one.run(writer.words)["code"], (server, other)))
        assert 0 in codes
        assert set(codes) <= {0, ExitCode.USAGE}
        assert target.read_bytes() != before
        check(writer, target, before, names)
        count("pairs of commands at once")


def test_a_leftover_is_named_by_the_command_that_removes_it(place, capsys):
    target, _ = place(WRITERS["keygen"])
    left = target.with_name(".new.key.zkharvest-0123456789ab.tmp")
    left.write_bytes(b"half")
    assert main(["keygen", "-o", "new.key", "--no-passphrase"]) == ExitCode.DONE
    assert f"removed {left.name}, left behind by a command that was killed" in capsys.readouterr().err
    assert not left.exists()
