"""Command lines that are read without typer mean what typer takes them to mean; all others are left to it."""

import inspect
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.main import get_command

from zkharvest.cli import commands, proving, straight, verifying
from zkharvest.spec import METHODS, POOLINGS

TOP = get_command(commands.app)


def options_of(name):
    """Option -> (parameter, whether it takes a value, whether it repeats, what a flag sets), as typer has them."""
    found = {}
    for parameter in TOP.commands[name].params:
        if parameter.param_type_name != "option":
            continue
        for names, value in ((parameter.opts, True), (parameter.secondary_opts, False)):
            for one in names:
                found[one] = (parameter.name, not parameter.is_flag, parameter.multiple, value)
    return found


@pytest.mark.parametrize("name", sorted(straight.COMMANDS))
def test_the_tables_are_those_of_typer(name):
    mine = straight.COMMANDS[name]
    assert {
        option: (one.parameter, one.read is not None, one.repeats, one.value) for option, one in mine.options.items()
    } == {option: found for option, found in options_of(name).items() if option not in ("--help", "-h")}
    theirs = {parameter.name for parameter in TOP.commands[name].params if parameter.required}
    assert theirs == mine.required | {mine.file}
    [argument] = [one.name for one in TOP.commands[name].params if one.param_type_name == "argument"]
    assert argument == mine.file


def typed(words, monkeypatch):
    """The parameters that typer hands on, with those left out at their defaults."""
    seen = []
    with monkeypatch.context() as patch:
        for module, name in ((verifying, "verify"), (proving, "prove")):
            patch.setattr(module, name, lambda *args, **given: seen.append((args, given)))
        TOP.main(args=words, prog_name="zkharvest", standalone_mode=False)
    [(args, given)] = seen
    [file] = args
    return {"file": file, **given}


def texts(words):
    return st.sampled_from(words)


ANY = texts(["x", "a=b", "2025", "fifo", "universal", "-", "--", "--json", "", "é", " 7 ", "0", "1e3", "12.5", "128"])
GOOD = {
    "year": texts(["1971", "2025", "2526"]),
    "method": st.sampled_from(METHODS),
    "pooling": st.sampled_from(POOLINGS),
    "min_bits": texts(["0", "100", "128.0", "99.95"]),
    **{f"max_{name}": texts(["0", "7"]) for name in ("declared", "unexplained", "gone", "by_window", "in_transit")},
    "passphrase_fd": texts(["0", "9"]),
}


@st.composite
def lines(draw):
    """A command line, mostly a good one."""
    name = draw(st.sampled_from(sorted(straight.COMMANDS)))
    mine = straight.COMMANDS[name]
    words = [draw(texts(["p.zkh", "a b", "é.zko", "--x", "-"] if draw(st.booleans()) else ["p.zkh"]))]
    once = (lambda option: mine.options[option].parameter) if draw(st.integers(0, 3)) else None
    chosen = draw(st.lists(st.sampled_from(sorted(mine.options)), max_size=6, unique_by=once))
    if draw(st.integers(0, 3)):
        said = {mine.options[option].parameter for option in chosen}
        missing = sorted(mine.required - said)
        chosen += [next(option for option, one in mine.options.items() if one.parameter == name) for name in missing]
    for option in chosen:
        one = mine.options[option]
        if one.read is None:
            words.append(option)
            continue
        value = draw(GOOD.get(one.parameter, texts(["x=1", "USD", "é"])) if draw(st.integers(0, 7)) else ANY)
        words += [f"{option}={value}"] if draw(st.booleans()) else [option, value]
    if draw(st.integers(0, 9)) == 0:
        words.insert(draw(st.integers(0, len(words))), draw(ANY))
    return name, words


def test_both_readings_agree(monkeypatch):
    read = []

    @settings(max_examples=300, deadline=None)
    @given(lines())
    def check(line):
        name, words = line
        mine = straight.COMMANDS[name]
        given_ = straight.read(mine, words)
        if given_ is None:
            return
        read.append(line)
        theirs = typed([name, *words], monkeypatch)
        assert given_.pop(mine.file) == theirs.pop("file")
        assert given_ == {key: theirs[key] for key in given_}
        defaults = typed([name, "p.zkh", *(["-y", "2025", "-m", "fifo"] if mine.required else [])], monkeypatch)
        assert all(theirs[key] == defaults[key] for key in theirs.keys() - given_.keys() - {"file"})

    check()
    assert len(read) > 20
    assert {name for name, _ in read} == set(straight.COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ["verify"],
        ["prove", "p", "q", "-m", "fifo"],
        ["verify", "p", "--year", "1970"],
        ["verify", "p", "--year"],
        ["verify", "p", "--yea", "2025"],
        ["verify", "p", "-y2025"],
        ["verify", "p", "--year", "2025", "--year", "2024"],
        ["verify", "p", "--json=1"],
        ["verify", "p", "--help"],
        ["verify", "--", "p"],
        ["--color", "never", "verify", "p"],
        ["prove", "p", "-y", "2025"],
        ["prove", "p", "-y", "2025", "-m", "FIFO"],
        ["inspect", "p"],
        [],
    ],
)
def test_everything_else_is_left_to_typer(words):
    assert straight.command(words) is None


def test_quiet_and_earlier_names_are_understood(monkeypatch):
    words = straight.current_names(["-q", "verify", "p", "-b", "wallet", "--basis=universal"])
    assert words == ["-q", "verify", "p", "-p", "wallet", "--pooling=universal"]
    assert straight.command(words) is None  # said twice
    assert straight.command(words[:-1]) is not None
    monkeypatch.setitem(os.environ, "_ZKHARVEST_COMPLETE", "complete_bash")
    assert straight.command(words[:-1]) is None


def test_the_defaults_of_a_parameter_left_out_are_the_same():
    for name, run in (("verify", verifying.verify), ("prove", proving.prove)):
        mine = {key: one.default for key, one in inspect.signature(run).parameters.items()}
        for parameter in TOP.commands[name].params:
            if parameter.param_type_name == "option" and not parameter.required and parameter.name != "help":
                assert mine[parameter.name] == parameter.default, parameter.name
