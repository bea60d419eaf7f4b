"""Prove a tax figure without handing over the trades.

    from zkharvest import Pooling, Method, Election, commit_pages, load_trades, prove_chain, run_ledger, verify_chain

    trades = load_trades("trades.csv")
    own = commit_pages(trades)                                          # own.pages: what an auditor gets
    proof = prove_chain(own, year=2025, method="hifo", first=True)      # proof.package: bytes of a .zkh file
    if verify_chain([proof.package], pages=own.pages, first=True): ...  # a verdict, true only if accepted

Importing this imports none of the heavy libraries; each name loads what it needs when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # what type checkers take for typing's; importing that takes as long as all else here together

__version__ = "0.1.0"

_PLACES = {
    "Pooling": "zkharvest.ledger.rules",
    "InputError": "zkharvest.errors",
    "LedgerRun": "zkharvest.ledger.results",
    "Method": "zkharvest.ledger.rules",
    "Election": "zkharvest.ledger.rules",
    "Trade": "zkharvest.trades.model",
    "UsageError": "zkharvest.errors",
    "load_trades": "zkharvest.trades.csv_in",
    "run_ledger": "zkharvest.ledger.run",
    "Kind": "zkharvest.trades.model",
    "ChainProof": "zkharvest.workflow.prove_chain",
    "OwnPages": "zkharvest.workflow.own_folder",
    "commit_pages": "zkharvest.workflow.own_folder",
    "prove_chain": "zkharvest.workflow.prove_chain",
    "read_pages": "zkharvest.workflow.own_folder",
    "read_standing": "zkharvest.workflow.prove_chain",
    "write_pages": "zkharvest.workflow.own_folder",
    "write_standing": "zkharvest.files.standings",
    "ChainPolicy": "zkharvest.verifier.chain_policy",
    "ChainVerdict": "zkharvest.verifier.chain_verdict",
    "import_exports": "zkharvest.trades.importers",
    "read_chain_policy": "zkharvest.verifier.chain_policy",
    "verify_chain": "zkharvest.workflow.verify_chain",
}

__all__ = [
    "ChainPolicy",
    "ChainProof",
    "ChainVerdict",
    "Election",
    "InputError",
    "Kind",
    "LedgerRun",
    "Method",
    "OwnPages",
    "Pooling",
    "Trade",
    "UsageError",
    "__version__",
    "commit_pages",
    "import_exports",
    "load_trades",
    "prove_chain",
    "read_chain_policy",
    "read_pages",
    "read_standing",
    "run_ledger",
    "verify_chain",
    "write_pages",
    "write_standing",
]

if TYPE_CHECKING:
    from zkharvest.errors import InputError, UsageError
    from zkharvest.files.standings import write_standing
    from zkharvest.ledger.results import LedgerRun
    from zkharvest.ledger.rules import Election, Method, Pooling
    from zkharvest.ledger.run import run_ledger
    from zkharvest.trades.csv_in import load_trades
    from zkharvest.trades.importers import import_exports
    from zkharvest.trades.model import Kind, Trade
    from zkharvest.verifier.chain_policy import ChainPolicy, read_chain_policy
    from zkharvest.verifier.chain_verdict import ChainVerdict
    from zkharvest.workflow.own_folder import OwnPages, commit_pages, read_pages, write_pages
    from zkharvest.workflow.prove_chain import ChainProof, prove_chain, read_standing
    from zkharvest.workflow.verify_chain import verify_chain


def __getattr__(name: str) -> object:
    from zkharvest.lazy import loader

    try:
        return loader(__name__, _PLACES)(name)
    except ModuleNotFoundError as error:
        from zkharvest.extras import missing

        if problem := missing(error):
            raise problem from error
        raise


def __dir__() -> list[str]:
    return sorted(__all__)
