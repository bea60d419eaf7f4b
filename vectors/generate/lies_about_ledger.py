"""Lies about the ledger, for `make_lies.py`: those of tests/adversary/links that one link can tell, and a few more.

Records changed, added, left out or reordered, lots that are not carried in, basis from nowhere, moves that were not,
counters hidden, figures that are not the registers', the rules of another pooling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.adversary.links import lies_chain, lies_moves, lies_pages, lies_sums
from tests.adversary.links.forgery import package, tell
from tests.adversary.links.lie import LIES as ALL
from tests.adversary.links.lie import Case
from tests.adversary.links.scenes import honest_rows, linked, moves
from tests.models.lot_machine_v2.story import pages, story
from zkharvest.circuit.lot_machine.v2.rows import MachineRows, Op

assert all((lies_chain, lies_moves, lies_pages, lies_sums))  # they register what they tell


@dataclass(frozen=True)
class Told:
    """A lie: the name of its package, what is told, and how."""

    name: str
    about: str
    make: Callable[[], Case]


def _known(name: str, about: str) -> Told:
    """A lie of tests/adversary/links by its name there."""
    [found] = [lie for lie in ALL if lie.name == about]
    return Told(name, about, found.make)


def _stated(name: str, about: str, **changes: Any) -> Told:
    """An honest link of the rules in `of`, whose statement says something else."""
    of = changes.pop("of", {})

    def make() -> Case:
        link = linked(pages(*story()), moves(), **of)
        made = tell(link, state=lambda statement: {**statement, **changes})
        return Case(made, (package(made),))

    return Told(name, about, make)


def _dearer_part() -> Case:
    """The lot that is sold in part is worth a unit more when it is, and its part with it."""

    def change(rows: MachineRows) -> None:
        rows.lot_value[rows.op == Op.CLOSE] += 1

    link = linked(pages(*story()), moves())
    made = tell(link, rows=honest_rows(link, change))
    return Case(made, (package(made),))


HONEST = _stated("honest", "no lie")
LIES = [
    _known("total-one-unit-more", "a loss that is a unit larger"),
    _known("net-one-unit-more", "a net result that is a unit better"),
    _known("amount-changed", "a record that its page does not hold"),
    _known("records-reordered", "leaves in another order"),
    _known("sale-left-out", "a part of a page's tree is not opened"),
    _known("sale-skipped", "a record behind the window in a finished page"),
    _known("lot-left-out", "a lot dropped, beside the true standing"),
    _known("lot-used-twice", "a lot doubled, beside the true standing"),
    _known("basis-from-nowhere", "a lot edited, beside the true standing"),
    Told("basis-part-one-unit-more", "a lot that is worth a unit more when it is sold", _dearer_part),
    _known("basis-that-nobody-declared", "a basis that nobody declared"),
    _known("deposit-larger", "a deposit that is larger"),
    _known("arrives-twice", "a token that arrives twice"),
    _known("coins-from-nothing", "coins from nothing, in a circle"),
    _known("date-lost-on-the-way", "a date lost on the way"),
    _known("day-off-the-calendar", "declared with a day off the calendar"),
    _known("more-sold-than-held", "more sold at an account than it had"),
    _known("counter-hidden", "a counter hidden"),
    _known("sums-dropped", "sums dropped in the middle of a year"),
    _known("covered-after-a-move", "covered after a move"),
    _stated(
        "lots-of-another-wallet",
        "lots of all wallets for pooling by wallet",
        of={"pooling": "universal"},
        pooling="wallet",
    ),
    _stated("order-of-another-method", "HIFO's lots for FIFO", of={"method": "hifo"}, method="fifo"),
    _stated(
        "standing-carried-out", "other lots carried out", carried_out={"lots": b"\1\0\0\0" * 9, "sums": b"\1\0\0\0" * 9}
    ),
]
