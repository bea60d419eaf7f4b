"""Known answers of pages: what computes them here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Case = dict[str, Any]


def _assets(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment.assets import id_code

    return [id_code(*case["in"]) for case in cases]


def _references(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment.page_record import ref_code

    return [ref_code(*case["in"]) for case in cases]


def _keys(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment.pages import page_key

    for case in cases:
        seed, source, account, number = case["in"]
        yield page_key(bytes.fromhex(seed), source, account, number, _records(case))


def _salts(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.commitment.pages import page_salts

    for case in cases:
        key, count = case["in"]
        root, own = page_salts(bytes.fromhex(key), count)
        yield [root, *own]


def _records(case: Case) -> list[Any]:
    from zkharvest.commitment.page_record import Flag, PageRecord, RecordKind

    found = []
    for words, kind, time, quantity, value, asset, fee, ref in case["records"]:
        flags = Flag(0)
        for word in words.split():
            flags |= Flag[word.upper()]
        found.append(PageRecord(flags, RecordKind(kind), time, quantity, value, asset, fee, ref))
    return found


def _pages(cases: list[Case]) -> Iterable[Any]:
    """Lanes, leaves and root of each page: its tree by itself."""
    from zkharvest.commitment.page_record import lanes_of
    from zkharvest.commitment.pages import page_tree

    for case in cases:
        records = _records(case)
        tree = page_tree(records, bytes.fromhex(case["key"]))
        leaves = [leaf.astype("<u4").tobytes() for leaf in tree.leaves]
        yield {"lanes": lanes_of(records)[:, :19], "leaves": leaves, "root": tree.root}


def _together(cases: list[Case]) -> Iterable[Any]:
    """The roots of all pages at once."""
    from zkharvest.commitment.pages import page_roots

    roots = page_roots([(_records(case), bytes.fromhex(case["key"])) for case in cases])
    return [{"root": root} for root in roots]


def _headers(cases: list[Case]) -> Iterable[Any]:
    from zkharvest.verifier.page import read_header, signed_message

    for case in cases:
        header = read_header(bytes.fromhex(case["bytes"]))
        shown = {key: value.hex() if isinstance(value, bytes) else value for key, value in header.to_map().items()}
        identity = header.page_id
        yield {"header": shown, "bytes": header.encode(), "id": identity, "signed": signed_message(identity)}


IMPLEMENTATIONS: dict[str, dict[str, Callable[[list[Case]], Iterable[Any]]]] = {
    "poseidon/page-asset": {"plain": _assets},
    "poseidon/page-ref": {"plain": _references},
    "poseidon/page-key": {"plain": _keys},
    "poseidon/page-salts": {"plain": _salts},
    "poseidon/page": {"one by one": _pages, "together": _together},
    "poseidon/page-header": {"plain": _headers},
}
