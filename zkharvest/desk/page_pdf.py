"""The report on paper: what the page says, in the same order, with every disposal in a fixed-pitch list at the end."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from zkharvest.desk.amounts import signed, to_cents
from zkharvest.desk.charts import charts
from zkharvest.desk.form8949 import origin_of, places, us_date
from zkharvest.desk.overview import Held, Overview, Sums, counted, summary, warnings
from zkharvest.desk.pdf import GREY, INK, MARGIN, Sheet
from zkharvest.trades.text import format_quantity

_LIST_SIZE = 5.4  # points: 176 characters of the fixed-pitch font across a page on its side
_LIST_STEP = 6.8
_ACROSS = 218
_RECEIPT = "%-10s %-34.34s %-16.16s %-30.30s %16s %-26.26s %s"
_LOT = "%-20.20s %-26.26s %30s %18s %-10s %6s %-12s %-26.26s %s"
_MANY = 1_000  # lots: more are printed as a list of fixed pitch, which takes a hundredth of the time
_SALE = (11, 92, 173)  # the ink of a sale's own line


def page_pdf(view: Overview, *, version: str) -> bytes:
    """The report as PDF."""
    election = view.run.election
    foot = f"zkharvest {version} from {view.source}, SHA-256 {view.digest[:16]}... Not tax advice."
    sheet = Sheet(f"Gains and losses {election.year}", foot)
    sheet.page()
    sheet.paragraph(f"Gains and losses {election.year}", size=17, bold=True, gap=1)
    pooling = "wallet by wallet" if election.pooling == "wallet" else str(election.pooling)
    about = f"{election.rule.upper()}, {pooling}, time zone {election.timezone}, amounts in {view.currency}"
    sheet.paragraph(about, size=8.5, colour=GREY, gap=6)
    for text in summary(view):
        sheet.paragraph(text, size=9.5)
    for text in warnings(view):
        sheet.y += 4
        sheet.paragraph(text, size=8.5, bold=True, x=MARGIN + 8)
    for chart in charts(view, paper=True):
        width = 380.0
        if sheet.y + 24 + width * chart.ratio > sheet.bottom:
            sheet.page()
        sheet.paragraph(chart.title, size=10, bold=True, gap=5)
        sheet.image(chart.picture, width, chart.ratio)
    _title(sheet, "Gains")
    for label, sums in (("month", view.months), ("asset", view.assets)):
        rows = [_sums(one) for one in sums]
        form = view.form
        rows.append(("all", signed(form.short.proceeds + form.long.proceeds), signed(form.short.gain),
                     signed(form.long.gain), signed(view.net)))  # fmt: skip
        sheet.table((label, "proceeds", "short term", "long term", "together"), rows, (150, 95, 95, 95, 95),
                    right=(1, 2, 3, 4), bold_last=True)  # fmt: skip
    if view.income.receipts:
        _title(sheet, "Income")
        income = [(*key, signed(c)) for key, c in view.income.by("category", "source", "asset").items()]
        sheet.table(("kind", "source", "asset", "amount"), [*income, ("all", "", "", signed(view.income.total))],
                    (130, 150, 110, 100), right=(3,), bold_last=True)  # fmt: skip
    if view.held:
        _title(sheet, f"Lots held at the end of {view.last_day.isoformat()}")
        lots = [
            (lot.asset, lot.wallet, lot.quantity, signed(lot.cents), lot.acquired.isoformat(), str(lot.age),
             _long_from(view, lot), places(lot.origin))
            for lot in view.held[: len(view.held) if len(view.held) <= _MANY else 0]
        ]  # fmt: skip
        if lots:
            sheet.table(("asset", "wallet", "quantity", "basis", "acquired", "days", "long from", "read from"), lots,
                        (64, 76, 100, 66, 50, 28, 52, 96), right=(2, 3, 5), size=6.5)  # fmt: skip
        else:
            sheet.paragraph(f"{counted(len(view.held), 'lot', 'lots')}, listed on the last pages.")
    _title(sheet, "What each method gives")
    methods: list[tuple[str, ...]] = []
    for one in view.methods:
        name = f"{one.method.upper()}{', this report' if one.chosen else ''}"
        if one.short is None or one.long is None:
            methods.append((name, "cannot be run", "", ""))
        else:
            parts = (one.short, one.long, one.short + one.long)
            methods.append((name, *(signed(to_cents(part)) for part in parts)))
    sheet.table(("method", "short term", "long term", "net"), methods, (170, 100, 100, 100), right=(1, 2, 3))
    _lists(sheet, view)
    return sheet.bytes()


def _title(sheet: Sheet, text: str) -> None:
    if sheet.y + 60 > sheet.bottom:
        sheet.page()
    sheet.y += 10
    sheet.paragraph(text, size=12, bold=True, gap=2)


def _sums(one: Sums) -> tuple[str, str, str, str, str]:
    return one.label, signed(one.proceeds), signed(one.short), signed(one.long), signed(one.total)


def _lists(sheet: Sheet, view: Overview) -> None:
    """What can be long, on pages on their side: every disposal and its lots, every receipt, many lots that are held."""
    sheet.landscape = True
    sheet.width, sheet.height = sheet.height, sheet.width
    line = _line(view)
    head = line % ("sold", "what", "acquired", "proceeds", "basis", "(g)", "gain or loss", "", "box", "trade, lot",
                   "where it comes from")  # fmt: skip
    _list(sheet, "Every disposal, with its lots", head, _list_lines(view, line))
    head = _RECEIPT % ("received", "what", "kind", "source", "amount", "trade", "where it comes from")
    _list(sheet, "Every receipt of income", head, _receipts(view))
    if len(view.held) > _MANY:
        head = _LOT % ("asset", "wallet", "quantity", "basis", "acquired", "days", "long from", "lot",
                       "where it comes from")  # fmt: skip
        _list(sheet, f"Lots held at the end of {view.last_day.isoformat()}", head, _lots(view))


def _list(sheet: Sheet, title: str, head: str, rows: Iterator[tuple[str, bool]]) -> None:
    """Lines under a title and, on every page, a head; those that are marked in another ink."""
    first = next(rows, None)
    while first is not None:
        sheet.page(foot=False)
        if title:
            sheet.paragraph(title, size=11, bold=True, gap=2)
            title = ""
        sheet.y += _LIST_STEP
        sheet.rule(sheet.y + 1.5)
        room = int((sheet.bottom - sheet.y) / _LIST_STEP) - 1
        on_page = [(text[:_ACROSS], _SALE if marked else INK) for text, marked in (first, *islice(rows, room - 1))]
        sheet.lines([(head, INK), *on_page], _LIST_STEP, _LIST_SIZE, foot=True)
        first = next(rows, None)


def _line(view: Overview) -> str:
    """What a line of the list looks like: columns of money are as wide as the largest amount, 14 at least.

    Filled in by `%`, in a third of the time that an f-string takes.
    """
    sales = [sale for _, of_month in view.sales for sale in of_month]
    sums = (sum(row.proceeds for row in sale.rows) for sale in sales)
    costs = (sum(row.basis for row in sale.rows) for sale in sales)
    parts = [amount for row in view.form.rows for amount in (row.proceeds, row.basis, row.gain)]
    largest = max(map(abs, chain(parts, sums, costs, (sale.gain for sale in sales))), default=0)
    given = [f"{row.line.codes} {signed(row.adjustment)}" for row in view.form.rows if row.adjustments]
    n, g = max(14, len(signed(-largest))), max([10, *map(len, given)])
    return f"%-10s %-34.34s %-10.10s %{n}s %{n}s %{g}s %{n}s %-5s %-3s %-26.26s %s"


def _list_lines(view: Overview, form: str) -> Iterator[tuple[str, bool]]:
    """The lines of the list, and whether each is a sale's own."""
    names = view.lot_names
    origins = {lot: places(origin_of((view.run.trades[lot],))) for lot in names}
    for _, sales in view.sales:
        for sale in sales:
            rows = sale.rows
            proceeds, basis = sum([row.proceeds for row in rows]), sum([row.basis for row in rows])
            yield form % (
                us_date(sale.day), sale.what, sale.kind, signed(proceeds), signed(basis), "", signed(sale.gain), "", "",
                sale.name, places(sale.origin),
            ), True  # fmt: skip
            for row in rows:
                line, lot = row.line, row.line.lots[0]
                yield form % (
                    "", line.description, us_date(line.acquired), signed(row.proceeds), signed(row.basis),
                    f"{line.codes} {signed(row.adjustment)}" if row.adjustments else "", signed(row.gain),
                    line.term, row.box, names[lot], origins[lot],
                ), False  # fmt: skip


def _receipts(view: Overview) -> Iterator[tuple[str, bool]]:
    for one in view.income.receipts:
        trade = one.trade
        yield _RECEIPT % (
            us_date(one.day), f"{format_quantity(trade.quantity)} {trade.asset}", one.category, trade.source,
            signed(one.cents), trade.id, places(origin_of((trade,))),
        ), False  # fmt: skip


def _lots(view: Overview) -> Iterator[tuple[str, bool]]:
    for lot in view.held:
        yield _LOT % (
            lot.asset, lot.wallet, lot.quantity, signed(lot.cents), lot.acquired.isoformat(), lot.age,
            _long_from(view, lot), lot.name, places(lot.origin),
        ), False  # fmt: skip


def _long_from(view: Overview, lot: Held) -> str:
    if lot.short_side:
        return "always short"
    return "long" if lot.long_on <= view.last_day else lot.long_on.isoformat()
