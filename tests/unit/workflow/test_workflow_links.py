"""From openings of pages to verified links: years in a row, standings in files, what is refused before any work."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.models.lot_machine_v2.histories import YEARS, make_history
from tests.support.model_histories import decisions_of, openings_of
from zkharvest.circuit.lot_machine.v2 import limits
from zkharvest.errors import InputError, UsageError
from zkharvest.files import page_files
from zkharvest.files.book import Book
from zkharvest.files.standings import parse_standing, standing_bytes
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.registers import totals_of
from zkharvest.ledger.history.standing_map import standing_of
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.chain_verdict import named_figures
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import ACCEPTED, REJECTED, UNDECIDED, Reason
from zkharvest.verifier.verify_chain import verify_chain
from zkharvest.workflow import links
from zkharvest.workflow.histories import history_of, windows_of
from zkharvest.workflow.links import Wanted
from zkharvest.workflow.standing_lanes import roots_of

HISTORY = make_history(7, size=30)
OPENINGS = openings_of(HISTORY)
BOOK = Book(decisions_of(HISTORY.book))
METHODS = (Method.FIFO, Method.HIFO, Method.LIFO)


def elections(pooling=Pooling.WALLET, years=YEARS, methods=METHODS):
    return [Election(m, pooling, "UTC", y) for y, m in zip(years, methods, strict=True)]


def expecting(since=0, until=1 << 43, **more):
    """A policy that expects the pages of every source that reach into a window: nothing is left open by them."""
    pages = {}
    for opening in (one for _, one in OPENINGS if one.header.end > since and one.header.start < until):
        pages.setdefault(opening.header.source, []).append(opening.header.page_id)
    names = {source: tuple(ids) for source, ids in pages.items()}
    return ChainPolicy(**{"pages": names, "allow_test_preset": True, "allow_other_sources": True, **more})


def roots(state, key):
    return roots_of(standing_of(state), key)


@pytest.mark.parametrize("pooling", list(Pooling))
def test_years_under_a_method_each_are_one_chain(pooling):
    """Two years in one package, the third from the standing's file: figures are the ledger's, the chain is accepted."""
    two = links.prove_links(OPENINGS, Wanted(elections(pooling)[:2], preset="test"), book=BOOK)
    file = parse_standing(standing_bytes(two.closing, None), "f.zks", roots)
    assert file.standing == read_link(two.package.parts[-1].statement).closing
    last = links.prove_links(OPENINGS, Wanted(elections(pooling)[2:], preset="test"), book=BOOK, opening=file)
    packages = [two.package.encode(), last.package.encode()]

    verdict = verify_chain(packages, expecting(first=True))
    assert verdict.verdict == ACCEPTED, verdict.findings
    alone = verify_chain(packages[1:], expecting(file.standing.instant, standing=file.standing.name))
    assert alone.verdict == ACCEPTED, alone.findings
    assert verify_chain(packages[1:], expecting(file.standing.instant)).verdict == UNDECIDED
    assert [period.methods for period in verdict.chain.periods] == [(m.value,) for m in METHODS]

    windows = windows_of(history_of(OPENINGS), elections(pooling))
    never = replace(windows[0], covered_since=links._covered(links.COVERED_FROM)).covered_since
    runs = run_windows(history_of(OPENINGS), BOOK.decisions, [replace(w, covered_since=never) for w in windows])
    for run, period in zip(runs, verdict.chain.periods, strict=True):
        declared = {
            key.kind: amounts
            for key, amounts in run.registers.items()
            if key.origin == "declared" and key.level == "COUNT"
        }
        stated = {one.key.kind: one.values for one in period.last.statement.figures if one.key.origin == "declared"}
        assert stated == {kind: {"basis": one.basis, "events": one.events} for kind, one in declared.items()}
        totals, shown = totals_of(run.registers), named_figures(period.last.statement.figures)
        assert shown["net"] == totals["net"]
        assert shown["short.gain"] == totals["short_term_gain"]
        assert shown["long.loss"] == totals["long_term_loss"]
        assert shown["proceeds"] == totals["proceeds"]


def test_packages_that_do_not_follow_are_rejected():
    """The second year again under another method, and a package with a digit of a figure changed."""
    first = links.prove_links(OPENINGS, Wanted(elections()[:1], preset="test"), book=BOOK)
    other = links.prove_links(OPENINGS, Wanted(elections(methods=METHODS[::-1])[:1], preset="test"), book=BOOK)
    again = links.prove_links(OPENINGS, Wanted(elections()[1:2], preset="test"), book=BOOK, opening=other.closing)
    verdict = verify_chain([first.package.encode(), again.package.encode()], expecting(first=True))
    assert (verdict.verdict, verdict.reason) == (REJECTED, Reason.CHAIN_STANDING.value)

    [part] = first.package.parts
    figures = part.statement["figures"]
    changed = [{**one, "values": {k: str(int(v) + 1) for k, v in one["values"].items()}} for one in figures[:1]]
    forged = replace(part, statement={**part.statement, "figures": [*changed, *figures[1:]]})
    data = replace(first.package, parts=(forged,)).encode()
    end = first.closing.standing.instant
    assert verify_chain([first.package.encode()], expecting(until=end, first=True)).verdict == ACCEPTED
    verdict = verify_chain([data], expecting(until=end, first=True))
    assert verdict.verdict == REJECTED
    assert verdict.reason.partition("/")[0] in ("transcript", "constraints", "proof", "merkle", "fri"), verdict.reason


def test_what_cannot_be_proven_is_refused_before_the_prover_is_asked(monkeypatch):
    from zkharvest.prover import stark

    monkeypatch.setattr(stark, "prove_circuit", lambda *_, **__: pytest.fail("nothing is proven"))
    late = [(name, one) for name, one in OPENINGS if one.header.number > 0]
    with pytest.raises(InputError, match="its first page here is page"):
        links.prove_links(late, Wanted(elections()[:1], preset="test"), book=BOOK)
    with pytest.raises(UsageError, match="cannot be stated"):
        wanted = Wanted(elections()[:1], covered=date(1990, 1, 1), preset="test")
        links.prove_links(OPENINGS, wanted, book=BOOK)
    with pytest.raises(UsageError, match="cannot be stated"):
        links.prove_links(OPENINGS, Wanted(elections()[:1], preset="test", nonce=bytes(99)), book=BOOK)


def test_what_is_too_tall_is_refused_before_a_record_is_hashed(monkeypatch):
    """A link of exactly as many rows as its pages and what it carries in take is begun, one of a row more is not."""
    sizes = {one.header.page_id: len(one.records) for _, one in OPENINGS}
    opening, before = None, None
    for number in range(2):
        wanted = Wanted(elections()[number : number + 1], preset="test")
        [made] = links.prepare_links(OPENINGS, wanted, book=BOOK, opening=opening)
        counts = [sizes[page.header.page_id] for page in made.link.statement.pages]
        carried = (len(before.lots) + len(before.tokens), len(before.registers)) if before else (0, 0)
        rows = limits.page_rows(counts) + sum(map(limits.pair_rows, (*carried, 0, 0)))
        with monkeypatch.context() as patch:
            patch.setattr(page_files.PageOpening, "hashed", property(lambda _: pytest.fail("a page was hashed")))
            patch.setattr(limits, "MOST_ROWS", rows - 1)
            with pytest.raises(InputError, match="too many for one proof: their pages and what is carried in take"):
                next(links.prepare_links(OPENINGS, wanted, book=BOOK, opening=opening))
            patch.setattr(limits, "MOST_ROWS", rows)
            with pytest.raises(pytest.fail.Exception, match="a page was hashed"):
                next(links.prepare_links(OPENINGS, wanted, book=BOOK, opening=opening))
        opening, before = made.closing, made.after


def test_ledger_and_circuit_must_agree(monkeypatch):
    """A standing that the two carry out differently is a bug, and nothing is proven."""
    real = links.opening_of

    def other(standing, key):
        return real(replace(standing, registers=dict(list(standing.registers.items())[1:])), key)

    monkeypatch.setattr(links, "opening_of", other)
    with pytest.raises(links.SelfCheckError, match="do not carry out the same standing"):
        links.prove_links(OPENINGS, Wanted(elections()[:1], preset="test"), book=BOOK)
