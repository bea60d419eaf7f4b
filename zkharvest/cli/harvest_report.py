"""`harvest report`: the scan as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import (
    AsOf,
    Budget,
    DepthOption,
    LiveOption,
    MaxAge,
    MethodChoice,
    OptionalPrices,
    QuoteOption,
    RatesOption,
    UrlOption,
    make_scan,
    open_live,
)
from zkharvest.cli.options import AnyZone, Force, Output, PoolingOption, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.errors import InputError
from zkharvest.ledger.rules import DEFAULT_POOLING, Method


def report(
    path: Trades,
    rates: RatesOption,
    target: Output,
    prices: OptionalPrices = None,
    live: LiveOption = None,
    as_of: AsOf = None,
    method: MethodChoice = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: AnyZone = None,
    depth: DepthOption = None,
    max_age: MaxAge = 24.0,
    budget: Budget = None,
    match: Annotated[Path | None, typer.Option("--match", metavar="JSON", help="What match --json printed.")] = None,
    forecast: Annotated[
        Path | None, typer.Option("--forecast", metavar="JSON", help="What forecast --json printed.")
    ] = None,
    record: Annotated[
        list[Path] | None, typer.Option("--record", metavar="JSON", help="What record --json printed; may repeat.")
    ] = None,
    quote: QuoteOption = None,
    url: UrlOption = None,
    force: Force = False,
) -> ExitCode:
    """Write the scan as a page: losses by lot and month, what is blocked and why. Self-contained, no script."""
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.harvest.page import page

    ensure_writable(target, force=force, inputs=[path, rates, *([prices] if prices else [])])
    given = {
        name: _object(file, f"zkharvest/{name}/1") if file else None
        for name, file in (("match", match), ("forecast", forecast))
    }
    records = [_object(file, "zkharvest/record/1") for file in record or ()]
    venue = open_live(prices, live, as_of, url, depth)
    found, run, _ = make_scan(
        path, prices, rates, as_of, method, pooling, timezone, depth, max_age, budget=budget, live=venue, quote=quote
    )
    made = page(found, run, matches=given["match"], forecast=given["forecast"], records=records)
    write_file(target, made.encode(), force=force)
    output.note(f"{target}: {len(made.encode()):,} bytes; private: it shows your lots")
    return ExitCode.DONE


def _object(path: Path, schema: str) -> dict[str, Any]:
    import json

    from zkharvest.trades.csv_in import read_text

    try:
        found = json.loads(read_text(path))
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.get("schema") != schema:
        raise InputError.one(str(path), f"is not {schema}", "save what the command prints with --json")
    return found
