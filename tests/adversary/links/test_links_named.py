"""What an auditor names is compared, or the verdict is open; and what he reads has a meaning. By both verifiers.

Attacks of somebody who knew none of the reasoning. The first three were accepted once, by both verifiers or by one; the
others are what a verdict can only say.
"""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest import mock

import pytest

from tests.adversary.kit.lenient import counting_what_is_in_range
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_key, page_roots
from zkharvest.files.book import EMPTY
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.history import records
from zkharvest.ledger.history.order import Window
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.prover import stark
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import sign_page
from zkharvest.spec import EMPTY_TREE
from zkharvest.verifier.chain_package import ChainPackage, PageAttestation
from zkharvest.verifier.link import read_link
from zkharvest.verifier.page import PageHeader
from zkharvest.workflow import histories, links
from zkharvest.workflow.verify_chain import verify_chain

WEB = Path(__file__).resolve().parents[3] / "web" / "main.mjs"
BTC, COIN, USD = "slip44:0", 10**18, 10**8
KEY, OTHER = (PrivateKey(Scheme.ED25519, bytes(31) + bytes([n])) for n in (1, 2))


def at(*day):
    return int(datetime(*day, tzinfo=UTC).timestamp()) * 1000


Y2024, Y2025, Y2026 = at(2024, 1, 1), at(2025, 1, 1), at(2026, 1, 1)


def trade(time, amount, *, sold=False):
    flags = Flag.MONEY | (Flag.CLOSES if sold else Flag(0))
    return PageRecord(flags, RecordKind.TRADE, time, COIN, amount * USD, BTC)


def made_up_loss():
    return [trade(at(2025, 2, 1), 500_000), trade(at(2025, 3, 1), 10, sold=True)]


def page(source, account, held, start=Y2025, end=Y2026, *, number=0, before=None, final=False):
    key = page_key(bytes(32), source, account, number, held)
    root = page_roots([(held, key)])[0]
    prev = before.header.page_id if before else None
    header = PageHeader(source, account, number, start, end, "USD", root, final, None, prev)
    return PageOpening(header, key, tuple(held))


def proven(*pages, say=lambda statement: statement, verify=True):
    """2025 of these pages in UTC, proven with whatever the liar makes of the statement."""
    honest = links._Maker._statement
    election = Election(Method.FIFO, Pooling.WALLET, "UTC", 2025)
    with mock.patch.object(links._Maker, "_statement", lambda *given: say(honest(*given))):
        given = [(one.header.label, one) for one in pages]
        return links.prove_links(given, links.Wanted([election], preset="test"), book=EMPTY, verify=verify).package


def signed(package, *signers):
    made = []
    for opening, key in signers:
        one = sign_page(opening.header.page_id, key)
        made.append(PageAttestation(opening.header.page_id, one.scheme, one.key, one.pop, one.signature))
    return replace(package, attestations=tuple(sorted(made)))


def verdict(package: ChainPackage, tmp_path, **expected):
    """The verdict, which is that of the second verifier where there is node."""
    data, expected = package.encode(), {"allow_test_preset": True, **expected}
    found = verify_chain([data], **expected)
    if shutil.which("node"):
        (tmp_path / "a.zkh").write_bytes(data)
        hexed = json.dumps({"schema": "zkharvest/chain-policy/1", **expected}, default=lambda one: one.hex())
        (tmp_path / "p.json").write_text(hexed)
        done = subprocess.run(["node", WEB, tmp_path / "a.zkh", tmp_path / "p.json"], capture_output=True, text=True)
        assert done.stdout.split() == [found.verdict, *([found.reason] if found.reason else [])]
    return found


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


JUNE = at(2025, 6, 30) + 45_296_789
"""Half past twelve of a day, and some."""


def test_a_record_outside_its_page_has_no_proof(tmp_path):
    """A key stolen in June signs trades of November, in a page that ends, and closes the account, in June.

    It was accepted once: a record's time was compared with the window alone.
    """
    late = [trade(at(2025, 11, 1), 500_000), trade(at(2025, 12, 1), 10, sold=True)]
    keys = {"kraken": [
        {"key": KEY.public_bytes().hex(), "last": "2025-06-30"},
        {"key": OTHER.public_bytes().hex(), "first": "2025-07-01"},
    ]}  # fmt: skip
    mine = page("kraken", "K-1", late, end=JUNE, final=True)
    found = verdict(
        signed(forged(mine), (mine, KEY)), tmp_path, source_keys=keys, accounts={"kraken": "K-1"}, first=True
    )
    assert found.reason == "constraints/balance"


@pytest.mark.parametrize(
    ("time", "start", "end"),
    [(JUNE - 1, JUNE, Y2026), (JUNE, Y2025, JUNE), (JUNE - 1, JUNE, JUNE + 1), (Y2025, Y2025 + 1, Y2026)],
)
def test_a_page_ends_and_begins_to_the_millisecond(tmp_path, time, start, end):
    held = [trade(time, 5)]
    mine = page("kraken", "K-1", held, start, end, final=end < Y2026)
    assert (
        verdict(forged(mine), tmp_path, first=True, pages={"kraken": mine.header.page_id}).reason
        == "constraints/balance"
    )


@pytest.mark.parametrize(("start", "end"), [(JUNE, Y2026), (Y2025, JUNE + 1), (JUNE, JUNE + 1)])
def test_the_first_and_the_last_millisecond_are_in_the_page(tmp_path, start, end):
    mine = page("kraken", "K-1", [trade(JUNE, 5)], start, end, final=end < Y2026)
    assert verdict(proven(mine), tmp_path, first=True, pages={"kraken": mine.header.page_id}).accepted


def forged(*pages):
    """A package of pages whose records may be of any time, with the best proof that there is."""
    with (
        mock.patch.object(histories, "make_history", unordered),
        mock.patch.object(stark, "prove_circuit", partial(stark.prove_circuit, allow_invalid=True)),
        counting_what_is_in_range(),
    ):
        return proven(*pages, verify=False)


def unordered(given):
    """A history of pages whose records may be of any time."""
    pages = sorted(given, key=lambda one: (one[0].source, one[0].account, one[0].number))
    held = [tuple(one._replace(page=n) for one in own) for n, (_, own) in enumerate(pages)]
    return records.History(tuple(page for page, _ in pages), tuple(held))


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
