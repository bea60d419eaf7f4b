"""What a verdict says in words: the second verifier's page tells a reader the same as `zkharvest verify`.

Each chain here was verified once without a word of what an auditor would have asked.
"""

import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from tests.fuzz.chain_bases import ROOT as VECTORS
from zkharvest.commitment.assets import load_assets
from zkharvest.conformance.kinds.packages import judge, written
from zkharvest.files.book import parse_book
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.workflow import links
from zkharvest.workflow.pages import Period, make_pages
from zkharvest.workflow.prove_chain import prove_chain

WEB = Path(__file__).resolve().parents[3] / "web"
HEAD = "time,source,id,kind,asset,quantity,amount,category\n"
PLACE = "source,account,page,position,kind,value,day\n"
SCRIPT = """
import { readFileSync } from 'node:fs';
const [jobs, web] = process.argv.slice(-2);
const { judge } = await import(`${web}/verify.mjs`);
const { circuitFile } = await import(`${web}/node.mjs`);
const { notes, notShown } = await import(`${web}/page/words.mjs`);
const found = JSON.parse(readFileSync(jobs, 'utf8')).map(({ packages, policy }) => {
  const data = packages.map((one) => new Uint8Array(Buffer.from(one, 'hex')));
  const { verdict, chain } = judge(data, JSON.stringify(policy), circuitFile);
  return { verdict, notes: chain ? notes(chain.links) : [], notShown: chain ? notShown(chain) : [] };
});
console.log(JSON.stringify(found));
"""


def at(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=UTC).timestamp() * 1000)


def page(source, rows, begin, end, *, before=None, final=False):
    """The opening of an account's page; each row is `day kind asset quantity amount category`."""
    cells = (row.split(" ") for row in rows)
    text = "".join(
        f"{day}T12:00:00Z,x,T{n},{','.join(rest)}{',' * (5 - len(rest))}\n" for n, (day, *rest) in enumerate(cells)
    )
    trades = trades_from_text(HEAD + text, "t.csv") if rows else []
    period = Period(source, at(begin), at(end), "USD", final)
    header = before.header if before is not None else None
    (made,) = make_pages({"x": trades}, period, bytes(32), load_assets(), {"x": header}.get)
    return made.opening


def late_and_closed():
    """An account that begins in the year, one that is closed in it, deposits declared as income, gifts, payments."""
    closed = page("own(1)", ["2024-02-01 buy BTC 1 90000"], "2024-01-01", "2025-07-01", final=True)
    late = page("kraken", ["2025-09-02 buy ETH 1 4000"], "2025-09-01", "2026-02-01")
    rows = ["2025-01-02 deposit ETH 2", "2025-09-02 withdraw ETH 1  gift", "2025-09-03 withdraw ETH 0.5  payment"]
    return [closed, late, page("node", rows, "2025-01-01", "2026-02-01")]


def with_other_days(given, options):
    """Summer is said to begin in February a year ahead: a lot of this February would be long term an hour early."""
    honest = links._Maker._statement

    def lying(*made):
        statement = honest(*made)
        days = statement["calendar"]
        listed = [run for run in days["offsets"] if run[0] <= days["days"]]
        ahead = [days["days"] + 45, -4 * 3600]
        return {**statement, "calendar": {**days, "offsets": [*listed, ahead]}}

    with mock.patch.object(links._Maker, "_statement", lying):
        return prove_chain(given, **options).package


