"""Packages of links: one form, what is bound to what, and every part that is not of it."""

from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.spec import PACKAGE_MAGIC
from zkharvest.verifier import wire
from zkharvest.verifier.chain_package import ChainPackage, PageAttestation, Part, decode_chain_package
from zkharvest.verifier.rejections import Reason, Reject

PART = Part({"a": 1}, "balanced", (13, 14), b"proof")
ED = PageAttestation(bytes(32), "ed25519", bytes(32), b"", bytes(64))
BLS = PageAttestation(bytes(32), "bls12-381", bytes(48), bytes(96), bytes(96))
GOOD = ChainPackage((PART, replace(PART, proof=b"")), (BLS, ED), {"key": b""})


def file(value):
    return PACKAGE_MAGIC + b"\2" + wire.encode(value)


def whole(**changes):
    body = wire.decode(GOOD.encode(), len(PACKAGE_MAGIC) + 1)
    return {**body, **changes}


def reason(data):
    with pytest.raises(Reject) as error:
        decode_chain_package(data)
    return error.value.reason


def test_a_package_is_read_as_it_was_written():
    assert decode_chain_package(GOOD.encode()) == GOOD
    bare = replace(GOOD, attestations=(), signature=None)
    assert decode_chain_package(bare.encode()) == bare
    body = dict(sorted(wire.decode(GOOD.encode(), len(PACKAGE_MAGIC) + 1).items()))
    assert msgpack.packb(body, use_bin_type=True) == GOOD.encode()[len(PACKAGE_MAGIC) + 1 :]


def test_what_is_bound_to_what():
    """A link's digest has its statement, preset and heights, the body all links, what is signed the attestations."""
    others = [replace(PART, statement={"a": 2}), replace(PART, preset="small"), replace(PART, log_rows=(13,))]
    assert len({PART.digest, *(one.digest for one in others)}) == 4
    assert replace(PART, proof=b"other").digest == PART.digest
    bodies = [replace(GOOD, parts=GOOD.parts[::-1]), replace(GOOD, parts=GOOD.parts[:1])]
    assert len({GOOD.body_digest, *(one.body_digest for one in bodies)}) == 3
    fewer = replace(GOOD, attestations=(ED,))
    assert fewer.body_digest == GOOD.body_digest
    assert fewer.signed_digest != GOOD.signed_digest
    assert replace(GOOD, signature=None).signed_digest == GOOD.signed_digest


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"links": []}, Reason.PACKAGE_FIELDS), ({"links": [PART.to_map()] * 257}, Reason.PACKAGE_FIELDS),
        ({"links": {}}, Reason.PACKAGE_FIELDS), ({"more": 1}, Reason.PACKAGE_FIELDS),
        ({"links": [{**PART.to_map(), "log_rows": [True]}]}, Reason.PACKAGE_FIELDS),
        ({"links": [{**PART.to_map(), "proof": "x"}]}, Reason.PACKAGE_FIELDS),
        ({"links": [{**PART.to_map(), "more": "x"}]}, Reason.PACKAGE_FIELDS),
        ({"links": [{**PART.to_map(), "preset": ""}]}, Reason.PACKAGE_PRESET),
        ({"signature": b"x"}, Reason.PACKAGE_FIELDS), ({"attestations": {}}, Reason.PACKAGE_FIELDS),
        ({"attestations": []}, Reason.ATTESTATION_FORM), ({"attestations": [1]}, Reason.ATTESTATION_FORM),
        ({"attestations": [ED.to_map(), BLS.to_map()]}, Reason.ATTESTATION_FORM),
        ({"attestations": [ED.to_map()] * 2}, Reason.ATTESTATION_FORM),
        ({"attestations": [ED.to_map()] * 65}, Reason.ATTESTATION_LIMIT),
        ({"attestations": [{**ED.to_map(), "page": bytes(31)}]}, Reason.ATTESTATION_FORM),
        ({"attestations": [{**ED.to_map(), "scheme": "rsa"}]}, Reason.ATTESTATION_FORM),
        ({"attestations": [{**ED.to_map(), "pop": bytes(96)}]}, Reason.ATTESTATION_FORM),
        ({"attestations": [{**BLS.to_map(), "key": bytes(32)}]}, Reason.ATTESTATION_FORM),
    ],
)  # fmt: skip
def test_parts_that_are_not_of_it(changes, wanted):
    assert reason(file(whole(**changes))) is wanted


@given(st.binary(max_size=120), st.sampled_from([b"", PACKAGE_MAGIC, PACKAGE_MAGIC + b"\2", GOOD.encode()[:40]]))
def test_any_bytes_are_a_package_or_a_reason(data, head):
    try:
        assert decode_chain_package(head + data).encode() == head + data
    except Reject as reject:
        assert reject.reason.stage in ("package", "attestation")
