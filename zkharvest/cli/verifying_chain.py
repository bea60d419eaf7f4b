"""How the verdict on a chain of years, and what a package of links claims, are laid out for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output, reasons, show
from zkharvest.verifier.text import named

if TYPE_CHECKING:
    from zkharvest.verifier.chain_verdict import ChainVerdict


def show_verdict(name: str, found: ChainVerdict) -> None:
    """Print a verdict: the word, each year's figures, how much rests on the taxpayer's word, what it does not say."""
    word, style = show.HEAD[found.verdict]
    output.data(output.paint(word, style), f"  {name}")
    rows: show.Rows = []
    if found.reason:
        rows.append(("Reason", reasons.lines(found.findings)))
    if found.chain is not None:
        rows += _chain(found)
    if found.notes:
        rows.append(("Note", found.notes))
    if found.not_shown:
        rows.append(("Not shown", found.not_shown))
    output.fields(rows)
    if hint := reasons.hint(found.reason):
        output.note(f"hint: {hint}")


def show_package(name: str, shown: Mapping[str, Any]) -> None:
    """Print what a package of links claims, and that nobody has checked it."""
    from zkharvest.verifier.chain_words import instant_text

    head = f"{name}: package of links, version {shown['version']}, {shown['bytes']:,} bytes, "
    output.data(head, output.paint("not verified", "yellow"))
    rows: show.Rows = []
    for place, link in enumerate(shown["links"], 1):
        proof = f"preset {named(link['preset'])}, proof of {link['proof']:,} bytes"
        if "fault" in link:
            rows.append((f"Link {place}", [f"cannot be read ({link['fault']})", proof]))
            continue
        window = f"{instant_text(link['from'])} to {instant_text(link['to'])}"
        rule = f"{link['method'].upper()} {show.POOLING[link['pooling']]}, {link['timezone']}, {link['currency']}"
        year = f"tax year {link['year']}" if link["year"] else "no tax year"
        ends = f"carries out the standing {link['carried_out']}"
        circuit = f"circuit {named(link['circuit']['id'])}, {link['circuit']['status']}"
        if link["security"]:
            circuit += f"; {show.security(link['security'])} if it verifies"
        rows.append((f"Link {place}", [f"{year}, {window}", rule, ends, proof, circuit]))
    signed = [f"page {one['page'][:16]}... by {one['key'][:16]}..." for one in shown["signatures"]]
    signed += [f"the taxpayer by {shown['taxpayer'][:16]}..."] if shown["taxpayer"] else []
    rows.append(("Signed", [*signed, "(not checked)"] if signed else "by nobody"))
    rows.append(("Size", [f"{size:>9,}  {part}" for part, size in shown["parts"].items()]))
    output.fields(rows)
    output.note("not verified: zkharvest verify does that; --json shows all of it")


def _chain(found: ChainVerdict) -> show.Rows:
    from zkharvest.verifier.chain_words import counter_lines, gone_by_kind

    assert found.chain is not None
    chain = found.to_json()["chain"]
    currency = found.chain.links[-1].statement.currency
    rows: show.Rows = [(f"Tax year {one['year']}" if one["year"] else "No year", _year(one)) for one in chain["years"]]
    last = chain["links"][-1]
    rule = f"{show.POOLING[last['pooling']]}, {last['timezone']}, amounts in {currency}"
    rows.append(("Rules", rule))
    own = sum(not one.vouched for one in found.accounts)
    pages = f"all records of {own} of {len(found.accounts)} accounts: no expected key has signed their pages"
    trusted = counter_lines(found.chain.counters, gone_by_kind(found.chain))
    rows.append(("On trust", [*([pages] if own else []), *trusted]))
    rows.append(("Accounts", [_account(one) for one in chain["accounts"]]))
    signer = chain["signer"]
    compared = "" if found.policy is not None and found.policy.signer is not None else ", which nobody compared"
    rows.append(("Signed", f"by the taxpayer, key {signer[:16]}...{compared}" if signer else "not by the taxpayer"))
    rows.append(("Carried in", f"standing {chain['carried_in']}" if chain["carried_in"] else "nothing"))
    rows.append(("Carried out", f"standing {chain['carried_out']}"))
    circuits = dict.fromkeys(
        f"{named(link['circuit']['id'])}, sha256:{link['circuit']['digest']}" for link in chain["links"]
    )
    rows.append(("Circuit", list(circuits)))
    rows.append(("Checks", f"{chain['bits']} bits proven"))
    return rows


def _year(one: Mapping[str, Any]) -> list[str]:
    """Method and figures of a tax year; a figure that is not shown is not 0, and has no line."""
    lines = [", then ".join(method.upper() for method in one["methods"])]
    if one["year"] and not one["whole_year"]:
        lines[0] += ", not to the end of the year"
    totals = {name: show.money(value) for name, value in one["totals"].items()}
    for title, wanted in _LINES:
        shown = [f"{words} {totals.pop(name)}" for name, words in wanted if name in totals]
        if shown:
            lines.append(f"{title}{', '.join(shown)}")
    if not one["year"]:
        return [*lines, "history, of which nothing is counted"]
    return lines if len(lines) > 1 else [*lines, "no figures are shown"]


_LINES = (
    ("", (("net", "net"), ("proceeds", "proceeds"), ("basis", "basis"))),
    *(
        (f"{words}: ", tuple((f"{term}.{name}", name) for name in ("gain", "loss", "proceeds", "basis")))
        for term, words in (("short", "short term"), ("long", "long term"), ("flat", "own term"), ("pool", "pool"))
    ),
    ("", (("income", "income"),)),
)
_STATUS = {
    "compared": "as expected",
    "holder": "signed as expected, whose account is not compared",
    "later": "older pages compared, the newest not",
    "open": "not compared",
}


def _account(one: Mapping[str, Any]) -> str:
    """An account, its period and how far it was compared."""
    from zkharvest.verifier.chain_words import instant_text

    newest = one["pages"][-1]
    pages = "1 page" if len(one["pages"]) == 1 else f"{len(one['pages'])} pages"
    expected = "" if one["vouched"] else ", not expected"
    signed = f", signed by {', '.join(key[:16] + '...' for key in one['keys'])}{expected}" if one["keys"] else ""
    period = f"{instant_text(one['from'])} to {instant_text(one['to'])}{', closed' if one['final'] else ''}"
    name = f"{named(one['source'])} {named(one['account'])}"
    return f"{name}  {pages}, {period}, newest {newest[:16]}..., {_STATUS[one['status']]}{signed}"
