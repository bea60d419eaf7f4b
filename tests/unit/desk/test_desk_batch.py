"""Many clients: the list, what is done again and what is not, failures that stop nobody else."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context

import pytest

from tests.support.desk import HEADER
from zkharvest import verify_chain
from zkharvest.cli import main
from zkharvest.desk import batch, batch_tasks
from zkharvest.desk.amounts import plain
from zkharvest.desk.batch import DONE, Job, Result, run_batch, run_job
from zkharvest.desk.clients import read_clients
from zkharvest.desk.form8949 import ROW_COLUMNS, form_rows, make_form
from zkharvest.desk.lines import lines_of
from zkharvest.errors import InputError
from zkharvest.files.page_files import read_page
from zkharvest.ledger.report import csv_text
from zkharvest.ledger.run import run_ledger
from zkharvest.trades.csv_in import load_trades

DEFAULT = {"year": "2025", "method": "fifo", "pooling": "wallet", "timezone": "UTC"}
BOOK = """
2025-01-05T12:00:00Z,a,1,buy,BTC,1,100,,,
2025-02-05T12:00:00Z,a,2,sell,BTC,0.5,{},1,,
2025-02-06T12:00:00Z,a,3,income,ETH,1,7,,,
"""


@pytest.fixture
def folder(tmp_path):
    for number, price in enumerate((90, 80, 70), 1):
        (tmp_path / f"c{number}.csv").write_text(HEADER + BOOK.format(price).strip() + "\n")
    (tmp_path / "bad.csv").write_text(HEADER + "2025-02-05T12:00:00Z,a,2,sell,BTC,5,90,1,,\n")
    rows = ["client,trades,method", "anna,c1.csv,", "bob,c2.csv,hifo", "carl,bad.csv,", "dora,c3.csv,", "eve,none.csv,"]
    (tmp_path / "clients.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


class InLine(Executor):
    """An executor that works in this process; `dies` says of which clients the worker dies, and how often."""

    def __init__(self, dies=None):
        self.dies = dies if dies is not None else {}

    def submit(self, work, job):
        future = Future()
        if self.dies.get(job.client.name, 0) > 0:
            self.dies[job.client.name] -= 1
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(work(job))
        return future


def jobs_of(folder, task="report", settings=()):
    listed = read_clients(folder / "clients.csv", folder, DEFAULT)
    return [Job(task, client, str(folder / "results" / client.name), settings) for client in listed]


def run(jobs, executor=None, workers=2):
    told = []
    made = executor or InLine()
    results = run_batch(jobs, lambda: made, workers=workers, progress=lambda _, count: told.append(count))
    assert told == list(range(1, len(jobs) + 1))
    return {result.client: result for result in results}


@pytest.fixture
def quick(monkeypatch):
    """The figures alone: what a report computes, without the pictures and the paper."""

    def figures(job, place):
        run = run_ledger(load_trades(job.client.trades), job.client.election)
        form = make_form(lines_of(run), 2025)
        (place / "form8949.csv").write_text(csv_text(ROW_COLUMNS, form_rows(form, run)))
        return plain(form.short.gain + form.long.gain)

    monkeypatch.setitem(batch_tasks.TASKS, "report", figures)


@pytest.mark.usefixtures("quick")
def test_errors_stop_nobody_else(folder):
    results = run(jobs_of(folder))
    assert {name: one.status for name, one in results.items()} == {
        "anna": "done", "bob": "done", "carl": "failed", "dora": "done", "eve": "failed",
    }  # fmt: skip
    assert results["anna"].result == "39.00"  # 90 - 1 - half of 100
    assert "holds 0" in results["carl"].message and "cannot be read" in results["eve"].message
    assert "(hint: enter the acquisition" in results["carl"].message
    assert not (folder / "results" / "carl" / DONE).exists()


def test_forms_of_one_coin_under_two_names_are_not_made(folder):
    """A form of each would stand beside a proof that says something else."""
    path = folder / "c1.csv"
    path.write_text(path.read_text() + "2025-03-05T12:00:00Z,a,9,buy,XBT,1,100,,,\n")
    found = run(jobs_of(folder))["anna"]
    assert found.status == "failed"
    assert '"XBT" is another name of "BTC", which the file has too' in found.message
    assert not (folder / "results" / "anna" / "form8949.csv").exists()


@pytest.mark.usefixtures("quick")
def test_only_what_changed_is_done_again(folder):
    first = run(jobs_of(folder))
    (folder / "c2.csv").write_text(HEADER + BOOK.format(85).strip() + "\n")
    (folder / "results" / "dora" / "form8949.csv").write_text("touched")
    second = run(jobs_of(folder))
    assert second["anna"].status == "unchanged" and second["anna"].result == first["anna"].result
    assert second["bob"].status == "done" and second["bob"].result == "34.00"
    assert second["dora"].status == "done"  # a file of its results was changed
    assert "line 2" in (folder / "results" / "dora" / "form8949.csv").read_text()
    third = run(jobs_of(folder, settings=(("x", "y"),)))
    assert third["anna"].status == "done"


@pytest.mark.usefixtures("quick")
def test_an_unfinished_client_is_done_again(folder, monkeypatch):
    def stop(job, place):
        (place / "form8949.csv").write_text("half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setitem(batch_tasks.TASKS, "report", stop)
        run_job(jobs_of(folder)[0])
    assert not (folder / "results" / "anna" / DONE).exists()
    assert run_job(jobs_of(folder)[0]).status == "done"


def test_a_bug_does_not_show_amounts(folder, monkeypatch):
    def broken(job, place):
        raise ValueError("12345.67 USD")

    monkeypatch.setitem(batch_tasks.TASKS, "report", broken)
    assert run_job(jobs_of(folder)[0]).message == "internal error: ValueError"


@pytest.mark.usefixtures("quick")
def test_a_worker_that_dies_takes_nobody_with_it(folder):
    """Once is bad luck and is tried again; twice is the client's own."""
    results = run(jobs_of(folder), InLine({"anna": 1, "dora": 9}), workers=3)
    assert results["anna"].status == "done" and results["bob"].status == "done"
    assert results["dora"].status == "failed" and results["dora"].message == "the worker ended"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_how_a_worker_died_is_said(folder, monkeypatch):
    ends = {
        "bob": lambda: os._exit(7),
        "dora": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "eve": lambda: os.kill(os.getpid(), signal.SIGUSR1),
    }

    def deadly(job, _place):
        time.sleep(0.3)  # of a worker that is gone before its parent has seen it nobody knows how it ended
        ends.get(job.client.name, int)()
        return "well"

    monkeypatch.setitem(batch_tasks.TASKS, "report", deadly)
    (folder / "none.csv").write_text(HEADER)
    context = get_context("fork")
    done = run_batch(
        jobs_of(folder), lambda: ProcessPoolExecutor(1, mp_context=context), workers=1, progress=lambda *_: None
    )
    assert [(one.client, one.result or one.message) for one in done] == [
        ("anna", "well"),
        ("bob", "the worker ended with exit code 7"),
        ("carl", "well"),
        ("dora", "the worker was ended by SIGKILL, most likely for want of memory"),
        ("eve", "the worker was ended by SIGUSR1"),
    ]


