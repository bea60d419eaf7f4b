"""What an auditor names is compared, or the verdict is open; and what he reads has a meaning. By both verifiers.

Attacks of somebody who knew none of the reasoning. The first three were accepted once, by both verifiers or by one; the
others are what a verdict can only say.
"""

from unittest import mock

from tests.adversary.links.own_pages import Y2024, Y2025, Y2026, at, made_up_loss, page, proven, trade, verdict
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.rules import Method, Pooling
from zkharvest.spec import EMPTY_TREE
from zkharvest.verifier.link import read_link
from zkharvest.workflow import histories


def test_a_second_account_of_a_named_source_is_no_other_source(tmp_path):
    """The auditor has the id of one account's page, and lets other sources be: a made-up account stood beside it."""
    true = page("kraken", "K-1", [])
    more = page("kraken", "K-2", made_up_loss())
    wallet = page("ledger", "own", [])
    package = proven(true, more, wallet)
    ids = {"kraken": [true.header.page_id]}
    begin = {"first": True, "allow_other_sources": True}
    found = verdict(package, tmp_path, pages=ids, **begin)
    assert (found.verdict, found.reason) == ("undecided", "policy/source-not-compared")
    assert "kraken/K-2" in found.detail
    assert "ledger" not in found.detail
    named = {"kraken": ["K-1", "K-2"]}
    found = verdict(package, tmp_path, pages={"ledger": wallet.header.page_id}, accounts=named, **begin)
    assert (found.verdict, found.reason) == ("undecided", "policy/source-not-compared")
    both = {"kraken": [true.header.page_id, more.header.page_id]}
    found = verdict(package, tmp_path, pages=both, **begin)
    assert found.accepted
    assert [one.status for one in found.accounts] == ["compared", "compared", "open"]


def test_a_page_of_two_sources_in_a_standing_is_of_both_to_both_verifiers(tmp_path):
    """A forged standing over nothing: two closed accounts, one page. Each verifier took it for the other's."""
    shared, mine = page("old", "O-1", []).header.page_id, page("kraken", "K-1", made_up_loss())

    def forged(statement):
        closed = {"account": "x", "number": 0, "page": shared, "end": Y2025, "open": False, "final": True}
        carried = {
            "v": 2, "instant": Y2025, "currency": "USD", "pooling": "wallet", "timezone": "UTC", "year": 2024,
            "lots": EMPTY_TREE, "sums": EMPTY_TREE, "accounts": [closed | {"source": source} for source in "ab"],
        }  # fmt: skip
        accounts = [{"source": source, "account": "x"} for source in "ab"] + statement["accounts"]
        pages = [{**one, "account": 2} for one in statement["pages"]]
        return {**statement, "carried_in": carried, "accounts": accounts, "pages": pages}

    package = proven(mine, say=forged)
    name = read_link(package.parts[0].statement).opening.name
    for source, came in (("a", "accepted"), ("b", "accepted"), ("kraken", "rejected")):
        expected = {"kraken": [mine.header.page_id]}
        expected.setdefault(source, []).append(shared)
        assert verdict(package, tmp_path, pages=expected, standing=name).verdict == came
        open_ = verdict(package, tmp_path, pages=expected)
        assert open_.reason == ("policy/page" if source == "kraken" else "policy/history")
    assert verdict(package, tmp_path, pages={"a": shared}, first=True).reason == "policy/standing"


def test_a_link_without_a_tax_year_has_no_figures(tmp_path):
    """Nothing of it is counted, so that its sums are 0: they stood in the verdict as if nothing had been gained."""
    mine = page("kraken", "K-1", [trade(at(2025, 2, 1), 10), trade(at(2025, 3, 1), 500_000, sold=True)])
    far = Window(Y2025, Y2026, 2080, Method.FIFO, Pooling.WALLET, "UTC")
    with mock.patch.object(histories, "windows_of", lambda *_: [far]):
        package = proven(mine, say=lambda statement: {**statement, "year": None})
    found = verdict(package, tmp_path, pages={"kraken": mine.header.page_id}, first=True)
    assert found.accepted
    (year,) = found.to_json()["chain"]["years"]
    assert (year["year"], year["totals"]) == (None, {})
    assert any("history" in line and "2025-01-01" in line for line in found.not_shown)
    assert verdict(package, tmp_path, pages={"kraken": mine.header.page_id}, first=True, year=2025).reason == (
        "policy/year"
    )


def test_a_method_that_changes_in_history_is_said_so(tmp_path):
    mine = page("kraken", "K-1", [trade(at(2025, 2, 1), 10)], start=Y2024)
    windows = [
        Window(Y2024, Y2025, 2080, Method.FIFO, Pooling.WALLET, "UTC"),
        Window(Y2025, Y2026, 2081, Method.HIFO, Pooling.WALLET, "UTC"),
    ]
    with mock.patch.object(histories, "windows_of", lambda *_: windows):
        package = proven(mine, say=lambda statement: {**statement, "year": None})
    found = verdict(package, tmp_path, pages={"kraken": mine.header.page_id}, first=True)
    assert found.accepted
    assert any(note.startswith("the lot method changes within history: fifo, then hifo") for note in found.notes)


def test_the_test_set_is_said_where_a_policy_takes_it(tmp_path):
    mine = page("kraken", "K-1", [])
    found = verdict(proven(mine), tmp_path, pages={"kraken": mine.header.page_id}, first=True)
    assert found.accepted
    assert found.not_shown[0].startswith("anything: ")


def test_two_accounts_do_not_read_alike(tmp_path):
    """A stroke in a name is not the one between source and account."""
    one, two, known = page("kraken", "K/1", []), page("kraken/K", "1", []), page("x", "y", [])
    found = verdict(proven(one, two, known), tmp_path, first=True, pages={"x": known.header.page_id})
    assert found.reason == "policy/source-not-compared"
    assert found.detail.startswith('kraken/"K/1", "kraken/K"/1: ')
