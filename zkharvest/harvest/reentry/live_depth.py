"""The order books of the instruments that a match would use, as a venue has them now.

Books of hundreds of instruments would take minutes. The books of the legs that are found, and of what is nearest to
them in cost, are fetched; then the match is made again, until each of its legs has its book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from zkharvest.harvest.markets.live import book_of
from zkharvest.harvest.markets.quotes import Listed, Market
from zkharvest.harvest.markets.venue import Venue
from zkharvest.harvest.reentry.exposure import unit_greeks
from zkharvest.harvest.reentry.match import Match

_ROUNDS = 5
_NEAREST = 12  # books beside those of the legs
_LEVELS = 20


def match_with_books(venue: Venue, market: Market, coins: Sequence[str], find: Callable[[str], Match]) -> list[Match]:
    """The match of each coin with books in `market`. `find` makes one from the market as it is.

    What the venue does not list keeps its quoted size; an instrument with an unusable book is left out. Raises
    UsageError if the venue does not answer.
    """
    for coin in coins:
        _fetch(venue, market, _cheapest(market, coin))
    made = {coin: find(coin) for coin in coins}
    for _ in range(_ROUNDS):
        legs = {coin: [leg.listed for leg in one.legs] for coin, one in made.items()}
        changed = [coin for coin, listed in legs.items() if _fetch(venue, market, listed)]
        if not changed:
            break
        made.update((coin, find(coin)) for coin in changed)
    for one in made.values():
        bare = [leg.listed.instrument.name for leg in one.legs if leg.listed.instrument.name not in market.books]
        if bare:
            one.notes.append(f"{venue.name} has no book of {', '.join(bare)}: the quoted size counts")
    return list(made.values())


def _cheapest(market: Market, coin: str) -> list[Listed]:
    """What costs least for its delta, by the quotes: half of it without gamma, where there is any."""
    spot = market.index(coin)

    def cost(one: Listed) -> float:
        delta = abs(float(unit_greeks(one, spot, market.now).delta))
        return (one.half_spread + one.fee) / max(delta, 1e-9)

    ranked = sorted(market.of_coin(coin), key=cost)
    plain = [one for one in ranked if not one.instrument.kind.option][: _NEAREST // 2]
    options = [one for one in ranked if one.instrument.kind.option]
    return plain + options[: _NEAREST - len(plain)]


def _fetch(venue: Venue, market: Market, wanted: Sequence[Listed]) -> bool:
    """Fetch the books that are not known; whether the market changed."""
    changed = False
    for one in wanted:
        name, symbol = one.instrument.name, one.instrument.symbol
        if name in market.books or name not in market.listed or venue.market(symbol) is None:
            continue
        found = venue.ask("book", lambda s=symbol: _book(venue, s))  # type: ignore[misc]
        book = book_of(found)
        if isinstance(book, str):
            market.left_out[name] = book
            del market.listed[name]
        else:
            market.books[name] = book
        changed = True
    return changed


def _book(venue: Venue, symbol: str) -> Mapping[str, object]:
    found: Mapping[str, object] = venue.exchange.fetch_order_book(symbol, _LEVELS)
    return found
