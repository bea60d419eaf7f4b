"""From openings of pages to a package of links: history, runs, statements, witnesses, proofs, and their verification.

A link is made for each year; the first begins with the standing carried in, or with nothing. What the ledger's run says
and what the circuit's witness says must be the same: what both carry out is compared before anything is proven.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from zkharvest.circuit.lot_machine.v2.limits import check_records
from zkharvest.circuit.lot_machine.v2.names import Labels
from zkharvest.circuit.lot_machine.v2.sums.keys import RESULTS, TERMS, level_number
from zkharvest.circuit.lot_machine.v2.sums.keys import field as place_of
from zkharvest.circuit.lot_machine.v2.witness import Link as LinkToFill
from zkharvest.circuit.lot_machine.v2.witness import make_witness
from zkharvest.collecting import without_collecting
from zkharvest.commitment.assets import id_code, symbol_of
from zkharvest.errors import UsageError
from zkharvest.files.standings import StandingFile
from zkharvest.ledger.history.registers import DECLARED_VALUE, carried_on
from zkharvest.ledger.history.standing_map import map_of, standing_of
from zkharvest.ledger.regimes import find_provable
from zkharvest.spec import account_code
from zkharvest.verifier import circuits
from zkharvest.verifier.chain import check_chain
from zkharvest.verifier.chain_package import ChainPackage, Part
from zkharvest.verifier.figures import COVERED, LEVELS, ORIGINS, SIDES, Figure, Key
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.stark import verify_proof
from zkharvest.verifier.statement_v2 import DAY_ZERO, LAST_COVERED
from zkharvest.workflow.histories import history_of, work
from zkharvest.workflow.link_refusals import check_begin, check_context, check_days, unstated
from zkharvest.workflow.link_rows import calendar_of, declared_days, machine_rows, periods_of
from zkharvest.workflow.proofs import SelfCheckError, find_preset
from zkharvest.workflow.standing_lanes import opening_of, same_standing

if TYPE_CHECKING:
    from zkharvest.circuit.lot_machine.v2.witness import LinkWitness
    from zkharvest.files.book import Book
    from zkharvest.files.page_files import PageOpening
    from zkharvest.ledger.history.machine import Run
    from zkharvest.ledger.history.registers import Key as RegisterKey
    from zkharvest.ledger.history.standing import Standing
    from zkharvest.ledger.rules import Election
    from zkharvest.verifier.link import Link
    from zkharvest.verifier.public import PublicData

CIRCUIT = "lot-machine/v2"
KEY_BYTES = 32
COVERED_FROM = date(2026, 1, 1)
"""Brokers report the basis of digital assets acquired from then on (Reg. 1.6045-1(a)(15)(i)(J))."""

_DISPOSALS = ("short", "long")
SHOWN: tuple[tuple[Key, tuple[str, ...]], ...] = (
    *((Key("L3", term=term, result=result), ("units",)) for term in _DISPOSALS for result in ("gain", "loss")),
    (Key("L3", term="income", result="gain"), ("proceeds",)),
    *((Key("L4", term=term), ("proceeds", "basis")) for term in _DISPOSALS),
    (Key("NET"), ("units", "proceeds", "basis")),
)
"""What a statement shows beside the counters that it must show: gains and losses by term, income, and what is left.

Of what the owner declared it shows the sum too: one value may be all that a loss rests on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a package of links is for. `elections` are of years in a row, each with its method."""

    elections: Sequence[Election]
    covered: date | None = COVERED_FROM
    audience: str = ""
    nonce: bytes = b""
    preset: str = "balanced"


@dataclass(frozen=True, slots=True)
class Proven:
    """A package without signatures, and the standing at which its last link ends."""

    package: ChainPackage
    closing: StandingFile = field(repr=False)


@dataclass(frozen=True, slots=True)
class PreparedLink:
    """All that one link's proof is made from."""

    statement: dict[str, Any]
    link: Link
    preset: str
    heights: tuple[int, ...]
    public: PublicData = field(repr=False)
    witness: LinkWitness = field(repr=False)
    closing: StandingFile = field(repr=False)
    after: Standing = field(repr=False)


