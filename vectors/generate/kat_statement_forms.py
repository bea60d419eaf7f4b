"""Known answers for the form of a statement and of the headers that it lists. Standard library only.

Written from circuits/FORMAT.md, sections 7, 11 and 12. Each case is a year of one account with one thing changed: what
may be said at most, and each way in which it is no statement.
"""

from __future__ import annotations

from typing import Any

from kat_chain import (
    AUGUST,
    DAY,
    JULY,
    K24,
    K25,
    KRAKEN,
    REST,
    W24,
    WALLET,
    Y2023,
    Y2024,
    Y2025,
    Y2026,
    Map,
    at,
    carried_out,
    header,
    packed,
    page_id,
    refused,
    statement,
    taken,
)
from kat_standing_forms import NEXT, P_WORD, renamed, states, without
from plain_field import write

SCRIPT = "vectors/generate/kat_statement_forms.py"
LAST = (1 << 44) - 1
ONE = statement([K24], (Y2024, Y2025), 2024)
HEADER = 1024  # bytes of the longest header


def says(*path: Any, to: Any, reason: str = "statement/value") -> Map:
    """The year with one value changed."""
    return refused(reason, at(ONE, *path, to=to))


def lists(page: Any, reason: str = "page/value") -> Map:
    """The year with another header, or bytes that are none."""
    return says("pages", 0, "header", to=page if isinstance(page, bytes) else packed(page), reason=reason)


def year_of(page: Map, **changes: Any) -> Map:
    """The year of an account with one page, which is taken."""
    whole = statement([page], (Y2024, Y2025), 2024, **changes)
    late = [0] if page["to"] > Y2025 else []
    return taken((whole, carried_out(whole, [page]), [], late, False, True))


# --- headers ---


def header_forms() -> list[Map]:
    """Keys and types of a header."""
    types: dict[str, list[Any]] = {
        "source": [7], "account": [7], "number": ["0", True], "from": ["0"], "to": ["0"], "currency": [7], "names": [7],
        "count": ["0", False], "final": [0, None], "root": ["root"], "prev": ["prev", 0], "v": ["2", "3", True, 1],
    }  # fmt: skip
    long = {**K24, "account": "k" * 200}
    longest = HEADER - len(packed(long)) + 200
    cases = [
        *(lists(without(K24, key), "page/form") for key in K24),
        *(lists(renamed(K24, key), "page/form") for key in K24),
        lists({**K24, "records": 1}, "page/form"),
        *(lists({**K24, key: value}, "page/form") for key, values in types.items() for value in values),
        *(lists(packed(value), "page/form") for value in (None, [], 7, "")),
        *(lists(value, "page/form") for value in (b"", packed(K24) + b"\xc0", packed(K24)[:-1])),
        lists({**K24, "v": 3, "more": 1}, "page/version"),
        lists({**K24, "account": "k" * (longest - 1)}),
        lists({**K24, "account": "k" * (longest - 2)}),
        lists({**K24, "account": "k" * longest}, "page/form"),
    ]
    assert len(packed({**K24, "account": "k" * (longest - 1)})) == HEADER
    return cases


def header_values() -> list[Map]:
    """What a header says at most, and what none says."""
    texts = ("", " k", "k ", "k  k", "k\n", "k" * 129, "\u00e9" * 65, "\U0001f600")
    roots = (bytes(35), bytes(37), b"", P_WORD + bytes(32), bytes(32) + P_WORD)
    later = {**K25, "prev": bytes(32)}
    return [
        *(lists({**K24, key: value}) for key in ("source", "account") for value in texts),
        year_of(header(("s" * 128, "\u00e9" * 64), 0, Y2024, Y2025)),
        *(lists({**K24, "currency": value}) for value in ("US", "USDUSD", "US$")),
        lists({**K24, "names": "asset/2"}),
        *(lists({**K24, "number": value, "prev": prev}) for value in (-1, 4096) for prev in (None, bytes(32))),
        lists({**K24, "number": 4095, "prev": bytes(32)}, "page/first"),
        lists({**K24, "from": -1}),
        lists({**K24, "from": 0}, "page/first"),
        *(lists({**K24, "to": value}) for value in (Y2024, Y2024 - 1, LAST + 1)),
        year_of({**K24, "to": LAST}),
        *(lists({**K24, "count": value}) for value in (-1, (1 << 20) + 1)),
        *(year_of({**K24, "count": value}) for value in (0, 1, 1 << 20)),
        *(lists({**K24, "root": value}) for value in roots),
        lists({**K24, "prev": bytes(32)}),
        lists({**later, "prev": None}),
        *(lists({**later, "prev": value}) for value in (b"", bytes(31), bytes(33))),
    ]  # fmt: skip


