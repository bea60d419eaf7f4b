"""Two packages, `zkharvest.prove` and `zkharvest.verify`, are named like what people call; so they can be called."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _Verb(ModuleType):
    """A package that can be called: it passes the call on to the function of its own name in another module."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        place = importlib.import_module(self.__dict__["_place"])
        return getattr(place, self.__name__.rpartition(".")[2])(*args, **kwargs)


def make_callable(package: str, place: str) -> None:
    """Let calls of the package go to the function of its name in the module `place`, imported at the first call."""
    module = importlib.import_module(package)
    module.__class__ = _Verb
    module.__dict__["_place"] = place
