"""`harvest plan`, `harvest record`: orders that harvest chosen lots, and what became of them."""

from __future__ import annotations

import secrets
import time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import (
    AsOf,
    Budget,
    DepthOption,
    LiveOption,
    MaxAge,
    MethodChoice,
    Minimum,
    OptionalPrices,
    PlanFile,
    RatesOption,
    UrlOption,
    decimal,
    instant_of,
    load,
    make_scan,
    open_live,
    quote_of,
)
from zkharvest.cli.options import AnyZone, Force, Json, Output, PoolingOption, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.errors import InputError, UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, Method

if TYPE_CHECKING:
    from zkharvest.harvest.plan_file import Plan
    from zkharvest.harvest.record import Recorded


def plan(
    path: Trades,
    rates: RatesOption,
    target: Output,
    prices: OptionalPrices = None,
    live: LiveOption = None,
    lot: Annotated[
        list[str] | None,
        typer.Option("--lot", metavar="LOT", help="Lot to harvest; repeatable. Default: those of the scan."),
    ] = None,
    reentry: Annotated[str, typer.Option("--reentry", metavar="spot|none", help="How exposure is kept.")] = "spot",
    match: Annotated[
        Path | None, typer.Option("--match", metavar="JSON", help="Re-entry by the legs of harvest match --json.")
    ] = None,
    as_of: AsOf = None,
    method: MethodChoice = Method.FIFO,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: AnyZone = None,
    depth: DepthOption = None,
    max_age: MaxAge = 24.0,
    budget: Budget = None,
    minimum: Minimum = None,
    quote: Annotated[
        str | None,
        typer.Option(
            "--quote", metavar="CODE", help="What coins are sold for. Default: the currency of the trades, or USD."
        ),
    ] = None,
    source: Annotated[str, typer.Option("--source", help="Account that sells, where all wallets are pooled.")] = "",
    band: Annotated[
        str, typer.Option("--band", metavar="COINS", help="Most that delta may move. Default: a slice.")
    ] = "",
    participation: Annotated[
        float,
        typer.Option("--participation", min=0.0001, max=1.0, help="Most of a day's volume that is sold in a day."),
    ] = 0.05,
    slices: Annotated[int, typer.Option("--slices-a-day", min=1, max=1000, help="Slices a day.")] = 8,
    tolerance: Annotated[str, typer.Option("--tolerance", help="How far limits are from the price.")] = "0.005",
    amount_step: Annotated[str, typer.Option("--amount-step", help="Smallest step of an amount.")] = "0.00000001",
    price_step: Annotated[str, typer.Option("--price-step", help="Smallest step of a price.")] = "0.01",
    max_notional: Annotated[
        float | None, typer.Option("--max-notional", min=0.0, metavar="AMOUNT", help="Largest order.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="First order; default: in a minute.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Draws the times; default: a new one, stated in the plan.")
    ] = None,
    url: UrlOption = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Write the orders that harvest lots: sliced, timed, delta in its band. Nothing is sent.

    The plan and its time identify the lots (Reg. 1.1012-1(j)): keep it, and commit to or time-stamp its digest.
    """
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.harvest.plan import Wishes, chosen_lots, make_plan
    from zkharvest.harvest.plan_file import file_digest

    output.refuse_two_outputs(target, json=json)
    ensure_writable(target, force=force, inputs=[path, rates, *([prices] if prices else [])])
    if reentry not in ("spot", "none"):
        raise UsageError(
            f'--reentry: "{reentry[:20]}" is not a way to re-enter', "spot or none; legs come with --match"
        )
    venue = open_live(prices, live, as_of, url, depth)
    made = round(time.time() * 1000)
    found, run, _ = make_scan(
        path, prices, rates, as_of, method, pooling, timezone, depth, max_age,
        budget=budget, minimum=minimum, live=venue, quote=quote,
    )  # fmt: skip
    wishes = Wishes(
        reentry="match" if match else reentry,
        quote=quote_of(run.trades, quote),
        source=source,
        band=_quantity(band, "--band") if band else 0,
        participation=participation,
        slices_a_day=slices,
        tolerance=decimal(tolerance, "--tolerance", below=Decimal("0.5")),
        amount_step=_quantity(amount_step, "--amount-step"),
        price_step=decimal(price_step, "--price-step"),
        max_notional=float("inf") if max_notional is None else max_notional,
        start=instant_of(start, found.election.timezone, "--start") if start else 0,
        seed=secrets.randbits(48) if seed is None else seed,
        venue=live or "",
    )
    digests = {"trades": file_digest(path), "rates": file_digest(rates)}
    if prices is not None:
        digests["prices"] = file_digest(prices)
    legs = _legs(match) if match else ()
    result = make_plan(found, chosen_lots(found, run, lot or ()), wishes, made, digests, legs)
    _rehearse(result, path)
    write_file(target, result.text().encode(), force=force)
    _show_plan(result, target, json=json)
    return ExitCode.DONE


def record(
    path: PlanFile,
    fills: Annotated[Path, typer.Argument(metavar="FILLS.csv", help="Fills, in CCXT's fields.")],
    trades: Annotated[Path, typer.Option("--trades", metavar="CSV", help="The trades that the plan was made from.")],
    target: Output,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", metavar="JSON", help="Which order is which step of the plan."),
    ] = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Turn fills into canonical trades with their lots named, compared with the plan; refuse other fills."""
    from zkharvest.files.atomic import ensure_writable, write_file
    from zkharvest.harvest.fills import read_fills
    from zkharvest.harvest.plan_file import file_digest, read_plan
    from zkharvest.harvest.record import record as record_fills
    from zkharvest.trades.csv_out import trades_to_text

    output.refuse_two_outputs(target, json=json)
    ensure_writable(target, force=force, inputs=[path, fills, trades])
    planned, filled = read_plan(path), read_fills(fills)
    before = load(trades)
    if file_digest(trades) != planned.digests.get("trades"):
        raise InputError.one(
            str(trades), "changed since the plan was made", "record with the file that it was made from"
        )
    numbers = _orders(orders) if orders else {}
    recorded = record_fills(planned, filled, before, numbers)
    write_file(target, trades_to_text(recorded.trades).encode(), force=force)
    if json:
        shown = recorded.to_json(planned)
        output.json_object(shown.pop("schema"), shown)
    else:
        _show_record(recorded, target)
    return ExitCode.DONE


def _show_plan(plan: Plan, target: Path, *, json: bool) -> None:
    """The orders for a person, or the plan's object."""
    if json:
        output.json_object("zkharvest/plan-made/1", {"file": str(target), "digest": plan.digest(), **_counts(plan)})
        return
    if str(target) != "-":
        rows = [
            (str(s.number), s.at, s.side, s.amount, s.symbol, s.price, s.delta, " ".join(p["lot"] for p in s.lots))
            for s in plan.steps
        ]
        output.table(("step", "at", "side", "amount", "symbol", "limit", "delta", "lots"), rows, right=(0, 3, 5, 6))
        output.data("")
        output.fields(
            [
                ("Plan", f"{target}, made {plan.made}, seed {plan.seed}"),
                ("SHA-256", plan.digest()),
                ("Limits", ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in plan.limits.items())),
            ],
            indent="",
        )
        output.data("")
        for text in plan.assumptions:
            output.data(f"- {text}")
    output.note("nothing was sent: harvest send does it; keep the plan, with its time it identifies the lots")


def _counts(plan: Plan) -> dict[str, Any]:
    return {"lots": len(plan.lots), "steps": len(plan.steps), "seed": plan.seed, "made": plan.made}


def _show_record(recorded: Recorded, target: Path) -> None:
    from zkharvest.cli.show import money
    from zkharvest.trades.text import format_money, format_quantity

    rows = [
        (
            one.lot,
            one.asset,
            format_quantity(one.sold) if one.sold else "0",
            money(format_money(one.loss)),
            money(one.estimated),
        )
        for one in recorded.lots
    ]
    output.table(("lot", "asset", "sold", "loss", "estimated"), rows, right=(2, 3, 4))
    output.data("")
    estimated = sum((Decimal(one.estimated) for one in recorded.lots), Decimal(0))
    output.data(f"realised loss {money(format_money(recorded.loss))}, estimated {money(f'{estimated:.2f}')}")
    for gap in recorded.gaps:
        output.warning(gap)
    for text in recorded.elsewhere:
        output.note(text)
    output.note(f"{target}: {len(recorded.trades):,} trades, {len(recorded.new):,} of them new")


def _rehearse(plan: Plan, path: Path) -> None:
    """Run the ledger over the fills that the plan expects: the lots that it names must be those that are taken."""
    from dataclasses import replace

    from zkharvest.harvest.record import expected_fills
    from zkharvest.harvest.record import record as record_fills

    fills = expected_fills(plan)
    if len(fills) < len(plan.steps):  # derivatives are settled by the venue: their lots come from its export
        return
    bare = [replace(trade, line=0) for trade in load(path)]
    gaps = record_fills(plan, fills, bare).gaps
    if gaps:
        hint = "--reentry none, another wallet for the re-entry, or --method specific where lots are named"
        raise UsageError(f"the ledger would take other lots than the plan names: {gaps[0]}", hint)


def _legs(path: Path) -> list[dict[str, Any]]:
    """The legs of one match."""
    import json

    from zkharvest.trades.csv_in import read_text

    try:
        found = json.loads(read_text(path))
        if found["schema"] != "zkharvest/match/1" or len(found["matches"]) != 1:
            raise KeyError
        match = found["matches"][0]
        legs = [{name: leg[name] for name in _LEG} for leg in match["legs"]]
    except (ValueError, KeyError, TypeError, IndexError):
        raise InputError.one(str(path), "is not a match of one coin", "save what harvest match --json prints") from None
    if not legs:
        raise InputError.one(str(path), f"has no legs: {match.get('reason', 'no match was found')}", "match again")
    return legs


_LEG = ("instrument", "symbol", "side", "amount", "price", "delta")


def _orders(path: Path) -> dict[str, int]:
    import json

    from zkharvest.trades.csv_in import read_text

    try:
        return {str(entry["order"]): int(entry["step"]) for entry in json.loads(read_text(path))["orders"]}
    except (ValueError, KeyError, TypeError):
        hint = 'write {"orders": [{"order": "ID", "step": 1}, ...]}'
        raise InputError.one(str(path), "does not say which order is which step", hint) from None


def _quantity(text: str, option: str) -> int:
    from zkharvest.trades.text import TextError, parse_quantity

    try:
        return parse_quantity(text)
    except TextError as error:
        raise UsageError(f"{option}: {error.reason}", error.hint) from None
