"""What is published of a circuit: the frozen description, its statement in English, its formulas, size and soundness.

`python -m zkharvest.circuit.publish` writes the folder of every circuit in `definitions`. A `circuit.json` that is
there with other bytes is kept: what has been released is never changed, a new version is a new folder (`--unreleased`
overrides this while a version has not been released).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zkharvest.circuit.builder import Circuit, Table
from zkharvest.circuit.definitions import DEFINITIONS, Definition
from zkharvest.circuit.formulas import document as formulas
from zkharvest.circuit.security import markdown, report
from zkharvest.verifier.description_reader import read_description

EXTENSION = 5


def documents(definition: Definition) -> dict[str, bytes]:
    """File name -> content, built anew from a definition."""
    circuit = definition.build()
    frozen = circuit.freeze()
    return {
        "circuit.json": frozen,
        "README.md": _readme(definition, circuit, frozen).encode(),
        "FORMULAS.md": formulas(frozen).encode(),
        "SECURITY.md": security_document(frozen),
        "STATS.json": (json.dumps(_stats(circuit, frozen), indent=1) + "\n").encode(),
    }


def security_document(frozen: bytes) -> bytes:
    """SECURITY.md of a frozen description."""
    return markdown(report(read_description(frozen))).encode()


def publish(definition: Definition, folder: Path, *, unreleased: bool = False) -> list[str]:
    """Write the documents of a circuit; returns the names of files that changed.

    Raises FileExistsError if a released description would change.
    """
    changed = []
    for name, content in documents(definition).items():
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


def _readme(definition: Definition, circuit: Circuit, frozen: bytes) -> str:
    lines = [
        f"# {definition.id}",
        "",
        f"SHA-256 of `circuit.json`: `{hashlib.sha256(frozen).hexdigest()}`. Written from the definition; do not edit.",
        "",
        "[FORMULAS.md](FORMULAS.md) has every constraint and message as a formula, [ARGUMENT.md](ARGUMENT.md) why they",
        "suffice, [SECURITY.md](SECURITY.md) the bits of a proof.",
        "",
        "## Statement",
        "",
        definition.statement,
        "## Public data",
        "",
        definition.public_data,
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
            verb = {1: "posts to", -1: "collects from"}[i.sign] if i.weights else verb
            what = f"{len(i.weights)} weights" if i.weights else "multiplicity"
            lines.append(f"- {verb} `{i.bus.name}` (degree {i.degree}, {what} of degree {i.numerator_degree})")
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
    """Write the folder of every circuit."""
    for definition in DEFINITIONS:
        folder = Path(__file__).parents[2] / "circuits" / definition.id
        for name in publish(definition, folder, unreleased="--unreleased" in sys.argv):
            sys.stdout.write(f"{folder / name}\n")


if __name__ == "__main__":
    main()
