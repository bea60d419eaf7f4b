"""Which packages of links `make_chains.py` makes: their years, pages, lies, and what an auditor is told of them.

What a header expects of the figures is worked by hand, or by the second ledger (`ledger_oracle.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ledger_oracle as oracle
from making import VECTORS

from zkharvest.ledger.rules import Method, Pooling

FOLDER = VECTORS / "accept" / "lot-machine-v2"
ZONE = "America/New_York"
KRAKEN, WALLET = ("kraken", "K-alice"), ("nano", "nano-s")
JULY = 1719806400000  # 2024-07-01 in New York

HIFO, FIFO = Method.HIFO, Method.FIFO

# What an auditor is told, in dollars. 2024 sells the dearer coin, of April, short term; 2025 sells half of what is left
# of January's under FIFO, and spends a tenth of a coin that went from there to the wallet: basis 20,010 a coin.
SHORT_2024 = {"short.loss": "10055.00", "net": "-10055.00", "proceeds": "49975.00", "basis": "60030.00"}
LONG_2025 = {"long.gain": "42994.00", "net": "42994.00", "proceeds": "55000.00", "basis": "12006.00"}
# FIFO from the beginning: in 2024 January's coin is sold and half of April's moved, so that 2025 sells April's.
FROM_GENESIS = {"long.gain": "18982.00", "net": "18982.00", "proceeds": "55000.00", "basis": "36018.00"}


@dataclass(frozen=True)
class Wanted:
    """A package to make: years of pages, each under its method."""

    name: str
    about: str
    years: tuple[tuple[int, Method], ...]
    first: int = 2024  # the year of the first pages
    wallet: str = "wallet.csv"
    after: str = ""  # the package whose standing is carried in, which then is given before this one
    ends: int | None = None  # where the window ends, if not with the year
    preset: str = "test"
    signed: bool = True  # by the sources, over their newest pages, and by the taxpayer
    totals: tuple[Mapping[str, str], ...] = ()
    counters: Mapping[str, int] | None = None
    policy: Mapping[str, Any] | None = None
    audience: str = ""
    folder: str = "accept/lot-machine-v2"
    lie: Callable[[dict[str, Any]], None] | None = None  # of the statement, before it is proven
    pooling: Pooling = Pooling.WALLET
    venues: tuple[str, ...] = ()  # instead of the two sources: files LEDGER-VENUE.csv, with one page of all years each
    ledger: str = "wallet.csv"
    zone: str = ZONE
    salts: str = ""  # those of another package, whose standing is then carried out


def net_a_cent_more(statement: dict[str, Any]) -> None:
    """As a taxpayer would: the loss a cent larger, in the net and by itself."""
    for figure in statement["figures"]:
        if figure["level"] == "NET":
            figure["values"]["units"] = str(int(figure["values"]["units"]) - 10**6)


def another_method(statement: dict[str, Any]) -> None:
    """What was worked under HIFO is said to be FIFO's."""
    statement["method"] = "fifo"


def in_zone(name: str) -> Callable[[dict[str, Any]], None]:
    """New York's days are said to be another zone's."""

    def tell(statement: dict[str, Any]) -> None:
        statement["timezone"] = name

    return tell


def later(*runs: list[int]) -> Callable[[dict[str, Any]], None]:
    """Days behind the tax year begin when they do not in New York; the circuit is shown them, and no lot needs them."""

    def tell(statement: dict[str, Any]) -> None:
        offsets = statement["calendar"]["offsets"]
        first = runs[0][0]
        offsets[:] = [
            *(run for run in offsets if run[0] < first),
            *runs,
            *(run for run in offsets if run[0] > runs[-1][0]),
        ]

    return tell


VENUES = ("coinbase", "deribit", "kraken")


def by_method(method: Method, pooling: Pooling) -> Wanted:
    """A ledger of options, shorts, moves, fees and parts of lots; what its year comes to is the second ledger's."""
    return Wanted(
        f"{method.value}-{pooling.value}",
        f"{method.value}, {pooling.value} pooling: options, shorts, moves and lots in parts, from the beginning",
        ((2025, method),),
        first=2023,
        signed=False,
        totals=(in_dollars("small.csv", method.value, pooling.value, 2025),),
        pooling=pooling,
        venues=VENUES,
        ledger="small.csv",
        policy={"pooling": pooling.value},
    )


def in_dollars(ledger: str, method: str, pooling: str, year: int, zone: str = ZONE) -> dict[str, str]:
    """What the second ledger says of a year, by the names of a verdict's totals."""
    sums = oracle.shown(oracle.totals(oracle.load(FOLDER / ledger), method, pooling, zone, year))
    names = {"proceeds": "proceeds", "basis": "basis", "net": "net"}
    names |= {f"{term}_term_{result}": f"{term}.{result}" for term in ("short", "long") for result in ("gain", "loss")}
    return {names[name]: value for name, value in sums.items() if name in names}


