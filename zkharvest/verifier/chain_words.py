"""What a verdict on a chain says in words: what rests on the taxpayer's word, what to ask, what it does not show."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from zkharvest.spec import money_text
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.chain import Chain
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import AccountCompared, named_figures
from zkharvest.verifier.figures import IN_TRANSIT, Counters
from zkharvest.verifier.text import account_label

_NEVER_SHOWN = (
    "that these accounts are all of the taxpayer's accounts, and in nobody else's figures",
    "that what the pages record is true: that trades took place, at fair prices, and none was left out",
    "that two readers saw one chain: compare the name of the standing carried out with what others were shown",
)
_COUNTED = {
    "declared": ("value that the taxpayer declared", "values that the taxpayer declared"),
    "unexplained": ("deposit that nobody explains, at a basis of 0", "deposits that nobody explains, at a basis of 0"),
    "gone": ("withdrawal that nobody received", "withdrawals that nobody received"),
    "by_window": ("move matched by amount and time alone", "moves matched by amount and time alone"),
    "in_transit": ("move that has not arrived", "moves that have not arrived"),
}
_GONE = {2: "fee", 3: "payment", 4: "gift", 16: "lost", 61: "shortfall", 62: "unexplained"}
"""Kinds (FORMAT, section 11) of withdrawals that nobody received. A payment is a disposal, and has no gain here."""

_INCOME_KINDS = range(5, 12)
_BY_WALLET_FROM = 2025
MAX_NAMED = 8


def counter_lines(counters: Counters, gone: Mapping[str, int] | None = None) -> tuple[str, ...]:
    """Every counter in words, those that are 0 too: how much rests on the taxpayer's word.

    `gone`: what became of the withdrawals that nobody received, as `gone_by_kind` has it.
    """
    lines = []
    for name, (one, many) in _COUNTED.items():
        number = getattr(counters, name)
        lines.append(f"{number} {one if number == 1 else many}")
        if name == "gone" and gone:
            lines[-1] += f": {', '.join(f'{events} {word}' for word, events in gone.items())}"
    if counters.in_transit_by_window:
        lines[-1] += f", {counters.in_transit_by_window} of them without a reference"
    return tuple(lines)


def gone_by_kind(chain: Chain) -> dict[str, int]:
    """The withdrawals that nobody received, by what their source or the owner calls them."""
    found: dict[str, int] = {}
    for kind, events in _told(chain, "gone"):
        word = _GONE.get(kind, "called otherwise")
        found[word] = found.get(word, 0) + events
    return dict(sorted(found.items()))


def declared_basis(chain: Chain) -> int | None:
    """What all declared values come to, in 10^-8; None if a statement does not say it of all of its own."""
    figures = [figure for period in chain.periods for figure in period.last.statement.figures]
    declared = [one.values for one in figures if one.key.level == "COUNT" and one.key.origin == "declared"]
    if any(values.get("events") != 0 and "basis" not in values for values in declared):
        return None
    return sum(values.get("basis", 0) for values in declared)


def _money(units: int) -> str:
    """Money (10^-8) that is not below zero, with the thousands set apart and at least two decimals."""
    whole, _, fraction = money_text(units).partition(".")
    return f"{int(whole):,}.{fraction.rstrip('0'):0<2}"


def _told(chain: Chain, origin: str) -> Iterator[tuple[int, int]]:
    """Kind and events of the counters of an origin, of every period."""
    for period in chain.periods:
        for figure in period.last.statement.figures:
            if figure.key.level == "COUNT" and figure.key.origin == origin and figure.key.kind != IN_TRANSIT:
                yield figure.key.kind, figure.values.get("events", 0)


def notes(chain: Chain, now: float | None = None) -> tuple[str, ...]:
    """What a reader of these figures should ask: a change of method or zone, a year that is not over.

    `now` is Unix time in seconds, by default this machine's.
    """
    lines = []
    used = [(period.year, method) for period in chain.periods for method in period.methods]
    for (year, before), (later, after) in pairwise(used):
        if before != after:
            where = _between(year, later)
            lines.append(f"the lot method changes {where}: {before}, then {after}; no lot's basis serves twice")
    for one, two in pairwise(chain.periods):
        before, after = one.last.statement.timezone, two.last.statement.timezone
        if before != after:
            lines.append(f"the time zone changes {_between(one.year, two.year)}: {before}, then {after}")
    pooled = [str(period.year) for period in chain.periods if period.year and period.year >= _BY_WALLET_FROM]
    if pooled and chain.closing.pooling == "universal":
        lines.append(
            f"lots of all accounts are one pool in {', '.join(pooled)}: for sales from {_BY_WALLET_FROM} on, "
            "Reg. 1.1012-1(j) takes lots of the account that sells"
        )
    if chain.counters.declared:
        total = declared_basis(chain)
        what = "is not said, and may be anything" if total is None else f"comes to {_money(total)}"
        lines.append(f"the basis that the taxpayer declared {what}")
    received = sum(events for kind, events in _told(chain, "declared") if kind in _INCOME_KINDS)
    if received:
        what = "deposit is declared as income: its" if received == 1 else "deposits are declared as income: their"
        lines.append(f"{received} {what} value is a basis here, and in the income of no year")
    first = chain.links[0]
    if first.opening is None and first.counted_from is not None and first.counted_from < first.statement.start:
        begins = instant_text(first.statement.start)
        lines.append(
            f"the records of {first.statement.year} begin at {begins}, not with the year: was there nothing before?"
        )
    end = chain.closing.instant / 1000
    if (time.time() if now is None else now) < end:
        lines.append(f"the window is not over until {instant_text(chain.closing.instant)}: later records are not in it")
    return tuple(lines)


def _between(year: int | None, later: int | None) -> str:
    """Between which periods something changes. A link of no tax year is history, and only another follows or a year."""
    return f"within {later or 'history'}" if year == later else f"from {year or 'before'} to {later}"


def not_shown(chain: Chain, policy: ChainPolicy, accounts: Sequence[AccountCompared]) -> tuple[str, ...]:
    """What an accepted verdict does not show, in plain words."""
    return tuple(_not_shown(chain, policy, accounts))


_RESULT = ("short.gain", "short.loss", "long.gain", "long.loss", "income", "net")
"""Figures without which a year's result is not known."""


