"""The report as one HTML page: nothing is loaded, no script runs, it prints well, and it folds what is long."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from zkharvest.desk.amounts import signed, to_cents
from zkharvest.desk.charts import charts
from zkharvest.desk.form8949 import Row, origin_of, places, us_date
from zkharvest.desk.overview import SOON, Overview, Sale, counted, summary, warnings
from zkharvest.trades.text import format_quantity

UNFOLDED = 400  # rows: up to so many, a list stands open


def page_html(view: Overview, *, version: str) -> Iterator[str]:
    """The page in pieces: the list of disposals can be long, and is written as it is made."""
    from jinja2 import Environment, StrictUndefined

    template = files("zkharvest.desk").joinpath("page.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["money"] = signed
    environment.filters["places"] = places
    environment.filters["quantity"] = format_quantity
    environment.filters["origin"] = origin_of
    environment.filters["minus"] = lambda cents: "loss" if cents < 0 else ""
    made = environment.from_string(template).render(
        view=view,
        version=version,
        charts=charts(view),
        summary=summary(view),
        warnings=warnings(view),
        in_cents=to_cents,
        soon=SOON,
        counted=counted,
        unfolded=UNFOLDED,
    )
    head, tail = made.split("<!-- disposals -->")
    yield head
    yield from _disposals(view)
    yield tail


def _disposals(view: Overview) -> Iterator[str]:
    """The list of disposals: a fold for each month, a block for each sale, a row for each lot."""
    unfold = " open" if len(view.form.rows) <= UNFOLDED else ""
    names, trades = view.lot_names, view.run.trades
    for month, sales in view.sales:
        gain = sum(sale.gain for sale in sales)
        lots = sum(len(sale.rows) for sale in sales)
        yield (
            f"<details class=month{unfold}><summary><b>{month}</b> {counted(len(sales), 'disposal', 'disposals')}, "
            f"{counted(lots, 'lot', 'lots')}"
            f"<span class='{'loss' if gain < 0 else ''}'>{signed(gain)}</span></summary>\n<div class=wide><table>"
            "<thead><tr><th>Sold<th>What<th>Acquired<th class=n>Proceeds<th class=n>Basis<th class=n>Adjustment"
            "<th class=n>Gain or loss<th>Term, box<th>Trades<th>Where it comes from</tr></thead>\n"
        )
        for sale in sales:
            yield "<tbody>"
            yield _sale_row(sale)
            for row in sale.rows:
                lot = row.line.lots[0]
                yield _lot_row(row, names[lot], origin_of([trades[lot]]))
            yield "</tbody>\n"
        yield "</table></div></details>\n"


def _sale_row(sale: Sale) -> str:
    proceeds = sum(row.proceeds for row in sale.rows)
    basis = sum(row.basis for row in sale.rows)
    return (
        f"<tr class=sale><td>{us_date(sale.day)}<td>{escape(sale.what)}<td>{sale.kind}, {escape(sale.source)}"
        f"<td class=n>{signed(proceeds)}<td class=n>{signed(basis)}<td><td class='n {_sign(sale.gain)}'>"
        f"{signed(sale.gain)}<td><td>{escape(sale.name)}<td>{_origin(sale.origin)}</tr>\n"
    )


def _lot_row(row: Row, lot: str, origin: str) -> str:
    adjustment = f"{row.line.codes} {signed(row.adjustment)}" if row.adjustments else ""
    return (
        f"<tr><td><td>{escape(row.line.description)}<td class=d>{row.acquired}<td class=n>{signed(row.proceeds)}"
        f"<td class=n>{signed(row.basis)}<td class=n>{adjustment}<td class='n {_sign(row.gain)}'>{signed(row.gain)}"
        f"<td>{row.line.term}, {row.box}<td>{escape(lot)}<td>{_origin(origin)}</tr>\n"
    )


def _sign(cents: int) -> str:
    return "loss" if cents < 0 else ""


def _origin(text: str) -> str:
    return escape(places(text))


def write_bytes(parts: Iterable[str]) -> bytes:
    """The page as a file holds it."""
    whole = bytearray()  # a join would hold all pieces beside their sum
    for part in parts:
        whole += part.encode()
    return bytes(whole)
