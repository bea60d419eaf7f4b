"""What is checked before a package is signed: whether its proof verifies."""

from __future__ import annotations

from zkharvest.errors import InputError, UsageError
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.rejections import REJECTED
from zkharvest.verifier.verify_chain import verify_chain


def refuse_unproven(data: bytes, name: str) -> None:
    """InputError unless the proof of a package verifies, UsageError where that cannot be decided here.

    Whose trades it is about, and whose lots were carried in, is for the signer to know. A proof under the test preset
    may be signed: every real policy refuses it all the same.
    """
    found = verify_chain([data], ChainPolicy(min_bits=0, allow_test_preset=True))
    if found.verdict == REJECTED:
        why = f"the proof does not verify ({found.reason})"
        raise InputError.one(name, why, "do not sign it; ask for another copy of the package")
    if found.reason and not found.reason.startswith("policy/"):
        why = f"whether the proof verifies cannot be decided here ({found.reason}: {found.detail})"
        raise UsageError(f"{name}: {why}", "update zkharvest and its time zone data (tzdata)")
