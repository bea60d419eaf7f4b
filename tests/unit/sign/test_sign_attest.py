"""Signatures count for exactly what they were made for: source, root, key, package."""

from dataclasses import replace

import pytest

from zkharvest.errors import UsageError
from zkharvest.sign.attest import (
    check_attestations,
    sign_as_source,
    sign_as_taxpayer,
    source_message,
)
from zkharvest.sign.ed25519 import SMALL_ORDER
from zkharvest.sign.keys import Scheme, generate_key
from zkharvest.verifier.package import Package
from zkharvest.verifier.rejections import Reason, Reject

A, B = "coinbase:main", "kraken:main"
ROOTS = {A: b"\x01" * 36, B: b"\x02" * 36}


def package(roots=ROOTS, **changes):
    statement = {"year": 2025, "sources": [{"id": name, "root": root} for name, root in roots.items()]}
    return replace(Package(statement, "test", (13, 12), b"proof"), **changes)


@pytest.fixture(scope="module")
def keys():
    return {A: generate_key(Scheme.BLS), B: generate_key(Scheme.BLS), "taxpayer": generate_key(Scheme.ED25519)}


@pytest.fixture(scope="module")
def public(keys):
    return {name: key.public().key for name, key in keys.items()}


@pytest.fixture(scope="module")
def one(keys):
    """Signed by source B."""
    return sign_as_source(package(), keys[B], B, ROOTS[B])


@pytest.fixture(scope="module")
def both(one, keys):
    """Signed by both sources, B before A."""
    return sign_as_source(one, keys[A], A, ROOTS[A])


@pytest.fixture(scope="module")
def full(both, keys):
    """Signed by both sources and then by the taxpayer."""
    return sign_as_taxpayer(both, keys["taxpayer"])


def rejected(changed, match, **expectations):
    with pytest.raises(Reject, match=match):
        check_attestations(changed, **expectations)


def with_attestations(signed, **changes):
    return replace(signed, attestations={**signed.attestations, **changes})


def with_entry(signed, number, **changes):
    entries = list(signed.attestations["sources"])
    entries[number] = {**entries[number], **changes}
    return with_attestations(signed, sources=entries)


def test_a_package_without_signatures_is_fine_if_none_is_expected():
    attested = check_attestations(package())
    assert (attested.sources, attested.signer, attested.signer_expected) == ((), None, False)


def test_several_sources_are_one_aggregate(full, public):
    assert len(full.attestations["aggregate"]) == 96
    assert [entry["source"] for entry in full.attestations["sources"]] == [A, B]
    attested = check_attestations(full, {A: public[A], B: public[B]}, public["taxpayer"])
    assert [(s.source, s.key, s.expected) for s in attested.sources] == [(A, public[A], True), (B, public[B], True)]
    assert attested.signer == public["taxpayer"]
    assert attested.signer_expected


def test_keys_that_nobody_named_are_told_but_not_compared(one, public, keys):
    attested = check_attestations(sign_as_taxpayer(one, keys["taxpayer"]))
    assert [(s.source, s.key, s.expected) for s in attested.sources] == [(B, public[B], False)]
    assert attested.signer == public["taxpayer"]
    assert not attested.signer_expected


def test_a_signature_that_is_expected_must_be_there(one, public):
    rejected(package(), f"source '{A}' has not signed", source_keys={A: public[A]})
    rejected(one, f"source '{A}' has not signed", source_keys={A: public[A], B: public[B]})
    rejected(one, "the taxpayer has not signed", signer=public["taxpayer"])


def test_another_key_than_the_expected_one_is_rejected(one, keys, public):
    rejected(
        one, f"source '{B}' signed with the key {public[B].hex()}, not {public[A].hex()}", source_keys={B: public[A]}
    )
    signed = sign_as_taxpayer(package(), keys["taxpayer"])
    rejected(signed, "signed with the key", signer=generate_key(Scheme.ED25519).public().key)


def test_a_sources_signature_is_for_its_root(one):
    rejected(replace(one, statement=package({**ROOTS, B: b"\x03" * 36}).statement), "commitments are not valid")


def test_a_sources_signature_is_for_its_id(one):
    rejected(with_entry(one, 0, source=A), "commitments are not valid")
    renamed = package({A: ROOTS[A], "other": ROOTS[B]})
    rejected(replace(one, statement=renamed.statement), f"'{B}', which is not a source")


