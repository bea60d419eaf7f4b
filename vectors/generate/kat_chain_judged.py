"""Known answers for chains of several links under an auditor's expectations. Standard library only.

Written from circuits/FORMAT.md, sections 9, 10 and 12; as `kat_chain.py`, whose statements these are: which days a key
covers, which pages and accounts are those of a source, what a period's counters are, and what is left open.
"""

from __future__ import annotations

from typing import Any

from kat_chain import (
    DAY,
    END24,
    HALF,
    JULY,
    K24,
    K25,
    KEY,
    KRAKEN,
    LONG,
    ONE,
    REST,
    TWO,
    W24,
    W25,
    WALLET,
    Y2024,
    Y2025,
    Y2026,
    Map,
    at,
    carried_out,
    figure,
    figures,
    header,
    judged,
    page_id,
    standing_name,
    statement,
    taken,
)
from plain_field import write

SCRIPT = "vectors/generate/kat_chain_judged.py"
FIRST, HOUR = {"first": True}, 3_600_000
K24_ID, K25_ID, W24_ID, W25_ID = (page_id(page).hex() for page in (K24, K25, W24, W25))
BOTH24, BOTH25 = {"kraken": K24_ID, "ledger": W24_ID}, {"kraken": K25_ID, "ledger": W25_ID}
STANDING = {"standing": standing_name(END24)}
ALONE = statement([K24], (Y2024, Y2025), 2024)
MINE = {"kraken": "K-7f3a"}


def key_days() -> list[Map]:
    """A key's days: that of the page's last instant in UTC, the first and the last of them included."""

    def by(page: Map, verdict: str, *reasons: str, **days: str) -> Map:
        policy = {**FIRST, "accounts": MINE, "source_keys": {"kraken": {"key": KEY, **days}}}
        whole = statement([page], (Y2024, Y2025), 2024)
        return judged([whole], policy, verdict, *reasons, signed={page_id(page).hex(): [KEY]})

    late = {**K24, "to": Y2025 + 1}
    return [
        *(by(K24, "accepted", **{side: "2024-12-31"}) for side in ("first", "last")),
        by(K24, "accepted", first="2024-12-31", last="2024-12-31"),
        by(K24, "rejected", "page/key-period", last="2024-12-30"),
        by(late, "accepted", first="2025-01-01", last="2025-01-01"),
        by(late, "rejected", "page/key-period", last="2024-12-31"),
        by({**K24, "to": Y2025 + DAY}, "accepted", last="2025-01-01"),
    ]


def signatures() -> list[Map]:
    """Of an account's pages one has the expected signature, or is expected by its id."""
    july = header(KRAKEN, 0, Y2024, JULY)
    after = header(KRAKEN, 1, JULY, Y2025, july)
    whole = statement([july, after], (Y2024, Y2025), 2024)
    keys: Map = {**FIRST, "accounts": MINE, "source_keys": {"kraken": KEY}}
    by_id, signed = keys | {"pages": {"kraken": page_id(after).hex()}}, {page_id(july).hex(): [KEY]}
    past = keys | {"source_keys": {"kraken": {"key": KEY, "last": "2020-01-01"}}}
    two = keys | {"source_keys": {"kraken": [{"key": KEY, "last": "2020-01-01"}, "22" * 32]}}
    other = header((KRAKEN[0], "A-0"), 0, Y2025, Y2026)
    second = statement([other, K25], (Y2025, Y2026), 2025, carried_out(ALONE, [K24]))
    everybody = {**FIRST, "source_keys": {"kraken": {"key": KEY, "last": "2020-01-01"}}}
    return [
        judged([whole], by_id, "accepted"),
        judged([whole], keys | {"pages": {"kraken": page_id(july).hex()}}, "undecided", "policy/later-pages"),
        judged([whole], past, "rejected", "page/key-period", signed=signed),
        judged([whole], past, "rejected", "page/key-period", signed={page_id(after).hex(): [KEY]}),
        judged([whole], two, "rejected", "page/key-period", signed=signed),
        judged([whole], two, "accepted", signed={page_id(after).hex(): ["33" * 32, "22" * 32]}),
        judged([ALONE, second], everybody, "rejected", "page/unsigned", "page/key-period", signed={K24_ID: [KEY]}),
        judged([ALONE], {**FIRST, "source_keys": {"kraken": KEY, "nobody": KEY}}, "rejected", "page/unsigned",
               signed={K24_ID: [KEY]}),
        judged([ONE], {**FIRST, "pages": {"ledger": W24_ID}, "source_keys": {"kraken": KEY}, "accounts": MINE},
               "accepted", signed={K24_ID: [KEY]}),
        judged([ONE], {**FIRST, "pages": {"ledger": W24_ID}, "source_keys": {"kraken": KEY}}, "undecided",
               "policy/holder", signed={K24_ID: [KEY]}),
        judged([ONE], {**FIRST, "source_keys": {"kraken": KEY}, "allow_other_sources": True}, "undecided",
               "policy/holder", signed={K24_ID: [KEY]}),
        judged([ONE], {**FIRST, "source_keys": {"kraken": KEY}}, "undecided", "policy/holder",
               "policy/source-not-compared", signed={K24_ID: [KEY]}),
    ]  # fmt: skip


