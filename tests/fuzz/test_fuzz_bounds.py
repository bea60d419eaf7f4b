"""What it costs to refuse a hostile file: the real command, in a process of its own, with bounded memory.

Memory is compared with what refusing an empty file takes. Time is not tested, but a process that hangs is one that
fails. What refusing took where it was measured stands in `README.md`.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import msgpack
import pytest

from tests.fuzz.chain_bases import HEAD_BYTES, base_of
from tests.fuzz.hostile import FILES
from tests.support.counts import count
from zkharvest.verifier import wire
from zkharvest.verifier.page import page_id

pytest.importorskip("resource", reason="bounds of memory are POSIX's")

MEGABYTE = 1 << 20
ADDRESS_SPACE = 1536 * MEGABYTE
HANGS = 60
# The kernel hands a parent's peak on to its children (`ru_maxrss`), so where it can a process reads its own.
LIMITED = f"""
import atexit, resource, runpy, sys
from pathlib import Path

def note():
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    Path(report).write_text(str(int(peak) // 1024))

report = sys.argv.pop(1)
if sys.platform != "darwin":
    resource.setrlimit(resource.RLIMIT_AS, ({ADDRESS_SPACE}, {ADDRESS_SPACE}))
atexit.register(note)
runpy.run_module("zkharvest", run_name="__main__", alter_sys=True)
"""
# One of each kind; the others take half a minute together.
QUICK = {
    *("deeply nested maps", "a map of 2^32 - 1 within", "sixty million nils", "a proof of 64 MB of zeros"),
    *("64 MB of text, one wide", "32,508 days, 16,000 changes", "20,000 attestations", "escapes in a source"),
}


def refused(*arguments, stdin=subprocess.DEVNULL, command="verify"):
    """(exit code, standard output, standard error, most memory in use in MiB) of a command."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "peak"
        whole = [sys.executable, "-c", LIMITED, report, command, *map(str, arguments)]
        done = subprocess.run(whole, stdin=stdin, capture_output=True, timeout=HANGS)
        assert done.returncode >= 0, done.stderr
        return done.returncode, done.stdout.decode(), done.stderr.decode(), int(report.read_text())


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory):
    """MiB that refusing an empty file takes."""
    path = tmp_path_factory.mktemp("rest") / "empty.zkh"
    path.write_bytes(b"")
    code, _, _, memory = refused(path)
    assert code == 2
    return memory


@pytest.mark.parametrize(
    "what", [pytest.param(what, marks=[] if what in QUICK else [pytest.mark.slow]) for what in FILES]
)
def test_a_hostile_file_is_refused(what, at_rest, tmp_path):
    reason, made = FILES[what]
    path = tmp_path / "x.zkh"
    data = made()
    path.write_bytes(data)
    assert len(data) <= wire.MAX_BYTES + 9
    code, out, err, memory = refused(path, "--json")
    assert (code, json.loads(out)["reason"]) == (1, reason), (out, err)
    # Of the file there are at most a copy, a value, and this as text of four bytes a character.
    assert memory - at_rest < 6 * len(data) / MEGABYTE + 150, memory
    for shown in (out, err):
        assert not any(character in shown for character in "\x1b\x07\x9b\u202e")
    count("hostile files refused within bounds")


def test_the_quick_ones_are_there():
    assert FILES.keys() >= QUICK


@pytest.mark.parametrize("what", [what for what in FILES if what.startswith("escapes")])
def test_no_escape_reaches_the_terminal(what, tmp_path, capsys):
    """What a person reads: the verdict laid out, and what `inspect` says of the file."""
    from zkharvest.cli import main

    path = tmp_path / "x.zkh"
    path.write_bytes(FILES[what][1]())
    for command in (["verify", str(path)], ["inspect", str(path)], ["inspect", "--json", str(path)]):
        main(command)
        shown = capsys.readouterr()
        for text in (shown.out, shown.err):
            assert not any(character in text for character in "\x1b\x07\x9b\u202e"), command


@pytest.mark.parametrize(
    ("head", "code", "reason"),
    [(HEAD_BYTES, 1, "package/limit"), (b"", 2, "package/magic")],
    ids=["ours", "zeros"],
)
def test_a_file_of_a_gigabyte(head, code, reason, at_rest, tmp_path):
    path = tmp_path / "sparse.zkh"
    with path.open("wb") as file:
        file.write(head)
        file.truncate(1 << 30)
    found, out, err, memory = refused(path, "--json")
    assert (found, json.loads(out)["reason"]) == (code, reason), err
    assert memory - at_rest < 150  # as much as is read of any file, and no more
    found, _, err, memory = refused(path, command="inspect")
    assert found in (1, 2), err
    assert memory - at_rest < 200
    count("hostile files refused within bounds")


def test_files_of_gigabytes_together(at_rest, tmp_path):
    """Each may be a package's size: what is read of all of them is bounded."""
    path = tmp_path / "sparse.zkh"
    with path.open("wb") as file:
        file.write(HEAD_BYTES)
        file.truncate(len(HEAD_BYTES) + wire.MAX_BYTES)
    found, out, err, memory = refused(*[path] * 64, "--json")
    assert (found, json.loads(out)["reason"]) == (1, "package/limit"), err
    assert memory - at_rest < 330, memory
    count("hostile files refused within bounds")


@pytest.mark.parametrize("kind", ["page-opening", "standing"])
def test_a_secret_of_thirty_megabytes_is_described_from_its_header(kind, at_rest, tmp_path):
    """It took 2.2 GB once: nobody needs the records to say what the file is."""
    from zkharvest.files import container, page_files, standings

    link = base_of("2025").parts["links"][0]["statement"]
    rows = [[1, 1, "1", "1", 0, "0", "", str(i)] for i in range(1_400_000)]
    if kind == "standing":
        form, public, said = standings.FORM, {"standing": wire.encode(link["carried_in"])}, {"year": 2024}
    else:
        header = link["pages"][0]["header"]
        form, public, said = page_files.OPENING, {"page": header}, {"page": page_id(header).hex()}
    data = container.pack(form, public, msgpack.packb({"key": bytes(32), "records": rows}), None)
    del rows
    assert len(data) > 15 * MEGABYTE
    path = tmp_path / "x.zko"
    path.write_bytes(data)
    path.chmod(0o600)
    code, out, err, memory = refused(path, "--json", command="inspect")
    assert code == 0, err
    assert json.loads(out).items() >= {"kind": kind, "sealed": False, **said}.items()
    assert memory - at_rest < 60, memory
    count("large secrets described within bounds")


@pytest.mark.parametrize("what", ["/dev/zero", "directory", "fifo", "stdin", "/dev/null", "missing"])
def test_what_is_no_file(what, at_rest, tmp_path):
    path, stdin, writer = what, subprocess.DEVNULL, None
    if what == "directory":
        path = tmp_path
    elif what == "missing":
        path = tmp_path / "missing.zkh"
    elif what == "stdin":
        path, stdin = "-", os.open("/dev/zero", os.O_RDONLY)
    elif what == "fifo":
        path = tmp_path / "fifo"
        os.mkfifo(path)
        writer = threading.Thread(target=_endless, args=[path])
        writer.start()
    code, _, err, memory = refused(path, stdin=stdin)
    if writer:
        writer.join(HANGS)
        assert not writer.is_alive()
    if stdin is not subprocess.DEVNULL:
        os.close(stdin)
    assert code == 2, err
    assert "hint: " in err
    assert "Traceback" not in err
    assert memory - at_rest < 150
    count("hostile files refused within bounds")


def _endless(path):
    """Zeros for as long as somebody reads."""
    block = bytes(MEGABYTE)
    try:
        with path.open("wb") as file:
            while True:
                file.write(block)
    except BrokenPipeError:
        return


@pytest.mark.parametrize(
    "made",
    [
        "b'[' * 100_000_000",
        "b'{\"lang\": [' + b'[],' * 30_000_000 + b'[]]}'",
        "b' ' * 100_000_000 + b'1'",
        "b'9' * 100_000_000",
        "b'[' + b'[],' * 1_300_000 + b'[]]'",
    ],
    ids=["nested", "lists", "spaces", "digits", "4 MB of lists"],
)
def test_a_circuit_file_of_a_hundred_megabytes(made):
    """In a process of its own as well; no command reads one that is not pinned."""
    code = (
        "import resource, tracemalloc\n"
        "from zkharvest.verifier.description_reader import DescriptionError, read_description\n"
        f"data = {made}\n"
        "tracemalloc.start()\n"
        "try:\n    read_description(data)\nexcept DescriptionError as error:\n    print('refused', len(str(error)))\n"
        "print(tracemalloc.get_traced_memory()[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANGS)
    answer, peak = done.stdout.splitlines()
    assert answer.startswith("refused"), done.stderr
    assert int(peak) < 160 * MEGABYTE
    count("hostile files refused within bounds")
