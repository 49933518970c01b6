"""The readers that are held against each other. Each runs in a process of its own.

    python -m tests.benchmarks.truth.readers NAME

Each line of standard input is a request, `[path, most pages]`; each line of standard output is the
answer to it, a JSON object with `pages` (their texts by number), `failed` (reasons by number) and
`refused` (why the whole document was not read, or null). The judge `mupdf` adds `facts`. Of a
document with more than the most pages, some are read that lie evenly in it.

Of these libraries a process imports only that of its own reader: the judges' are in an environment
of their own, and the product's code may be that of another commit.
"""

import json
import logging
import os
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

MEMORY_BYTES = 3 * 1024**3
# Longer than any document may take: here the product is to end for its own reasons.
PRODUCT_SECONDS = 900.0
# A row of a table: this many cells, of which this many begin with a number.
MIN_CELLS = 3
MIN_NUMBERS = 2
# The control characters that separate words and lines.
SPACES = dict.fromkeys(b"\t\r\n", " ")
# Digits of less than this size beside a word are raised or lowered.
MAX_MARK_SIZE = 0.85
# Baselines closer than this many points are one row.
ROW_POINTS = 2.0


def choose_pages(count: int, most: int) -> list[int]:
    """Numbers of at most so many pages, evenly over a document."""
    if count <= most:
        return list(range(1, count + 1))
    return sorted({1 + index * count // most for index in range(most)})


def read_with_product(path: Path, most: int) -> dict[str, Any]:
    """What a document comes to in the pipeline: `Extractor`, its child and all its checks."""
    from pipeline.extraction.extractor import Extractor
    from shared.deadline import Deadline
    from shared.errors import RejectedDocumentError

    answer = empty_answer()
    try:
        with (
            Extractor() as extractor,
            extractor.open(path, Deadline.after(PRODUCT_SECONDS)) as document,
        ):
            chosen = set(choose_pages(document.page_count, most))
            for page in document.pages():
                if page.number in chosen and page.error is None:
                    answer["pages"][page.number] = page.text
                elif page.number in chosen:
                    answer["failed"][page.number] = page.error
    except RejectedDocumentError as error:
        answer["refused"] = str(error)
    return answer


def read_with_pypdfium2(path: Path, most: int) -> dict[str, Any]:
    """pypdfium2 as its documentation shows it."""
    import pypdfium2

    def read(page: Any) -> str:
        with closing(page), closing(page.get_textpage()) as text_page:
            return str(text_page.get_text_range())

    with closing(pypdfium2.PdfDocument(path)) as document:
        return read_each(len(document), most, lambda number: read(document[number - 1]))


def read_with_pypdf(path: Path, most: int) -> dict[str, Any]:
    """pypdf as its documentation shows it."""
    import pypdf

    with path.open("rb") as file:
        pages = pypdf.PdfReader(file).pages
        return read_each(len(pages), most, lambda number: pages[number - 1].extract_text())


def read_with_pdfminer(path: Path, most: int) -> dict[str, Any]:
    """pdfminer.six, of each page the lines inside of its visible box. It knows no annotations."""
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=LAParams())
    interpreter = PDFPageInterpreter(resources, device)

    def read(page: PDFPage) -> str:
        # The visible box takes the place of the page's, so that coordinates begin at its corner.
        page.mediabox = page.cropbox
        interpreter.process_page(page)
        layout = device.get_result()
        return "\n".join(
            line.get_text()
            for box in layout
            if hasattr(box, "get_text")
            for line in box
            if line.is_hoverlap(layout) and line.is_voverlap(layout)
        )

    with path.open("rb") as file:
        pages = list(PDFPage.get_pages(file))
        return read_each(len(pages), most, lambda number: read(pages[number - 1]))


def read_with_poppler(path: Path, most: int) -> dict[str, Any]:
    """The program pdftotext, with form values and notes as they are shown."""
    done = subprocess.run(  # noqa: S603 - a fixed command with a file of the user's own
        ["pdftotext", "-cropbox", "-enc", "UTF-8", str(path.absolute()), "-"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(done.stderr.decode(errors="replace").strip()[-200:])
    texts = done.stdout.decode(errors="replace").split("\f")[:-1]
    return read_each(len(texts), most, lambda number: texts[number - 1])


def read_with_mupdf(path: Path, most: int) -> dict[str, Any]:
    """MuPDF; and what a rule tells of each page, in `facts`."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    flags = pymupdf.TEXTFLAGS_TEXT & ~pymupdf.TEXT_USE_CID_FOR_UNKNOWN_UNICODE
    facts: dict[int, dict[str, Any]] = {}

    def read(number: int) -> str:
        page = document[number - 1]
        text_page = page.get_textpage(flags=flags)
        facts[number] = {
            "rotate": page.rotation,
            "fields": any(is_filled_in(widget) for widget in page.widgets()),
            "unclear": [widget.field_value for widget in page.widgets() if is_unclear(widget)],
            "notes": any(is_shown_note(note) for note in page.annots()),
            **look_at_lines(text_page.extractDICT()),
        }
        if facts[number]["fields"] or facts[number]["notes"]:
            contents = pymupdf.TextPage(page.get_displaylist(annots=0).get_textpage(flags))
            facts[number]["contents"] = contents.extractText()
        return str(text_page.extractText())

    with closing(pymupdf.open(path)) as document:
        if document.needs_pass:
            raise ValueError("it does not open without its password")
        return read_each(document.page_count, most, read) | {"facts": facts}


def is_filled_in(widget: Any) -> bool:
    """Whether a form field is shown, and shows a value that is text."""
    import pymupdf

    is_password = (
        widget.field_type == pymupdf.PDF_WIDGET_TYPE_TEXT
        and widget.field_flags & pymupdf.PDF_TX_FIELD_IS_PASSWORD
    )
    is_text = widget.field_type in (
        pymupdf.PDF_WIDGET_TYPE_TEXT,
        pymupdf.PDF_WIDGET_TYPE_COMBOBOX,
        pymupdf.PDF_WIDGET_TYPE_LISTBOX,
    )
    return bool(is_text and widget.field_value and widget.field_display == 0 and not is_password)


def is_unclear(widget: Any) -> bool:
    """Whether a text field has a box for each character, or its value is a password, or has codes.

    The judges give the first in pieces and the second in clear, where its appearance shows it. Of a
    value with control characters in it, which draw nothing, they take the gaps to be elsewhere.
    """
    import pymupdf

    flags = pymupdf.PDF_TX_FIELD_IS_COMB | pymupdf.PDF_TX_FIELD_IS_PASSWORD
    if widget.field_type != pymupdf.PDF_WIDGET_TYPE_TEXT or not widget.field_value:
        return False
    has_codes = any(letter < " " for letter in widget.field_value.translate(SPACES))
    return has_codes or bool(widget.field_flags & flags)


def is_shown_note(note: Any) -> bool:
    """Whether an annotation is free text with words that is shown."""
    import pymupdf

    hidden = pymupdf.PDF_ANNOT_IS_HIDDEN | pymupdf.PDF_ANNOT_IS_NO_VIEW
    return (
        note.type[0] == pymupdf.PDF_ANNOT_FREE_TEXT
        and not note.flags & hidden
        and bool(note.info["content"].strip())
    )


def look_at_lines(page: dict[str, Any]) -> dict[str, Any]:
    """Rows of tables, whether a line is turned, and raised digits with the words they touch.

    MuPDF ends a line at a wide gap, so the lines on one baseline are the cells of a row.
    """
    import pymupdf

    rows: dict[tuple[float, ...], list[bool]] = {}
    raised, turned = [], False
    for line in (line for block in page["blocks"] for line in block.get("lines", ())):
        spans = [span for span in line["spans"] if span["text"].strip()]
        if not spans:
            continue
        cosine, sine = line["dir"]
        x, y = spans[0]["origin"]
        baseline = round((y * cosine - x * sine) / ROW_POINTS)
        begin = spans[0]["text"].lstrip(" ($€£¥+-\u2212")
        row = rows.setdefault((round(cosine, 1), round(sine, 1), baseline), [])
        row.append(begin[:1].isdigit())
        turned = turned or abs(cosine) < 0.9
        for base, mark in pairwise(spans):
            is_small = mark["size"] < MAX_MARK_SIZE * base["size"]
            is_mark = is_small or mark["flags"] & pymupdf.TEXT_FONT_SUPERSCRIPT
            digits = mark["text"].split()[0]
            touches = not base["text"].endswith(" ") and not mark["text"].startswith(" ")
            if is_mark and touches and digits.isdigit():
                raised.append((base["text"].split()[-1], digits))
    table_rows = sum(len(row) >= MIN_CELLS and sum(row) >= MIN_NUMBERS for row in rows.values())
    return {"table_rows": table_rows, "turned": turned, "raised": raised}


def read_each(count: int, most: int, read: Callable[[int], str]) -> dict[str, Any]:
    """The chosen pages by one reader; a page at which it fails is failed, and no more."""
    answer = empty_answer()
    for number in choose_pages(count, most):
        try:
            answer["pages"][number] = read(number)
        # A foreign library may raise anything at a broken page; what it was is in the answer.
        except Exception as error:
            answer["failed"][number] = describe_error(error)
    return answer


def empty_answer() -> dict[str, Any]:
    """An answer without pages."""
    return {"pages": {}, "failed": {}, "refused": None}


def describe_error(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


READERS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "product": read_with_product,
    "pypdfium2": read_with_pypdfium2,
    "pypdf": read_with_pypdf,
    "pdfminer": read_with_pdfminer,
    "poppler": read_with_poppler,
    "mupdf": read_with_mupdf,
}


def main(name: str) -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    for line in sys.stdin:
        path, most = json.loads(line)
        try:
            answer = READERS[name](Path(path), most)
        # As in `read_each`, for a document as a whole.
        except Exception as error:
            answer = empty_answer() | {"refused": describe_error(error)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
