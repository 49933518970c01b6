"""Independent readers of what stands where on a page, in an environment of their own.

    python -m tests.benchmarks.marks.judges NAME

Each line of standard input is a request, `[path, numbers of pages]`; each line of standard output
is the answer, an object of lists by page: every letter as `[letter, x, y]`, its middle in shares of
the page as it is shown. What is drawn twice in one place, to look bold, is there once. MuPDF is
under the AGPL: this is run as a program and imported by nothing.
"""

import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

# A letter, its middle, and its width.
Letter = tuple[str, float, float, float]
# The same letter again, nearer than this share of its width.
TWIN_SHARE = 0.3


def read_with_mupdf(path: str, numbers: list[int]) -> Iterator[tuple[int, list[Letter]]]:
    """The letters of pages by MuPDF, each page cropped and turned as it is shown."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    flags = pymupdf.TEXTFLAGS_TEXT & ~pymupdf.TEXT_USE_CID_FOR_UNKNOWN_UNICODE
    flags &= ~pymupdf.TEXT_PRESERVE_LIGATURES
    with closing(pymupdf.open(path)) as document:
        for number in numbers:
            page = document[number - 1]
            turn, width, height = page.rotation_matrix, page.rect.width, page.rect.height
            letters = []
            for block in page.get_text("rawdict", flags=flags)["blocks"]:
                for one in (
                    char
                    for line in block.get("lines", ())
                    for span in line["spans"]
                    for char in span["chars"]
                ):
                    box = pymupdf.Rect(one["bbox"]) * turn
                    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
                    letters.append((one["c"], x / width, y / height, box.width / width))
            yield number, letters


def read_with_pdfminer(path: str, numbers: list[int]) -> Iterator[tuple[int, list[Letter]]]:
    """The letters of pages by pdfminer.six, which turns pages by itself; cropped here."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LTChar
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=None)
    interpreter = PDFPageInterpreter(resources, device)

    def list_letters(item: Any, whole: Any) -> Iterator[Letter]:
        if isinstance(item, LTChar):
            x, y = (item.x0 + item.x1) / 2, (item.y0 + item.y1) / 2
            width = (item.x1 - item.x0) / whole.width
            yield item.get_text(), x / whole.width, 1 - y / whole.height, width
        for inner in item if hasattr(item, "__iter__") else ():
            yield from list_letters(inner, whole)

    with Path(path).open("rb") as file:
        for number, page in enumerate(PDFPage.get_pages(file), start=1):
            if number in numbers:
                # The visible box takes the place of the page's, so that coordinates begin there.
                page.mediabox = page.cropbox
                interpreter.process_page(page)
                layout = device.get_result()
                yield number, list(list_letters(layout, layout))


READERS = {"mupdf": read_with_mupdf, "pdfminer": read_with_pdfminer}


def answer(name: str, path: str, numbers: list[int]) -> dict[int, list[Letter]]:
    """The letters of some pages; none of a document or page that the reader does not read."""
    found: dict[int, list[Letter]] = {}
    try:
        for number, letters in READERS[name](path, numbers):
            found[number] = drop_twins(letters)
    except Exception:  # whatever it is, the reader has nothing to say of the rest
        return found
    return found


def drop_twins(letters: list[Letter]) -> list[Letter]:
    """The letters without those that stand where the same one stands already."""
    kept: list[Letter] = []
    places: dict[str, list[tuple[float, float]]] = {}
    for letter, x, y, width in letters:
        near, same = TWIN_SHARE * width, places.setdefault(letter, [])
        if not any(abs(x - a) < near and abs(y - b) < near for a, b in same[-200:]):
            same.append((x, y))
            kept.append((letter, x, y, width))
    return kept


def main() -> None:
    """Answer each request, in order; what libraries print goes to standard error."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        path, numbers = json.loads(line)
        print(json.dumps(answer(sys.argv[1], path, numbers)), file=answers, flush=True)


if __name__ == "__main__":
    main()
