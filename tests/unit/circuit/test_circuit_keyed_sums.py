"""Numbers posted under keys: they agree key by key and slot by slot, or checker, both provers and verifiers say no."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.adversary.kit.lenient import in_short
from tests.adversary.kit.local import Board
from tests.support import keyed_sums as sums
from tests.support.dropped_terms import HonestValues, candidates
from tests.support.mutants import mutants
from tests.unit.verifier import reference_prover as reference
from zkharvest.circuit.builder import Circuit
from zkharvest.circuit.check import check
from zkharvest.prover import stark as prover
from zkharvest.verifier import stark as verifier
from zkharvest.verifier.description_reader import DescriptionError, group_degree, node_degrees, read_description
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.public import encode
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.soundness import model

TEST = PRESETS["test"].params
HEIGHTS = (sums.LOG_ROWS, sums.LOG_ROWS)
ROOT = Path(__file__).parents[3]
HONEST = sums.witness()
LIES = {
    "a unit is moved between keys": [("registers", 1, "amount", 1), ("registers", 2, "amount", -1)],
    "a unit is moved between slots": [("registers", 1, "amount", 1), ("registers", 1, "cost", -1)],
    "a sum is too high, and the total with it": [("registers", 1, "cost", 1), ("registers", 0, "cost", 1)],
    "a total leaves something out": [("registers", 0, "cost", -1)],
    "an amount under another key": [("entries", 0, "key", 1)],
    "an entry is counted but not added": [("entries", 3, "amount", 1)],
    "a register is left out": [("registers", 3, "is_register", -1)],
    "an entry is left out": [("entries", 4, "on", -1)],
    "a sum under a key that nobody has": [("registers", 5, "is_register", 1), ("registers", 5, "cost", 4)],
}


def short(traces, description=None):
    found = check(description or sums.description(), list(traces.values()), sums.values(traces))
    return in_short(found)


def rejected(proof, traces):
    try:
        verifier.verify_proof(sums.DESCRIPTION, sums.DIGEST, TEST, HEIGHTS, sums.public(traces), proof)
    except Reject as reject:
        return reject.reason
    return None


def proof_of(traces, *, allow_invalid=False):
    return prover.prove_circuit(
        sums.DESCRIPTION, sums.DIGEST, TEST, sums.public(traces), list(traces.values()), allow_invalid=allow_invalid
    )


# ------------------------------------------------------------------------------------------------ the checker


def test_an_honest_witness_breaks_nothing():
    assert short(HONEST) == set()


@pytest.mark.parametrize("lie", LIES)
def test_each_lie_breaks_the_bus_and_nothing_else(lie):
    assert short(sums.edited(HONEST, *LIES[lie])) == {"bus post"}


def test_the_slot_and_the_key_are_named():
    traces = sums.edited(HONEST, *LIES["a unit is moved between slots"])
    found = check(sums.description(), list(traces.values()), sums.values(traces))
    assert [v.detail for v in found] == [  # the first three
        f"+1 x [{sums.TOP}, 0] unbalanced in slot {sums.AMOUNT}",
        f"-1 x [{sums.TOP}, 0] unbalanced in slot {sums.COST}",
        f"-1 x [{sums.ENTRY}, 5] unbalanced in slot {sums.AMOUNT}",
    ]
    assert {(v.table, v.row) for v in found} == {("entries", 0), ("registers", 0)}


def test_order_of_entries_is_not_said():
    assert short(sums.witness(sums.ENTRIES[::-1])) == set()


def test_a_key_may_wrap_at_p_only():
    """The sums are those of the field: p times a unit is nothing, which is why the builder bounds them."""
    lie = sums.edited(HONEST, ("registers", 1, "amount", sums.P))
    assert short(lie) == set()


@pytest.mark.parametrize("lie", list(LIES)[:3])
def test_the_board_says_what_the_checker_says(lie):
    """The mutation kit's own arithmetic."""

    class Run:
        traces = sums.edited(HONEST, *LIES[lie])
        public = sums.values(traces)

    assert Board(Run(), sums.description()).verdict() == {"bus post"}
    Run.traces = HONEST
    board = Board(Run(), sums.description())
    assert board.verdict() == set()
    at = sums.circuit().tables[1].index("amount")
    assert board.broken({(1, 1, at): 3}) == {"bus post"}
    assert board.single(1, [(1, {at: 3})]) == [{"bus post"}]


