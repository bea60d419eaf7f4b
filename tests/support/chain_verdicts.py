"""Packages of the model's links for verdicts on chains: any proof of a named circuit is taken, signatures are real."""

from __future__ import annotations

from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.owner import Book, make_link
from tests.models.lot_machine_v2.story import IN, OUT, pages, rules, story
from tests.models.lot_machine_v2.words import DAY, Page, Rec
from tests.support.links import Translator
from zkharvest.files.page_files import PageFile
from zkharvest.sign.chains import SIGNATURES, with_page_signatures
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import sign_page
from zkharvest.verifier import verify_chain as module
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.circuits import Pinned
from zkharvest.verifier.verify_chain import verify_chain

KRAKEN, OTHER, BOB = (PrivateKey(Scheme.ED25519, bytes(31) + bytes([n])) for n in (7, 8, 9))


def take_every_proof(monkeypatch):
    """A circuit of this name is known, and every proof of it holds."""
    monkeypatch.setattr(module.circuits, "find", lambda name, digest: Pinned(name, digest.hex()))
    monkeypatch.setattr(module, "_bits", lambda part, policy: 128.0)
    monkeypatch.setattr(module, "_check_proof", lambda part, link, policy: None)


def package(*links, of=None):
    """The packages of one chain: all links in one."""
    translator = of or Translator(*links)
    statements = [translator.statement(link, place=n, of=len(links)) for n, link in enumerate(links)]
    return ChainPackage(tuple(Part(statement, "balanced", (13,), b"") for statement in statements))


def signed(made, *headers, key=KRAKEN):
    files = [PageFile(h.page_id, h, (sign_page(h.page_id, key),)) for h in headers]
    return with_page_signatures(made, files)


def verdict(*packages, signatures=SIGNATURES, **policy):
    return verify_chain([one.encode() for one in packages], ChainPolicy(**policy), signatures)


def ids(translator, *listed):
    return {page.source: translator.page_id(page.id) for page in listed}


def reasons(found):
    return [finding.reason for finding in found.findings]


def fifo_from_genesis():
    """2025 under FIFO over the same history, as if nothing had been reported of 2024."""
    a, b = story()
    sale = Rec(at(2025, 3, 2), "close", "X", UNIT, 10**10)
    book = Book(matched={IN: OUT}, amounts={OUT: 3 * UNIT})
    whole = rules(2025, "fifo", start=at(2024))
    return make_link(pages(a, (*b, sale), end=at(2026)), book, whole, 2025, None)


def kraken(account="K-alice", end=None, **changes):
    """A year at one account of one venue."""
    records = (Rec(at(2024, 1, 5), "open", "X", UNIT, 10**10), Rec(at(2024, 6, 5), "close", "X", UNIT, 2 * 10**10))
    page = Page("kraken", account, 0, at(2024), end or at(2025), records)
    return make_link([page], Book(), rules(**changes), 2024, None)


def counted():
    """A year with a declared deposit, an unexplained one, a gift, a move without references, one in transit."""
    a, b = story(out_ref=0, in_ref=0)
    more = (
        Rec(at(2024, 7, 1), "in", "X", UNIT, kind="move"),
        Rec(at(2024, 7, 2), "in", "X", UNIT, kind="move"),
        Rec(at(2024, 7, 3), "out", "X", UNIT, kind="gift"),
        Rec(at(2025) - DAY, "out", "X", UNIT, kind="move"),
    )
    made = pages(a, (*b, *more))
    place = [("B", 0, n) for n in range(6)]
    book = Book(
        matched={IN: OUT}, amounts={OUT: 3 * UNIT, place[5]: UNIT}, gone={place[4]: "gift"},
        declared={place[2]: ("declared", 10**10, 19_800)},
    )  # fmt: skip
    return make_link(made, book, rules(), 2024, None)