def test_messages_of_different_sources_and_roots_differ():
    messages = {
        source_message(source, root) for source in ("", "a", "a\0", "ab") for root in (b"\0" * 36, b"b" + b"\0" * 35)
    }
    assert len(messages) == 8


def test_a_source_signs_its_root_whatever_the_package_says_besides(one, public):
    """The same commitment proven for another year: the venue's signature stays good (and binds nothing else)."""
    other = replace(one, statement={**one.statement, "year": 2024}, proof=b"another")
    assert check_attestations(other, {B: public[B]}).sources[0].expected


def test_swapped_keys_are_rejected(both, public):
    first, second = both.attestations["sources"]
    swapped = [
        {**first, "key": second["key"], "pop": second["pop"]},
        {**second, "key": first["key"], "pop": first["pop"]},
    ]
    rejected(with_attestations(both, sources=swapped), "commitments are not valid")
    rejected(with_attestations(both, sources=swapped), "signed with the key", source_keys={A: public[A]})


def test_a_proof_of_possession_is_always_checked(both):
    first, second = both.attestations["sources"]
    rejected(with_entry(both, 0, pop=second["pop"]), "proof of possession")
    rejected(with_entry(both, 0, pop=b"\0" * 96), "proof of possession")
    rejected(with_entry(both, 1, pop=both.attestations["aggregate"]), "proof of possession")
    assert first["pop"] != second["pop"]


def test_a_changed_aggregate_is_rejected(both, one):
    aggregate = both.attestations["aggregate"]
    for changed in (aggregate[:-1] + bytes([aggregate[-1] ^ 1]), one.attestations["aggregate"], b"\xc0" + bytes(95)):
        rejected(with_attestations(both, aggregate=changed), "not valid")


def test_an_entry_taken_out_breaks_the_aggregate(both):
    rejected(with_attestations(both, sources=both.attestations["sources"][:1]), "not valid")


def test_the_identity_is_no_key(both):
    rejected(with_entry(both, 0, key=b"\xc0" + bytes(47), pop=b"\xc0" + bytes(95)), "proof of possession")


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"scheme": "bls12-381-g2-pop"},
        {"scheme": "none", "sources": [], "aggregate": bytes(96)},
        {"scheme": "bls12-381-g2-pop", "sources": [], "aggregate": bytes(96)},
        {"scheme": "bls12-381-g2-pop", "sources": {}, "aggregate": bytes(96)},
        {"scheme": "bls12-381-g2-pop", "sources": [None], "aggregate": bytes(96)},
        {"scheme": "bls12-381-g2-pop", "sources": [{"source": B, "key": bytes(48)}], "aggregate": bytes(96)},
        {
            "scheme": "bls12-381-g2-pop",
            "sources": [{"source": 1, "key": bytes(48), "pop": bytes(96)}],
            "aggregate": b"",
        },
        {
            "scheme": "bls12-381-g2-pop",
            "sources": [{"source": B, "key": b"", "pop": bytes(96)}],
            "aggregate": bytes(96),
        },
    ],
)
def test_attestations_of_another_form_are_rejected(odd):
    rejected(package(attestations=odd), "not of a known form")


def test_attestations_with_more_in_them_are_rejected(one):
    rejected(with_attestations(one, note="x"), "not of a known form")
    rejected(with_entry(one, 0, note="x"), "not of a known form")
    rejected(with_attestations(one, aggregate=one.attestations["aggregate"] + b"\0"), "not of a known form")


def test_attestations_out_of_order_or_double_are_rejected(both):
    entries = both.attestations["sources"]
    rejected(with_attestations(both, sources=entries[::-1]), "not sorted")
    rejected(with_attestations(both, sources=[entries[0], entries[0]]), "not sorted")


def test_the_taxpayers_signature_covers_everything_else(full, both):
    covered = "over the package is not valid"
    rejected(replace(full, proof=b"other"), covered)
    rejected(replace(full, preset="balanced"), covered)
    rejected(replace(full, log_rows=(14, *full.log_rows[1:])), covered)
    rejected(replace(full, statement={**full.statement, "year": 2024}), covered)
    rejected(replace(full, attestations=None), covered)
    other = sign_as_taxpayer(replace(both, proof=b"other"), generate_key(Scheme.ED25519))
    rejected(replace(full, signature=other.signature), covered)


