"""Known answers for the text of a policy: which is one, and which is not. Standard library only.

Written from circuits/FORMAT.md, section 10, and RFC 8259. What a policy makes of a chain is in `kat_chain.py`.
"""

from __future__ import annotations

import json
from typing import Any

from plain_field import write

SCRIPT = "vectors/generate/kat_policy_texts.py"
SCHEMA = '"schema": "zkharvest/chain-policy/1"'
ID, KEY, BLS = "ab" * 32, "11" * 32, "22" * 48
LIMITS = ("max_declared", "max_unexplained", "max_gone", "max_by_window", "max_in_transit")
SWITCHES = ("first", "need_refs", "allow_other_sources", "allow_test_preset")
BY_SOURCE = {"pages": ID, "accounts": "K-1", "source_keys": KEY}
MOST = 1 << 40
Case = dict[str, Any]


def case(given: str | bytes, out: str) -> Case:
    """A text, or bytes where they are not the UTF-8 of any."""
    return {"op": "policy", **({"text": given} if isinstance(given, str) else {"bytes": given.hex()}), "out": out}


def member(name: str, value: str, out: str = "policy/form") -> Case:
    """A policy that says one thing, written so."""
    return case(f'{{{SCHEMA}, "{name}": {value}}}', out)


def values(name: str, taken: list[Any], refused: list[Any]) -> list[Case]:
    """A member with values that it may have, and others."""
    cases = [member(name, json.dumps(value), "taken") for value in [*taken, None]]
    return cases + [member(name, json.dumps(value)) for value in refused]


def numbers() -> list[Case]:
    """Integers are written as integers; bits need not be."""
    spellings = ("0.0", "1.0", "1e0", "1E2", "1e-0", "10e-1", "0e0", "00", "01", "-1", "+1", ".5", "1.", "NaN")
    spellings += (
        "Infinity",
        "-Infinity",
        "0x1",
        "1_0",
        "true",
        '"0"',
        "[0]",
        "{}",
        "9007199254740993",
        "1e400",
        "-0.0",
    )
    found = []
    for name in LIMITS:
        found += [member(name, text) for text in spellings]
        found += [member(name, text, "taken") for text in ("0", "-0", "1", str(MOST - 1), str(MOST))]
        found += [member(name, text) for text in (str(MOST + 1), str(-MOST), f"{MOST}.0", "1" + "0" * 400)]
    years = ("2025.0", "2025e0", "2.025e3", "02025", "1970", "2527", "-2025", '"2025"', "true", "[2025]", "2025.5")
    found += [member("year", text) for text in years]
    found += [member("year", text, "taken") for text in ("1971", "2025", "2526", "null")]
    bits = ("0", "-0", "-0.0", "0.0", "128", "128.0", "1.28e2", "1E+2", "99.95", "1024", "1024.0", "1e-400", "null")
    found += [member("min_bits", text, "taken") for text in bits]
    wrong = ("-1", "-0.5", "1024.5", "1025", "1e4", "1e400", "NaN", "Infinity", '"128"', "true", "[128]", "128.", ".5")
    found += [member("min_bits", text) for text in (*wrong, "0128")]
    escaped = (
        ("min\\u005fbits", "99.5", "taken"),
        ("max\\u005fgone", "1.0", "policy/form"),
        ("max\\u005fgone", "1", "taken"),
    )
    return [*found, *(member(*one) for one in escaped)]


def members() -> list[Case]:
    """Types and values of what is not a number."""
    found = []
    for name in SWITCHES:
        found += values(name, [True, False], [0, 1, "true", "", [], {}])
    broken = ["", "ab" * 31, "ab" * 33, ID[:-1], f" {ID}", f"0x{ID[2:]}", 7, [ID], ID[:-1] + "g"]
    found += values("standing", [ID, ID.upper()], broken)
    found += values("signer", [KEY], ["", "11" * 31, "11" * 33, 7, [KEY]])
    found += values("nonce", ["00", "00" * 32, "aB"], ["", "0", "000", "00" * 33, "0g", 0, ["00"]])
    found += values("method", ["fifo", "lifo", "hifo", "lofo", "specific"], ["", "FIFO", "average", 7, ["fifo"]])
    found += values("pooling", ["wallet", "universal"], ["", "Wallet", 7, ["wallet"]])
    found += values("timezone", ["UTC", "a" * 64, "A/b_c+d-0"], ["", "a" * 65, "A B", "UTC\n", "\u00e4", 7, ["UTC"]])
    found += values("currency", ["USD", "usdt2", "A1z"], ["", "US", "USDUSD", "US$", "USD\n", 7, ["USD"]])
    texts = ["", " a", "a ", "a  b", "a\n", "\ud800", "\U0001f600", "a\u0301", 7, ["a"]]
    found += values("audience", ["a", "a b", "\u00e9" * 100, "a" * 200], [*texts, "a" * 201, "\u00e9" * 101])
    ids = [["lot-machine/v2"], ["a", "b"], ["a", "a"], ["c" * 100]]
    found += values("circuits", ids, [[], "lot-machine/v2", [""], ["a", ""], [7], [None], ["c" * 101], {"a": 1}])
    return found