# --- parts of a statement ---


def statement_forms() -> list[Map]:
    """Keys and types of a statement and of its parts."""
    form = "statement/fields"
    types: dict[str, list[Any]] = {
        "accounts": [7, {}], "calendar": [7], "carried_out": [7, None], "circuit": [7], "context": [7],
        "covered": [7, True], "currency": [7], "figures": [{}], "holding": [7], "method": [7], "pages": [{}],
        "pooling": [7], "timezone": [7],
        "v": ["2", True], "window": [7, []], "year": ["2024", True],
    }  # fmt: skip
    runs = [7, [], [0], [0, 0, 0], [True, 0], [0, True]]
    parts: dict[str, dict[str, list[Any]]] = {
        "window": {"from": ["0", True], "to": ["0", True]},
        "context": {"audience": [7, None], "nonce": ["", bytes(33)], "link": ["0", True], "links": ["1", True]},
        "carried_out": {"lots": ["lots", bytes(35), bytes(37)], "sums": ["sums", bytes(35), bytes(37)]},
        "circuit": {"id": [7], "digest": ["digest", bytes(31), bytes(33)]},
        "calendar": {"days": ["366", True], "first_day": [7], "offsets": [{}, *([run] for run in runs)]},
    }  # fmt: skip
    account, page = ONE["accounts"][0], ONE["pages"][0]
    found = [
        *(refused(form, without(ONE, key)) for key in ONE),
        *(refused(form, renamed(ONE, key)) for key in ONE),
        *(says(key, to=value, reason=form) for key, values in types.items() for value in values),
    ]
    for part, keys in parts.items():
        inner = ONE[part]
        broken = [*(without(inner, key) for key in keys), *(renamed(inner, key) for key in keys), {**inner, "more": 1}]
        found += [says(part, to=value, reason=form) for value in broken]
        found += [says(part, key, to=value, reason=form) for key, values in keys.items() for value in values]
    for name, inner, wrong in (("accounts", account, ("source", "account")), ("pages", page, ("account", "header"))):
        broken = [7, None, *(without(inner, key) for key in inner), *(renamed(inner, key) for key in inner)]
        found += [says(name, 0, to=value, reason=form) for value in [*broken, {**inner, "more": 1}]]
        found += [says(name, 0, key, to=None, reason=form) for key in wrong]
        found += [says(name, to=[None] * 4096, reason=form), says(name, to=[None] * 4097)]
    found += [says("accounts", 0, key, to=7, reason=form) for key in account]
    return [*found, says("pages", 0, "account", to=True, reason=form)]


