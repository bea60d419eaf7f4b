"""A small ledger and its proof under the test preset, made once a run: for tests of what happens around a proof."""

from functools import cache

from zkharvest.commitment.opening import commit
from zkharvest.trades.csv_in import trades_from_text
from zkharvest.workflow.own_folder import commit_pages
from zkharvest.workflow.prove import prove
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
def small_opening():
    return commit(trades_from_text(SMALL, "small.csv"), currency="USD")


@cache
def small_pages():
    return commit_pages(trades_from_text(SMALL, "small.csv"), currency="USD")


@cache
def small_chain():
    """A package of one link, and what it carries out."""
    return prove_chain(small_pages(), year=YEAR, method=METHOD, first=True, preset="test")


@cache
def small_package():
    return prove(small_opening(), year=YEAR, method=METHOD, preset="test", nonce=NONCE, audience=AUDIENCE)
