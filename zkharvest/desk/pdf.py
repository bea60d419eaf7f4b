"""Drawing on paper: a thin layer over fpdf2 with the fonts, lines and tables that forms and reports share.

Letter paper, points, the DejaVu fonts that come with matplotlib: they hold every letter that a name in the ledger can
have, but for Chinese, Japanese and Korean ones, which are printed as a sign that says so (`unprintable` names them).
docs/adr/0010 says why fpdf2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zkharvest.desk.amounts import MINUS

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT, MARGIN = 612.0, 792.0, 40.0
INK, GREY, LIGHT = (26, 30, 36), (95, 102, 112), (205, 210, 216)
FONT, MONO = "dejavu", "dejavu-mono"
_MINUS = 31  # the byte that stands for a minus sign: control characters are in no name
_MARKS = range(8)  # control characters too: they stand between the lines of a page
_FIRST_MARK, _FIRST_PLAIN_MARK = 0xF000, 0xF0  # their codes among those of a font, which are far below
_PITCH = 0.602  # of DejaVu Sans Mono: the width of every character over its size
_LEVEL = 3  # of compression: a third of the time of the usual 6, a tenth more bytes
_ABSENT = "\N{REPLACEMENT CHARACTER}"  # printed for a letter that a font lacks; fpdf2 would leave it out
_FILES = {(FONT, ""): "DejaVuSans.ttf", (FONT, "B"): "DejaVuSans-Bold.ttf", (MONO, ""): "DejaVuSansMono.ttf"}


class _Codes(dict[int, int | None]):
    """From a character to its code in the subset of a font, found when it is first asked for (`str.translate`).

    A page of plain text (ASCII and the minus sign) goes through a table of bytes, ten times as fast. Between its lines
    stand marks, control characters that no name has; the operators that they stand for are put in at the end.
    """

    def __init__(self, pick: Callable[[int], int | None]) -> None:
        super().__init__()
        self._pick = pick
        for mark in _MARKS:
            self[mark] = _FIRST_MARK + mark
        plain = {byte: self[byte] or 0 for byte in range(32, 127)} | {_MINUS: self[ord(MINUS)] or 0}
        # A few dozen characters are in use when this is made; the codes of a font with more are not all bytes.
        fits = max(plain.values()) < _FIRST_PLAIN_MARK
        plain |= {mark: _FIRST_PLAIN_MARK + mark for mark in _MARKS}
        self._plain = bytes(plain.get(byte, 0) for byte in range(256)) if fits else None

    def __missing__(self, character: int) -> int | None:
        code = self[character] = self._pick(character)
        return code

    def encoded(self, text: str, marks: Sequence[bytes] = ()) -> bytes:
        """A text as the bytes of a PDF string, two for each character, escaped; each mark n in it becomes marks[n]."""
        codes, first = None, _FIRST_MARK
        if self._plain is not None:
            with suppress(UnicodeEncodeError):
                codes = text.replace(MINUS, "\x1f").encode("ascii").translate(self._plain).decode("latin-1")
                first = _FIRST_PLAIN_MARK
        if codes is None:
            codes = text.translate(self)
        two = codes.encode("utf-16-be")
        two = two.replace(b"\\", b"\\\\").replace(b")", b"\\)").replace(b"(", b"\\(").replace(b"\r", b"\\r")
        for mark, operators in enumerate(marks):
            two = two.replace((first + mark).to_bytes(2, "big"), operators)
        return two


def unprintable(texts: Iterable[str]) -> str:
    """The letters of some texts that stand as a sign of their absence on paper, each once, in order."""
    letters = {letter for letter in set().union(*texts) if not letter.isascii()}
    if not letters:
        return ""
    from matplotlib.ft2font import FT2Font

    held = [FT2Font(_font_file(name)).get_charmap() for name in _FILES.values()]
    return "".join(sorted(letter for letter in letters if any(ord(letter) not in of_font for of_font in held)))


def _font_file(name: str) -> Path:
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name


class _Widths(dict[str, float]):
    """The width of each character of a font at one point, measured when it is first asked for: nothing is kerned."""

    def __init__(self, sheet: Sheet, style: str) -> None:
        super().__init__()
        self._sheet, self._style = sheet, style

    def __missing__(self, character: str) -> float:
        self._sheet.font(100, self._style)
        width = self[character] = self._sheet.pdf.get_string_width(character) / 100
        return width


class Sheet:
    """A document under way: where the pen is, and what each page carries at its foot."""

    def __init__(self, title: str, foot: str = "", *, landscape: bool = False) -> None:
        self.pdf: FPDF = _document(title)
        self.foot = foot
        self.landscape = landscape
        self.width, self.height = (HEIGHT, WIDTH) if landscape else (WIDTH, HEIGHT)
        self.y = 0.0
        self._fonts: set[tuple[str, str]] = set()
        self._codes: _Codes | None = None
        self._widths = {style: _Widths(self, style) for style in ("", "B")}
        self._chosen: tuple[float, str, str] | None = None

    @property
    def right(self) -> float:
        """The right edge of what is printed."""
        return self.width - MARGIN

    @property
    def bottom(self) -> float:
        """Below this a new page begins."""
        return self.height - MARGIN - 16

    def page(self, *, foot: bool = True) -> None:
        """Begin a page; without its foot where `lines` prints one."""
        self.pdf.add_page("landscape" if self.landscape else "portrait")
        self.y = MARGIN
        if not foot:
            return
        self.text(MARGIN, self.height - MARGIN + 8, self.foot, size=6.5, colour=GREY)
        number = f"page {self.pdf.page_no()}"
        self.text(self.right, self.height - MARGIN + 8, number, size=6.5, colour=GREY, align="right")

    def font(self, size: float, style: str = "", family: str = FONT) -> None:
        """Choose a font; it is read when it is first chosen."""
        if self._chosen == (size, style, family):
            return
        if (family, style) not in self._fonts:
            self.pdf.add_font(family, style, _font_file(_FILES[family, style]))
            self._fonts.add((family, style))
        self.pdf.set_font(family, style, size)
        self._chosen = size, style, family

    def _held(self, text: str) -> str:
        """The text with a sign for every letter that the chosen font lacks."""
        font: Any = self.pdf.current_font
        cmap = font.cmap
        return "".join(letter if ord(letter) in cmap else _ABSENT for letter in text)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 8,
        bold: bool = False,
        colour: tuple[int, int, int] = INK,
        align: str = "left",
        fit: float = 0,
    ) -> None:
        """Text on a base line at (x, y); `fit` is the width it may take, by a smaller size and then by shortening."""
        if not text:
            return
        style = "B" if bold else ""
        if not text.isascii():
            self.font(size, style)
            text = self._held(text)
        widths = self._widths[style]
        width = sum(map(widths.__getitem__, text))
        while fit and size > 5 and width * size > fit:
            size -= 0.25
        while fit and len(text) > 4 and width * size > fit:
            text = f"{text[:-2]}…"
            width = sum(map(widths.__getitem__, text))
        self.font(size, style)
        self.pdf.set_text_color(*colour)
        self.pdf.text(x - (width * size if align == "right" else 0), y, text)

    def paragraph(self, text: str, *, size: float = 8, bold: bool = False, width: float = 0, x: float = MARGIN,
                  colour: tuple[int, int, int] = INK, gap: float = 3) -> None:  # fmt: skip
        """Running text from the pen's place on; the pen goes below it."""
        for line in self.wrapped(text, size, width or self.right - x, bold=bold):
            if self.y + size * 1.35 > self.bottom:
                self.page()
            self.y += size * 1.35
            self.text(x, self.y, line, size=size, bold=bold, colour=colour)
        self.y += gap

    def wrapped(self, text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
        """The lines that a text takes at a width."""
        if not text.isascii():
            self.font(size, "B" if bold else "")
            text = self._held(text)
        widths = self._widths["B" if bold else ""]
        lines: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and sum(map(widths.__getitem__, longer)) * size > width:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line] if line else lines

    def rule(self, y: float, *, x: float = MARGIN, to: float = 0, weight: float = 0.5,
             colour: tuple[int, int, int] = INK) -> None:  # fmt: skip
        """A horizontal line."""
        self.pdf.set_line_width(weight)
        self.pdf.set_draw_color(*colour)
        self.pdf.line(x, y, to or self.right, y)

    def post(self, x: float, top: float, bottom: float, *, colour: tuple[int, int, int] = LIGHT) -> None:
        """A vertical line."""
        self.pdf.set_line_width(0.5)
        self.pdf.set_draw_color(*colour)
        self.pdf.line(x, top, x, bottom)

    def check_box(self, x: float, y: float, *, checked: bool) -> None:
        """A box of 7 points with its base line at y, crossed if checked."""
        self.pdf.set_line_width(0.6)
        self.pdf.set_draw_color(*INK)
        self.pdf.rect(x, y - 6.5, 7, 7)
        if checked:
            self.pdf.set_line_width(1.1)
            self.pdf.line(x + 1.2, y - 5.3, x + 5.8, y - 0.7)
            self.pdf.line(x + 1.2, y - 0.7, x + 5.8, y - 5.3)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[float], *,
              right: Sequence[int] = (), size: float = 7, bold_last: bool = False) -> None:  # fmt: skip
        """A table from the pen's place on, its head repeated on every page."""
        self._head(head, widths, right, size)
        held = list(rows)
        for number, row in enumerate(held):
            if self.y + size * 1.7 > self.bottom:
                self.page()
                self._head(head, widths, right, size)
            self.y += size * 1.7
            self._cells(row, widths, right, size, bold=bold_last and number == len(held) - 1)
            self.rule(self.y + size * 0.45, colour=LIGHT, to=MARGIN + sum(widths))
        self.y += size * 1.5

    def _head(self, head: Sequence[str], widths: Sequence[float], right: Sequence[int], size: float) -> None:
        self.y += size * 1.7
        self._cells(head, widths, right, size, bold=True)
        self.rule(self.y + size * 0.45, weight=0.8, to=MARGIN + sum(widths))
        self.y += size * 0.3

    def _cells(self, row: Sequence[str], widths: Sequence[float], right: Sequence[int], size: float, *,
               bold: bool) -> None:  # fmt: skip
        x = MARGIN
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            if place in right:
                self.text(x + width - 3, self.y, cell, size=size, bold=bold, align="right", fit=width - 4)
            else:
                self.text(x + 1, self.y, cell, size=size, bold=bold, fit=width - 4)
            x += width

    def lines(
        self, texts: Sequence[tuple[str, tuple[int, int, int]]], step: float, size: float, *, foot: bool = False
    ) -> None:
        """Lines of fixed pitch with their colours, from the pen's place down, as one piece of the page.

        `foot`: what stands at the foot of the page is printed with them, in their font.

        fpdf2 sets a text character by character; a table of codes and one text object for all lines are ten times
        faster, which is what a list of hundreds of thousands of lines needs.
        """
        if not texts:
            return
        self.font(size, family=MONO)
        self.pdf.set_text_color(*texts[0][1])
        self.pdf.text(MARGIN, self.y, " ")  # names the font on the page
        font: Any = self.pdf.current_font
        cmap, pick = font.cmap, font.subset.pick
        codes = self._codes = self._codes or _Codes(lambda letter: pick(letter if letter in cmap else ord(_ABSENT)))
        inks = list(dict.fromkeys(colour for _, colour in texts))
        marks = [b") Tj T* " + _ink(colour) + b" (" for colour in inks]
        before = {colour: chr(mark) for mark, colour in enumerate(inks)}
        same = chr(len(inks))
        marks.append(b") Tj T* (")
        inked, joined = texts[0][1], [texts[0][0]]
        for text, colour in texts[1:]:
            joined += (same if colour is inked else before[colour]), text
            inked = colour
        start = f"q BT {MARGIN:.2f} {self.height - self.y:.2f} Td {step:.2f} TL ".encode()
        parts = [start + _ink(texts[0][1]) + b" (" + codes.encoded("".join(joined), marks) + b") Tj T* ET"]
        if foot:
            number = f"page {self.pdf.page_no()}"
            for x, text in ((MARGIN, self.foot), (self.right - len(number) * size * _PITCH, number)):
                at = f"BT {x:.2f} {MARGIN - 8:.2f} Td ".encode()
                parts.append(at + _ink(GREY) + b" (" + codes.encoded(text) + b") Tj ET")
        out: Any = self.pdf._out  # noqa: SLF001 - there is no public way to write many lines at once
        out(b" ".join([*parts, b"Q"]))
        self.y += step * len(texts)

    def image(self, png: bytes, width: float, ratio: float) -> None:
        """A picture at the pen's place, `ratio` its height over its width."""
        if self.y + width * ratio > self.bottom:
            self.page()
        import io

        self.pdf.image(io.BytesIO(png), x=MARGIN, y=self.y, w=width)
        self.y += width * ratio + 6

    def bytes(self) -> bytes:
        """The finished document."""
        return bytes(self.pdf.output())


def _ink(colour: tuple[int, int, int]) -> bytes:
    """The operator that sets the colour of what follows."""
    return " ".join(f"{part / 255:.3f}" for part in colour).encode() + b" rg"


def _document(title: str) -> FPDF:
    """An empty document."""
    from fpdf import FPDF
    from fpdf.syntax import PDFContentStream

    PDFContentStream._COMPRESSION_LEVEL = _LEVEL  # noqa: SLF001 - there is no public way to say it
    pdf: Any = FPDF(unit="pt", format="letter")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_title(title)
    pdf.set_creator("zkharvest")
    pdf.set_lang("en")
    pdf.set_creation_date(datetime.now(UTC))
    return pdf  # type: ignore[no-any-return]
