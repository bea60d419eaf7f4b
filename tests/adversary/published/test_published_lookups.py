"""Attacks on buses and lookups (rows D1 to D6 of the list, docs/security/attacks.md).

Where a dishonest witness breaks one constraint and nothing else (tests/support/boards.py has them by name), that
constraint alone stands between the attack and an accepted proof.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.adversary.kit.local import Board, numbers
from tests.support import boards, whole_links
from tests.support.boards import alone, board, columns_of, number
from tests.support.counts import count
from tests.support.proof_layout import replaced
from tests.support.tiny_proof import (
    FALSE_PAIR,
    Patched,
    check,
    honest,
    prove,
    terminals,
    tiny,
    witness,
)
from zkharvest.circuit.expr import P
from zkharvest.prover import logup
from zkharvest.prover import stark as prover
from zkharvest.verifier import constraints
from zkharvest.verifier import field as ext
from zkharvest.verifier.description_reader import DescriptionError, read_description
from zkharvest.verifier.field import ONE
from zkharvest.verifier.messages import LookupChallenges
from zkharvest.verifier.rejections import Reason

# ------------------------------------------------------------------ D1 to D4: multiplicities, sums, terminals


def test_d1_multiplicities_cannot_wrap():
    """ZK Hack "Don't look up", Plonky3 #1748: p copies of a value that is not in the table count as none."""
    p, table, wrong = 97, [0, 1, 2, 3], 50

    def balances(values, counts, alpha):
        """The lookup's identity: what is looked up, against what the table offers."""
        left = sum(pow(alpha - v, -1, p) for v in values)
        right = sum(m * pow(alpha - t, -1, p) for t, m in zip(table, counts, strict=True))
        return (left - right) % p == 0

    points = [a for a in range(p) if a not in (*table, wrong)]
    assert all(balances([1, 1, 2], [0, 2, 1, 0], a) for a in points)
    assert not all(balances([1, wrong], [0, 1, 0, 0], a) for a in points)
    assert all(balances([1] + [wrong] * p, [0, 1, 0, 0], a) for a in points)  # the puzzle: p rows of it
    assert not all(balances([1] + [wrong] * (p - 1), [0, 1, 0, 0], a) for a in points)  # fewer rows than p: no

    # So a circuit must have fewer than p fractions at its largest height; the reader asks.
    document = copy.deepcopy(tiny.DOCUMENT)
    document["log_rows"] = [13, 22]
    store = document["tables"][1]
    most = P // 2**22 - 1
    store["interactions"] += [store["interactions"][0]] * (most - 3)
    store["groups"] += [[i] for i in range(2, most - 1)]
    assert P - 2**23 < read_description(json.dumps(document).encode()).fractions([22, 22]) < P
    store["interactions"].append(store["interactions"][0])  # 508 * 2^22 is p - 1: with the public messages too many
    store["groups"].append([most - 1])
    with pytest.raises(DescriptionError, match="wrap"):
        read_description(json.dumps(document).encode())
    d = whole_links.frozen()[1]
    assert d.fractions([d.log_rows[1]] * len(d.tables)) < P
    assert read_description(json.dumps(tiny.DOCUMENT).encode()).fractions([16, 16]) < P
    count("attacks covered")


# Multiplicities that are no flags, and what pins the message that goes with them.
COUNTED = {
    "range": {f"pair_count{j}" for j in range(8)} | {f"u15_count{j}" for j in range(4)},  # counters, from 0 to the end
    "pages": {"count"},  # what the statement lists
    "calendar": {"count", "day_count"},  # public columns
    "sums": {f"shown{k}" for k in range(5)},  # the row's own key and lane: no other row has them (`order_gap`)
}
FLAGS = {"first", "emptied", "active", "no_left", "no_right", "blind_on", "declared", "prior"}  # and is_...


def test_d1_a_multiplicity_is_a_flag_or_its_message_is_fixed():
    """A multiplicity of the prover's choice is a weight: it does no harm only on messages that it cannot choose.

    That flags are bits is E5's matter. What rows post to registers are weights by intent: amounts, which are E1's.
    """
    for table in board().tables:
        used = set().union(*(columns_of(table, act["mult"]) for act in table["interactions"]))
        flags = {c for c in used if c in FLAGS or c.startswith("is_")}
        assert used - flags == COUNTED.get(table["name"], set()), table["name"]
        for act in table["interactions"]:
            assert not act.get("weights") or board().buses[act["bus"] - 1] in ("post", "standing")


