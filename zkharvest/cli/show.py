"""How verdicts and packages are laid out for a person."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output, reasons
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.verifier.text import named, quoted

if TYPE_CHECKING:
    from zkharvest.verifier.chain_verdict import ChainVerdict
    from zkharvest.verifier.verdict import Verdict

HEAD = {"accepted": ("VERIFIED", "green"), "rejected": ("REJECTED", "red"), "undecided": ("UNDECIDED", "yellow")}
Rows = list[tuple[str, str | Sequence[str]]]
_WIDTH = 79  # of running text
POOLING = {"wallet": "per wallet", "universal": "all wallets together"}


def exit_code(verdict: Verdict | ChainVerdict) -> ExitCode:
    """The exit code of a verdict. Another kind of file is a usage error; what begins like a package gets a verdict."""
    if verdict.reason == "package/magic":
        return ExitCode.USAGE
    return {"accepted": ExitCode.DONE, "rejected": ExitCode.REJECTED}.get(verdict.verdict, ExitCode.UNDECIDED)


def verdict(name: str, found: Verdict) -> None:
    """Print a verdict: the word, what is claimed and by whom, how well it is proven, and what it does not say."""
    word, style = HEAD[found.verdict]
    shown = found.to_json()
    if shown["statement"] and not found.accepted:
        word = "CONSISTENT (unbound)"
    expected = shown["policy"]
    output.data(output.paint(word, style), f"  {name}")
    rows: Rows = []
    if found.reason:
        rows.append(("Reason", reasons.lines(found.findings)))
    if shown["statement"]:
        signatures = shown["signatures"]
        keys = {entry["id"]: _whose(entry) for entry in signatures["sources"]}
        sources: list[tuple[str, str]] = []
        for source in shown["statement"]["sources"]:
            notes = [
                "commitment as expected"
                if source["id"] in expected.get("commitments", {})
                else "commitment not compared"
            ]
            notes += [f"signed by {keys[source['id']]}"] if source["id"] in keys else []
            sources.append((named(source["id"]), f"{source['root'][:16]}...  {', '.join(notes)}"))
        taxpayer = signatures["taxpayer"]
        rows += statement(shown["statement"])
        rows += [
            ("Sources", _aligned(sources)),
            ("Signed", f"by the taxpayer, {_whose(taxpayer)}" if taxpayer else "not by the taxpayer"),
            ("Checks", security(shown["security"]) + f", at least {expected['min_bits']:g} required"),
        ]
    if found.notes:
        rows.append(("Note", found.notes))
    if found.not_shown:
        rows.append(("Not shown", found.not_shown))
    output.fields(rows)
    if hint := reasons.hint(found.reason):
        output.note(f"hint: {hint}")


def statement(claim: Mapping[str, Any]) -> Rows:
    """The lines that say what is claimed."""
    totals, currency = claim["totals"], claim["currency"]
    net = totals["net"]
    result = f"net loss {money(net[1:])}" if net.startswith("-") else f"net gain {money(net)}"
    rule = f"{claim['method'].upper()} {POOLING[claim['pooling']]}, {claim['timezone']}"
    sums = (
        f"proceeds {money(totals['proceeds'])}, basis {money(totals['basis'])}",
        f"short term: gains {money(totals['short_term_gain'])}, losses {money(totals['short_term_loss'])}",
        f"long term: gains {money(totals['long_term_gain'])}, losses {money(totals['long_term_loss'])}",
    )
    lines: Rows = [
        ("Statement", f"{result} {currency}, tax year {claim['year']}, {rule}"),
        ("Totals", sums),
        ("Carried in", f"inventory {claim['carried_in']}" if claim["carried_in"] else "nothing"),
        ("Carried out", f"inventory {claim['carried_out']}"),
    ]
    context = [f"audience {named(claim['audience'])}"] if claim["audience"] else []
    context += [f"nonce {claim['nonce']}"] if claim["nonce"] else []
    if context:
        lines.append(("Context", ", ".join(context)))
    circuit = claim["circuit"]
    lines.append(("Circuit", f"{named(circuit['id'])}, {circuit['status']}, sha256:{circuit['digest']}"))
    return lines


def security(level: Mapping[str, Any]) -> str:
    """How well a proof of this shape proves what it says."""
    return f"{level['bits']} bits proven"


def package(name: str, shown: Mapping[str, Any]) -> None:
    """Print what a package claims, and that nobody has checked it."""
    head = f"{name}: audit package, version {shown['version']}, {shown['bytes']:,} bytes, "
    output.data(head, output.paint("not verified", "yellow"))
    rows: Rows = []
    claim, level, signatures = shown["statement"], shown["security"], shown["signatures"]
    if claim is None:
        rows.append(("Statement", f"cannot be read ({shown['statement_fault']})"))
    else:
        rows += statement(claim)
        rows.append(("Sources", _aligned([(named(s["id"]), s["root"]) for s in claim["sources"]])))
    signed = [f"{named(s['id'])} by {s['key'][:16]}..." for s in signatures["sources"]]
    signed += [f"the taxpayer by {signatures['taxpayer'][:16]}..."] if signatures["taxpayer"] else []
    signed += [f"in a form that cannot be read ({signatures['fault']})"] if signatures["fault"] else []
    rows.append(("Signed", [*signed, "(not checked)"] if signed else "by nobody"))
    rows.append(("Proof", f"preset {named(shown['preset'])}, {_heights(shown)}, FRI over KoalaBear^5, SHA-256"))
    if level:
        terms = [f"{term} {bits}" for term, bits in level["terms"].items()]
        wrapped = [", ".join(terms[i : i + 6]) for i in range(0, len(terms), 6)]
        total = f"sum of terms {level['bits_sum']}, unique decoding {level['bits_unique_decoding']}"
        rows.append(("Security", [f"{security(level)} if it verifies; {total}", *wrapped]))
    rows.append(("Size", [f"{size:>9,}  {part}" for part, size in shown["parts"].items()]))
    output.fields(rows)
    output.note("not verified: zkharvest verify does that; --json shows all of it")


def file_fields(shown: Mapping[str, Any]) -> Rows:
    """The lines of a file that is not a package; commitments as `commit` prints them."""
    rows: Rows = []
    for name, value in shown.items():
        if name == "sources":
            rows.append(("commitments", [f"{named(entry['id'])}={entry['root']}" for entry in value]))
        elif name == "signatures":
            rows.append((name, [f"{entry['scheme']} {entry['key']}" for entry in value] or "none"))
        elif isinstance(value, Mapping):
            rows += [(str(key), str(one)) for key, one in value.items() if one is not None]
        elif value is not None:
            rows.append((name, {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)))
    return rows


def soundness(report: Mapping[str, Any]) -> None:
    """Print a circuit's soundness report: a block for every preset, a table for each regime."""
    from zkharvest.circuit.security import blocks, grinding, heading

    output.data(
        f"{report['circuit']}: ", output.paint(f"at least {report['bits']:g} bits", "green"), " at every height"
    )
    for line in (report["claim"], *report["assumptions"]):
        output.document(textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  "))
    for preset in report["presets"]:
        output.data()
        output.data(output.paint(heading(preset), "bold"))
        output.data(grinding(preset))
        for title, head, rows in blocks(preset):
            output.data()
            output.data(f"{title}:")
            output.table(head, rows, right=range(2, len(head)))


def money(text: str) -> str:
    """Exact decimal text with the thousands set apart, and without zeros beyond the cents: 1,234.50."""
    whole, _, fraction = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}.{fraction.rstrip('0'):0<2}"


def parse_hex(text: str, name: str) -> bytes:
    """Bytes written in hex, at least one; `name` is the option, for the error.

    An empty value is refused: an unset variable of a script must not turn an expectation off.
    """
    try:
        if found := bytes.fromhex(text):
            return found
    except ValueError:
        pass
    raise UsageError(f"{name}: {quoted(text)} is not hexadecimal", "give pairs of the digits 0-9 and a-f")


def _heights(shown: Mapping[str, Any]) -> str:
    """Rows of the tables, the tallest first."""
    heights = [str(height) for height in sorted(set(shown["log_rows"]), reverse=True)]
    return f"tables of 2^{' and 2^'.join(heights)} rows" if heights else "no tables"


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    width = max(len(label) for label, _ in rows)
    return [f"{label:<{width}}  {text}" for label, text in rows]


def _whose(entry: Mapping[str, Any]) -> str:
    return f"key {entry['key'][:16]}... ({'as expected' if entry['expected'] else 'not compared'})"