@pytest.mark.usefixtures("quick")
def test_a_pool_that_breaks_before_it_is_given_a_job_loses_none(folder):
    class Broken(InLine):
        calls = 0

        def submit(self, work, job):
            Broken.calls += 1
            if Broken.calls == 2:
                raise BrokenProcessPool
            return super().submit(work, job)

    assert run(jobs_of(folder), Broken(), workers=3).keys() == {"anna", "bob", "carl", "dora", "eve"}
    assert Broken.calls >= 6


@pytest.mark.usefixtures("quick")
def test_a_client_that_a_cluster_gives_up_stops_nobody(folder):
    class Killed(InLine):
        def submit(self, work, job):
            future = super().submit(work, job)
            if job.client.name == "bob":
                future = Future()
                future.set_exception(KeyError("KilledWorker"))
            return future

    results = run(jobs_of(folder), Killed())
    assert results["bob"].status == "failed" and "the cluster gave it up" in results["bob"].message
    assert results["dora"].status == "done"


def test_a_start_script_without_a_main_guard_is_told_so(folder):
    """Every worker reads the script again and would begin the batch once more, which multiprocessing refuses."""
    script = folder / "start.py"
    words = ["batch", "report", str(folder), "--year", "2025"]
    script.write_text(f"import sys\nfrom zkharvest.cli import main\n\nsys.exit(main({words}))\n")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 2
    assert "the workers cannot start" in run.stderr and "if __name__ == '__main__'" in run.stderr
    assert "memory" not in run.stderr and "bug" not in run.stderr


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_workers_end_with_a_batch_that_is_killed(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import os\nfrom zkharvest.desk.workers import local_pool\n\nif __name__ == '__main__':\n"
        "    print(local_pool(1)().submit(os.getpid).result(), flush=True)\n    input()\n"
    )
    with subprocess.Popen([sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        worker = int(run.stdout.readline())
        run.kill()
    for _ in range(600):
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the worker lives on")


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("", "clients.csv", "is empty"),
        ("client\nx\n", "clients.csv:1", "column trades is missing"),
        ("client,trades,colour\n", "clients.csv:1", '"colour" is not a column'),
        ("client,trades\n", "clients.csv", "names no client"),
        ("client,trades\n../x,a.csv\n", "clients.csv:2:client", "cannot name a folder"),
        ("client,trades\n.x,a.csv\n", "clients.csv:2:client", "cannot name a folder"),
        ("client,trades\nx,a.csv\nX,b.csv\n", "clients.csv:3:client", "stands in line 2 too"),
        ("client,trades\nx,\n", "clients.csv:2:trades", "is empty"),
        ("client,trades,year\nx,a.csv,last\n", "clients.csv:2:year", "not a year"),
        ("client,trades,year\nx,a.csv,1066\n", "clients.csv:2", "outside"),
        ("client,trades,method\nx,a.csv,best\n", "clients.csv:2:method", "not known"),
        ("client,trades,timezone\nx,a.csv,Mars\n", "clients.csv:2", "time zone"),
        ("client,trades\nx\n", "clients.csv:2", "has 1 cells"),
    ],
)
def test_what_is_wrong_with_the_list(tmp_path, text, where, message):
    path = tmp_path / "clients.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_clients(path, tmp_path, DEFAULT)
    assert any(one.where.endswith(where) and message in one.message for one in caught.value.problems)


