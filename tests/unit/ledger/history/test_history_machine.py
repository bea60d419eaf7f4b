"""The run of a history is the paper model's, row by row, and the ledger's, to the last digit."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.lot_machine_v2.chain import Link
from tests.models.lot_machine_v2.histories import YEARS, at, make_history, pages_for
from tests.models.lot_machine_v2.machine import Rules
from tests.models.lot_machine_v2.owner import make_link
from tests.support.counts import count
from tests.support.model_histories import EPOCH, KINDS, decisions_of, history_of, window_of
from zkharvest.ledger.history.chain import run_windows
from zkharvest.ledger.history.machine import Run
from zkharvest.ledger.history.steps import Do

METHODS = ("fifo", "lifo", "hifo", "lofo")
OPS = {
    Do.LOAD: "load", Do.LOAD_TOKEN: "load_token", Do.SKIP: "skip", Do.OPEN: "open", Do.TAKE: "take", Do.SEND: "out",
    Do.DROP: "drop", Do.ARRIVE: "arrive", Do.CLOSE: "close", Do.CLOSE_TOKEN: "close_token",
}  # fmt: skip


def lots(run: Run):
    return [
        (x.asset, x.place.source if x.place else "", int(x.side), x.quantity, x.value, x.unit, x.order, x.day - EPOCH,
         x.own)
        for x in run.closing.lots
    ]  # fmt: skip


def tokens(run: Run, universal: bool):
    return [
        (t.seq, t.part, t.last, t.asset, t.time, t.ref, t.quantity, t.value, t.unit, t.order,
         0 if universal else t.day - EPOCH)
        for t in run.closing.tokens
    ]  # fmt: skip


def rows(run: Run):
    """The steps as the model's rows tell them apart."""
    found = []
    for step in run.steps:
        turn = run.turns[step.turn] if step.turn >= 0 else None
        head = (turn.page, turn.record.position, turn.late, turn.shift) if turn else (-1, -1, 0, 0)
        taken = step.do in (Do.TAKE, Do.SEND, Do.DROP)
        found.append(
            (OPS[step.do], *head, step.part if taken else 0, step.part_value if taken else 0, step.close_value)
        )
    return found


def model_rows(link: Link):
    return [
        (row.op, row.page, row.position, row.late, row.shift, *(
            (row.part, row.value, row.close_value) if row.op in ("take", "out", "drop") else (0, 0, 0)
        ))
        for row in link.rows
    ]  # fmt: skip


def registers(run: Run):
    return {
        (key.level, key.asset, key.account.source if key.account else "", key.kind, key.origin, key.covered, key.term,
         key.result, "" if key.side is None else str(int(key.side))):
        (a.units, a.proceeds, a.basis, a.fee, a.lines, a.events)
        for key, a in run.registers.items()
    }  # fmt: skip


def model_registers(link: Link):
    """The model's, with sales that open a short position as the trades that they are in pages."""
    groups = ("units", "proceeds", "basis", "fee", "lines", "events")
    found: dict[tuple, tuple[int, ...]] = {}
    for r in link.table:
        k = r.key
        key = (k.level, k.asset, k.source, KINDS[k.kind], k.origin, k.covered, k.term, k.result, k.side)
        amounts = (r.get(group) for group in groups)
        found[key] = tuple(a + b for a, b in zip(amounts, found.get(key, (0,) * 6), strict=True))
    return found


def links_of(history, methods, pooling):
    opening, made = None, []
    for year, method in zip(YEARS, methods, strict=True):
        rules = Rules(at(year), at(year + 1), (at(year), at(year + 1)), method, pooling)
        made.append(make_link(pages_for(history, at(year), at(year + 1)), history.book, rules, year, opening))
        opening = made[-1].closing
    return made


@given(
    st.integers(0, 10**9),
    st.sampled_from(["wallet", "universal"]),
    st.lists(st.sampled_from(METHODS), min_size=3, max_size=3),
)
@settings(max_examples=100, deadline=None)
def test_three_years_are_the_models(seed, pooling, methods):
    made = make_history(seed)
    links = links_of(made, methods, pooling)
    history = history_of([page for pages in made.pages.values() for page in pages])
    windows = [window_of(at(y), at(y + 1), y, m, pooling) for y, m in zip(YEARS, methods, strict=True)]
    runs = run_windows(history, decisions_of(made.book), windows)
    less = 0  # what numbers are less than the model's: a window that carries nothing in counts from 0
    for run, link in zip(runs, links, strict=True):
        if link.opening is not None and not (link.opening.lots or link.opening.tokens):
            less = link.opening.seq
        assert rows(run) == model_rows(link)
        ours, theirs = registers(run), model_registers(link)
        assert ours == theirs
        universal = pooling == "universal"
        assert lots(run) == [
            (x.asset, x.place, x.side, x.quantity, x.value, x.unit, x.order - less, x.day, x.own)
            for x in link.closing.lots
        ]
        assert tokens(run, universal) == [
            (
                t.seq - less,
                t.part,
                t.last,
                t.asset,
                t.time,
                t.ref,
                t.quantity,
                t.value,
                t.unit,
                t.order if universal else t.order - less,
                t.day,
            )
            for t in link.closing.tokens
        ]
        assert run.closing.seq == link.closing.seq - less
    count("histories of the ledger held against the model of lot-machine/v2", 1)
