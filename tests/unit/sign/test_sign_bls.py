"""Many signatures checked together: as py_ecc would one by one, in bounded time, whatever a package holds."""

from dataclasses import replace

import pytest

from zkharvest.errors import UsageError
from zkharvest.sign import bls, bls_pairing
from zkharvest.sign.bls import AggregateError, PossessionError, Signed, check_signed
from zkharvest.sign.keyfiles import parse_public_key, write_public_key
from zkharvest.sign.keys import Scheme, generate_key
from zkharvest.verifier.chain_package import MAX_ATTESTATIONS


@pytest.fixture(scope="module")
def keys():
    return [generate_key(Scheme.BLS) for _ in range(2)]


@pytest.fixture(scope="module")
def entries(keys):
    """Two keys, the first for two messages."""
    halves = [key.public() for key in keys]
    return [Signed(halves[i].key, halves[i].pop, message) for i, message in ((0, b"a"), (1, b"b"), (0, b"c"))]


@pytest.fixture(scope="module")
def aggregate(keys):
    return bytes(bls.load().Aggregate([keys[i].sign(message) for i, message in ((0, b"a"), (1, b"b"), (0, b"c"))]))


def test_what_py_ecc_accepts_is_accepted(entries, aggregate):
    check_signed(entries, aggregate)
    scheme = bls.load()
    assert scheme.AggregateVerify([e.key for e in entries], [e.message for e in entries], aggregate)


def test_errors_do_not_cancel_out(entries, aggregate):
    """Every single equation fails here, but their product without coefficients would hold."""
    from py_ecc.bls.g2_primitives import G2_to_signature, signature_to_G2
    from py_ecc.optimized_bls12_381 import G2, add, neg

    def moved(signature, by):
        return bytes(G2_to_signature(add(signature_to_G2(signature), by)))

    first, second, third = entries
    swindle = [replace(first, pop=moved(first.pop, G2)), second, replace(third, pop=moved(first.pop, G2))]
    with pytest.raises(PossessionError):
        check_signed(swindle, moved(aggregate, neg(G2)))
    both = [replace(first, pop=moved(first.pop, G2)), replace(second, pop=moved(second.pop, neg(G2)))]
    with pytest.raises(PossessionError):
        check_signed([*both, replace(third, pop=both[0].pop)], aggregate)
    with pytest.raises(AggregateError):
        check_signed(entries, moved(aggregate, G2))


def test_a_point_outside_the_subgroup_is_refused(entries, aggregate):
    from py_ecc.bls.g2_primitives import G2_to_signature
    from py_ecc.bls.hash_to_curve import hash_to_field_FQ2, map_to_curve_G2

    field = hash_to_field_FQ2(b"x", 1, b"tag", bls.sha256)
    outside = bytes(G2_to_signature(map_to_curve_G2(field[0])))
    with pytest.raises(AggregateError):
        check_signed(entries, outside)
    with pytest.raises(PossessionError) as caught:
        check_signed([entries[0], replace(entries[1], pop=outside)], aggregate)
    assert caught.value.position == 1


def test_a_pair_of_key_and_proof_is_checked_once(entries, aggregate, monkeypatch):
    read = []
    point = bls._point
    monkeypatch.setattr(bls, "_point", lambda data: read.append(data) or point(data))
    check_signed(entries, aggregate)
    assert len(read) == 3  # the aggregate and two proofs


# ------------------------------------------------------------------ key files of strangers


@pytest.mark.parametrize(
    "text",
    [
        "scheme: \x1b[2Jbls",
        f"scheme: ed25519\npublic: {'zz' * 32}",
        f"scheme: ed25519\npublic: {'00' * 31}",
        f"scheme: ed25519\npublic: {'00' * 32}\npossession: \x1b[2J",
        "scheme: ed25519",
        "",
    ],
)
def test_a_key_file_that_is_none_is_not_repeated(tmp_path, text):
    from zkharvest.workflow.inspect import describe

    path = tmp_path / "k.pub"
    path.write_text(f"zkharvest public key 1\n{text}\n")
    for read in (describe, lambda p: parse_public_key(str(p), Scheme.ED25519)):
        with pytest.raises(UsageError, match="damaged key file") as caught:
            read(path)
        assert "\x1b" not in str(caught.value)


def test_a_key_file_of_another_scheme_is_named(tmp_path, keys):
    write_public_key(tmp_path / "k.pub", keys[0].public())
    with pytest.raises(UsageError, match="a key of scheme bls12-381"):
        parse_public_key(str(tmp_path / "k.pub"), Scheme.ED25519)


# ------------------------------------------------------------------ what bounds the time of a forged package


@pytest.fixture
def products(monkeypatch):
    """What is asked: the number of pairings in each product, and `ended` for each final exponentiation."""
    asked, loop, end = [], bls_pairing.miller, bls_pairing.cube_of_final
    monkeypatch.setattr(bls_pairing, "miller", lambda pairs: asked.append(len(pairs)) or loop(pairs))
    monkeypatch.setattr(bls_pairing, "cube_of_final", lambda value: asked.append("ended") or end(value))
    return asked


def test_all_signatures_are_one_product_ended_once(entries, aggregate, products):
    check_signed(entries, aggregate)
    assert products == [2 + 1, "ended"]  # two keys, and the signatures


def test_a_false_one_costs_one_product_more(entries, aggregate, products):
    with pytest.raises(AggregateError):
        check_signed([*entries[:2], replace(entries[2], message=b"d")], aggregate)
    assert products == [2 + 1, "ended"] * 2


@pytest.mark.audit
def test_a_full_package_is_checked_at_once(products):
    """However many sources signed."""
    keys = [generate_key(Scheme.BLS) for _ in range(MAX_ATTESTATIONS)]
    halves = [key.public() for key in keys]
    claims = [Signed(half.key, half.pop, half.key) for half in halves]
    signed = bls.load().Aggregate([key.sign(half.key) for key, half in zip(keys, halves, strict=True)])
    lines = []
    check_signed(claims, signed, lines.append)
    assert products == [MAX_ATTESTATIONS + 1, "ended"]
    assert len(lines) == MAX_ATTESTATIONS + 1
