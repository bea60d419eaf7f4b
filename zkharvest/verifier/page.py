r"""The header of a page: what a source publishes of one account's records over one period, and what it signs.

    {account, count, currency, final, from, names, number, prev, root, source, to, v}      canonical msgpack

A page is named by SHA-256("zkharvest/page/v2\0" || header). The source signs "zkharvest/source-page/v2\0" || that id.
Pages of one account follow each other: `prev` is the id of page number - 1, whose `to` is this `from`. So a month is
added without touching what was signed, and a signature on the newest page vouches for all before it.

The statement of `lot-machine/v2` lists pages (`statement_v2`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import Any

from zkharvest.spec import MAX_NAME, ROOT_BYTES, TIME_LIMIT, WORD_BYTES, P, is_currency
from zkharvest.verifier import wire
from zkharvest.verifier.rejections import Reject
from zkharvest.verifier.text import is_visible, quoted

VERSION = 2
MAX_HEADER = 1024
"""Bytes of an encoded header: more than any has."""

MAX_PAGES = 4096
"""Pages of one account: a page a month for three centuries."""

NAMES = ("asset/1",)
MAX_RECORDS = 1 << 20
ID_BYTES = 32
SIGNATURE_SIZES = {"bls12-381": (48, 96, 96), "ed25519": (32, 0, 64)}
"""Of a page's signatures, by scheme: bytes of the key, of its proof of possession, of a signature."""

_PAGE_TAG = b"zkharvest/page/v2\0"
_SIGNED_TAG = b"zkharvest/source-page/v2\0"


class PageFault(StrEnum):
    """Why a page is not taken."""

    FORM = "page/form"  # keys, types, or not the canonical encoding
    VALUE = "page/value"  # a value that no header has
    VERSION = "page/version"  # newer than this program
    ROOT = "page/root"  # the opening's records do not give the header's root
    COUNT = "page/count"  # a stated number of records that is not theirs
    PERIOD = "page/period"  # a record outside the period
    ORDER = "page/order"  # records out of order, or legs apart
    CHAIN = "page/chain"  # does not follow the page before it
    GAP = "page/gap"  # a page of the account is missing
    OTHER = "page/other"  # of another source, account, currency or id than expected
    SIGNATURE = "page/signature"  # a signature that is not valid
    UNSIGNED = "page/unsigned"  # the expected key has not signed
    KEY_PERIOD = "page/key-period"  # the key is not valid over the page's period


