"""Every way in which a package or proof can fail, each with its own name.

A reason is `stage/fault`. Stages in the order in which the verifier works: package, statement, circuit,
policy, proof, transcript, constraints, merkle, fri. Nothing else is ever raised by the verifying code
for anything that is in the bytes it was given.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """One member per fault; the value is what verdicts and test vectors name."""

    # package: the container and its canonical msgpack
    PACKAGE_MAGIC = "package/magic"  # not one of our files
    PACKAGE_VERSION = "package/version"  # a newer container format
    PACKAGE_ENCODING = "package/encoding"  # not the canonical msgpack subset
    PACKAGE_LIMIT = "package/limit"  # deeper, larger or more numerous than allowed
    PACKAGE_TRAILING = "package/trailing-bytes"
    PACKAGE_FIELDS = "package/fields"  # keys or types are not those of a package
    PACKAGE_PRESET = "package/preset"  # a parameter set that this verifier does not know
    PACKAGE_LOG_ROWS = "package/log-rows"  # a height that circuit or parameter set do not allow

    # statement
    STATEMENT_FIELDS = "statement/fields"
    STATEMENT_VALUE = "statement/value"
    STATEMENT_CALENDAR = "statement/calendar"  # not the time zone's offsets, or not a calendar
    STATEMENT_ZONE = "statement/unknown-zone"  # this machine does not know the zone

    # circuit
    CIRCUIT_UNKNOWN = "circuit/unknown"
    CIRCUIT_DIGEST = "circuit/digest"  # known name, other digest
    CIRCUIT_BROKEN = "circuit/broken"  # withdrawn: accepts false statements
    CIRCUIT_FILE = "circuit/file"  # the description on this machine was altered

    # policy: what the caller expects
    POLICY_TEST_PRESET = "policy/test-preset"
    POLICY_BITS = "policy/bits"
    POLICY_CIRCUIT = "policy/circuit"
    POLICY_COMMITMENT = "policy/commitment"
    POLICY_NOT_COMPARED = "policy/source-not-compared"  # besides the sources that are expected there are others
    POLICY_CARRIED_IN = "policy/carried-in"
    POLICY_NO_CARRIED_IN = "policy/carried-in-not-compared"  # lots were carried in, and nobody says which are right
    POLICY_YEAR = "policy/year"
    POLICY_METHOD = "policy/method"
    POLICY_POOLING = "policy/pooling"
    POLICY_TIMEZONE = "policy/timezone"
    POLICY_CURRENCY = "policy/currency"
    POLICY_CONTEXT = "policy/context"

    # public data handed to the proof
    PUBLIC_SHAPE = "public/shape"
    PUBLIC_VALUE = "public/value"

    # proof: its bytes
    PROOF_SHORT = "proof/short"
    PROOF_TRAILING = "proof/trailing-bytes"
    PROOF_WORD = "proof/field-word"  # a field word not below p

    # transcript
    GRINDING = "transcript/grinding"
    POINT = "transcript/point"  # the out-of-domain point lies in a domain

    # constraints
    DENOMINATOR = "constraints/denominator"  # a public message meets a vanishing denominator
    BALANCE = "constraints/balance"  # the buses and tallies do not add up to zero
    QUOTIENT = "constraints/quotient"  # the constraints do not vanish on the trace

    # merkle: opened leaves against their roots
    MERKLE_MAIN = "merkle/main"
    MERKLE_AUX = "merkle/aux"
    MERKLE_QUOTIENT = "merkle/quotient"
    MERKLE_LAYER = "merkle/fri-layer"

    # fri
    FRI_LAYER = "fri/layer"  # a folded value is not in the next layer
    FRI_FINAL = "fri/final"  # the last folded value is not that of the final polynomial

    INTERNAL = "internal/error"  # a defect of this program, never a verdict on the proof


class Reject(Exception):
    """The bytes at hand do not pass; caught where a verdict is formed (`policy.verify`) and nowhere else."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