def test_every_weight_is_needed():
    """Without one weight the honest run does not balance; without a slot nothing holds its sums."""
    made = [mutant for mutant in mutants(sums.description()) if mutant.kind == "weight"]
    assert [mutant.name for mutant in made] == [
        f"{act}[{slot}]"
        for act in ("entries -> post #0", "registers <- post #0", "registers -> post #1")
        for slot in range(3)
    ]
    for mutant in made:
        assert (mutant.fault, short(HONEST, mutant.make())) == ("bus post", {"bus post"}), mutant.name
    for slot, column in enumerate(("amount", "cost", "count")):
        free = json.loads(json.dumps(sums.description()))
        for table in free["tables"]:
            for act in table["interactions"]:
                act["weights"] = [pair for pair in act["weights"] if pair[0] != slot]
        lie = sums.edited(HONEST, ("registers", 1, column, 1), ("registers", 0, column, 5))
        assert short(lie, free) == set()
        assert short(lie) == {"bus post"}


def test_every_term_of_a_weight_is_needed():
    """A weight is a sum too: without a term of it the honest run does not balance, as the mutation tool says itself."""
    made = [mutant for mutant in candidates(sums.description()) if mutant.weight >= 0]
    assert [mutant.name for mutant in made] == [
        f"registers <- post[{slot}] without {term}" for slot in range(3) for term in ("is_register", "is_top")
    ]

    class Run:
        traces = HONEST
        public = sums.values(HONEST)

    honest = HonestValues(sums.description(), [Run()])
    for mutant in made:
        table = sums.description()["tables"][mutant.drop.table]
        assert not honest.balance(table, mutant.drop, table["interactions"][mutant.place], mutant.of_bus)
        assert short(HONEST, mutant.made(sums.description())) == {mutant.fault} == {"bus post"}


# ------------------------------------------------------------------------------------------------ builder and reader


def test_the_second_language_is_used_where_it_is_needed():
    assert sums.description()["lang"] == 2
    acts = [act for table in sums.description()["tables"] for act in table["interactions"]]
    assert [len(act["weights"]) for act in acts] == [3, 0, 0, 3, 3, 0, 0]
    plain = Circuit("plain", 1, degree=3, log_rows=(13, 14), tallies=1)
    bus, table = plain.bus("b", 1), plain.table("t", "")
    table.send(bus, [table.column("a")])
    assert plain.compile()["lang"] == 1
    assert "weights" not in plain.compile()["tables"][0]["interactions"][0]


def test_what_is_read_is_what_was_built():
    entries, registers = sums.DESCRIPTION.tables
    (post, *_), (collect, up, *_) = entries.interactions, registers.interactions
    assert [slot for slot, _ in post.weights] == [0, 1, 2]
    assert (post.sign, collect.sign, up.sign) == (1, -1, 1)
    assert len(post.numerator) == 4
    assert entries.nodes[post.mult] == ("const", 0)


def test_posts_that_could_wrap_are_refused():
    """2^20 rows of at most 255 are below 2^28: seven of them stay below p/2 - 2^27, a wider weight does not."""
    sums.circuit(entries=3).compile()
    with pytest.raises(ValueError, match="what is posted to slot 0 can add up to"):
        sums.circuit(entries=4).compile()
    with pytest.raises(ValueError, match="p/2"):
        sums.circuit(most=1 << 10).compile()


def two_interactions(first, second):
    """A bus on which two interactions have the same slot."""
    made = Circuit("c", 1, degree=3, log_rows=(13, 20), tallies=1)
    bus, table = made.bus("b", 1), made.table("t", "")
    a = table.column("a")
    for how, bounds in (first, second):
        getattr(table, how)(bus, [a], {0: a}, **bounds)
    return made


def test_what_others_collect_is_counted_among_the_posts():
    """To collect is to post the negative: what two interactions cannot reach alone, they can together."""
    half = {"most": 510}  # 2^20 rows of it are below p/2, twice as much is not
    two_interactions(("post", half), ("collect", {})).compile()
    two_interactions(("post", half), ("collect", {**half, "rows": 0})).compile()
    with pytest.raises(ValueError, match="p/2"):
        two_interactions(("post", half), ("collect", {"most": 1000})).compile()
    two_interactions(("post", half), ("collect", {"most": 1000, "rows": 1 << 15})).compile()


@pytest.mark.parametrize("other", ["post", "collect"])
def test_a_slot_without_a_bound_is_not_added_to(other):
    """Any element goes over where a (key, slot) is posted to once; else nothing bounds the sum."""
    two_interactions(("post", {"most": None}), ("collect", {})).compile()
    two_interactions(("post", {"most": None}), ("post", {"most": None})).compile()  # under keys that differ
    with pytest.raises(ValueError, match="slot 0 is posted to once, and added to by another"):
        two_interactions(("post", {"most": None}), (other, {"most": 255})).compile()


