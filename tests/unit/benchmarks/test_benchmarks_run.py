"""The benchmarks still run, at sizes that say nothing about time; and their ledgers are what they claim to be."""

import json

import pytest

from benchmarks import histories, ledger_alone, machine, reading, report, stages
from benchmarks.commands import CommandFailed, Commands, run
from benchmarks.figures import Figure, figures
from benchmarks.ledgers import YEAR, make_ledger, write_ledger
from zkharvest import commit_pages, write_pages
from zkharvest.ledger import Election, Method, Pooling, run_ledger
from zkharvest.trades.csv_in import load_trades
from zkharvest.trades.model import Kind


def test_a_ledger_depends_on_its_size_alone():
    assert make_ledger(300) == make_ledger(300)
    assert [trade.id for trade in make_ledger(300)] != [trade.id for trade in make_ledger(301)][:300]


def test_a_ledger_has_what_taxpayers_have():
    trades = make_ledger(2_000)
    assert len(trades) == 2_000
    assert len({trade.source for trade in trades}) == 3
    assert {trade.kind for trade in trades} == set(Kind) - {Kind.DEPOSIT, Kind.WITHDRAW, Kind.CONVERT}  # not provable
    assert len({trade.time for trade in trades}) < len(trades)
    assert trades == sorted(trades, key=lambda trade: trade.time)


@pytest.mark.parametrize("pooling", Pooling)
@pytest.mark.parametrize("method", Method)
def test_a_ledger_runs_under_every_rule(method, pooling):
    run = run_ledger(make_ledger(400, named=True), Election(method, pooling, "America/New_York", YEAR))
    assert run.disposals
    assert run.open_lots
    assert run.later == 0


def test_a_ledger_survives_its_file(tmp_path):
    write_ledger(tmp_path / "trades.csv", 200, named=True)
    assert load_trades(tmp_path / "trades.csv") == make_ledger(200, named=True)


def test_the_ledger_alone_is_timed_under_every_method():
    assert set(ledger_alone.seconds_by_method(300)) == set(Method)


def test_reading_and_starting_are_timed():
    assert reading.seconds_to_read(300) > 0
    assert set(reading.seconds_to_start({})) == {"verify", "prove"}


def test_parts_that_are_measured_apart_are_put_together(tmp_path):
    here = {"machine": {"lines": ["a machine"]}, "load_after": 1.0}
    first = {**here, "took": 5.0, "sizes": {"10000": {"small": 1}, "1000": {"small": 3}}}
    then = {**here, "took": 7.0, "sizes": {"1000": {"small": 2}}, "ledger": {"trades": 5, "seconds": {"fifo": 1.0}}}
    both = report.merged(first, then)
    assert both["sizes"] == {"1000": {"small": 2}, "10000": {"small": 1}}
    assert list(both["sizes"]) == ["1000", "10000"]
    assert both["took"] == 12.0
    assert report.merged({}, then)["ledger"] == then["ledger"]
    assert report.read(tmp_path) == {}
    report.write({**here, "took": 7.0, "ledger": then["ledger"]}, tmp_path)
    assert report.read(tmp_path)["ledger"] == then["ledger"]


def test_bare_work_has_a_proofs_shape():
    took = stages.bare_work("test", [13, 13, 12, 12, 12, 12, 13])
    assert set(took) == {"extend", "hash"}


def test_a_command_that_fails_is_told_apart():
    done = run(["-c", "print('done')"])
    assert done.output == "done\n"
    assert done.memory > 1 << 20
    with pytest.raises(CommandFailed, match="exit code 3\nwhy"):
        run(["-c", "import sys; print('why', file=sys.stderr); sys.exit(3)"])


def test_results_are_written_for_people_and_programs(tmp_path):
    from benchmarks.plots import draw

    one = {
        "log_rows": 15, "preset": "balanced", "proof": 500_000, "package": 501_000, "memory": 10**9,
        "stages": {stage: 0.5 for _, members in report.GROUPS for stage in members},
        "bare": {"extend": 1.0, "hash": 1.0, "all": 2.0}, "proving": 5.0,
    }  # fmt: skip
    command = {"seconds": 2.5, "user": 7.0, "system": 1.0, "memory": 2 * 10**9, "runs": [2.5]}
    size = {"commit": command, "prove": command, "verify": command, "one_process": one, "load": 1.0}
    here = machine.describe()
    results = {
        "machine": {**here.as_dict(), "lines": here.lines()},
        "sizes": {"10000": size, "100000": {**size, "prove": {**command, "seconds": 88.0}}},
        "load_after": 1.0,
        "took": 60.0,
    }
    report.write(results, tmp_path)
    draw(results, tmp_path)
    by_name = {figure.name: figure for figure in figures(results)}
    assert by_name["package at 100,000 trades"].measured == pytest.approx(501)
    assert by_name["prove 10,000 trades, whole command"].verdict == "bar"
    assert by_name["prove 1,000 trades, whole command, kernels cached"].verdict == "not measured"
    written = json.loads((tmp_path / "figures.json").read_text())
    assert [one["name"] for one in written["figures"]] == list(by_name)
    assert "| prove 10,000 trades, whole command | 3.9 s | 2 s | 2.5 s | bar |" in (tmp_path / "results.md").read_text()
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".md", ".png", ".svg"}


@pytest.mark.parametrize(
    ("measured", "verdict"), [(1.0, "goal"), (1.5, "bar"), (2.5, "missed"), (None, "not measured")]
)
def test_a_figure_says_what_it_reaches(measured, verdict):
    assert Figure("x", "s", 2, 1, measured).verdict == verdict


def test_the_stages_of_a_proof_add_up_to_groups(tmp_path):
    write_pages(tmp_path / "own", commit_pages(make_ledger(60), currency="USD"), passphrase=None)
    one = stages.stages_of(str(tmp_path / "own"), 1, YEAR, "test")
    assert sum(report.grouped(one).values()) == pytest.approx(sum(one["stages"].values()))
    assert one["cells"]["committed"] > 4 * one["cells"]["trace"] > 0


def test_whole_commands_run_and_so_does_a_year_alone(tmp_path):
    """A year alone goes on from a standing with the years before it."""
    commands = Commands(tmp_path, 40, {}, YEAR)
    for _ in range(2):
        assert commands.commit().output.count("=") == 3
    for done in (commands.prove(), commands.verify(), *commands.last_year(1)):
        assert done.seconds > 0
    assert 0 < commands.small() < commands.package.stat().st_size


def test_a_history_is_made_worked_and_laid_out(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["histories", "400"])
    histories.main()
    shown = capsys.readouterr().out
    assert [line.split()[0] for line in shown.splitlines()[1:]] == ["moves", "plain", "fast", "rows"]
