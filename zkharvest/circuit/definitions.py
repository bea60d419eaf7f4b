"""The circuits that this program can define: publishing and checking them go through this list.

A new version is a folder of its own (`lot_machine/v3/`) and an entry here; an old entry stays as long as its definition
does, and the frozen description stays for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.lot_machine.v2 import definition as v2
from zkharvest.circuit.lot_machine.v2 import statement as v2_statement


@dataclass(frozen=True, slots=True)
class Definition:
    """A circuit's definition: `build` makes it anew; `statement` and `public_data` say in English what it proves."""

    name: str
    version: int
    build: Callable[[], Circuit]
    statement: str
    public_data: str

    @property
    def id(self) -> str:
        """As statements name it, and the folder of its documents."""
        return f"{self.name}/v{self.version}"


DEFINITIONS: tuple[Definition, ...] = (
    Definition(v2.NAME, v2.VERSION, lambda: v2.define().circuit, v2_statement.STATEMENT, v2_statement.PUBLIC_DATA),
)
