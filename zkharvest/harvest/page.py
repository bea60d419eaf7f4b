"""The harvest as one page: what to take, what is blocked and why, losses by lot and by month. No script, no network.

Charts are bars with their figures as text beside them; colours follow the reader's light or dark setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from zkharvest.harvest.law import BILLS
from zkharvest.harvest.page_charts import STYLE as CHART_STYLE
from zkharvest.harvest.page_charts import fan_chart, threshold_chart
from zkharvest.harvest.scan import Scan
from zkharvest.harvest.scan_report import grouped, scan_json, total_lines
from zkharvest.ledger.results import LedgerRun
from zkharvest.trades.text import format_time

_ROWS = 200
_BARS = 24

_STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--line:#d0d7de;--page:#fff;--box:#f6f8fa;--loss:#b42318;
--gain:#1a7f4b;--mark:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9da7b3;--line:#3d444d;--page:#0d1117;--box:#161b22;
--loss:#ff8a80;--gain:#5bd18b;--mark:#7cb7ff}}
*{box-sizing:border-box}body{margin:0 auto;max-width:80rem;padding:1.5rem 1rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:1.25rem 0 .25rem}
p,li{color:var(--dim)}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
.scroll+.scroll{margin-top:1rem}th,td{padding:.35rem .55rem;border-bottom:1px solid var(--line);text-align:left;
white-space:nowrap}
th{color:var(--dim);font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
td.w{white-space:normal;min-width:14rem}tr.take td:first-child{border-left:3px solid var(--gain)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.75rem;margin:1rem 0}
dl div{background:var(--box);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
dt{color:var(--dim);font-size:.85rem}dd{margin:0;font-size:1.05rem;overflow-wrap:anywhere}
.bars{list-style:none;margin:0;padding:0;max-width:40rem}.bars li{display:grid;grid-template-columns:1fr auto;
gap:0 1rem;margin:.4rem 0;color:var(--ink);font-variant-numeric:tabular-nums}.bars span{overflow-wrap:anywhere}
.bars i{grid-column:1/-1;height:.6rem;border-radius:.2rem}.loss{background:var(--loss)}.gain{background:var(--gain)}
@media print{body{max-width:none}}
"""


