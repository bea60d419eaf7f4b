"""The elections that `--method` and `--method-of` make: of years in a row, each with its method."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from zkharvest.errors import UsageError
from zkharvest.ledger.rules import Election, Method

_METHOD_OF = re.compile(r"([0-9]{4})=([a-z]+)")


def elections_of(last: Election, method_of: Sequence[str] | None) -> list[Election]:
    """The elections of all years from the first that is named to the last. Raises UsageError for what makes no sense.

    A year that is not named has the method of the last.
    """
    named: dict[int, Method] = {}
    for text in method_of or ():
        found = _METHOD_OF.fullmatch(text)
        words = [method.value for method in Method]
        if found is None or found[2] not in words:
            raise UsageError(f'--method-of: "{text[:40]}" is not YEAR=METHOD', f"methods are {', '.join(words)}")
        year = int(found[1])
        if year in named or year >= last.year:
            hint = f"each once, before {last.year}, whose method is --method"
            raise UsageError(f"--method-of: the year {year} is not one that can be named", hint)
        named[year] = Method(found[2])
    years = range(min(named, default=last.year), last.year)
    return [*(replace(last, year=year, method=named.get(year, last.method)) for year in years), last]
