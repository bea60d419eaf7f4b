"""`harvest forecast`: how large losses may become by year end, and when it pays to take them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import AsOf, instant_of
from zkharvest.cli.options import AnyZone, Force, Json, MethodOption, PoolingOption, Trades
from zkharvest.cli.output import ExitCode
from zkharvest.cli.reentry import PlotOption, save_plots, time_text
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, Method

if TYPE_CHECKING:
    from zkharvest.harvest.forecast.lots import LotForecast
    from zkharvest.harvest.forecast.run import Forecast, Settings


def forecast(
    path: Trades,
    prices: Annotated[
        Path, typer.Option("--prices", metavar="CSV", help="Daily prices, `time,asset,price`: years of them are best.")
    ],
    rates: Annotated[Path | None, typer.Option("--rates", metavar="TOML", help="Your rates and costs.")] = None,
    benefit: Annotated[
        float | None, typer.Option("--benefit", min=-1, max=1, help="Instead of --rates: saved per dollar of loss.")
    ] = None,
    cost: Annotated[
        float, typer.Option("--cost", min=0, max=1, help="With --benefit: cost of a harvest, part of the value.")
    ] = 0.003,
    instruments: Annotated[
        Path | None, typer.Option("--instruments", metavar="FILE", help="For option lots, as in harvest match.")
    ] = None,
    quotes: Annotated[
        Path | None, typer.Option("--quotes", metavar="FILE", help="For option lots, as in harvest match.")
    ] = None,
    method: MethodOption = Method.FIFO,
    as_of: AsOf = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", metavar="DATE", formats=["%Y-%m-%d"], help="Last day; default: the tax year's end."),
    ] = None,
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="bootstrap or garch.")] = "bootstrap",
    volatility: Annotated[
        float | None,
        typer.Option("--volatility", min=0.01, max=5, help="A yearly volatility, such as 0.6, for a model."),
    ] = None,
    paths: Annotated[int, typer.Option("--paths", min=100, max=100_000, help="Simulated paths.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the paths: same seed, same numbers.")] = 1,
    max_age: Annotated[
        float, typer.Option("--max-age", min=0, help="Oldest price or quote that counts, in hours.")
    ] = 24.0,
    rules: Annotated[bool, typer.Option("--rules/--no-rules", help="Compare rules on the history of prices.")] = True,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: AnyZone = None,
    plot: PlotOption = None,
    limit: Annotated[
        int, typer.Option("--limit", min=0, help="Most lots shown: those that lose most now. --json has all.")
    ] = 40,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Forecast the losses that can be harvested by year end, and below which price harvesting beats waiting.

    An estimate, without drift of prices. What simpler rules did on your history stands beside it.
    """
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.harvest.elections import check_year, election_for, zone_of
    from zkharvest.harvest.files import read_prices
    from zkharvest.harvest.forecast.models import ModelName
    from zkharvest.harvest.forecast.run import Settings, year_end
    from zkharvest.harvest.forecast.run import forecast as make
    from zkharvest.harvest.markets.quotes import market, read_instruments, read_quotes
    from zkharvest.harvest.plotting import check_forms
    from zkharvest.harvest.policy import Jurisdiction, read_rates
    from zkharvest.ledger import run_ledger
    from zkharvest.ledger.calendar import Calendar
    from zkharvest.trades import load_trades

    if (rates is None) == (benefit is None):
        raise UsageError("state --rates or --benefit, not both" if rates else "nothing says what a loss saves",
                         "give --rates rates.toml, or --benefit 0.2 for 20 cents a dollar")  # fmt: skip
    if model not in (ModelName.BOOTSTRAP, ModelName.GARCH):
        raise UsageError(f'--model: "{model}" is not bootstrap or garch', "a stated --volatility gives a normal model")
    if (instruments is None) != (quotes is None):
        raise UsageError("--instruments and --quotes belong together", "option lots need both; coin needs neither")
    check_forms(plot or [])
    for target in plot or ():
        ensure_writable(target, force=force, inputs=[path, prices])
    with output.progress("forecasting") as step:
        taxpayer = read_rates(rates) if rates else None
        law = taxpayer.jurisdiction if taxpayer else Jurisdiction.US
        now = instant_of(as_of, zone_of(law, timezone))
        election = election_for(law, method, pooling, timezone, now)
        today = Calendar(election.timezone).date_of(now)
        if taxpayer:
            check_year(taxpayer, today, "forecast")
        offered = None
        if instruments and quotes:
            offered = market(read_instruments(instruments), read_quotes(quotes), now, round(max_age * 3_600_000))
        settings = Settings(
            now,
            until.date() if until else year_end(taxpayer.jurisdiction if taxpayer else None, today),
            ModelName(model),
            volatility,
            paths,
            seed,
            round(max_age * 3_600_000),
            taxpayer,
            benefit or 0.0,
            cost,
            rules,
            offered,
        )
        run = run_ledger([trade for trade in load_trades(path) if trade.time <= now], election)
        if not run.open_lots:
            raise UsageError("the book is empty: no lot is open", "check --as-of and the trades")
        made = make(run, read_prices(prices), settings, step)
    if plot:
        from zkharvest.harvest.forecast.plots import forecast_figure

        save_plots(plot, forecast_figure(made), force=force)
    assumed = _assumed(settings)
    if json:
        output.json_object("zkharvest/forecast/1", _object(made, settings, assumed))
    else:
        _show(made, settings, assumed, limit)
    return ExitCode.DONE if made.book.lots or not made.left_out else ExitCode.REJECTED


