"""What `verify` does with packages of links: expectations of a chain of years, the verdict, how it is shown.

As `verifying`, which hands over here what is not a package of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output, reasons, show
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.verifier.text import named, quoted

if TYPE_CHECKING:
    from zkharvest.verifier.chain_policy import ChainPolicy
    from zkharvest.verifier.chain_verdict import ChainVerdict

NAME_BYTES = 32


def verify(paths: Sequence[Path], data: Sequence[bytes], given: Mapping[str, Any], *, json: bool) -> ExitCode:
    """Verify packages of links, in this order, and show the verdict; `given` are the options by name, as texts."""
    from zkharvest.sign.chains import SIGNATURES
    from zkharvest.verifier.verify_chain import verify_chain

    wanted = policy_of(given)
    with output.progress("verifying") as step:
        step("checking the proofs")
        verdict = verify_chain(data, wanted, SIGNATURES)
    if json:
        shown = verdict.to_json()
        output.json_object(shown.pop("schema"), shown)
    else:
        show_verdict(", ".join(map(str, paths)), verdict)
    return show.exit_code(verdict)


def policy_of(given: Mapping[str, Any]) -> ChainPolicy:
    """The expectations that options and a policy file describe. Raises UsageError."""
    from dataclasses import replace

    from zkharvest.verifier.chain_policy import LIMITS, ChainPolicy

    base = _policy(given["policy"]) if given["policy"] else ChainPolicy()
    accounts = _lists(given["account"], "--account", "SOURCE=ACCOUNT")
    pages = {
        source: tuple(_name(text, f"--page {source}") for text in texts)
        for source, texts in _lists(given["page"], "--page", "SOURCE=HEX").items()
    }
    found: dict[str, Any] = {
        "pages": {**base.pages, **pages},
        "accounts": {**base.accounts, **{source: tuple(names) for source, names in accounts.items()}},
        "source_keys": {**base.source_keys, **_keys(given["source_key"])},
        "standing": _name(given["standing"], "--standing") if given["standing"] is not None else None,
        "first": given["first"] or None,
        "nonce": show.parse_hex(given["nonce"], "--nonce") if given["nonce"] is not None else None,
        "circuits": tuple(given["circuit"]) if given["circuit"] else None,
        "signer": _signer(given["signer"]) if given["signer"] is not None else None,
        "allow_other_sources": given["others"] or None,
        "need_refs": given["need_refs"] or None,
    }
    plain = ("min_bits", "year", "method", "pooling", "timezone", "currency", "audience")
    found |= {name: given[name] for name in (*plain, *(f"max_{name}" for name in LIMITS))}
    try:
        return replace(base, **{name: value for name, value in found.items() if value is not None})
    except (TypeError, ValueError) as error:
        raise UsageError(str(error), "zkharvest verify --help shows the options") from None


def _policy(path: Path) -> ChainPolicy:
    from zkharvest.files.atomic import read_file
    from zkharvest.verifier.chain_policy import read_chain_policy
    from zkharvest.verifier.expected import MAX_BYTES

    data = read_file(path, at_most=MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES:,} bytes", "is this a policy file?")
    try:
        return read_chain_policy(data)
    except (TypeError, ValueError) as error:
        hint = "what a chain is expected to be is in circuits/FORMAT.md, section 10"
        raise UsageError(f"{path}: {error}", hint) from None


def _lists(texts: Sequence[str] | None, option: str, form: str) -> dict[str, list[str]]:
    """Options SOURCE=VALUE as a map, a source as often as it is given. The last `=` separates."""
    found: dict[str, list[str]] = {}
    for text in texts or []:
        source, sign, value = text.rpartition("=")
        if not sign or not source or not value:
            raise UsageError(f"{option}: {quoted(text)} is not {form}", "zkharvest page check prints both")
        if value not in found.setdefault(source, []):
            found[source].append(value)
    return found


def _name(text: str, option: str) -> bytes:
    """The id of a page, or the name of a standing."""
    name = show.parse_hex(text, option)
    if len(name) != NAME_BYTES:
        hint = "give it as zkharvest page check or last year's verdict prints it"
        raise UsageError(f"{option}: {len(text)} digits, not {2 * NAME_BYTES}", hint)
    return name


def _keys(texts: Sequence[str] | None) -> dict[str, tuple[Any, ...]]:
    from zkharvest.sign.pages import read_source_key

    given = _lists(texts, "--source-key", "SOURCE=HEX")
    return {source: tuple(read_source_key(one) for one in keys) for source, keys in given.items()}


def _signer(text: str) -> bytes:
    from zkharvest.sign.keyfiles import parse_public_key
    from zkharvest.sign.keys import Scheme

    return parse_public_key(text, Scheme.ED25519)


# ------------------------------------------------------------------------------------------------- the verdict


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
    if hint := reasons.chain_hint(found.reason):
        output.note(f"hint: {hint}")


def show_package(name: str, shown: Mapping[str, Any]) -> None:
    """Print what a package of links claims, and that nobody has checked it."""
    from zkharvest.verifier.chain_verdict import instant_text

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
        rows.append((f"Link {place}", [f"{year}, {window}", rule, ends, proof]))
    signed = [f"page {one['page'][:16]}... by {one['key'][:16]}..." for one in shown["signatures"]]
    signed += [f"the taxpayer by {shown['taxpayer'][:16]}..."] if shown["taxpayer"] else []
    rows.append(("Signed", [*signed, "(not checked)"] if signed else "by nobody"))
    output.fields(rows)
    output.note("not verified: zkharvest verify does that; --json shows all of it")


def _chain(found: ChainVerdict) -> show.Rows:
    from zkharvest.verifier.chain_verdict import counter_lines

    assert found.chain is not None
    chain = found.to_json()["chain"]
    currency = found.chain.links[-1].statement.currency
    rows: show.Rows = [(f"Tax year {one['year']}" if one["year"] else "No year", _year(one)) for one in chain["years"]]
    last = chain["links"][-1]
    rule = f"{show.POOLING[last['pooling']]}, {last['timezone']}, amounts in {currency}"
    rows.append(("Rules", rule))
    rows.append(("On trust", counter_lines(found.chain.counters)))
    rows.append(("Accounts", [_account(one) for one in chain["accounts"]]))
    signer = chain["signer"]
    rows.append(("Signed", f"by the taxpayer, key {signer[:16]}..." if signer else "not by the taxpayer"))
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
    from zkharvest.verifier.chain_verdict import instant_text

    newest = one["pages"][-1]
    pages = "1 page" if len(one["pages"]) == 1 else f"{len(one['pages'])} pages"
    signed = f", signed by {', '.join(key[:16] + '...' for key in one['keys'])}" if one["keys"] else ""
    period = f"{instant_text(one['from'])} to {instant_text(one['to'])}{', closed' if one['final'] else ''}"
    name = f"{named(one['source'])} {named(one['account'])}"
    return f"{name}  {pages}, {period}, newest {newest[:16]}..., {_STATUS[one['status']]}{signed}"
