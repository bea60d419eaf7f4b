"""What `verify` does once its command line is read: expectations, the verdict, how it is shown.

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
from zkharvest.verifier.text import quoted

if TYPE_CHECKING:
    from zkharvest.verifier.policy import Policy

ROOT_DIGITS = 72
INVENTORY_BYTES = 32


def verify(
    path: Sequence[Path],
    *,
    commitment: list[str] | None = None,
    source_key: list[str] | None = None,
    signer: str | None = None,
    min_bits: float | None = None,
    year: int | None = None,
    method: str | None = None,
    pooling: str | None = None,
    timezone: str | None = None,
    currency: str | None = None,
    circuit: list[str] | None = None,
    carried_in: str | None = None,
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
    """Verify packages and show the verdict; the parameters are the options of the command, as texts."""
    given = dict(locals())
    from zkharvest.files.atomic import read_file
    from zkharvest.files.packages import READ_AT_MOST
    from zkharvest.verifier.package import has_links

    answers()
    _check_given(
        signer=signer, carried_in=carried_in, nonce=nonce, audience=audience, timezone=timezone, currency=currency,
        standing=standing,
    )  # fmt: skip
    for name in circuit or []:
        _check_given(circuit=name)
    data = [read_file(one, at_most=READ_AT_MOST) for one in path]
    if any(has_links(one) for one in data):
        from zkharvest.cli import verifying_chain

        _refuse("of a package that stands alone (lot-machine/v1)", commitment=commitment, carried_in=carried_in)
        return verifying_chain.verify(path, data, given, json=json)
    for_chains = {name: given[name] for name in _OF_CHAINS}
    _refuse("of a chain of years (lot-machine/v2); this package stands alone", **for_chains)
    if len(path) > 1:
        hint = "give one package; only links of one chain are verified together"
        raise UsageError(f"{path[1]}: a package that stands alone is verified alone", hint)
    return _verify_alone(path[0], data[0], given, json=json)


_OF_CHAINS = (
    "page", "account", "first", "standing", "max_declared", "max_unexplained", "max_gone", "max_by_window",
    "max_in_transit", "need_refs",
)  # fmt: skip


def _refuse(what: str, **options: Any) -> None:
    """UsageError for an option that says nothing about these packages: it must not seem to have been checked."""
    for name, value in options.items():
        if value is not None and value is not False:  # a limit of 0 is an expectation
            hint = "zkharvest verify --help says what each option is for"
            raise UsageError(f"--{name.replace('_', '-')} is {what}", hint)


def _verify_alone(path: Path, data: bytes, given: Mapping[str, Any], *, json: bool) -> ExitCode:
    """Verify a package that stands alone."""
    from zkharvest.files.kinds import told_apart
    from zkharvest.workflow.verify import policy_of
    from zkharvest.workflow.verify import verify as verify_package

    base = _policy(given["policy"]) if given["policy"] else None
    signer, carried_in, nonce = given["signer"], given["carried_in"], given["nonce"]
    commitment, source_key, circuit = given["commitment"], given["source_key"], given["circuit"]
    roots = {s: parse_root(v, f"--commitment {s}") for s, v in pairs(commitment, "--commitment").items()}
    keys = _keys(pairs(source_key, "--source-key"))
    expectations: dict[str, Any] = {
        "commitments": {**base.commitments, **roots} if base else roots,
        "source_keys": {**base.source_keys, **keys} if base else keys,
        "signer": _signer(signer) if signer is not None else None,
        "min_bits": given["min_bits"],
        "circuits": tuple(circuit) if circuit else None,
        "carried_in": _inventory(carried_in) if carried_in is not None else None,
        "year": given["year"],
        "method": given["method"],
        "pooling": given["pooling"],
        "timezone": given["timezone"],
        "currency": given["currency"],
        "nonce": show.parse_hex(nonce, "--nonce") if nonce is not None else None,
        "audience": given["audience"],
        "allow_other_sources": given["others"] or None,
    }
    try:
        wanted = policy_of(base, expectations)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error), "zkharvest verify --help shows the options") from None
    with output.progress("verifying") as step:
        verdict = verify_package(data, wanted, progress=step)
    if json:
        shown = verdict.to_json()
        output.json_object(shown.pop("schema"), shown)
    elif verdict.reason == "package/magic":
        raise UsageError(f"{path}: {verdict.detail}", told_apart(data, "is this a .zkh file?"))
    else:
        show.verdict(str(path), verdict)
    return show.exit_code(verdict)


def _policy(path: Path) -> Policy:
    """The policy in a file. UsageError says what is wrong with it."""
    from zkharvest.files.atomic import read_file
    from zkharvest.verifier.expected import MAX_BYTES
    from zkharvest.verifier.policy import read_policy

    data = read_file(path, at_most=MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES:,} bytes", "is this a policy file?")
    try:
        return read_policy(data)
    except (TypeError, ValueError) as error:
        hint = "the form of a policy is in circuits/FORMAT.md, section 10"
        raise UsageError(f"{path}: {error}", hint) from None


def _check_given(**options: str | None) -> None:
    """Refuse an option whose value is nothing: an unset variable of a script must not turn an expectation off."""
    for name, value in options.items():
        if value is not None and not value.strip():
            raise UsageError(f"--{name.replace('_', '-')}: an empty value", "leave the option out to expect nothing")


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """SOURCE=HEX options as a map. The last `=` separates, as ids may hold one."""
    found: dict[str, str] = {}
    for text in texts or []:
        source, sign, value = text.rpartition("=")
        if not sign or not source:
            raise UsageError(f"{option}: {quoted(text)} is not SOURCE=HEX", "give it as zkharvest commit prints it")
        if found.setdefault(source, value) != value:
            raise UsageError(f"{option}: two values for {quoted(source)}", "give each source once")
    return found


def _inventory(text: str) -> bytes:
    name = show.parse_hex(text, "--carried-in")
    if len(name) != INVENTORY_BYTES:
        raise UsageError(
            f"--carried-in: {len(text)} digits; an inventory's name has {2 * INVENTORY_BYTES}",
            'as zkharvest verify prints it for last year\'s package, under "Carried out"',
        )
    return name


def parse_root(text: str, option: str) -> bytes:
    """A commitment written in hex; `option` is for the error."""
    root = show.parse_hex(text, option)
    if 2 * len(root) != ROOT_DIGITS:
        raise UsageError(
            f"{option}: {len(text)} digits; a commitment has {ROOT_DIGITS}", "give it as zkharvest commit prints it"
        )
    return root


def _keys(pairs: dict[str, str]) -> dict[str, bytes]:
    from zkharvest.sign.keyfiles import parse_public_key
    from zkharvest.sign.keys import Scheme

    return {source: parse_public_key(text, Scheme.BLS) for source, text in pairs.items()}


def _signer(text: str) -> bytes:
    from zkharvest.sign.keyfiles import parse_public_key
    from zkharvest.sign.keys import Scheme

    return parse_public_key(text, Scheme.ED25519)
