"""Builders of PDFs with files inside: portfolios, attachments, and those that never end."""

import zlib
from collections.abc import Iterable, Sequence

from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_CONTENTS,
    FIRST_PAGE,
    make_objects,
    make_stream,
    make_text_pdf,
    show_text,
    write_pdf,
)

COVER = "The cover of what is inside."
FIRST_FILE = 40


def make_portfolio(
    files: Iterable[tuple[str, bytes]],
    *,
    cover: str = COVER,
    on_page: Iterable[tuple[str, bytes]] = (),
    is_packed: bool = False,
    is_cover_broken: bool = False,
) -> bytes:
    """A page with these files inside, and others that hang on it as annotations.

    A broken cover is one whose content breaks off.
    """
    files, on_page = list(files), list(on_page)
    objects = make_objects([make_stream(show_text(cover) if cover else b"")])
    if is_cover_broken:
        half = zlib.compress(show_text(cover * 50))[:40]
        objects[FIRST_CONTENTS] = make_stream(half, b"/Filter /FlateDecode")
    listed, pinned = [], []
    for place, (name, data) in enumerate([*files, *on_page]):
        specification, content, annotation = (FIRST_FILE + 3 * place + k for k in range(3))
        written = write_name(name)
        objects[specification] = b"<< /Type /Filespec /F %b /UF %b /EF << /F %d 0 R >> >>" % (
            written,
            written,
            content,
        )
        packed = zlib.compress(data) if is_packed else data
        objects[content] = make_stream(
            packed, b"/Type /EmbeddedFile" + b" /Filter /FlateDecode" * is_packed
        )
        if place < len(files):
            listed.append(b"(%06d) %d 0 R" % (place, specification))
        else:
            objects[annotation] = (
                b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 30 30] /FS %d 0 R >>"
                % specification
            )
            pinned.append(b"%d 0 R" % annotation)
    objects[CATALOG] = (
        b"<< /Type /Catalog /Pages 2 0 R /Collection << /View /D >> "
        b"/Names << /EmbeddedFiles << /Names [%b] >> >> >>" % b" ".join(listed)
    )
    if pinned:
        objects[FIRST_PAGE] = objects[FIRST_PAGE].replace(
            b"/Type /Page ", b"/Type /Page /Annots [%b] " % b" ".join(pinned)
        )
    return write_pdf(objects)


def write_name(name: str) -> bytes:
    """A name as a string of the format, in UTF-16."""
    return b"<FEFF%b>" % name.encode("utf-16-be", "surrogatepass").hex().encode()


def make_nested(names: Sequence[str]) -> bytes:
    """A document in a document in a document: the first name is that of the outermost file."""
    data = make_text_pdf("The innermost page.")
    for depth, name in reversed(list(enumerate(names))):
        data = make_portfolio([(name, data)], cover=f"A cover {depth} deep.")
    return data


def make_with_associated(
    holder: str, name: str, data: bytes, *, entries: bytes = b"", listed_name: str | None = None
) -> bytes:
    """A document with a file that `/AF` of the document, its page or a square on that names.

    Args:
        holder: `document`, `page` or `annotation`.
        name: The name of the file.
        data: Its bytes.
        entries: More of what says which file it is.
        listed_name: The name by which the document's own list of files has it, too.
    """
    objects = make_objects([make_stream(show_text(COVER))])
    written = write_name(name)
    objects[FIRST_FILE] = b"<< /Type /Filespec /F %b /UF %b /EF << /F %d 0 R >> %b >>" % (
        written,
        written,
        FIRST_FILE + 1,
        entries,
    )
    objects[FIRST_FILE + 1] = make_stream(data, b"/Type /EmbeddedFile")
    objects[FIRST_FILE + 2] = b"<< /Type /Annot /Subtype /Square /Rect [9 9 30 30] >>"
    objects[FIRST_PAGE] = objects[FIRST_PAGE][:-2] + b"/Annots [%d 0 R] >>" % (FIRST_FILE + 2)
    number = {"document": CATALOG, "page": FIRST_PAGE, "annotation": FIRST_FILE + 2}[holder]
    objects[number] = objects[number][:-2] + b"/AF [%d 0 R] >>" % FIRST_FILE
    if listed_name is not None:
        listed = write_name(listed_name)
        objects[CATALOG] = objects[CATALOG][:-2] + (
            b"/Names << /EmbeddedFiles << /Names [%b %d 0 R] >> >> >>" % (listed, FIRST_FILE)
        )
    return write_pdf(objects)
