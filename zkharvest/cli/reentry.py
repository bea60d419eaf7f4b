"""`harvest match`: which instruments bring back the exposure that harvested lots gave up."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.harvest_options import AsOf, UrlOption, instant_of, url_of
from zkharvest.cli.options import Force, Json, MethodOption, PoolingOption, Trades, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.harvest.policy import Jurisdiction
from zkharvest.harvest.reentry.legal import Effect
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election, Method

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from zkharvest.harvest.reentry.match import Match

LAW = {
    Jurisdiction.US: "United States law as of 2026-11: s.1091 does not reach crypto",
    Jurisdiction.UK: "United Kingdom law as of 2026-11",
    Jurisdiction.CA: "law of Canada as of 2026-11",
    Jurisdiction.DE: "German law as of 2026-11",
}

PlotOption = Annotated[
    list[Path] | None, typer.Option("--plot", metavar="FILE", help="Draw it: FILE ends in .png or .svg; may repeat.")
]


def match(
    path: Trades,
    instruments: Annotated[
        Path, typer.Option("--instruments", metavar="FILE", help="What can be traded: Deribit's JSON, or CSV.")
    ],
    quotes: Annotated[Path, typer.Option("--quotes", metavar="FILE", help="Quotes: Deribit tickers, or CSV.")],
    depth: Annotated[
        Path | None, typer.Option("--depth", metavar="FILE", help="Order books; else the best price's size counts.")
    ] = None,
    live: Annotated[
        str | None, typer.Option("--live", metavar="VENUE", help="Current order books from a venue, such as deribit.")
    ] = None,
    method: MethodOption = Method.FIFO,
    lot: Annotated[
        list[str] | None,
        typer.Option("--lot", metavar="LOT", help="Lot to close, as source/id or source/id:quantity; may repeat."),
    ] = None,
    book: Annotated[bool, typer.Option("--book", help="Close the whole book: its delta, gamma and vega.")] = False,
    as_of: AsOf = None,
    max_age: Annotated[float, typer.Option("--max-age", min=0, help="Oldest quote that counts, in minutes.")] = 60.0,
    horizon: Annotated[float, typer.Option("--horizon", min=1, help="Days for which the legs must last.")] = 31.0,
    max_legs: Annotated[int, typer.Option("--max-legs", min=1, max=8, help="Most legs.")] = 4,
    margin: Annotated[float, typer.Option("--margin", min=0, help="Most margin, in dollars.")] = math.inf,
    settlement: Annotated[
        str, typer.Option("--settlement", metavar="KIND", help="linear-first, linear, inverse or any.")
    ] = "linear-first",
    allow_offsetting: Annotated[
        bool, typer.Option("--allow-offsetting", help="Legs may oppose each other (s.1092 straddle).")
    ] = False,
    jurisdiction: Annotated[
        Jurisdiction, typer.Option("--jurisdiction", case_sensitive=False, help="Whose law is shown.")
    ] = Jurisdiction.US,
    wash_sale: Annotated[
        bool, typer.Option("--wash-sale", help="Apply s.1091 to crypto, as H.R. 10357 and H.R. 9172 would.")
    ] = False,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    url: UrlOption = None,
    plot: PlotOption = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Find the instruments that restore the exposure of harvested lots: delta, gamma, vega, at the least cost.

    An estimate. The legs have the target's direction unless --allow-offsetting; the law's rule is shown beside each.
    """
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.harvest.files import read_depth
    from zkharvest.harvest.markets.quotes import market, read_instruments, read_quotes
    from zkharvest.harvest.markets.venue import connect
    from zkharvest.harvest.plotting import check_forms
    from zkharvest.harvest.reentry.closing import chosen_lots, positions
    from zkharvest.harvest.reentry.live_depth import match_with_books
    from zkharvest.harvest.reentry.match import Settlement, Wishes
    from zkharvest.harvest.reentry.match import match as find
    from zkharvest.ledger import run_ledger
    from zkharvest.ledger.calendar import Calendar
    from zkharvest.trades import load_trades

    if depth is not None and live is not None:
        raise UsageError("--depth and --live exclude each other", "the books of a file, or those of now")
    if bool(lot) == book:
        raise UsageError("nothing says what is closed" if not book else "--lot and --book exclude each other",
                         "name lots with --lot, or close the whole book with --book")  # fmt: skip
    if settlement not in set(Settlement):
        raise UsageError(f'--settlement: "{settlement}" is not one of {", ".join(Settlement)}')
    check_forms(plot or [])
    for target in plot or ():
        ensure_writable(target, force=force, inputs=[path, instruments, quotes])
    now = instant_of(as_of, timezone)
    election = Election(method, pooling, timezone, Calendar(timezone).date_of(now).year)
    with output.progress("matching") as step:
        run = run_ledger([trade for trade in load_trades(path) if trade.time <= now], election)
        offered = market(read_instruments(instruments), read_quotes(quotes), now, round(max_age * 60_000))
        if depth is not None:
            offered.books = read_depth(depth)
        chosen = chosen_lots(run, lot or ())
        if not chosen:
            raise UsageError("the book is empty: no lot is open", "check --as-of and the trades")
        closing = positions(chosen, offered)
        wishes = Wishes(jurisdiction, horizon, max_legs, allow_offsetting, Settlement(settlement), margin, wash_sale)
        kept = {one.pool.asset for one in run.open_lots} if not book else set()

        def matched(coin: str) -> Match:
            step(f"solving for {coin}")
            return find(coin, closing[coin], offered, wishes, coin_held=coin in kept)

        if live is None:
            made = [matched(coin) for coin in sorted(closing)]
        else:
            step(f"books of {live}")
            venue = connect(live, url=url_of(live, url or []))
            made = match_with_books(venue, offered, sorted(closing), matched)
    if plot:
        from zkharvest.harvest.reentry.plots import match_figure

        save_plots(plot, match_figure(made, offered.now), force=force)
    law = LAW[jurisdiction] if not wash_sale else f"{LAW[jurisdiction]}; taken to reach it by --wash-sale"
    if json:
        output.json_object(
            "zkharvest/match/1",
            {
                "estimate": True,
                "as_of": time_text(now),
                "law": law,
                "lots": [{"lot": one.ref, "asset": one.asset, "amount": f"{one.amount:.12g}"} for one in chosen],
                "matches": [one.as_json() for one in made],
                "left_out": [{"instrument": name, "reason": why} for name, why in sorted(offered.left_out.items())],
            },
        )
    else:
        output.data(f"An estimate as of {time_text(now)}. {law}.")
        for one in made:
            _show(one)
        _show_reasons("left out", offered.left_out)
    return ExitCode.REJECTED if any(one.verdict.value == "cannot" for one in made) else ExitCode.DONE


