"""Forge a package of links, as the examples show that one cannot: `tamper.py cent|page PACKAGE.zkh OUT.zkh`.

`cent` changes a cent of the first figure that is not 0. `page` leaves a page of the middle out of every statement.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from zkharvest.verifier.chain_package import ChainPackage, decode_chain_package

CENT = 10**6


def forge(package: ChainPackage, how: str) -> ChainPackage:
    """The package with its first link's statement changed."""
    first = package.parts[0]
    changed = {"cent": _cent, "page": _page}[how](first.statement)
    return replace(package, parts=(replace(first, statement=changed), *package.parts[1:]))


def _cent(statement: dict[str, Any]) -> dict[str, Any]:
    """The net gain a cent lower."""
    figures = [
        {**one, "values": {**one["values"], "units": str(int(one["values"]["units"]) - CENT)}}
        if one["level"] == "NET"
        else one
        for one in statement["figures"]
    ]
    return {**statement, "figures": figures}


def _page(statement: dict[str, Any]) -> dict[str, Any]:
    """Without the second page of the first account."""
    pages = list(statement["pages"])
    place = next(n for n, page in enumerate(pages) if n and page["account"] == pages[n - 1]["account"])
    return {**statement, "pages": pages[:place] + pages[place + 1 :]}


if __name__ == "__main__":
    _, kind, source, target = sys.argv
    forged = forge(decode_chain_package(Path(source).read_bytes()), kind)
    Path(target).write_bytes(forged.encode())