def pages_before() -> list[Map]:
    """Pages that the standing carried in has as the last of its accounts."""
    closed = {**END24["accounts"][0], "source": "a", "account": "closed", "final": True, "page": bytes.fromhex(K25_ID)}
    named = {**END24, "accounts": [closed, *END24["accounts"]]}
    beside = statement([K25, W25], (Y2025, Y2026), 2025, named)
    again = {"standing": standing_name(named), "pages": BOTH25}
    second = header((KRAKEN[0], "K-8"), 0, Y2024, Y2025)
    two = statement([K24, second], (Y2024, Y2025), 2024)
    after = header((KRAKEN[0], "K-8"), 1, Y2025, Y2026, second)
    end = carried_out(two, [K24, second])
    year = statement([K25, after], (Y2025, Y2026), 2025, end)
    from_end = {"standing": standing_name(end)}
    return [
        judged([TWO], STANDING | {"pages": {"kraken": [K24_ID, K25_ID], "ledger": W25_ID}}, "accepted"),
        judged([TWO], STANDING | {"pages": {"kraken": K24_ID, "ledger": W25_ID}}, "undecided", "policy/later-pages"),
        judged([TWO], STANDING | {"pages": {"kraken": W24_ID, "ledger": W25_ID}}, "rejected", "policy/page"),
        judged([ONE, TWO], FIRST | {"pages": BOTH24}, "undecided", "policy/later-pages"),
        judged([beside], again, "accepted"),
        judged([beside], again | {"pages": {"a": K25_ID, **BOTH25}}, "rejected", "policy/page"),
        judged([year], from_end | {"pages": {"kraken": K24_ID}}, "undecided", "policy/later-pages",
               "policy/source-not-compared"),
        judged([year], from_end | {"pages": {"kraken": K24_ID}, "allow_other_sources": True}, "undecided",
               "policy/later-pages", "policy/source-not-compared"),
        judged([year], from_end | {"pages": {"kraken": [K25_ID, page_id(second).hex()]}}, "undecided",
               "policy/later-pages"),
    ]  # fmt: skip


def last_link() -> list[Map]:
    """What is expected of the last link, and of every link of its year."""
    new = header(("coinbase", "C-1"), 0, Y2025 + DAY, Y2026)
    third = statement([new, K25, W25], (Y2025, Y2026), 2025, END24)
    named = {"coinbase": "C-1", **MINE, "ledger": "W-1"}
    ids = {"coinbase": page_id(new).hex(), **BOTH25}
    hifo = at(REST, "method", to="hifo")
    first_hifo = at(HALF, "method", to="hifo")
    from_hifo = statement(LONG, (JULY, Y2025), 2024, carried_out(first_hifo, LONG), calendar=ONE["calendar"])
    context = {"audience": "an office", "nonce": b"\1\2", "link": 0, "links": 1}
    mine = at(ONE, "context", to=context)
    wanted = FIRST | {"pages": BOTH24}
    exact = {"year": 2025, "method": "hifo", "pooling": "wallet", "timezone": "UTC", "currency": "USD"}
    return [
        judged([ONE, third], FIRST | {"pages": ids, "accounts": named}, "accepted"),
        judged([ONE, third], FIRST | {"pages": ids, "accounts": {**named, "coinbase": ["C-1", "C-2"]}}, "rejected",
               "policy/account"),
        judged([ONE, third], FIRST | {"pages": ids, "accounts": {"nobody": "N"}}, "rejected", "policy/account"),
        judged([ONE, TWO], FIRST | {"pages": BOTH25} | exact, "accepted"),
        *(judged([ONE, TWO], FIRST | {"pages": BOTH25} | {name: value}, "rejected", f"policy/{name}")
          for name, value in (("year", 2024), ("method", "fifo"), ("pooling", "universal"), ("currency", "usd"))),
        judged([HALF, hifo], wanted | {"method": "hifo"}, "rejected", "policy/method"),
        judged([HALF, hifo], wanted | {"method": "fifo"}, "rejected", "policy/method"),
        judged([first_hifo, from_hifo], wanted | {"method": "hifo"}, "rejected", "policy/method"),
        judged([HALF, REST], wanted | {"method": "fifo"}, "accepted"),
        judged([mine], wanted | {"audience": "an office", "nonce": "0102"}, "accepted"),
        judged([mine], wanted | {"audience": "an office", "nonce": "0103"}, "rejected", "policy/context"),
        judged([mine], wanted | {"audience": "an offic", "nonce": "0102"}, "rejected", "policy/context"),
        judged([mine], wanted, "accepted"),
        judged([ONE], wanted | {"audience": "an office"}, "rejected", "policy/context"),
        judged([ONE, at(TWO, "covered", to="2025-01-01")], FIRST | {"pages": BOTH25}, "accepted"),
    ]  # fmt: skip


