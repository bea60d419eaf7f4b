"""Known answers for the figures of a statement: which there can be, and which not. Standard library only.

Written from circuits/FORMAT.md, sections 11 and 12. Each case is a list of figures, most have one, of statements with
two accounts. Of those that are taken the answer is what is counted, and SHA-256 of the circuit's records, four bytes an
element.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from kat_chain import KRAKEN, WALLET, Map, figure, packed
from kat_standing_forms import renamed, without
from plain_field import P, write

SCRIPT = "vectors/generate/kat_figure_forms.py"
ACCOUNTS = (KRAKEN, WALLET)
LEVELS = ("L0", "L1", "L2", "L3", "L4", "NET", "COUNT", "HOLD")
NONE = dict.fromkeys(("declared", "unexplained", "gone", "by_window", "in_transit", "in_transit_by_window"), 0)
ORIGINS = ("venue", "declared", "none", "gone", "out", "ref", "window")
COVERED, TERMS = ("c", "n"), ("short", "long", "flat", "pool")
RESULTS, SIDES = ("gain", "loss"), ("0", "1")
BITS = {"units": 144, "proceeds": 96, "basis": 96, "fee": 72, "lines": 24, "events": 24}

BOUGHT = {
    "asset": "slip44:0", "source": 0, "kind": 1, "origin": "venue",
    "covered": "", "term": "", "result": "", "side": "0",
}  # fmt: skip
SOLD = {**BOUGHT, "covered": "c", "term": "short", "result": "gain"}
KEYS: dict[str, Map] = {
    "L0": BOUGHT, "L1": SOLD, "L2": {"source": 0, "covered": "c", "term": "short"},
    "L3": {"term": "short", "result": "gain"}, "L4": {"term": "short"}, "NET": {},
    "COUNT": {"kind": 1, "origin": "venue"},
    "HOLD": {"asset": "slip44:0", "source": 0, "side": "0"},
}  # fmt: skip


def shown(*figures: Any, **counters: int) -> Map:
    """Figures that are taken: what they count, and their records."""
    words = b"".join(word.to_bytes(4, "little") for one in figures for record in records(one) for word in record)
    return case(figures, {"counters": NONE | counters, "records": sha256(words).hexdigest()})


def wrong(*figures: Any, reason: str = "link/figure") -> Map:
    """Figures that are refused."""
    return case(figures, {"reason": reason})


def case(figures: Any, out: Map) -> Map:
    """A list of figures, and what comes of it."""
    return {"op": "figures", "accounts": ACCOUNTS, "figures": packed(list(figures)).hex(), "out": out}


def code(data: bytes) -> list[int]:
    """Four words of a hash."""
    digest = sha256(data).digest()
    return [
        *(int.from_bytes(digest[i : i + 3], "little") for i in (0, 3, 6)),
        int.from_bytes(digest[9:13], "little") % 2**30,
    ]


def account_code(source: str, account: str) -> list[int]:
    """The code of an account."""
    name = source.encode()
    return code(b"zkharvest/account/v2\0" + len(name).to_bytes(4, "big") + name + account.encode())


def records(one: Map) -> list[list[int]]:
    """The records of a figure: its key, the number of a lane, the lane."""

    def place(name: str, listed: tuple[str, ...]) -> int:
        return ("", *listed).index(one.get(name, ""))

    level, kind, origin = one["level"], one.get("kind", 0), one.get("origin", "")
    told = level in ("L0", "L1", "COUNT") and (origin in ("declared", "none", "gone", "window") or kind == 63)
    key = [LEVELS.index(level) + 1]
    key += code(b"zkharvest/asset/v2\0" + one["asset"].encode()) if "asset" in one else [0] * 4
    key += account_code(*ACCOUNTS[one["source"]]) if "source" in one else [0] * 4
    key += [kind, place("origin", ORIGINS), int(told), place("covered", COVERED), place("term", (*TERMS, "income"))]
    key += [place("result", RESULTS), place("side", SIDES)]
    found, lane = [], 0
    for group, bits in BITS.items():
        amount = one["values"].get(group)
        for k in range(bits // 24):
            lane += 1
            if amount is not None:
                size = abs(int(amount)) >> 24 * k & 0xFFFFFF
                found.append([*key, lane, (-size if int(amount) < 0 else size) % P])
    return found


def of(level: str, values: Map | None = None, **changes: Any) -> Map:
    """A figure of a level, its key changed."""
    return figure(level, {"lines": "1"} if values is None else values, **{**KEYS[level], **changes})


def forms() -> list[Map]:
    """Keys and types of a figure."""
    form = "statement/fields"
    types: dict[str, list[Any]] = {"source": ["0", True, None], "kind": ["1", True]}
    found = [wrong(one, reason=form) for one in (7, None, [], {})]
    for level, keys in KEYS.items():
        whole = of(level)
        found += [wrong(without(whole, key), reason=form) for key in whole]
        found += [wrong(renamed(whole, key), reason=form) for key in whole]
        found += [wrong({**whole, key: "1"}, reason=form) for key in ("told", *BOUGHT) if key not in whole]
        for key in keys:
            found += [wrong({**whole, key: value}, reason=form) for value in types.get(key, [7, None])]
    found += [
        wrong({**of("NET"), "level": level}, reason=form) for level in ("", "net", "L5", "toString", 7, None, ["NET"])
    ]
    values = (
        7,
        None,
        [],
        {},
        {"lines": 1},
        {"lines": True},
        {"lines": None},
        {"units": "1", "more": "1"},
        {"Lines": "1"},
    )
    found += [wrong({**of("NET"), "values": value}, reason=form) for value in values]
    most = [None] * 512
    return [*found, wrong(*most, reason=form), wrong(*most, None), shown()]


def words() -> list[Map]:
    """Words, places, kinds and assets."""
    found = [
        shown(of("L0", **{key: value})) for key, value in (("kind", 62), ("kind", 61), ("side", ""), ("side", "1"))
    ]
    found += [wrong(of(level, kind=kind)) for level in ("L0", "L1", "COUNT") for kind in (0, 63, 64, -1)]
    found += [shown(of("COUNT", kind=kind)) for kind in (1, 62)]
    found += [shown(of("COUNT", {"events": "0"}, kind=63, origin=origin)) for origin in ("ref", "window")]
    found += [wrong(of("COUNT", kind=63, origin=origin)) for origin in ("", *ORIGINS[:-2])]
    found += [wrong(of(level, kind=63, origin=origin)) for level in ("L0", "L1") for origin in ("ref", "window")]
    found += [shown(of(level, **{**BOUGHT, "origin": origin})) for level in ("L0", "L1") for origin in ORIGINS]
    found += [shown(of("COUNT", origin=origin)) for origin in ORIGINS]
    found += [wrong(of(level, origin=word)) for level in ("L0", "COUNT") for word in ("", "Venue", "venu", "toString")]
    for level in ("L0", "L1", "L2", "HOLD"):
        found += [shown(of(level, source=1)), wrong(of(level, source=1, asset="b"), of(level, source=0, asset="b"))][
            : 2 - (level == "L2")
        ]
        found += [wrong(of(level, source=place)) for place in (-1, 2)]
    for level in ("L0", "L1", "HOLD"):
        found += [wrong(of(level, asset=text)) for text in ("", " a", "a  b", "a\n", "a" * 321, "\u00e9" * 161)]
        found += [shown(of(level, asset=text)) for text in ("a" * 320, "\u00e9" * 160, "a b")]
    for key, listed in (("covered", COVERED), ("term", (*TERMS, "income")), ("result", RESULTS), ("side", SIDES)):
        for level in (one for one in KEYS if key in KEYS[one]):
            found += [
                wrong(of(level, **{key: word}))
                for word in (f"{listed[0]}x", listed[0].upper() + " ", "2", "constructor")
            ]
    return found


def classes() -> list[Map]:
    """What covered, term, result and side can be together."""
    found = [shown(of(level, **BOUGHT)) for level in ("L0", "L1")]
    found += [shown(of(level, **{**BOUGHT, "term": "income", "kind": 5})) for level in ("L0", "L1")]
    for level in ("L0", "L1"):
        for term in TERMS:
            found += [shown(of(level, **{**SOLD, "term": term, "covered": c, "result": r, "side": s}))
                      for c, r, s in (("c", "gain", "0"), ("n", "loss", "1"))]  # fmt: skip
            found += [wrong(of(level, **{**SOLD, "term": term, key: ""})) for key in ("covered", "result", "side")]
            found += [wrong(of(level, **{**SOLD, "term": term, "origin": origin})) for origin in ORIGINS[1:]]
        for term in ("", "income"):
            pairs = (("covered", "c"), ("covered", "n"), ("result", "gain"), ("result", "loss"))
            found += [wrong(of(level, **{**BOUGHT, "term": term, key: word})) for key, word in pairs]
    found += [shown(of("L2", term=term, covered=covered)) for term in TERMS for covered in COVERED]
    found += [
        wrong(of("L2", term=term, covered=covered)) for term, covered in (("", "c"), ("income", "c"), ("short", ""))
    ]
    found += [shown(of("L3", term=term, result=result)) for term in TERMS for result in RESULTS]
    found += [shown(of("L3", term="income", result="gain"))]
    others = (("income", "loss"), ("income", ""), ("short", ""), ("", "gain"), ("", ""))
    found += [wrong(of("L3", term=term, result=result)) for term, result in others]
    found += [shown(of("L4", term=term)) for term in (*TERMS, "income")]
    return [*found, wrong(of("L4", term="")), shown(of("HOLD", side="1")), wrong(of("HOLD", side=""))]


def amounts() -> list[Map]:
    """Groups: how far they reach, which may be below zero, and their one form."""
    found = []
    for level in KEYS:
        for group, bits in BITS.items():
            values = {"lines": "1", group: str((1 << bits) - 1)}
            if group == "units" and level in ("L2", "COUNT"):
                found += [wrong(of(level, values | {group: amount})) for amount in ("0", "1")]
                continue
            counted = {} if level != "COUNT" or group != "events" else {"unexplained": (1 << bits) - 1}
            key = {"origin": "none"} if counted else {}
            found += [shown(of(level, values, **key), **counted), wrong(of(level, values | {group: str(1 << bits)}))]
            signed = group in ("proceeds", "basis") or (group == "units" and level in ("L3", "L4", "NET"))
            least = str(1 - (1 << bits))
            found += (
                [shown(of(level, values | {group: least}))] if signed else [wrong(of(level, values | {group: "-1"}))]
            )
            found += [wrong(of(level, values | {group: str(-(1 << bits))}))]
    forms_ = (
        "",
        "-",
        "00",
        "01",
        "-0",
        "-01",
        "+1",
        "1 ",
        " 1",
        "1.0",
        "1e3",
        "0x1",
        "\u0661",
        "1\n",
        "9" * 51,
        "-" + "9" * 51,
        "--1",
    )
    found += [wrong(of("NET", {"lines": "1", "proceeds": text})) for text in forms_]
    for level in ("L0", "L1", "HOLD"):
        zeros = dict.fromkeys(BITS, "0")
        found += [wrong(of(level, zeros)), *(shown(of(level, {**zeros, group: "1"})) for group in BITS)]
        found += [shown(of(level, {"basis": "-1", "lines": "0"}))]
    return [*found, *(shown(of(level, {"lines": "0"})) for level in ("L2", "L3", "L4", "NET", "COUNT"))]


def orders() -> list[Map]:
    """Strictly increasing by level, asset, account, kind, origin, covered, term, result and side."""
    two = {**SOLD, "side": "0"}
    rises = [
        (of("L0", **{**SOLD, "asset": "z"}), of("L1", asset="a")), (of("NET"), of("COUNT")), (of("COUNT"), of("HOLD")),
        (of("L0", **{**two, "asset": "a", "kind": 2}), of("L0", **{**two, "asset": "b"})),
        (of("L0", **{**two, "asset": "a-z"}), of("L0", **{**two, "asset": "a-\u00e9"})),
        (of("L0", **{**two, "kind": 9}), of("L0", **{**two, "kind": 10})), (of("L0"), of("L0", origin="declared")),
        (of("L0", source=0, kind=2), of("L0", source=1, kind=1)),
        (of("COUNT", origin="out"), of("COUNT", origin="ref")), (of("L0"), of("L0", **two)),
        (of("L0", **{**two, "term": "pool"}), of("L0", **{**two, "covered": "n", "term": "short"})),
        (of("L0", **{**two, "result": "loss"}), of("L0", **{**two, "term": "long"})),
        (of("L0", **{**two, "side": "1"}), of("L0", **{**two, "result": "loss", "side": "0"})),
        (of("L0", **two), of("L0", **{**two, "side": "1"})),
        (of("L0", side=""), of("L0")), (of("L4", term="pool"), of("L4", term="income")),
        (of("L3", term="flat", result="gain"), of("L3", term="flat", result="loss")),
        (of("L4", term="short"), of("L4", term="long")),
    ]  # fmt: skip
    found = []
    for lower, higher in rises:
        found += [shown(lower, higher), wrong(higher, lower)]
    return [*found, wrong(of("NET"), of("NET")), wrong(of("NET", {"units": "1"}), of("NET", {"units": "2"}))]


def counters() -> list[Map]:
    """Events by what rests on the taxpayer's word: of COUNT alone, and only of some origins."""
    found = []
    for origin, counter in (
        ("declared", "declared"),
        ("none", "unexplained"),
        ("gone", "gone"),
        ("window", "by_window"),
    ):
        several = [of("COUNT", {"events": str(n)}, kind=kind, origin=origin) for n, kind in ((2, 1), (5, 62))]
        found += [shown(*several, **{counter: 7}), shown(of("COUNT", {"lines": "3"}, origin=origin))]
        found += [shown(of("L0", {"events": "3"}, origin=origin))]
    found += [shown(of("COUNT", {"events": "3"}, origin=origin)) for origin in ("venue", "out", "ref")]
    moves = [of("COUNT", {"events": str(n)}, kind=63, origin=origin) for n, origin in ((2, "ref"), (5, "window"))]
    return [*found, shown(*moves, in_transit=7, in_transit_by_window=5), shown(moves[0], in_transit=2)]


def main() -> None:
    """Write the file."""
    about = "figures of a statement: which there can be, their order, and what is counted"
    cases = [*forms(), *words(), *classes(), *amounts(), *orders(), *counters()]
    write("chain/figures", SCRIPT, "circuits/FORMAT.md, sections 11 and 12", about, cases)


if __name__ == "__main__":
    main()
