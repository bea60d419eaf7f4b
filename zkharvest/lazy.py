"""Names of a package that are loaded when they are first used: whoever reads a part need not load the rest."""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def loader(package: str, places: Mapping[str, str]) -> Callable[[str], object]:
    """A package's `__getattr__` (PEP 562): `places` says in which module each name stands.

    AttributeError for any other name, as for a module without lazy names.
    """

    def load(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        import importlib

        return getattr(importlib.import_module(places[name]), name)

    return load
