"""The crowd: invariants, the order of its results, the sweep, and the command."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zkharvest.cli import main
from zkharvest.errors import UsageError
from zkharvest.harvest.crowd.kernel import AFTER, ONCE, YEAR, run_year
from zkharvest.harvest.crowd.model import HALF_LIFE, LEAD, Scenario, simulate
from zkharvest.harvest.crowd.sweep import HABITS, break_even, run_all, scenarios, sweep

SMALL = Scenario(agents=2000)
SEEDS = range(1, 13)


def mean(figure, **knobs):
    return float(np.mean([getattr(simulate(replace(SMALL, seed=seed, **knobs)), figure) for seed in SEEDS]))


def test_no_gap_in_exposure_no_dip():
    for share in (0.0, 0.5, 1.0):
        run = simulate(replace(SMALL, automated=share, delay=0, hedge=1.0))
        assert (run.gap == 0).all()
        assert (run.flow == 0).all()
        assert run.vol_ratio == 1
    assert simulate(replace(SMALL, automated=0.5, predation=2.0)).peak_flow == 0  # nothing to front-run


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**40), st.sampled_from([0, 1, 31, 57]), st.floats(0, 1), st.floats(0, 1), st.floats(0.02, 1),
    st.floats(0, 2),
)  # fmt: skip
def test_what_is_sold_is_bought_back(seed, delay, automated, hedge, pace, predation):
    knobs = {"automated": automated, "hedge": hedge, "pace": pace, "predation": predation}
    run = simulate(Scenario(agents=300, seed=seed, delay=delay, **knobs))
    assert run.sold == pytest.approx(run.rebought + run.out, abs=1e-9)
    assert run.net == pytest.approx(run.saved - run.cost)
    assert run.saved >= 0
    moved = 0 if delay == 0 else run.sold - run.rebought
    if delay:  # predators end flat, so all flow is that of the crowd
        assert run.flow.sum() == pytest.approx(moved, abs=1e-9)


def test_same_seed_same_bytes():
    first, again = (simulate(replace(SMALL, delay=31, pace=0.1, predation=0.5)) for _ in range(2))
    assert first.gap.tobytes() == again.gap.tobytes()
    assert first.as_json() == again.as_json()
    assert simulate(replace(SMALL, delay=31, seed=2)).gap.tobytes() != first.gap.tobytes()


def test_a_waiting_rule_makes_the_dip_and_the_rebound():
    dip, rebound = mean("dip_bp", automated=0.0, delay=31), mean("rebound_bp", automated=0.0, delay=31)
    assert dip < -200
    assert rebound > 200
    assert mean("worst_bp", automated=0.0, delay=31) == pytest.approx(dip, rel=0.05)
    assert mean("dip_bp", automated=1.0, delay=0, hedge=0.8) > dip / 2


def test_predators_deepen_both():
    plain, hunted = ({"automated": 0.0, "delay": 31, "predation": p} for p in (0.0, 1.0))
    assert mean("dip_bp", **hunted) < 1.2 * mean("dip_bp", **plain)
    assert mean("rebound_bp", **hunted) > 1.2 * mean("rebound_bp", **plain)
    assert mean("net", **hunted) < mean("net", **plain)


def test_automation_moves_the_feedback_from_december_into_every_slump():
    none, half, all_ = ({"automated": a, "delay": 31} for a in (0.0, 0.5, 1.0))
    assert mean("dip_bp", **none) < mean("dip_bp", **half) < mean("dip_bp", **all_)
    assert mean("worst_bp", **all_) < mean("worst_bp", **half) < mean("worst_bp", **none)
    assert mean("vol_ratio", **none) < mean("vol_ratio", **half) < mean("vol_ratio", **all_)


def test_the_crowded_lose_and_pacing_helps():
    assert mean("net_automated", automated=0.1, delay=31) > 0
    crowded = mean("net_automated", automated=1.0, delay=31)
    assert crowded < 0
    paced = {"automated": 1.0, "delay": 31, "pace": 0.05}
    assert mean("net_automated", **paced) > 0
    assert mean("peak_flow", **paced) < mean("peak_flow", automated=1.0, delay=31) / 8
    spread = mean("net_automated", automated=1.0, delay=31, spread=0.5)
    assert abs(spread - crowded) < abs(mean("net_automated", **paced) - crowded)


@pytest.mark.parametrize(
    ("crowding", "net", "found"),
    [([1, 2, 4], [3, 1, -1], 3.0), ([1, 2], [1, 0], None), ([1, 2], [-1, -2], 1), ([1, 2, 3, 4], [1, -1, 1, -3], 3.25)],
)
def test_break_even(crowding, net, found):
    assert break_even(crowding, net) == found


def test_sweep():
    base = Scenario(agents=400)
    wanted = scenarios(base, 2)
    assert {name for name, _ in wanted} == set(HABITS)
    habits = {habit.name: habit for habit in sweep(base, 2, step=lambda _text: None)}
    waiting, today = habits["31 days out"], habits["at once, fully hedged"]
    assert today.break_even is None
    assert waiting.crowding == sorted(waiting.crowding)
    assert waiting.net_automated[-1] < today.net_automated[-1]
    assert waiting.between[0] <= waiting.break_even
    assert today.between == (None, None)
    some = [scenario for _, scenario in wanted[::37]]
    assert [run.as_json() for run in run_all(some)] == [simulate(one).as_json() for one in some]


def test_dask_gives_the_same_runs():
    distributed = pytest.importorskip("distributed")
    some = [replace(SMALL, agents=200, seed=seed, delay=31) for seed in range(3)]
    local = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, **local) as cluster:
        found = run_all(some, cluster.scheduler_address)
    assert [run.as_json() for run in found] == [simulate(one).as_json() for one in some]


def test_a_scheduler_that_is_not_there():
    pytest.importorskip("distributed")
    with pytest.raises(UsageError, match="cannot be reached"):
        run_all([SMALL], "nonsense://nowhere")


@pytest.mark.parametrize(
    "knob", [{"agents": 3}, {"automated": 1.5}, {"delay": 200}, {"pace": 0}, {"hedge": float("nan")}]
)
def test_knobs_out_of_range(knob):
    with pytest.raises(UsageError, match=f"--{next(iter(knob))}"):
        Scenario(**knob)


def test_the_command(tmp_path, capsys):
    plot = tmp_path / "run.svg"
    options = ("--agents", "500", "--delay", "31", "--json", "--plot", str(plot))
    assert main(["harvest", "simulate", *options]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["schema"] == "zkharvest/simulate/1"
    assert made["scenario"]["delay"] == 31
    assert {"dip_bp", "rebound_bp", "worst_bp", "vol_ratio", "peak_flow", "saved", "cost", "net"} <= set(made)
    assert plot.read_text().startswith("<?xml")
    assert main(["harvest", "simulate", "--agents", "500", "--automated", "0"]) == 0
    assert "net of the automated" in capsys.readouterr().out


def test_the_sweep_command(tmp_path, capsys):
    options = ("--sweep", "--agents", "100", "--seeds", "1", "--plot", str(tmp_path / "s.png"))
    assert main(["harvest", "simulate", *options, "--json"]) == 0
    assert (tmp_path / "s.png").stat().st_size > 10_000
    made = json.loads(capsys.readouterr().out)
    assert made["schema"] == "zkharvest/simulate-sweep/1"
    assert [habit["habit"] for habit in made["habits"]] == list(HABITS)
    assert main(["harvest", "simulate", "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "--scheduler is for --sweep" in capsys.readouterr().err


def test_a_quarter_of_a_days_volume_moves_the_price_by_half_a_days_volatility():
    """Worked example 18: a day's volatility of 3 %, .25 ADV sold: -1.5 %, half of it gone after five days."""
    day, one = 100, np.ones(1)
    fair = np.ones(YEAR + AFTER)
    numbers = np.array([31, 1.0, 1.0, 0.0, LEAD, 0.0, 0.0, 0.03, 0.5 ** (1 / HALF_LIFE)])
    kind = np.array([ONCE], np.int64)
    gap, flow, sums = run_year(fair, kind, 0.25 * one, 2 * one, 0.2 * one, one, np.array([day]), numbers, 1)
    assert (flow[day], gap[day - 1]) == (0.25, 0)
    assert gap[day] == pytest.approx(-0.015)
    assert gap[day + 5] == pytest.approx(-0.0075)
    assert gap[day + 31] > 0  # bought back
    assert sums[ONCE, 0] == pytest.approx(0.2 * 0.25 * (2 - np.exp(-0.015)))
