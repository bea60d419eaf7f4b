"""What a developer does: look at the frozen circuits, run the vectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output, show
from zkharvest.cli.help import Group
from zkharvest.cli.options import Json
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import answers
from zkharvest.errors import UsageError

if TYPE_CHECKING:
    from zkharvest.verifier.circuits import Pinned

circuits = typer.Typer(cls=Group, help="The frozen circuits that this program knows.", no_args_is_help=True)

CircuitId = Annotated[str, typer.Argument(metavar="ID", help="As circuits list prints it, e.g. lot-machine/v2.")]


def vectors(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder of vectors; default: those that came along.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--only", "-k", metavar="NAME", help="Only those whose path contains or matches this.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Write the packages there instead of running them.")
    ] = None,
    json: Json = False,
) -> ExitCode:
    """Run the published vectors: known answers, worked ledgers, packages to accept and to reject."""
    from zkharvest.conformance.vectors import find_vectors, run_vectors, write_packages

    answers()
    root = directory or find_vectors()
    if write is not None:
        count = write_packages(root, write)
        output.note(f"{write}: {count} packages, each with its policy and what is expected")
        return ExitCode.DONE
    with output.progress("vectors") as step:
        results = run_vectors(root, only, step)
    left_out = [result for result in results if result.left_out]
    if len(left_out) == len(results):
        raise UsageError(f"none of these vectors can be run: {left_out[0].detail}", "pip install 'zkharvest[prove]'")
    failed = [result for result in results if not result.ok and not result.left_out]
    passed = len(results) - len(failed) - len(left_out)
    if json:
        shown = [
            {"name": r.name, "kind": r.kind, "ok": r.ok, "left_out": r.left_out, "detail": r.detail} for r in results
        ]
        counts = {"passed": passed, "failed": len(failed), "left_out": len(left_out)}
        output.json_object("zkharvest/vectors/1", {**counts, "vectors": shown})
    else:
        for result in failed:
            output.data(output.paint("FAIL", "red"), f"  {result.name}: {result.detail}")
        for kind in dict.fromkeys(result.kind for result in results):
            of_kind = [result for result in results if result.kind == kind]
            out, passed = sum(result.left_out for result in of_kind), sum(result.ok for result in of_kind)
            more = f", {out} left out" if out else ""
            output.data(f"{kind}: {passed} passed, {len(of_kind) - passed - out} failed{more}")
    if left_out:
        output.warning(
            f"{len(left_out)} vectors were left out: they check the prover, which is not installed",
            "pip install 'zkharvest[prove]'",
        )
    return ExitCode.REJECTED if failed else ExitCode.DONE


@circuits.command("list")
def circuits_list(json: Json = False) -> ExitCode:
    """Ids, standing and digests."""
    from zkharvest.verifier.circuits import PINNED

    if json:
        shown = [{"id": p.id, "digest": p.digest, "status": p.status, "note": p.note} for p in PINNED]
        output.json_object("zkharvest/circuits/1", {"circuits": shown})
    else:
        output.table(("circuit", "status", "sha256"), [(p.id, p.status, p.digest) for p in PINNED])
    return ExitCode.DONE


@circuits.command("show")
def circuits_show(
    circuit: CircuitId,
    security: Annotated[
        bool, typer.Option("--security", help="Instead: how well it is proven, term by term, at every height.")
    ] = False,
    json: Json = False,
) -> ExitCode:
    """What a circuit proves, in English with its numbered constraints; --json gives the frozen description."""
    from zkharvest.verifier.circuits import folder, load

    pinned = _pinned(circuit)
    description = load(pinned)  # refuses a description that was altered
    if security:
        from zkharvest.circuit.security import report

        found = report(description)
        if json:
            output.json_object("zkharvest/circuit-security/1", found)
        else:
            show.soundness(found)
        return ExitCode.DONE
    place = folder() / pinned.id
    if json:
        output.document((place / "circuit.json").read_text(encoding="utf-8"))
    else:
        output.document((place / "README.md").read_text(encoding="utf-8"))
    return ExitCode.DONE


@circuits.command("check")
def circuits_check(json: Json = False) -> ExitCode:
    """Check the frozen files against their pinned digests, and the defined circuits against their definitions."""
    from zkharvest.conformance.frozen import check_circuits

    with output.progress("checking circuits"):
        faults = check_circuits()
    if json:
        output.json_object("zkharvest/circuits-check/1", {"ok": not any(faults.values()), "circuits": faults})
    else:
        for name, fault in faults.items():
            output.data(f"{name}: {fault or 'as pinned'}")
    return ExitCode.REJECTED if any(faults.values()) else ExitCode.DONE


def _pinned(circuit: str) -> Pinned:
    from zkharvest.verifier.circuits import PINNED

    for pinned in PINNED:
        if pinned.id == circuit:
            return pinned
    raise UsageError(f'"{circuit}" is not a circuit of this program', f"it knows {', '.join(p.id for p in PINNED)}")
