"""A small ledger and its proof under the test preset, made once a run: for tests of what happens around a proof."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from zkharvest.trades.csv_in import trades_from_text
from zkharvest.verifier.chain_package import ChainPackage, decode_chain_package
from zkharvest.verifier.chain_policy import ChainPolicy
from zkharvest.verifier.link import read_link
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.verify_chain import verify_chain
from zkharvest.workflow.links import Proven
from zkharvest.workflow.own_folder import commit_pages, file_of
from zkharvest.workflow.prove_chain import prove_chain

SMALL = """\
time,source,id,kind,asset,quantity,amount,fee,to,lots
2024-01-02T10:00:00Z,kraken:main,a1,buy,BTC,1.5,60000,10,,
2024-05-02T10:00:00Z,coinbase:main,c1,buy,ETH,10,30000,5,,
2024-09-02T10:00:00Z,kraken:main,a3,transfer,BTC,0.25,,,coinbase:main,
2025-03-02T10:00:00Z,kraken:main,a2,sell,BTC,0.5,18000,4,,
2025-06-02T10:00:00Z,coinbase:main,c2,sell,ETH,4,9000,3,,
"""
YEAR, METHOD, NONCE, AUDIENCE = 2025, "hifo", bytes(range(16)), "the tax office"


@cache
def small_pages():
    return commit_pages(trades_from_text(SMALL, "small.csv"), currency="USD")


@cache
def small_chain():
    """A package of one link, and what it carries out."""
    of = {"year": YEAR, "method": METHOD, "nonce": NONCE, "audience": AUDIENCE}
    return prove_chain(small_pages(), first=True, preset="test", **of)


def small_proven():
    """The same as `workflow.links` returns it, for the command that is not to prove."""
    return Proven(decode_chain_package(small_chain().package), small_chain().carried_out)


def small_ids():
    """The id of each wallet's page, in hex, as `commit` prints them."""
    return {one.header.source: one.header.page_id.hex() for one in small_pages().openings}


def page_file(folder, source, end="zkp"):
    """The file of a wallet's page in a folder that `write_pages` wrote, or of its opening (`zko`)."""
    (header,) = (one.header for one in small_pages().openings if one.header.source == source)
    return str(file_of(Path(folder), header, end))


def expected(*sources):
    """The options of `verify` under which `small_chain` is verified: of these wallets' pages, or of all."""
    ids = small_ids()
    return ["--first", *(word for source in sources or ids for word in ("--page", f"{source}={ids[source]}"))]


def allow_test_preset(monkeypatch):
    """Real policy refuses the test preset; for tests of everything else that `verify` does."""
    monkeypatch.setattr(
        "zkharvest.verifier.verify_chain.verify_chain",
        lambda data, policy, *rest: verify_chain(data, replace(policy, allow_test_preset=True), *rest),
    )


def small_part():
    """The link of `small_chain`."""
    (part,) = decode_chain_package(small_chain().package).parts
    return part


def packed(part=None, **changes):
    """A package of the link with other parts: `statement`, `preset`, `log_rows`, `proof`."""
    return ChainPackage((replace(part or small_part(), **changes),)).encode()


def chain_by_itself(data, **policy):
    """The verdict on a first link under the ids of its own pages: accepted if only the caller's knowledge is missing.

    `policy`: what else is expected; proofs under the test parameters are taken.
    """
    pages: dict[str, list[bytes]] = {}
    try:
        for part in decode_chain_package(data).parts:
            for page in read_link(part.statement).statement.pages:
                pages.setdefault(page.header.source, []).append(page.header.page_id)
    except Reject:
        pages = {}
    wanted = {"first": True, "allow_test_preset": True, "pages": {name: tuple(ids) for name, ids in pages.items()}}
    return verify_chain([data], ChainPolicy(**{**wanted, **policy}))
