"""The harvest: find the losses, keep the exposure, know what it costs, leave the record that the proof is made from."""

from __future__ import annotations

import typer

from zkharvest.cli import reentry
from zkharvest.cli.help import Group

harvest = typer.Typer(
    cls=Group,
    help="Estimates, never proofs: losses worth taking, what they cost, the orders, and their record.",
    no_args_is_help=True,
)

harvest.command("match")(reentry.match)
