"""lot-machine/v2 whole: chained links of the paper model, their standings, their figures, and proofs of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from tests.adversary.kit.local import RANGES, Board
from tests.models.lot_machine_v2.histories import YEARS, at, make_history
from tests.models.lot_machine_v2.words import DAY
from tests.support import whole_links as support
from tests.support.counts import count, least
from tests.support.machine_rows import key_of
from tests.support.mutants import mutants
from tests.support.whole_links import SHOWN, Proven, chain_of, description
from zkharvest.circuit import check as checker
from zkharvest.circuit.check import check
from zkharvest.circuit.lot_machine.v2 import witness as filling
from zkharvest.circuit.lot_machine.v2.definition import define
from zkharvest.circuit.lot_machine.v2.names import Labels
from zkharvest.circuit.lot_machine.v2.sums.keys import GROUPS, ORIGINS, field, level_number
from zkharvest.circuit.lot_machine.v2.sums.table import SumsTable
from zkharvest.commitment.encoding import digest_elements
from zkharvest.errors import InputError
from zkharvest.prover import stark as prover
from zkharvest.spec import EMPTY_TREE, P
from zkharvest.verifier.figures import read_figures
from zkharvest.verifier.params import PRESETS
from zkharvest.verifier.rejections import Reason, Reject
from zkharvest.verifier.soundness import HASH_BITS, bounds, level, model
from zkharvest.verifier.stark import verify_proof

TEST = PRESETS["test"].params
WHOLE_YEARS = [(at(year), at(year + 1), year) for year in YEARS]
HALVES = [(at(2023), at(2024), 2023), (at(2024), at(2024, 7), 2024), (at(2024, 7), at(2025), 2024)]
REAL = [
    (preset.name, log_rows)
    for preset in PRESETS.values()
    if preset.real
    for log_rows in range(preset.min_log_rows, preset.max_log_rows + 1)
]


def broken(witness):
    return Board(witness, description()).verdict()


@cache
def chain(pooling: str = "wallet") -> Sequence[Proven]:
    """A year, and two links in the year that follows; between those coins are in transit."""
    history = make_history(14, size=40)
    return tuple(chain_of(history, HALVES, ["fifo", "hifo", "lifo"], pooling, covered=at(2024) // DAY))


def roots(witness):
    """The roots of a statement by name."""
    given = dict(zip(description()["publics"], witness.public.publics, strict=True))
    names = ("lots_in", "sums_in", "lots_out", "sums_out")
    return {name: [given[f"{name}{i}"] for i in range(9)] for name in names}


def amounts_of(witness):
    """Of every register by key: the amounts of its groups of lanes, where there are any."""
    out = witness.found.own()
    found = {tuple(key): [out.amount(n, group) for group in GROUPS] for n, key in enumerate(out.keys.tolist())}
    return {key: amounts for key, amounts in found.items() if any(amounts)}


def model_amounts(link):
    """The same of the model, whose kinds "trade" and "short" are one in a record."""
    found = {}
    for register in link.table:
        sums = found.setdefault(key_of(register.key), [0] * len(GROUPS))
        for k, group in enumerate(GROUPS):
            sums[k] += register.get(group)
    return {key: amounts for key, amounts in found.items() if any(amounts)}


# ------------------------------------------------------------------------------------------------ honest


@pytest.mark.parametrize(
    ("seed", "pooling", "methods"),
    [(1, "wallet", ["fifo", "hifo", "lofo"]), (2, "universal", ["lifo", "fifo", "hifo"])],
)
def test_three_years_under_changing_methods(seed, pooling, methods):
    """Nothing is broken, every register is the model's, and each link begins where the one before ends."""
    before = None
    for made in chain_of(make_history(seed, size=30), WHOLE_YEARS, methods, pooling):
        witness = made.witness
        assert broken(witness) == set()
        assert amounts_of(witness) == model_amounts(made.link)
        named = roots(witness)
        empty = list(digest_elements(EMPTY_TREE))
        assert [named["lots_in"], named["sums_in"]] == ([empty] * 2 if before is None else before)
        before = [named["lots_out"], named["sums_out"]]
        count("links of lot-machine/v2 whose constraints hold")