def test_d2_where_the_sum_starts_makes_no_difference():
    """lambda_vm #344: the accumulator started from a value in the prover's trace. Here it goes in a circle."""
    traces, public = tiny.honest()
    real = logup._running_sum

    def shifted(sums):
        terminal = real(sums)
        sums[:] = prover.field.add(sums, np.full_like(sums, 12345))
        return terminal

    assert check(prove(traces, public, patches=[(logup, "_running_sum", shifted)]), public) is None  # it cancels
    # Terminals that add up, but are not the tables' sums.
    lie = terminals(lambda real_, _: (ext.add(real_[0], ONE), ext.sub(real_[1], ONE)))
    assert check(prove(traces, public, patches=[lie]), public) is Reason.QUOTIENT
    traces, public = witness(FALSE_PAIR)
    proof = prove(traces, public, patches=[terminals(cancelling(tiny.DESCRIPTION, public, 1))])
    assert check(proof, public) is Reason.QUOTIENT
    count("attacks covered")


def cancelling(description, public, table: int):
    """A lie about terminals: one of them is whatever makes the sum zero."""

    def lie(real, challenges):
        compression = constraints.Compression(challenges, description)
        excess = constraints.balance(description, public, real, compression)
        return tuple(ext.sub(s, excess) if t == table else s for t, s in enumerate(real))

    return lie


SILENT = {
    "name": "silent",
    "columns": ["b"],
    "public_columns": [],
    "nodes": [["col", 0, 0], ["col", 0, 1], ["sub", 1, 0]],
    "constraints": [{"name": "constant", "where": "all", "node": 2}],
    "interactions": [],
    "tally": [],
    "groups": [],
}


def test_d3_a_table_without_interactions_has_a_sum_of_zero():
    """SP1 audit #6, #10: with nothing to send the cumulative sum was not constrained, and carried any excess away."""
    document = {**tiny.DOCUMENT, "tables": [*tiny.DOCUMENT["tables"], SILENT]}
    description = read_description(json.dumps(document).encode())
    constant = [np.full(tiny.N, 7, dtype=np.uint64)]
    traces, public = tiny.honest()
    proof = prove([*traces, constant], public, description=description)
    assert check(proof, public, description=description) is None
    traces, public = witness(FALSE_PAIR)
    lie = terminals(cancelling(description, public, 2))
    proof = prove([*traces, constant], public, description=description, patches=[lie])
    assert check(proof, public, description=description) is Reason.QUOTIENT
    honest_excess = prove([*traces, constant], public, description=description)
    assert check(honest_excess, public, description=description) is Reason.BALANCE

    def unconstrained(table, values, *rest):
        return real(table, values if table.interactions else replace(values, terminal=ext.ZERO), *rest)

    real, quotient = constraints.table_constraints, prover.quotient.quotient_coefficients
    with Patched((constraints, "table_constraints", unconstrained)):  # the mutant leaves its sum alone: believed
        forgiving = (prover.quotient, "quotient_coefficients", _with_terminal(quotient, 2))
        proof = prove([*traces, constant], public, description=description, patches=[lie, forgiving])
        assert check(proof, public, description=description) is None
    assert check(proof, public, description=description) is not None
    count("attacks covered")


def _with_terminal(real, table: int):
    """The prover's quotient for a terminal of zero in one table, whatever is said of it."""

    def other(tables, firsts, publics, lookup, delta, said, *rest):
        return real(tables, firsts, publics, lookup, delta, (*said[:table], ext.ZERO, *said[table + 1 :]), *rest)

    return other


def test_d4_terminals_are_as_many_as_tables_and_in_their_order():
    """Plonky3: a lookup's terminal missing, one too many, or in another's place."""
    case = honest()
    part = case.parts["terminals"]
    first, second = (case.proof[part.item(k)] for k in range(2))
    assert part.items == len(tiny.DESCRIPTION.tables) == 2
    head, tail = case.proof[: part.start], case.proof[part.end :]
    for said in (b"", first, second, first + second + first, first + second + bytes(20)):
        assert check(head + said + tail, case.public) is not None
    for said in (second + first, first + first, bytes(40)):
        assert check(replaced(case.proof, slice(part.start, part.end), said), case.public) is not None
    traces, public = tiny.honest()
    swapped = terminals(lambda real, _: (real[1], real[0]))
    assert check(prove(traces, public, patches=[swapped]), public) is Reason.QUOTIENT
    count("attacks covered")


# ------------------------------------------------------------------ D5, D6: buses and padding


def one_bus(description):
    """Mutant: messages carry no number of their bus."""
    tables = tuple(
        replace(table, interactions=tuple(replace(act, bus=1) for act in table.interactions))
        for table in description.tables
    )
    given = tuple(replace(message, bus=1) for message in description.public_messages)
    return replace(description, tables=tables, public_messages=given)