WANTED = [
    Wanted(
        "two-years",
        "2024 under HIFO, 2025 under FIFO, one package; signed by both sources, one with each scheme, and the taxpayer",
        ((2024, HIFO), (2025, FIFO)),
        totals=(SHORT_2024, LONG_2025),
        audience="tax office of the example",
    ),
    Wanted("2024", "2024 under HIFO; signed by both sources", ((2024, HIFO),), totals=(SHORT_2024,)),
    Wanted(
        "2025",
        "2025 under FIFO, from the standing at which 2024 ended: a second package of one chain",
        ((2025, FIFO),),
        after="2024",
        signed=False,
        totals=(SHORT_2024, LONG_2025),
    ),
    Wanted(
        "balanced",
        "2024 under the parameter set that real policy wants: 128 bits",
        ((2024, HIFO),),
        preset="balanced",
        signed=False,
        totals=(SHORT_2024,),
    ),
    Wanted(
        "small",
        "2024 under the parameter set for fewer bytes, eight columns a stack",
        ((2024, HIFO),),
        preset="small",
        signed=False,
        totals=(SHORT_2024,),
        policy={"circuits": ["lot-machine/v1", "lot-machine/v2"], "min_bits": 128},
    ),
    Wanted(
        "fifo-from-genesis",
        "2025 under FIFO, with 2024 worked under FIFO too and not counted: true, and another history than 2024's own",
        ((2025, FIFO),),
        signed=False,
        totals=(FROM_GENESIS,),
    ),
    *(by_method(method, pooling) for method in Method for pooling in Pooling),
    Wanted(
        "negative-proceeds",
        "fees larger than all amounts: the sum of the proceeds is below zero",
        ((2025, FIFO),),
        signed=False,
        totals=(in_dollars("dust.csv", "fifo", "wallet", 2025),),
        venues=("wallet",),
        ledger="dust.csv",
    ),
    Wanted(
        "skipped-day",
        "December 30, 2011 did not exist in Apia: a lot of December 29, 2010 is long term as the 31st begins",
        ((2011, FIFO),),
        first=2010,
        signed=False,
        totals=(in_dollars("apia.csv", "fifo", "wallet", 2011, "Pacific/Apia"),),
        venues=("wallet",),
        ledger="apia.csv",
        zone="Pacific/Apia",
    ),
    Wanted(
        "another-name",
        "the coin that arrives at the wallet has another name there: nobody received one, nobody explains the other",
        ((2024, HIFO),),
        wallet="wallet-another-name.csv",
        signed=False,
        totals=(SHORT_2024,),
        counters={"gone": 1, "unexplained": 1},
        policy={"max_declared": None, "max_unexplained": None, "max_gone": None},
    ),
    Wanted(
        "half-a-year",
        "2024 up to July: one venue's page ends there",
        ((2024, HIFO),),
        ends=JULY,
        folder="reject/policy",
    ),
    Wanted(
        "rest-of-a-year",
        "2024 from July on, from the standing in the middle of the year",
        ((2024, HIFO),),
        after="half-a-year",
        signed=False,
        folder="reject/policy",
    ),
    Wanted(
        "net-a-cent-more",
        "the net loss of 2024 a cent more, and proven all the same",
        ((2024, HIFO),),
        signed=False,
        folder="reject/constraints",
        lie=net_a_cent_more,
    ),
    Wanted(
        "fifo-for-hifo",
        "2024 worked under HIFO, stated as FIFO",
        ((2024, HIFO),),
        signed=False,
        folder="reject/constraints",
        policy={"method": "fifo"},
        lie=another_method,
    ),
    Wanted(
        "days-of-another-zone",
        "New York's days for Chicago",
        ((2024, HIFO),),
        signed=False,
        folder="reject/statement",
        lie=in_zone("America/Chicago"),
    ),
    Wanted(
        "zone-of-no-machine",
        "a zone that no machine knows",
        ((2024, HIFO),),
        folder="reject/statement",
        lie=in_zone("Mars/Olympus"),
    ),
    Wanted(
        "later-days",
        "2024, made before New York's clocks changed for January 2, 2026: such a day is reported, and decides nothing",
        ((2024, HIFO),),
        signed=False,
        totals=(SHORT_2024,),
        lie=later([732, -14400]),
        salts="2024",
    ),
    Wanted(
        "later-day-that-is-past",
        "2024, with January 1, 2026 at another offset, which a year later is a day of the chain",
        ((2024, HIFO),),
        signed=False,
        folder="reject/statement",
        lie=later([731, -14400], [732, -18000]),
        salts="2024",
    ),
    Wanted(
        "later-day-of-no-offset",
        "2024, with a later day at an offset that New York did not have",
        ((2024, HIFO),),
        signed=False,
        folder="reject/statement",
        lie=later([732, -14460]),
    ),
    Wanted(
        "day-behind-the-year",
        "2024, with the day on which it ends at another offset",
        ((2024, HIFO),),
        signed=False,
        folder="reject/statement",
        lie=later([366, -21600], [367, -18000]),
    ),
]
