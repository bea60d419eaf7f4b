"""`harvest send`: the orders of a plan go to a venue, and their fills come back."""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import PlanFile, UrlOption, decimal
from zkharvest.cli.options import Force, Json
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError

if TYPE_CHECKING:
    from zkharvest.harvest.markets.venue import Venue
    from zkharvest.harvest.plan_file import Plan
    from zkharvest.harvest.sending.send import Outcome

SCHEMA = "zkharvest/send/1"


def send(
    path: PlanFile,
    venue: Annotated[
        list[str] | None,
        typer.Option("--venue", metavar="[SOURCE=]NAME", help="Venue of ccxt, such as kraken; may repeat."),
    ] = None,
    really: Annotated[bool, typer.Option("--send", help="Send the orders. Without it nothing is sent.")] = False,
    limit: Annotated[
        str | None,
        typer.Option("--limit", metavar="AMOUNT", help="Most that all orders may add up to; needed to send."),
    ] = None,
    target: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="CSV", help="Where fills go. Default: PLAN-fills.csv.")
    ] = None,
    journal: Annotated[
        Path | None, typer.Option("--journal", metavar="FILE", help="What was sent. Default: PLAN-journal.jsonl.")
    ] = None,
    stop_file: Annotated[
        Path | None,
        typer.Option(
            "--stop-file", metavar="FILE", help="Kill switch: sending stops once it exists. Default: PLAN-stop."
        ),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Send what is due, then end, instead of waiting.")] = False,
    max_late: Annotated[
        float, typer.Option("--max-late", metavar="HOURS", min=0.0, help="A step that is later than this is not sent.")
    ] = 24.0,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Withdraw the plan's open orders, and send nothing.")
    ] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="The venue's test server, where it has one.")] = False,
    url: UrlOption = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Send a plan's orders through ccxt, each once, in its time; without --send, show what would be sent.

    Keys come from the environment alone: ZKHARVEST_<VENUE or SOURCE>_KEY, _SECRET, _PASSWORD. Ctrl-C, SIGTERM or the
    stop file withdraw what is open and end it; run it again to go on. The first rejected order stops it.
    """
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.harvest.plan_file import read_plan
    from zkharvest.harvest.sending.journal import open_journal
    from zkharvest.harvest.sending.send import HOUR_MS, Sender, Wishes, dry_run, route

    if really and cancel:
        raise UsageError("--send and --cancel exclude each other")
    acts = really or cancel
    plan = read_plan(path)
    target = target or path.with_name(f"{path.stem}-fills.csv")
    journal = journal or path.with_name(f"{path.stem}-journal.jsonl")
    stop_file = stop_file or path.with_name(f"{path.stem}-stop")
    if acts and not venue:
        raise UsageError("no venue is named", "--venue kraken, or --venue SOURCE=kraken for one account of several")
    if really and limit is None:
        raise UsageError(
            "--send needs a limit of money", f"--limit {plan.limits.get('notional', 'AMOUNT')} is all of it"
        )
    size = Decimal("Infinity") if limit is None else decimal(limit, "--limit")
    with output.progress("sending" if acts else "checking") as step:
        accounts = [_account(text, url or [], sandbox=sandbox, private=acts) for text in venue or ()]
        routes = route(plan, accounts) if accounts else {}
        if not acts:
            return _show_dry(plan, dry_run(plan, routes, None), size, json=json)
        # after an earlier run the fills are its own: its journal is what allows them to be replaced
        ensure_writable(target, force=force or journal.exists(), inputs=[path, journal])
        with open_journal(journal, plan.digest()) as book, _kill_switch(stop_file) as stop:
            wishes = Wishes(size, wait=not due, max_late=round(max_late * HOUR_MS))
            sender = Sender(plan, routes, book, wishes, stop=stop, say=step)
            outcome = sender.cancel() if cancel else sender.run()
            write_file(target, _csv(outcome.fills).encode(), force=True)
            stopped_by_hand = bool(stop())
    if json:
        output.json_object(SCHEMA, _outcome_json(plan, outcome, target))
    else:
        _show(outcome, target)
    if cancel:
        return ExitCode.DONE
    if outcome.stopped:
        return ExitCode.INTERRUPTED if stopped_by_hand else ExitCode.REJECTED
    return ExitCode.DONE


def _account(text: str, urls: list[str], *, sandbox: bool, private: bool) -> tuple[str, Venue]:
    """A venue and the source that it is for ("": all) from `[SOURCE=]NAME`."""
    from zkharvest.cli.harvest_options import url_of
    from zkharvest.harvest.markets.venue import connect

    source, _, name = text.rpartition("=")
    return source, connect(name, label=source, url=url_of(name, urls), sandbox=sandbox, private=private)


@contextmanager
def _kill_switch(stop_file: Path) -> Iterator[Callable[[], str]]:
    """A question whether to stop, and why: the file is there, or a signal came. A second signal ends at once."""
    came: list[str] = []

    def take(number: int, _: Any) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(f"stopped by {signal.Signals(number).name}")

    def said() -> str:
        if not came and stop_file.exists():
            came.append(f"stopped: {stop_file} exists")
        return came[0] if came else ""

    import threading

    if threading.current_thread() is not threading.main_thread():  # signals belong to the main thread
        yield said
        return
    before = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield said
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _csv(fills: list[dict[str, str]]) -> str:
    from zkharvest.harvest.fills import COLUMNS

    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(fills)
    return out.getvalue()


def _show_dry(plan: Plan, rows: list[dict[str, Any]], limit: Decimal, *, json: bool) -> ExitCode:
    total = sum((Decimal(row["notional"]) for row in rows), Decimal(0))
    thin = [row for row in rows if row["fillable"] is not None and Decimal(row["fillable"]) < Decimal(row["amount"])]
    if json:
        fields = {"sent": False, "plan": plan.digest(), "notional": f"{total:.2f}", "steps": rows}
        output.json_object(SCHEMA, fields)
    else:
        names = ("step", "at", "venue", "side", "amount", "symbol", "price", "notional", "fillable")
        shown = [tuple("" if row[name] is None else str(row[name]) for name in names) for row in rows]
        output.table(("step", "at", "venue", "side", "amount", "symbol", "limit", "notional", "book takes"), shown,
                     right=(0, 4, 6, 7, 8))  # fmt: skip
        output.data("")
        output.data(f"{len(rows):,} orders, {total:,.2f} {plan.quote} in all")
    for row in thin[:20]:
        output.warning(f"step {row['step']}: the book takes {row['fillable']} of {row['amount']} at its limit now")
    if total > limit:
        raise UsageError(f"the orders add up to {total:,.2f}, the limit is {limit:,.2f}", "raise --limit, or plan less")
    output.note("a dry run: nothing was sent; --send sends")
    return ExitCode.DONE


def _outcome_json(plan: Plan, outcome: Outcome, target: Path) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "sent": True,
        "plan": plan.digest(),
        "fills": str(target),
        "fill_count": len(outcome.fills),
        "steps": [asdict(one) for one in outcome.steps],
        "cancelled": outcome.cancelled,
        "stopped": outcome.stopped or None,
        "later": outcome.later or None,
    }


def _show(outcome: Outcome, target: Path) -> None:
    rows = [(str(one.number), one.venue, one.state, one.asked, one.filled, one.why) for one in outcome.steps]
    output.table(("step", "venue", "state", "asked", "filled", ""), rows, right=(0, 3, 4))
    output.data("")
    for name in outcome.cancelled:
        output.warning(f"order {name} was withdrawn")
    if outcome.stopped and outcome.stopped != "cancelled":
        output.warning(outcome.stopped, "what is finished stays finished: run it again to go on")
    if outcome.later:
        output.note(outcome.later)
    output.note(f"{target}: {len(outcome.fills):,} fills, as harvest record takes them")
