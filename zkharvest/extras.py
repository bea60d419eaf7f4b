"""The optional parts of the installation: which library belongs to which extra, and what to say where it is missing.

`pip install zkharvest` is what an auditor needs: it verifies, signs, reads trades and runs the ledger. What loads
slowly or is large comes with an extra, is imported where it is used, and its absence is an error that names the extra.
"""

from __future__ import annotations

from zkharvest.errors import UsageError

EXTRAS = {
    "QuantLib": "harvest",
    "arch": "garch",
    "ccxt": "live",
    "dask": "dask",
    "distributed": "dask",
    "fpdf": "desk",
    "galois": "prove",
    "jinja2": "desk",
    "llvmlite": "prove",
    "matplotlib": "desk",
    "numba": "prove",
    "numpy": "prove",
    "pypdf": "desk",
    "scipy": "harvest",
    "segno": "qr",
}
"""Module -> extra (`optional-dependencies` in pyproject.toml)."""


def missing(error: ModuleNotFoundError) -> UsageError | None:
    """What to tell a person for a module that is not there; None if it is not one of an extra."""
    module = (error.name or "").partition(".")[0]
    extra = EXTRAS.get(module)
    if extra is None:
        return None
    message = f"this needs {module}, which is not installed: it comes with the extra '{extra}'"
    return UsageError(message, f"pip install 'zkharvest[{extra}]'")
