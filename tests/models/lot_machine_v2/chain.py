"""Links and chains: what the verifier checks of one statement, and between neighbours."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.machine import Machine, Row, Rules
from tests.models.lot_machine_v2.words import DAY, Page, SourceState, Standing, digest, need


@dataclass(frozen=True)
class Link:
    """A statement with its witness. Public: rules, zone, currency, headers of pages, standings' names, figures."""

    rules: Rules
    tax_year: int
    pages: tuple[Page, ...]
    opening: Standing | None
    closing: Standing
    figures: tuple[sums.Figure, ...] = ()
    zone: str = "UTC"
    currency: str = "USD"
    # the witness
    leaves: tuple[tuple[object, ...], ...] = ()
    rows: tuple[Row, ...] = ()
    table: tuple[sums.Register, ...] = ()
    first_seq: int = 0


def long_from(day: int) -> int:
    """The first day on which a lot acquired on `day` is long: a day and a year later (s.1222), in the model's zone."""
    from datetime import date

    from zkharvest.ledger.regimes.us import long_from as law

    epoch = date(1970, 1, 1).toordinal()
    return law(date.fromordinal(epoch + day)).toordinal() - epoch


def check_pages(link: Link) -> Rules:
    """The verifier's part of a statement's pages; returns the rules with the bits early and late as it sets them."""
    rules, before = link.rules, {s.source: s for s in link.opening.sources} if link.opening else {}
    order = [(page.source, page.account, page.number) for page in link.pages]
    need(all(a < b for a, b in itertools.pairwise(order)), "pages_order", "sorted, none twice")
    accounts: dict[str, list[Page]] = {}
    for page in link.pages:
        accounts.setdefault(page.source, []).append(page)
    early = set()
    for source, pages in accounts.items():
        need(len({page.account for page in pages}) == 1, "one_account", source)
        known = before.get(source)
        first = pages[0]
        if known is None:
            need(first.number == 0 and not first.prev, "new_source", "a new source begins with page 0")
            need(first.start >= rules.start, "new_source_period", "and not before the window")
        else:
            need(first.account == known.account, "account")
            need(not known.final, "final", "a closed account has no more pages")
            if known.open:
                need(first.id == known.page, "open_page", "the page that was open comes again")
                early.add(link.pages.index(first))
            else:
                need(first.number == known.number + 1 and first.prev == known.page, "prev", "the next page")
                need(first.start == known.end, "page_gap")
        for one, two in itertools.pairwise(pages):
            need(two.number == one.number + 1, "page_number")
            need(two.prev == one.id, "prev", "each page names the one before")
            need(two.start == one.end and not one.final, "page_gap")
        need(pages[-1].end >= rules.end or pages[-1].final, "page_end", "pages reach to the end of the window")
        need(all(page.end < rules.end for page in pages[:-1]) or len(pages) == 1, "page_behind")
    for source, known in before.items():
        need(known.final or source in accounts, "source_gone", source)
    late = {n for n, page in enumerate(link.pages) if page.end > rules.end}
    need(link.rules.early <= early and link.rules.late <= late, "bits", "the verifier sets early and late")
    return replace(rules, early=frozenset(early), late=frozenset(late))


def sources_after(link: Link) -> tuple[SourceState, ...]:
    """The state of every account at the window's end."""
    found = {s.source: s for s in (link.opening.sources if link.opening else ())}
    for page in link.pages:
        is_open = page.end > link.rules.end
        found[page.source] = SourceState(
            page.source, page.account, page.id, page.number, page.end, is_open, page.final and not is_open
        )
    return tuple(found[source] for source in sorted(found))


def check_link(link: Link) -> Machine:
    """Everything that a verifier accepts of one link. Raises Refused."""
    rules = check_pages(link)
    machine = Machine(rules, list(link.pages), long_from, seq=link.first_seq)
    need(len(link.leaves) == len(link.pages), "leaves")
    for number, (page, leaves) in enumerate(zip(link.pages, link.leaves, strict=True)):
        need(digest("root", tuple(leaves)) == page.root, "node", "the leaves are those of the root")
        for position, record in enumerate(leaves):
            machine.send("leaf", (number, position, record))
    same_year = bool(link.opening) and link.opening.year == link.tax_year
    if link.opening is not None:
        need(link.opening.instant == rules.start, "window", "it begins where the standing is")
        for lot in link.opening.lots:
            machine.send("pair", ("lot", lot))
        for token in link.opening.tokens:
            machine.send("pair", ("token", token))
        for register in link.opening.sums:
            level = register.key.level
            if level == "HOLD" or (same_year and level in ("L0", "L1")):
                machine.post(register.key, **{group: register.get(group) for group in sums.GROUPS})
    for row in link.rows:
        machine.step(row)
    for lot in link.closing.lots:
        machine.receive("pair", ("closing lot", lot))
    for token in link.closing.tokens:
        machine.receive("pair", ("closing token", token))
    machine.finish()
    sums.check(machine.posts, list(link.table))
    need(link.closing.sums == link.table, "closing_sums")
    sums.check_figures(link.figures, list(link.table))
    _check_counters(link)
    expected = (rules.end, link.currency, rules.pooling, link.zone, sources_after(link), link.tax_year)
    found = link.closing
    stated = (found.instant, found.currency, found.pooling, found.zone, found.sources, found.year)
    need(stated == expected, "closing_standing", "what the verifier knows of it")
    return machine


def _check_counters(link: Link) -> None:
    """Counters cannot be left out: every COUNT register of a declared, unexplained or gone kind is a figure."""
    shown = {(figure.key, figure.group) for figure in link.figures if figure.exact}
    for register in link.table:
        key = register.key
        if key.level == "COUNT" and (key.origin in ("declared", "none", "gone", "window") or key.kind == "in transit"):
            need((key, "events") in shown, "counter_hidden", key)


def check_chain(links: Sequence[Link], *, first: bool = False, standing: str | None = None) -> str:
    """`accepted`, or `policy/history` (undecided) where the caller says nothing of what came before."""
    for link in links:
        check_link(link)
    for before, after in itertools.pairwise(links):
        opening = after.opening
        need(opening is not None and opening.name == before.closing.name, "standing", "one ends where the next begins")
        assert opening is not None
        pooling = (before.rules.pooling, after.rules.pooling)
        need(pooling[0] == pooling[1] or pooling == ("universal", "wallet"), "pooling")
        need(pooling[0] == pooling[1], "allot", "universal to wallet needs an allotment, a later stage")
        need(before.zone == after.zone or before.tax_year != after.tax_year, "zone", "one zone in a tax year")
        need(before.currency == after.currency, "currency")
    head = links[0].opening
    if head is None:
        return "accepted" if first else "policy/history"
    if standing is None:
        return "policy/history"
    need(head.name == standing, "policy/standing", "not the standing that was expected")
    return "accepted"


__all__ = ["DAY", "Link", "check_chain", "check_link", "check_pages", "long_from", "sources_after"]
