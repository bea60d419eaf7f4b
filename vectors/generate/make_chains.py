"""Makes the packages of links of vectors/accept and vectors/reject, with their headers: run again whenever the circuit
changes before its release.

    python vectors/generate/make_chains.py [NAME...]

Salts, masks and keys are drawn from the package's name, so that making a package again gives the same bytes, and a diff
shows what changed. Which they are stands in `wanted_chains.py`; the pages are of CSV files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import pairwise
from typing import Any
from unittest import mock

import ledger_oracle as oracle
from making import VECTORS, reproducible, source_key
from wanted_chains import FOLDER, JULY, KRAKEN, WALLET, WANTED, ZONE, Wanted

from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar
from zkharvest.commitment.assets import load_assets
from zkharvest.conformance.kinds.recipe import taxpayer_key
from zkharvest.files.book import Book
from zkharvest.files.page_files import PageFile, PageOpening
from zkharvest.files.standings import StandingFile
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.history.decisions import Decision, Pick
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.history.records import Place
from zkharvest.ledger.regimes.us import long_from
from zkharvest.ledger.rules import Election, Method
from zkharvest.prover import stark
from zkharvest.sign.chains import sign_as_taxpayer, with_page_signatures
from zkharvest.sign.pages import sign_page
from zkharvest.trades.csv_in import load_trades
from zkharvest.verifier import circuits
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_policy import SCHEMA
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.params import PRESETS
from zkharvest.workflow import histories, links
from zkharvest.workflow.pages import Period, make_pages

SMALL = FOLDER / "small.csv"
CALENDAR = Calendar(ZONE)


# ------------------------------------------------------------------------------------------------- pages


@cache
def pages(wallet: str) -> list[tuple[str, PageOpening, PageFile]]:
    """Every page: Kraken's of two half years and of 2025, the wallet's of a year each."""
    years = [CALENDAR.year_window(year) for year in (2024, 2025)]
    (begin, middle), (_, end) = years
    found: list[tuple[str, PageOpening, PageFile]] = []
    for (source, account), file, edges in (
        (KRAKEN, "kraken.csv", (begin, JULY, middle, end)),
        (WALLET, wallet, (begin, middle, end)),
    ):
        trades, before = load_trades(FOLDER / file), None
        seed = sha256(f"zkharvest vectors seed {source}".encode()).digest()
        for number, (start, stop) in enumerate(pairwise(edges)):
            period = Period(source, start, stop, "USD")
            [made] = make_pages({account: trades}, period, seed, load_assets(), lambda _, old=before: old)
            found.append((f"{source}-{number}.zko", made.opening, made.page))
            before = made.opening.header
    return found


def pages_of_venues(one: Wanted) -> list[tuple[str, PageOpening, PageFile]]:
    """A page of each venue, from the first year to the end of the last."""
    found, calendar = [], Calendar(one.zone)
    period = (calendar.year_window(one.first)[0], calendar.year_window(one.years[-1][0])[1])
    for venue in one.venues:
        trades = load_trades(FOLDER / one.ledger.replace(".csv", f"-{venue}.csv"))
        seed = sha256(f"zkharvest vectors seed {venue}".encode()).digest()
        [made] = make_pages({"account": trades}, Period(venue, *period, "USD"), seed, load_assets(), lambda _: None)
        found.append((f"{venue}-0.zko", made.opening, made.page))
    return found


def book_of(one: Wanted) -> Book:
    """What the owner decides: under specific identification which lots each record takes, as `small.csv` has it."""
    if one.years[-1][1] is not Method.SPECIFIC:
        return Book({})
    places: dict[str, Place] = {}
    for venue in one.venues:
        for position, trade in enumerate(load_trades(FOLDER / f"small-{venue}.csv")):
            places[trade.id] = Place(venue, "account", 0, position)
    decisions = {}
    for trade in oracle.load(SMALL):
        picks = tuple(Pick(places[name], quantity) for name, quantity in trade["lots"])
        if picks and trade["id"] in places:
            decisions[places[trade["id"]]] = Decision(lots=picks)
    return Book(decisions)


def listed(one: Wanted) -> list[tuple[str, PageOpening, PageFile]]:
    """The pages that reach into the window of a package."""
    if one.venues:
        return pages_of_venues(one)
    before = next((other for other in WANTED if other.name == one.after), None)
    start = before.ends or CALENDAR.year_window(before.years[-1][0])[1] if before else CALENDAR.year_window(2024)[0]
    end = one.ends or CALENDAR.year_window(one.years[-1][0])[1]
    return [page for page in pages(one.wallet) if page[1].header.end > start and page[1].header.start < end]


def newest(one: Wanted) -> dict[str, PageFile]:
    """The last page of each source."""
    return {opening.header.source: file for _, opening, file in listed(one)}


# ------------------------------------------------------------------------------------------------- packages


def cut_short(one: Wanted) -> tuple[Any, Any]:
    """The ledger's windows, the last of which ends where it is to; the days that are listed go to the year's end."""
    windows, calendar = histories.windows_of, links.calendar_of

    def cut(*arguments: Any) -> list[Any]:
        found = windows(*arguments)
        return [*found[:-1], replace(found[-1], end=one.ends or found[-1].end)]

    def whole(window: Window, periods: Sequence[tuple[int, int]], declared: Sequence[int]) -> LinkCalendar:
        year = Calendar(window.zone).year_window(window.year)
        listed = calendar(replace(window, end=year[1]), declared=declared).statement
        first = date.fromisoformat(listed["first_day"])
        return LinkCalendar(window.zone, long_from, first, listed["days"], (window.start, window.end), year, periods)

    return mock.patch.multiple(histories, windows_of=cut), mock.patch.multiple(links, calendar_of=whole)


@cache
def proven(name: str) -> tuple[ChainPackage, StandingFile]:
    """A package without signatures, and the standing at which it ends."""
    one = next(one for one in WANTED if one.name == name)
    carried = proven(one.after)[1] if one.after else None
    elections = [Election(method, one.pooling, one.zone, year) for year, method in one.years]
    wanted = links.Wanted(elections, preset=one.preset, audience=one.audience)
    given = [(label, opening) for label, opening, _ in listed(one)]
    with ExitStack() as stack:
        stack.enter_context(reproducible(f"chain {one.salts or name}"))
        for patch in cut_short(one):
            stack.enter_context(patch)
        if one.lie is not None:
            return lied(one, next(iter(links.prepare_links(given, wanted, book=Book({}))))), None  # type: ignore[return-value]
        made = links.prove_links(given, wanted, book=book_of(one), opening=carried)
    return made.package, made.closing


def lied(one: Wanted, prepared: links.PreparedLink) -> ChainPackage:
    """A package whose statement is not what its witness shows, proven by the book."""
    assert one.lie is not None
    one.lie(prepared.statement)
    pinned = links._pinned()  # noqa: SLF001 - a liar reaches into the prover
    description, digest = circuits.load(pinned), bytes.fromhex(pinned.digest)
    part = Part(prepared.statement, prepared.preset, prepared.heights, b"")
    public = public_data(read_link(part.statement), description, part.digest)
    traces = list(prepared.witness.traces.values())
    proof = stark.prove_circuit(description, digest, PRESETS[part.preset].params, public, traces, allow_invalid=True)
    return ChainPackage((replace(part, proof=proof),))


def keys() -> dict[str, Any]:
    """Whose signature is expected of which source: the venue has an Ed25519 key, the wallet's maker one of BLS."""
    return {"kraken": taxpayer_key("kraken"), "nano": source_key("nano")}


