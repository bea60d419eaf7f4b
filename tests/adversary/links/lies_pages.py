"""Cheats 1 to 15: with the pages that are listed, and with the records in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.adversary.links import scenes
from tests.adversary.links.forgery import Told, package, tell
from tests.adversary.links.lie import BALANCE, Case, after, lie
from tests.adversary.links.scenes import SALE, first, later, linked, lying, moves, one, pages_2025
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.machine import Row
from tests.models.lot_machine_v2.story import pages, story
from tests.models.lot_machine_v2.words import Page, Rec
from zkharvest.files.page_files import PageFile
from zkharvest.sign.chains import with_page_signatures
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import sign_page
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import Reason

KEY, OTHER = (PrivateKey(Scheme.ED25519, bytes(31) + bytes([n])) for n in (7, 8))


def second(*listed: Page, **more: Any) -> Case:
    """2025 of these pages behind the honest 2024: everything follows the list, so that the proof holds."""
    return after(one())(later(listed, **more))


@lie(1, "a page left out", Reason.PAGE_MISSING)
def _() -> Case:
    return second(pages_2025()[1])


@lie(2, "two pages of one number", Reason.PAGE_LISTED)
def _() -> Case:
    a, b = pages_2025()
    return second(a, replace(a, records=()), b)


@lie(3, "a page reissued on the way", Reason.PAGE_CHAIN)
def _() -> Case:
    (a, b), old = pages_2025(), first()
    reissued = replace(old.pages[0], records=old.pages[0].records[:1])
    return second(replace(a, prev=reissued.id), b, known=(replace(old, pages=(reissued, old.pages[1])),))


@lie(4, "a page listed twice", Reason.PAGE_LISTED)
def _() -> Case:
    a, b = pages_2025()
    return second(a, a, b)


@lie(5, "a page of another account", Reason.PAGE_MISSING)
def _() -> Case:
    a, b = pages_2025()
    return second(replace(a, account="A-2"), b)


@lie(6, "a header's period edited", Reason.PAGE_GAP)
def _() -> Case:
    a, b = pages_2025()
    return second(replace(a, start=at(2025, 2)), b)


@lie(6, "a header edited that is expected by its id", Reason.POLICY_PAGE)
def _() -> Case:
    a, b = pages_2025()
    real = [page.header.page_id for page in read_link(scenes.two().part.statement).statement.pages]
    case = second(replace(a, end=at(2026) + 1), b)
    return replace(case, policy={"pages": {"A": real[0], "B": real[1]}})


@lie(6, "a header with the root of other records", BALANCE, "bus node")
def _() -> Told:
    """The page as its source made it, worked as if it held what another one holds."""
    link = first()
    other = linked(pages(story()[0], story()[1][:1]), moves())
    made = scenes.told(link, other.rows)
    return tell(link, rows=made, fill=lambda filled: replace(filled, pages=[filled.pages[0], _hashed(other, 1)]))


def _hashed(link: Any, number: int) -> Any:
    from tests.adversary.links.forgery import codes_of_accounts
    from tests.support.whole_links import hashed_page

    with codes_of_accounts():
        return hashed_page(link.pages[number])


def signed(*signatures: tuple[Any, Any]) -> Any:
    """The honest 2024 with signatures (page's id, signature)."""
    return with_page_signatures(package(one()), [PageFile(page, None, (made,)) for page, made in signatures])


def _ids() -> list[bytes]:
    return [page.header.page_id for page in read_link(one().part.statement).statement.pages]


@lie(7, "a signature of another page", Reason.PAGE_SIGNATURE)
def _() -> Case:
    a, b = _ids()
    return Case(one(), (signed((a, sign_page(b, KEY))),))


@lie(7, "a signature of another source", Reason.PAGE_UNSIGNED)
def _() -> Case:
    a, b = _ids()
    keys = {"A": KEY.public_bytes(), "B": OTHER.public_bytes()}
    expected = {"source_keys": keys, "accounts": {"A": "A-1", "B": "B-1"}}
    return Case(one(), (signed((a, sign_page(a, KEY)), (b, sign_page(b, KEY))),), expected)


@lie(7, "a signature with another key", Reason.PAGE_SIGNATURE)
def _() -> Case:
    (a, _), other = _ids(), OTHER.public_bytes()
    made = signed((a, sign_page(a, KEY)))
    forged = replace(made.attestations[0], key=other)
    expected = {"source_keys": {"A": other}, "accounts": {"A": "A-1"}, "allow_other_sources": True}
    return Case(one(), (replace(made, attestations=(forged,)),), expected)


@lie(7, "a signature of a page that is not listed", Reason.ATTESTATION_PAGE)
def _() -> Case:
    (a, _), elsewhere = _ids(), bytes(32)
    made = signed((a, sign_page(a, KEY)))
    moved = replace(made.attestations[0], page=elsewhere, signature=sign_page(elsewhere, KEY).signature)
    return Case(one(), (replace(made, attestations=(moved,)),))


# ------------------------------------------------------------------------------------------------ records


@lie(8, "a record that its page does not hold", BALANCE, "bus leaf")
def _() -> Told:
    """The sale is worked at half of what it brought, as another page might say."""
    link, (a, b) = first(), story()
    cheaper = linked(pages(a, (b[0], replace(b[1], value=b[1].value // 2))), moves())
    return tell(link, rows=scenes.told(cheaper, cheaper.rows))


@lie(9, "leaves in another order", BALANCE, "bus node")
def _() -> Told:
    """The second purchase at A is said to be the page's first record, the first its second; the rows say so too."""

    def fill(filled: Any) -> Any:
        lanes, tree = filled.pages[0]
        records = filled.rows.records
        position = np.where((records.page == 0) & (records.position < 2), 1 - records.position, records.position)
        rows = replace(filled.rows, records=replace(records, position=position))
        return replace(filled, pages=[(lanes[[1, 0, 2]], tree), filled.pages[1]], rows=rows)

    return tell(first(), fill=fill)


@lie(10, "a part of a page's tree is not opened", BALANCE, "bus node")
def _() -> Told:
    """A sale at the end of B's page is as if it were not there."""
    a, b = story()
    whole = linked(pages(a, b), moves())
    shorter = linked(pages(a, b[:1]), moves())

    def fill(filled: Any) -> Any:
        (lanes, tree), first_page = filled.pages[1], filled.pages[0]
        return replace(filled, pages=[first_page, (lanes[:1], tree)])

    return tell(whole, rows=scenes.told(shorter, shorter.rows), fill=fill)


def skipped(time: int, **page: Any) -> Any:
    """A sale at B at this time, and the link in which it is skipped; the page says that it is within its period."""
    a, b = story()
    base = linked(pages(a, b[:1]), moves())
    sale = replace(b[1], time=time)
    listed = [base.pages[0], replace(base.pages[1], records=(b[0], sale), **page)]
    place = next(n for n, row in enumerate(base.rows) if row.op == "close") if time > at(2024) else 0
    rows = [*base.rows[:place], Row("skip", 1, 1, sale), *base.rows[place:]]
    return scenes.repaged(base, *listed), rows


@lie(11, "a record before the window in a fresh page", BALANCE, "steps.skip_page", "bus u15")
def _() -> Told:
    return lying(*skipped(at(2023, 12)))


@lie(12, "a record behind the window in a finished page", BALANCE, "steps.skip_page", "bus u15")
def _() -> Told:
    return lying(*skipped(at(2025, 2)))


@lie(13, "a page called early that is not", BALANCE, "bus listed", "bus u15")
def _() -> Told:
    link, rows = skipped(at(2023, 12))

    def fill(filled: Any) -> Any:
        filled.rows.around.page_early[1] = 1
        return filled

    return lying(link, rows, fill=fill)


@lie(14, "a source that stops before the window does, and is not closed", Reason.PAGE_END)
def _() -> Case:
    a, b = pages_2025()
    return second(replace(a, end=at(2025, 12)), b)


@lie(14, "a source that is gone, in a second year", Reason.PAGE_MISSING)
def _() -> Case:
    return second(pages_2025()[0], known=())


@lie(15, "a known account again from page 0", Reason.PAGE_GAP)
def _() -> Case:
    a, b = pages_2025()
    return second(replace(a, number=0, prev=""), b)


@lie(15, "a new account with a past", Reason.PAGE_FIRST)
def _() -> Case:
    a, b = pages_2025()
    return second(a, b, Page("C", "C-1", 0, at(2024), at(2026), ()))


@lie(15, "an account that opens anew with what it had", Reason.PAGE_FIRST)
def _() -> Case:
    """The lot of 2024 once more, as the first record of an account nobody knew."""
    again = Page("C", "C-1", 0, at(2024), at(2026), (Rec(at(2025, 1, 2), "open", "X", UNIT, SALE.value),))
    return second(*pages_2025(), again)
