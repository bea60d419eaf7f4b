"""Public data: what a proof is about, as field elements (FORMAT.md section 5).

The verifier builds it from the statement, the prover from the same statement; the proof has no say in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zkharvest.spec import WORD_BYTES, P
from zkharvest.verifier.description import Description
from zkharvest.verifier.rejections import Reason, Reject


@dataclass(frozen=True, slots=True)
class PublicData:
    """Scalars and lists in the description's order; given rows of every public column; the statement's digest.

    `columns` has an entry for every (table, public column) of the description, both counted from 0; rows beyond
    those given are zero.
    """

    publics: tuple[int, ...]
    lists: tuple[tuple[tuple[int, ...], ...], ...]
    columns: Mapping[tuple[int, int], tuple[int, ...]]
    context: bytes


def check(description: Description, heights: Sequence[int], data: PublicData) -> None:
    """Reject(PUBLIC_SHAPE or PUBLIC_VALUE) unless `data` has exactly the shape that the description gives it.

    Table t has 2^heights[t] rows.
    """
    if len(data.publics) != len(description.publics):
        raise Reject(Reason.PUBLIC_SHAPE, f"{len(data.publics)} scalars, not {len(description.publics)}")
    if len(data.lists) != len(description.lists):
        raise Reject(Reason.PUBLIC_SHAPE, f"{len(data.lists)} lists, not {len(description.lists)}")
    for shape, records in zip(description.lists, data.lists, strict=True):
        if len(records) > shape.max:
            raise Reject(Reason.PUBLIC_SHAPE, f"{len(records)} records in {shape.name}, at most {shape.max}")
        if any(len(record) != len(shape.fields) for record in records):
            raise Reject(Reason.PUBLIC_SHAPE, f"a record in {shape.name} does not have {len(shape.fields)} fields")
    wanted = {(t, i) for t, table in enumerate(description.tables) for i in range(len(table.public_columns))}
    if set(data.columns) != wanted:
        raise Reject(Reason.PUBLIC_SHAPE, "public columns are not those of the circuit")
    for (t, i), column in data.columns.items():
        if len(column) > 1 << heights[t]:
            raise Reject(Reason.PUBLIC_SHAPE, f"public column {i} of table {t} has more than 2^{heights[t]} rows")
    _check_words(data.publics)
    for records in data.lists:
        for record in records:
            _check_words(record)
    for column in data.columns.values():
        _check_words(column)


def encode(description: Description, data: PublicData) -> bytes:
    """The bytes that the transcript absorbs; every variable part is preceded by its length."""
    parts = [_counted(data.publics)]
    for records in data.lists:
        parts.append(len(records).to_bytes(4, "little"))
        parts.extend(_words(record) for record in records)
    for t, table in enumerate(description.tables):
        parts.extend(_counted(data.columns[t, i]) for i in range(len(table.public_columns)))
    parts.append(len(data.context).to_bytes(4, "little") + data.context)
    return b"".join(parts)


def _check_words(words: tuple[int, ...]) -> None:
    if any(not 0 <= word < P for word in words):
        raise Reject(Reason.PUBLIC_VALUE, "a public value is not a field element")


def _words(words: tuple[int, ...]) -> bytes:
    return b"".join([word.to_bytes(WORD_BYTES, "little") for word in words])


def _counted(words: tuple[int, ...]) -> bytes:
    return len(words).to_bytes(4, "little") + _words(words)
