"""The verdict on a chain of links: what came out, its figures and counters, and what it does not say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from zkharvest.spec import QUANTITY_DECIMALS, money_text
from zkharvest.verifier.calendar import check_zone
from zkharvest.verifier.chain import AccountPages, Chain, Period
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.figures import DISPOSAL_TERMS, Counters, Figure, Key
from zkharvest.verifier.link import Link
from zkharvest.verifier.rejections import ACCEPTED, Finding
from zkharvest.verifier.text import named

SCHEMA = "zkharvest/chain-verdict/1"

_NEVER_SHOWN = (
    "that these accounts are all of the taxpayer's accounts",
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
MAX_NAMED = 8


@dataclass(frozen=True, slots=True)
class AccountCompared:
    """An account of the chain, and what was compared of it.

    `status`: compared; holder (its newest page is signed with an expected key, and whose account it is stays open);
    later (an older page was compared, the newest not); open (nothing was). `keys`: whose valid signatures are on its
    newest page.
    """

    pages: AccountPages
    status: str
    keys: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What came out. A verdict is true (`if verdict:`) only if the chain is accepted.

    `findings`: why it is not accepted; empty if it is. `chain`, `accounts`, `bits` and `packages` (digests, in order)
    are there only if all proofs hold and nothing contradicts the policy. `notes`: what the figures make a reader ask.
    `not_shown`: what an accepted chain does not say. `unchecked`: signatures that were not looked at, because no way to
    check them was given.
    """

    verdict: str
    findings: tuple[Finding, ...] = ()
    policy: ChainPolicy | None = None
    chain: Chain | None = None
    accounts: tuple[AccountCompared, ...] = ()
    signer: bytes | None = None
    bits: float = 0
    packages: tuple[bytes, ...] = ()
    notes: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = field(default=())

    @property
    def accepted(self) -> bool:
        """Whether all proofs hold and everything that was expected does."""
        return self.verdict == ACCEPTED

    def __bool__(self) -> bool:
        return self.accepted

    @property
    def reason(self) -> str:
        """The code of the first finding; empty for an accepted chain."""
        return self.findings[0].reason.value if self.findings else ""

    @property
    def detail(self) -> str:
        """What the first finding says of this chain."""
        return self.findings[0].detail if self.findings else ""

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json` for a chain: decimal strings for amounts, hex for bytes."""
        result: dict[str, Any] = {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "reason": self.reason or None,
            "detail": self.detail or None,
            "findings": [finding.to_json() for finding in self.findings],
            "policy": self.policy.to_json() if self.policy else None,
            "chain": None,
            "notes": list(self.notes),
            "not_shown": list(self.not_shown),
            "unchecked": list(self.unchecked),
        }
        if self.chain is not None:
            result["chain"] = self._chain_json(self.chain)
        return result

    def _chain_json(self, chain: Chain) -> dict[str, Any]:
        opening = chain.opening
        return {
            "packages": [digest.hex() for digest in self.packages],
            "bits": int(self.bits * 10) / 10,
            "signer": self.signer.hex() if self.signer else None,
            "carried_in": opening.name.hex() if opening else None,
            "carried_out": chain.closing.name.hex(),
            "counters": counters_json(chain.counters),
            "years": [_period_json(period) for period in chain.periods],
            "links": [link_json(link) for link in chain.links],
            "accounts": [_account_json(one) for one in self.accounts],
        }


# ------------------------------------------------------------------------------------------------- in words


def counter_lines(counters: Counters) -> tuple[str, ...]:
    """Every counter in words, those that are 0 too: how much rests on the taxpayer's word."""
    lines = []
    for name, (one, many) in _COUNTED.items():
        number = getattr(counters, name)
        lines.append(f"{number} {one if number == 1 else many}")
    if counters.in_transit_by_window:
        lines[-1] += f", {counters.in_transit_by_window} of them without a reference"
    return tuple(lines)


def notes(chain: Chain, now: float | None = None) -> tuple[str, ...]:
    """What a reader of these figures should ask: a change of method, a year that is not over.

    `now` is Unix time in seconds, by default this machine's.
    """
    lines = []
    used = [(period.year, method) for period in chain.periods for method in period.methods]
    for (year, before), (later, after) in pairwise(used):
        if before != after:
            where = f"within {later}" if year == later else f"from {year or 'before'} to {later or 'what follows'}"
            lines.append(f"the lot method changes {where}: {before}, then {after}; no lot's basis serves twice")
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
        yield f"what came before {start}: that rests on the verdict which carried out the standing {opening.name.hex()}"
    own = [one for one in accounts if not one.keys]
    if own:
        names = listed(["/".join(one.pages.name) for one in own])
        yield f"that the pages of {names} are complete: no source has signed them"
    if not all(check_zone(link.statement.calendar, link.statement.timezone) for link in chain.links):
        yield "that the lots carried out become long term when stated: this machine has other rules for the days ahead"
    counters = chain.counters
    entered = counters.unexplained + counters.declared
    yield (
        "that a coin has one name in pages which no source has signed: coins under a second name come there only by "
        f"deposits that are unexplained or declared, {entered} here"
    )
    for period in chain.periods:
        begins, ends = period.links[0].statement.start, period.links[0].counted_from
        ends = period.last.statement.end if ends is None else ends
        named = named_figures(period.last.statement.figures)
        if period.year is not None and (unsaid := [name for name in _RESULT if name not in named]):
            yield f"{', '.join(unsaid)} of {period.year}: the statement does not say them, and they may be anything"
        if begins < ends:
            first, last = instant_text(begins), instant_text(ends)
            yield f"what was gained or lost from {first} to {last}: it is history, which no year here counts"
    if any("specific" in period.methods for period in chain.periods):
        yield "that lots were identified by the time of each disposal: their choice is in the taxpayer's books"
    context = chain.links[-1].statement.context
    if (context.audience or context.nonce) and policy.audience is None and policy.nonce is None:
        yield "that the package was made for you: its context was not compared"


def listed(names: Sequence[str]) -> str:
    """Names from a package for a sentence: a few of them, and how many more."""
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(named(name) for name in names[:MAX_NAMED]) + more


def instant_text(ms: int) -> str:
    """An instant for a sentence."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


# ------------------------------------------------------------------------------------------------- JSON


def named_figures(figures: Sequence[Figure]) -> dict[str, int]:
    """The figures that have a name, in 10^-8: short.gain, long.loss, net and so on. What is not shown has none."""
    shown = {figure.key: figure.values for figure in figures}
    found: dict[str, int] = {}

    def take(name: str, key: Key, group: str, sign: int = 1) -> None:
        values: Mapping[str, int] = shown.get(key, {})
        if group in values:
            found[name] = sign * values[group]

    for term in DISPOSAL_TERMS:
        take(f"{term}.gain", Key("L3", term=term, result="gain"), "units")
        take(f"{term}.loss", Key("L3", term=term, result="loss"), "units", -1)
        take(f"{term}.proceeds", Key("L4", term=term), "proceeds")
        take(f"{term}.basis", Key("L4", term=term), "basis")
    take("income", Key("L3", term="income", result="gain"), "proceeds")
    for name, group in (("net", "units"), ("proceeds", "proceeds"), ("basis", "basis")):
        take(name, Key("NET"), group)
    return found


def counters_json(counters: Counters) -> dict[str, int]:
    """The counters by name."""
    return {name: getattr(counters, name) for name in Counters.__slots__}


def _period_json(period: Period) -> dict[str, Any]:
    link = period.last
    return {
        "year": period.year,
        "methods": list(period.methods),
        "whole_year": link.whole_year,
        "counters": counters_json(link.counters),
        "totals": {name: money_text(value) for name, value in named_figures(link.statement.figures).items()},
        "figures": [_figure_json(figure, link) for figure in link.statement.figures],
    }


def _figure_json(figure: Figure, link: Link) -> dict[str, Any]:
    shown: dict[str, Any] = dict(figure.to_map())
    if figure.key.source is not None:
        source, account = link.statement.accounts[figure.key.source]
        shown["source"], shown["account"] = source, account
    shown["values"] = {name: _amount(figure.key, name, value) for name, value in figure.values.items()}
    return shown


def _amount(key: Key, group: str, value: int) -> str | int:
    if group in ("lines", "events"):
        return value
    if group == "units" and key.level in ("L0", "L1", "HOLD"):
        whole, fraction = divmod(value, 10**QUANTITY_DECIMALS)
        return f"{whole}.{fraction:0{QUANTITY_DECIMALS}d}"
    return money_text(value)


def link_json(link: Link) -> dict[str, Any]:
    """A link as `verify --json` and `inspect --json` show it."""
    statement = link.statement
    return {
        "from": statement.start,
        "to": statement.end,
        "year": statement.year,
        "method": statement.method,
        "pooling": statement.pooling,
        "timezone": statement.timezone,
        "currency": statement.currency,
        "covered": statement.covered.isoformat() if statement.covered else None,
        "circuit": {"id": statement.circuit_id, "digest": statement.circuit_digest.hex()},
        "carried_out": link.closing.name.hex(),
        "audience": statement.context.audience,
        "nonce": statement.context.nonce.hex(),
    }


def _account_json(one: AccountCompared) -> dict[str, Any]:
    pages, (source, account) = one.pages.pages, one.pages.name
    return {
        "source": source,
        "account": account,
        "status": one.status,
        "keys": [key.hex() for key in one.keys],
        "pages": [page.page_id.hex() for page in pages],
        "from": pages[0].start,
        "to": pages[-1].end,
        "final": pages[-1].final,
    }