def prove_links(
    openings: Iterable[tuple[str, PageOpening]],
    wanted: Wanted,
    *,
    book: Book,
    opening: StandingFile | None = None,
    verify: bool = True,
    progress: Callable[[str], None] | None = None,
) -> Proven:
    """Prove the years of some page openings, each with the name of its file; None as `opening`: the first link of all.

    `verify`: each proof is verified as soon as it is made.

    Raises InputError for pages, decisions and records that cannot be worked, UsageError for what no statement can say,
    SelfCheckError if ledger and circuit, or prover and verifier, do not agree: a bug.
    """
    say = progress or (lambda _: None)
    from zkharvest.prover.stark import prove_circuit

    pinned = _pinned()
    description, digest = circuits.load(pinned), bytes.fromhex(pinned.digest)
    parts: list[Part] = []
    last: PreparedLink | None = None
    for prepared in prepare_links(openings, wanted, book=book, opening=opening, progress=say):
        params = find_preset(wanted.preset, max(prepared.heights)).params
        traces = list(prepared.witness.traces.values())
        prepared.witness.traces.clear()  # held once: the prover lets go of each as it takes it over
        proof = prove_circuit(
            description, digest, params, prepared.public, traces,
            progress=lambda step, _done, _total: say(step) if step else None, consume=True,
        )  # fmt: skip
        parts.append(Part(prepared.statement, prepared.preset, prepared.heights, proof))
        last = prepared
        if not verify:
            continue
        say("verifying")
        try:
            verify_proof(description, digest, params, prepared.heights, prepared.public, proof)
        except Reject as reject:
            raise SelfCheckError(f"the proof just made does not verify: {reject}") from None
    assert last is not None, "there is a year"
    check_chain([read_link(part.statement) for part in parts])
    return Proven(ChainPackage(tuple(parts)), last.closing)


