"""Chains: links that follow each other, and what all of them say together.

A link begins with exactly the standing at which the one before it ended. That name covers accounts with their last
pages, open lots, what is in transit, registers, currency, pooling, zone and tax year; so what a link says of its own
standing (`link`) is all that has to be checked besides.

Within a tax year registers go on, so the last link of a year has the year's figures; those of the links before it are
the year's so far.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zkharvest.verifier.figures import Counters
from zkharvest.verifier.link import Link, Names
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.standing import Standing
from zkharvest.verifier.text import quoted


@dataclass(frozen=True, slots=True)
class Period:
    """Links of one tax year, or a link of none; `last` has the figures of all of them."""

    year: int | None
    links: tuple[Link, ...]

    @property
    def last(self) -> Link:
        """The link whose figures count."""
        return self.links[-1]

    @property
    def methods(self) -> tuple[str, ...]:
        """The lot methods, in order, each once in a row."""
        return _changes([link.statement.method for link in self.links])


@dataclass(frozen=True, slots=True)
class AccountPages:
    """An account of the chain: its pages in order, each once. `first` may be later than page 0 if lots came in."""

    name: Names
    pages: tuple[PageHeader, ...]

    @property
    def newest(self) -> PageHeader:
        """The page on which a signature vouches for all of them."""
        return self.pages[-1]


@dataclass(frozen=True, slots=True)
class Chain:
    """Links that follow each other, at least one."""

    links: tuple[Link, ...]

    @property
    def opening(self) -> Standing | None:
        """The standing with which the first link begins."""
        return self.links[0].opening

    @property
    def closing(self) -> Standing:
        """The standing at which the last link ends."""
        return self.links[-1].closing

    @property
    def periods(self) -> tuple[Period, ...]:
        """The tax years, and links of none, in order."""
        found: list[list[Link]] = []
        for link in self.links:
            year = link.statement.year
            if found and year is not None and found[-1][0].statement.year == year:
                found[-1].append(link)
            else:
                found.append([link])
        return tuple(Period(links[0].statement.year, tuple(links)) for links in found)

    @property
    def counters(self) -> Counters:
        """How much rests on the taxpayer's word, over all periods."""
        whole = Counters()
        for period in self.periods:
            whole = whole.then(period.last.counters)
        return whole

    @property
    def accounts(self) -> tuple[AccountPages, ...]:
        """Accounts that have pages in the chain, by source and pseudonym."""
        found: dict[Names, dict[bytes, PageHeader]] = {}
        for link in self.links:
            for page in link.statement.pages:
                name = link.statement.accounts[page.account]
                found.setdefault(name, {}).setdefault(page.header.page_id, page.header)
        return tuple(AccountPages(name, tuple(found[name].values())) for name in sorted(found))


def check_chain(links: Sequence[Link]) -> Chain:
    """The chain of links in the order given.

    Reject (`chain/standing`) unless each goes on where the last one ended, (`chain/covered`) if the registers of a tax
    year would mix lots that are covered from two days.
    """
    if not links:
        raise Reject(Reason.CHAIN_LINKS, "there is no link")
    for number, (before, after) in enumerate(pairwise(links), 1):
        _check_neighbours(before.closing, after.opening, number)
        if after.same_year and before.statement.covered != after.statement.covered:
            text = f"link {number + 1} counts lots as covered from another day than the link before, within a tax year"
            raise Reject(Reason.CHAIN_COVERED, text)
    return Chain(tuple(links))


def check_numbers(links: Sequence[Link], package: str = "the package") -> None:
    """Reject (`chain/links`) unless these are all links of a package, in order and made for one context."""
    for place, link in enumerate(links):
        context = link.statement.context
        if (context.link, context.links) != (place, len(links)):
            text = f"link {place + 1} of {len(links)} calls itself {context.link + 1} of {context.links}"
            raise Reject(Reason.CHAIN_LINKS, f"{package}: {text}")
        first = links[0].statement.context
        if (context.audience, context.nonce) != (first.audience, first.nonce):
            raise Reject(Reason.CHAIN_LINKS, f"{package}: link {place + 1} was made for another context than link 1")


def _check_neighbours(closing: Standing, opening: Standing | None, number: int) -> None:
    if opening is None:
        raise Reject(Reason.CHAIN_STANDING, f"link {number + 1} carries nothing in, and there is a link before it")
    if opening.name != closing.name:
        raise Reject(Reason.CHAIN_STANDING, f"link {number + 1}: {'; '.join(_differences(closing, opening))}")


def _differences(closing: Standing, opening: Standing) -> Iterator[str]:
    """In what two standings differ, for a person."""
    words = (("instant", "instant"), ("currency", "currency"), ("pooling", "pooling"), ("timezone", "time zone"))
    for name, what in (*words, ("year", "tax year")):
        one, two = getattr(closing, name), getattr(opening, name)
        if one != two:
            yield f"its {what} is {two}, the link before ended with {one}"
    if closing.lots != opening.lots:
        yield "its open lots are not those with which the link before ended"
    if closing.sums != opening.sums:
        yield "its registers are not those with which the link before ended"
    if closing.accounts != opening.accounts:
        ends = {state.name: state for state in closing.accounts}
        other = next((s for s in opening.accounts if ends.get(s.name) != s), None)
        whose = quoted("/".join(other.name)) if other else "one"
        yield f"the last page of the account {whose} is not that with which the link before ended"


def _changes(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for place, word in enumerate(words) if place == 0 or words[place - 1] != word)