def _assumed(settings: Settings) -> str:
    if settings.rates is None:
        return f"A loss saves {settings.benefit:g} a dollar, a harvest costs {settings.cost:g} of the value, as stated"
    return f"{settings.rates.jurisdiction} law and rates of {settings.rates.year}, as of 2026-11"


def _object(made: Forecast, settings: Settings, assumed: str) -> dict[str, Any]:
    from zkharvest.harvest.forecast.lots import QUANTILES

    book = made.book
    end = [f"{x:.2f}" for x in book.fan[:, -1].tolist()] if book.lots else []
    return {
        "estimate": True,
        "as_of": time_text(settings.as_of),
        "until": settings.until.isoformat(),
        "assumed": assumed,
        "model": made.model,
        "paths": settings.paths,
        "seed": settings.seed,
        "lots": [one.as_json() for one in book.lots],
        "book": {
            "quantiles": {f"{q:g}": x for q, x in zip(QUANTILES, end, strict=True)} if end else {},
            "expected_loss": f"{book.expected[-1]:.2f}" if end else "0.00",
            "p_loss": round(book.p_loss, 4),
            "days": [day.isoformat() for day in book.days] if end else [],
            "fan": {f"{q:g}": [round(x, 2) for x in row] for q, row in zip(QUANTILES, book.fan.tolist(), strict=True)}
            if end
            else {},
            "value_now": f"{sum(one.value_now for one in book.lots if one.action == 'harvest'):.2f}",
        },
        "thresholds": {
            asset: {day.isoformat(): round(x, 5) for day, x in zip(book.days, theta.tolist(), strict=True) if x == x}  # noqa: PLR0124
            for asset, theta in book.theta.items()
        },
        "rules": [
            {
                "asset": asset,
                "lots": made.rule_lots[asset],
                "k": round(made.rule_terms[asset][0], 5),
                "c": round(made.rule_terms[asset][1], 5),
                "results": [result.as_json() for result in results],
            }
            for asset, results in made.rules.items()
        ],
        "scores": {asset: [score.as_json() for score in scores] for asset, scores in made.scores.items()},
        "left_out": [{"what": what, "reason": why} for what, why in made.left_out],
        "notes": made.notes,
    }


def _show(made: Forecast, settings: Settings, assumed: str, limit: int) -> None:
    days = (settings.until - made.first_day).days
    output.data(f"An estimate as of {time_text(settings.as_of)}, to {settings.until} ({days} days). {assumed}.")
    for asset, model in made.model.items():
        output.data(f"Model of {asset}: {model}; prices without drift.")
    if made.book.lots:
        output.data("")
        rows = [_lot_row(one.as_json()) for one in _largest(made.book.lots, limit)]
        low, middle, high = (f"{made.book.fan[n, -1]:,.2f}" for n in (0, 2, 4))
        loss = sum(one.loss_now for one in made.book.lots)
        rows.append(("book", f"{loss:,.2f}", low, middle, high, f"{made.book.expected[-1]:,.2f}",
                     f"{made.book.p_loss:.0%}", "", "", "", "", ""))  # fmt: skip
        head = (
            "lot",
            "loss now",
            "5 %",
            "median",
            "95 %",
            "mean",
            "chance",
            "below",
            "now",
            "wait",
            "action",
            "window",
        )
        output.table(head, rows, right=tuple(range(1, 10)))
        if len(made.book.lots) > limit:
            output.data(f"... and {len(made.book.lots) - limit:,} more lots that lose less now (--limit)")
        output.data("")
        output.data("Losses at the end; chance of one. Below this price it pays to harvest today; now and wait: what")
        output.data("harvesting today and waiting are worth in tax saved less costs. Window: when half of the first")
        output.data("harvests by the threshold fall.")
    for asset, results in made.rules.items():
        k, c = made.rule_terms[asset]
        output.data("")
        title = f"{asset}: rules on {made.rule_lots[asset]} monthly lots of your history (k {k:.3f}, c {c:.4f})"
        output.data(output.paint(title, "bold"))
        rows = [(one.rule, f"{100 * one.net:.2f}", f"{one.harvests:.2f}") for one in results]
        output.table(("rule", "saved, % of basis", "harvests a lot"), rows, right=(1, 2))
    for asset, scores in made.scores.items():
        if scores:
            output.data("")
            output.data(f"{asset}: how well 30 days were forecast, from {scores[0].origins} months of your history")
            rows = [(one.model, f"{one.crps:.4f}", f"{one.cover:.0%}") for one in scores]
            output.table(("model", "CRPS (less is better)", "held by the 90 % band"), rows, right=(1, 2))
    if made.left_out:
        output.data("")
        output.table(("left out", "why"), made.left_out)
    for text in made.notes:
        output.note(text)


def _largest(lots: list[LotForecast], limit: int) -> list[LotForecast]:
    """The lots to show, in the order of the book."""
    if len(lots) <= limit:
        return lots
    places = sorted(range(len(lots)), key=lambda n: -lots[n].loss_now)[:limit]
    return [lots[n] for n in sorted(places)]


def _lot_row(one: dict[str, Any]) -> tuple[str, ...]:
    def money(text: str) -> str:
        return f"{float(text):,.2f}"

    window = f"{one['window'][0]} to {one['window'][1]}" if one["window"] else ""
    q = one["quantiles"]
    return (
        one["lot"],
        money(one["loss"]),
        *(money(q[name]) for name in ("0.05", "0.5", "0.95")),
        money(one["expected_loss"]),
        f"{one['p_loss']:.0%}",
        money(one["threshold_price"]) if one["threshold_price"] else "",
        money(one["value_now"]),
        money(one["value_wait"]) if one["value_wait"] else "",
        one["action"],
        window,
    )
