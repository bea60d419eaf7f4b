"""Which open lots are closed: names from the command line, turned into positions by coin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zkharvest.errors import InputError, Problem, UsageError
from zkharvest.harvest.markets.instruments import Kind, parse_instrument
from zkharvest.harvest.markets.quotes import Market
from zkharvest.harvest.reentry.exposure import Position
from zkharvest.ledger.results import LedgerRun, OpenLot
from zkharvest.ledger.rules import Side
from zkharvest.spec import QUANTITY_DECIMALS
from zkharvest.trades.csv_in import parse_lots
from zkharvest.trades.text import TextError, format_quantity


@dataclass(frozen=True, slots=True)
class Closed:
    """A lot, or a part of one, that is to be closed."""

    ref: str
    asset: str
    side: Side
    quantity: int

    @property
    def amount(self) -> float:
        """Signed, in units of the asset."""
        sign = 1 if self.side is Side.LONG else -1
        return float(sign * self.quantity / 10**QUANTITY_DECIMALS)


def chosen_lots(run: LedgerRun, names: Sequence[str]) -> list[Closed]:
    """The lots that are named: `id`, `source/id`, or either with `:quantity`; all open lots if no name is given.

    Raises UsageError for a name that means no open lot, or several, or more than is open.
    """
    if not names:
        return [Closed(lot.lot_ref, lot.pool.asset, lot.pool.side, lot.quantity) for lot in run.open_lots]
    made: list[Closed] = []
    for name in names:
        reference, quantity = _named(name)
        parts = [lot for lot in run.open_lots if _means(reference, lot)]
        refs = sorted({lot.lot_ref for lot in parts})
        if not refs:
            raise UsageError(f'--lot: no open lot is called "{reference}"', "zkharvest ledger lots shows the open lots")
        if len(refs) > 1:
            raise UsageError(f'--lot: "{reference}" is several lots: {", ".join(refs[:4])}', "write source/id")
        if any(one.ref == refs[0] for one in made):
            raise UsageError(f'--lot: "{refs[0]}" is named twice', "name each lot once, with its whole quantity")
        held = sum(lot.quantity for lot in parts)
        if quantity is not None and quantity > held:
            raise UsageError(f"--lot: {refs[0]} has {format_quantity(held)} open, not {format_quantity(quantity)}")
        made.append(Closed(refs[0], parts[0].pool.asset, parts[0].pool.side, quantity or held))
    return made


def _named(name: str) -> tuple[str, int | None]:
    reference, colon, _ = name.rpartition(":")
    if not colon:
        return name, None
    try:
        (pick,) = parse_lots(name)
    except (TextError, ValueError) as error:
        reason = error.reason if isinstance(error, TextError) else f'"{name}" is not one lot'
        raise UsageError(f"--lot: {reason}", "write id, source/id, or source/id:quantity") from None
    return reference, pick.quantity


def _means(reference: str, lot: OpenLot) -> bool:
    return reference in (lot.lot_ref, lot.lot_ref.partition("/")[2])


def positions(lots: Sequence[Closed], market: Market) -> dict[str, list[Position]]:
    """The positions of lots by coin. Coin needs no quote of its own; an option or future does.

    Raises InputError naming each lot whose instrument is unknown, expired or without a usable quote.
    """
    by_coin: dict[str, dict[str, Position]] = {}
    problems = []
    for lot in lots:
        instrument = parse_instrument(lot.asset)
        if instrument is None:
            hint = "names look like BTC, BTC-27DEC26 or BTC-27DEC26-80000-P"
            problems.append(Problem(lot.ref, f'"{lot.asset}" is not an instrument that is known', hint))
            continue
        if instrument.expiry and instrument.expiry <= market.now:
            problems.append(Problem(lot.ref, f"{lot.asset} is past its expiry", "record its expiry first"))
            continue
        listed = market.listed.get(lot.asset)
        if instrument.kind is not Kind.SPOT and listed is None:
            reason = market.left_out.get(lot.asset, "neither file has it")
            problems.append(Problem(lot.ref, f"{lot.asset} cannot be valued: {reason}", "add its quote"))
            continue
        held = by_coin.setdefault(instrument.coin, {})
        before = held[lot.asset].amount if lot.asset in held else 0.0
        quoted = None if instrument.kind is Kind.SPOT else listed
        held[lot.asset] = Position(lot.asset, before + lot.amount, quoted)
    if problems:
        raise InputError(problems)
    return {coin: list(held.values()) for coin, held in by_coin.items()}
