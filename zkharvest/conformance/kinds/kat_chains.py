"""Known answers of statements, standings and chains of `lot-machine/v2`: what computes them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from zkharvest.verifier import circuits, wire
from zkharvest.verifier.chain import Chain, check_chain
from zkharvest.verifier.chain_judge import compare, mismatches, open_questions, unsigned
from zkharvest.verifier.chain_policy import ChainPolicy, read_chain_policy
from zkharvest.verifier.chain_verdict import counters_json
from zkharvest.verifier.figures import counters_of, read_figures
from zkharvest.verifier.link import read_link
from zkharvest.verifier.link_public import public_data
from zkharvest.verifier.rejections import Reject

Case = dict[str, Any]


def _chain(statements: Iterable[str]) -> Chain:
    links = []
    for one in statements:
        value = wire.decode(bytes.fromhex(one))
        if not isinstance(value, dict):
            raise TypeError("a statement is a map")
        links.append(read_link(value))
    return check_chain(links)


def _chains(cases: list[Case]) -> Iterable[Any]:
    """What a verifier computes of each chain, or the reason for which it does not take it."""
    for case in cases:
        try:
            chain = _chain(case["statements"])
        except Reject as reject:
            yield {"reason": reject.reason.value}
            continue
        links = [
            {
                "standing": link.closing.name.hex(),
                "early": sorted(link.early),
                "late": sorted(link.late),
                "same_year": link.same_year,
                "whole_year": link.whole_year,
            }
            for link in chain.links
        ]
        yield {"links": links, "counters": counters_json(chain.counters)}


def _figures(cases: list[Case]) -> Iterable[Any]:
    """What the figures of a statement count and the circuit's records of them, or the reason for which it has none."""
    for case in cases:
        accounts = [(source, account) for source, account in case["accounts"]]
        try:
            figures = read_figures(wire.decode(bytes.fromhex(case["figures"])), len(accounts))
        except Reject as reject:
            yield {"reason": reject.reason.value}
            continue
        records = [word for figure in figures for record in figure.lanes(accounts) for word in record]
        yield {"counters": asdict(counters_of(figures)), "records": _hashed(records)}


def _public(cases: list[Case]) -> Iterable[Any]:
    """What the circuit is shown of a link, by the description's own names."""
    description = circuits.load(circuits.PINNED[-1])
    for case in cases:
        (link,) = _chain([case["statement"]]).links
        data = public_data(link, description, b"")
        lists = dict(zip((shape.name for shape in description.lists), data.lists, strict=True))
        names = {
            (t, i): name for t, table in enumerate(description.tables) for i, name in enumerate(table.public_columns)
        }
        yield {
            "publics": dict(zip(description.publics, data.publics, strict=True)),
            "pages": lists["pages"],
            "columns": {names[place]: _hashed(column) for place, column in data.columns.items()},
        }


def _hashed(elements: Iterable[int]) -> str:
    """SHA-256 of elements, four bytes each."""
    return sha256(b"".join(one.to_bytes(4, "little") for one in elements)).hexdigest()


def _judgements(cases: list[Case]) -> Iterable[Any]:
    """The verdict on each chain as if its proofs held, and all reasons of the step at which it is formed."""
    for case in cases:
        chain, policy = _chain(case["statements"]), ChainPolicy.from_json(case["policy"])
        signed = {bytes.fromhex(page): [bytes.fromhex(key) for key in keys] for page, keys in case["signed"].items()}
        wrong = [*mismatches(chain, policy)] or [*unsigned(chain, policy, signed)]
        left = [*open_questions(chain, policy, compare(chain, policy, signed), signatures=True)]
        verdict = "rejected" if wrong else "undecided" if left else "accepted"
        yield {"verdict": verdict, "reasons": [finding.reason.value for finding in wrong or left]}


def _policies(cases: list[Case]) -> Iterable[Any]:
    """Whether a policy file with this text, or these bytes, is one."""
    for case in cases:
        data = case["text"].encode() if "text" in case else bytes.fromhex(case["bytes"])
        try:
            read_chain_policy(data)
        except (TypeError, ValueError):
            yield "policy/form"
        else:
            yield "taken"


IMPLEMENTATIONS: dict[str, dict[str, Callable[[list[Case]], Iterable[Any]]]] = {
    "chain/chain": {"verifier": _chains},
    "chain/judge": {"verifier": _judgements},
    "chain/figures": {"verifier": _figures},
    "chain/public": {"verifier": _public},
    "chain/policy": {"verifier": _policies},
}
