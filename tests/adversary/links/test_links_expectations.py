"""What an auditor expects holds of the whole year and of every account, not of the last link or the last page alone.

Each of these was accepted once: an attack by somebody who knew none of the reasoning. Both verifiers say the same.
"""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.adversary.links import scenes
from tests.adversary.links.forgery import judged, package, tell
from tests.models.lot_machine_v2.histories import at
from tests.models.lot_machine_v2.words import Page
from zkharvest.ledger import calendar as days
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verifier.figures import Key
from zkharvest.verifier.link import read_link
from zkharvest.workflow import links
from zkharvest.workflow.own_folder import commit_pages
from zkharvest.workflow.prove_chain import prove_chain
from zkharvest.workflow.verify_chain import verify_chain

WEB = Path(__file__).resolve().parents[3] / "web" / "main.mjs"
HEAD = "time,source,id,kind,asset,quantity,amount,fee,to,lots,currency\n"
NEW_YORK = "America/New_York"


def owned(*rows):
    return commit_pages(trades_from_text(HEAD + "".join(f"{row}\n" for row in rows), "t.csv"))


def proven(own, year, zone=NEW_YORK, **going_on):
    return prove_chain(own, year=year, method="fifo", timezone=zone, preset="test", **going_on)


def verdicts(packages, own, tmp_path, **expected):
    """The verdict of the program, and what the second verifier says where there is node."""
    found = verify_chain(packages, pages=own.pages, allow_test_preset=True, **expected)
    if shutil.which("node"):
        policy = {"schema": "zkharvest/chain-policy/1", "allow_test_preset": True}
        policy |= {"pages": {source: page.hex() for source, page in own.pages.items()}}
        policy |= {name: value.hex() if isinstance(value, bytes) else value for name, value in expected.items()}
        files = [tmp_path / f"{place}.zkh" for place in range(len(packages))]
        for file, data in zip(files, packages, strict=True):
            file.write_bytes(data)
        (tmp_path / "p.json").write_text(json.dumps(policy))
        done = subprocess.run(["node", WEB, *files, tmp_path / "p.json"], capture_output=True, text=True)
        assert done.stdout.split() == [found.verdict, *([found.reason] if found.reason else [])]
    return found


@pytest.mark.parametrize(("zone", "reason"), [(NEW_YORK, ""), ("Pacific/Honolulu", "policy/coverage")])
def test_hours_between_two_time_zones_do_not_leave_a_year_unseen(tmp_path, zone, reason):
    """A sale an hour after New York's new year is in Honolulu's year before: 2025 begins five hours late."""
    own = owned(
        "2024-02-14T17:00:00Z,kraken,T1,buy,BTC,2,40000,0,,,USD",
        "2025-01-01T06:00:00Z,kraken,T2,sell,BTC,1,900000,0,,,USD",
    )
    first = proven(own, 2024, zone, first=True)
    second = proven(own, 2025, carry_in=first.carried_out)
    expected = {"year": 2025, "timezone": NEW_YORK}
    for chain, begin in (
        ([first.package, second.package], {"first": True}),
        ([second.package], {"standing": first.carried_out.standing.name}),
    ):
        found = verdicts(chain, own, tmp_path, **begin, **expected)
        assert (found.verdict, found.reason) == ("undecided" if reason else "accepted", reason)
        assert not reason or "Pacific/Honolulu" in found.detail


def test_days_ahead_that_a_later_link_contradicts_are_undecided(tmp_path, monkeypatch):
    """2024 states the summer's offset for January 2025, so that a lot is long half an hour early."""
    own = owned(
        "2024-01-14T17:00:00Z,kraken,T1,buy,BTC,1,20000,0,,,USD",
        "2024-07-01T17:00:00Z,kraken,T2,buy,ETH,1,2000,0,,,USD",
        "2025-01-15T04:30:00Z,kraken,T3,sell,BTC,1,90000,0,,,USD",
    )
    true = days._first_instants

    def lying(zone):
        honest = true(zone)

        def first(day):
            summer = int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp()) * 1000
            return summer if day > date(2025, 1, 1) else honest(day)

        return first

    with monkeypatch.context() as patch:
        patch.setattr(days, "_first_instants", lying)
        first = proven(own, 2024, first=True)
    second = proven(own, 2025, carry_in=first.carried_out)
    found = verdicts([first.package, second.package], own, tmp_path, first=True, timezone=NEW_YORK)
    assert (found.verdict, found.reason) == ("undecided", "statement/unknown-zone")
    earlier = owned("2024-01-14T17:00:00Z,kraken,T1,buy,BTC,1,20000,0,,,USD")
    with monkeypatch.context() as patch:
        patch.setattr(days, "_first_instants", lying)
        alone = verdicts([proven(earlier, 2024, first=True).package], earlier, tmp_path, first=True)
    assert alone.accepted  # a reform that came after the package looks the same
    assert any("become long term" in line for line in alone.not_shown)


def test_a_method_is_that_of_every_link_of_the_year():
    end = at(2025) - 1
    story = scenes.pages(*scenes.story())
    before = scenes.linked(story, scenes.moves(), end=end, method="hifo")
    whole = tell(before, of=2)
    rest = scenes.linked(story, scenes.moves(), opening=before.closing, start=end, method="fifo")
    told = tell(rest, whole, place=1, of=2)
    ids = {page.header.source: page.header.page_id for page in read_link(told.part.statement).statement.pages}
    for method in ("fifo", "hifo"):
        found = judged(package(whole, told), pages=ids, method=method, year=2024)
        assert [finding.reason.value for finding in found.findings] == ["policy/method"]


def test_a_page_later_than_the_one_expected_is_not_another_source():
    """The expected page is the last in the standing carried in; the account's new page is made up."""
    one = scenes.one()
    a, b = scenes.first().pages
    two = scenes.later(
        (Page("A", "A-1", 1, at(2025), at(2026), (), a.id), Page("B", "B-1", 1, at(2025), at(2026), (), b.id))
    )
    link = read_link(one.part.statement)
    expected = {page.header.source: page.header.page_id for page in link.statement.pages}
    begin = {"first": False, "standing": link.closing.name, "allow_other_sources": True}
    found = judged(package(two), pages=expected, **begin)
    assert (found.verdict, found.reason) == ("undecided", "policy/later-pages")
    assert {one.status for one in found.accounts} == {"later"}


def test_figures_that_a_statement_leaves_out_are_named(monkeypatch):
    """A loss without the gain beside it: what is not said may be anything."""
    own = owned(
        "2024-01-14T17:00:00Z,kraken,T1,buy,BTC,1,20000,0,,,USD",
        "2024-02-14T17:00:00Z,kraken,T2,buy,ETH,1,20000,0,,,USD",
        "2024-06-15T04:30:00Z,kraken,T3,sell,BTC,1,900000,0,,,USD",
        "2024-06-15T04:30:01Z,kraken,T4,sell,ETH,1,1000,0,,,USD",
    )
    honest = verify_chain([proven(own, 2024, first=True).package], first=True, pages=own.pages, allow_test_preset=True)
    assert honest and not [line for line in honest.not_shown if "does not say" in line]
    monkeypatch.setattr(links, "SHOWN", ((Key("L3", term="short", result="loss"), ("units",)),))
    half = proven(own, 2024, first=True)
    found = verify_chain([half.package], first=True, pages=own.pages, allow_test_preset=True)
    (said,) = [line for line in found.not_shown if "does not say" in line]
    assert said.startswith("short.gain, long.gain, long.loss, income, net of 2024: ")