def test_rows_and_defaults(folder):
    (folder / "clients.csv").write_text("client,trades,method,year\nx,a.csv,,\ny,b.csv,specific,2024\n")
    x, y = read_clients(folder / "clients.csv", folder, DEFAULT)
    assert (x.election.method, x.election.year) == ("fifo", 2025)
    assert (y.election.method, y.election.year) == ("specific", 2024)
    assert x.trades == str(folder / "a.csv")


def test_the_command_on_two_cores(folder, capsys):
    """Real processes: progress, summary, exit code 1 while a client fails; then nothing is left to do."""
    words = ["batch", "report", str(folder), "--year", "2025", "--timezone", "UTC", "--jobs", "2"]
    assert main([*words, "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["done"], shown["failed"]) == (3, 2)
    assert all(int(one["memory_mb"]) > 20 for one in shown["clients"] if one["status"] == "done")
    assert {path.name for path in (folder / "results" / "anna").iterdir()} == {
        "form8949.csv", "form8949.pdf", "scheduled.pdf", "income.csv", "trades.txf", "report.html", "report.json", DONE,
    }  # fmt: skip
    summary = (folder / "results" / "summary.csv").read_text().splitlines()
    assert len(summary) == 6 and summary[0] == ",".join(batch.COLUMNS)
    (folder / "clients.csv").write_text("client,trades,method\nanna,c1.csv,\nbob,c2.csv,hifo\n")
    assert main(words) == 0
    assert "0 done, 2 unchanged, 0 failed" in capsys.readouterr().out


def test_wrong_words(folder, capsys):
    assert main(["batch", "report", str(folder / "none"), "--year", "2025"]) == 2
    assert main(["batch", "report", str(folder)]) == 1  # no year anywhere
    assert "give it here, or as --year" in capsys.readouterr().err
    assert main(["batch", "report", str(folder), "--year", "2025", "--jobs", "2", "--scheduler", "tcp://x"]) == 2


@pytest.mark.audit
@pytest.mark.usefixtures("cheap_scrypt")
def test_proofs_of_two_clients(folder):
    """Pages are made once and kept; a proof is verified before it is written; the next year goes on from it."""
    (folder / "clients.csv").write_text("client,trades,currency\nanna,c1.csv,USD\nbob,c2.csv,USD\n")
    jobs = [replace(job, passphrase="a b c") for job in jobs_of(folder, "prove", (("size", "test"),))]
    first = run(jobs)
    assert {one.status for one in first.values()} == {"done"}, first
    anna = folder / "results" / "anna"
    made = {path.name: path.read_bytes() for path in anna.iterdir()}
    assert set(made) == {
        *("a-own-0000.zkp", "a-own-0000.zko", "seed", "book.csv", "pages.json"),
        *("2025.zkh", "2025.zks", DONE),
    }
    assert run(jobs)["anna"].status == "unchanged"
    other = (("size", "test"), ("audience", "bank"))
    wrong = run([replace(job, passphrase="x", settings=other) for job in jobs])
    assert "passphrase" in wrong["anna"].message and wrong["anna"].status == "failed"
    again = run([replace(job, settings=other) for job in jobs])
    assert again["anna"].status == "done"
    kept = ("a-own-0000.zkp", "a-own-0000.zko", "seed", "book.csv", "pages.json")
    assert all((anna / name).read_bytes() == made[name] for name in kept)
    later = "2026-02-05T12:00:00Z,a,4,sell,BTC,0.25,50,1,,\n"
    (folder / "c1.csv").write_text((folder / "c1.csv").read_text() + later)
    next_year = [
        replace(job, client=replace(job.client, election=replace(job.client.election, year=2026))) for job in jobs
    ]
    assert run(next_year)["anna"].status == "done"
    packages = [(anna / f"{year}.zkh").read_bytes() for year in (2025, 2026)]
    pages = json.loads((anna / "pages.json").read_text())
    assert verify_chain(packages, first=True, pages=pages, allow_test_preset=True)
    (folder / "c1.csv").write_text(HEADER + BOOK.format(60).strip() + "\n")
    assert "holds other records" in run(jobs)["anna"].message


@pytest.mark.slow
@pytest.mark.usefixtures("cheap_scrypt")
def test_a_client_with_pages_of_its_own(folder):
    """The folder that `commit` made is gone on with; another file in its place, or an empty folder, is named."""
    words = ["commit", str(folder / "c1.csv"), "-o", str(folder / "mine"), "--currency", "USD", "--no-passphrase"]
    assert main(["-q", *words, "--timezone", "UTC"]) == 0
    (folder / "none").mkdir()
    rows = ("anna,c1.csv,USD,mine", "bob,c2.csv,USD,none", "dora,c3.csv,USD,c3.csv")
    (folder / "clients.csv").write_text("\n".join(("client,trades,currency,opening", *rows)) + "\n")
    found = run(jobs_of(folder, "prove", (("size", "test"),)))
    assert found["anna"].status == "done", found["anna"]
    assert "no seed of pages" in found["bob"].message
    assert "pages lie in a folder" in found["dora"].message
    data = (folder / "results" / "anna" / "2025.zkh").read_bytes()
    pages = {"a": read_page(folder / "mine" / "a-own-0000.zkp").page}
    assert verify_chain([data], first=True, pages=pages, allow_test_preset=True)
    assert not list((folder / "results" / "anna").glob("*.zko"))


@pytest.mark.slow
def test_on_a_dask_cluster(folder, capsys):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://", host="127.0.0.1", dashboard_address=":0"
    ) as cluster:
        words = ["batch", "report", str(folder), "--year", "2025", "--scheduler", cluster.scheduler_address]
        assert main(words) == 1
    assert "3 done, 0 unchanged, 2 failed" in capsys.readouterr().out
    assert main(["batch", "report", str(folder), "--year", "2025", "--scheduler", "tcp://127.0.0.1:9"]) == 2


def test_a_result_is_plain_data():
    assert Result("x", "done").result == ""
    assert "hunter2" not in repr(Job("prove", None, "x", (), "hunter2"))
