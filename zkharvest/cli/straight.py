"""The straight way into `verify` and `prove`: without typer, whose start takes as long as verifying a package.

Only what is plain is read here: every option in full, known and once (unless it repeats), with a value that is
certainly good. All else (help, a wrong option, a bad value, an option in another form) is `None`, and typer reads the
same command line from the beginning: no message and no rule stands here a second time. A test holds the tables against
typer's own and both readings against each other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zkharvest.cli import output
from zkharvest.collecting import without_collecting
from zkharvest.spec import DEFAULT_REGIME, FIRST_YEAR, LAST_YEAR, METHODS, POOLINGS

RENAMED = {"--basis": "--pooling", "-b": "-p"}
"""Earlier names of options: still understood, no longer shown."""

_COMPLETION = "_ZKHARVEST_COMPLETE"
"""Set by a shell that asks for completions."""

Read = Callable[[str], Any]
"""The value of a text; None if it is not certain to be one."""


class Option(NamedTuple):
    """An option: the parameter that it fills, how its value is read (None: a flag), what a flag sets."""

    parameter: str
    read: Read | None = None
    repeats: bool = False
    value: bool = True


class Command(NamedTuple):
    """A command that takes a file, or `several`: the parameter of it, the options by name, and what runs it."""

    file: str
    options: Mapping[str, Option]
    required: frozenset[str]
    run: Callable[[dict[str, Any]], int]
    several: bool = False


def current_names(arguments: Sequence[str]) -> list[str]:
    """A command line with earlier names of options (`--basis universal`, `--basis=universal`) replaced by today's."""
    found: list[str] = []
    for place, argument in enumerate(arguments):
        if argument == "--":
            return [*found, *arguments[place:]]
        name, equals, value = argument.partition("=")
        found.append(RENAMED.get(name, name) + equals + value)
    return found


def command(arguments: Sequence[str]) -> Callable[[], int] | None:
    """What a command line runs, if it is a plain one of `verify` or `prove`."""
    words = list(arguments)
    quiet = False
    while words and words[0] in ("-q", "--quiet"):
        quiet = True
        del words[0]
    chosen = COMMANDS.get(words[0]) if words else None
    if chosen is None or _COMPLETION in os.environ:
        return None
    given = read(chosen, words[1:])
    if given is None:
        return None

    def run() -> int:
        from zkharvest.files.leftovers import Notice

        output.configure(quiet=quiet, color="auto")
        Notice.say = output.note
        with without_collecting():  # these commands make large lists and end
            return chosen.run(given)

    return run


def read(chosen: Command, words: Sequence[str]) -> dict[str, Any] | None:
    """The parameters that a plain command line gives; None if it is not a plain one."""
    given: dict[str, Any] = {}
    at = 0
    while at < len(words):
        name, equals, text = words[at].partition("=") if words[at].startswith("--") else (words[at], "", "")
        at += 1
        if not name.startswith("-"):
            if not name or (chosen.file in given and not chosen.several):
                return None
            if chosen.several:
                given.setdefault(chosen.file, []).append(Path(name))
            else:
                given[chosen.file] = Path(name)
            continue
        option = chosen.options.get(name)
        if option is None or (option.parameter in given and not option.repeats):
            return None
        if option.read is None:
            if equals:
                return None
            given[option.parameter] = option.value
            continue
        if not equals:
            if at == len(words) or words[at].startswith("-"):
                return None
            text = words[at]
            at += 1
        value = option.read(text)
        if value is None:
            return None
        if option.repeats:
            given.setdefault(option.parameter, []).append(value)
        else:
            given[option.parameter] = value
    if chosen.file not in given or not chosen.required <= given.keys():
        return None
    return given


def _word(*words: str) -> Read:
    return lambda text: text if text in words else None


def _year(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[12][0-9]{3}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR else None


def _path(text: str) -> Path | None:
    return Path(text) if text else None


def _bits(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,9})?", text) else None


def _count(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _descriptor(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None


_METHOD = _word(*METHODS)
_POOLING = _word(*POOLINGS)


def _verify(given: dict[str, Any]) -> int:
    from zkharvest.cli.verifying import verify

    return verify(**given)


def _prove(given: dict[str, Any]) -> int:
    from zkharvest.cli.proving import prove

    return prove(**given)


def _both(*names: str, option: Option) -> dict[str, Option]:
    return dict.fromkeys(names, option)


COMMANDS: Mapping[str, Command] = {
    "verify": Command(
        "path",
        {
            "--source-key": Option("source_key", str, repeats=True),
            "--signer": Option("signer", str),
            "--min-bits": Option("min_bits", _bits),
            **_both("--year", "-y", option=Option("year", _year)),
            **_both("--method", "-m", option=Option("method", _METHOD)),
            **_both("--pooling", "-p", option=Option("pooling", _POOLING)),
            "--timezone": Option("timezone", str),
            "--currency": Option("currency", str),
            "--circuit": Option("circuit", str, repeats=True),
            "--nonce": Option("nonce", str),
            "--audience": Option("audience", str),
            "--policy": Option("policy", _path),
            "--allow-other-sources": Option("others"),
            "--page": Option("page", str, repeats=True),
            "--account": Option("account", str, repeats=True),
            "--first": Option("first"),
            "--standing": Option("standing", str),
            "--max-declared": Option("max_declared", _count),
            "--max-unexplained": Option("max_unexplained", _count),
            "--max-gone": Option("max_gone", _count),
            "--max-by-window": Option("max_by_window", _count),
            "--max-in-transit": Option("max_in_transit", _count),
            "--need-refs": Option("need_refs"),
            "--json": Option("json"),
        },
        frozenset(),
        _verify,
        several=True,
    ),
    "prove": Command(
        "opening",
        {
            **_both("--year", "-y", option=Option("year", _year)),
            **_both("--method", "-m", option=Option("method", _METHOD)),
            **_both("--output", "-o", option=Option("package", _path)),
            **_both("--pooling", "-p", option=Option("pooling", _POOLING)),
            "--timezone": Option("timezone", str),
            "--regime": Option("regime", _word(DEFAULT_REGIME)),
            "--nonce": Option("nonce", str),
            "--audience": Option("audience", str),
            "--size": Option("size", str),
            "--verify": Option("verify"),
            "--no-verify": Option("verify", value=False),
            "--check": Option("check"),
            "--book": Option("book", _path),
            "--first": Option("first"),
            "--carry-in": Option("carry_in", _path),
            "--carry-out": Option("carry_out", _path),
            "--method-of": Option("method_of", str, repeats=True),
            "--covered-from": Option("covered_from", str),
            "--signed": Option("signed", _path, repeats=True),
            "--no-passphrase": Option("none"),
            "--passphrase-file": Option("passphrase_file", _path),
            "--passphrase-fd": Option("passphrase_fd", _descriptor),
            "--force": Option("force"),
            "--json": Option("json"),
        },
        frozenset({"year", "method"}),
        _prove,
        several=True,
    ),
}