def chains():
    """Packages, what is expected of them, and a word that the reader is told."""
    given = late_and_closed()
    ids = {one.header.source: one.header.page_id.hex() for one in given}
    book = parse_book(PLACE + "node,x,0,0,income,700,2025-01-02\n", "book.csv")
    options = {"year": 2025, "method": "fifo", "first": True, "book": book, "preset": "test"}
    alone = [prove_chain(given, **options).package]
    expected = {"first": True, "pages": ids}
    yield alone, expected, '"own(1)"/x from 2025-07-01 00:00 UTC on: its pages end there'
    yield alone, expected, "kraken/x before 2025-09-01 00:00 UTC"
    yield alone, expected, "1 deposit is declared as income"
    yield alone, expected, "the basis that the taxpayer declared comes to 700.00"
    keyed = {**expected, "source_keys": {"kraken": ["11" * 32]}}
    yield alone, keyed, "their source stands behind the newest pages of kraken/x: an expected key of it has not signed"
    yield alone, {"pages": {"kraken": ids["kraken"]}}, "worked by FIFO"
    yield [prove_chain(given, **{**options, "pooling": "universal"}).package], expected, "are one pool in 2025"
    held, sold = ["2024-02-01 buy BTC 1 90000"], ["2025-02-01 sell BTC 1 50000", "2025-12-30 buy BTC 1 60000"]
    given = [page(name, rows, "2024-01-01", "2026-02-01") for name, rows in (("own", held), ("kraken", sold))]
    pool = {**options, "pooling": "universal", "book": None}
    never_there = prove_chain(given, **pool).package  # a loss of 40,000 on what lies at the other account
    limits = {f"max_{name}": 0 for name in ("declared", "unexplained", "gone", "by_window", "in_transit")}
    pages = {one.header.source: one.header.page_id.hex() for one in given}
    yield [never_there], {"first": True, "pages": pages, **limits}, "that an account held what it sold or sent"
    given = late_and_closed()
    yield [prove_chain(given, **options, audience="you").package], expected, "its context was not compared"
    for words in ("some day after 2025-12-31 begins when it does not in America/New_York", "for the days ahead"):
        yield [with_other_days(given, options)], expected, words
    first = page("own", ["2024-02-01 buy BTC 2 90000"], "2024-01-01", "2025-02-01")
    second = page("own", ["2025-06-01 sell BTC 1 50000"], "2025-02-01", "2026-02-01", before=first)
    options = {"year": 2024, "method": "hifo", "preset": "test"}
    gone = page("gone", [], "2024-01-01", "2024-07-01", final=True)
    one = prove_chain([first, gone], **options, first=True)
    more = {**options, "year": 2025, "method": "fifo", "timezone": "America/Panama"}
    two = prove_chain([first, gone, second], **more, carry_in=one.carried_out).package
    pages = {"pages": {"own": second.header.page_id.hex(), "gone": gone.header.page_id.hex()}}
    yield [one.package, two], {"first": True, **pages}, "America/New_York, then America/Panama"
    later = {"standing": one.carried_out.standing.name.hex(), **pages}
    yield [two], later, "no counter here has what was declared"
    yield [two], later, "what happened in gone/x from 2024-07-01 00:00 UTC on: its pages end there"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_both_verifiers_tell_a_reader_the_same(tmp_path):
    cases = list(chains())
    jobs = []
    for packages, expected, words in cases:
        policy = {"schema": "zkharvest/chain-policy/1", "allow_test_preset": True, **expected}
        found = judge(packages, policy)
        assert found.chain is not None, found.findings
        assert any(words in line for line in (*found.notes, *found.not_shown)), words
        jobs.append((packages, policy, found))
    accepted = [(data, said["policy"]) for _, data, said in written(VECTORS) if said["verdict"] == "accepted"]
    jobs += [(data, policy, judge(data, policy)) for data, policy in accepted[:4]]
    if not shutil.which("node"):
        return
    told = [{"packages": [one.hex() for one in data], "policy": policy} for data, policy, _ in jobs]
    (tmp_path / "jobs.json").write_text(json.dumps(told))
    command = ["node", "--input-type=module", "-e", SCRIPT, "--", tmp_path / "jobs.json", WEB]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for (_, _, ours), theirs in zip(jobs, json.loads(done.stdout), strict=True):
        assert theirs == {
            "verdict": ours.verdict, "notes": list(ours.notes), "notShown": list(ours.not_shown)
        }  # fmt: skip
