"""What each method would have given for the year, on the same trades; of a large ledger beside the report's own work.

Every other method is one more run of the ledger. A process of its own works on them while the report is computed: it is
forked, so that nothing is copied or sent to it, and it sends back a few sums. The parent has run the ledger before, so
the compiled kernels are there for both: loaded twice they would take half a second and 150 MB more, compiled twice
(when they are first used) more than a gigabyte. The threads that run them are the parent's alone; a child makes its own
(`simd.threads`).
Where there is no fork or no second core the runs take their turn.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods
from typing import TYPE_CHECKING

from zkharvest.errors import InputError
from zkharvest.ledger.results import LedgerRun, Totals
from zkharvest.ledger.rules import Election, Method
from zkharvest.ledger.run import FAST_FROM, run_ledger
from zkharvest.trades.model import CLOSES_LOT, Trade

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_PATIENCE = 120  # seconds to wait for the process aside, before its work is done here


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a method gives for the year, in 10^-8; None where it cannot be run, and `problem` says why."""

    method: Method
    short: int | None
    long: int | None
    chosen: bool
    problem: str = ""


Others = Callable[[], tuple[MethodResult, ...]]


def other_methods(trades: Sequence[Trade], election: Election) -> tuple[MethodResult, ...]:
    """Each method but the elected one, under the same pooling and zone; named lots only where trades name any."""
    named = any(trade.lots for trade in trades if trade.kind in CLOSES_LOT)
    return tuple(
        _result(trades, replace(election, method=method))
        for method in Method
        if method is not election.method and (named or method is not Method.SPECIFIC)
    )


def all_methods(run: LedgerRun, others: Sequence[MethodResult]) -> tuple[MethodResult, ...]:
    """The results of other methods with that of the run in its place."""
    results = {one.method: one for one in others}
    if run.election.method is not None:
        results[run.election.method] = _of(run.election.method, run.totals, chosen=True)
    return tuple(results[method] for method in Method if method in results)


def begin_others(trades: Sequence[Trade], election: Election) -> Others:
    """Begin `other_methods` beside what follows, where that pays; the answer is a call that waits for the results."""
    if len(trades) < FAST_FROM or _cores() < 2 or "fork" not in get_all_start_methods():
        return lambda: other_methods(trades, election)
    from multiprocessing import get_context

    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, trades, election), daemon=True)
    process.start()
    sender.close()

    def wait() -> tuple[MethodResult, ...]:
        results: tuple[MethodResult, ...] | None = None
        try:
            with suppress(EOFError):  # it was ended from outside, for want of memory say
                if receiver.poll(_PATIENCE):
                    results = receiver.recv()
        finally:
            receiver.close()
            process.kill()  # what it had to say, it has said
            process.join()
        return other_methods(trades, election) if results is None else results

    return wait


def _send(sender: Connection, trades: Sequence[Trade], election: Election) -> None:
    """The forked process: it says nothing, and ends with its parent or by a signal without a word."""
    import signal

    from zkharvest.desk.workers import end_with_parent

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    end_with_parent()
    sender.send(other_methods(trades, election))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _result(trades: Sequence[Trade], election: Election) -> MethodResult:
    method = election.method
    if method is None:
        raise ValueError("an election without a method has no other methods beside it")
    try:
        totals = run_ledger(trades, election).totals
    except InputError as error:
        return MethodResult(method, None, None, False, error.problems[0].message)
    return _of(method, totals, chosen=False)


def _of(method: Method, totals: Totals, *, chosen: bool) -> MethodResult:
    short = totals.short_term_gain - totals.short_term_loss
    return MethodResult(method, short, totals.long_term_gain - totals.long_term_loss, chosen)
