"""Why mutants of the machine without a term take nothing new: for each that `IMPLIED` names what a machine can check.

A case has values for the cells that matter on a row and on the next one (all combinations are tried; other cells are
0), and the constraints that its reason rests on, of the frozen circuit. Wherever these and the mutant hold, the
constraint with its term must hold too. Flags have 0 and 1: that they are bits is said elsewhere, and by none of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.cell_cases import Cases, Values
from tests.support.dropped_terms import TermMutant, without
from zkharvest.circuit.lot_machine.v2.steps.kinds import KINDS
from zkharvest.spec import P

WALLET = 5
"""Number of the public scalar."""
BIT = (0, 1)
ANY = (0, 1, 2, 12345, P - 1)


@dataclass(frozen=True)
class Case:
    """`here`, `then`: values of cells on two rows; `rules` hold on the first of them, `later` on the second.

    The mutant holds on both; it is asked about the first row, or the `second`. With `wallet` each kind of pooling is
    tried.
    """

    here: Values
    then: Values = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    second: bool = False
    wallet: bool = False


def marks(name: str, count: int, values: Sequence[int] = (0, 1, 2)) -> dict[str, Sequence[int]]:
    """Marks of a comparison."""
    return {f"{name}_at{i}": values for i in range(count)}


def flags(*kinds: str) -> dict[str, Sequence[int]]:
    """Flags of a row."""
    return {f"is_{kind}": BIT for kind in kinds}


def marked(name: str, count: int) -> dict[str, Case]:
    """A mark is a bit."""
    cells = marks(name, count)
    return {f"steps.{name}_marked without {at}": Case(cells, rules=(f"{at}_bit",)) for at in cells}


def not_first(kind: str, rule: str) -> Case:
    """On row 0 something would be read that was written: at the clock of a row, which is 1 to 2^20."""
    limb = (0, 1, 32767)
    cells = flags(kind) | {"first": ANY, "clk": (1, 2), "content_write": (1, 2, 1 << 20)}
    return Case(cells | {"content_age0": limb, "content_age1": limb}, rules=("clk_start", rule))


UNIVERSAL = {"out": ("out_code",)}
"""By universal pooling no lot's part goes out, so that none is followed."""
TIME = {"worked0": BIT, "past0": BIT, "time2": BIT, "past2": BIT, "apart0": (0, 1, P - 1), "apart1": (0, 1)}


def late_half(first: str, second: str) -> Case:
    """What is not an arrival is not late: neither half of a part is one."""
    rules = ("late_low", "late_high", "apart", "one_kind")
    late = {"late": (0, 1, 5)}
    then = flags(second, "arrive") | late | {name: TIME[name] for name in ("worked0", "past0", "apart0")}
    half = flags(first) | ({"code_moves": BIT} if first == "out" else {})
    follows = (*UNIVERSAL.get(first, ()), f"is_{second}_follows")
    return Case(half | late | TIME, then, rules=(*rules, *follows), later=rules, wallet=True)


def in_time(first: str, second: str, *, later: bool) -> Case:
    """Both halves of a part have one phase, and one of the two says it."""
    phase = {"phase": (0, 1, 2, 3)}
    rules = (*UNIVERSAL.get(first, ()), f"is_{second}_follows", "phase_held")
    half = flags(first) | ({"code_moves": BIT} if first == "out" else {})
    return Case(half | phase, flags(second) | phase, rules=rules, second=later, wallet=True)


HALVES = ("take", "out", "drop")
FOUND = ("found_where", "kind_found", "kind_declared")
DEPOSIT = {"is_open": BIT, "code_moves": BIT, "found": ANY, "declared": ANY, "class_kind": (0, 5, 62)}
BEHIND = flags("open", "skip", "take", "out", "drop", "arrive", "send", "close", "close_token")
SKIPPED = {"is_skip": (0, 1, 2, 3, P - 1), "phase": (0, 1, 2, 3), "page_early": BIT, "page_late": BIT}
TURN = flags("load", "load_token") | marks("order", 5, BIT) | {"page": BIT}


def two_refs(i: int, j: int) -> Case:
    """A token that is carried out without being named has no reference."""
    refs = {f"ref{i}": BIT, f"token_ref{j}": BIT}
    return Case(flags("close_token", "arrive") | refs | {"named": ANY}, rules=("one_kind", f"stale_ref{j}"))


