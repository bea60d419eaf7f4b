"""Options that several commands share, spelled and explained once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from zkharvest.ledger.rules import Method, Pooling
from zkharvest.spec import FIRST_YEAR, LAST_YEAR

Trades = Annotated[Path, typer.Argument(metavar="TRADES.csv", help="Canonical trades CSV.")]
Package = Annotated[Path, typer.Argument(metavar="PACKAGE.zkh", help="Audit package.")]

Packages = Annotated[
    list[Path], typer.Argument(metavar="PACKAGE.zkh...", help="Audit package; those of a chain of years, in order.")
]

MethodOption = Annotated[Method, typer.Option("--method", "-m", help="Which lot a disposal takes first.")]
PoolingOption = Annotated[Pooling, typer.Option("--pooling", "-p", help="Lots are pooled by wallet, or all together.")]
AnyMethod = Annotated[
    Method | None,
    typer.Option("--method", "-m", help="Which lot a disposal takes first (where the law leaves a choice)."),
]
AnyPooling = Annotated[
    Pooling | None,
    typer.Option("--pooling", "-p", help="Lots of one wallet together, or of all; default: the regime's."),
]
AnyZone = Annotated[
    str | None, typer.Option("--timezone", metavar="ZONE", help="The taxpayer's time zone; default: the regime's.")
]
RegimeOption = Annotated[
    str, typer.Option("--regime", metavar="COUNTRY", help="Whose rules: us, uk, canada, or average (average cost).")
]


def _provable(regime: str) -> str:
    from zkharvest.ledger.regimes import find_provable

    return find_provable(regime).name


ProvenRegime = Annotated[
    str,
    typer.Option(
        "--regime",
        metavar="COUNTRY",
        help="Country whose rules apply; only us can be proven.",
        callback=_provable,
        is_eager=True,  # before a method is asked for, which another country may not have
    ),
]
YearOption = Annotated[int, typer.Option("--year", "-y", min=FIRST_YEAR, max=LAST_YEAR, help="Tax year.")]
ZoneOption = Annotated[str, typer.Option("--timezone", metavar="ZONE", help="The taxpayer's time zone, an IANA name.")]

Currency = Annotated[str, typer.Option("--currency", metavar="CODE", help="Reporting currency.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that exists.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is standard output.")]
OptionalOutput = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write; - is standard output.")
]
StatedCurrency = Annotated[
    str | None,
    typer.Option("--currency", metavar="CODE", help="Currency of all amounts, where the file does not state it."),
]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", metavar="FILE", help="Passphrase: the one line of this file.")
]
PassphraseFd = Annotated[
    int | None, typer.Option("--passphrase-fd", metavar="N", min=0, help="Passphrase: a line from this descriptor.")
]
NoPassphrase = Annotated[bool, typer.Option("--no-passphrase", help="Leave the secret on the disk unencrypted.")]


class DateOrder(StrEnum):
    """What comes first in dates of digits."""

    DAY = "dmy"
    MONTH = "mdy"
    YEAR = "ymd"
