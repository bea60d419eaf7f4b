"""What `verify` does once its command line is read: expectations of a chain of years, the verdict, how it is shown.

Imports nothing that reads command lines, and the verifier only when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.cli import output, show
from zkharvest.cli.output import ExitCode
from zkharvest.cli.process import answers
from zkharvest.errors import UsageError
from zkharvest.verifier.text import QUOTED, quoted

if TYPE_CHECKING:
    from zkharvest.verifier.chain_policy import ChainPolicy

NAME_BYTES = 32


def verify(
    path: Sequence[Path],
    *,
    source_key: list[str] | None = None,
    signer: str | None = None,
    min_bits: float | None = None,
    year: int | None = None,
    method: str | None = None,
    pooling: str | None = None,
    timezone: str | None = None,
    currency: str | None = None,
    circuit: list[str] | None = None,
    nonce: str | None = None,
    audience: str | None = None,
    policy: Path | None = None,
    others: bool = False,
    page: list[str] | None = None,
    account: list[str] | None = None,
    first: bool = False,
    standing: str | None = None,
    max_declared: int | None = None,
    max_unexplained: int | None = None,
    max_gone: int | None = None,
    max_by_window: int | None = None,
    max_in_transit: int | None = None,
    need_refs: bool = False,
    json: bool = False,
) -> ExitCode:
    """Verify packages, in the order of their years, and show the verdict; the parameters are the options, as texts."""
    given = dict(locals())
    from zkharvest.files.atomic import read_file
    from zkharvest.files.kinds import told_apart
    from zkharvest.files.packages import OTHER_FILE, READ_AT_MOST
    from zkharvest.sign.chains import SIGNATURES
    from zkharvest.spec import PACKAGE_MAGIC
    from zkharvest.verifier.verify_chain import MAX_TOGETHER, verify_chain

    answers()
    _check_given(
        signer=signer, nonce=nonce, audience=audience, timezone=timezone, currency=currency, standing=standing
    )  # fmt: skip
    for name in circuit or []:
        _check_given(circuit=name)
    data: list[bytes] = []
    for one in path:  # of all together one byte too many is read, as of each
        left = MAX_TOGETHER + 1 - sum(map(len, data))
        data.append(read_file(one, at_most=min(READ_AT_MOST, left)))
    wanted = policy_of(given)
    with output.progress("verifying") as step:
        step("checking the proofs")
        verdict = verify_chain(data, wanted, SIGNATURES)
    if json:
        shown = verdict.to_json()
        output.json_object(shown.pop("schema"), shown)
    elif verdict.reason == "package/magic":
        other, begins = next(pair for pair in zip(path, data, strict=True) if not pair[1].startswith(PACKAGE_MAGIC))
        raise UsageError(f"{other}: {verdict.detail}", told_apart(begins, OTHER_FILE))
    else:
        from zkharvest.cli.verifying_chain import show_verdict

        show_verdict(", ".join(map(str, path)), verdict)
    return show.exit_code(verdict)


def _check_given(**options: str | None) -> None:
    """Refuse an option whose value is nothing: an unset variable of a script must not turn an expectation off."""
    for name, value in options.items():
        if value is not None and not value.strip():
            raise UsageError(f"--{name.replace('_', '-')}: an empty value", "leave the option out to expect nothing")


def policy_of(given: Mapping[str, Any]) -> ChainPolicy:
    """The expectations that options and a policy file describe. Raises UsageError."""
    from dataclasses import replace

    from zkharvest.verifier.chain_policy import LIMITS, ChainPolicy

    base = _policy(given["policy"]) if given["policy"] else ChainPolicy()
    pages = {
        source: tuple(_name(text, f"--page {source}") for text in texts)
        for source, texts in _lists(given["page"], "--page", "SOURCE=HEX").items()
    }
    found: dict[str, Any] = {
        "pages": {**base.pages, **{source: _added(base.pages.get(source, ()), ids) for source, ids in pages.items()}},
        "accounts": {**base.accounts, **_accounts(given["account"], base)},
        "source_keys": {**base.source_keys, **_keys(given["source_key"], base)},
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
        source, value = source_and_value(text, option, form)
        if value not in found.setdefault(source, []):
            found[source].append(value)
    return found


_WHERE_FROM = {
    "--source-key": "such as kraken=kraken.pub, the file that keygen --public wrote, or kraken= and the key in hex",
    "--account": "such as kraken=K-7f3a: zkharvest page check prints both",
    "--page": "give it as zkharvest commit and page check print it",
}


def source_and_value(text: str, option: str, form: str = "SOURCE=HEX") -> tuple[str, str]:
    """SOURCE=VALUE of an option. The last `=` separates, as ids may hold one. Raises UsageError."""
    source, sign, value = text.rpartition("=")
    if not sign or not source or not value:
        raise UsageError(f"{option}: {quoted(text)} is not {form}", _WHERE_FROM.get(option, ""))
    return source, value


def _name(text: str, option: str) -> bytes:
    """The id of a page, or the name of a standing."""
    name = show.parse_hex(text, option)
    if len(name) != NAME_BYTES:
        hint = "give it as zkharvest page check or last year's verdict prints it"
        raise UsageError(f"{option}: {len(text)} digits, not {2 * NAME_BYTES}", hint)
    return name


def _added(known: Sequence[Any], more: Sequence[Any]) -> tuple[Any, ...]:
    """What a file expects of a source, and what the options add."""
    return (*known, *(one for one in more if one not in known))


def _accounts(texts: Sequence[str] | None, base: ChainPolicy) -> dict[str, tuple[str, ...]]:
    """The accounts that options name. They are all that there are, so a file that names others contradicts them."""
    found = {source: tuple(names) for source, names in _lists(texts, "--account", "SOURCE=ACCOUNT").items()}
    for source, names in found.items():
        known = base.accounts.get(source, names)
        if set(known) != set(names):
            raise _contradiction("--account", source, "account", names, known)
    return found


def _keys(texts: Sequence[str] | None, base: ChainPolicy) -> dict[str, tuple[Any, ...]]:
    """The keys that options name. Of a source whose keys a file lists they are some of these, and keep their days."""
    from zkharvest.sign.pages import read_source_key

    found = {}
    for source, given in _lists(texts, "--source-key", "SOURCE=HEX").items():
        named = tuple(read_source_key(one) for one in given)
        known = base.source_keys.get(source, named)
        if other := [one.key.hex() for one in named if one.key not in [entry.key for entry in known]]:
            raise _contradiction("--source-key", source, "key", other, [entry.key.hex() for entry in known])
        found[source] = tuple(entry for entry in known if entry.key in [one.key for one in named])
    return found


def _contradiction(option: str, source: str, what: str, given: Sequence[str], known: Sequence[str]) -> UsageError:
    """An option and a policy file that expect different things of a source."""
    text = (
        f"{option} {quoted(source)}: the option expects the {what} {_listed(given)}, the policy file {_listed(known)}"
    )
    return UsageError(text, "leave the option out, or write it into the file")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(quoted(name) if len(name) <= QUOTED else f"{name[:16]}..." for name in names)


def _signer(text: str) -> bytes:
    from zkharvest.sign.keyfiles import parse_public_key
    from zkharvest.sign.keys import Scheme

    return parse_public_key(text, Scheme.ED25519)
