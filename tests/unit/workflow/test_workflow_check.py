"""The constraint checker as a user meets it: a tampered witness is named by constraint, table, row and lot."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from tests.support import statement
from tests.support.make import trade
from zkharvest.circuit.lot_machine.v1 import witness as generator
from zkharvest.cli import main
from zkharvest.cli.output import ExitCode
from zkharvest.commitment.opening import Opening, commit
from zkharvest.errors import UsageError
from zkharvest.files.openings import write_opening
from zkharvest.ledger import Election, Method, Pooling
from zkharvest.workflow.check import check_constraints

TRADES = [
    trade("2024-01-01", "a/1", "buy", 2, 100),
    trade("2024-02-01", "a/2", "sell", 1, 300),
    trade("2024-03-01", "a/3", "transfer", "0.5", to="b"),
]
TAKE, SETTLE, OUT = 1, 2, 3  # the rows of a/2 and a/3
YEAR = {"year": 2024, "method": "fifo", "timezone": "UTC"}


def opening() -> Opening:
    return commit(TRADES, currency="USD", seed=statement.SEED)


@pytest.fixture
def tampered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The witness generator writes other numbers into some cells (table, row, column, what is added)."""
    honest = generator.make_witness

    def told(*cells: tuple[str, int, str, int]) -> None:
        def lie(*arguments: object, **named: object) -> generator.Witness:
            made = honest(*arguments, **named)
            for table, row, column, change in cells:
                trace = made.traces[statement.table_number(table)]
                trace[row, statement.column_number(table, column)] += np.uint32(change)
            return made

        monkeypatch.setattr(generator, "make_witness", lie)

    return told


def named(checked) -> set[tuple[str, str, int, str]]:
    return {(v.table, v.constraint, v.row, v.what) for v in checked.violations}


def test_an_honest_witness_holds():
    steps = []
    checked = check_constraints(opening(), **YEAR, progress=steps.append)
    assert checked.holds and checked.violations == ()
    description = statement.description()
    assert checked.constraints == sum(len(t["constraints"]) for t in description["tables"])
    assert (checked.buses, checked.rows) == (len(description["buses"]), 1 << 13)
    assert steps[0] == "running the ledger" and {"checking steps", "balancing link"} <= set(steps)
    with pytest.raises(TypeError, match=r"\.holds"):
        bool(checked)


def test_a_tampered_part_is_named_with_its_trade_and_lot(tampered):
    """A cent more basis for the disposal."""
    tampered(("steps", TAKE, "q0", 1))
    checked = check_constraints(opening(), **YEAR)
    assert not checked.holds
    where = "trade a/2, lot a/1"
    assert {("steps", "value_rest0", TAKE, where)} <= named(checked)
    assert any(v.constraint.startswith("tally") for v in checked.violations)
    assert "steps, row 1: value_rest0 [trade a/2, lot a/1]" in [str(v) for v in checked.violations]


CELLS = {
    ("steps", OUT, "lot_seq"): ("steps", "seq_moved", OUT, "trade a/3, lot a/1"),
    ("poseidon", 0, "partial3"): ("poseidon", "partial3_cube", 0, "record a/1"),
    ("poseidon", 2, "index"): ("poseidon", "bus record", 2, "record a/3"),
    ("pools", 0, "octet0"): ("pools", "asset0_bytes", 0, "BTC in a, long"),
    ("sources", 1, "number"): ("sources", "bus source", 1, "b"),
    ("totals", 13, "byte"): ("totals", "split", 13, "short_loss, byte 1"),
    ("calendar", 31, "count"): ("calendar", "bus calendar", 31, "day 2021-02-01"),
    ("range", 5, "lo"): ("range", "lo_step", 4, ""),
}


def test_every_table_s_rows_have_names(tampered):
    tampered(*((*cell, 1) for cell in CELLS))
    assert set(CELLS.values()) <= named(check_constraints(opening(), **YEAR))


def test_nodes_and_lots_of_the_inventory_have_names():
    names = generator.make_witness(
        opening(), generator.operations_of(opening(), Election(Method.FIFO, Pooling.WALLET, "UTC", 2024))
    ).names
    said = [names("poseidon", row) for row in range(len(names.hashes))]
    assert said[:4] == ["record a/1", "record a/2", "record a/3", "node 0 at level 1 of a"]
    assert "lot 1 of the lots carried out" in said
    assert {"node 0 at level 24 of a", "node 0 at level 24 of the lots carried out"} <= set(said)
    assert [names("steps", row) for row in (0, SETTLE, 5, 7)] == [
        "trade a/1, lot a/1",
        "trade a/2, lot a/1",
        "lot a/1",
        "",
    ]


def test_it_refuses_what_prove_refuses():
    with pytest.raises(UsageError):
        check_constraints(opening(), year=2024, method="newest")


@pytest.fixture
def secret(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_opening(tmp_path / "s.zko", opening(), passphrase=None)
    return ["prove", "s.zko", "--year", "2024", "--method", "fifo", "--timezone", "UTC"]


def test_the_command_checks_without_proving(secret, capsys, tmp_path):
    assert main([*secret, "--check"]) == ExitCode.DONE
    assert capsys.readouterr().out.startswith("every constraint holds: ")
    assert [f.name for f in tmp_path.iterdir()] == ["s.zko"]
    assert main(secret) == ExitCode.USAGE
    assert "--check to only check" in capsys.readouterr().err


def test_the_command_names_what_is_broken_and_proves_nothing(secret, capsys, tmp_path, tampered):
    tampered(("steps", TAKE, "q0", 1))
    assert main([*secret, "--check", "-o", "p.zkh"]) == ExitCode.REJECTED
    out, err = capsys.readouterr()
    assert "steps, row 1: value_rest0 [trade a/2, lot a/1]" in out.splitlines()
    assert "nothing was proven" in err and "value_rest0" not in err
    assert not (tmp_path / "p.zkh").exists()
    assert main([*secret, "--check", "--json"]) == ExitCode.REJECTED
    shown = json.loads(capsys.readouterr().out)
    assert (shown["schema"], shown["holds"], shown["rows"]) == ("zkharvest/check/1", False, 1 << 13)
    first = {"table": "steps", "constraint": "value_rest0", "row": TAKE, "detail": "", "what": "trade a/2, lot a/1"}
    assert first in shown["violations"]


# ------------------------------------------------------------------ links of pages

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