@pytest.mark.parametrize(("most", "rows"), [(-1, None), (255, -1)])
def test_a_bound_below_zero_makes_no_room(most, rows):
    made = Circuit("c", 1, degree=3, log_rows=(13, 14), tallies=1)
    bus, table = made.bus("b", 1), made.table("t", "")
    a = table.column("a")
    with pytest.raises(ValueError, match="bound below zero"):
        table.post(bus, [a], {0: a}, most=most, rows=rows)


def test_slots_are_declared():
    made = Circuit("c", 1, degree=3, log_rows=(13, 14), tallies=2)
    bus, table = made.bus("b", 1), made.table("t", "")
    a = table.column("a")
    with pytest.raises(ValueError, match="no tally slot 2"):
        table.collect(bus, [a], {2: a})
    with pytest.raises(ValueError, match="takes 1 elements, not 2"):
        table.post(bus, [a, a], {0: a}, most=1)
    with table.when(a), pytest.raises(ValueError, match="has no condition"):
        table.post(bus, [a], {0: a}, most=1)


def test_weights_count_in_the_degree():
    """Three fractions and a weight of degree 3 are of degree 5: builder and reader make the same groups."""
    made = Circuit("c", 1, degree=4, log_rows=(13, 14), tallies=1)
    bus, table = made.bus("b", 1), made.table("t", "")
    a = table.column("a")
    for weight in (a, a * a, a * a * a):
        table.collect(bus, [a], {0: weight})
    assert table.groups() == [[0, 1], [2]] or sorted(map(len, table.groups())) == [1, 2]
    read = read_description(made.freeze())
    degrees = node_degrees(read.tables[0])
    assert [group_degree(read.tables[0], group, degrees) for group in read.tables[0].groups] <= [4, 4]
    assert group_degree(read.tables[0], (0, 1, 2), degrees) == 5
    table.collect(bus, [a], {0: a * a * a * a * a})
    with pytest.raises(ValueError, match="interaction 3 alone is above degree 4"):
        table.groups()


DEFECTS = [
    ("weights", [[3, 0]], "integer in"),
    ("weights", [[-1, 0]], "integer in"),
    ("weights", [[0, 999]], "integer in"),
    ("weights", [[0]], "not a .slot, node. pair"),
    ("weights", [{"slot": 0}], "not a .slot, node. pair"),
    ("weights", {}, "list"),
    ("weights", ..., "keys"),
    ("lang", 1, "keys"),
    ("lang", 3, "lang"),
]


@pytest.mark.parametrize(("key", "value", "why"), DEFECTS)
def test_each_defect_is_refused(key, value, why):
    document = json.loads(sums.DATA)
    place = document if key == "lang" else document["tables"][0]["interactions"][0]
    if value is ...:
        del place[key]
    else:
        place[key] = value
    with pytest.raises(DescriptionError, match=why):
        read_description(json.dumps(document).encode())


def test_a_column_that_only_a_weight_reads_is_reached():
    document = json.loads(sums.DATA)
    document["tables"][0]["interactions"][0]["weights"].pop(0)
    with pytest.raises(DescriptionError, match="column amount is not constrained"):
        read_description(json.dumps(document).encode())


# ------------------------------------------------------------------------------------------------ soundness


def test_slots_are_in_the_lookup_term():
    found = model(sums.DESCRIPTION, PRESETS["balanced"].params, HEIGHTS)
    assert (found.tallies, found.width) == (3, 2)
    assert found.fractions == 7 * 2**sums.LOG_ROWS


def test_challenges_that_hide_a_lie_are_as_few_as_counted():
    """All (alpha, beta, gamma) of a small field: at most (fractions (width + 1) + slots) / q let a lie pass or divide
    by zero. The lie is the worst there is for its size: sums that differ at every key and slot."""
    q, width, slots = 23, 2, 2
    posts = [((1, 2), (3, 4)), ((1, 5), (1, 1)), ((7, 2), (9, 0)), ((4, 4), (0, 2))]
    taken = [((1, 2), (3, 5)), ((1, 5), (2, 1)), ((7, 2), (9, 1)), ((4, 4), (1, 2))]
    inverse = [0, *(pow(x, -1, q) for x in range(1, q))]
    bad = 0
    for alpha, beta, gamma in product(range(q), repeat=3):
        total, vanishes = 0, False
        for sign, side in ((1, posts), (-1, taken)):
            for key, weights in side:
                d = (alpha + sum(beta ** (i + 1) * k for i, k in enumerate(key))) % q
                vanishes |= d == 0
                total += sign * sum(gamma ** (s + 1) * w for s, w in enumerate(weights)) * inverse[d]
        bad += vanishes or total % q == 0
    assert 0 < bad <= ((len(posts) + len(taken)) * (width + 1) + slots) * q**2