def test_d5_the_number_of_the_bus_is_in_the_fingerprint():
    """SP1 audit #8, #9: kinds of messages shared a digest, so that one passed for another."""
    traces, public = witness([(1, 2, 3, 0), (1, 5, 20, 1), (1, 3, 20, 0), (1, 4, 20, 0)])
    traces[1][3][20], traces[1][4][20] = traces[0][0][3], traces[0][1][3]  # the pair of row 3, taken for a seed
    public = replace(public, publics=(*public.publics[:2], int(traces[0][1][:40].sum() % P)))
    # In the tally it is missing: a pair of value y on another row makes up for it.
    y = int(traces[0][1][3])
    traces[1][0][60], traces[1][1][60] = 0, y
    tally_free = replace(tiny.DESCRIPTION, tables=tuple(replace(t, tally=()) for t in tiny.DESCRIPTION.tables))
    proof = prove(traces, public, description=tally_free)
    assert check(proof, public, description=tally_free) is Reason.BALANCE
    mutant = one_bus(tally_free)
    proof = prove(traces, public, description=mutant)
    assert check(proof, public, description=mutant) is None
    assert check(proof, public, description=tally_free) is not None
    # Offsets are integers from 1 on, distinct for all buses, far below p.
    challenges = LookupChallenges((5, 0, 0, 0, 0), (0, 1, 0, 0, 0), ONE)
    for d in (tiny.DESCRIPTION, whole_links.frozen()[1]):
        compression = constraints.Compression(challenges, d)
        found = {compression.base_denominator(bus, (1, 2)) for bus in range(1, len(d.buses) + 1)}
        assert len(found) == len(d.buses)
    count("attacks covered")


def swapped_buses(table: str, first: str, second: str) -> set[str]:
    """What an honest run breaks when a table's messages on two buses of one width change places."""
    description = copy.deepcopy(whole_links.description())
    buses = [bus["name"] for bus in description["buses"]]
    a, b = buses.index(first) + 1, buses.index(second) + 1
    assert description["buses"][a - 1]["width"] == description["buses"][b - 1]["width"]
    for act in description["tables"][number(table)]["interactions"]:
        act["bus"] = {a: b, b: a}.get(act["bus"], act["bus"])
    return Board(boards.witness(), description).verdict()


def test_d5_messages_on_another_bus_of_the_same_width():
    """The lot machine has buses of equal width; a message of one does not settle the other."""
    widths = Counter(bus["width"] for bus in whole_links.description()["buses"])
    same = [b["name"] for b in whole_links.description()["buses"] if widths[b["width"]] > 1]
    assert same == ["bytes", "node", "listed", "page", "calendar", "standing", "blind"]
    assert swapped_buses("pages", "listed", "page") == {"bus listed", "bus page"}
    assert swapped_buses("steps", "listed", "page") == {"bus listed", "bus page"}
    for table in ("poseidon", "calendar", "steps"):
        assert swapped_buses(table, "node", "calendar") == {"bus node", "bus calendar"}
    for table in ("sums", "poseidon"):
        assert "bus standing" in swapped_buses(table, "standing", "blind")
    assert "bus bytes" in swapped_buses("range", "bytes", "standing")
    assert board().verdict() == set()


def test_d6_padding_sends_nothing():
    """SP1 V4 #4: rows of padding sent messages. On an idle row every multiplicity is zero, and cannot be another."""
    for t, table in enumerate(board().tables):
        row = len(board().traces[t]) - 2
        outcome = board().outcome(t, np.array([row]))
        acts = numbers(table)
        sending = [i for i, act in enumerate(acts) if board().buses[act["bus"] - 1] not in ("bytes", "u15")]
        assert not outcome.mult[0, sending].any(), table["name"]
        assert not table["tally"]
        # Flags that would make it send, each and in pairs: a constraint of the table or a bus objects.
        flags = sorted(set().union(*(columns_of(table, a["mult"]) for a in table["interactions"])))
        flags = [f for f in flags if f not in COUNTED.get(table["name"], set())]
        columns = [table["columns"].index(f) for f in flags]
        edits = [
            (row, dict.fromkeys(pair, 1)) for k, c0 in enumerate(columns) for pair in {(c0,), (c0, columns[k - 1])}
        ]
        for (_, cells), broken in zip(edits, board().single(t, edits), strict=True):
            if not broken:  # a flag that alone sends nothing: of a register, that it was carried in
                now = board().traces[t][[row]].copy()
                now[0, list(cells)] = 1
                sent = board().evaluate(t, np.array([row]), now, board().traces[t][[row + 1]]).mult
                assert not sent[0, sending].any(), (table["name"], [table["columns"][c] for c in cells])
    alone("steps.idle_last", "pools.active_once", "sums.adjacent", "range.active_once")
    count("attacks covered")
