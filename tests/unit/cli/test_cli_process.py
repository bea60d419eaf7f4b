"""Exit codes survive what happens around the process: lost streams, readers that go away, Ctrl-C at any moment."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.counts import count
from tests.support.proofs import SMALL, expected, small_chain, small_pages
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.extras import EXTRAS, missing
from zkharvest.workflow.own_folder import write_pages

FULL = Path("/dev/full")
TEST_POLICY = '{"schema": "zkharvest/chain-policy/1", "allow_test_preset": true}'

needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trades.csv").write_text(SMALL)
    (tmp_path / "policy.json").write_text(TEST_POLICY)
    (tmp_path / "good.zkh").write_bytes(made := small_chain().package)
    (tmp_path / "bad.zkh").write_bytes(made[:-40] + bytes(40))
    return tmp_path


def verify(name):
    return ["verify", name, "--policy", "policy.json", *expected()]


def shell(words, redirection, program=("-m", "zkharvest")):
    """Exit code and standard error of a command under a shell's redirection."""
    script = f'"$@" {redirection}'
    whole = ["bash", "-o", "pipefail", "-c", script, "bash", sys.executable, *program, *words]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stderr


STREAMS = [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "> /dev/full", "2> /dev/full", "> /dev/full 2>&1", "| head -1"]


@needs_full
@pytest.mark.parametrize("redirection", STREAMS)
def test_a_verdict_survives_its_streams(here, redirection):
    for name, code, more in (("good.zkh", 0, []), ("bad.zkh", 1, ["--json"]), ("trades.csv", 2, [])):
        found, err = shell([*verify(name), *more], redirection)
        assert found == code, (redirection, err)
        count("commands run with lost streams")


@needs_full
def test_a_full_disk_is_told_and_is_not_success(here):
    words = ["ledger", "report", "trades.csv", "--year", "2025", "--method", "hifo"]
    code, err = shell(words, "> /dev/full")
    assert code == ExitCode.USAGE
    assert os.strerror(errno.ENOSPC) in err
    assert "incomplete" in err
    for redirection in (">&-", "| head -1", "| true"):
        code, err = shell(words, redirection)
        assert (code, err) == (0, ""), redirection


@needs_full
@pytest.mark.parametrize("words", [["--help"], []])
@pytest.mark.parametrize("redirection", ["| head -1", "| true", ">&-"])
def test_help_survives_its_streams(here, words, redirection):
    code, err = shell(words, redirection)
    assert code == (0 if words else 2)
    assert err == ""


def test_a_closed_stream_is_not_taken_by_a_file(here):
    """Descriptors 1 and 2 are free when the process begins: what is opened next must not get them."""
    code = (
        "import os, sys\n"
        "from zkharvest.cli.process import process\n"
        "with process():\n"
        "    assert open('x', 'w').fileno() > 2\n"
        "    os.write(1, b'noise'); os.write(2, b'noise'); print('noise'); print('noise', file=sys.stderr)\n"
    )
    assert shell([], "<&- >&- 2>&-", ("-c", code))[0] == 0
    assert (here / "x").read_bytes() == b""


def test_streams_are_put_back(here, capsys):
    def state():
        return sys.stdout, sys.stderr, sys.unraisablehook, *map(signal.getsignal, (signal.SIGINT, signal.SIGTERM))

    before = state()
    assert main(["--version"]) == 0
    assert state() == before


MOMENTS = [0.0, 0.04, 0.08, 0.12, 0.2, 0.3]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interrupt_at_the_start_ends_with_130(here):
    """From the first line of ours on, imports included; what Python does before that is its own."""
    (here / "begin.py").write_text(
        "import os, signal\n"
        "os.write(1, b'x')\n"  # Python's own start is over
        "from zkharvest.__main__ import main\n"
        "import sys; sys.exit(main())\n"
    )
    write_pages("own", small_pages(), passphrase=None)
    awaits = ["--passphrase-fd", "0"]  # the passphrase of the openings, which does not come
    root = Path(__file__).resolve().parents[3]
    for moment in MOMENTS:
        words = [sys.executable, "begin.py", "prove", "own", "--year", "2025", "--method", "fifo", "--first", *awaits]
        with subprocess.Popen(
            [*words, "-o", "x.zkh"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        ) as running:
            assert running.stdout.read(1) == b"x"
            time.sleep(0.02 + moment)  # two hundredths for `import zkharvest` itself
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=60)
        assert running.returncode == ExitCode.INTERRUPTED, (moment, err)
        assert err == b"zkharvest: error: interrupted\n", moment
        count("moments of Ctrl-C at the start")
    assert not (here / "x.zkh").exists()


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_removes_what_is_half_written(name, here, capsys, monkeypatch):
    """The moment is the one at which a temporary file is there, written and not yet renamed."""
    number = getattr(signal, name)

    def stopped(*_args, **_options):
        os.kill(os.getpid(), number)
        time.sleep(5)

    before = set(here.iterdir())
    monkeypatch.setattr(os, "replace", stopped)
    monkeypatch.setattr(os, "link", stopped)
    words = ["report", "form8949", "trades.csv", "--year", "2025", "--method", "fifo", "-o", "f.csv"]
    assert main(words) == ExitCode.INTERRUPTED
    by = "" if name == "SIGINT" else f" by {name}"
    assert capsys.readouterr().err.endswith(f"zkharvest: error: interrupted{by}\n")
    assert set(here.iterdir()) == before


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_signal_that_is_ignored_stays_so(here, monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(
            "zkharvest.cli.commands._tree", lambda: lambda *_a, **_o: os.kill(os.getpid(), signal.SIGHUP)
        )
        assert main(["inspect", "x"]) == ExitCode.DONE
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("error", [ImportError("initialisation failed"), UsageError("nothing was given", "give it")])
def test_an_interrupt_that_a_library_hides_still_ends_with_130(capsys, monkeypatch, error):
    def hidden(*_args, **_options):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt:
            raise error from None

    monkeypatch.setattr("zkharvest.cli.commands._tree", lambda: hidden)
    assert main(["inspect", "x"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "zkharvest: error: interrupted\n"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE])
def test_what_the_machine_refuses_is_not_a_bug(capsys, monkeypatch, number):
    def refused(*_args, **_options):
        raise OSError(number, os.strerror(number), "cache/x.nbi")

    monkeypatch.setattr("zkharvest.cli.commands._tree", lambda: refused)
    assert main(["inspect", "x"]) == ExitCode.USAGE
    assert f"cache/x.nbi: {os.strerror(number)}" in capsys.readouterr().err


def test_too_little_memory_is_told(capsys, monkeypatch):
    def refused(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr("zkharvest.cli.commands._tree", lambda: refused)
    assert main(["inspect", "x"]) == ExitCode.USAGE
    assert "not enough memory" in capsys.readouterr().err


def test_a_missing_extra_is_named(capsys, monkeypatch):
    def absent(*_args, **_options):
        raise ModuleNotFoundError("No module named 'numba'", name="numba")

    monkeypatch.setattr("zkharvest.cli.commands._tree", lambda: absent)
    assert main(["prove"]) == ExitCode.USAGE
    assert capsys.readouterr().err == (
        "zkharvest: error: this needs numba, which is not installed: it comes with the extra 'prove'\n"
        "zkharvest: hint: pip install 'zkharvest[prove]'\n"
    )
    assert missing(ModuleNotFoundError(name="nothing.we.use")) is None
    assert all(isinstance(missing(ModuleNotFoundError(name=f"{name}.part")), UsageError) for name in EXTRAS)
