"""Packages of links by a prover that lies: whole, with a proof, for the verifier to judge.

The prover is the project's with its own checks skipped. A lie is told where a liar would tell it: in the pages listed,
in the machine's rows, in the standing carried in, in finished cells, or in the statement. What follows from it follows
it: lists, hashes, registers, the standing carried out, figures, range counts. The public data are those that the
verifier computes of the statement, if it reads it at all; else they are those of the liar's own run, so that the proof
can be shown to hold, and the statement's rule is all that stands between the lie and acceptance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from unittest import mock

import numpy as np

from tests.adversary.kit.lenient import counting_what_is_in_range, wrapping
from tests.adversary.kit.local import Board
from tests.models.lot_machine_v2 import owner
from tests.models.lot_machine_v2.chain import Link as ModelLink
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.words import Page
from tests.support import machine_rows, registers, whole_links
from tests.support.links import Translator
from zkharvest.circuit.builder import Table
from zkharvest.circuit.lot_machine.shared.ranges import range_trace
from zkharvest.circuit.lot_machine.v2 import witness as filling
from zkharvest.circuit.lot_machine.v2.calendar import LinkCalendar
from zkharvest.circuit.lot_machine.v2.rows import MachineRows
from zkharvest.circuit.lot_machine.v2.steps import tokens
from zkharvest.circuit.lot_machine.v2.sums import registers as sums
from zkharvest.circuit.lot_machine.v2.sums.keys import GROUPS, LEVELS
from zkharvest.circuit.lot_machine.v2.witness import LinkWitness, make_witness
from zkharvest.commitment.standing import StandingOpening
from zkharvest.prover.randomness import Randomness
from zkharvest.prover.stark import prove_circuit
from zkharvest.spec import P, account_code
from zkharvest.verifier import circuits
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import ChainVerdict
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.page import PageHeader
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.public import PublicData
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stark import verify_proof
from zkharvest.verifier.verify_chain import verify_chain
from zkharvest.workflow.links import figures_of

PINNED = next(one for one in circuits.PINNED if one.id == "lot-machine/v2")
TEST = PRESETS["test"].params
FIRST_COVERED = machine_rows.EPOCH_DAY + 1
"""2000-01-01, the day from which the translator's statements say that lots are covered."""

Statement = dict[str, Any]


def account_of(source: str) -> str:
    """The one account of a source."""
    return f"{source}-1"


def _code(name: str) -> list[int]:
    """An asset as the model's tests have it, a source as the verifier has its account. Sources are A, B, C, ..."""
    return list(account_code(name, account_of(name))) if name in set("ABCD") else registers.code(name)


@contextmanager
def codes_of_accounts() -> Iterator[None]:
    """Places of rows, lots and registers are the codes of accounts, as in a statement."""
    with mock.patch.object(machine_rows, "code", _code):
        yield


@contextmanager
def no_checks() -> Iterator[None]:
    """The prover's side takes whatever it is given: numbers wrap, what moves, days and signs may be is not asked."""
    listed = LinkCalendar.row_of_day

    def of_those_that_are_listed(self: LinkCalendar, days: Any) -> Any:
        return listed(self, days[np.isin(days, self.day[self.day > 0])])

    with ExitStack() as stack:
        for patch in [*wrapping(), counting_what_is_in_range()]:
            stack.enter_context(patch)
        stack.enter_context(mock.patch.object(tokens, "check_moves", lambda *_: None))
        stack.enter_context(mock.patch.object(filling, "_opened", lambda link: link.opening))
        stack.enter_context(mock.patch.object(LinkCalendar, "row_of_day", of_those_that_are_listed))
        stack.enter_context(mock.patch.object(sums, "SIGNED_UNITS", list(range(1, 1 + len(LEVELS)))))
        stack.enter_context(mock.patch.object(sums, "SIGNED_GROUPS", set(GROUPS)))
        yield


def unchecked_pages(link: ModelLink) -> Rules:
    """Early is what begins before the window, late what ends behind it; anything is taken."""
    early = frozenset(n for n, page in enumerate(link.pages) if page.start < link.rules.start)
    late = frozenset(n for n, page in enumerate(link.pages) if page.end > link.rules.end)
    return replace(link.rules, early=early, late=late)


def make_any_link(*arguments: Any, **named: Any) -> ModelLink:
    """`owner.make_link`, whichever pages are given."""
    with mock.patch.object(owner, "check_pages", unchecked_pages):
        return owner.make_link(*arguments, **named)


class Rooted(Translator):
    """Statements with the roots of real pages and standings. Headers follow a page's number, period and flags."""

    def header(self, page: Page, currency: str = "USD") -> PageHeader:
        """The header of a page whose records are hashed."""
        with codes_of_accounts():
            _, tree = whole_links.hashed_page(page)
        made = replace(super().header(page, currency), root=tree.root)
        self.ids[page.id] = made.page_id
        return made


@dataclass(frozen=True)
class Told:
    """A link as a liar tells it: the part for a package, its witness, and what it carries out."""

    link: ModelLink
    part: Part
    witness: LinkWitness
    public: PublicData

    @property
    def closing(self) -> StandingOpening:
        """What opens the standing carried out."""
        return self.witness.closing

    @property
    def standing(self) -> dict[str, Any]:
        """The standing carried out, as the next statement has it."""
        return read_link(self.part.statement).closing.to_map()

    def broken(self) -> set[str]:
        """What the lie breaks of the circuit, under these public data."""
        return Board(self.witness, whole_links.description()).verdict()

    def holds(self) -> bool:
        """Whether the proof holds for the public data of the liar's run."""
        try:
            verify_proof(circuits.load(PINNED), bytes.fromhex(PINNED.digest), TEST, self.part.log_rows, self.public,
                         self.part.proof)  # fmt: skip
        except Reject:
            return False
        return True