def test_a_changed_taxpayers_signature_is_rejected(keys):
    signed = sign_as_taxpayer(package(), keys["taxpayer"])
    good = signed.signature["signature"]
    for number in (0, 31, 32, 63):
        changed = good[:number] + bytes([good[number] ^ 1]) + good[number + 1 :]
        rejected(replace(signed, signature={**signed.signature, "signature": changed}), "not valid")
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")  # malleable S
    rejected(replace(signed, signature={**signed.signature, "signature": shifted}), "not valid")
    for odd in (
        {},
        {**signed.signature, "scheme": "rsa"},
        {**signed.signature, "x": 1},
        {**signed.signature, "key": b""},
    ):
        rejected(replace(signed, signature=odd), "not of a known form")


def test_a_source_after_the_taxpayer_needs_consent(keys):
    signed = sign_as_taxpayer(package(), keys["taxpayer"])
    with pytest.raises(UsageError, match="the taxpayer has signed"):
        sign_as_source(signed, keys[A], A, ROOTS[A])
    again = sign_as_source(signed, keys[A], A, ROOTS[A], drop_signature=True)
    assert again.signature is None
    assert check_attestations(again).sources[0].source == A


def test_a_second_signature_of_the_taxpayer_replaces_the_first(keys):
    other = generate_key(Scheme.ED25519)
    first = sign_as_taxpayer(package(), keys["taxpayer"])
    with pytest.raises(UsageError, match="with another key"):
        sign_as_taxpayer(first, other)
    signed = sign_as_taxpayer(first, other, replace_other=True)
    assert check_attestations(signed).signer == other.public().key


def test_wrong_keys_and_sources_are_refused(one, keys):
    with pytest.raises(UsageError, match="a source signs with a bls key"):
        sign_as_source(package(), keys["taxpayer"], A, ROOTS[A])
    with pytest.raises(UsageError, match="the taxpayer signs with an ed25519 key"):
        sign_as_taxpayer(package(), keys[A])
    with pytest.raises(UsageError, match="not a source of this package") as caught:
        sign_as_source(package(), keys[A], "binance", ROOTS[A])
    assert f"its sources are '{A}', '{B}'" in caught.value.hint
    with pytest.raises(UsageError, match="has signed already"):
        sign_as_source(one, keys[B], B, ROOTS[B])


def test_a_broken_aggregate_is_not_extended(one, keys):
    broken = replace(one, statement=package({**ROOTS, B: b"\x03" * 36}).statement)
    with pytest.raises(UsageError, match="not valid"):
        sign_as_source(broken, keys[A], A, ROOTS[A])


def edwards_sum(a, b, p=2**255 - 19):
    """RFC 8032, section 5.1.4, in affine coordinates."""
    d = -121665 * pow(121666, -1, p)
    t = d * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + t, -1, p) % p
    return x, (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, -1, p) % p


def test_the_keys_of_small_order_are_those_whose_eighth_multiple_is_neutral():
    p, found = 2**255 - 19, set()
    for y in SMALL_ORDER:
        square = (y * y - 1) * pow(-121665 * pow(121666, -1, p) * y * y + 1, -1, p) % p
        x = pow(square, (p + 3) // 8, p)
        x = x if x * x % p == square else x * pow(2, (p - 1) // 4, p) % p
        assert x * x % p == square
        point = (x, y)
        for _ in range(3):
            point = edwards_sum(point, point)
        assert point == (0, 1)
        found |= {(x, y), (-x % p, y)}
    assert len(found) == 8


@pytest.mark.parametrize("key", [1, 0, 2**255 - 20, 2**255 - 18, 2**255 + 1, *sorted(SMALL_ORDER)])
def test_a_key_that_signs_anything_signs_nothing(key):
    """With the neutral point as key and as R, and S = 0, the equation of RFC 8032 holds for every message."""
    signature = {"scheme": "ed25519", "key": key.to_bytes(32, "little"), "signature": b"\1" + bytes(63)}
    with pytest.raises(Reject) as failed:
        check_attestations(package(signature=signature))
    assert failed.value.reason is Reason.SIGNATURE_INVALID
    assert "small order" in str(failed.value)