def _show(made: Match) -> None:
    output.data("")
    closed = ", ".join(f"{p.amount:.12g} {p.name}" for p in made.closed)
    spot = f"spot {made.spot:,.2f}" if math.isfinite(made.spot) else "no price"
    output.data(output.paint(f"{made.coin}: {made.verdict.upper()}", "bold"), f"  closes {closed}, {spot}")
    if made.reason:
        output.data(f"  {made.reason}" + ("; the nearest is" if made.legs else ""))
    for text in made.notes:
        output.data(f"  {text}")
    if made.legs:
        output.data("")
        rows = []
        for leg in made.legs:
            shown = leg.as_json()
            amount = f"{shown['amount']} {shown['unit']}"
            money = (f"{leg.delta:.6g}", f"{leg.cost:,.2f}", f"{leg.margin:,.2f}")
            rows.append((shown["instrument"], shown["side"], amount, shown["price"], *money))
        rows.append(("total", "", "", "", f"{sum(leg.delta for leg in made.legs):.6g}",
                     f"{made.cost:,.2f}", f"{made.margin:,.2f}"))  # fmt: skip
        output.table(("leg", "side", "amount", "price", "delta", "cost", "margin"), rows, right=(2, 3, 4, 5, 6))
        output.data("")
        assert made.got is not None
        names = ("delta", "gamma", "vega", "theta")
        greeks = [
            (title, *(f"{getattr(one, name):.6g}" for name in names))
            for title, one in (("closed", made.target), ("legs", made.got))
        ]
        gaps = ("gap", f"{made.residual['delta']:.6g}", *(f"{made.residual[n]:,.2f} USD" for n in names[1:]))
        output.table(("", *names), [*greeks, gaps], right=(1, 2, 3, 4))
        for leg in made.legs:
            if leg.whole:
                output.warning(f"{leg.listed.instrument.name}: thin, the leg takes all the depth that is known")
        for leg in made.legs:
            output.data("")
            output.data(leg.listed.instrument.name)
            texts = [(_EFFECTS[rule.effect], f"{rule.authority}: {rule.text}") for rule in leg.rules]
            output.fields([(label, textwrap.wrap(text, 100)) for label, text in texts])
    _show_reasons("refused", made.refused)


def _show_reasons(head: str, reasons: dict[str, str]) -> None:
    """Instruments by the reason that they share, with the first of them by name."""
    if not reasons:
        return
    groups: dict[str, list[str]] = {}
    for name, why in sorted(reasons.items()):
        groups.setdefault(why, []).append(name)
    rows = []
    for why, names in sorted(groups.items(), key=lambda group: -len(group[1])):
        shown = ", ".join(names[:2]) + (", ..." if len(names) > 2 else "")
        rows.append((str(len(names)), why, shown))
    output.data("")
    output.table((head, "because", "instruments"), rows, right=(0,))


_EFFECTS = {Effect.CLEAR: "clear", Effect.CARE: "care", Effect.BILL: "bill", Effect.DENIES: "DENIES"}


def time_text(instant: int) -> str:
    """An instant (ms) as ISO 8601 in UTC."""
    from zkharvest.trades.text import format_time

    return format_time(instant)


def save_plots(targets: list[Path], figure: Figure, *, force: bool) -> None:
    """Write a figure to each file, in the form that its ending names."""
    from zkharvest.files.atomic import write_file
    from zkharvest.harvest.plotting import rendered

    for target in targets:
        write_file(target, rendered(figure, target.suffix), force=force)