def prepare_links(
    openings: Iterable[tuple[str, PageOpening]],
    wanted: Wanted,
    *,
    book: Book,
    opening: StandingFile | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[PreparedLink]:
    """Everything of each link but its proof, one after the other; arguments and errors are those of `prove_links`."""
    pinned = _pinned()
    for election in wanted.elections:
        find_provable(election.regime)
    check_days(wanted.elections, wanted.covered)
    check_context(wanted.audience, wanted.nonce)
    least = find_preset(wanted.preset, 0).params.least_log_rows
    given = list(openings)
    progress("running the ledger")
    history = history_of(given)
    before = standing_of(opening.state) if opening is not None else None
    if before is None:
        check_begin(given, wanted.elections[0])
    runs = work(history, book, wanted.elections, before, _covered(wanted.covered), engine="fast")
    by_id = {page.header.page_id: page for _, page in given}
    names = {page.header.page_id: name for name, page in given}
    carried = opening
    for number, run in enumerate(runs):
        progress("filling the tables")
        pages = [by_id[page.id] for page in run.pages]
        labels = [names[page.id] for page in run.pages]
        context = {"audience": wanted.audience, "nonce": wanted.nonce, "link": number, "links": len(runs)}
        with without_collecting():
            made = _Maker(run, before, carried, pages, labels, wanted, pinned, least).prepared(context)
        yield made
        before, carried = made.after, made.closing


@dataclass(frozen=True, slots=True)
class _Maker:
    """One link in the making."""

    run: Run
    before: Standing | None
    opening: StandingFile | None
    pages: Sequence[PageOpening]
    labels: Sequence[str]
    wanted: Wanted
    pinned: circuits.Pinned
    least: int  # log2 of the fewest rows of a table under the parameter set

    def prepared(self, context: Mapping[str, Any]) -> PreparedLink:
        run, window = self.run, self.run.window
        self._check_size()
        calendar = calendar_of(window, periods_of(run), declared_days(run))
        hashed = [page.hashed for page in self.pages]
        rows = machine_rows(run, self.before, [lanes for lanes, _ in hashed], calendar)
        carried = opening_of(self.before, self.opening.key) if self.before and self.opening else None
        key = secrets.token_bytes(KEY_BYTES)
        declared = [Key("COUNT", kind=one.kind, origin=one.origin) for one in run.registers if _is_declared(one)]
        shown = [(_fields(one), group) for one, groups in SHOWN for group in groups]
        shown += [(_fields(one), "basis") for one in declared]
        same_year = self.before is not None and self.before.year == window.year
        to_fill = LinkToFill(hashed, rows, calendar, carried, same_year, key, shown, self._labels())
        witness = make_witness(to_fill, least=self.least)
        after = replace(run.closing, registers=carried_on(run.closing.registers))
        if not same_standing(opening_of(after, key), witness.closing):
            raise SelfCheckError("the ledger and the circuit do not carry out the same standing")
        roots = (witness.closing.pairs.tree.root, witness.closing.registers.tree.root)
        statement = self._statement(witness, calendar.statement, roots, context)
        try:
            link = read_link(statement)
        except Reject as reject:
            raise unstated(reject, window.end) from None
        preset = find_preset(self.wanted.preset, max(witness.heights)).name
        part = Part(statement, preset, witness.heights, b"")
        public = public_data(link, circuits.load(self.pinned), part.digest)
        file = StandingFile(link.closing, key, map_of(after))
        return PreparedLink(statement, link, preset, witness.heights, public, witness, file, after)

    def _check_size(self) -> None:
        """Refuse what no table holds, before a record is hashed: minutes of work would come to nothing."""
        before = self.before
        carried = len(before.lots) + len(before.tokens) if before else 0
        check_records([len(page.records) for page in self.pages], carried, len(before.registers) if before else 0)

    def _labels(self) -> Labels:
        assets = {record.asset for page in self.pages for record in page.records}
        assets |= {lot.asset for lot in (self.before.lots if self.before else ())}
        accounts = [(page.header.source, page.header.account) for page in self.pages]
        return Labels(
            self.labels,
            {tuple(id_code(one)): symbol_of(one) for one in assets},
            {tuple(account_code(*one)): "/".join(one) for one in accounts},
        )

    def _statement(
        self, witness: LinkWitness, calendar: Mapping[str, Any], roots: tuple[bytes, bytes], context: Mapping[str, Any]
    ) -> dict[str, Any]:
        window = self.run.window
        headers = [page.header for page in self.pages]
        accounts = sorted({(one.source, one.account) for one in headers} | {s.owner for s in self._states()})
        return {
            "v": 2,
            "circuit": {"id": self.pinned.id, "digest": bytes.fromhex(self.pinned.digest)},
            "window": {"from": window.start, "to": window.end},
            "year": window.year,
            "timezone": window.zone,
            "calendar": dict(calendar),
            "currency": headers[0].currency if headers else self._currency(),
            "method": window.method.value,
            "pooling": window.pooling.value,
            "holding": find_provable(self.wanted.elections[0].regime).holding,
            "covered": self.wanted.covered.isoformat() if self.wanted.covered is not None else None,
            "accounts": [{"source": source, "account": account} for source, account in accounts],
            "pages": [
                {"account": accounts.index((one.source, one.account)), "header": one.encode()} for one in headers
            ],
            "carried_in": self.opening.standing.to_map() if self.opening is not None else None,
            "carried_out": {"lots": roots[0], "sums": roots[1]},
            "figures": [figure.to_map() for figure in figures_of(witness)],
            "context": dict(context),
        }

    def _states(self) -> Sequence[Any]:
        return self.before.accounts if self.before is not None else ()

    def _currency(self) -> str:
        assert self.opening is not None, "a link has pages or goes on"
        return self.opening.standing.currency


def figures_of(witness: LinkWitness) -> list[Figure]:
    """The figures that a witness shows, in the statement's order; a register's groups together."""
    found: dict[Key, dict[str, int]] = {}
    for number, group in witness.shown:
        found.setdefault(_key(witness.found.keys[number].tolist()), {})[group] = witness.found.amount(number, group)
    return [Figure(key, found[key]) for key in sorted(found, key=lambda key: key.order)]


def _is_declared(key: RegisterKey) -> bool:
    """Whether it is the counter of values that the owner declared."""
    return key.level == "COUNT" and key.origin == DECLARED_VALUE


def _fields(key: Key) -> tuple[int, ...]:
    """A key without asset and account as the circuit has it."""
    found = np.zeros(place_of("side") + 1, np.int64)
    words = (("origin", ORIGINS), ("covered", COVERED), ("term", TERMS), ("result", RESULTS), ("side", SIDES))
    found[place_of("level")], found[place_of("kind")] = level_number(key.level), key.kind
    found[place_of("told")] = key.level == "COUNT" and key.told
    for name, listed in words:
        found[place_of(name)] = listed.index(getattr(key, name))
    return tuple(found.tolist())


def _key(fields: Sequence[int]) -> Key:
    """A register's key, of a level that tells apart no asset and no account, from the circuit's fields."""
    return Key(
        LEVELS[fields[place_of("level")] - 1],
        kind=fields[place_of("kind")],
        origin=ORIGINS[fields[place_of("origin")]],
        covered=COVERED[fields[place_of("covered")]],
        term=TERMS[fields[place_of("term")]],
        result=RESULTS[fields[place_of("result")]],
        side=SIDES[fields[place_of("side")]],
    )


def _covered(day: date | None) -> int:
    """The ordinal of the first covered day; of none the one behind the last that can be stated."""
    return day.toordinal() if day is not None else DAY_ZERO.toordinal() + LAST_COVERED + 1


def _pinned() -> circuits.Pinned:
    pinned = next((one for one in circuits.PINNED if one.id == CIRCUIT), None)
    if pinned is None:
        raise UsageError(f"the circuit {CIRCUIT} is not known here", "reinstall zkharvest")
    return pinned