def by_source() -> list[Case]:
    """What is said of sources."""
    found = []
    names = ["kraken", "__proto__", "constructor", "toString", "0", "a=b", "s" * 128, "\u00e9" * 64]
    wrong = ["", " k", "k  k", "k\n", "s" * 129, "\u00e9" * 65, "\ud800"]
    for name, one in BY_SOURCE.items():
        other = one[:-1] + "2"
        taken = [{}, *({source: one} for source in names), {"a": [one], "b": [one]}, {"a": [one, other]}]
        refused = [[], [one], one, 7, *({source: one} for source in wrong)]
        refused += [{"a": value} for value in ([], None, 7, "", [""], [None], [one, one], [[one]], {}, True)]
        found += values(name, taken, refused)
    pages: list[Any] = [[ID, ID.upper()], [ID, "ab"], ["ab", ID], "ab" * 31, "ab" * 33, {"key": ID}]
    found += values("pages", [{"a": ID.upper()}], [{"a": one} for one in pages])
    found += values(
        "accounts",
        [{"a": ["K-1", "k-1"]}, {"a": "K" * 128}],
        [{"a": one} for one in (" K", "K" * 129, {"key": "K"}, ["K", ""])],
    )
    return found + dated_keys()


def dated_keys() -> list[Case]:
    """Keys of sources, and the days on which they sign."""
    dated = [{"key": KEY}, {"key": KEY, "first": None, "last": None}, {"key": BLS, "first": "2024-01-01"}]
    dated += [{"key": KEY, "last": "0001-01-01"}, {"key": KEY, "first": "2024-02-29", "last": "2024-02-29"}]
    sizes = ["11" * size for size in (0, 31, 33, 47, 49)]
    broken: list[Any] = [
        {},
        {"first": "2024-01-01"},
        {"key": None},
        {"key": KEY, "more": 1},
        {"key": KEY, "__proto__": 1},
    ]
    broken += [{"key": [KEY]}, {"key": {"key": KEY}}, {"Key": KEY}]
    broken += [{"key": KEY, "first": "2024-01-02", "last": "2024-01-01"}]
    days = ["", "20240101", "2024-W01-1", "2024-1-1", "2024-02-30", "0000-01-01", "2024-01-01T00:00", " 2024-01-01"]
    broken += [{"key": KEY, side: day} for side in ("first", "last") for day in [*days, 7, [], True]]
    same = [[KEY, KEY], [KEY, {"key": KEY}], [{"key": KEY, "first": None}, {"key": KEY.upper()}]]
    until = {"key": KEY, "last": "2024-12-31"}
    apart = [[KEY, until], [KEY, BLS], [until, {"key": KEY, "first": "2025-01-01"}]]
    taken = [{"a": one} for one in [BLS, *dated, *apart]]
    return values("source_keys", taken, [{"a": one} for one in [*sizes, *broken, *same]])


def texts() -> list[Case]:
    """What is JSON, and one object with the schema."""
    empty = f"{{{SCHEMA}}}"
    taken = [
        empty,
        f" \t\r\n{empty}\n",
        f'{{"year": 2025, {SCHEMA}}}',
        '{"\\u0073chema": "zkharvest\\/chain-policy/1"}',
    ]
    refused = [
        "", " ", "7", "null", "[]", '"policy"', f"[{empty}]", "{}", '{"schema": null}',
        '{"schema": "zkharvest/policy/1"}', '{"schema": ["zkharvest/chain-policy/1"]}', f"{empty}{empty}", f"{empty} x",
        f"{empty}\0", f"{{{SCHEMA},}}", f"{{{SCHEMA}", f"{{{SCHEMA}, {SCHEMA}}}", f"\ufeff{empty}", f"\u00a0{empty}",
        f"{{{SCHEMA} /* none */}}", empty.replace('"', "'"),
        f'{{{SCHEMA}, "year": 2025, "year": 2025}}', f'{{{SCHEMA}, "year": 2025, "\\u0079ear": null}}',
        f'{{{SCHEMA}, "pages": {{"a": "{ID}", "\\u0061": "{ID}"}}}}', f'{{{SCHEMA}, "pages": {{}}, "pages": {{}}}}',
        f'{{{SCHEMA}, "source_keys": {{"a": {{"key": "{KEY}", "key": "{KEY}"}}}}}}',
        *(f'{{{SCHEMA}, "audience": "{text}"}}' for text in ("a\tb", "\\x61", "\\ud83d")),
        f'{{{SCHEMA}, "first": true, "standing": "{ID}"}}', f'{{{SCHEMA}, "pages": ' + "[" * 5_000,
    ]  # fmt: skip
    names = ("yaer", "__proto__", "constructor", "Year", "")
    refused += [f'{{{SCHEMA}, "{name}": {value}}}' for name in names for value in ("2025", "null", "{}")]
    both = [f'{{{SCHEMA}, "first": false, "standing": "{ID}"}}', f'{{{SCHEMA}, "first": null, "standing": "{ID}"}}']
    text = empty.encode()
    broken = [empty.encode(name) for name in ("utf-16", "utf-16-le", "utf-32-be", "utf-8-sig")] + [text + b"\xff"]
    broken += [
        text[:-1] + rest + b"}" for rest in (b', "\xff": null', b', "audience": "\xff"', b', "audience": "\xe9"')
    ]
    broken += [text[:-1] + b', "audience": "\xed\xa0\x80"}']
    good = [*taken, *both, text[:-1] + ', "audience": "\u00e9"}'.encode()]
    return [case(one, "taken") for one in good] + [case(one, "policy/form") for one in [*refused, *broken]]


def main() -> None:
    """Write the file."""
    about = "texts of a policy: which are one"
    cases = [*texts(), *numbers(), *members(), *by_source()]
    write("chain/policies", SCRIPT, "circuits/FORMAT.md, section 10", about, cases)


if __name__ == "__main__":
    main()
