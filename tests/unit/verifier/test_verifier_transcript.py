"""The transcript's bytes, and the rounds that are the only way to a challenge."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zkharvest.verifier import field
from zkharvest.verifier.field import ONE, P
from zkharvest.verifier.messages import (
    AuxCommitment,
    Evaluations,
    FriFinal,
    FriLayer,
    MainCommitment,
    QuotientCommitment,
    Rounds,
    point_is_usable,
)
from zkharvest.verifier.params import PRESETS, ParameterSet, sizes
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.transcript import INITIAL_STATE, Transcript, challenge_block, grinding_holds

TEST = PRESETS["test"].params
ROOT = bytes(range(32))


def h(*parts):
    return sha256(b"".join(parts)).digest()


def test_bytes_as_the_specification_gives_them():
    state = h(b"zkharvest/transcript/v1")
    transcript = Transcript()
    assert transcript.state == state == INITIAL_STATE
    transcript.absorb("main", b"abc")
    state = h(state, b"\x00\x04main", (3).to_bytes(8, "little"), b"abc")
    assert transcript.state == state
    blocks = h(state, b"\x01\x05alpha", bytes(4)) + h(state, b"\x01\x05alpha\x01\x00\x00\x00")
    value = transcript.extension("alpha")
    assert value == tuple(int.from_bytes(blocks[8 * i : 8 * i + 8], "little") % P for i in range(5))
    state = h(state, b"\x02\x05alpha")
    assert transcript.state == state
    index_bytes = h(state, b"\x01\x07queries", bytes(4)) + h(state, b"\x01\x07queries\x01\x00\x00\x00")
    assert transcript.indices("queries", 5, 1 << 16) == tuple(
        int.from_bytes(index_bytes[8 * i : 8 * i + 8], "little") % (1 << 16) for i in range(5)
    )


def test_grinding_bytes():
    state = h(b"zkharvest/transcript/v1")
    nonce = next(n for n in range(10000) if grinding_holds(state, n, 6))
    ground = h(state, b"\x00\x05grind", (8).to_bytes(8, "little"), nonce.to_bytes(8, "little"))
    block = h(ground, b"\x01\x03pow", bytes(4))
    assert block[0] >> 2 == 0
    assert block == challenge_block(ground, "pow", 0)
    transcript = Transcript()
    assert transcript.grind(6, lambda seen: nonce if seen == state else -1) == nonce
    assert transcript.state == h(ground, b"\x02\x03pow")


@pytest.mark.parametrize("nonce", [-1, 1 << 64, 3])
def test_grinding_refuses(nonce):
    assert not 0 <= nonce < 1 << 64 or not grinding_holds(INITIAL_STATE, nonce, 30)
    assert Transcript().grind(30, lambda _: nonce) is None


def test_no_grinding_has_one_encoding():
    transcript = Transcript()
    assert transcript.grind(0, lambda _: 0) == 0
    assert transcript.state == INITIAL_STATE
    assert transcript.grind(0, lambda _: 1) is None


@given(st.lists(st.tuples(st.sampled_from(["a", "ab", "b"]), st.binary(max_size=4)), min_size=1, max_size=3), st.data())
def test_no_two_sequences_share_a_state(sequence, data):
    """Moving bytes between label, data and operations changes the state."""
    other = data.draw(
        st.lists(st.tuples(st.sampled_from(["a", "ab", "b"]), st.binary(max_size=4)), min_size=1, max_size=3)
    )
    first, second = Transcript(), Transcript()
    for label, part in sequence:
        first.absorb(label, part)
    for label, part in other:
        second.absorb(label, part)
    assert (first.state == second.state) == (sequence == other)


def test_trailing_zeros_are_bound():
    first, second = Transcript(), Transcript()
    first.absorb("x", b"\5\0\0\0\7\0\0\0")
    second.absorb("x", b"\5\0\0\0\7\0\0\0" + bytes(8))
    assert first.state != second.state


def test_consecutive_challenges_differ():
    transcript = Transcript()
    values = [transcript.extension("z") for _ in range(4)]
    assert len(set(values)) == 4
    with pytest.raises(ValueError, match="power of two"):
        transcript.indices("queries", 1, 6)


# ------------------------------------------------------------------ rounds


def grinder(site, state, bits):
    return 0 if bits == 0 else next(n for n in range(1 << 20) if grinding_holds(state, n, bits))


GROUND = replace(TEST, grind_lookup=1, grind_deep=2, grind_batch=10, grind_fold=9, grind_query=4)
EXT = (1, 2, 3, 4, 5)


def conversation(params=GROUND, grinder=grinder, **changes):
    """Every challenge of a run with fixed messages, in order; `changes` replaces messages."""
    rounds = Rounds(params, changes.get("heights", (13, 13)), grinder)
    rounds.statement(changes.get("digest", ROOT), changes.get("public", b"public data"))
    lookup = rounds.main(MainCommitment(changes.get("main", ROOT)))
    delta = rounds.aux(AuxCommitment(changes.get("aux", ROOT), changes.get("terminals", (EXT, ONE))))
    z = rounds.quotient(QuotientCommitment(changes.get("quotient", ROOT)))
    batch = rounds.evaluations(Evaluations(changes.get("at_z", (EXT, ONE)), changes.get("at_next", (EXT,))))
    layers = changes.get("layers", (ROOT, ROOT))
    folds = [rounds.fold(FriLayer(root)) for root in layers]
    indices = rounds.final(FriFinal(changes.get("final", (EXT, ONE))))
    return [lookup.alpha, lookup.beta, lookup.gamma, delta, z, batch, *folds, indices], rounds.nonces


OTHER = bytes(32)


@pytest.mark.parametrize(
    ("changes", "unchanged"),
    [
        ({"digest": OTHER}, 0),
        ({"public": b"public datb"}, 0),
        ({"public": b"public data\0"}, 0),
        ({"params": replace(GROUND, johnson_m=7)}, 0),
        ({"params": replace(GROUND, log_blowup=3)}, 0),
        ({"heights": (14, 13), "layers": (ROOT, ROOT)}, 0),
        ({"heights": (13, 12)}, 0),
        ({"heights": (12, 13)}, 0),
        ({"main": OTHER}, 0),
        ({"aux": OTHER}, 3),
        ({"terminals": (EXT, EXT)}, 3),
        ({"terminals": (ONE, EXT)}, 3),
        ({"quotient": OTHER}, 4),
        ({"at_z": (EXT, EXT)}, 5),
        ({"at_next": (ONE,)}, 5),
        ({"layers": (OTHER, ROOT)}, 6),
        ({"layers": (ROOT, OTHER)}, 7),
        ({"final": (EXT, EXT)}, 8),
    ],
)
def test_a_message_changes_every_later_challenge_and_no_earlier_one(changes, unchanged):
    """Frozen Heart and its kin: nothing is usable before it was absorbed."""
    before, _ = conversation()
    params = changes.pop("params", GROUND)
    after, _ = conversation(params, **changes)
    assert before[:unchanged] == after[:unchanged]
    assert all(a != b for a, b in zip(before[unchanged:], after[unchanged:], strict=True))


def test_grinding_sites_and_nonces():
    _, nonces = conversation()
    assert [site for site, _ in nonces] == ["lookup", "deep", "batch", "fold", "fold", "query"]
    for wrong in range(6):
        replay = iter(nonce + (10**6 if i == wrong else 0) for i, (_, nonce) in enumerate(nonces))
        params = replace(GROUND, grind_lookup=12, grind_deep=12, grind_batch=19, grind_fold=19, grind_query=12)
        with pytest.raises(Reject) as caught:
            conversation(params, lambda *_, replay=replay: next(replay))
        assert caught.value.reason is Reason.GRINDING


@pytest.mark.parametrize("site", ["lookup", "deep", "batch", "fold", "query"])
def test_each_site_is_checked(site):
    def dishonest(name, state, bits):
        nonce = grinder(name, state, bits)
        if name != site:
            return nonce
        return next(n for n in range(1 << 20) if not grinding_holds(state, n, bits))

    with pytest.raises(Reject) as caught:
        conversation(grinder=dishonest)
    assert caught.value.reason is Reason.GRINDING
    assert site in caught.value.detail


def test_without_grinding_only_nonce_zero():
    with pytest.raises(Reject) as caught:
        conversation(TEST, lambda *_: 1)
    assert caught.value.reason is Reason.GRINDING


def test_order_cannot_be_changed():
    rounds = Rounds(TEST, (13, 12), grinder)
    with pytest.raises(RuntimeError):
        rounds.main(MainCommitment(ROOT))
    rounds.statement(ROOT, b"")
    with pytest.raises(RuntimeError):
        rounds.statement(ROOT, b"")
    with pytest.raises(RuntimeError):
        rounds.evaluations(Evaluations((), ()))
    rounds.main(MainCommitment(ROOT))
    rounds.aux(AuxCommitment(ROOT, ()))
    rounds.quotient(QuotientCommitment(ROOT))
    rounds.evaluations(Evaluations((), ()))
    with pytest.raises(RuntimeError):
        rounds.final(FriFinal(()))
    for _ in sizes(13, TEST).arities:
        rounds.fold(FriLayer(ROOT))
    with pytest.raises(RuntimeError):
        rounds.fold(FriLayer(ROOT))
    rounds.final(FriFinal(()))
    with pytest.raises(RuntimeError):
        rounds.final(FriFinal(()))


def test_a_root_has_32_bytes():
    rounds = Rounds(TEST, (13, 12), grinder)
    rounds.statement(ROOT, b"")
    with pytest.raises(ValueError, match="32"):
        rounds.main(MainCommitment(ROOT + b"\0"))


def test_query_indices_are_as_many_as_drawn():
    challenges, _ = conversation()
    assert len(challenges[-1]) == TEST.queries
    assert all(0 <= i < 1 << 17 for i in challenges[-1])


def test_points_in_a_domain_are_not_usable():
    at = sizes(13, TEST)
    w, v = field.root_of_unity(at.log_rows), field.root_of_unity(at.log_domain)
    for z in (1, w, pow(w, 17, P), *(pow(3 * pow(v, i, P), at.stack, P) for i in (0, 1, 12345))):
        assert not point_is_usable(field.from_base(z), at, (13,))
    for z in (v, 3, 3 * v % P, at.shift * v % P, 0):
        assert point_is_usable(field.from_base(z), at, (13,))
    assert point_is_usable(EXT, at, (13,))
    # A table of 2^12 rows has a coset of its own, 9^k <w>; its trace domain lies in the tallest's.
    low = pow(3 * pow(v, 5, P), 2 * at.stack, P)
    assert point_is_usable(field.from_base(low), at, (13, 13))
    assert not point_is_usable(field.from_base(low), at, (13, 12))
    assert point_is_usable(EXT, at, (13, 12))


# ------------------------------------------------------------------ parameters


@pytest.mark.parametrize(
    "change",
    [
        {"queries": 0},
        {"queries": 1001},
        {"log_blowup": 0},
        {"log_blowup": 1},
        {"log_blowup": 6},
        {"log_stack": 1},
        {"log_stack": 4},
        {"grind_lookup": -1},
        {"grind_query": 41},
        {"johnson_m": 0},
    ],
)
def test_parameter_sets_that_prove_nothing_do_not_exist(change):
    with pytest.raises(ValueError):
        replace(TEST, **change)


def test_parameter_encoding():
    numbers = (3, 2, 82, 8, 2, 21, 11, 20, 5)
    assert ParameterSet(*numbers).encode() == b"".join(n.to_bytes(4, "little") for n in numbers)


@pytest.mark.parametrize("log_rows", range(13, 21))
def test_sizes(log_rows):
    at = sizes(log_rows, TEST)
    product = 1
    for arity in at.arities:
        assert arity in (8, 16)
        product *= arity
    assert at.degree_bound == 17 * at.rows // 16
    assert at.stack_bound == at.stack * at.degree_bound == at.final_terms * product
    assert at.final_terms in (272, 544)
    assert (at.domain_size, at.lde_size) == (at.stack * at.lde_size, 4 * at.rows)
    assert at.piece_step == at.degree_bound - 192
    # the quotient of a degree-4 circuit on masked columns has fewer coefficients than its three pieces
    assert 4 * (at.rows + 191) + 1 - at.rows < 2 * at.piece_step + at.degree_bound


def test_masks_hide_what_is_opened():
    """queries + 10 values of a column are opened, and a quotient opened at x tells something of it at g x."""
    for preset in PRESETS.values():
        assert preset.params.mask % 96 == 0
        assert preset.params.mask >= max(192, 2 * preset.params.queries + 20)
        for log_rows in range(preset.min_log_rows, preset.max_log_rows + 1):
            at = sizes(log_rows, preset.params)
            assert at.piece_step + at.mask == at.degree_bound > at.rows + at.mask
            assert 4 * (at.rows + at.mask - 1) + 1 - at.rows < 2 * at.piece_step + at.degree_bound
    with pytest.raises(ValueError, match="no room"):
        sizes(13, PRESETS["large"].params)


def test_grinding_against_the_proximity_gap_halves_with_the_domain():
    for preset in PRESETS.values():
        p = preset.params
        for log_rows in range(preset.min_log_rows, preset.max_log_rows + 1):
            at = sizes(log_rows, p)
            less = 24 - log_rows - p.log_blowup - p.log_stack
            assert (at.grind_batch, at.grind_fold) == (max(0, p.grind_batch - less), max(0, p.grind_fold - less))
    assert (sizes(13, TEST).grind_batch, sizes(20, TEST).grind_fold) == (0, 0)
    assert sizes(20, PRESETS["large"].params).grind_batch == PRESETS["large"].params.grind_batch


def test_sizes_out_of_range():
    for log_rows, params in ((12, TEST), (21, TEST), (22, PRESETS["balanced"].params)):
        with pytest.raises(ValueError):
            sizes(log_rows, params)


def test_the_specification_lists_the_presets():
    text = (Path(__file__).parents[3] / "circuits" / "FORMAT.md").read_text()
    for preset in PRESETS.values():
        p = preset.params
        grinds = f"{p.grind_lookup}, {p.grind_deep}, {p.grind_batch}, {p.grind_fold}, {p.grind_query}"
        heights = f"{preset.min_log_rows}..{preset.max_log_rows}"
        row = (f"`{preset.name}`", heights, p.log_blowup, p.log_stack, p.queries, grinds, p.johnson_m)
        assert f"| {' | '.join(str(cell) for cell in row)} |" in text
