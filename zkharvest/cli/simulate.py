"""`harvest simulate`: what happens when many harvest at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import output
from zkharvest.cli.options import Force, Json
from zkharvest.cli.output import ExitCode
from zkharvest.cli.reentry import PlotOption, save_plots

if TYPE_CHECKING:
    from zkharvest.harvest.crowd.model import Run
    from zkharvest.harvest.crowd.sweep import Habit

_UNITS = (
    ("dip_bp", "lowest gap in December", "bp"),
    ("rebound_bp", "highest gap in January", "bp"),
    ("worst_bp", "lowest gap of all", "bp"),
    ("vol_ratio", "volatility over that of fair value", ""),
    ("peak_flow", "largest flow of a day", "ADV"),
    ("saved", "tax saved", "% of wealth"),
    ("cost", "cost", "% of wealth"),
    ("net", "net", "% of wealth"),
    ("net_automated", "net of the automated", "% of their wealth"),
)


def simulate(
    agents: Annotated[int, typer.Option("--agents", help="Taxpayers.")] = 10_000,
    wealth: Annotated[float, typer.Option("--wealth", help="What they hold, in average daily volumes (ADV).")] = 5.0,
    automated: Annotated[float, typer.Option("--automated", help="Share that watches a threshold daily.")] = 0.5,
    threshold: Annotated[float, typer.Option("--threshold", help="Loss at which they act, such as 0.1.")] = 0.1,
    spread: Annotated[float, typer.Option("--spread", help="How their thresholds differ (sigma of the log).")] = 0.0,
    delay: Annotated[int, typer.Option("--delay", help="Days until they buy back: 0 today, 31 under a bill.")] = 0,
    hedge: Annotated[float, typer.Option("--hedge", help="At once: share that dealers hedge in the market.")] = 1.0,
    pace: Annotated[float, typer.Option("--pace", help="Chance of acting on a day, such as 0.05; 1 is at once.")] = 1.0,
    predation: Annotated[float, typer.Option("--predation", help="Share of foreseen flow that is front-run.")] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Same seed, same bytes.")] = 1,
    sweep: Annotated[bool, typer.Option("--sweep", help="Vary crowding, laws and habits, on all cores.")] = False,
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=1000, help="With --sweep: years for each point.")] = 16,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="With --sweep: a Dask scheduler to run on.")
    ] = None,
    plot: PlotOption = None,
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Simulate a crowd that harvests: dips, rebounds, and when harvesting costs more than it saves.

    A model, not a forecast: it ranks laws and habits. No trades are read.
    """
    from zkharvest.errors import UsageError
    from zkharvest.files.atomic import ensure_writable
    from zkharvest.harvest.crowd import model
    from zkharvest.harvest.crowd import sweep as sweeping
    from zkharvest.harvest.plotting import check_forms

    if scheduler is not None and not sweep:
        raise UsageError("--scheduler is for --sweep", "one run takes less than a second here")
    check_forms(plot or [])
    for target in plot or ():
        ensure_writable(target, force=force)
    base = model.Scenario(agents, wealth, automated, threshold, spread, delay, hedge, pace, predation, seed)
    with output.progress("simulating") as step:
        if sweep:
            habits = sweeping.sweep(base, seeds, scheduler=scheduler, step=step)
        else:
            run = model.simulate(base)
    if plot:
        from zkharvest.harvest.crowd.plots import run_figure, sweep_figure

        save_plots(plot, sweep_figure(habits, base) if sweep else run_figure(run), force=force)
    if json and sweep:
        shown = {"estimate": True, "base": base.as_json(), "seeds": seeds, "habits": [one.as_json() for one in habits]}
        output.json_object("zkharvest/simulate-sweep/1", shown)
    elif json:
        output.json_object("zkharvest/simulate/1", {"estimate": True, "scenario": base.as_json(), **run.as_json()})
    elif sweep:
        _show_sweep(habits, base.wealth)
    else:
        _show_run(run)
    return ExitCode.DONE


def _show_run(run: Run) -> None:
    s = run.scenario
    output.data(f"A simulation of {s.agents:,} taxpayers who hold {s.wealth:g} daily volumes; not a forecast.")
    output.data("")
    shown = run.as_json()
    rows = []
    for name, label, unit in _UNITS:
        value = shown[name]
        rows.append((label, "none" if value is None else f"{value:,.2f}", unit))
    output.table(("figure", "value", "unit"), rows, right=(1,))


def _show_sweep(habits: list[Habit], wealth: float) -> None:
    output.data("Simulations, not forecasts: from which crowding harvesting costs more than it saves.")
    output.data("")
    rows = []
    for habit in habits:
        even = f"not up to {habit.crowding[-1]:g}" if habit.break_even is None else f"{habit.break_even:.1f}"
        low, high = (f"{habit.crowding[-1]:g}+" if x is None else f"{x:.1f}" for x in habit.between)
        r = habit.reference
        figures = (f"{r[name]:,.0f}" for name in ("dip_bp", "rebound_bp", "worst_bp"))
        between = "" if habit.between[0] is None else f"{low} to {high}"
        rows.append((habit.name, even, between, *figures, f"{r['peak_flow']:.2f}", f"{r['net_automated']:.2f}"))
    head = (
        "law and habit",
        "break-even, ADV",
        "80 % between",
        "December bp",
        "January bp",
        "worst bp",
        "peak ADV",
        "net %",
    )
    output.table(head, rows, right=(1, 2, 3, 4, 5, 6, 7))
    output.data("")
    output.data(
        f"Break-even: automated wealth in average daily volumes. The rest: half of {wealth:g} volumes automated;"
    )
    output.data(
        "net is what harvesting leaves to the automated, in percent of their wealth. Between: with years drawn again."
    )
