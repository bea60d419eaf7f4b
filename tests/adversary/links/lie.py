"""What a lie about links is: its number in the design's list, the package that tells it, and what must stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.adversary.links.forgery import Told, package
from zkharvest.verifier.chain_package import ChainPackage
from zkharvest.verifier.rejections import Reason

QUOTIENT, BALANCE = Reason.QUOTIENT, Reason.BALANCE


@dataclass(frozen=True)
class Case:
    """The lying link, the packages in which it is handed over, and what the reader expects of them."""

    told: Told
    packages: tuple[ChainPackage, ...]
    policy: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lie:
    """`faults`: what of the circuit the lie breaks; nothing where the proof holds and the statement's rules stop it.

    A fault "table.*" is any constraint of that table.
    """

    number: int
    name: str
    make: Callable[[], Case]
    reason: Reason
    faults: frozenset[str] = frozenset()
    module: str = ""

    def stopped_by(self, found: set[str]) -> bool:
        """Whether what was found broken is what is meant."""
        tables = tuple(fault[:-1] for fault in self.faults if fault.endswith("*"))
        named = {fault for fault in self.faults if not fault.endswith("*")}
        return bool(found) and named == {one for one in found if not (tables and one.startswith(tables))}

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


LIES: list[Lie] = []


def lie(number: int, name: str, reason: Reason, *faults: str) -> Callable[[Callable[[], Case | Told]], None]:
    """Registers a lie. A link that is told alone is handed over in a package of its own."""

    def add(make: Callable[[], Case | Told]) -> None:
        def case() -> Case:
            made = make()
            return made if isinstance(made, Case) else Case(made, (package(made),))

        LIES.append(Lie(number, name, case, reason, frozenset(faults), make.__module__))

    return add


def after(*before: Told) -> Callable[[Told], Case]:
    """The case of a link that is handed over behind others, each in a package of its own."""
    return lambda made: Case(made, tuple(package(one) for one in (*before, made)))
