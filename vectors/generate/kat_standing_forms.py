"""Known answers for the form of a standing that a statement carries in. Standard library only.

Written from circuits/FORMAT.md, section 12. Each case is the statement of 2025 with one thing changed in the standing
at which 2024 ended: what a standing may say at most, and each way in which it is none.
"""

from __future__ import annotations

from typing import Any

from kat_chain import (
    DAY,
    END24,
    JULY,
    K24,
    K25,
    KRAKEN,
    TWO,
    Y2024,
    Y2025,
    Y2026,
    Map,
    at,
    carried_out,
    header,
    refused,
    statement,
    taken,
)
from plain_field import P, write

SCRIPT = "vectors/generate/kat_standing_forms.py"
LAST = (1 << 44) - 1
P_WORD = P.to_bytes(4, "little")
SHORT = statement([K24], (Y2024, Y2025), 2024)
END = carried_out(SHORT, [K24])
NEXT = statement([K25], (Y2025, Y2026), 2025, END)


def carried(reason: str, *path: Any, to: Any) -> Map:
    """The year that carries in a standing with one value changed."""
    return refused(reason, at(NEXT, "carried_in", *path, to=to))


def without(inner: Map, key: str) -> Map:
    """A map that lacks a key."""
    return {name: value for name, value in inner.items() if name != key}


def renamed(inner: Map, key: str) -> Map:
    """A map of as many keys, one of which has another name."""
    return {**without(inner, key), f"{key}s": inner[key]}


def forms() -> list[Map]:
    """Keys and types, of a standing and of its accounts."""
    state = END["accounts"][0]
    types: dict[str, list[Any]] = {
        "accounts": [{}, None], "currency": [7, None], "instant": ["0", True], "lots": ["lots", bytes(35), bytes(37)],
        "pooling": [7], "sums": ["sums", bytes(35), bytes(37)], "timezone": [7], "v": ["2", True, "3"],
        "year": ["2024", True],
    }  # fmt: skip
    inner: dict[str, list[Any]] = {
        "account": [7], "end": ["0", False], "final": [0, None], "number": ["0", True], "open": [0, None],
        "page": ["page", bytes(31), bytes(33)], "source": [7],
    }  # fmt: skip
    form = "standing/form"
    return [
        *(refused(form, at(NEXT, "carried_in", to=value)) for value in (7, "standing", [])),
        *(refused(form, at(NEXT, "carried_in", to=without(END, key))) for key in END),
        *(refused(form, at(NEXT, "carried_in", to=renamed(END, key))) for key in END),
        refused(form, at(NEXT, "carried_in", to={**END, "records": 1})),
        *(carried(form, key, to=value) for key, values in types.items() for value in values),
        *(carried(form, "accounts", 0, to=value) for value in (7, None, [])),
        *(carried(form, "accounts", 0, to=without(state, key)) for key in state),
        *(carried(form, "accounts", 0, to=renamed(state, key)) for key in state),
        carried(form, "accounts", 0, to={**state, "count": 1}),
        carried(form, "accounts", to=[None] * 4096),  # as many as there may be, none of which is one
        *(carried(form, "accounts", 0, key, to=value) for key, values in inner.items() for value in values),
    ]


def values() -> list[Map]:
    """What a standing says that cannot be."""
    value = "standing/value"
    state = END["accounts"][0]
    texts = ("", " k", "k ", "k  k", "k\n", "k\u200b", "k" * 129, "\u00e9" * 65)
    words = [P_WORD + bytes(32), bytes(32) + P_WORD, bytes(16) + b"\xff" * 4 + bytes(16)]
    return [
        *(carried(value, "v", to=wrong) for wrong in (0, 1, -1)),
        *(carried(value, "instant", to=wrong) for wrong in (-1, LAST + 1)),
        *(carried(value, "year", to=wrong) for wrong in (1970, 2527, 0, -1)),
        *(carried(value, "currency", to=wrong) for wrong in ("", "US", "USDUSD", "US$", "U D", "USD\n")),
        *(carried(value, "pooling", to=wrong) for wrong in ("", "Wallet", "universa", "wallet ")),
        *(carried(value, "timezone", to=wrong) for wrong in ("", "a" * 65, "A B", "UTC\n", "Europe/K\u00f6ln")),
        *(carried(value, key, to=wrong) for key in ("lots", "sums") for wrong in words),
        carried(value, "accounts", to=[]),
        carried(value, "accounts", to=[None] * 4097),
        *(carried(value, "accounts", 0, key, to=wrong) for key in ("source", "account") for wrong in texts),
        *(carried(value, "accounts", 0, "number", to=wrong) for wrong in (-1, 4096)),
        *(carried(value, "accounts", 0, "end", to=wrong) for wrong in (-1, LAST + 1, Y2025 - 1)),
        carried(value, "accounts", 0, to={**state, "end": -1, "final": True}),
        carried(value, "accounts", 0, to={**state, "end": LAST + 1, "open": True}),
        refused(value, at(NEXT, "carried_in", to={**END, "instant": -1, "accounts": [{**state, "open": True}]})),
        refused(value, at(NEXT, "carried_in", to={**END, "instant": LAST + 1, "accounts": [{**state, "final": True}]})),
        carried(value, "accounts", 0, "end", to=Y2025 + 1),  # it goes on, and is not said to be open
        carried(value, "accounts", 0, "open", to=True),
        carried(value, "accounts", 0, to={**state, "end": Y2025 + 1, "open": True, "final": True}),
        carried(value, "accounts", 0, to={**state, "end": Y2025 + 1, "final": True}),
        *(refused(value, at(TWO, "carried_in", "accounts", to=wrong)) for wrong in orders()),
    ]  # fmt: skip


