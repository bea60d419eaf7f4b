"""Cheats 16 to 25: between links, and with the standing that one carries to the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.adversary.links import scenes
from tests.adversary.links.forgery import codes_of_accounts, package, tell
from tests.adversary.links.lie import BALANCE, QUOTIENT, Case, after, lie
from tests.adversary.links.scenes import first, halves, later, linked, moves, one, pages_2025, two
from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import UNIT, at
from tests.models.lot_machine_v2.story import pages, story
from tests.models.lot_machine_v2.words import Lot, Rec
from tests.support.machine_rows import rows_of
from zkharvest.circuit.lot_machine.v2.rows import Op
from zkharvest.circuit.lot_machine.v2.standings import lots_of, tokens_of
from zkharvest.commitment.standing import StandingOpening
from zkharvest.verifier.rejections import Reason


def genesis() -> Link:
    """2025 over the whole history, as if nothing had been reported of 2024."""
    a, b = story()
    return linked(pages(a, (*b, scenes.SALE), end=at(2026)), moves(), year=2025, start=at(2024))


@lie(16, "2024 under HIFO, 2025 under FIFO, each from nothing", Reason.CHAIN_STANDING)
def _() -> Case:
    return after(one("hifo"))(tell(genesis()))


@lie(16, "the second of the two alone", Reason.POLICY_HISTORY)
def _() -> Case:
    made = tell(genesis())
    return Case(made, (package(made),), {"first": False})


@lie(16, "the second of the two, against last year's verdict", Reason.POLICY_STANDING)
def _() -> Case:
    made = tell(genesis())
    return Case(made, (package(made),), {"first": False, "standing": bytes(32)})


@lie(17, "the opening of a year before", Reason.LINK_WINDOW)
def _() -> Case:
    """2025 goes on from the middle of 2024: the sale of June is as if it had not been."""
    half, _ = halves()
    link = linked(pages(*story(), end=at(2026)), moves(), year=2025, opening=half.link.closing, method="hifo")
    return after(*halves())(tell(link, half))


@lie(17, "the opening of the same year's beginning", Reason.CHAIN_STANDING)
def _() -> Case:
    """The second half of 2024 twice, under two methods, from one standing."""
    half, rest = halves()
    again = linked(pages(*story()), moves(), opening=half.link.closing, start=scenes.HALF, method="hifo")
    return after(half, rest)(tell(again, half))


@lie(18, "a forked standing", Reason.CHAIN_STANDING)
def _() -> Case:
    """2024 is shown under FIFO; 2025 goes on from 2024 under HIFO."""
    return after(one())(later(pages_2025(), after=one("hifo")))


# ------------------------------------------------------------------------------------------------ standings


def edited(change: Callable[[tuple[Lot, ...]], tuple[Lot, ...]]) -> tuple[Link, StandingOpening]:
    """2025 from a standing whose lots are others, and what opens that standing."""
    closing = first().closing
    link = linked(pages_2025(), year=2025, opening=replace(closing, lots=change(closing.lots)), method="hifo")
    with codes_of_accounts():
        rows = rows_of(link)
    lots, tokens = lots_of(rows, Op.LOAD), tokens_of(rows, Op.LOAD_TOKEN)
    return link, replace(one().closing, lots=lots, tokens=tokens)


EDITS: dict[str, Callable[[tuple[Lot, ...]], tuple[Lot, ...]]] = {
    "dropped": lambda lots: lots[1:],
    "doubled": lambda lots: (*lots[:2], lots[1], *lots[2:]),
    "edited": lambda lots: (replace(lots[0], value=lots[0].value + 10**8), *lots[1:]),
}


def _edits(what: str, change: Callable[[tuple[Lot, ...]], tuple[Lot, ...]]) -> None:
    @lie(19, f"a lot {what}, in a standing of that name", Reason.CHAIN_STANDING)
    def _() -> Case:
        link, opening = edited(change)

        def state(statement: dict[str, Any]) -> dict[str, Any]:
            return {**statement, "carried_in": {**statement["carried_in"], "lots": opening.pairs.tree.root}}

        return after(one())(tell(link, one(), opening=opening, state=state))

    @lie(19, f"a lot {what}, in a standing of the true name", BALANCE, "bus node")
    def _() -> Case:
        link, opening = edited(change)
        return after(one())(tell(link, one(), opening=opening))

    @lie(19, f"a lot {what}, beside the true standing", BALANCE, "bus pair")
    def _() -> Case:
        link, _ = edited(change)
        return after(one())(tell(link, one()))


for _what, _change in EDITS.items():
    _edits(_what, _change)


@lie(20, "a token as a lot", BALANCE, "bus pair")
def _() -> Case:
    """What is on its way at the year's end is in 2025 at A, as if it had never been sent."""
    a, _ = story(out_time=at(2024, 7, 1))
    before = linked(pages(a, ()), moves())
    sent = before.closing.tokens
    lots = tuple(Lot("X", "A", 0, t.quantity, t.value, t.unit, t.order, t.day) for t in sent)
    made = tell(before)
    listed = [replace(page, number=1, start=at(2025), end=at(2026), records=(), prev=page.id) for page in before.pages]
    opening = replace(before.closing, lots=(*lots, *before.closing.lots), tokens=())
    link = linked(listed, year=2025, opening=opening)
    return after(made)(tell(link, made))


@lie(21, "windows that overlap", Reason.LINK_WINDOW)
def _() -> Case:
    return after(one())(later(pages_2025(), start=at(2025) - 1))


@lie(21, "a gap between windows", Reason.LINK_WINDOW)
def _() -> Case:
    return after(one())(later(pages_2025(), start=at(2025) + 1))


@lie(22, "packages the wrong way round", Reason.CHAIN_STANDING)
def _() -> Case:
    return Case(two(), (package(two()), package(one())))


@lie(22, "links of one package the wrong way round", Reason.CHAIN_LINKS)
def _() -> Case:
    before = tell(first(), of=2)
    link = linked(pages_2025(), year=2025, opening=first().closing, method="hifo")
    made = tell(link, before, place=1, of=2)
    return Case(made, (package(made, before),))


def other_year(filled: Any) -> Any:
    """The registers of the standing go on where they should not, or do not where they should."""
    return replace(filled, same_year=not filled.same_year)


@lie(23, "sums dropped in the middle of a year", QUOTIENT, "sums.*")
def _() -> Case:
    half, rest = halves()
    return after(half)(tell(rest.link, half, fill=other_year))


@lie(23, "last year's sums kept", QUOTIENT, "sums.*")
def _() -> Case:
    return after(one())(tell(two().link, one(), fill=other_year))


@lie(24, "another pooling", Reason.LINK_POOLING)
def _() -> Case:
    """After a year that leaves nothing, so that no lot stands in the way."""
    bought = Rec(at(2024, 2, 2), "open", "X", UNIT, 5)
    before = linked(pages((bought, Rec(at(2024, 3, 2), "close", "X", UNIT, 9)), ()))
    made = tell(before)
    listed = [replace(page, number=1, start=at(2025), end=at(2026), records=(), prev=page.id) for page in before.pages]
    return after(made)(tell(linked(listed, year=2025, opening=before.closing, pooling="universal"), made))


@lie(25, "another zone in the middle of a year", Reason.LINK_ZONE)
def _() -> Case:
    """One with the hours of UTC, so that the whole calendar is right."""
    half, rest = halves()
    return after(half)(tell(replace(rest.link, zone="Africa/Abidjan"), half))
