"""Verdicts on a package by what is in its bytes alone, for tests of proofs and readers."""

from dataclasses import replace

from zkharvest.verifier.package import decode_package
from zkharvest.verifier.policy import Policy
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.statement import read_statement
from zkharvest.verifier.verify import verify

TRUSTING = Policy(allow_test_preset=True)


def own_roots(data):
    """The commitments that a package itself names; none where it cannot be read."""
    try:
        return {source.id: source.root for source in read_statement(decode_package(data).statement).sources}
    except Reject:
        return {}


def by_itself(data, policy=TRUSTING):
    """The verdict under the package's own commitments: accepted if nothing but the caller's knowledge is missing."""
    return verify(data, replace(policy, commitments=policy.commitments or own_roots(data)))