# ------------------------------------------------------------------------------------------------ proofs


@pytest.fixture(scope="module")
def proven():
    return proof_of(HONEST)


def test_an_honest_proof_is_accepted(proven):
    assert rejected(proven, HONEST) is None


@pytest.mark.parametrize("lie", ["a unit is moved between keys", "a unit is moved between slots"])
def test_a_lying_proof_is_rejected(lie):
    traces = sums.edited(HONEST, *LIES[lie])
    with pytest.raises(prover.WitnessError, match="does not cancel"):
        proof_of(traces)
    assert rejected(proof_of(traces, allow_invalid=True), traces) is Reason.BALANCE


def test_a_verifier_that_forgets_weights_takes_the_lie_of_none(proven):
    """The weights are in the constraints of the helpers: without them the honest proof does not stand."""
    forgetful = replace(
        sums.DESCRIPTION,
        tables=tuple(
            replace(table, interactions=tuple(replace(i, weights=()) for i in table.interactions))
            for table in sums.DESCRIPTION.tables
        ),
    )
    with pytest.raises(Reject) as found:
        verifier.verify_proof(forgetful, sums.DIGEST, TEST, HEIGHTS, sums.public(HONEST), proven)
    assert found.value.reason is Reason.QUOTIENT


SCRIPT = """
import { readFileSync } from 'node:fs';
import { checkDescription } from './description.mjs';
import './node.mjs';
import { fromHex } from './bytes.mjs';
import { PARAMETER_SETS } from './parameters.mjs';
import { verifyProof } from './stark.mjs';

const given = JSON.parse(readFileSync(0, 'utf8'));
const { circuit } = given;
checkDescription(circuit);
for (const table of circuit.tables) {
  const next = new Set(table.nodes.filter((n) => n[0] === 'col' && n[2] === 1).map((n) => n[1]));
  table.nextColumns = [...next].sort((a, b) => a - b);
}
const columns = circuit.tables.map(() => []);
const statement = { publics: given.publics, lists: [], columns, context: fromHex(given.context) };
for (const proof of given.proofs) {
  try {
    verifyProof(circuit, fromHex(given.digest), statement, given.heights, PARAMETER_SETS.get('test'), fromHex(proof));
    console.log('accepted');
  } catch (error) {
    console.log(error.reason ?? error.stack);
  }
}
for (const faulty of given.faulty) {
  try {
    checkDescription(faulty);
    console.log('read');
  } catch (error) {
    console.log(/circuit description/.test(error.message) ? 'refused' : error.stack);
  }
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="the second verifier needs node, which is not installed")
def test_the_second_verifier_says_the_same(proven):
    lie = sums.edited(HONEST, *LIES["a unit is moved between keys"])
    proofs = [proven, proof_of(lie, allow_invalid=True)]
    faulty = []
    for key, value, _ in DEFECTS:
        document = json.loads(sums.DATA)
        place = document if key == "lang" else document["tables"][0]["interactions"][0]
        if value is ...:
            del place[key]
        else:
            place[key] = value
        faulty.append(document)
    given = {
        "circuit": json.loads(sums.DATA),
        "digest": sums.DIGEST.hex(),
        "publics": list(sums.public(HONEST).publics),
        "context": sums.public(HONEST).context.hex(),
        "heights": HEIGHTS,
        "proofs": [proof.hex() for proof in proofs],
        "faulty": faulty,
    }
    command = [shutil.which("node"), "--input-type=module", "-e", SCRIPT]
    done = subprocess.run(
        command, input=json.dumps(given), capture_output=True, text=True, cwd=ROOT / "web", check=True
    )
    assert done.stdout.split() == ["accepted", "constraints/balance", *["refused"] * len(faulty)]


def test_public_data_of_this_circuit_is_short():
    """No list, no public column: one scalar and the context."""
    assert len(encode(sums.DESCRIPTION, sums.public(HONEST))) == 4 + 4 + 4 + len(b"keyed sums")


@pytest.mark.slow
def test_the_reference_prover_agrees(proven):
    """A second prover, written from FORMAT.md in plain numpy."""
    columns = [[trace[:, c].astype(np.uint64) for c in range(trace.shape[1])] for trace in HONEST.values()]
    proof = reference.prove(sums.DESCRIPTION, sums.DIGEST, TEST, sums.LOG_ROWS, sums.public(HONEST), columns)
    assert len(proof) > 0
    assert rejected(proof, HONEST) is None
