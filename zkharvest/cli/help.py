"""The list of commands in `--help`: plain text, in groups by person, subcommands beside their kin.

Plain, because it is read in terminals, READMEs and by screen readers alike, and loads in half the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.core import TyperGroup

TAXPAYER, VENUE, AUDITOR, DEVELOPER = (
    "Taxpayer",
    "Venue (preview: lot-machine/v2 may still change)",
    "Auditor",
    "Developer",
)
_FLOW = (
    *(
        "trades",
        "ledger",
        "explain",
        "report",
        "batch",
        "harvest",
        "commit",
        "prove",
        "keygen",
        "attest",
        "secret",
        "page",
    ),
    *("verify", "inspect", "circuits", "vectors"),
)


class Group(TyperGroup):
    """A group of commands whose help lists every command below it, under the heading of its `rich_help_panel`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the lists of commands."""
        panels: dict[str, list[tuple[str, str]]] = {}
        for name in sorted(self.commands, key=lambda name: _FLOW.index(name) if name in _FLOW else 0):
            command = self.commands[name]
            heading = getattr(command, "rich_help_panel", None)
            panels.setdefault(heading if isinstance(heading, str) else "Commands", []).extend(_leaves(name, command))
        for heading, rows in panels.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def _leaves(name: str, command: Any) -> Iterator[tuple[str, str]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command.get_short_help_str(limit=200).rstrip(".")
    else:
        for part, leaf in below.items():
            yield from _leaves(f"{name} {part}", leaf)