def orders() -> list[list[Map]]:
    """Accounts out of order: by source, then by account, bytes and not letters, each once."""
    one, two = END24["accounts"]
    higher = {**one, "account": "a-\u00e9"}
    return [
        [two, one],
        [one, one],
        [{**one, "account": "b"}, {**one, "account": "a"}],
        [higher, {**one, "account": "a-z"}],
        [{**one, "source": "b", "account": "a"}, {**two, "source": "a", "account": "b"}],
    ]


def states(number: int, end: int, *, final: bool = False, name: tuple[str, str] = KRAKEN, **changes: Any) -> Map:
    """A standing of one account."""
    state = {**END["accounts"][0], "source": name[0], "account": name[1], "number": number, "end": end, "final": final}
    return {**END, "accounts": [{**state, "open": end > END["instant"]}], **changes}


def goes_on(carried_in: Map, **changes: Any) -> Map:
    """The year behind a standing whose one account ended with it, and the page that follows."""
    state = carried_in["accounts"][0]
    page = header((state["source"], state["account"]), state["number"] + 1, Y2025, Y2026) | {"prev": state["page"]}
    whole = statement([page], (Y2025, Y2026), 2025, carried_in, **changes)
    return taken((whole, carried_out(whole, [page]), [], [], carried_in["year"] == 2025, True))


def most() -> list[Map]:
    """What a standing may say at most, and what need not be alike."""
    long = ("s" * 128, "\u00e9" * 64)
    words = (P - 1).to_bytes(4, "little") * 9
    closed = states(7, Y2024, final=True, name=("a", "closed long ago"))
    both = {**END, "accounts": [*closed["accounts"], *END["accounts"]]}
    whole = statement([K25], (Y2025, Y2026), 2025, both)
    first = {**closed["accounts"][0], "end": 0, "number": 0}
    zero = statement([K25], (Y2025, Y2026), 2025, {**both, "accounts": [first, *END["accounts"]]})
    return [
        goes_on(END),
        goes_on(states(4094, Y2025)),
        goes_on(states(0, Y2025, name=long)),
        goes_on(states(0, Y2025, lots=words, sums=words)),
        *(goes_on(states(0, Y2025, year=year)) for year in (1971, 2526, None)),
        *(goes_on(states(0, Y2025, timezone=name)) for name in ("a" * 64, "Z", "9", "-")),
        goes_on(states(0, Y2025, timezone="A/b_c+d-0")),
        goes_on(states(0, Y2025, currency="A1z")) | {"out": {"reason": "link/currency"}},
        goes_on(states(0, Y2025, currency="USDT2")) | {"out": {"reason": "link/currency"}},
        goes_on(states(0, Y2025, pooling="universal")) | {"out": {"reason": "link/pooling"}},
        taken((whole, carried_out(whole, [K25]), [], [], False, True)),
        taken((zero, carried_out(zero, [K25]), [], [], False, True)),
        *(refused("link/window", at(NEXT, "carried_in", to=open_until(end))) for end in (DAY, JULY, LAST)),
        refused("page/missing", at(whole, "carried_in", "accounts", 0, "final", to=False)
                | {"carried_in": {**both, "accounts": [{**first, "final": False, "end": Y2025}, *END["accounts"]]}}),
        refused("page/gap", statement([K25], (Y2025, Y2026), 2025, states(4095, Y2025))),
        refused("page/chain", statement([{**K25, "prev": bytes(32)}], (Y2025, Y2026), 2025, END)),
    ]  # fmt: skip


def open_until(end: int) -> Map:
    """A standing a day before the year ended, whose page goes on until then."""
    state = {**END["accounts"][0], "end": end, "open": True, "final": False}
    return {**END, "instant": min(end, Y2025) - DAY, "accounts": [state]}


def main() -> None:
    """Write the file."""
    about = "the standing that a statement carries in: what it may say at most, and each way in which it is none"
    write("chain/standings", SCRIPT, "circuits/FORMAT.md, section 12", about, [*most(), *forms(), *values()])


if __name__ == "__main__":
    main()
