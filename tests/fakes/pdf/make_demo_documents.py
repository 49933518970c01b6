"""Makes the three PDFs of the demo from the texts in `infra/demo_documents`.

    python -m tests.fakes.pdf.make_demo_documents [folder]

The same texts give the same bytes. The scanned letter is a picture of its text and has no other.
"""

import math
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from fpdf import FPDF, FontFace
from fpdf.enums import TableBordersLayout, XPos, YPos
from PIL import Image, ImageDraw, ImageFont

from tests.project_files import PROJECT

HERE = PROJECT / "infra" / "demo_documents"
CREATED = datetime(2025, 4, 14, 9, 0, tzinfo=UTC)
MARGIN_MM = 25
DARK, LIGHT = (20, 55, 90), (90, 130, 165)

# A4 at 120 dots an inch.
SCAN_SIZE = (992, 1403)
SCAN_LINE_HEIGHT = 31


class TextDocument(FPDF):
    """Pages of text with its title in the head and the page number in the foot.

    Args:
        title: The title of the document.
    """

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        self.set_margins(MARGIN_MM, 22)
        self.set_auto_page_break(True, margin=22)
        self.set_title(title)
        self.set_creation_date(CREATED)
        self.set_lang("en")
        self._head = title
        self.add_page()

    def header(self) -> None:
        """The title, on all pages but the first, which has it in large."""
        if self.page_no() == 1:
            return
        self.set_font("Helvetica", size=8)
        self.set_text_color(110)
        self.cell(text=self._head)
        self.set_text_color(0)
        self.ln(10)

    def footer(self) -> None:
        """The page number."""
        self.set_y(-15)
        self.set_font("Helvetica", size=8)
        self.cell(w=0, text=str(self.page_no()), align="C")

    def add_heading(self, level: int, text: str) -> None:
        """A heading: level 1 is a title, 2 a section."""
        size, space = {1: (18, 3), 2: (12, 1.5)}[level]
        if self.get_y() > 40:
            self.ln(3)
        self.set_font("Helvetica", "B", size)
        self.set_text_color(*DARK)
        self._write(text, size * 0.45)
        self.set_text_color(0)
        self.ln(space)

    def add_paragraph(self, text: str) -> None:
        """A paragraph of running text; one that is the caption of a table or figure is small."""
        is_caption = text.startswith(("Table ", "Figure "))
        self.set_font("Times", "I" if is_caption else "", 10 if is_caption else 12)
        self._write(text, 4.5 if is_caption else 6)
        self.ln(2.5)

    def add_list(self, items: list[str]) -> None:
        """A list with dots."""
        for item in items:
            self.set_font("Times", "B", 16)
            self.cell(w=6, h=6, text="\xb7")
            self.set_font("Times", size=12)
            self._write(item, 6)
            self.ln(1)
        self.ln(1.5)

    def add_table(self, rows: list[list[str]]) -> None:
        """A table whose first row is its head."""
        self.set_font("Helvetica", size=9.5)
        others = len(rows[0]) - 1
        with self.table(
            rows,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=(5, *[3] * others),
            headings_style=FontFace(emphasis="BOLD", color=DARK),
            line_height=5.5,
            text_align=("LEFT", *["RIGHT"] * others),
        ):
            pass
        self.ln(2)

    def add_tide_chart(self) -> None:
        """Bars of the energy of each day from one neap tide to the next."""
        height, width, step = 38.0, 7.0, self.epw / 15
        bottom = self.get_y() + height + 2
        self.set_font("Helvetica", size=7)
        for day in range(15):
            energy = 69.5 - 42.5 * math.cos(2 * math.pi * day / 14)
            bar = height * energy / 120
            left = self.l_margin + day * step
            self.set_fill_color(*LIGHT)
            self.rect(left, bottom - bar, width, bar, style="F")
            self.text(left + 1, bottom - bar - 1, f"{energy:.0f}")
            self.text(left + 2, bottom + 3.5, str(day + 1))
        self.set_fill_color(255)
        self.set_y(bottom + 7)

    def _write(self, text: str, line_height: float) -> None:
        self.multi_cell(
            w=0, h=line_height, text=text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )


def make_text_document(source: str) -> FPDF:
    """Lay out a text: headings, paragraphs, lists, tables, `[chart]`, and `---` for a new page."""
    lines = source.splitlines()
    document = TextDocument(lines[0].removeprefix("# "))
    for block in split_blocks(lines):
        first = block[0]
        if first == "---":
            document.add_page()
        elif first == "[chart]":
            document.add_tide_chart()
        elif first.startswith("#"):
            marks, _, text = first.partition(" ")
            document.add_heading(len(marks), text)
        elif first.startswith("|"):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block]
            document.add_table(rows)
        elif first.startswith("- "):
            document.add_list([line.removeprefix("- ") for line in block])
        else:
            document.add_paragraph(" ".join(block))
    return document


def split_blocks(lines: list[str]) -> Iterator[list[str]]:
    """The lines between blank ones."""
    for is_text, block in groupby(lines, key=bool):
        if is_text:
            yield list(block)


def make_scanned_letter(source: str) -> FPDF:
    """A letter as a picture, as a scanner gives it: tilted, grey at the edge, with specks."""
    page = Image.new("L", SCAN_SIZE, color=250)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(size=23)
    for number, line in enumerate(source.splitlines()):
        draw.text((120, 110 + number * SCAN_LINE_HEIGHT), line, fill=45, font=font)
    page = page.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=215)
    specks = random.Random(1987)  # dirt, not a secret
    draw = ImageDraw.Draw(page)
    for _ in range(220):
        x, y = specks.randrange(SCAN_SIZE[0]), specks.randrange(SCAN_SIZE[1])
        draw.point((x, y), fill=specks.randrange(60, 200))
    # Few shades of grey: they look the same and take a third of the bytes.
    page = page.point([min(255, shade // 36 * 36 + 39) for shade in range(256)])
    document = FPDF(format="A4")
    document.set_creation_date(CREATED)
    document.add_page()
    document.image(page, x=0, y=0, w=document.w)
    return document


def main(folder: Path) -> None:
    """Write the three PDFs."""
    for name, make in (
        ("harbour-note", make_text_document),
        ("tidal-energy-report", make_text_document),
        ("scanned-letter", make_scanned_letter),
    ):
        source = (HERE / f"{name}.md").read_text(encoding="utf-8")
        make(source).output(str(folder / f"{name}.pdf"))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
