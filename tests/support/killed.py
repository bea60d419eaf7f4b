"""Commands that are killed: a process that has loaded everything, and forks a child for each run.

A child runs a command line and dies by SIGKILL, which nothing can catch: at a moment, or at a call to the system that
touches a file (before or after it), which is where a half-written file could come from. Run as a program, this is the
server: JSON lines in, JSON lines out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor, Future
from contextlib import suppress
from pathlib import Path

_REPORT = tempfile.TemporaryFile()  # noqa: SIM115  what a child notes: calls, and whether a process aside is at work
CALLS = ("open", "write", "fsync", "link", "replace", "unlink", "close")


class Server:
    """The process, and what it is asked."""

    def __init__(self, folder, warm):
        environment = {**os.environ, "ZKHARVEST_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment,
        )
        for words in warm:
            self._send({"words": list(map(str, words)), "warm": True})
            assert self._process.stdout.readline() == "warm\n"

    def run(self, words, *, seconds=None, call=None, after=False):
        """Run a command, killed after `seconds`, or at its file call number `call`; how it ended.

        "code" is that of the command, or -9. "calls" counts the calls of a run that was not killed. "aside" says
        whether a process that the command had made was at work when it ended, "orphans" how many outlive it.
        """
        self._send({"words": list(map(str, words)), "seconds": seconds, "call": call, "after": after, "warm": False})
        return json.loads(self._process.stdout.readline())

    def _send(self, ask):
        self._process.stdin.write(json.dumps(ask) + "\n")
        self._process.stdin.flush()

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)


class Files:
    """Which calls touch files of the working folder: others are not the command's (a thread fills caches of kernels).

    When and how often those come depends on how fast the thread is.
    """

    def __init__(self):
        self._folder, self._open = os.path.realpath(Path.cwd()), set()

    def opens(self, path, handle):
        """A handle that was opened."""
        if self.has(path):
            self._open.add(handle)

    def closes(self, handle):
        """A handle that is closed: the next file may have its number."""
        self._open.discard(handle)

    def has(self, one):
        """Whether a path is in the folder, or a handle of a file in it."""
        if isinstance(one, int):
            return one in self._open
        return os.path.realpath(one).startswith(self._folder)


def failing(monkeypatch, at, number):
    """Make call number `at` of those that need room on a disk fail; returns what counts the calls."""
    made, files = [0], Files()

    def refusing(name, counts=lambda *_: True):
        real = getattr(os, name)

        def call(*arguments, **options):
            if files.has(arguments[0]) and counts(*arguments):
                made[0] += 1
                if made[0] == at:
                    raise OSError(number, os.strerror(number))
            answer = real(*arguments, **options)
            if name == "open":
                files.opens(arguments[0], answer)
            return answer

        return call

    close = os.close

    def closing(handle):
        files.closes(handle)
        close(handle)

    monkeypatch.setattr(os, "close", closing)
    monkeypatch.setattr(os, "open", refusing("open", lambda _path, flags, *_: flags & os.O_CREAT))
    for name in ("write", "fsync", "link", "replace"):
        monkeypatch.setattr(os, name, refusing(name))
    return made


class InLine(Executor):
    """An executor that works in this process: a batch is killed with all that it does."""

    def submit(self, work, /, *arguments, **options):
        future = Future()
        future.set_result(work(*arguments, **options))
        return future


def _patch():
    """A cheap scrypt, and proving and checking left out: what is tried is the handling of files."""
    from tests.support.proofs import small_chain, small_proven
    from zkharvest.desk import methods
    from zkharvest.desk import workers as pools
    from zkharvest.files import sealing
    from zkharvest.workflow import links, prove_chain, signing

    sealing.STANDARD = sealing.CHEAPEST = sealing.Cost(4, 8, 1)
    chain, proven = small_chain(), small_proven()
    prove_chain.prove_chain = lambda *_args, **_options: chain
    links.prove_links = lambda *_args, **_options: proven
    signing.refuse_unproven = lambda *_args: None
    pools.local_pool = lambda _workers: InLine
    methods.FAST_FROM, methods._cores, methods._send = 0, lambda: 2, _slow(methods._send)


def _slow(send):
    """The process aside of a report, which runs the other methods: it works for a while, and notes that it does."""

    def slow(sender, *work):
        os.pwrite(_REPORT.fileno(), b"\1", 4)
        time.sleep(0.6)
        os.pwrite(_REPORT.fileno(), b"\0", 4)  # before its answer: the parent ends it as soon as that is there
        send(sender, *work)

    return slow


def _group(leader):
    """How many processes of a group live (Linux; elsewhere none is seen)."""
    live = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _parent, group = path.read_text().rsplit(")", 1)[1].split()[:3]
            live += int(group) == leader and state not in "ZX"
    return live


def _orphans(leader):
    """How many processes of a group never end: they need a moment to see that their parent is gone.

    The limit is for those that hang; on a busy machine a moment may last.
    """
    until = time.monotonic() + 300
    while (live := _group(leader)) and time.monotonic() < until:
        time.sleep(0.02)
    return live


def _count(report, at, after):
    """Count calls that touch files of the folder, and die at number `at`."""
    calls, files = 0, Files()

    def counted(name):
        real = getattr(os, name)

        def call(*arguments, **options):
            nonlocal calls
            if not files.has(arguments[0]):
                return real(*arguments, **options)
            calls += 1
            if calls == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = real(*arguments, **options)
            if name == "open":
                files.opens(arguments[0], answer)
            elif name == "close":
                files.closes(arguments[0])
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call

    for name in CALLS:
        setattr(os, name, counted(name))
    return lambda: os.pwrite(report, calls.to_bytes(4, "little"), 0)


def _child(ask, report):
    from zkharvest.cli import main

    os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    told = _count(report, ask["call"], ask["after"]) if ask["seconds"] is None else lambda: None
    code = 101
    try:
        code = main(ask["words"])
        told()
    finally:
        os._exit(code)


def _warm(words):
    """Run a command here: its modules are loaded and its kernels compiled for every child that follows."""
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO

    from zkharvest.cli import main

    with redirect_stdout(StringIO()), redirect_stderr(StringIO()) as err:
        code = main(words)
    assert code == 0, err.getvalue()


def serve():
    """Answer until the input ends."""
    import zkharvest.cli

    _patch()
    assert zkharvest.cli
    with _REPORT:
        report = _REPORT.fileno()
        for line in sys.stdin:
            ask = json.loads(line)
            if ask["warm"]:
                _warm(ask["words"])
                sys.stdout.write("warm\n")
                sys.stdout.flush()
                continue
            os.pwrite(report, bytes(5), 0)
            begun = time.perf_counter()
            child = os.fork()
            if child == 0:
                _child(ask, report)
            if ask["seconds"] is not None:
                time.sleep(ask["seconds"])
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            took = time.perf_counter() - begun
            calls = int.from_bytes(os.pread(report, 4, 0), "little")
            answer = {
                "code": os.waitstatus_to_exitcode(status),
                "seconds": took,
                "calls": calls,
                "aside": os.pread(report, 1, 4) == b"\1",
                "orphans": _orphans(child),
            }
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    serve()
