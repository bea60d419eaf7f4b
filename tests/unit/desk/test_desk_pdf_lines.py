"""Lines of fixed pitch on paper: written a page at a time, they are read back letter by letter and colour by colour."""

from __future__ import annotations

import io

import pytest

from zkharvest.desk.amounts import MINUS
from zkharvest.desk.pdf import GREY, INK, Sheet

BLUE = (11, 92, 173)
PLAIN = "".join(map(chr, range(33, 127)))  # every letter that has to be escaped is among them, and their codes


def read_back(texts, foot="") -> list[str]:
    pypdf = pytest.importorskip("pypdf")
    sheet = Sheet("lines", foot)
    sheet.page(foot=False)
    sheet.y += 10
    sheet.lines(texts, 8, 5, foot=bool(foot))
    (page,) = pypdf.PdfReader(io.BytesIO(sheet.bytes())).pages
    return [line.strip() for line in page.extract_text().splitlines() if line.strip()]


@pytest.mark.parametrize("odd", ["", "Łódź-крипто", "€ \u2192"], ids=["plain", "letters", "signs"])
def test_every_letter_is_read_back(odd):
    lines = [PLAIN, PLAIN[::-1], f"({MINUS}1,234.56) \\ {odd}".strip(), *(f"{n}\\){n}(" for n in range(100, 140))]
    found = read_back([(text, BLUE if n % 3 else INK) for n, text in enumerate(lines)], foot=f"foot {odd}".strip())
    assert found == [*lines, f"foot {odd}".strip() + " page 1"]


def test_every_line_has_its_ink():
    pypdfium2 = pytest.importorskip("pypdfium2")
    inks = [INK, BLUE, BLUE, GREY, INK, BLUE]
    sheet = Sheet("lines")
    sheet.page(foot=False)
    sheet.y = 100
    sheet.lines([("\N{FULL BLOCK}" * 20, ink) for ink in inks], 8, 5)
    picture = pypdfium2.PdfDocument(sheet.bytes())[0].render(scale=4).to_pil().convert("RGB")
    seen = [picture.getpixel((4 * 60, 4 * (100 + 8 * n) - 6)) for n in range(len(inks))]
    assert seen == inks
