"""How verdicts and packages are laid out for a person."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.verifier.chain_words import instant_text
from zkharvest.verifier.text import named, quoted

if TYPE_CHECKING:
    from zkharvest.verifier.chain_verdict import ChainVerdict

HEAD = {"accepted": ("VERIFIED", "green"), "rejected": ("REJECTED", "red"), "undecided": ("UNDECIDED", "yellow")}
Rows = list[tuple[str, str | Sequence[str]]]
_INSTANTS = frozenset({"from", "to", "instant"})  # in milliseconds
_WIDTH = 79  # of running text
POOLING = {"wallet": "per wallet", "universal": "all wallets together"}


def exit_code(verdict: ChainVerdict) -> ExitCode:
    """The exit code of a verdict. Another kind of file is a usage error; what begins like a package gets a verdict."""
    if verdict.reason == "package/magic":
        return ExitCode.USAGE
    return {"accepted": ExitCode.DONE, "rejected": ExitCode.REJECTED}.get(verdict.verdict, ExitCode.UNDECIDED)


def security(level: Mapping[str, Any]) -> str:
    """How well a proof of this shape proves what it says."""
    return f"{level['bits']} bits proven"


def file_fields(shown: Mapping[str, Any]) -> Rows:
    """The lines of a file that is not a package; commitments as `commit` prints them."""
    rows: Rows = []
    for name, value in shown.items():
        if name == "sources":
            rows.append(("commitments", [f"{named(entry['id'])}={entry['root']}" for entry in value]))
        elif name == "signatures":
            rows.append((name, [f"{entry['scheme']} {entry['key']}" for entry in value] or "none"))
        elif name == "accounts":
            rows.append((name, [line for entry in value for line in _account(entry)] or "none"))
        elif isinstance(value, Mapping):
            rows += [(str(key), _text(str(key), one)) for key, one in value.items() if one is not None]
        elif value is not None:
            rows.append((name, _text(name, value)))
    return rows


def _account(entry: Mapping[str, Any]) -> Iterator[str]:
    """Where a standing leaves an account: its last page, then that page's id."""
    state = ", closed" if entry["final"] else ""
    label = f"{named(entry['source'])} {named(entry['account'])}"
    yield f"{label}, page {entry['number']}, to {instant_text(entry['end'])}{state}"
    yield f"  {entry['page']}"


def _text(name: str, value: object) -> str:
    """A value of a file's header for a person: instants as times, flags as words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return instant_text(value) if name in _INSTANTS and isinstance(value, int) else str(value)


def soundness(report: Mapping[str, Any]) -> None:
    """Print a circuit's soundness report: a block for every preset, a table for each regime."""
    from zkharvest.circuit.security import blocks, grinding, heading

    output.data(
        f"{report['circuit']}: ", output.paint(f"at least {report['bits']:g} bits", "green"), " at every height"
    )
    for line in (report["claim"], *report["assumptions"]):
        output.document(textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  "))
    for preset in report["presets"]:
        output.data()
        output.data(output.paint(heading(preset), "bold"))
        output.data(grinding(preset))
        for title, head, rows in blocks(preset):
            output.data()
            output.data(f"{title}:")
            output.table(head, rows, right=range(2, len(head)))


def money(text: str) -> str:
    """Exact decimal text with the thousands set apart, and without zeros beyond the cents: 1,234.50."""
    whole, _, fraction = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}.{fraction.rstrip('0'):0<2}"


def parse_hex(text: str, name: str) -> bytes:
    """Bytes written in hex, at least one; `name` is the option, for the error.

    An empty value is refused: an unset variable of a script must not turn an expectation off.
    """
    try:
        if found := bytes.fromhex(text):
            return found
    except ValueError:
        pass
    raise UsageError(f"{name}: {quoted(text)} is not hexadecimal", "give pairs of the digits 0-9 and a-f")