def statement_values() -> list[Map]:
    """What a statement says at most, and what none says."""
    texts = ("", " k", "k ", "k  k", "k\n", "k" * 129)
    values: dict[str, tuple[Any, ...]] = {
        "v": (0, 1, 3), "holding": ("", "us-1223"), "year": (1970, 2527), "timezone": ("", "a" * 65, "A B", "UTC\n"),
        "currency": ("US", "USDUSD", "US$"), "method": ("", "FIFO", "fif", "hif"), "pooling": ("", "Wallet"),
        "covered": ("", "1999-12-31", "2089-09-16", "2024-02-30", "20240101", "0000-01-01"),
        "accounts": ([],),
    }  # fmt: skip
    nobody = {**ONE, "accounts": [], "pages": []}
    found = [says(key, to=value) for key, wrong in values.items() for value in wrong]
    windows = (("from", -1), ("from", Y2025), ("to", Y2024), ("to", LAST + 1))
    found += [says("window", key, to=value) for key, value in windows]
    found += [says("window", "from", to=0, reason="link/window"), says("window", "to", to=LAST, reason="link/window")]
    found += [says("context", "audience", to=value) for value in ("a" * 201, " a", "\u00e9" * 101)]
    numbers = (("link", -1), ("link", 1), ("links", 0), ("links", -1), ("links", 257))
    found += [says("context", key, to=value) for key, value in numbers]
    found += [says("accounts", 0, key, to=value) for key in ("source", "account") for value in texts]
    found += [says("pages", 0, "account", to=value) for value in (-1, 1)]
    found += [says("carried_out", key, to=bytes(32) + P_WORD) for key in ("lots", "sums")]
    found += [says("circuit", "id", to=value) for value in ("", "c" * 101, " c", "c\n")]
    found += [refused("statement/value", nobody), refused("link/sources", {**ONE, "accounts": ONE["accounts"] * 2})]
    context = {"audience": "\u00e9" * 100, "nonce": bytes(32), "link": 255, "links": 256}
    changes: list[Map] = [
        {"covered": "2000-01-01"}, {"covered": "2089-09-15"}, {"context": context}, {"timezone": "a" * 64},
        {"currency": "A1z"}, {"currency": "USDT2"}, {"pooling": "universal"},
        {"circuit": {"id": "c" * 100, "digest": bytes(32)}},
        *({"method": method} for method in ("lifo", "hifo", "lofo", "specific")),
    ]  # fmt: skip
    return [*found, *(year_of({**K24, "currency": one.get("currency", "USD")}, **one) for one in changes)]


# --- pages of a link ---


def links() -> list[Map]:
    """Where accounts go on, and where they do not."""
    july, august = header(KRAKEN, 0, Y2024, JULY), header(KRAKEN, 1, JULY, AUGUST)
    rest = header(KRAKEN, 2, AUGUST, Y2025)
    chained = [july, second := {**august, "prev": page_id(july)}, {**rest, "prev": page_id(second)}]
    whole = statement(chained, (Y2024, Y2025), 2024)
    closes = {**july, "final": True}
    broken = [
        ("page/gap", [july, {**rest, "from": JULY, "prev": page_id(july)}]),
        ("page/chain", [july, {**august, "to": Y2025, "prev": bytes(32)}]),
        ("page/chain", [closes, {**august, "to": Y2025, "prev": page_id(closes)}]),
        ("page/gap", [july, {**august, "from": JULY + 1, "to": Y2025, "prev": page_id(july)}]),
        ("page/gap", [july, {**august, "from": JULY - 1, "to": Y2025, "prev": page_id(july)}]),
        ("page/end", [{**K24, "to": Y2025 - 1}]),
        ("page/behind", [K24, {**K25, "prev": page_id(K24)}]),
        ("page/first", [{**K24, "from": Y2024 - 1}]),
        ("page/first", [{**K24, "number": 1, "prev": bytes(32)}]),
    ]  # fmt: skip
    other = [header(("coinbase", KRAKEN[1]), 0, Y2024, Y2025), header((KRAKEN[0], "K-other"), 0, Y2024, Y2025)]
    both = statement([K24, other[1]], (Y2024, Y2025), 2024)
    same = statement([K24, W24], (Y2024, Y2025), 2024)
    two = [{"account": 1, "header": packed(W24)}, {"account": 0, "header": packed(K24)}]
    more = [{"account": 1, "header": packed(K24)}, {"account": 0, "header": packed({**K25, "number": 5})}]
    return [
        taken((whole, carried_out(whole, chained), [], [], False, True)),
        taken((both, carried_out(both, [K24, other[1]]), [], [], False, True)),
        year_of({**K24, "to": Y2024 + DAY, "final": True}),
        year_of({**K24, "from": Y2025 - 1}),
        year_of({**K24, "to": Y2025 + 1, "final": True}),
        *(refused(reason, statement(pages, (Y2024, Y2025), 2024)) for reason, pages in broken),
        *(lists(page, "page/other") for page in other),
        refused("page/other", at(same, "pages", 0, "header", to=packed({**K24, "currency": "EUR"}))),
        refused("page/listed", {**same, "pages": two}),
        refused("page/listed", {**same, "pages": more}),
        refused("link/sources", {**same, "pages": same["pages"][:1]}),
        *carried_on(),
    ]


