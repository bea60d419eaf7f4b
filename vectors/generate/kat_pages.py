"""Known answers for pages: asset codes, references, salts, records, roots, headers and ids. Standard library only.

Written from circuits/FORMAT.md, section 11; the permutation is that of `kat_poseidon`.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256, shake_256
from typing import Any

from kat_poseidon import DIGEST, SALT, compress, lanes24, to_bytes
from plain_field import P, Stream, write

SCRIPT = "vectors/generate/kat_pages.py"
DEPTH = 20
FLAGS = ("closes", "moves", "inward", "short", "negative", "joined", "unvalued", "convert", "flat", "money")
BITCOIN, ETHER = "slip44:0", "slip44:60"
USDC = "eip155:1/erc20:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
TRANSACTION = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"

# flags, kind, time, quantity, value, asset, fee, reference
Row = tuple[str, int, int, int, int, str, int, str]
RECORDS: list[Row] = [
    ("moves inward", 14, 1735725600000, 15 * 10**17, 0, BITCOIN, 0, f"bitcoin:{TRANSACTION}:0"),
    ("closes money", 1, 1736071200000, 5 * 10**17, 4998750000000, BITCOIN, 1250000000, "T1"),
    ("closes", 1, 1736157600000, 10**17, 10**12, BITCOIN, 0, "T2"),
    ("joined", 1, 1736157600000, 3 * 10**18, 10**12, ETHER, 0, "T3"),
    ("closes negative money", 1, 1736157600001, 1, -(2**64 - 1), USDC, 2**54 - 1, "T4"),
    ("convert closes", 19, 1736157600002, 2**112 - 1, 0, "venue:x/OLD", 0, "C1"),
    ("convert joined", 19, 1736157600002, 10, 0, "venue:x/NEW", 0, "C1"),
    ("short unvalued flat", 1, 2**44 - 1, 7, 0, "venue:x/P", 0, ""),
]


def asset(name: str) -> list[int]:
    """Four lanes that stand for an asset: three of 24 bits, one of 30."""
    digest = sha256(b"zkharvest/asset/v2\0" + name.encode()).digest()
    return [int.from_bytes(digest[i : i + 3], "little") for i in (0, 3, 6)] + [
        int.from_bytes(digest[9:13], "little") % 2**30
    ]


def reference(text: str) -> int:
    """60 bits for a reference in its plain form; zero for none, one for what would be zero."""
    if not text:
        return 0
    parts = text.split(":")
    if len(parts) > 1 and parts[1]:
        word = parts[1].removeprefix("0x").removeprefix("0X")
        hexadecimal = len(word) == 64 and all(letter in "0123456789abcdefABCDEF" for letter in word)
        text = f"{parts[0].lower()}:{word.lower() if hexadecimal else parts[1]}"
    return int.from_bytes(sha256(b"zkharvest/ref/v2\0" + text.encode()).digest()[:8], "little") % 2**60 or 1


def page_key(seed: bytes, source: str, account: str, number: int, rows: Sequence[Row]) -> bytes:
    """The key of a page's salts."""
    names = b"".join(len(name.encode()).to_bytes(4, "big") + name.encode() for name in (source, account))
    held = sha256(b"".join(lane.to_bytes(4, "little") for row in rows for lane in record(row))).digest()
    return sha256(b"zkharvest/page-key/v2\0" + seed + names + number.to_bytes(8, "big") + held).digest()


def salts(key: bytes, count: int) -> list[list[int]]:
    """The root's salt, then one for each record."""
    stream = shake_256(b"zkharvest/page-salt/v2\0" + key).digest(8 * SALT * (count + 1))
    numbers = [int.from_bytes(stream[i : i + 8], "little") % P for i in range(0, len(stream), 8)]
    return [numbers[i : i + SALT] for i in range(0, len(numbers), SALT)]