def declared(count: int) -> list[Map]:
    """Figures that count so many declarations, and as many moves under way."""
    moves = figure("COUNT", {"events": str(count)}, kind=63, origin="window")
    return [figure("COUNT", {"events": str(count)}, kind=28, origin="declared"), moves]


def periods() -> list[Map]:
    """Counters of the last link of each year, and of every link of none."""
    middle = Y2025 + 100 * DAY
    one = statement(LONG, (Y2024, JULY), None, calendar=ONE["calendar"], figures=declared(1))
    end = carried_out(one, LONG)
    two = at(statement(LONG, (Y2024, Y2025), None, end, figures=declared(10)), "window", "from", to=JULY)
    before = carried_out(two, LONG)
    pages = [header(KRAKEN, 1, Y2025, Y2026, LONG[0]), header(WALLET, 1, Y2025, Y2026, LONG[1])]
    three = statement(pages, (Y2025, middle), 2025, before, figures=declared(100))
    half = carried_out(three, pages)
    four = statement(pages, (middle, Y2026), 2025, half, calendar=three["calendar"], figures=declared(1000))
    closing = carried_out(four, pages)
    sums = {"declared": 1011, "in_transit": 1000, "in_transit_by_window": 1000}
    newest = {"kraken": page_id(pages[0]).hex(), "ledger": page_id(pages[1]).hex()}
    early, late = [0, 1], [0, 1]
    whole, wanted = [one, two, three, four], FIRST | {"pages": newest}
    return [
        taken((one, end, [], late, False, False), (two, before, early, [], False, False),
              (three, half, [], late, False, False), (four, closing, early, [], True, True), counters=sums),
        judged(whole, wanted | {"max_declared": 1011, "max_in_transit": 1000}, "accepted"),
        judged(whole, wanted | {"max_declared": 1010}, "undecided", "policy/counters"),
        judged([one, two, three], wanted, "undecided", "policy/coverage"),
        judged([one, two], FIRST | {"pages": {"kraken": page_id(LONG[0]).hex(), "ledger": page_id(LONG[1]).hex()}},
               "accepted"),
    ]  # fmt: skip


def limits() -> list[Map]:
    """Each counter at its limit and above it."""
    found = {"declared": 4, "gone": 2, "unexplained": 5, "by_window": 3, "in_transit": 13}
    counted, wanted = at(ONE, "figures", to=figures()), FIRST | {"pages": BOTH24}
    cases = [judged([counted], wanted | {f"max_{name}": n for name, n in found.items()}, "accepted")]
    for name, n in found.items():
        cases += [judged([counted], wanted | {f"max_{name}": n - 1}, "undecided", "policy/counters")]
    for kind, origin, verdict in ((14, "window", "undecided"), (63, "window", "undecided"), (63, "ref", "accepted")):
        moved = at(ONE, "figures", to=[figure("COUNT", {"events": "1"}, kind=kind, origin=origin)])
        reasons = ["policy/counters"] if verdict == "undecided" else []
        cases += [judged([moved], wanted | {"need_refs": True}, verdict, *reasons)]
        cases += [judged([moved], wanted | {"need_refs": False}, "accepted")]
    return cases


def coverage() -> list[Map]:
    """A year that begins hours after it did, as the year before was of another zone."""
    end = Y2025 + 5 * HOUR
    begins = Y2024 + 5 * HOUR
    west = {"timezone": "Etc/GMT+5", "calendar": {**ONE["calendar"], "offsets": [[0, -18000]]}}
    moved = [header(KRAKEN, 0, begins, Y2026), header(WALLET, 0, begins, Y2026)]
    first = statement(moved, (begins, end), 2024, **west)
    second = statement(moved, (end, Y2026), 2025, carried_out(first, moved), calendar=TWO["calendar"])
    newest = {"kraken": page_id(moved[0]).hex(), "ledger": page_id(moved[1]).hex()}
    genesis = statement([{**K24, "from": Y2024 + DAY}], (Y2024 + DAY, Y2025), 2024, calendar=ONE["calendar"])
    return [
        judged([first, second], FIRST | {"pages": newest}, "undecided", "policy/coverage"),
        judged(
            [second], {"standing": standing_name(second["carried_in"]), "pages": newest}, "undecided", "policy/coverage"
        ),
        judged([genesis], FIRST | {"pages": {"kraken": page_id({**K24, "from": Y2024 + DAY}).hex()}}, "accepted"),
    ]


def main() -> None:
    """Write the file."""
    about = "chains of several links under an auditor's expectations"
    cases: list[Any] = [*key_days(), *signatures(), *pages_before(), *last_link(), *periods(), *limits(), *coverage()]
    write("chain/judged", SCRIPT, "circuits/FORMAT.md, sections 9, 10 and 12", about, cases)


if __name__ == "__main__":
    main()
