"""Histories of the paper model of lot-machine/v2 as the shipped ledger has them, and back to the model's words."""

from __future__ import annotations

from tests.models.lot_machine_v2 import histories as model
from tests.models.lot_machine_v2.words import Page as ModelPage
from tests.models.lot_machine_v2.words import Rec
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_roots
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.history.decisions import Decision
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.history.records import IN_TRANSIT, SHORTFALL, UNEXPLAINED, Does, Page, Place, Record, make_history
from zkharvest.ledger.rules import Method, Pooling, Side
from zkharvest.verifier.page import PageHeader

KINDS = {
    "trade": 1, "short": 1, "staking": 6, "move": 14, "gift": 4, "lost": 16, "fee": 2, "unexplained": UNEXPLAINED,
    "shortfall": SHORTFALL, "declared": 28, "opening balance": 15, "income": 5, "in transit": IN_TRANSIT, "": 0,
}  # fmt: skip
"""The model's words for kinds as numbers."""

DOES = {"open": Does.OPEN, "close": Does.CLOSE, "out": Does.OUT, "in": Does.IN}
EPOCH = model.EPOCH


def record_of(page: int, position: int, rec: Rec) -> Record:
    return Record(
        page, position, rec.time, DOES[rec.op], Side(rec.side), rec.asset, rec.quantity, rec.value, rec.fee, rec.ref,
        KINDS[rec.kind],
    )  # fmt: skip


def page_of(page: ModelPage) -> Page:
    ids = (bytes.fromhex(page.id), bytes.fromhex(page.prev) if page.prev else None)
    return Page(page.source, page.account, page.number, page.start, page.end, page.final, *ids)


def history_of(pages: list[ModelPage]):
    """The model's pages as a history."""
    return make_history((page_of(page), [record_of(0, n, rec) for n, rec in enumerate(page.records)]) for page in pages)


def place_of(place: tuple[str, int, int]) -> Place:
    source, number, position = place
    return Place(source, f"{source}-1", number, position)


def decisions_of(book: model.Book) -> dict[Place, Decision]:
    """Everything that the model's owner knows, as decisions: every match too."""
    found = {}
    for come, out in book.matched.items():
        found[place_of(come)] = Decision(match=place_of(out))
    for place, (kind, value, day) in book.declared.items():
        found[place_of(place)] = Decision(kind, value, EPOCH + day)
    for place, kind in book.gone.items():
        if place_of(place) not in {one.match for one in found.values()}:
            found[place_of(place)] = Decision(kind)
    return found


def window_of(start: int, end: int, year: int, method: str, pooling: str) -> Window:
    return Window(start, end, year, Method(method), Pooling(pooling), "UTC")


# ------------------------------------------------------------------------------------------------- as openings


def page_record(rec: Rec) -> PageRecord:
    """A record as a page holds it; references are texts there."""
    flags = {
        "open": Flag.MONEY, "close": Flag.CLOSES | Flag.MONEY, "in": Flag.MOVES | Flag.INWARD, "out": Flag.MOVES,
    }[rec.op]  # fmt: skip
    flags |= Flag.SHORT if rec.side else Flag(0)
    flags |= Flag.NEGATIVE if rec.value < 0 else Flag(0)
    ref = f"ref {rec.ref}" if rec.ref else ""
    return PageRecord(flags, RecordKind(KINDS[rec.kind]), rec.time, rec.quantity, rec.value, rec.asset, rec.fee, ref)


def openings_of(made: model.History) -> list[tuple[str, PageOpening]]:
    """The pages of a history as what their sources hand over, with names of files."""
    found = []
    for pages in made.pages.values():
        before = None
        for page in pages:
            records = tuple(page_record(rec) for rec in page.records)
            key = page.id.encode()[:32]
            (root,) = page_roots([(records, key)])
            header = PageHeader(
                page.source, page.account, page.number, page.start, page.end, "USD", root, page.final, None, before
            )
            before = header.page_id
            found.append((f"{page.source}-{page.number}.zko", PageOpening(header, key, records)))
    return found