def record(row: Row) -> list[int]:
    """The 19 lanes before the salt."""
    words, kind, time, quantity, value, name, fee, ref = row
    code = kind * 2**16 + sum(2**place for place, flag in enumerate(FLAGS) if flag in words.split())
    lanes = [(16 << 24) + code, time % 2**30, time // 2**30, *lanes24(quantity, 5), *lanes24(abs(value), 3)]
    reference_code = reference(ref)
    return [*lanes, *asset(name), fee % 2**24, fee // 2**24, reference_code % 2**30, reference_code // 2**30]


def root(leaves: list[list[int]], salt: list[int]) -> list[int]:
    """The root of a page: depth 20, a tag of its own; what is not there is nine zeros, and is not hashed."""
    level = leaves
    for depth in range(1, DEPTH + 1):
        top = depth == DEPTH
        parents = []
        for i in range(0, max(len(level), int(top)), 2):
            pair = [*level[i : i + 2], [0] * DIGEST, [0] * DIGEST][:2]
            parents.append(compress([17 << 24, *pair[0], *pair[1], *(salt if top else [0] * SALT)]))
        level = parents
    return level[0]


def packed(value: Any) -> bytes:
    """msgpack, as far as headers need it."""
    if value is None or value is True or value is False:
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        for limit, head, width in ((2**7, b"", 1), (2**8, b"\xcc", 1), (2**16, b"\xcd", 2), (2**32, b"\xce", 4)):
            if value < limit:
                return head + value.to_bytes(width, "big")
        return b"\xcf" + value.to_bytes(8, "big")
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    if isinstance(value, str):
        text = value.encode()
        return (bytes([0xA0 | len(text)]) if len(text) < 32 else b"\xd9" + bytes([len(text)])) + text
    return bytes([0x80 | len(value)]) + b"".join(packed(key) + packed(value[key]) for key in sorted(value))


def header_case(number: int, page_root: str, before: str | None, *, final: bool, count: int | None) -> dict[str, Any]:
    """A header, its bytes, its id and what is signed."""
    header = {
        "account": "K-7f3a", "count": count, "currency": "USD", "final": final, "from": 1735689600000 + number * 10**9,
        "names": "asset/1", "number": number, "prev": bytes.fromhex(before) if before else None,
        "root": bytes.fromhex(page_root), "source": "kraken:große Börse", "to": 1735689600000 + (number + 1) * 10**9,
        "v": 2,
    }  # fmt: skip
    data = packed(header)
    identity = sha256(b"zkharvest/page/v2\0" + data).digest()
    shown = {key: value.hex() if isinstance(value, bytes) else value for key, value in header.items()}
    signed = b"zkharvest/source-page/v2\0" + identity
    return {"op": "page-header", "header": shown, "bytes": data.hex(), "id": identity.hex(), "signed": signed.hex()}


def main() -> None:
    """Write the file."""
    stream = Stream("pages")
    names = [BITCOIN, ETHER, USDC, "iso4217:EUR", "venue:deribit/BTC-27DEC26-80000-P"]
    cases: list[dict[str, Any]] = [{"op": "page-asset", "in": [name], "out": asset(name)} for name in names]
    texts = ["", "T1", f"bitcoin:{TRANSACTION}", f"Bitcoin:{TRANSACTION.upper()}:1", f"ethereum:0x{TRANSACTION}"]
    texts += ["solana:5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnb:0", "a:", ":b"]
    cases += [{"op": "page-ref", "in": [text], "out": reference(text)} for text in texts]
    seed = stream.octets(32)
    keys = [("kraken", "K-7f3a", 0), ("kraken", "K-7f3a", 1), ("krake", "nK-7f3a", 0), ("ledger:große", "é", 4095)]
    held = [RECORDS[:count] for count in (0, 1, 3, len(RECORDS))]
    found = [page_key(seed, *one, rows) for one, rows in zip(keys, held, strict=True)]
    cases += [
        {"op": "page-key", "in": [seed.hex(), *one], "records": [list(row) for row in rows], "out": key.hex()}
        for one, rows, key in zip(keys, held, found, strict=True)
    ]
    cases.append({"op": "page-salts", "in": [found[0].hex(), 2], "out": salts(found[0], 2)})
    for count in (0, 1, 3, len(RECORDS)):
        rows, key = RECORDS[:count], found[count % len(found)]
        root_salt, *own = salts(key, count)
        lanes = [record(row) for row in rows]
        leaves = [compress(row + salt) for row, salt in zip(lanes, own, strict=True)]
        given = {"op": "page", "key": key.hex(), "records": [list(row) for row in rows]}
        given |= {"lanes": lanes, "leaves": [to_bytes(leaf) for leaf in leaves]}
        cases.append({**given, "root": to_bytes(root(leaves, root_salt))})
    first = header_case(0, cases[-1]["root"], None, final=False, count=None)
    cases += [first, header_case(1, cases[-2]["root"], first["id"], final=True, count=2**20)]
    about = "pages: codes of assets and references, keys, salts, records, roots of trees of depth 20, headers, ids"
    origin = "circuits/FORMAT.md, section 11; the permutation as in permutation.json"
    write("poseidon/pages", SCRIPT, origin, about, cases)


if __name__ == "__main__":
    main()
