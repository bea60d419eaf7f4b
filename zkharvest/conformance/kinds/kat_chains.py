"""Known answers of statements, standings and chains of `lot-machine/v2`: what computes them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from zkharvest.verifier import wire
from zkharvest.verifier.chain import Chain, check_chain
from zkharvest.verifier.chain_judge import compare, mismatches, open_questions, unsigned
from zkharvest.verifier.chain_policy import ChainPolicy, read_chain_policy
from zkharvest.verifier.chain_verdict import counters_json
from zkharvest.verifier.link import read_link
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
    "chain/policy": {"verifier": _policies},
}