def tell(
    link: ModelLink,
    before: Told | None = None,
    *,
    rows: MachineRows | None = None,
    opening: StandingOpening | None = None,
    fill: Callable[[Any], Any] = lambda link: link,
    cells: Callable[[LinkWitness], None] = lambda _: None,
    state: Callable[[Statement], Statement] = lambda statement: statement,
    known: tuple[ModelLink, ...] = (),
    place: int = 0,
    of: int = 1,
) -> Told:
    """A link proven, with whatever lies: other rows, another standing carried in, other cells, another statement.

    `fill` changes what the witness is made from, `cells` what was made; `known`: links whose pages come before.
    """
    with codes_of_accounts(), no_checks():
        source = whole_links.link_of(link, before.closing if before else None)
        if rows is not None:
            source = replace(source, rows=replace(rows, around=source.rows.around))
        if opening is not None:
            source = replace(source, opening=opening)
        witness = make_witness(fill(source), definition=whole_links.definition(), least=TEST.least_log_rows)
        cells(witness)
        _recount(witness)
        statement = state(_statement(link, witness, before, known, place, of))
    part = Part(statement, "test", witness.heights, b"")
    public, witness = _public(part, witness)
    proof = prove_circuit(
        circuits.load(PINNED), bytes.fromhex(PINNED.digest), TEST, public, list(witness.traces.values()),
        rng=Randomness(sha256(repr(link).encode()).digest()), allow_invalid=True,
    )  # fmt: skip
    return Told(link, replace(part, proof=proof), witness, public)


def _public(part: Part, witness: LinkWitness) -> tuple[PublicData, LinkWitness]:
    """The verifier's public data and the witness under them; the liar's own where the verifier takes no statement."""
    description = circuits.load(PINNED)
    try:
        public = public_data(read_link(part.statement), description, part.digest)
    except Reject:
        own = whole_links.public_data(witness)
        return replace(own, context=part.digest), witness
    lists = [[list(record) for record in one] for one in public.lists]
    stated = replace(witness.public, publics=list(public.publics), lists=lists, columns=dict(public.columns))
    return public, replace(witness, public=stated)


def _statement(
    link: ModelLink, witness: LinkWitness, before: Told | None, known: tuple[ModelLink, ...], place: int, of: int
) -> Statement:
    earlier = [*known, *([before.link] if before else [])]
    translator = Rooted(*earlier, link)
    headers = [translator.header(page, link.currency) for page in link.pages]
    carried = before.standing if before else None
    names = {(h.source, h.account) for h in headers}
    names |= {(one["source"], one["account"]) for one in carried["accounts"]} if carried else set()
    accounts = sorted(names)
    roots = [witness.closing.pairs.tree.root, witness.closing.registers.tree.root]
    return {
        **translator.statement(replace(link, opening=None), place=place, of=of),
        "circuit": {"id": PINNED.id, "digest": bytes.fromhex(PINNED.digest)},
        "calendar": dict(whole_links.calendar_of(link).statement),
        "accounts": [{"source": source, "account": account} for source, account in accounts],
        "pages": [{"account": accounts.index((h.source, h.account)), "header": h.encode()} for h in headers],
        "carried_in": carried,
        "carried_out": {"lots": roots[0], "sums": roots[1]},
        "figures": [figure.to_map() for figure in figures_of(witness)],
    }


def package(*told: Told) -> ChainPackage:
    """The links in one package."""
    return ChainPackage(tuple(one.part for one in told))


def judged(*packages: ChainPackage, **policy: Any) -> ChainVerdict:
    """The verdict of the verifier as it is, under a policy that asks for nothing but a first link."""
    from zkharvest.sign.chains import SIGNATURES

    expected: Mapping[str, Any] = {"first": True, "allow_test_preset": True, "min_bits": 0} | policy
    return verify_chain([one.encode() for one in packages], ChainPolicy(**expected), SIGNATURES)


def reason(*packages: ChainPackage, **policy: Any) -> str:
    """The reason of the verdict."""
    return judged(*packages, **policy).reason


# ------------------------------------------------------------------------------------------------ cells


def table_of(name: str) -> Table:
    """A table of the circuit."""
    return next(table for table in whole_links.definition().circuit.tables if table.name == name)


def column(witness: LinkWitness, name: str, table: str = "steps") -> list[int]:
    """A column of a trace."""
    return witness.traces[table][:, table_of(table).index(name)].tolist()  # type: ignore[no-any-return]


def set_cells(witness: LinkWitness, table: str, row: int, values: Mapping[str, int]) -> None:
    """Cells of a row of a trace."""
    for name, value in values.items():
        witness.traces[table][row, table_of(table).index(name)] = value % P


def _recount(witness: LinkWitness) -> None:
    """Ranges are counted as the cells are now."""
    rest = {name: trace for name, trace in witness.traces.items() if name != "range"}
    before, table = witness.traces["range"], table_of("range")
    made = range_trace(whole_links.definition().circuit, table, rest, len(before))
    kept = [table.index(name) for name in ("blind_on", "blind_out", "blind_in")]
    made[:, kept] = before[:, kept]
    witness.traces["range"] = made
