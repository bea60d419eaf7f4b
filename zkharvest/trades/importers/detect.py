"""Every known format, and the choice among them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from zkharvest.errors import UsageError
from zkharvest.trades.importers import (
    binance,
    bitfinex,
    bitstamp,
    coinbase,
    deribit,
    dydx,
    etherscan,
    gemini,
    kraken,
    solana,
)
from zkharvest.trades.importers.mapped import shipped, user_map
from zkharvest.trades.importers.table import Format

FORMATS: tuple[Format, ...] = (
    *coinbase.FORMATS,
    *kraken.FORMATS,
    *binance.FORMATS,
    *bitfinex.FORMATS,
    *gemini.FORMATS,
    *bitstamp.FORMATS,
    *deribit.FORMATS,
    *dydx.FORMATS,
    *etherscan.FORMATS,
    *solana.FORMATS,
    *shipped(),
)

NAMES = tuple(dict.fromkeys(form.name for form in FORMATS))


def formats(name: str | None, maps: Sequence[str | Path] = ()) -> tuple[Format, ...]:
    """The formats called `name` (`kraken-ledgers`, or an exchange: `kraken`); all if None. Raises `UsageError`.

    Maps of the user's own come before the formats that are shipped.
    """
    known = (*map(user_map, maps), *FORMATS)
    if name is None:
        return known
    chosen = tuple(form for form in known if name in (form.name, form.source))
    if not chosen:
        near = get_close_matches(name, NAMES, 1)
        hint = f"did you mean {near[0]}?" if near else f"known formats: {', '.join(NAMES)}"
        raise UsageError(f"--from {name}: is not a known format", hint)
    return chosen
