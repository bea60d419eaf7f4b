"""Pages of one's own, a package that a liar proves of them, and the verdict of both verifiers on it."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest import mock

from tests.adversary.kit.lenient import counting_what_is_in_range
from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind
from zkharvest.commitment.pages import page_key, page_roots
from zkharvest.files.book import EMPTY
from zkharvest.files.page_files import PageOpening
from zkharvest.ledger.history import records
from zkharvest.ledger.rules import Election, Method, Pooling
from zkharvest.prover import stark
from zkharvest.sign.keys import PrivateKey, Scheme
from zkharvest.sign.pages import sign_page
from zkharvest.verifier.chain_package import ChainPackage, PageAttestation
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


def withdrawal(time):
    """One coin is sent."""
    return PageRecord(Flag.MOVES, RecordKind.MOVE, time, COIN, 0, BTC, 0, "r-1")


def arrival(time):
    """The same coin arrives."""
    return replace(withdrawal(time), flags=Flag.MOVES | Flag.INWARD)


def made_up_loss():
    return [trade(at(2025, 2, 1), 500_000), trade(at(2025, 3, 1), 10, sold=True)]


def page(source, account, held, start=Y2025, end=Y2026, *, number=0, before=None, final=False):
    key = page_key(bytes(32), source, account, number, held)
    root = page_roots([(held, key)])[0]
    prev = before.header.page_id if before else None
    header = PageHeader(source, account, number, start, end, "USD", root, final, None, prev)
    return PageOpening(header, key, tuple(held))


def proven(*pages, say=lambda statement: statement, verify=True, year=2025, zone="UTC"):
    """A year of these pages, proven with whatever the liar makes of the statement."""
    honest = links._Maker._statement
    election = Election(Method.FIFO, Pooling.WALLET, zone, year)
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


def forged(*pages, **how):
    """A package of pages whose records may be of any time, with the best proof that there is."""
    with (
        mock.patch.object(histories, "make_history", unordered),
        mock.patch.object(stark, "prove_circuit", partial(stark.prove_circuit, allow_invalid=True)),
        counting_what_is_in_range(),
    ):
        return proven(*pages, verify=False, **how)


def unordered(given):
    """A history of pages whose records may be of any time."""
    pages = sorted(given, key=lambda one: (one[0].source, one[0].account, one[0].number))
    held = [tuple(one._replace(page=n) for one in own) for n, (_, own) in enumerate(pages)]
    return records.History(tuple(page for page, _ in pages), tuple(held))