class PageReject(ValueError):
    """A page that is not taken: `fault` and a sentence."""

    def __init__(self, fault: PageFault, detail: str) -> None:
        super().__init__(f"{fault.value}: {detail}")
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True)
class PageHeader:
    """A page's header. `start` and `end` are instants in ms, the end excluded; `count` and `prev` may be None."""

    source: str
    account: str
    number: int
    start: int
    end: int
    currency: str
    root: bytes
    final: bool = False
    count: int | None = None
    prev: bytes | None = None
    names: str = NAMES[0]

    def to_map(self) -> dict[str, wire.Value]:
        """The header as it is encoded."""
        return {
            "account": self.account,
            "count": self.count,
            "currency": self.currency,
            "final": self.final,
            "from": self.start,
            "names": self.names,
            "number": self.number,
            "prev": self.prev,
            "root": self.root,
            "source": self.source,
            "to": self.end,
            "v": VERSION,
        }

    def encode(self) -> bytes:
        """The canonical bytes."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        return wire.encode(self.to_map())

    @cached_property
    def page_id(self) -> bytes:
        """What names the page, 32 bytes."""
        return page_id(self._encoded)

    @property
    def label(self) -> str:
        """The page for a message: source, account and number."""
        return f"{self.source}/{self.account}, page {self.number}"


@dataclass(frozen=True, slots=True)
class SourceKey:
    """A key that a source is expected to sign with, and the days on which pages that it signs may end."""

    key: bytes
    first: date | None = None
    last: date | None = None

    def covers(self, header: PageHeader) -> bool:
        """Whether the page ends in the key's time: its last instant, in UTC."""
        day = datetime.fromtimestamp((header.end - 1) // 1000, UTC).date()
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    @property
    def days(self) -> str:
        """Its days, for a message."""
        return f"{self.first or '...'} to {self.last or '...'}"

    def to_json(self) -> dict[str, Any]:
        """The entry of a policy."""
        days = {name: day.isoformat() for name in ("first", "last") if (day := getattr(self, name)) is not None}
        return {"key": self.key.hex(), **days}


def page_id(header: bytes) -> bytes:
    """The id of a page from its header's bytes."""
    return sha256(_PAGE_TAG + header).digest()


def signed_message(identity: bytes) -> bytes:
    """What a source signs: the tag and a page's id."""
    return _SIGNED_TAG + identity


def read_header(data: bytes) -> PageHeader:
    """The header that these bytes encode. PageReject (`page/form`, `value`, `version`) if they are none."""
    if len(data) > MAX_HEADER:
        raise PageReject(PageFault.FORM, f"a header of {len(data)} bytes, at most {MAX_HEADER}")
    try:
        value = wire.decode(data)
    except Reject as error:
        raise PageReject(PageFault.FORM, error.detail) from None
    if not isinstance(value, dict):
        raise PageReject(PageFault.FORM, "the header is not a map")
    version = value.get("v")
    if type(version) is int and version > VERSION:
        raise PageReject(PageFault.VERSION, f"a page of version {version}")
    header = _typed(value)
    _check_values(header)
    return header


def _typed(value: Mapping[str, Any]) -> PageHeader:
    """The header with keys and types checked."""
    match value:
        case {
            "account": str(account), "currency": str(currency), "names": str(names), "source": str(source),
            "final": bool(final), "root": bytes(root), "count": count, "prev": prev,
            "from": start, "to": end, "number": number, "v": version, **others,
        } if not others:  # fmt: skip
            integers = all(type(one) is int for one in (start, end, number, version))
            counted = count is None or type(count) is int
            if integers and counted and (prev is None or isinstance(prev, bytes)) and version == VERSION:
                return PageHeader(source, account, number, start, end, currency, root, final, count, prev, names)
    raise PageReject(PageFault.FORM, "the header's keys or types are not those of a page")


def _check_values(header: PageHeader) -> None:
    faults = [
        (is_visible(header.source, MAX_NAME), f"source {quoted(header.source)}"),
        (is_visible(header.account, MAX_NAME), f"account {quoted(header.account)}"),
        (is_currency(header.currency), "the currency"),
        (header.names in NAMES, f"the table of names {quoted(header.names)}"),
        (0 <= header.number < MAX_PAGES, "the page's number"),
        (0 <= header.start < header.end < TIME_LIMIT, "the period"),
        (header.count is None or 0 <= header.count <= MAX_RECORDS, "the count"),
        (_is_root(header.root), "the root"),
        (len(header.prev) == ID_BYTES if header.prev is not None else True, "the id of the page before"),
        ((header.prev is None) == (header.number == 0), "the page before: page 0 has none, all others have one"),
    ]
    for holds, what in faults:
        if not holds:
            raise PageReject(PageFault.VALUE, f"{what} is not one that a page has")


def _is_root(root: bytes) -> bool:
    words = (int.from_bytes(root[i : i + WORD_BYTES], "little") for i in range(0, len(root), WORD_BYTES))
    return len(root) == ROOT_BYTES and all(word < P for word in words)


def check_follows(before: PageHeader, after: PageHeader) -> None:
    """PageReject (`page/chain`, `gap`, `other`) unless `after` is the page after `before` of the same account."""
    for name in ("source", "account", "currency"):
        if getattr(before, name) != getattr(after, name):
            text = f"{name} {quoted(getattr(after, name))} after {quoted(getattr(before, name))}"
            raise PageReject(PageFault.OTHER, text)
    if after.number != before.number + 1:
        raise PageReject(PageFault.GAP, f"page {after.number} after page {before.number} of {before.account}")
    if before.final:
        raise PageReject(PageFault.CHAIN, f"page {after.number} after page {before.number}, which closed the account")
    if after.prev != before.page_id:
        raise PageReject(PageFault.CHAIN, f"page {after.number} does not name page {before.number} as the one before")
    if after.start != before.end:
        raise PageReject(PageFault.GAP, f"page {after.number} does not begin where page {before.number} ends")


def check_pages(headers: Iterable[PageHeader]) -> dict[tuple[str, str], list[PageHeader]]:
    """The pages by account, each account's in order. PageReject unless each account's follow each other.

    An account's first page here may be any: whether pages before it are wanted, the caller says.
    """
    accounts: dict[tuple[str, str], list[PageHeader]] = {}
    for header in headers:
        accounts.setdefault((header.source, header.account), []).append(header)
    for pages in accounts.values():
        pages.sort(key=lambda page: page.number)
        for before, after in pairwise(pages):
            if before.number == after.number:
                same = "twice" if before == after else "in two versions"
                raise PageReject(PageFault.CHAIN, f"{before.label} is here {same}")
            check_follows(before, after)
    return accounts
