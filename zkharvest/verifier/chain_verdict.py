"""The verdict on a chain of links: what came out, its figures and counters, and what it does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zkharvest.spec import QUANTITY_DECIMALS, money_text
from zkharvest.verifier.chain import AccountPages, Chain, Period
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.figures import DISPOSAL_TERMS, Counters, Figure, Key
from zkharvest.verifier.link import Link
from zkharvest.verifier.rejections import ACCEPTED, Finding
from zkharvest.verifier.soundness import rounded_bits

SCHEMA = "zkharvest/chain-verdict/1"


@dataclass(frozen=True, slots=True)
class AccountCompared:
    """An account of the chain, and what was compared of it.

    `status`: compared; holder (its newest page is signed with an expected key, and whose account it is stays open);
    later (an older page was compared, the newest not); open (nothing was). `keys`: whose valid signatures are on its
    newest page. `vouched`: whether one of these is an expected key of its source, in its days; anybody can sign.
    """

    pages: AccountPages
    status: str
    keys: tuple[bytes, ...] = ()
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What came out. A verdict is true (`if verdict:`) only if the chain is accepted.

    `findings`: why it is not accepted; empty if it is. `chain`, `accounts`, `bits` and `packages` (digests, in order)
    are there only if all proofs hold and nothing contradicts the policy. `notes`: what the figures make a reader ask.
    `not_shown`: what an accepted chain does not say. `unchecked`: signatures that were not looked at, because no way to
    check them was given.
    """

    verdict: str
    findings: tuple[Finding, ...] = ()
    policy: ChainPolicy | None = None
    chain: Chain | None = None
    accounts: tuple[AccountCompared, ...] = ()
    signer: bytes | None = None
    bits: float = 0
    packages: tuple[bytes, ...] = ()
    notes: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = field(default=())

    @property
    def accepted(self) -> bool:
        """Whether all proofs hold and everything that was expected does."""
        return self.verdict == ACCEPTED

    def __bool__(self) -> bool:
        return self.accepted

    @property
    def reason(self) -> str:
        """The code of the first finding; empty for an accepted chain."""
        return self.findings[0].reason.value if self.findings else ""

    @property
    def detail(self) -> str:
        """What the first finding says of this chain."""
        return self.findings[0].detail if self.findings else ""

    def to_json(self) -> dict[str, Any]:
        """The object of `verify --json` for a chain: decimal strings for amounts, hex for bytes."""
        result: dict[str, Any] = {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "reason": self.reason or None,
            "detail": self.detail or None,
            "findings": [finding.to_json() for finding in self.findings],
            "policy": self.policy.to_json() if self.policy else None,
            "chain": None,
            "notes": list(self.notes),
            "not_shown": list(self.not_shown),
            "unchecked": list(self.unchecked),
        }
        if self.chain is not None:
            result["chain"] = self._chain_json(self.chain)
        return result

    def _chain_json(self, chain: Chain) -> dict[str, Any]:
        opening = chain.opening
        return {
            "packages": [digest.hex() for digest in self.packages],
            "bits": rounded_bits(self.bits),
            "signer": self.signer.hex() if self.signer else None,
            "carried_in": opening.name.hex() if opening else None,
            "carried_out": chain.closing.name.hex(),
            "counters": counters_json(chain.counters),
            "years": [_period_json(period) for period in chain.periods],
            "links": [link_json(link) for link in chain.links],
            "accounts": [_account_json(one) for one in self.accounts],
        }


# ------------------------------------------------------------------------------------------------- JSON


def named_figures(figures: Sequence[Figure]) -> dict[str, int]:
    """The figures that have a name, in 10^-8: short.gain, long.loss, net and so on. What is not shown has none."""
    shown = {figure.key: figure.values for figure in figures}
    found: dict[str, int] = {}

    def take(name: str, key: Key, group: str, sign: int = 1) -> None:
        values: Mapping[str, int] = shown.get(key, {})
        if group in values:
            found[name] = sign * values[group]

    for term in DISPOSAL_TERMS:
        take(f"{term}.gain", Key("L3", term=term, result="gain"), "units")
        take(f"{term}.loss", Key("L3", term=term, result="loss"), "units", -1)
        take(f"{term}.proceeds", Key("L4", term=term), "proceeds")
        take(f"{term}.basis", Key("L4", term=term), "basis")
    take("income", Key("L3", term="income", result="gain"), "proceeds")
    for name, group in (("net", "units"), ("proceeds", "proceeds"), ("basis", "basis")):
        take(name, Key("NET"), group)
    return found


def counters_json(counters: Counters) -> dict[str, int]:
    """The counters by name."""
    return {name: getattr(counters, name) for name in Counters.__slots__}


def _period_json(period: Period) -> dict[str, Any]:
    link = period.last
    return {
        "year": period.year,
        "methods": list(period.methods),
        "whole_year": link.whole_year,
        "counters": counters_json(link.counters),
        "totals": {name: money_text(value) for name, value in named_figures(link.statement.figures).items()}
        if period.year is not None
        else {},  # what no year counts is posted to no sum: those of such a link are 0 whatever was gained
        "figures": [_figure_json(figure, link) for figure in link.statement.figures],
    }


def _figure_json(figure: Figure, link: Link) -> dict[str, Any]:
    shown: dict[str, Any] = dict(figure.to_map())
    if figure.key.source is not None:
        source, account = link.statement.accounts[figure.key.source]
        shown["source"], shown["account"] = source, account
    shown["values"] = {name: _amount(figure.key, name, value) for name, value in figure.values.items()}
    return shown


def _amount(key: Key, group: str, value: int) -> str | int:
    if group in ("lines", "events"):
        return value
    if group == "units" and key.level in ("L0", "L1", "HOLD"):
        whole, fraction = divmod(value, 10**QUANTITY_DECIMALS)
        return f"{whole}.{fraction:0{QUANTITY_DECIMALS}d}"
    return money_text(value)


def link_json(link: Link) -> dict[str, Any]:
    """A link as `verify --json` and `inspect --json` show it."""
    statement = link.statement
    return {
        "from": statement.start,
        "to": statement.end,
        "year": statement.year,
        "method": statement.method,
        "pooling": statement.pooling,
        "timezone": statement.timezone,
        "currency": statement.currency,
        "covered": statement.covered.isoformat() if statement.covered else None,
        "circuit": {"id": statement.circuit_id, "digest": statement.circuit_digest.hex()},
        "carried_out": link.closing.name.hex(),
        "audience": statement.context.audience,
        "nonce": statement.context.nonce.hex(),
    }


def _account_json(one: AccountCompared) -> dict[str, Any]:
    pages, (source, account) = one.pages.pages, one.pages.name
    return {
        "source": source,
        "account": account,
        "status": one.status,
        "keys": [key.hex() for key in one.keys],
        "vouched": one.vouched,
        "pages": [page.page_id.hex() for page in pages],
        "from": pages[0].start,
        "to": pages[-1].end,
        "final": pages[-1].final,
    }