def carried_on() -> list[Map]:
    """Accounts of the standing carried in."""
    open_ = REST["carried_in"]
    state = open_["accounts"][0]
    wrong = [("number", 1), ("page", bytes(32)), ("end", Y2025 + 1)]
    one = NEXT["carried_in"]["accounts"][0]
    gone = {**NEXT["carried_in"], "accounts": [one, {**one, "source": WALLET[0], "account": WALLET[1], "final": True}]}
    other = [("source", "a"), ("account", "K-0")]
    late = header(KRAKEN, 1, Y2025, Y2026 + DAY, K24)
    goes_on = statement([late], (Y2025, Y2026), 2025, NEXT["carried_in"])
    closed = states(0, Y2025 - DAY, final=True)
    return [
        *(refused("page/chain", at(REST, "carried_in", "accounts", 0, to={**state, key: to})) for key, to in wrong),
        refused("link/sources", at(NEXT, "carried_in", to=gone)),
        *(refused("link/sources", at(NEXT, "carried_in", "accounts", 0, key, to=to)) for key, to in other),
        taken((goes_on, carried_out(goes_on, [late]), [], [0], False, True)),
        refused("page/closed", at(NEXT, "carried_in", to=closed)),
        *(refused("page/gap", statement([{**K25, key: to}], (Y2025, Y2026), 2025, NEXT["carried_in"]))
          for key, to in (("number", 2), ("from", Y2025 - 1), ("from", Y2025 + 1))),
        *between_years(),
        *(beside_closed(name) for name in ((KRAKEN[0], "Z-closed"), ("z", KRAKEN[1]))),
    ]  # fmt: skip


def between_years() -> list[Map]:
    """Windows that end or begin outside their year, and a zone that changes where no year is counted."""
    two_years = {"first_day": "2024-01-01", "days": 731, "offsets": [[0, 0]]}
    before = {"first_day": "2023-01-01", "days": 731, "offsets": [[0, 0]]}
    page = header(KRAKEN, 0, Y2023, Y2025)
    year = statement([page], (Y2023, Y2025), 2024, calendar=before)
    early = {**states(0, Y2025), "instant": Y2025 - DAY}
    early["accounts"] = [{**early["accounts"][0], "open": True}]
    open_ = statement([K24, K25], (Y2025, Y2026), 2025, early, calendar=two_years)
    none = statement([{**K24, "to": Y2026}], (Y2024, JULY), None, calendar=ONE["calendar"])
    end = carried_out(none, pages := [{**K24, "to": Y2026}])
    tokyo = at(statement(pages, (Y2024, Y2025), None, end, timezone="Asia/Tokyo"), "window", "from", to=JULY)
    return [
        refused("link/window", at(year, "window", "to", to=Y2024)),
        refused("link/window", at(open_, "window", "from", to=Y2025 - DAY)),
        taken((tokyo, carried_out(tokyo, pages), [0], [0], False, False)),
    ]


def beside_closed(name: tuple[str, str]) -> Map:
    """A year of one account beside another that was closed, of the same source or of the same name."""
    before = NEXT["carried_in"]
    closed = states(3, Y2024 + DAY, final=True, name=name)["accounts"]
    whole = statement([K25], (Y2025, Y2026), 2025, {**before, "accounts": [*before["accounts"], *closed]})
    return taken((whole, carried_out(whole, [K25]), [], [], False, True))


def main() -> None:
    """Write the file."""
    about = "the form of a statement and of the headers that it lists: what may be said at most, and what is none"
    cases = [*header_forms(), *header_values(), *statement_forms(), *statement_values(), *links()]
    write("chain/statements", SCRIPT, "circuits/FORMAT.md, sections 7, 11 and 12", about, cases)


if __name__ == "__main__":
    main()
