"""What a developer does: look at the frozen circuits, run the vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.help import Group
from zkharvest.cli.options import Json
from zkharvest.cli.output import ExitCode

circuits = typer.Typer(cls=Group, help="The frozen circuits that this program knows.", no_args_is_help=True)


def vectors(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder of vectors; default: those that came along.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", "-k", metavar="NAME", help="Only those whose path contains or matches this.")
    ] = None,
    json: Json = False,
) -> ExitCode:
    """Run the published vectors: known answers, worked ledgers, packages to accept and to reject."""
    from zkharvest.audit.vectors import find_vectors, run_vectors

    root = directory or find_vectors()
    with output.progress("vectors") as step:
        results = run_vectors(root, only, step)
    failed = [result for result in results if not result.ok]
    if json:
        shown = [{"name": r.name, "kind": r.kind, "ok": r.ok, "detail": r.detail} for r in results]
        output.json_object(
            "zkharvest/vectors/1", {"passed": len(results) - len(failed), "failed": len(failed), "vectors": shown}
        )
    else:
        for result in failed:
            output.data(f"{output.paint('FAIL', 'red')}  {result.name}: {result.detail}")
        kinds = sorted({result.kind for result in results})
        counts = ", ".join(f"{sum(r.kind == kind for r in results)} {kind}" for kind in kinds)
        output.data(f"{len(results) - len(failed)} passed, {len(failed)} failed")
        output.note(f"{root}: {counts}")
    return ExitCode.REJECTED if failed else ExitCode.DONE
