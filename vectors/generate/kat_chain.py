"""Known answers for statements, standings and chains of `lot-machine/v2`. Standard library only.

Written from circuits/FORMAT.md, sections 6, 11 and 12. A chain is taken, and then the name of every standing carried
out and what else a verifier computes is the answer, or it is refused, and then the reason is. `judge` has an auditor's
expectations beside it, and who is known to have signed which page. No proof is looked at.
"""

from __future__ import annotations

from copy import deepcopy
from hashlib import sha256
from typing import Any

from plain_field import P, write

SCRIPT = "vectors/generate/kat_chain.py"
DAY = 86_400_000
Y2023, Y2024, Y2025, Y2026 = 1672531200000, 1704067200000, 1735689600000, 1767225600000
JULY, AUGUST = 1719792000000, 1722470400000
KRAKEN, WALLET = ("kraken", "K-7f3a"), ("ledger", "W-1")
KEY = "11" * 32
Map = dict[str, Any]


def number(value: int, forms: list[tuple[int, bytes, int]]) -> bytes:
    """Head and number in the first form that holds it."""
    head, width = next((head, width) for below, head, width in forms if value < below)
    return head + value.to_bytes(width, "big") if width else bytes([head[0] | value])


def below_zero(value: int) -> bytes:
    """A negative number in the first form that holds it."""
    if value >= -32:
        return value.to_bytes(1, "big", signed=True)
    forms = ((b"\xd0", 1), (b"\xd1", 2), (b"\xd2", 4), (b"\xd3", 8))
    head, width = next((head, width) for head, width in forms if value >= -(256**width) // 2)
    return head + value.to_bytes(width, "big", signed=True)


def packed(value: Any) -> bytes:
    """Canonical msgpack."""
    if value is None or value is True or value is False:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if value < 0:
            return below_zero(value)
        forms = [(2**7, b"\0", 0), (2**8, b"\xcc", 1), (2**16, b"\xcd", 2), (2**32, b"\xce", 4), (2**64, b"\xcf", 8)]
        return number(value, forms)
    if isinstance(value, bytes):
        return number(len(value), [(2**8, b"\xc4", 1), (2**16, b"\xc5", 2)]) + value
    if isinstance(value, str):
        data = value.encode()
        return number(len(data), [(32, b"\xa0", 0), (2**8, b"\xd9", 1), (2**16, b"\xda", 2)]) + data
    if isinstance(value, list):
        return number(len(value), [(16, b"\x90", 0), (2**16, b"\xdc", 2)]) + b"".join(packed(one) for one in value)
    keys = sorted(value, key=str.encode)
    return number(len(keys), [(16, b"\x80", 0), (2**16, b"\xde", 2)]) + b"".join(
        packed(k) + packed(value[k]) for k in keys
    )


def root(*names: object) -> bytes:
    """A root that stands for some records: nine elements."""
    digest = sha256(repr(names).encode()).digest() + sha256(repr(names[::-1]).encode()).digest()
    return b"".join((int.from_bytes(digest[i : i + 4], "little") % P).to_bytes(4, "little") for i in range(0, 36, 4))


def header(
    name: tuple[str, str], place: int, start: int, end: int, before: Map | None = None, *, final: bool = False
) -> Map:
    """A page's header; the root is that of its name and number."""
    prev = page_id(before) if before else None
    return {
        "source": name[0], "account": name[1], "number": place, "from": start, "to": end, "currency": "USD",
        "names": "asset/1", "count": None, "final": final, "root": root("page", name, place), "prev": prev, "v": 2,
    }  # fmt: skip


def page_id(page: Map) -> bytes:
    """What names a page."""
    return sha256(b"zkharvest/page/v2\0" + packed(page)).digest()


def standing_name(standing: Map) -> str:
    """What names a standing."""
    return sha256(b"zkharvest/standing/v2\0" + packed(standing)).hexdigest()


def statement(
    pages: list[Map], window: tuple[int, int], year: int | None, carried: Map | None = None, **changes: Any
) -> Map:
    """The statement of a link about these pages, all its accounts sorted."""
    names = {(page["source"], page["account"]) for page in pages}
    names |= {(state["source"], state["account"]) for state in (carried["accounts"] if carried else [])}
    accounts = sorted(names, key=lambda name: (name[0].encode(), name[1].encode()))
    first = {Y2023: "2023-01-01", Y2024: "2024-01-01", Y2025: "2025-01-01"}[min(window[0], year_start(year, window))]
    ends = {2024: Y2025, 2025: Y2026, None: window[1]}[year]
    begins = {"2023-01-01": Y2023, "2024-01-01": Y2024, "2025-01-01": Y2025}[first]
    whole = {
        "v": 2, "circuit": {"id": "lot-machine/v2", "digest": bytes(32)}, "holding": "us-1222", "year": year,
        "window": {"from": window[0], "to": window[1]}, "timezone": "UTC", "currency": "USD", "method": "fifo",
        "pooling": "wallet", "covered": None,
        "calendar": {"first_day": first, "days": (ends - begins) // DAY, "offsets": [[0, 0]]},
        "accounts": [{"source": source, "account": account} for source, account in accounts],
        "pages": [{"account": accounts.index((p["source"], p["account"])), "header": packed(p)} for p in pages],
        "carried_in": carried, "carried_out": {"lots": root("lots", window), "sums": root("sums", window)},
        "figures": [], "context": {"audience": "", "nonce": b"", "link": 0, "links": 1},
    }  # fmt: skip
    return {**whole, **changes}


def year_start(year: int | None, window: tuple[int, int]) -> int:
    """The first instant of a tax year, in UTC."""
    return {2024: Y2024, 2025: Y2025, None: window[0]}[year]


def carried_out(whole: Map, pages: list[Map]) -> Map:
    """The standing at which a link ends."""
    end = whole["window"]["to"]
    carried = whole["carried_in"]
    states = {(s["source"], s["account"]): s for s in (carried["accounts"] if carried else [])}
    for page in pages:
        goes_on = page["to"] > end
        states[page["source"], page["account"]] = {
            "source": page["source"], "account": page["account"], "number": page["number"], "page": page_id(page),
            "end": page["to"], "open": goes_on, "final": page["final"] and not goes_on,
        }  # fmt: skip
    return {
        "v": 2, "instant": end, "currency": whole["currency"], "pooling": whole["pooling"],
        "timezone": whole["timezone"], "year": whole["year"], "lots": whole["carried_out"]["lots"],
        "sums": whole["carried_out"]["sums"],
        "accounts": [states[one["source"], one["account"]] for one in whole["accounts"]],
    }  # fmt: skip


K24, K25 = (k := header(KRAKEN, 0, Y2024, Y2025)), header(KRAKEN, 1, Y2025, Y2026, k)
W24, W25 = (w := header(WALLET, 0, Y2024, Y2025)), header(WALLET, 1, Y2025, Y2026, w)
ONE = statement([K24, W24], (Y2024, Y2025), 2024)
END24 = carried_out(ONE, [K24, W24])
TWO = statement([K25, W25], (Y2025, Y2026), 2025, END24, method="hifo")
END25 = carried_out(TWO, [K25, W25])
LONG = [header(KRAKEN, 0, Y2024, Y2025), header(WALLET, 0, Y2024, Y2025)]
HALF = statement(LONG, (Y2024, JULY), 2024)
END_HALF = carried_out(HALF, LONG)
REST = statement(LONG, (JULY, Y2025), 2024, END_HALF, calendar=ONE["calendar"])


def taken(*links: tuple[Map, Map, list[int], list[int], bool, bool], counters: Map | None = None) -> Map:
    """A chain that is taken: each link with the standing carried out, early, late, same year, whole year."""
    none = dict.fromkeys(("declared", "unexplained", "gone", "by_window", "in_transit", "in_transit_by_window"), 0)
    found = [
        {"standing": standing_name(end), "early": early, "late": late, "same_year": same, "whole_year": whole}
        for _, end, early, late, same, whole in links
    ]
    statements = [packed(one).hex() for one, *_ in links]
    return {"op": "chain", "statements": statements, "out": {"links": found, "counters": none | (counters or {})}}


def refused(reason: str, *statements: Map) -> Map:
    """A chain that is not taken, and why."""
    return {"op": "chain", "statements": [packed(one).hex() for one in statements], "out": {"reason": reason}}


def at(whole: Map, *path: Any, to: Any) -> Map:
    """A statement with one value changed."""
    made = deepcopy(whole)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return made


def figure(level: str, values: Map, **key: Any) -> Map:
    """A figure of a statement."""
    return {"level": level, **key, "values": values}


def figures() -> list[Map]:
    """Figures with a register of each level, and counters."""
    return [
        figure("L3", {"units": "-5", "proceeds": "10", "basis": "15"}, term="short", result="loss"),
        figure("L3", {"units": "7"}, term="income", result="gain"),
        figure("NET", {"units": "-5", "lines": "1"}),
        figure("COUNT", {"events": "1"}, kind=1, origin="venue"),
        figure("COUNT", {"events": "2"}, kind=4, origin="gone"),
        figure("COUNT", {"events": "3"}, kind=14, origin="window"),
        figure("COUNT", {"events": "4"}, kind=28, origin="declared"),
        figure("COUNT", {"events": "5"}, kind=62, origin="none"),
        figure("COUNT", {"events": "6"}, kind=63, origin="ref"),
        figure("COUNT", {"events": "7"}, kind=63, origin="window"),
        figure("HOLD", {"units": "1"}, asset="slip44:0", source=1, side="0"),
    ]


def nothing_but_zeros() -> list[Map]:
    """Figures as any key has that nothing was posted to."""
    purchase = {"asset": "slip44:0", "source": 0, "kind": 1, "origin": "venue", "covered": "", "term": "", "result": ""}
    return [
        figure("L0", {"units": "0", "basis": "0"}, **purchase, side="0"),
        figure("L1", {"basis": "0"}, **purchase, side=""),
        figure("HOLD", {"units": "0"}, asset="BTC", source=0, side="0"),
        figure("HOLD", {"units": "0"}, asset="\u0455lip44:0", source=0, side="0"),
    ]


def refusals() -> list[Map]:
    """Chains that are not taken."""
    other = header(WALLET, 1, Y2025, Y2026, {**W24, "count": 1})
    account = header(("kraken", "K-other"), 0, Y2025, Y2026)
    broken = {**K25, "from": K25["to"]}
    wrong = {**END24, "lots": root("forged")}
    low = [figure("COUNT", {"events": "0"}, kind=28, origin="declared", told=0)]
    twice = {**W25, "root": K25["root"]}
    genesis = [header(KRAKEN, 0, Y2024, Y2026), header(WALLET, 0, Y2024, Y2026)]
    again = statement(genesis, (Y2024, Y2026), 2025)
    zone = at(REST, "timezone", to="Asia/Tokyo")
    closed = [{**state, "final": True} for state in END24["accounts"]]
    reasons = [
        ("page/missing", [statement([K25], (Y2025, Y2026), 2025, END24)]),
        ("page/listed", [at(TWO, "pages", to=TWO["pages"][::-1])]),
        ("page/listed", [at(TWO, "pages", to=[TWO["pages"][0], *TWO["pages"]])]),
        ("page/chain", [statement([K25, other], (Y2025, Y2026), 2025, END24)]),
        ("page/first", [statement([K25, account, W25], (Y2025, Y2026), 2025)]),
        ("page/gap", [statement([header(KRAKEN, 2, Y2025, Y2026, K24), W25], (Y2025, Y2026), 2025, END24)]),
        ("page/gap", [statement([{**K25, "from": Y2025 + 1}, W25], (Y2025, Y2026), 2025, END24)]),
        ("page/end", [statement([{**K25, "to": Y2026 - 1}, W25], (Y2025, Y2026), 2025, END24)]),
        ("page/behind", [statement([header(("a", "b"), 0, Y2026, Y2026 + 1), K25, W25], (Y2025, Y2026), 2025, END24)]),
        ("page/closed", [at(TWO, "carried_in", "accounts", to=closed)]),
        ("page/other", [at(TWO, "pages", 0, "header", to=packed(W25))]),
        ("page/other", [at(TWO, "currency", to="EUR") | {"carried_in": {**END24, "currency": "EUR"}}]),
        ("page/same-root", [statement([K25, twice], (Y2025, Y2026), 2025, END24)]),
        ("page/value", [at(TWO, "pages", 0, "header", to=packed(broken))]),
        ("page/form", [at(TWO, "pages", 0, "header", to=b"\x80")]),
        ("page/version", [at(TWO, "pages", 0, "header", to=packed({**K25, "v": 3}))]),
        ("link/sources", [at(TWO, "accounts", to=TWO["accounts"][::-1])]),
        ("link/sources", [at(TWO, "accounts", to=[{"source": "a", "account": "b"}, *TWO["accounts"]])
                          | {"pages": [{**one, "account": one["account"] + 1} for one in TWO["pages"]]}]),
        ("link/window", [at(TWO, "window", "from", to=Y2025 + 1)]),
        ("link/window", [at(ONE, "window", "to", to=Y2025 + 1)]),
        ("link/window", [at(HALF, "window", to={"from": Y2023, "to": Y2024})]),
        ("link/window", [at(TWO, "year", to=None)]),
        ("link/window", [statement(LONG, (JULY, Y2025), 2024, END_HALF | {"year": None}, calendar=ONE["calendar"])]),
        ("link/currency", [at(TWO, "carried_in", "currency", to="EUR")]),
        ("link/pooling", [at(TWO, "pooling", to="universal")]),
        ("link/zone", [HALF, zone]),
        ("link/figure", [at(ONE, "figures", to=figures()[::-1])]),
        ("link/figure", [at(ONE, "figures", to=[figure("L4", {"lines": "1"}, term="")])]),
        ("link/figure", [at(ONE, "figures", to=[figure("COUNT", {"events": "-1"}, kind=28, origin="declared")])]),
        *(("link/figure", [at(ONE, "figures", to=[one])]) for one in nothing_but_zeros()),
        ("statement/fields", [at(ONE, "figures", to=low)]),
        ("statement/fields", [ONE | {"early": []}]),
        ("statement/value", [at(ONE, "v", to=1)]),
        ("statement/calendar", [at(ONE, "calendar", "days", to=365)]),
        ("statement/value", [at(ONE, "accounts", to=[])]),
        ("standing/form", [at(TWO, "carried_in", to={})]),
        ("standing/value", [at(TWO, "carried_in", "instant", to=Y2025 + 1)]),
        ("standing/version", [at(TWO, "carried_in", "v", to=3)]),
        ("chain/standing", [ONE, at(TWO, "carried_in", to=wrong)]),
        ("chain/standing", [ONE, again]),
        ("chain/standing", [TWO, ONE]),
        ("chain/covered", [HALF, at(REST, "covered", to="2024-02-01")]),
    ]  # fmt: skip
    return [refused(reason, *statements) for reason, statements in reasons]


def judged(
    statements: list[Map], policy: Map, verdict: str, *reasons: str, signed: dict[str, list[str]] | None = None
) -> Map:
    """An auditor's expectations of a chain, and what comes of them."""
    return {
        "op": "judge", "statements": [packed(one).hex() for one in statements],
        "policy": {"schema": "zkharvest/chain-policy/1", **policy}, "signed": signed or {},
        "out": {"verdict": verdict, "reasons": list(reasons)},
    }  # fmt: skip


def judgements() -> list[Map]:
    """Two methods over one history, another's page, a page of July for the year, and what is left open."""
    genesis = [header(KRAKEN, 0, Y2024, Y2026), header(WALLET, 0, Y2024, Y2026)]
    again = statement(genesis, (Y2024, Y2026), 2025)
    mine = {"kraken": [page_id(genesis[0]).hex()], "ledger": [page_id(genesis[1]).hex()]}
    pages = {"kraken": [page_id(K25).hex()], "ledger": [page_id(W25).hex()]}
    alone = statement([K24], (Y2024, Y2025), 2024)
    vouched = {page_id(K24).hex(): [KEY]}
    keys = {"first": True, "source_keys": {"kraken": [KEY]}}
    day = {"key": KEY, "first": "2025-01-01"}
    july = header(KRAKEN, 0, Y2024, AUGUST)
    after = header(KRAKEN, 1, AUGUST, Y2025, july)
    longer = statement([july, after], (Y2024, Y2025), 2024)
    short = statement([july], (Y2024, AUGUST), 2024)
    until_july = {"kraken": [page_id(july).hex()]}
    counted = at(ONE, "figures", to=figures())
    both = {"kraken": [page_id(K24).hex()], "ledger": [page_id(W24).hex()]}
    numbered, lettered = header(("10", "a"), 0, Y2024, Y2025), header(("+b", "a"), 0, Y2024, Y2025)
    digits = statement([lettered, numbered], (Y2024, Y2025), 2024)
    two_keys = [("+b", [KEY]), ("10", [day])]
    ledger = [{"accounts": {"ledger": ["W-1"]}}]
    made_up = header(("kraken", "K-second"), 0, Y2024, Y2025)
    second = statement([K24, made_up], (Y2024, Y2025), 2024)
    state = END24["accounts"][0] | {"account": "gone", "final": True}  # closed accounts of two sources, one page
    shared = END24 | {"accounts": [state | {"source": source} for source in ("a", "b")]}
    forged = statement([header(("new", "N-1"), 0, Y2025, Y2026)], (Y2025, Y2026), 2025, shared)
    return [
        judged([ONE, TWO], {"first": True, "pages": pages}, "accepted"),
        judged([TWO], {"standing": standing_name(END24), "pages": pages}, "accepted"),
        judged([TWO], {"pages": pages}, "undecided", "policy/history"),
        judged([again], {"pages": mine}, "undecided", "policy/history"),
        judged([again], {"pages": mine, "standing": standing_name(END24)}, "rejected", "policy/standing"),
        judged([TWO], {"pages": pages, "first": True}, "rejected", "policy/standing"),
        judged([HALF, REST], {"first": True, "pages": both}, "accepted"),
        judged([REST], {"standing": standing_name(END_HALF), "pages": both}, "undecided", "policy/year-begun"),
        judged([at(REST, "covered", to="2024-02-01")], {"standing": standing_name(END_HALF), "pages": both},
               "undecided", "policy/year-begun"),
        judged([REST], {"pages": both}, "undecided", "policy/history", "policy/year-begun"),
        judged([alone], keys, "undecided", "policy/holder", signed=vouched),
        judged([alone], keys | {"accounts": {"kraken": ["K-7f3a"]}}, "accepted", signed=vouched),
        judged([alone], keys | {"accounts": {"kraken": ["K-bob"]}}, "rejected", *["policy/account"] * 2,
               signed=vouched),
        judged([alone], {"first": True, "pages": {"kraken": ["00" * 32]}}, "rejected", "policy/page"),
        judged([alone], keys, "rejected", "page/unsigned"),
        judged([alone], keys, "rejected", "page/unsigned", signed={page_id(K24).hex(): ["22" * 32]}),
        judged([alone], keys | {"source_keys": {"kraken": [day]}}, "rejected", "page/key-period", signed=vouched),
        *(judged([digits], {"first": True, "source_keys": dict(given)}, "rejected", "page/unsigned", "page/key-period",
                 signed={page_id(numbered).hex(): [KEY]}) for given in (two_keys, two_keys[::-1])),
        judged([longer], {"first": True, "pages": until_july}, "undecided", "policy/later-pages"),
        judged([longer], keys, "undecided", "policy/later-pages", signed={page_id(july).hex(): [KEY]}),
        judged([short], {"first": True, "pages": until_july}, "undecided", "policy/coverage"),
        judged([ONE], {"first": True}, "undecided", "policy/no-expectation"),
        judged([ONE], {"first": True, "pages": {"kraken": both["kraken"]}}, "undecided", "policy/source-not-compared"),
        judged([ONE], {"first": True, "pages": {"kraken": both["kraken"]}, "allow_other_sources": True}, "accepted"),
        *(judged([ONE], {"first": True, "pages": {"kraken": both["kraken"]}, "allow_other_sources": True, **named},
                 "undecided", "policy/source-not-compared") for named in ledger),
        judged([second], {"first": True, "pages": {"kraken": both["kraken"]}, "allow_other_sources": True},
               "undecided", "policy/source-not-compared"),
        judged([second], {"first": True, "pages": {"kraken": [*both["kraken"], page_id(made_up).hex()]},
                          "allow_other_sources": True}, "accepted"),
        *(judged([forged], {"standing": standing_name(shared), "pages": {source: [page_id(K24).hex()]},
                            "allow_other_sources": True}, "accepted") for source in ("a", "b")),
        judged([forged], {"standing": standing_name(shared), "pages": {"kraken": [page_id(K24).hex()]}},
               "rejected", "policy/page"),
        judged([counted], {"first": True, "pages": both}, "accepted"),
        judged([counted], {"first": True, "pages": both, "max_declared": 3, "max_gone": 2, "max_unexplained": 5,
                           "max_by_window": 3, "max_in_transit": 13}, "undecided", "policy/counters"),
        judged([counted], {"first": True, "pages": both, "need_refs": True}, "undecided", *["policy/counters"] * 2),
        judged([TWO], {"standing": standing_name(END24), "pages": pages, "year": 2024, "method": "fifo",
                       "currency": "EUR", "timezone": "Asia/Tokyo", "pooling": "universal", "audience": "a",
                       "nonce": "00"}, "rejected", "policy/year", "policy/method", "policy/pooling", "policy/timezone",
               "policy/currency", "policy/context", "policy/context"),
    ]  # fmt: skip


def main() -> None:
    """Write the file."""
    new = header(("coinbase", "C-1"), 0, Y2025 + DAY, Y2026)
    final = header(WALLET, 1, Y2025, Y2025 + DAY, W24, final=True)
    third = statement([new, K25, final], (Y2025, Y2026), 2025, END24)
    none = statement([K24, W24], (Y2024, Y2025), None)
    past = carried_out(none, [K24, W24])
    year = statement([K25, W25], (Y2025, Y2026), 2025, past)
    counters = {"declared": 4, "unexplained": 5, "gone": 2, "by_window": 3, "in_transit": 13, "in_transit_by_window": 7}
    counted = at(ONE, "figures", to=figures())
    one = (ONE, END24, [], [], False, True)
    cases = [
        taken(one),
        taken(one, (TWO, END25, [], [], False, True)),
        taken((HALF, END_HALF, [], [0, 1], False, False), (REST, carried_out(REST, LONG), [0, 1], [], True, True)),
        taken(one, (third, carried_out(third, [new, K25, final]), [], [], False, True)),
        taken((none, carried_out(none, [K24, W24]), [], [], False, False)),
        taken((none, past, [], [], False, False), (year, carried_out(year, [K25, W25]), [], [], False, True)),
        taken((counted, END24, [], [], False, True), counters=counters),
        *refusals(),
        *judgements(),
    ]
    about = "chains of statements: standings, what a verifier computes, why one is refused, an auditor's verdict"
    write("chain/chain", SCRIPT, "circuits/FORMAT.md, sections 11 and 12", about, cases)


if __name__ == "__main__":
    main()
