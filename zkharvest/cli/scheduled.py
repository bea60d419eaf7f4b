"""Schedule D, with the losses carried over from earlier years: the command `report scheduled`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from zkharvest.cli import desk, output
from zkharvest.cli.desk import STDOUT, Broker, Format, FormatOption, Name, Official, Rows, Target, WholeDollars
from zkharvest.cli.options import Force, Json, MethodOption, PoolingOption, Trades, YearOption, ZoneOption
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger.rules import DEFAULT_POOLING, DEFAULT_TIMEZONE, Election
from zkharvest.spec import FIRST_YEAR, LAST_YEAR

if TYPE_CHECKING:
    from zkharvest.desk.scheduled import Carryover


def scheduled(
    path: Trades,
    year: YearOption,
    method: MethodOption,
    pooling: PoolingOption = DEFAULT_POOLING,
    timezone: ZoneOption = DEFAULT_TIMEZONE,
    broker: Broker = None,
    carryover_short: Annotated[
        str, typer.Option("--carryover-short", metavar="AMOUNT", help="Line 6: short-term loss carried into the year.")
    ] = "0",
    carryover_long: Annotated[
        str, typer.Option("--carryover-long", metavar="AMOUNT", help="Line 14: long-term loss carried into the year.")
    ] = "0",
    prior: Annotated[
        str | None,
        typer.Option(
            "--prior",
            metavar="L7,L15,L21,TAXABLE",
            help="Last year's Schedule D lines 7, 15, 21 and Form 1040 line 15: the worksheet makes lines 6 and 14.",
        ),
    ] = None,
    line: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="N=AMOUNT", help="Line 4, 5, 11, 12 or 13, from other forms."),
    ] = None,
    separate: Annotated[
        bool, typer.Option("--married-separately", help="The limit of line 21 is $1,500 instead of $3,000.")
    ] = False,
    taxable: Annotated[
        list[str] | None,
        typer.Option(
            "--taxable-income",
            metavar="[YEAR=]AMOUNT",
            help="Form 1040 line 15 of the year or of an earlier one, for the worksheet to the next; matters below 0.",
        ),
    ] = None,
    since: Annotated[
        int | None,
        typer.Option(
            "--since",
            metavar="YEAR",
            min=FIRST_YEAR,
            max=LAST_YEAR,
            help="Make the worksheets of every year from this one on, from this ledger; carryovers are into this year.",
        ),
    ] = None,
    whole: WholeDollars = False,
    form: FormatOption = Format.TABLE,
    target: Target = STDOUT,
    official: Official = False,
    name: Name = "",
    force: Force = False,
    json: Json = False,
) -> ExitCode:
    """Schedule D: totals of Form 8949, losses carried in and out, the limit on losses."""
    from zkharvest.desk import scheduled as schedules
    from zkharvest.desk.amounts import parse_cents
    from zkharvest.desk.form8949 import make_form
    from zkharvest.desk.lines import lines_of
    from zkharvest.ledger.run import run_ledger

    form = desk.settled_format(form, target, force=force, json=json, inputs=[path, *([broker] if broker else [])])
    desk.only_pdf(form, official=official)
    short, long = parse_cents(carryover_short, "--carryover-short"), parse_cents(carryover_long, "--carryover-long")
    if prior is not None and (short or long or since is not None):
        hint = "leave --carryover-short, --carryover-long and --since out"
        raise UsageError("--prior makes lines 6 and 14 itself", hint)
    others = dict(_other_line(text) for text in line or [])
    incomes = dict(_taxable(text, year, since) for text in taxable or [])
    election = Election(method, pooling, timezone, year)
    done, made, found = desk.filled(path, election, broker, Rows.LOT)
    run = done.run
    desk.say_currency(run, "USD")
    desk.say_open(found)
    carried: Carryover | tuple[int, int] = (short, long) if prior is None else _prior(prior, year)
    sheets: list[Carryover] = []
    if since is not None and since < year:
        forms = (
            make_form(lines_of(run_ledger(done.read.trades, replace(election, year=n))), n) for n in range(since, year)
        )
        sheets = schedules.worksheets_of(forms, carried_in=(short, long), taxable=incomes, separate=separate)
        carried = sheets.pop()
    schedule = schedules.make_schedule(
        made, carried_in=carried, others=others, separate=separate, taxable=incomes.get(year), earlier=sheets
    )
    if official:
        from zkharvest.desk.irs_forms import official_schedule

        if schedule.carried_out.lines:
            output.note("the carryover worksheet is not filed with it; leave --official out to see it")
        return desk.save(target, official_schedule(schedule, name=name, whole=whole), force=force)
    if form is Format.PDF:
        from zkharvest.desk.pdf_forms import schedule_pdf

        return desk.save(target, schedule_pdf(schedule, name=name, whole=whole), force=force)
    if form is Format.JSON:
        shown = {**desk.rule_of(run), **done.json(), **schedules.schedule_json(schedule, whole=whole)}
        return desk.write_object("zkharvest/scheduled/1", shown, target, force)
    rows = list(schedules.schedule_rows(schedule, whole=whole))
    if form is Format.CSV:
        return desk.write_csv(schedules.COLUMNS, rows, target, force=force)
    output.data(desk.heading(f"Schedule D of {year}", run))
    output.data("")
    cut = [(n, schedules.short_text(n), *money) for n, _, *money in rows]
    output.table(("line", "", "(d)", "(e)", "(g)", "(h)"), cut, right=(2, 3, 4, 5))
    for sheet in schedule.worksheets:
        output.data("")
        title = f"Capital Loss Carryover Worksheet, {sheet.year} to {sheet.year + 1}"
        output.data(output.paint(title, "bold"))
        if sheet.lines:
            output.table(("line", "", "amount"), list(schedules.worksheet_rows(sheet, whole=whole)), right=(0, 2))
        else:
            output.data("nothing to carry over")
    stated = {*incomes, *([year - 1] if prior else [])}
    if any(sheet.lines and sheet.year not in stated for sheet in schedule.worksheets):
        output.note("the worksheets take taxable income to be zero or more where --taxable-income states none")
    return ExitCode.DONE


def _prior(text: str, year: int) -> Carryover:
    from zkharvest.desk.amounts import parse_cents
    from zkharvest.desk.scheduled import carryover_worksheet

    parts = text.split(",")
    if len(parts) != 4:
        hint = "such as --prior -5000,1000,3000,52000 (no commas inside an amount)"
        raise UsageError("--prior: four amounts are needed: lines 7, 15, 21 and taxable income", hint)
    line7, line15, line21, taxable = (parse_cents(part, "--prior") for part in parts)
    return carryover_worksheet(year - 1, line7=line7, line15=line15, line21=abs(line21), taxable=taxable)


def _taxable(text: str, year: int, since: int | None) -> tuple[int, int]:
    from zkharvest.desk.amounts import parse_cents

    of, equals, amount = text.rpartition("=")
    first = year if since is None else since
    if equals and not (of.strip().isdigit() and first <= int(of) <= year):
        raise UsageError(f'--taxable-income: "{of}" is not a year of this schedule', f"years are {first} to {year}")
    return int(of) if equals else year, parse_cents(amount, "--taxable-income")


def _other_line(text: str) -> tuple[str, int]:
    from zkharvest.desk.amounts import parse_cents

    number, separator, amount = text.partition("=")
    if not separator:
        raise UsageError(f'--line: "{text}" has no amount', "write it as --line 13=120.50")
    return number.strip(), parse_cents(amount, f"--line {number}")
