"""Builders of PDFs for tests. Each gives the bytes of a file.

Written by hand rather than with a library, so that ten thousand pages take a fraction of a second
and each rule of the format can be broken on its own.
"""

import zlib
from collections.abc import Iterable

CATALOG, PAGE_TREE, FONT, FIRST_PAGE, FIRST_CONTENTS = 1, 2, 3, 4, 5
NO_OBJECT = 999_999_999
MARKER = "marker-{:06d}-of-this-page"


def write_pdf(objects: dict[int, bytes], catalog: int = CATALOG) -> bytes:
    """A file of these objects, by number, with a correct cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    table = bytearray(b"xref\n0 1\n0000000000 65535 f \n")
    run: list[bytes] = []
    for number in sorted(objects):
        run.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
        if number + 1 not in objects:
            table += b"%d %d\n%b" % (number + 1 - len(run), len(run), b"".join(run))
            run = []
    trailer = b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (max(objects) + 1, catalog)
    return bytes(out + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(out))


def make_objects(contents: Iterable[bytes]) -> dict[int, bytes]:
    """The objects of a document with one page for each content stream."""
    objects = {
        CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
        FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    }
    kids = []
    for number, content in zip(_even_numbers(FIRST_PAGE), contents, strict=False):
        kids.append(b"%d 0 R" % number)
        objects[number] = make_page(contents=number + 1)
        objects[number + 1] = content
    objects[PAGE_TREE] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(kids), b" ".join(kids))
    return objects


def make_page(contents: int, *, resources: bytes = b"", font: int = FONT) -> bytes:
    """A page object, with a font as /F1."""
    return (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
        b"/Resources << /Font << /F1 %d 0 R >> %b >> >>" % (contents, font, resources)
    )


def make_stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object, not compressed."""
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(data), entries, data)


def make_flate_stream(data: bytes) -> bytes:
    """A compressed stream object."""
    return make_stream(zlib.compress(data), b"/Filter /FlateDecode")


def show_text(text: str) -> bytes:
    """Operators that show lines of Latin-1 text."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("latin-1")
    lines = b" T* ".join(b"(%b) Tj" % line for line in escaped.split(b"\n"))
    return b"BT /F1 12 Tf 14 TL 72 720 Td %b ET" % lines


def make_text_objects(*pages: str) -> dict[int, bytes]:
    """The objects of a document with these texts, one a page; '' is a page without text."""
    return make_objects(make_stream(show_text(page) if page else b"") for page in pages)


def make_text_pdf(*pages: str) -> bytes:
    """A good document with these texts, one a page; '' is a page without text."""
    return write_pdf(make_text_objects(*pages))


def make_marker_pdf(page_count: int) -> bytes:
    """A good document with `MARKER.format(number)` on each page."""
    return make_text_pdf(*(MARKER.format(number) for number in range(1, page_count + 1)))


def make_prose_pdf(page_count: int) -> bytes:
    """A good document with a full page of words on each page, which begins with its number."""
    words = ["harbour", "tide", "pier", "ledger", "winch", "sluice", "mooring", "lantern"]
    pages = []
    for number in range(1, page_count + 1):
        lines = [
            " ".join(words[(number * 7 + line * 3 + i * i) % len(words)] for i in range(12))
            for line in range(40)
        ]
        pages.append(f"Page {number}\n" + "\n".join(lines))
    return write_pdf(make_objects(make_flate_stream(show_text(page)) for page in pages))


def make_pdf_for_pypdf(*pages: str) -> bytes:
    """A document that PDFium cannot open and pypdf repairs: its trailer names no catalog."""
    return write_pdf(make_text_objects(*pages), catalog=NO_OBJECT)


def make_pdf_with_page_for_pypdf(*pages: str) -> bytes:
    """A document whose first page PDFium cannot load: the number of its object is too high."""
    objects = make_text_objects(*pages)
    objects[90_000_000] = objects.pop(FIRST_PAGE)
    objects[PAGE_TREE] = objects[PAGE_TREE].replace(b"[4 0 R", b"[90000000 0 R")
    return write_pdf(objects)


def make_pdf_with_page_of_no_type(*pages: str) -> bytes:
    """A document whose first page PDFium cannot load and pypdf leaves out of its count."""
    objects = make_text_objects(*pages)
    objects[FIRST_PAGE] = objects[FIRST_PAGE].replace(b"/Type /Page", b"/Type /Pagina")
    return write_pdf(objects)


def make_unmappable_text_pdf() -> bytes:
    """Text "ABC" in a font that maps A to a NUL, B to half a surrogate pair, and C to itself."""
    character_map = (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"3 beginbfchar <41> <0000> <42> <D800> <43> <0043> endbfchar\nendcmap end end"
    )
    return write_pdf(
        make_text_objects("ABC")
        | {
            FIRST_PAGE: make_page(FIRST_CONTENTS, font=6),
            6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>",
            7: make_stream(character_map),
        }
    )


def _even_numbers(start: int) -> Iterable[int]:
    while True:
        yield start
        start += 2
