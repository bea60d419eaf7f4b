"""Options that several commands share, spelled and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from zkharvest.ledger.rules import FIRST_YEAR, LAST_YEAR, Method, Pooling

Trades = Annotated[Path, typer.Argument(metavar="TRADES.csv", help="Canonical trades CSV.")]
Package = Annotated[Path, typer.Argument(metavar="PACKAGE.zkh", help="Audit package.")]

MethodOption = Annotated[Method, typer.Option("--method", "-m", help="Which lot a disposal takes first.")]
BasisOption = Annotated[Pooling, typer.Option("--basis", "-b", help="Lots of one wallet together, or of all wallets.")]
YearOption = Annotated[int, typer.Option("--year", "-y", min=FIRST_YEAR, max=LAST_YEAR, help="Tax year.")]
ZoneOption = Annotated[str, typer.Option("--timezone", metavar="ZONE", help="The taxpayer's time zone, an IANA name.")]

Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="Reporting currency.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is standard output.")]