CASES: dict[str, Case] = {
    **marked("since", 3),
    **marked("above", 8),
    **marked("held", 3),
    **marked("result", 3),
    **{f"steps.one_kind without is_{kind}": Case(flags(*KINDS) | {"is_skip": ANY}) for kind in KINDS},
    "steps.one_kind without is_skip": Case(flags(*KINDS) | SKIPPED, rules=("skip_phase", "skip_page")),
    **{f"steps.first_start without -is_{kind}": not_first(kind, "content_earlier") for kind in HALVES},
    "steps.first_start without -is_arrive": not_first("arrive", "sent_earlier"),
    "steps.first_start without -public5": Case(flags("send") | {"first": ANY}, rules=("is_send_start",), wallet=True),
    **{
        f"steps.idle_last without -is_{kind}": Case(flags(*HALVES, "open"), BEHIND, rules=("one_kind",))
        for kind in HALVES
    },
    "steps.idle_last without -public5": Case(flags("out", "open"), BEHIND, wallet=True),
    "steps.closes_last without -public5": Case(flags("close", "close_token"), BEHIND, wallet=True),
    "steps.loads_first without -is_load_token": Case(
        flags("load", "load_token"), flags("load", "load_token"), rules=("one_kind",)
    ),
    "steps.late_held without is_take": late_half("take", "settle"),
    "steps.late_held without is_out": late_half("out", "send"),
    "steps.late_held without is_drop": late_half("drop", "gone"),
    **{f"steps.two_refs{i}{j} without is_close_token": two_refs(i, j) for i in BIT for j in BIT},
    **{
        f"steps.work_in_time without is_{kind}": in_time(first, second, later=kind == second)
        for first, second in (("take", "settle"), ("out", "send"), ("drop", "gone"))
        for kind in (first, second)
        if kind != "send"
    },
    **{
        f"steps.open_value{i} without -found": Case(
            DEPOSIT | flags("settle") | {f"a{3 * i}": BIT, f"rest_value{i}": BIT}, rules=FOUND
        )
        for i in range(3)
    },
    "steps.open_sign without -found": Case(DEPOSIT | {"code_negative": BIT}, rules=FOUND),
    "steps.open_sign without -declared": Case(DEPOSIT | {"code_negative": BIT}, rules=FOUND),
    "steps.kind_declared without class_kind": Case({"declared": ANY, "class_kind": range(64)}),
    "steps.kind_gone without class_kind": Case({**flags("drop"), "unclear": ANY, "class_kind": range(64)}),
    "steps.out_code without -code_inward": Case(
        flags("out") | {"code_moves": BIT, "code_inward": BIT},
        flags("send") | {"code_moves": BIT, "code_inward": BIT},
        rules=("is_send_follows", "code_held"),
        later=("send_code",),
        wallet=True,
    ),
    **{
        f"steps.remainder_equal{i} without -remainder_at1": Case(
            marks("remainder", 5, BIT) | flags("open") | {f"c{12 - 3 * i}": BIT}, rules=("remainder_marked",)
        )
        for i in (2, 3)
    },
    "steps.order_equal3 without -is_load": Case(TURN, {"first": BIT, "page": BIT}, rules=("order_marked",)),
}
"""By a mutant's name."""
WRONG: dict[str, Case] = {
    **{
        f"steps.apart without {factor}*shift{n}": Case(
            {**flags("arrive"), **dict.fromkeys((f"worked{n}", f"past{n}", f"shift{n}"), BIT), "late": (0, 1, 5)}
            | {"apart0": (0, pow(-factor, -1, P)), "apart1": BIT},
            rules=("late_low", "late_high", "shift_where"),
        )
        for n, factor in enumerate((-33292290, -65024))
    },
    "steps.trade_kind without -code_short": Case(
        flags("open") | {"income": ANY, "code_short": BIT, "kind_bit0": BIT, "kind_bit1": BIT}
    ),
}
"""What was once said to take nothing new: that what is not late has no shift; that more is asked of short positions."""


def counterexamples(description: Mapping[str, Any], mutant: TermMutant, case: Case, *, less: str = "") -> int:
    """In how many combinations the mutant holds, and the rules but for `less`, and not the constraint."""
    table = description["tables"][mutant.drop.table]
    nodes, root = without(table, mutant.drop)
    found = 0
    for wallet in BIT if case.wallet else (1,):
        cases = Cases({**table, "nodes": nodes}, case.here, case.then, publics={WALLET: wallet})
        good = cases.at(root) == 0
        if case.then:
            good &= cases.at(root, 1) == 0
        for row, rules in enumerate((case.rules, case.later)):
            good &= cases.hold(*(rule for rule in rules if rule != less), row=row)
        found += int((good & (cases.at(table["constraints"][mutant.place]["node"], int(case.second)) != 0)).sum())
    return found
