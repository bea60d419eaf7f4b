"""Many signatures checked together: as py_ecc would one by one, in bounded time, whatever a package holds."""

import itertools
from dataclasses import replace

import pytest

from tests.support.proofs import small_opening, small_package
from zkharvest.errors import InputError, UsageError
from zkharvest.files.packages import open_package, package_bytes
from zkharvest.sign import attest, bls
from zkharvest.sign.attest import MAX_ATTESTATIONS, check_attestations, sign_as_source, source_message
from zkharvest.sign.bls import AggregateError, PossessionError, Signed, check_signed
from zkharvest.sign.keyfiles import parse_public_key, write_public_key
from zkharvest.sign.keys import Scheme, generate_key
from zkharvest.verifier.package import Package
from zkharvest.verifier.rejections import Reject
from zkharvest.workflow.inspect import describe_package
from zkharvest.workflow.verify import verify

KRAKEN, COINBASE = "kraken:main", "coinbase:main"
CLEAR = "\x1b[2J\x1b[HVERIFIED  p.zkh"


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


# ------------------------------------------------------------------ before any pairing


def package(names, **changes):
    sources = [{"id": name, "root": bytes([i % 256, i // 256]) + bytes(34)} for i, name in enumerate(names)]
    return replace(Package({"sources": sources}, "test", 13, b""), **changes)


def attested(names, key=bytes(48), pop=bytes(96)):
    entries = [{"source": name, "key": key, "pop": pop} for name in names]
    return {"scheme": "bls12-381-g2-pop", "aggregate": bytes(96), "sources": entries}


@pytest.fixture
def no_pairing(monkeypatch):
    def expensive(*_):
        raise AssertionError("a pairing")

    monkeypatch.setattr(bls, "check_signed", expensive)


def fault(found, **expected):
    with pytest.raises(Reject) as caught:
        check_attestations(found, **expected)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()
    return caught.value.reason.value


def test_thousands_of_attestations_are_refused_at_once(no_pairing, keys):
    names = [f"s{i:05}" for i in range(4096)]
    full = package(names, attestations=attested(names))
    assert fault(full) == "attestation/limit"
    with pytest.raises(UsageError, match="4096 attestations, more than 64"):
        sign_as_source(full, keys[0], "s00000", bytes(36))


def test_form_membership_and_keys_come_before_pairings(no_pairing, keys):
    names = [f"s{i:02}" for i in range(MAX_ATTESTATIONS)]
    good = package(names)
    assert fault(package(names[1:], attestations=attested(names))) == "attestation/source"
    assert fault(replace(good, attestations=attested(names[:2] + names[:1]))) == "attestation/form"
    other = {names[3]: b"\1" * 48}
    assert fault(replace(good, attestations=attested(names)), source_keys=other) == "attestation/key"
    missing = {names[3]: bytes(48)}
    assert fault(replace(good, attestations=attested(names[:3])), source_keys=missing) == "attestation/missing"
    full = package([*names, "t"], attestations=attested(names))
    with pytest.raises(UsageError, match="no room"):
        sign_as_source(full, keys[0], "t", full.statement["sources"][-1]["root"])


@pytest.mark.parametrize("name", [CLEAR, "a\u202eb", "x\n", "\x9b1m", "x" * 129, "x" * 9_000_000, ""])
def test_names_that_paint_or_flood_are_refused(no_pairing, name):
    assert fault(package([name], attestations=attested([name]))) == "attestation/form"
    data = package_bytes(replace(open_package(small_package(), "p"), attestations=attested([name])))
    verdict = verify(data, commitments=small_opening().roots, allow_test_preset=True)
    assert (verdict.verdict, verdict.reason) == ("rejected", "attestation/form")
    shown = describe_package(data, "p")["signatures"]
    assert shown["sources"] == []
    assert shown["fault"].startswith("attestation/form")
    assert len(shown["fault"]) < 200


def test_a_preset_that_paints_is_no_package():
    """`inspect` printed it."""
    with pytest.raises(ValueError, match="package/preset"):
        package_bytes(replace(open_package(small_package(), "p"), preset=CLEAR))


# ------------------------------------------------------------------ what a source signs


def test_a_source_signs_only_its_own_root(keys):
    data = open_package(small_package(), "p")
    root = small_opening().roots[KRAKEN]
    signed = sign_as_source(data, keys[0], KRAKEN, root)
    assert check_attestations(signed).sources[0].source == KRAKEN
    for other in (small_opening().roots[COINBASE], bytes(36), b""):
        with pytest.raises(InputError, match="commitment of 'kraken:main' is not the one given"):
            sign_as_source(data, keys[0], KRAKEN, other)


def test_the_list_of_sources_in_an_error_is_short_and_visible(keys):
    crowd = package([CLEAR, *(f"s{i}" + "x" * 120 for i in range(4000))])
    with pytest.raises(UsageError) as caught:
        sign_as_source(crowd, keys[0], "none", bytes(36))
    assert len(str(caught.value)) < 600
    assert "\x1b" not in str(caught.value)
    assert "and 3992 more" in caught.value.hint


def test_keys_and_commitments_together_cover_the_sources(keys):
    roots = small_opening().roots
    data = package_bytes(sign_as_source(open_package(small_package(), "p"), keys[0], KRAKEN, roots[KRAKEN]))
    by_key = {KRAKEN: keys[0].public_bytes()}
    check = {
        (): "policy/no-expectation",
        ("key",): "policy/source-not-compared",
        ("coinbase",): "policy/source-not-compared",
        ("kraken",): "policy/source-not-compared",
        ("key", "kraken"): "policy/source-not-compared",
        ("key", "coinbase"): "",
        ("kraken", "coinbase"): "",
        ("key", "allow"): "",
        ("kraken", "allow"): "",
        ("allow",): "policy/no-expectation",
    }
    for given, reason in check.items():
        named = {"kraken": KRAKEN, "coinbase": COINBASE}
        verdict = verify(
            data if "key" in given else small_package(),
            commitments={named[g]: roots[named[g]] for g in given if g in named},
            source_keys=by_key if "key" in given else None,
            allow_other_sources="allow" in given,
            allow_test_preset=True,
        )
        assert verdict.reason == reason, given
        assert verdict.verdict == ("undecided" if reason else "accepted")
        covered = {*(named[g] for g in given if g in named), *([KRAKEN] if "key" in given else [])}
        assert set(verdict.not_compared) == {KRAKEN, COINBASE} - covered
        assert verdict.to_json()["bound"] == (not verdict.not_compared)


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


def test_messages_are_distinct_per_source_and_root():
    pairs = itertools.product(("a", "b"), (bytes(36), b"\1" * 36))
    assert len({source_message(*pair) for pair in pairs}) == 4
    assert attest.MAX_ATTESTATIONS == 64


@pytest.mark.audit
def test_a_full_package_is_checked_at_once(monkeypatch):
    """One product of pairings, ended once, however many sources signed: what bounds the time of a forged package."""
    from py_ecc import optimized_bls12_381

    keys = [generate_key(Scheme.BLS) for _ in range(MAX_ATTESTATIONS)]
    halves = [key.public() for key in keys]
    claims = [Signed(half.key, half.pop, half.key) for half in halves]
    signed = bls.load().Aggregate([key.sign(half.key) for key, half in zip(keys, halves, strict=True)])
    ended, lines, real = [], [], optimized_bls12_381.final_exponentiate
    monkeypatch.setattr(optimized_bls12_381, "final_exponentiate", lambda x: ended.append(1) or real(x))
    check_signed(claims, signed, lines.append)
    assert len(ended) == 1
    assert len(lines) == MAX_ATTESTATIONS + 1
