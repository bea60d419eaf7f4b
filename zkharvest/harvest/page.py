"""The harvest as one page: what to take, what is blocked and why, losses by lot and by month. No script, no network.

Charts are bars with their figures as text beside them; colours follow the reader's light or dark setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from zkharvest.harvest.law import BILLS
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
*{box-sizing:border-box}body{margin:0 auto;max-width:70rem;padding:1.5rem 1rem;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p,li{color:var(--dim)}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
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
    parts = [
        f"<h1>Harvest of {regime['year']}</h1>",
        f"<p>As of {escape(shown['as_of'])}, {escape(rule)}. Estimates: not advice, and not a proof.</p>",
        "<dl>"
        + "".join(f"<div><dt>{escape(a)}</dt><dd>{escape(b)}</dd></div>" for a, b in total_lines(scan))
        + "</dl>",
        "<h2>Losses by lot</h2>",
        _bars([(f"{c['asset']} {c['lot']}", float(c["loss"])) for c in shown["candidates"][:_BARS]]),
        "<h2>Realised gains and losses by month</h2>",
        _bars(_months(run), signed=True),
        "<h2>Lots with a loss</h2>",
        _candidates(shown["candidates"], shown["candidates_not_shown"]),
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
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
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


def _bars(rows: Sequence[tuple[str, float]], *, signed: bool = False) -> str:
    """Horizontal bars with their labels and figures as text: losses red, gains green (`signed`)."""
    if not rows:
        return "<p>None.</p>"
    most = max(abs(value) for _, value in rows) or 1.0
    out = ['<ul class="bars">']
    for label, value in rows:
        kind = "gain" if signed and value >= 0 else "loss"
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


def _candidates(candidates: Sequence[Mapping[str, Any]], more: int) -> str:
    if not candidates:
        return "<p>No open lot has a loss.</p>"
    rows = [
        (
            "take" if c["take"] else "", f"{c['asset']} {c['lot']}", _amount(c["net"]), c["quantity"],
            _amount(c["basis"]), _amount(c["value"]), _amount(c["loss"]),
            f"{c['term']}, long from {c['long_from']}" if c["days_to_long"] else c["term"],
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
    rows += [(f"{one['asset']} {one['lot']}", f"left out: {one['reason']}") for one in shown["left_out"][:_ROWS]]
    table = _table(("lot", "why"), rows, frozenset()) if rows else "<p>Nothing.</p>"
    bills = " ".join(f"{bill.name}: {bill.why}." for bill in BILLS) if shown["regime"]["jurisdiction"] == "US" else ""
    return ["<h2>Blocked, denied, deferred, left out</h2>", table, f"<p>{escape(bills)}</p>" if bills else ""]


def _given(
    matches: Mapping[str, Any] | None, forecast: Mapping[str, Any] | None, records: Sequence[Mapping[str, Any]]
) -> list[str]:
    """The parts that come from other commands."""
    parts: list[str] = []
    rows: list[tuple[str, ...]]
    for match in (matches or {}).get("matches", []):
        names = ("delta", "gamma", "vega", "theta")
        target, got = match["target"], match["got"] or {}
        rows = [(name, str(target.get(name, "")), str(got.get(name, ""))) for name in names if name in target]
        parts += [f"<h2>Greeks of {escape(match['coin'])}, before and after</h2>"]
        parts += [_table(("", "given up", "brought back"), rows, frozenset({1, 2}))]
        parts += [f"<p>{escape(match['verdict'])}. {escape(match['reason'])}</p>"]
    if forecast:
        rows = [
            (str(lot["lot"]), str(lot.get("p_loss", "")), str(lot.get("threshold", "")), str(lot.get("action", "")))
            for lot in forecast.get("lots", [])
        ]
        parts += ["<h2>Forecast</h2>"]
        parts += [_table(("lot", "chance of a loss", "threshold", "action"), rows, frozenset({1, 2}))]
    for record in records:
        rows = [
            (lot["lot"], lot["sold"], _amount(lot["loss"]), _amount(lot["estimated_loss"])) for lot in record["lots"]
        ]
        parts += ["<h2>Realised against estimated</h2>"]
        parts += [_table(("lot", "sold", "realised loss", "estimated"), rows, frozenset({1, 2, 3}))]
        parts += [f"<p>Realised {_amount(record['loss'])}, estimated {_amount(record['estimated_loss'])}.</p>"]
        parts += [f"<p>{escape(gap)}</p>" for gap in record["gaps"]]
    return parts
