"""The constraint checker as a user meets it: a tampered witness is named by constraint, table, row and lot."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.support.make import trade
from zkharvest.circuit.lot_machine.v2.definition import define
from zkharvest.circuit.lot_machine.v2.witness import LinkWitness
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.errors import UsageError
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.workflow import links
from zkharvest.workflow.check import Checked, check_links
from zkharvest.workflow.own_folder import commit_pages

TRADES = [
    replace(one, currency="USD")
    for one in (
        trade("2024-01-01", "a/1", "buy", 2, 100),
        trade("2024-02-01", "a/2", "sell", 1, 300),
        trade("2024-03-01", "a/3", "transfer", "0.5", to="b"),
    )
]
OPEN, TAKE, SETTLE, OUT = range(4)  # rows of the machine
ELECTION = Election(Method.FIFO, Pooling.WALLET, "UTC", 2024)


def checked(progress: Callable[[str], None] | None = None, preset: str = "test") -> Checked:
    """What is found of the one link that these trades make."""
    own = commit_pages(TRADES, timezone="UTC", seed=bytes(range(32)))
    openings = [(opening.header.label, opening) for opening in own.openings]
    wanted = links.Wanted([ELECTION], preset=preset)
    (year,) = check_links(openings, wanted, book=own.decided(), progress=progress)
    assert year.year == 2024
    return year.checked


@pytest.fixture
def tampered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The witness generator writes other numbers into some cells (table, row, column, what is added)."""
    honest, tables = links.make_witness, define().tables

    def told(*cells: tuple[str, int, str, int]) -> None:
        def lie(*arguments: object, **named: object) -> LinkWitness:
            made = honest(*arguments, **named)
            for table, row, column, change in cells:
                made.traces[table][row, tables[table].index(column)] += np.uint32(change)
            return made

        monkeypatch.setattr(links, "make_witness", lie)

    return told


def named(found: Checked) -> set[tuple[str, str, int, str]]:
    return {(v.table, v.constraint, v.row, v.what) for v in found.violations}


def test_an_honest_witness_holds():
    steps: list[str] = []
    found = checked(steps.append)
    assert found.holds and found.violations == ()
    description = define().circuit.compile()
    assert found.constraints == sum(len(t["constraints"]) for t in description["tables"])
    assert (found.buses, found.rows) == (len(description["buses"]), 1 << 13)
    assert steps[0] == "running the ledger" and {"checking steps", "balancing link"} <= set(steps)
    with pytest.raises(TypeError, match=r"\.holds"):
        bool(found)


SOLD = "take, record 1 of a/own, page 0, lot 1 of BTC in a/own, long"


def test_a_tampered_part_is_named_with_its_record_and_lot(tampered):
    """A cent more basis for the disposal."""
    tampered(("steps", TAKE, "q0", 1))
    found = checked()
    assert not found.holds
    assert {("steps", "value_rest0", TAKE, SOLD)} <= named(found)
    assert f"steps, row 1: value_rest0 [{SOLD}]" in [str(v) for v in found.violations]


CELLS = {
    ("steps", OUT, "lot_seq"): "out, record 2 of a/own, page 0, lot 1 of BTC in a/own, long",
    ("poseidon", 0, "partial3"): "record 0 of a/own, page 0",
    ("poseidon", 2, "index"): "record 2 of a/own, page 0",
    ("poseidon", 5, "round0_3"): "node 0 at level 2 of a/own, page 0",
    ("sums", 2, "octet0"): "proceeds, units of L1 BTC a/own kind 14 out",
    ("pages", 1, "early"): "b/own, page 0",
    ("pools", 0, "last_write"): "BTC in b/own, long",
    ("calendar", 31, "count"): "day 2021-01-31",
    ("range", 5, "lo"): "",
}


def test_every_table_s_rows_have_names(tampered):
    tampered(*((*cell, 1) for cell in CELLS))
    found = {(table, row, what) for table, _, row, what in named(checked())}
    near = {(table, row - 1 if table == "range" else row, what) for (table, row, _), what in CELLS.items()}
    assert near <= found


