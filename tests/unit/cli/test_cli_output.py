"""The one printer: streams, JSON, colour, progress."""

import io
import json
import sys
import time

import pytest

from zkharvest.cli import main, output
from zkharvest.cli.output import ExitCode
from zkharvest.errors import InputError, Problem, UsageError


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    output.configure(quiet=False, color="auto")
    yield
    output.configure(quiet=False, color="auto")


def test_exit_codes_are_promises():
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0, "REJECTED": 1, "USAGE": 2, "UNDECIDED": 3, "INTERNAL": 101, "INTERRUPTED": 130,
    }  # fmt: skip


def test_data_goes_to_stdout_and_messages_to_stderr(capsys):
    output.data("number")
    output.note("by the way")
    output.warning("careful", "do this")
    out, err = capsys.readouterr()
    assert out == "number\n"
    assert err == "zkharvest: by the way\nzkharvest: warning: careful\nzkharvest: hint: do this\n"


def test_quiet_silences_notes_but_no_errors(capsys):
    output.configure(quiet=True, color="auto")
    output.note("by the way")
    output.error("wrong")
    assert capsys.readouterr().err == "zkharvest: error: wrong\n"


@pytest.mark.parametrize("words", [["--color", "always", "circuits", "list"], ["-q", "verify", "nowhere.zkh"]])
def test_what_one_command_line_asks_for_ends_with_it(words, capsys):
    main(words)
    capsys.readouterr()
    output.note("by the way")
    assert output.paint("x", "red", io.StringIO()) == "x"
    assert capsys.readouterr().err == "zkharvest: by the way\n"


def test_every_problem_of_an_input_is_shown(capsys):
    error = InputError([Problem("a.csv:2:fee", '"x" is not a number', "write 0"), Problem("", "more")])
    assert output.failure(error) == ExitCode.REJECTED
    assert capsys.readouterr().err == (
        'zkharvest: error: a.csv:2:fee: "x" is not a number\nzkharvest: hint: write 0\nzkharvest: error: more\n'
    )


def test_a_usage_error_shows_its_hint_once(capsys):
    assert output.failure(UsageError("no such thing", "try another")) == ExitCode.USAGE
    assert capsys.readouterr().err == "zkharvest: error: no such thing\nzkharvest: hint: try another\n"


def test_json_is_one_object_and_exact(capsys):
    output.json_object(
        "zkharvest/x/1", {"big": 2**53 + 1, "small": 2**53, "flag": True, "raw": b"\x00\xff", "list": (1, -(2**60))}
    )
    shown = json.loads(capsys.readouterr().out)
    assert shown == {
        "schema": "zkharvest/x/1", "big": str(2**53 + 1), "small": 2**53, "flag": True, "raw": "00ff",
        "list": [1, str(-(2**60))],
    }  # fmt: skip
    assert next(iter(shown)) == "schema"


def test_tables_and_fields_are_aligned(capsys):
    output.table(("name", "amount"), [("a", "1.00"), ("long name", "12.00")], right=(1,))
    output.fields([("Year", "2025"), ("Sources", ["one", "two"])])
    assert capsys.readouterr().out == (
        "name       amount\na            1.00\nlong name   12.00\n  Year     2025\n  Sources  one\n           two\n"
    )


def test_colour_only_on_terminals_that_want_it(monkeypatch):
    assert output.paint("x", "red", Terminal()) == "\x1b[1;31mx\x1b[0m"
    assert output.paint("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("NO_COLOR", "1")
    assert output.paint("x", "red", Terminal()) == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert output.paint("x", "red", Terminal()) == "x"
    output.configure(quiet=False, color="always")
    assert output.paint("x", "red", io.StringIO()) == "\x1b[1;31mx\x1b[0m"
    output.configure(quiet=False, color="never")
    assert output.paint("x", "red", Terminal()) == "x"


def test_short_work_says_nothing_off_a_terminal(capsys):
    with output.progress("working") as step:
        step("one")
        step("two")
    assert capsys.readouterr().err == ""


def test_a_long_step_is_announced_once_by_a_plain_line(capsys, monkeypatch):
    monkeypatch.setattr(output, "_ANNOUNCE_AFTER", 0.02)
    with output.progress("working") as step:
        step("quick")
        step("slow")
        time.sleep(0.2)
    assert capsys.readouterr().err == "zkharvest: working: slow ...\n"


def test_quiet_work_is_never_announced(capsys, monkeypatch):
    monkeypatch.setattr(output, "_ANNOUNCE_AFTER", 0.01)
    output.configure(quiet=True, color="auto")
    with output.progress("working"):
        time.sleep(0.05)
    assert capsys.readouterr().err == ""


def test_progress_on_a_terminal_leaves_no_trace_on_stdout(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with output.progress("working") as step:
        step("soon done")
    assert sys.stderr.getvalue() == ""  # nothing is drawn for what takes no time
    monkeypatch.setattr(output, "_DRAW_AFTER", 0.0)
    with output.progress("working") as step:
        step("[red] is no markup")
        until = time.monotonic() + 30
        while "working" not in sys.stderr.getvalue() and time.monotonic() < until:
            time.sleep(0.01)
    assert "working: [red] is no markup" in sys.stderr.getvalue()
    assert capsys.readouterr().out == ""