def signed(one: Wanted, package: ChainPackage) -> ChainPackage:
    """With the sources' signatures over their newest pages, and the taxpayer's."""
    if not one.signed:
        return package
    made = [replace(file, signatures=(sign_page(file.page, keys()[source]),)) for source, file in newest(one).items()]
    return sign_as_taxpayer(with_page_signatures(package, made), taxpayer_key("taxpayer"))


def policy_of(one: Wanted) -> dict[str, Any]:
    """What an auditor knows: keys and accounts where pages are signed, and the newest pages where they are not."""
    year, method = one.years[-1]
    found: dict[str, Any] = {"schema": SCHEMA, "first": True, "year": year, "method": method.value}
    if one.signed:
        found["source_keys"] = {source: key.public_bytes().hex() for source, key in keys().items()}
        found["accounts"] = dict((KRAKEN, WALLET))
        found["signer"] = taxpayer_key("taxpayer").public_bytes().hex()
    else:
        found["pages"] = {source: file.page.hex() for source, file in newest(one).items()}
    if one.audience:
        found["audience"] = one.audience
    found |= {"max_declared": 0, "max_unexplained": 0, "max_gone": 0, "need_refs": True}
    if one.preset == "test":
        found["allow_test_preset"] = True
    found |= one.policy or {}
    return {name: value for name, value in found.items() if value is not None}


def header_of(one: Wanted) -> dict[str, Any]:
    """The header: about, ledger, policy, what the verdict shows, and which packages are given before it."""
    found: dict[str, Any] = {
        "about": one.about,
        "ledger": one.ledger if one.venues else one.wallet,
        "policy": policy_of(one),
    }
    if one.after:
        found["before"] = [f"{one.folder}/{one.after}.zkh"]
    if one.totals:
        years: Sequence[tuple[int, Method]] = one.years
        if one.after:
            years = [*next(w for w in WANTED if w.name == one.after).years, *years]
        found["expect"] = {
            "years": [
                {
                    "year": year,
                    "methods": [method.value],
                    "totals": {name: eight(value) for name, value in totals.items()},
                }
                for (year, method), totals in zip(years, one.totals, strict=True)
            ],
            "counters": {"declared": 0, "unexplained": 0, "gone": 0, "by_window": 0, "in_transit": 0}
            | dict(one.counters or {}),
        }
    return found


def eight(value: str) -> str:
    """Dollars with eight decimals."""
    whole, _, decimals = value.partition(".")
    return f"{whole}.{decimals:0<8}"


def main() -> None:
    """Make all packages, or those named."""
    names = set(sys.argv[1:])
    for one in WANTED:
        if names and one.name not in names:
            continue
        package = signed(one, proven(one.name)[0])
        path = VECTORS / one.folder / f"{one.name}.zkh"
        path.write_bytes(package.encode())
        path.with_suffix(".json").write_text(json.dumps(header_of(one), indent=1) + "\n", encoding="utf-8")
        heights = " ".join(str(part.log_rows) for part in package.parts)
        print(f"{one.name}: {path.stat().st_size} bytes, heights {heights}")


if __name__ == "__main__":
    main()