def test_it_refuses_what_prove_refuses():
    with pytest.raises(UsageError, match="is not a proof size"):
        checked(preset="tiny")


# ------------------------------------------------------------------ the command

PAGE = "2024-01-05T12:00:00Z,K-1,a,buy,BTC,2,20000,10,USD,,\n2024-03-05T12:00:00Z,K-1,b,sell,BTC,1,15000,10,USD,,\n"


@pytest.fixture
def of_pages(tmp_path, monkeypatch, capsys):
    """The command that proves one page of two years, without its output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.csv").write_text("time,source,id,kind,asset,quantity,amount,fee,currency,ref,category\n" + PAGE)
    assert main(["-q", "page", "seed", "-o", "seed", "--no-passphrase"]) == 0
    making = ["page", "make", "k.csv", "--source", "kraken", "--account", "K-1", "--seed", "seed", "-o", "pages"]
    assert main(["-q", *making, "--from", "2024-01-01", "--to", "2026-01-01"]) == 0
    capsys.readouterr()
    election = ["--year", "2025", "--method", "fifo", "--timezone", "UTC", "--first", "--size", "test"]
    return ["-q", "prove", "pages/kraken-K-1-0000.zko", *election]


def test_links_are_checked_year_by_year_and_nothing_is_proven(of_pages, capsys, tmp_path, monkeypatch):
    from zkharvest.prover import stark

    monkeypatch.setattr(stark, "prove_circuit", lambda *_, **__: pytest.fail("nothing is proven"))
    before = sorted(tmp_path.rglob("*"))
    assert main([*of_pages, "--method-of", "2024=hifo", "--check"]) == ExitCode.DONE
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" constraint")[0] for line in lines] == ["2024: every", "2025: every"]
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_names_what_is_broken_in_which_year(of_pages, capsys, tmp_path, monkeypatch):
    """A cent more for the disposal of 2024, which the second year's window does not reach."""
    from zkharvest.circuit.lot_machine.v2.definition import define
    from zkharvest.workflow import links

    honest, steps = links.make_witness, define().tables["steps"]
    years = iter((2024, 2025))

    def lie(link, **named):
        made = honest(link, **named)
        if next(years) == 2024:
            trace = made.traces["steps"]
            (row,) = [k for k in range(8) if trace[k, steps.index("is_take")]]
            trace[row, steps.index("q0")] += np.uint32(1)
        return made

    monkeypatch.setattr(links, "make_witness", lie)
    assert main([*of_pages, "--method-of", "2024=hifo", "--check", "-o", "p.zkh", "--json"]) == ExitCode.REJECTED
    out, err = capsys.readouterr()
    shown = json.loads(out)
    assert (shown["schema"], shown["holds"]) == ("zkharvest/check/2", False)
    assert [(link["year"], link["holds"]) for link in shown["links"]] == [(2024, False), (2025, True)]
    broken = {(v["table"], v["constraint"]): v["what"] for v in shown["links"][0]["violations"]}
    assert (
        broken["steps", "value_rest0"]
        == "take, record 1 of pages/kraken-K-1-0000.zko, lot 1 of BTC in kraken/K-1, long"
    )
    assert "nothing was proven" in err and "value_rest0" not in err
    assert not (tmp_path / "p.zkh").exists()


def test_a_check_alone_writes_nothing(of_pages, capsys):
    assert main(of_pages) == ExitCode.USAGE
    assert "--check to only check" in capsys.readouterr().err
    assert main([*of_pages, "--check", "--carry-out", "o.zks"]) == ExitCode.USAGE
    assert "--check alone makes none" in capsys.readouterr().err


@pytest.mark.slow
def test_a_proof_of_pages_need_not_be_verified(of_pages, capsys, tmp_path, monkeypatch):
    from zkharvest.workflow import links

    monkeypatch.setattr(links, "verify_proof", lambda *_: pytest.fail("it is not verified"))
    election = [*of_pages, "--method-of", "2024=hifo", "-o", "p.zkh"]
    assert main([*election, "--check", "--no-verify"]) == ExitCode.DONE
    assert (tmp_path / "p.zkh").exists()
