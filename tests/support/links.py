"""Links of the paper model as statements of version 2: what a prover would write for the verifier.

Roots stand for the model's hashes, so two things that the model tells apart have different roots here; a page's also
stands for its salts, which no two pages have in common. Ids of pages are
real ones: `prev` of a page names the header before it, if the translator has seen it.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from hashlib import sha256

from tests.models.lot_machine_v2 import sums
from tests.models.lot_machine_v2.chain import Link as ModelLink
from tests.models.lot_machine_v2.words import Page
from tests.models.lot_machine_v2.words import Standing as ModelStanding
from zkharvest.spec import P
from zkharvest.verifier import wire
from zkharvest.verifier.figures import Figure, Key
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.standing import AccountState, Standing

DIGEST = bytes(range(32))
KINDS = {
    "trade": 1, "short": 1, "fee": 2, "gift": 4, "income": 5, "staking": 6, "move": 14, "opening balance": 15,
    "lost": 16, "declared": 28, "shortfall": 61, "unexplained": 62, "in transit": 63,
}  # fmt: skip


def root(*parts: object) -> bytes:
    """36 bytes that stand for a hash of field elements."""
    digest = sha256(repr(parts).encode()).digest() + sha256(b"more" + repr(parts).encode()).digest()
    words = (int.from_bytes(digest[4 * i : 4 * i + 4], "little") % P for i in range(9))
    return b"".join(word.to_bytes(4, "little") for word in words)


class Translator:
    """Statements of a chain of the model. Pages that later ones name as the one before must be learnt first."""

    def __init__(self, *links: ModelLink) -> None:
        self.ids: dict[str, bytes] = {}
        for link in links:
            for page in link.pages:
                self.header(page, link.currency)

    def header(self, page: Page, currency: str = "USD") -> PageHeader:
        prev = self.page_id(page.prev) if page.prev else None
        made = PageHeader(
            page.source, page.account, page.number, page.start, page.end, currency,
            root(page.source, page.account, page.number, page.records), page.final, None, prev,
        )  # fmt: skip
        self.ids[page.id] = made.page_id
        return made

    def page_id(self, name: str) -> bytes:
        return self.ids.get(name) or sha256(name.encode()).digest()

    def standing(self, standing: ModelStanding) -> Standing:
        accounts = tuple(
            AccountState(s.source, s.account, s.number, self.page_id(s.page), s.end, s.open, s.final)
            for s in standing.sources
        )
        return Standing(
            standing.instant, standing.currency, standing.pooling, standing.zone, standing.year or None,
            root("lots", standing.lots, standing.tokens), root("sums", standing.sums), accounts,
        )  # fmt: skip

    def statement(self, link: ModelLink, *, place: int = 0, of: int = 1) -> dict[str, wire.Value]:
        """The statement, as the map that a package holds."""
        headers = [self.header(page, link.currency) for page in link.pages]
        opening = self.standing(link.opening) if link.opening else None
        names = {(h.source, h.account) for h in headers} | {s.name for s in (opening.accounts if opening else ())}
        accounts = sorted(names)
        closing = self.standing(link.closing)
        return {
            "v": 2,
            "circuit": {"id": "lot-machine/v2", "digest": DIGEST},
            "window": {"from": link.rules.start, "to": link.rules.end},
            "year": link.tax_year,
            "timezone": link.zone,
            "calendar": calendar(link.rules.start, link.tax_year),
            "currency": link.currency,
            "method": link.rules.method,
            "pooling": link.rules.pooling,
            "holding": "us-1222",
            "covered": "2000-01-01",
            "accounts": [{"source": source, "account": account} for source, account in accounts],
            "pages": [{"account": accounts.index((h.source, h.account)), "header": h.encode()} for h in headers],
            "carried_in": opening.to_map() if opening else None,
            "carried_out": {"lots": closing.lots, "sums": closing.sums},
            "figures": [figure.to_map() for figure in figures(link)],
            "context": {"audience": "", "nonce": b"", "link": place, "links": of},
        }


def calendar(start: int, year: int) -> dict[str, wire.Value]:
    """From the day of an instant, or the year's first, to the year's end."""
    first = min(datetime.fromtimestamp(start // 1000, UTC).date(), date(year, 1, 1))
    return {"first_day": first.isoformat(), "days": (date(year + 1, 1, 1) - first).days, "offsets": [[0, 0]]}


def figures(link: ModelLink) -> list[Figure]:
    """The figures of a link of the model, a register each; what short and long have in common is one kind."""
    found: dict[Key, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for figure in link.figures:
        key = figure.key
        made = Key(
            key.level, kind=KINDS[key.kind] if key.kind else 0, origin=key.origin, covered=key.covered, term=key.term,
            result=key.result, side=key.side,
        )  # fmt: skip
        if figure.exact and not (key.level == "COUNT" and figure.group == "units"):
            found[made][figure.group] += figure.value
    return [Figure(key, dict(found[key])) for key in sorted(found, key=lambda key: key.order)]


def told(link: ModelLink) -> dict[str, int]:
    """The counters that the registers of a link have, by their own names."""
    names = {"declared": "declared", "none": "unexplained", "gone": "gone", "window": "by_window"}
    found: dict[str, int] = defaultdict(int)
    for register in link.table:
        key = register.key
        if key.level == "COUNT" and key.kind == "in transit":
            found["in_transit"] += register.get("events")
            found["in_transit_by_window"] += register.get("events") if key.origin == "window" else 0
        elif key.level == "COUNT" and key.origin in names:
            found[names[key.origin]] += register.get("events")
    return dict(found)


assert set(sums.GROUPS) == {"units", "proceeds", "basis", "fee", "lines", "events"}
