"""Every known format, and the choice among them."""

from __future__ import annotations

from difflib import get_close_matches

from zkharvest.errors import UsageError
from zkharvest.trades.importers import binance, bitstamp, coinbase, coinbase_advanced, deribit, gemini, kraken
from zkharvest.trades.importers.table import Format

FORMATS: tuple[Format, ...] = (
    *coinbase.FORMATS,
    *coinbase_advanced.FORMATS,
    *kraken.FORMATS,
    *binance.FORMATS,
    *gemini.FORMATS,
    *bitstamp.FORMATS,
    *deribit.FORMATS,
)

NAMES = tuple(dict.fromkeys(form.name for form in FORMATS))


def formats(name: str | None) -> tuple[Format, ...]:
    """The formats called `name` (`kraken-ledgers`, or an exchange: `kraken`); all if None. Raises `UsageError`."""
    if name is None:
        return FORMATS
    chosen = tuple(form for form in FORMATS if name in (form.name, form.source))
    if not chosen:
        near = get_close_matches(name, NAMES, 1)
        hint = f"did you mean {near[0]}?" if near else f"known formats: {', '.join(NAMES)}"
        raise UsageError(f"{name!r} is not a known format", hint)
    return chosen