def page(
    scan: Scan,
    run: LedgerRun,
    *,
    matches: Mapping[str, Any] | None = None,
    forecast: Mapping[str, Any] | None = None,
    records: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page as HTML. `matches`, `forecast`, `records`: what `harvest match|forecast|record --json` printed."""
    shown = scan_json(scan, _ROWS)
    regime = shown["regime"]
    rule = f"{regime['method'].upper()}, pooling: {regime['pooling']}, {regime['timezone']}"
    currency = run.trades[0].currency if run.trades else ""
    rule += f", amounts in {currency}" if currency else ""
    parts = [
        f"<h1>Harvest of {regime['year']}</h1>",
        f"<p>As of {escape(shown['as_of'])}, {escape(rule)}. Estimates: not advice, and not a proof.</p>",
        "<dl>"
        + "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in total_lines(scan))
        + "</dl>",
        "<h2>Losses by lot, and gains taken on the way</h2>"
        if any(float(c["loss"]) < 0 for c in shown["candidates"][:_BARS])
        else "<h2>Losses by lot</h2>",
        _bars([(f"{c['asset']} {c['lot']}", -float(c["loss"])) for c in shown["candidates"][:_BARS]]),
        "<h2>Realised gains and losses by month</h2>",
        _bars(_months(run)),
        "<h2>Lots with a loss</h2>",
        _candidates(shown["candidates"], shown["candidates_not_shown"], len(shown["left_out"])),
        *_blocked(shown),
        *_given(matches, forecast, records),
        "<h2>What the figures rest on</h2><ul>",
        *(f"<li>{escape(text)}</li>" for text in (*shown["assumptions"], *shown["notes"])),
        "</ul>",
    ]
    title = f"Harvest of {regime['year']}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        'content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}{CHART_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _months(run: LedgerRun) -> list[tuple[str, float]]:
    """Realised gains (positive) and losses of the year by month of the sale, UTC."""
    sums: dict[str, int] = {}
    for part in run.disposals:
        if part.in_year:
            month = format_time(part.disposed)[:7]
            sums[month] = sums.get(month, 0) + part.gain
    return [(month, sums[month] / 1e8) for month in sorted(sums)]


def _bars(rows: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars with their labels and figures as text: losses below zero and red, gains green."""
    if not rows:
        return "<p>None.</p>"
    most = max(abs(value) for _, value in rows) or 1.0
    out = ['<ul class="bars">']
    for label, value in rows:
        kind = "gain" if value >= 0 else "loss"
        width = max(100 * abs(value) / most, 0.5)
        out.append(
            f"<li><span>{escape(label)}</span><span>{grouped(value)}</span>"
            f'<i class="{kind}" style="width:{width:.1f}%"></i></li>'
        )
    return "".join(out) + "</ul>"


def _table(
    head: Iterable[str], rows: Iterable[Sequence[str]], numeric: frozenset[int], take: Sequence[bool] = ()
) -> str:
    cells = ["".join(f"<th{' class=n' if n in numeric else ''}>{escape(text)}</th>" for n, text in enumerate(head))]
    for number, row in enumerate(rows):
        mark = " class=take" if number < len(take) and take[number] else ""
        body = "".join(f"<td class={_kind(n, text, numeric)}>{escape(text)}</td>" for n, text in enumerate(row))
        cells.append(f"<tr{mark}>{body}</tr>")
    whole = f"<thead><tr>{cells[0]}</tr></thead><tbody>{''.join(cells[1:])}</tbody>"
    return f'<div class="scroll"><table>{whole}</table></div>'


def _kind(place: int, text: str, numeric: frozenset[int]) -> str:
    return "n" if place in numeric else "w" if len(text) > 40 else "t"


def _amount(text: str) -> str:
    return grouped(float(text))


def _candidates(candidates: Sequence[Mapping[str, Any]], more: int, left_out: int) -> str:
    if not candidates:
        return f"<p>No open lot {'with a usable price ' if left_out else ''}has a loss.</p>"
    rows = [
        (
            "take" if c["take"] else "", f"{c['asset']} {c['lot']}", _amount(c["net"]), c["quantity"],
            _amount(c["basis"]), _amount(c["value"]), _amount(c["loss"]),
            f"{c['term']}, long from {c['long_from']}" if c["days_to_long"] else c["term"] or "",
            _amount(c["tax_now"]), _amount(c["carry_pv"]), _amount(c["later_tax"]), _amount(c["cost"]["total"]),
        )
        for c in candidates
    ]  # fmt: skip
    head = ("", "lot", "net", "quantity", "basis", "value", "loss", "term", "tax now", "carried", "later tax", "cost")
    made = _table(head, rows, frozenset({2, 3, 4, 5, 6, 8, 9, 10, 11}), [bool(c["take"]) for c in candidates])
    return made + (f"<p>{more:,} more are not shown.</p>" if more else "")


def _blocked(shown: Mapping[str, Any]) -> list[str]:
    """What is blocked, denied, deferred or left out, and why."""
    rows = []
    for c in shown["candidates"]:
        lot = f"{c['asset']} {c['lot']}"
        if not c["reach"]["ok"]:
            rows.append(
                (lot, f"{shown['regime']['method'].upper()} takes {', '.join(c['reach']['before'])} at a gain first")
            )
        if float(c["wash"]["disallowed"]):
            rows.append((lot, f"denied {_amount(c['wash']['disallowed'])}: {', '.join(c['wash']['spoiled_by'])}"))
        if float(c["straddle"]["deferred"]):
            rows.append((lot, f"deferred {_amount(c['straddle']['deferred'])}: {c['straddle']['against']}"))
        rows += [
            (lot, f"{bill['bill']} would deny {_amount(bill['disallowed'])} for purchases of the last 30 days")
            for bill in c["wash"].get("shadow", [])
            if float(bill["disallowed"])
        ]
    left: dict[tuple[str, str], list[str]] = {}
    for one in shown["left_out"]:
        left.setdefault((one["asset"], one["reason"]), []).append(one["lot"])
    for (asset, reason), lots in left.items():
        names = lots[0] + (f" and {len(lots) - 1:,} more" if len(lots) > 1 else "")
        rows.append((f"{asset} {names}", f"left out: {reason}"))
    table = _table(("lot", "why"), rows, frozenset()) if rows else "<p>Nothing.</p>"
    bills = " ".join(f"{bill.name}: {bill.why}." for bill in BILLS) if shown["regime"]["jurisdiction"] == "US" else ""
    return ["<h2>Blocked, denied, deferred, left out</h2>", table, f"<p>{escape(bills)}</p>" if bills else ""]


def _given(
    matches: Mapping[str, Any] | None, forecast: Mapping[str, Any] | None, records: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The parts that come from other commands."""
    parts: list[str] = []
    for match in (matches or {}).get("matches", []):
        parts += _match(match)
    if forecast:
        parts += _forecast(forecast)
    if records:
        parts += _realised(records)
    return parts


def _realised(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the recorded plans came to, all of them together."""
    lots = [lot for record in records for lot in record["lots"]]
    rows = [(lot["lot"], lot["sold"], _amount(lot["loss"]), _amount(lot["estimated_loss"])) for lot in lots]
    sums = [grouped(sum(float(record[name]) for record in records)) for name in ("loss", "estimated_loss")]
    said = [text for record in records for text in (*record["gaps"], *record.get("elsewhere", ()))]
    return [
        "<h2>Realised against estimated</h2>",
        _table(("lot", "sold", "realised loss", "estimated"), rows, frozenset({1, 2, 3})),
        f"<p>Realised {sums[0]}, estimated {sums[1]}.</p>",
        *(f"<p>{escape(text)}</p>" for text in said),
    ]


def _number(value: Any) -> str:
    """A number of another command for a reader: six digits, nothing where there is none."""
    return "" if value is None else f"{value:,.6g}"


def _match(match: Mapping[str, Any]) -> list[str]:
    """Greeks before and after, the legs, and what the difference may earn or cost."""
    target, got, gap = match["target"], match["got"] or {}, match.get("residual") or {}
    rows = []
    for name in ("delta", "gamma", "vega", "theta"):
        if name not in target:
            continue
        before, after = float(target[name]), float(got.get(name, 0.0))
        kept = f"{after / before:.1%}" if before else "none before"
        money = "" if name not in gap else f"{gap[name]:.6g} coins" if name == "delta" else f"{_amount(gap[name])} USD"
        rows.append((name, _number(before), _number(after), kept, money))
    parts = [f"<h2>Greeks of {escape(match['coin'])}, before and after</h2>"]
    reason = f": {match['reason']}" if match["reason"] else ""
    parts.append(f"<p>{escape(match['verdict'].capitalize() + reason)}.</p>")
    parts.append(_table(("", "before", "after", "kept", "gap"), rows, frozenset({1, 2, 3, 4})))
    legs = [
        (
            leg["instrument"], f"{leg['side']} {leg['amount']} {leg['unit']}", leg["price"], _amount(leg["cost"]),
            _amount(leg["margin"]), "takes all that is there" if leg.get("depth", {}).get("takes_all") else "",
        )
        for leg in match.get("legs", [])
    ]  # fmt: skip
    if legs:
        parts.append(_table(("leg", "order", "price", "cost", "margin", "depth"), legs, frozenset({2, 3, 4})))
    return [*parts, *_profit_gap(match.get("gap"))]


def _profit_gap(gap: Mapping[str, Any] | None) -> list[str]:
    """Profit of the legs less that of what was closed, at the horizon, over moves of spot and volatility."""
    if not gap:
        return []
    moves = [f"{100 * float(move):+.0f} %".replace("+0 %", "as now") for move in gap["spot_moves"]]
    last = gap["dollars"][-1]
    rows = [
        (f"{float(points):+g} points", *(_amount(value) for value in row))
        for points, row in zip(gap["volatility_points"], last, strict=True)
    ]
    if len({row[1:] for row in rows}) == 1:  # no option is in it: volatility changes nothing
        rows = [("at any volatility", *rows[0][1:])]
    head = (f"after {float(gap['days'][-1]):g} days, spot", *moves)
    return [
        "<p>What the legs earn more (or less) than what was closed would have, in dollars:</p>",
        _table(head, rows, frozenset(range(1, len(head)))),
    ]


def _forecast(forecast: Mapping[str, Any]) -> list[str]:
    """The threshold over time, the book's loss to the end, and the lots."""
    parts = [f"<h2>Forecast to {escape(str(forecast.get('until', '')))}</h2>"]
    if forecast.get("assumed"):
        models = "; ".join(f"{asset}: {model}" for asset, model in forecast.get("model", {}).items())
        parts.append(f"<p>{escape(str(forecast['assumed']))}. {escape(models)}.</p>")
    if "thresholds" in forecast:
        parts.append("<h3>Threshold over time</h3><p>Harvest a new lot when its price over its basis is below.</p>")
        parts.append(threshold_chart(forecast["thresholds"]))
    book = forecast.get("book", {})
    if book.get("fan"):
        parts.append("<h3>Loss of the book that can be harvested</h3>")
        parts.append(fan_chart(book["days"], book["fan"]))
    rows = []
    for lot in forecast.get("lots", [])[:_ROWS]:
        ends = lot.get("quantiles", {})
        chance = lot.get("p_loss")
        rows.append((
            str(lot["lot"]), str(lot.get("action", "")), _text_amount(lot.get("loss")),
            _text_amount(lot.get("threshold_price")), "" if chance is None else f"{chance:.0%}",
            *(_text_amount(ends.get(q)) for q in ("0.05", "0.5", "0.95")),
            *(_text_amount(lot.get(n)) for n in ("value_now", "value_wait")), " to ".join(lot.get("window") or ()),
        ))  # fmt: skip
    head = (
        *("lot", "action", "loss now", "harvest below", "chance of a loss", "5 %", "median", "95 %"),
        *("worth now", "worth waiting", "most likely"),
    )
    parts.append("<h3>Lots</h3>" + _table(head, rows, frozenset(range(2, 10))))
    for one in forecast.get("rules", []):
        results = [(str(r["rule"]), f"{float(r['net_percent']):.2f} %") for r in one["results"]]
        parts.append(f"<h3>Rules on the history of {escape(one['asset'])}, {one['lots']:,} lots</h3>")
        parts.append(_table(("rule", "saved, part of the basis"), results, frozenset({1})))
    return parts


def _text_amount(text: str | None) -> str:
    return "" if text is None else _amount(text)