def test_a_year_in_two_links_has_the_year_s_figures():
    """Classes of the year go on within it; the standing carries what is held, open lots and tokens."""
    history = make_history(14, size=40)
    year = list(chain_of(history, WHOLE_YEARS[:2], ["fifo", "hifo", "lifo"], "wallet", covered=at(2024) // DAY))
    one, two = year[1].witness, chain()[2].witness
    wanted = {key for key, _ in SHOWN}
    figures = [[row for row in made.public.lists[1] if tuple(row[:-2]) in wanted] for made in (one, two)]
    assert figures[0] == figures[1]
    assert any(row[-1] for row in figures[0])
    assert len(two.closing.lots) == len(one.closing.lots) > 0
    assert (two.closing.keys == one.closing.keys).all()
    assert (two.closing.lanes == one.closing.lanes).all()


@pytest.mark.parametrize("number", range(3))
def test_the_checker_says_so_too(number):
    witness = chain()[number].witness
    assert check(description(), list(witness.traces.values()), witness.public) == []


def test_rows_have_names():
    """What the checker's report calls them."""
    made, witness = chain()[1], chain()[1].witness
    names, around = witness.names, support.rows_of(made.link)
    tables = support.definition().tables
    named = {table: [names(table, row) for row in range(len(witness.traces[table]))] for table in tables}
    assert named["steps"][0].startswith("load, lot ")
    steps = support.definition().steps
    used = int((witness.traces["steps"][:, [steps.t.index(f"is_{k}") for k in ("take", "open")]]).any(axis=1).sum())
    assert sum(name.startswith(("take, record", "open, record")) for name in named["steps"]) >= used > 0
    assert named["poseidon"][0] == "record 0 of page 0"
    kinds = ("lot 0 of the lots carried in", "second half of lot 0 of the lots carried out")
    assert {*kinds, "register 1 of the registers carried in", "node 0 at level 20 of page 0"} <= {*named["poseidon"]}
    assert "proceeds, units of NET" in named["sums"]
    assert any(name.startswith("proceeds, units of HOLD an asset an account") for name in named["sums"])
    assert any(name.endswith(", carried in") for name in named["sums"])
    assert named["pages"][: len(around.around.page_code) + 1] == [
        *(f"page {n}" for n in range(len(made.link.pages))),
        "",
    ]
    assert named["pools"][0] == "an asset in an account, long"
    assert "day 2024-01-01" in named["calendar"]
    assert not any(named["range"])
    last = {table: found[-1] for table, found in named.items()}
    assert not any(last.values())
    labels = Labels(["kraken/7, page 3"], {tuple(around.pools[0, :4].tolist()): "BTC"})
    again = replace(names, labels=labels)
    assert again("pages", 0) == "kraken/7, page 3"
    assert any(again("pools", row).startswith("BTC in ") for row in range(len(around.pools)))


# ------------------------------------------------------------------------------------------------ lies


def changed(witness, **values):
    """The same with other public values."""
    public = witness.public
    pages, figures = values.get("pages", public.lists[0]), values.get("figures", public.lists[1])
    publics = values.get("publics", public.publics)
    return replace(witness, public=replace(public, publics=publics, lists=[pages, figures]))


def unanswered(honest, lie):
    """Buses on which the statement's own messages are others than those of the honest run, which balances."""
    found = set()
    for number, bus in enumerate(description()["buses"], start=1):
        sent = [Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()]
        for count_of, public in zip(sent, (honest.public, lie.public), strict=True):
            for message, sign in checker._public_messages(description(), number, public):
                count_of[tuple(message)] += sign
        found |= {f"bus {bus['name']}"} if sent[0] != sent[1] else set()
    return found


def second():
    """The second link: carried in, of the next year."""
    return chain()[1].witness


def test_another_statement_than_what_was_worked_is_stopped():
    """A page left out, of another account, its bits; a counter, a figure; roots."""
    honest = second()
    pages, figures = honest.public.lists
    assert broken(changed(honest, pages=pages[:-1])) == {"bus node", "bus listed"}
    assert unanswered(honest, changed(honest, pages=pages[:-1])) == {"bus node", "bus listed"}
    for place in range(9, 15):
        other = [list(page) for page in pages]
        other[0][place] ^= 1
        assert unanswered(honest, changed(honest, pages=other)) == {"bus listed"}
    for number, figure in enumerate(figures):
        rest = [*figures[:number], *figures[number + 1 :]]
        assert unanswered(honest, changed(honest, figures=rest)) == {"bus figure"}
        for place in range(len(figure)):
            other = [*rest, [*figure[:place], (figure[place] + 1) % P, *figure[place + 1 :]]]
            assert unanswered(honest, changed(honest, figures=other)) == {"bus figure"}
    for number, name in enumerate(description()["publics"]):
        publics = [*honest.public.publics]
        publics[number] = (publics[number] + 1) % P
        if name.startswith(("lots_", "sums_")):
            assert unanswered(honest, changed(honest, publics=publics)) == {"bus node"}


def test_every_message_between_tables_is_needed():
    """Without one, or with those of the statement left out, some link of the chain no longer balances."""
    boards = [Board(made.witness, description()) for made in chain()]
    sent = [board.imbalance() for board in boards]
    assert all(count % P == 0 for found in sent for messages in found.values() for count in messages.values())
    missing = []
    for mutant in mutants(description()):
        if mutant.kind not in ("interaction", "public") or mutant.bus in (*RANGES, "blind"):
            continue
        left = (Board(made.witness, mutant.make()).imbalance() for made in chain())
        if not any(count % P for found in left for messages in found.values() for count in messages.values()):
            missing.append(mutant.name)
    assert missing == []


@pytest.mark.parametrize("name", ["hifo", "wallet", "same_year"])
def test_under_other_rules_nothing_of_it_holds(name):
    publics = list(second().public.publics)
    number = description()["publics"].index(name)
    publics[number] = 1 - publics[number]
    assert broken(changed(second(), publics=publics)) != set()


def test_another_standing_than_was_carried_in_is_refused_before():
    link = support.link_of(chain()[1].link, chain()[0].witness.closing)
    opening = link.opening
    lots = opening.lots.copy()
    lots[0, 8] += 1
    for other in (None, replace(opening, lots=lots), replace(opening, lots=opening.lots[:-1])):
        with pytest.raises(ValueError, match="other lots or tokens than the standing carried in has"):
            support.make_witness(replace(link, opening=other), definition=support.definition(), **support.LOW)
    with pytest.raises(ValueError, match="other records than the pages have"):
        support.make_witness(replace(link, pages=link.pages[1:]), definition=support.definition(), **support.LOW)


def test_a_lot_of_another_standing_is_stopped():
    """Every lane of what is carried in: the machine loads what was hashed, or the hashes are of another root."""
    table = support.definition().tables["poseidon"]
    honest = second()
    flag = honest.traces["poseidon"][:, table.index("is_pair")]
    row = int(np.flatnonzero(flag)[0])
    for lane in (1, 9, 17):
        cells = honest.traces["poseidon"].copy()
        cells[row, lane] += 1
        assert "bus pair" in broken(replace(honest, traces={**honest.traces, "poseidon": cells}))


def test_registers_are_carried_whole():
    """A register of the standing is left out of what the year goes on from: the hashes have it."""
    honest = chain()[2].witness
    sums = support.definition().sums
    prior = np.flatnonzero(honest.found.prior)
    row = 2 * int(prior[-1])
    cells = honest.traces["sums"].copy()
    cells[row : row + 2] = cells[-1]
    blinds = [sums.t.index(name) for name in ("blind_on", "blind_out", "blind_in")]
    cells[row : row + 2, blinds] = honest.traces["sums"][row : row + 2, blinds]
    assert {"bus standing", "bus post"} & broken(replace(honest, traces={**honest.traces, "sums": cells}))


def test_tables_are_filled_by_the_circuit_s_own_columns_and_messages():
    """`define` without constraints is the frozen circuit but for these, and cannot be taken for one."""
    whole, bare = define().circuit, define(constrained=False).circuit
    assert [one.name for one in whole.tables] == [one.name for one in bare.tables]
    for full, empty in zip(whole.tables, bare.tables, strict=True):
        assert [(c.name, c.index) for c in full.columns] == [(c.name, c.index) for c in empty.columns]
        assert full.interactions == empty.interactions
        assert full.constraints
        assert not empty.constraints
    with pytest.raises(ValueError, match="without its constraints"):
        bare.compile()


def test_no_sum_of_posts_wraps(monkeypatch):
    """Were every row of `sums` to post at every slot, as one that does not say otherwise may, the builder refuses."""
    assert max(posted_at_most(define().circuit).values()) == 255 * 7 * 2**19 + 2**20 < P // 2
    honest = SumsTable._sums

    def on_every_row(table):
        table.most *= 2
        honest(table)

    monkeypatch.setattr(SumsTable, "_sums", on_every_row)
    with pytest.raises(ValueError, match="which is p/2 or more"):
        define().circuit.compile()


def posted_at_most(circuit):
    """By slot of the bus `post`."""
    found = Counter()
    for table in circuit.tables:
        for act in table.interactions:
            found.update({w.slot: w.most or 0 for w in act.weights if act.bus.name == "post"})
    return found


def test_machine_and_hashes_have_heights_of_their_own():
    """Each the fewest rows that hold it, but not below its least, nor below a sixteenth of the other's."""
    seen = set()
    for made in (*chain(), *chain("universal")):
        witness = made.witness
        steps, hashes = (witness.heights[list(witness.traces).index(name)] for name in ("steps", "poseidon"))
        used = int(np.flatnonzero(witness.names.op_of >= 0)[-1]) + 1
        fewest = [(rows - 1).bit_length() for rows in (used, len(witness.names.hashes))]
        assert [steps, hashes] == [max(own, 5, other - 4) for own, other in zip(fewest, fewest[::-1], strict=True)]
        assert min(witness.heights) >= max(steps, hashes) - 4
        seen.add(hashes - steps)
    assert seen - {0}


@pytest.mark.parametrize(
    ("most", "why"), [(256, "their pages and standings take"), (1024, "their sums take 1,025 rows")]
)
def test_a_link_that_is_too_tall_is_refused(monkeypatch, most, why):
    """By the first of its tables that is."""
    monkeypatch.setattr(filling, "MOST_ROWS", most)
    monkeypatch.setattr(filling, "used_rows", lambda _: 1025)
    with pytest.raises(InputError, match=why):
        support.witness_of(chain()[0].link, None)


def test_a_machine_that_is_too_tall_is_refused_before_its_table_is_filled(monkeypatch):
    """At its last row it is filled, with a row more it is not."""
    rows = chain()[0].witness.names.rows
    used = filling.lay_out(rows, filling.MOST_ROWS).used
    made = define()
    monkeypatch.setattr(filling, "MOST_ROWS", used)
    assert filling._machine(made, rows, 1).plan.used == used
    monkeypatch.setattr(filling, "MOST_ROWS", used - 1)
    monkeypatch.setattr(filling, "StepsWitness", lambda *_: pytest.fail("the table was filled"))
    with pytest.raises(InputError, match=f"taking their lots takes {used:,} rows"):
        filling._machine(made, rows, 1)


# ------------------------------------------------------------------------------------------------ proof


@pytest.fixture(scope="module")
def proven():
    """Three chained links, each with its proof."""
    digest, read = support.frozen()
    made = []
    for link in chain():
        witness = support.witness_of(link.link, made[-1][0].closing if made else None, least=TEST.least_log_rows)
        public = support.public_data(witness)
        made.append((witness, prover.prove_circuit(read, digest, TEST, public, list(witness.traces.values()))))
    return made


def accepted(witness, proof, public=None):
    digest, read = support.frozen()
    try:
        verify_proof(read, digest, TEST, witness.heights, public or support.public_data(witness), proof)
    except Reject:
        return False
    return True


def test_a_chain_is_proven(proven):
    for witness, proof in proven:
        assert accepted(witness, proof)
    for (before, _), (after, _) in pairwise(proven):
        assert [roots(before)[f"{name}_out"] for name in ("lots", "sums")] == [
            roots(after)[f"{name}_in"] for name in ("lots", "sums")
        ]


def test_the_proof_of_one_link_is_not_that_of_another(proven):
    (first, proof), (second_link, other), _ = proven
    assert not accepted(first, other)
    assert not accepted(second_link, proof)


def test_another_figure_is_not_proven(proven):
    """With a proof made for it."""
    digest, read = support.frozen()
    witness, proof = proven[1]
    figures = [list(record) for record in witness.public.lists[1]]
    figures[0][-1] = (figures[0][-1] + 1) % P
    lie = changed(witness, figures=figures)
    assert not accepted(lie, proof)
    public = support.public_data(lie)
    made = prover.prove_circuit(read, digest, TEST, public, list(witness.traces.values()), allow_invalid=True)
    assert not accepted(lie, made)


# ------------------------------------------------------------------------------------------------ soundness


@pytest.mark.parametrize(("name", "log_rows"), REAL)
def test_128_bits_at_every_height(name, log_rows):
    """All tables at one height, which is the worst: lower ones have fewer fractions."""
    params = PRESETS[name].params
    _, read = support.frozen()
    instance = model(read, params, [log_rows] * len(read.tables))
    johnson, _ = bounds(instance, params.johnson_m)
    assert johnson.minimum >= 128
    assert level(instance, params.johnson_m).minimum == HASH_BITS == 128
    least("bits of lot-machine/v2, minimum over all heights", johnson.minimum)


def test_the_circuit_shows_zeros_of_any_key_so_that_the_verifier_must_refuse_them():
    """A purchase of no side: nothing is posted there, and the constraints hold beside a register of zeros."""
    (made,) = chain_of(make_history(14, size=40), WHOLE_YEARS[:1], ["fifo"] * 3, "wallet")
    key, *_ = (
        key.copy()
        for i, key in enumerate(made.witness.found.keys)
        if (key[0], key[field("term")], key[field("origin")]) == (level_number("L1"), 0, ORIGINS.index("venue"))
        and made.witness.found.amount(i, "basis")
    )
    key[field("side")] = 0
    link = support.link_of(made.link, None)
    shown = [*link.shown, (tuple(key.tolist()), "basis")]
    definition = support.definition()
    witness = filling.make_witness(replace(link, shown=shown), definition=definition, **support.LOW)
    assert broken(witness) == set()
    lanes = [row for row in witness.public.lists[1] if tuple(row[:16]) == tuple(key)]
    assert len(lanes) == 4
    assert all(row[-1] == 0 for row in lanes)
    assert reads_nothing(key)


def reads_nothing(key):
    """Whether the verifier refuses what such a register shows."""
    figure = {
        "level": "L1", "asset": "ETH", "source": 0, "kind": int(key[field("kind")]), "origin": "venue", "covered": "",
        "term": "", "result": "", "side": "", "values": {"basis": "0"},
    }  # fmt: skip
    with pytest.raises(Reject) as error:
        read_figures([figure], 1)
    return error.value.reason == Reason.LINK_FIGURE