def _not_shown(chain: Chain, policy: ChainPolicy, accounts: Sequence[AccountCompared]) -> Iterator[str]:
    yield from _NEVER_SHOWN
    opening, start = chain.opening, instant_text(chain.links[0].statement.start)
    if opening is None:
        yield f"that nothing was held and nothing happened before {start}: a first link begins with nothing"
    else:
        yield (
            f"what came before {start}: that rests on the verdict which carried out the standing {opening.name.hex()}, "
            "and no counter here has what was declared or unexplained until then"
        )
    yield from _outside_pages(chain, accounts)
    own = [one for one in accounts if not one.vouched]
    if own:
        names = listed([one.pages.name for one in own])
        yield (
            f"that the pages of {names} are true and complete: no source has signed them with an expected key, and the "
            "values in them, which are in no counter, are as good as who wrote them"
        )
        if keyed := [one.pages.name for one in own if policy.source_keys.get(one.pages.name[0])]:
            yield (
                f"that their source stands behind the newest pages of {listed(keyed)}: an expected key of it has not "
                "signed them, and a page that is expected by its id needs no signature"
            )
        yield (
            "that a coin has one name in these pages: bought, received or deposited under a second name, it has lots "
            "of its own"
        )
    if not all(check_zone(link.statement.calendar, link.statement.timezone) for link in chain.links):
        yield "that the lots carried out become long term when stated: this machine has other rules for the days ahead"
    for period in chain.periods:
        begins, ends = period.links[0].statement.start, period.links[0].counted_from
        ends = period.last.statement.end if ends is None else ends
        named = named_figures(period.last.statement.figures)
        if period.year is not None and (unsaid := [name for name in _RESULT if name not in named]):
            yield f"{', '.join(unsaid)} of {period.year}: the statement does not say them, and they may be anything"
        if begins < ends:
            first, last = instant_text(begins), instant_text(ends)
            method = period.links[0].statement.method.upper()
            yield (
                f"what was gained or lost from {first} to {last}, and whether tax returns of that time took the same "
                f"lots: it is history, worked by {method}, which no year here counts"
            )
    if any("specific" in period.methods for period in chain.periods):
        yield "that lots were identified by the time of each disposal: their choice is in the taxpayer's books"
    if len(chain.closing.accounts) > 1 and any(link.statement.pooling == "wallet" for link in chain.links):
        yield "which of two moves with one reference is which: the taxpayer chooses, and no counter shows it"
    if any(link.statement.pooling == "universal" for link in chain.links):
        yield (
            "that an account held what it sold or sent: all accounts are one pool, and what each holds is compared at "
            "the end of a year alone, so that a deposit which no page has may be made up for until then"
        )
    context = chain.links[-1].statement.context
    if (context.audience or context.nonce) and policy.audience is None and policy.nonce is None:
        yield "that the package was made for you: its context was not compared"


def _outside_pages(chain: Chain, accounts: Sequence[AccountCompared]) -> Iterator[str]:
    """What lies before an account's first page or behind its last one, within the time of the chain.

    An account that was closed before the chain begins has no page here, and nothing of it is shown either.
    """
    begins, ends = chain.links[0].statement.start, chain.closing.instant
    late = [
        f"{account_label(*one.pages.name)} before {instant_text(first.start)}"
        for one in accounts
        if (first := one.pages.pages[0]).number == 0 and first.start > begins
    ]
    closed = [
        f"{account_label(*state.name)} from {instant_text(state.end)} on"
        for state in chain.closing.accounts
        if state.final and state.end < ends
    ]
    for found, what in ((late, "its pages begin there"), (closed, "its pages end there")):
        if found:
            more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
            yield f"what happened in {', '.join(found[:MAX_NAMED])}{more}: {what}"


def listed(names: Sequence[tuple[str, str]]) -> str:
    """Accounts, by source and pseudonym, for a sentence: a few of them, and how many more."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(account_label(*name) for name in names[:MAX_NAMED]) + more


def instant_text(ms: int) -> str:
    """An instant for a sentence."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
