"""The backup sheet: words to print and keep, with a QR code of them where the extra `qr` is installed.

The HTML page is self-contained and made for paper: dark on white, one secret to a page. The text form is for
terminals and line printers. Both begin with a mark by which no command overwrites them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zkharvest.errors import UsageError
from zkharvest.files.words import COUNT, Backup, from_words, to_words

_TITLE = "zkharvest backup sheet"
_PAYLOAD = re.compile(rf"zkharvest-backup/1((?:\s+[a-z]+){{{COUNT}}})")
MAX_BYTES = 1 << 20

_KEEP = (
    "Whoever has this sheet and the records has the secret: keep it like cash, apart from the computer.",
    "With the trades CSV it gives the opening again, byte for byte the same commitments:",
    "zkharvest secret restore TRADES.csv --words FILE -o secret.zko   (a key: without TRADES.csv)",
    "Type the words, or scan the QR code, into FILE; without --words you are asked for them on a terminal.",
)
_STYLE = """
body{font:11pt/1.4 serif;margin:2cm auto;max-width:17cm;color:#000;background:#fff}
section{break-after:page;page-break-after:always;margin-bottom:2cm}
h1{font-size:15pt}ol{columns:8em 4;font:12pt/1.7 monospace;padding-left:2.2em}
table{border-collapse:collapse;width:100%}td{vertical-align:top;padding:1mm 3mm 1mm 0;word-break:break-all}
td:first-child{white-space:nowrap;word-break:normal}code{font-size:9.5pt}svg{width:5.5cm;height:5.5cm}
@page{margin:1.8cm}@media print{body{margin:0}}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One secret on a sheet: the file's name, what it is, and public lines to know it by."""

    name: str
    what: str
    backup: Backup
    public: Sequence[tuple[str, str]]


def payload(backup: Backup) -> str:
    """What the QR code holds."""
    return f"zkharvest-backup/1 {' '.join(to_words(backup))}"


def html_sheet(entries: Sequence[Entry], day: str) -> bytes:
    """The sheet as a page to print."""
    parts = [
        f"<!doctype html>\n<!-- {_TITLE} 1 -->\n<html lang=en><meta charset=utf-8>\n",
        f'<meta name=viewport content="width=device-width">\n<title>{_TITLE}</title>\n',
        f"<style>{_STYLE}</style>\n",
    ]
    for entry in entries:
        words = "".join(f"<li>{word}</li>" for word in to_words(entry.backup))
        rows = "".join(
            f"<tr><td>{html.escape(label)}</td><td><code>{html.escape(text)}</code></td></tr>\n"
            for label, text in entry.public
        )
        keep = "".join(f"<p>{html.escape(line)}</p>\n" for line in _KEEP)
        parts.append(
            f"<section>\n<h1>{_TITLE}: {html.escape(entry.what)}</h1>\n<p>{html.escape(entry.name)}, {day}</p>\n"
            f"<ol>{words}</ol>\n{_qr_svg(payload(entry.backup))}\n<table>{rows}</table>\n{keep}</section>\n"
        )
    return "".join(parts).encode()


def text_sheet(entries: Sequence[Entry], day: str) -> bytes:
    """The sheet as text of at most 100 columns."""
    lines = [f"{_TITLE} 1", ""]
    for entry in entries:
        words = to_words(entry.backup)
        lines += [f"{entry.what}: {entry.name}, {day}", ""]
        for row in range(0, COUNT, 4):
            numbered = (f"{row + i + 1:2}. {word:<10}" for i, word in enumerate(words[row : row + 4]))
            lines.append("    " + " ".join(numbered).rstrip())
        width = max(len(label) for label, _ in entry.public)
        lines += ["", *(f"{label:<{width}}  {text}" for label, text in entry.public), "", *_KEEP, ""]
        lines += [*_qr_text(payload(entry.backup)), ""]
    return "\n".join(lines).encode()


def read_words(text: str) -> Backup:
    """The backup in text that a person typed or scanned: words in order, numbers before them or none.

    A whole sheet is read as well, if it holds one secret. Raises UsageError that says what is wrong.
    """
    scanned = _PAYLOAD.findall(text)
    if len(scanned) == 1:
        return from_words(scanned[0].split())
    numbered = re.findall(r"\b\d{1,2}\.\s*([A-Za-z]+)", text)
    if len(numbered) > COUNT or len(scanned) > 1:
        raise UsageError("more than one backup", "give the words of one secret")
    if text.lstrip().startswith(_TITLE):
        return from_words(numbered)
    if "<ol>" in text:
        listed = re.findall(r"<li>([a-z]+)</li>", text)
        if len(listed) > COUNT:
            raise UsageError("more than one backup", "give the words of one secret")
        return from_words(listed)
    return from_words(re.findall(r"[A-Za-z]+", text))


def has_qr() -> bool:
    """Whether sheets get a QR code here."""
    return _segno() is not None


def _segno() -> Any:
    try:
        import segno
    except ModuleNotFoundError:
        return None
    return segno


def _qr_svg(text: str) -> str:
    library = _segno()
    return library.make(text, error="m", micro=False).svg_inline(border=4, omitsize=True) if library else ""


def _qr_text(text: str) -> list[str]:
    """The code in half blocks, dark on light."""
    library = _segno()
    if library is None:
        return []
    rows = [list(row) for row in library.make(text, error="m", micro=False).matrix_iter(border=4)]
    rows += [[0] * len(rows[0])] if len(rows) % 2 else []
    blocks = {(0, 0): "\u2588", (0, 1): "\u2580", (1, 0): "\u2584", (1, 1): " "}
    return [
        "".join(blocks[bool(a), bool(b)] for a, b in zip(above, below, strict=True))
        for above, below in zip(rows[::2], rows[1::2], strict=True)
    ]
