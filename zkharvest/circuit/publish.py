"""What is published of a circuit: the frozen description, its statement in English, its size, its soundness.

`python -m zkharvest.circuit.publish` writes `circuits/lot-machine/v1/`. An existing version with other bytes is kept:
what has been released is never changed, a new version is a new folder (`--unreleased` overrides this while a
version has not been released).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.lot_machine.v1.definition import define
from zkharvest.circuit.lot_machine.v1.statement import PUBLIC_DATA, STATEMENT
from zkharvest.circuit.security import markdown, report
from zkharvest.verifier.description_reader import read_description

EXTENSION = 5


def documents() -> dict[str, bytes]:
    """File name -> content, for the current definition."""
    circuit, _ = define()
    frozen = circuit.freeze()
    return {
        "circuit.json": frozen,
        "README.md": _readme(circuit, frozen).encode(),
        "SECURITY.md": security_document(frozen),
        "STATS.json": (json.dumps(_stats(circuit, frozen), indent=1) + "\n").encode(),
    }


def security_document(frozen: bytes) -> bytes:
    """SECURITY.md of a frozen description."""
    return markdown(report(read_description(frozen))).encode()


def publish(folder: Path, *, unreleased: bool = False) -> list[str]:
    """Write the documents; returns the names of files that changed.

    Raises FileExistsError if a released description would change.
    """
    changed = []
    for name, content in documents().items():
        path = folder / name
        if path.exists() and path.read_bytes() == content:
            continue
        if name == "circuit.json" and path.exists() and not unreleased:
            raise FileExistsError(f"{path} is frozen; a changed circuit is a new version")
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        changed.append(name)
    return changed


def _stats(circuit: Circuit, frozen: bytes) -> dict[str, Any]:
    compiled = circuit.compile()
    tables = {t["name"]: _table_stats(t) for t in compiled["tables"]}
    cells = sum(t["columns"] + t["auxiliary"] for t in tables.values())
    return {
        "digest": hashlib.sha256(frozen).hexdigest(),
        "columns": cells,
        "constraints": sum(t["constraints"] for t in tables.values()),
        "degree": circuit.degree,
        "tables": tables,
    }


def _table_stats(table: Mapping[str, Any]) -> dict[str, int]:
    groups = len(table["groups"])
    return {
        "columns": len(table["columns"]),
        "public_columns": len(table["public_columns"]),
        "auxiliary": EXTENSION * (groups + 1),
        "constraints": len(table["constraints"]) + groups + 1,
        "interactions": len(table["interactions"]),
        "nodes": len(table["nodes"]),
    }


def _readme(circuit: Circuit, frozen: bytes) -> str:
    lines = [
        f"# {circuit.name}/v{circuit.version}",
        "",
        f"SHA-256 of `circuit.json`: `{hashlib.sha256(frozen).hexdigest()}`. Written from the definition; do not edit.",
        "",
        "## Statement",
        "",
        STATEMENT,
        "## Public data",
        "",
        PUBLIC_DATA,
        "## Buses",
        "",
        *(f"{b.number}. `{b.name}`, {b.width} elements" for b in circuit.buses),
        "",
    ]
    number = 0
    for table in circuit.tables:
        lines += [f"## Table `{table.name}`", "", f"{table.note[0].upper()}{table.note[1:]}.", ""]
        lines += [f"{len(table.columns)} columns: {_columns(table)}.", ""]
        for c in table.constraints:
            where = "" if c.where == "all" else f" ({c.where})"
            lines.append(f"{number}. `{c.name}`{where}: {c.note}.")
            number += 1
        lines.append("")
        for i in table.interactions:
            verb = "sends to" if i.sign > 0 else "receives from"
            lines.append(f"- {verb} `{i.bus.name}` (degree {i.degree}, multiplicity of degree {i.mult.degree})")
        lines += [f"- {len(table.groups())} groups, {len(table.tallies)} tallies", ""]
    return "\n".join(lines)


def _columns(table: Table) -> str:
    """Names, with runs of numbered ones drawn together."""
    out: list[tuple[str, int]] = []
    for c in table.columns:
        stem = c.name.rstrip("0123456789")
        if out and out[-1][0] == stem and c.name != stem:
            out[-1] = (stem, out[-1][1] + 1)
        else:
            out.append((stem if c.name != stem else c.name, 1))
    return ", ".join(f"`{stem}` x{count}" if count > 1 else f"`{stem}`" for stem, count in out)


def main() -> None:
    """Write the folder of the current version."""
    circuit, _ = define()
    folder = Path(__file__).parents[2] / "circuits" / circuit.name / f"v{circuit.version}"
    for name in publish(folder, unreleased="--unreleased" in sys.argv):
        sys.stdout.write(f"{folder / name}\n")


if __name__ == "__main__":
    main()
