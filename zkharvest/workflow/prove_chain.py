"""`zkharvest.prove_chain`: a package of links from pages, and the standing from which next year's goes on."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.files.book import EMPTY, Book
from zkharvest.files.container import damaged
from zkharvest.files.page_files import PageOpening
from zkharvest.files.sealing import Passphrase
from zkharvest.files.standings import FORM, StandingFile, read_standing_file
from zkharvest.ledger.calendar import Calendar
from zkharvest.ledger.history.standing_map import standing_of
from zkharvest.ledger.regimes import find_provable
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method, Pooling
from zkharvest.spec import DEFAULT_REGIME, METHODS, POOLINGS
from zkharvest.trades.text import format_time
from zkharvest.workflow.given import nonce_given, require_provable
from zkharvest.workflow.links import COVERED_FROM, Wanted, prove_links
from zkharvest.workflow.own_folder import OwnPages
from zkharvest.workflow.standing_lanes import other_state, roots_of

BY_WALLET_FROM = 2025
"""The first year whose sales take lots of their own account (Reg. 1.1012-1(j); Rev. Proc. 2024-28)."""


@dataclass(frozen=True, slots=True)
class ChainProof:
    """The bytes of a package (`.zkh`), without signatures, and the standing that its last link carries out: a secret.

    `carried_out` is what next year's proof begins with; `carried_out.standing.name`, 32 bytes, is public.
    """

    package: bytes = field(repr=False)
    carried_out: StandingFile = field(repr=False)


def prove_chain(
    pages: OwnPages | Iterable[PageOpening],
    *,
    year: int,
    method: str,
    first: bool = False,
    carry_in: StandingFile | None = None,
    methods: Mapping[int, str] | None = None,
    book: Book | None = None,
    pooling: str = DEFAULT_POOLING,
    timezone: str = DEFAULT_TIMEZONE,
    regime: str = DEFAULT_REGIME,
    covered: date | None = COVERED_FROM,
    nonce: bytes | str = b"",
    audience: str = "",
    preset: str = "balanced",
    verify: bool = True,
    progress: Callable[[str], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> ChainProof:
    """Prove a year of the accounts whose pages these are, as a link that goes on from `carry_in`, or is the `first`.

    `pages` are one's own, as `commit_pages` makes them, or openings of pages; `book` says of the latter what pages
    cannot. `methods` are those of years before `year` that are proven too, each in a link of its own. `covered` is the
    first day whose purchases count as covered, None for never. `nonce` (at most 32 bytes, or hex text) and `audience`
    (at most 200 bytes) bind the proof to one occasion. `preset` is balanced, or small for fewer bytes and twice the
    work. `verify`: the proof is verified before it is handed out. `progress` is called with the name of each step that
    takes time, `warn` with each of `doubts`; by default these are warnings.

    Raises InputError for pages and records that cannot be worked, UsageError for options that no statement can have,
    TypeError for values of the wrong type, SelfCheckError if the proof does not verify: a bug.
    """
    if first == (carry_in is not None):
        hint = "first=True if nothing was proven before, or carry_in with what last year's proof carried out"
        raise UsageError("what do these pages go on from?", hint)
    for name, value, kind in (("carry_in", carry_in, StandingFile), ("book", book, Book), ("covered", covered, date)):
        if value is not None and (not isinstance(value, kind) or isinstance(value, datetime)):
            raise TypeError(f"{name} is a {kind.__name__}, not {type(value).__name__}")
    openings, decided = _openings(pages, book)
    elections = _elections(year, method, methods or {}, pooling, timezone, regime)
    bound = nonce_given(nonce)
    if not isinstance(audience, str):
        raise TypeError(f"audience is text, not {type(audience).__name__}")
    for text in doubts(openings, elections):
        (warn or _warn)(text)
    named = [(opening.header.label, opening) for opening in openings]
    wanted = Wanted(elections, covered, audience, bound, preset)
    made = prove_links(named, wanted, book=decided, opening=carry_in, verify=verify, progress=progress)
    return ChainProof(made.package.encode(), made.closing)


def read_standing(path: str | Path, passphrase: Passphrase = None) -> StandingFile:
    """The standing in a file (`.zks`), its state checked against its name. Raises as `read_standing_file`."""
    file = read_standing_file(path, lambda state, key: roots_of(standing_of(state), key), passphrase)
    if what := other_state(file.standing, standing_of(file.state)):
        raise damaged(FORM, path, f"its state and its standing differ: {what}")
    return file


def doubts(openings: Iterable[PageOpening], elections: Sequence[Election], now: float | None = None) -> list[str]:
    """What can be proven but is probably not meant: a year that is not over or has no record, one pool from 2025 on.

    `now` is Unix time in seconds, by default this machine's.
    """
    found: list[str] = []
    given = list(openings)
    for election in elections:
        start, end = Calendar(election.timezone).year_window(election.year)
        if (time.time() if now is None else now) * 1000 < end:
            until = format_time(end)
            found.append(f"the tax year {election.year} is not over until {until}: later records are not in it")
        if not any(start <= record.time < end for one in given for record in one.records):
            found.append(f"none of the committed records is in the tax year {election.year}")
        if election.pooling is Pooling.UNIVERSAL and election.year >= BY_WALLET_FROM:
            found.append(
                f"lots of all accounts are one pool in {election.year}: for sales from {BY_WALLET_FROM} on, "
                "Reg. 1.1012-1(j) takes lots of the account that sells, and every verdict notes it"
            )
    return found


def _openings(pages: Any, book: Book | None) -> tuple[list[PageOpening], Book]:
    if isinstance(pages, OwnPages):
        return list(pages.openings), book if book is not None else pages.decided()
    openings = list(pages)
    if wrong := next((one for one in openings if not isinstance(one, PageOpening)), None):
        raise TypeError(f"pages are what commit_pages returns, or openings of pages, not {type(wrong).__name__}")
    return openings, book if book is not None else EMPTY


def _elections(
    year: Any, method: Any, methods: Mapping[int, str], pooling: Any, timezone: Any, regime: Any
) -> list[Election]:
    """The elections of the years in a row. TypeError or UsageError for what makes no sense."""
    for name, value in (("year", year), *((f"methods[{one}]", one) for one in methods)):
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{name} is a number such as 2025, not {value!r}")
    texts = {"method": method, "pooling": pooling, "timezone": timezone, "regime": regime}
    for name, value in {**texts, **{f"methods[{one}]": text for one, text in methods.items()}}.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is text, not {type(value).__name__}")
    find_provable(regime)
    for name, value, choices in (
        *(("lot method", one, METHODS) for one in (method, *methods.values())),
        ("pooling", pooling, POOLINGS),
    ):
        require_provable(name, value, choices)
    if late := next((one for one in methods if one >= year), None):
        raise UsageError(f"methods names {late}, which is not before {year}", f"the method of {year} is `method`")
    last = Election(Method(method), Pooling(pooling), timezone, year, regime)
    years = range(min(methods, default=year), year)
    return [*(replace(last, year=one, method=Method(methods.get(one, method))) for one in years), last]


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=4)
