"""Builders of PDFs that are made to cost their reader time, memory, or its life."""

import zlib
from collections.abc import Callable, Iterator

from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_CONTENTS,
    FIRST_PAGE,
    FONT,
    NO_OBJECT,
    PAGE_TREE,
    make_flate_stream,
    make_marker_pdf,
    make_objects,
    make_page,
    make_stream,
    make_text_objects,
    show_text,
    write_pdf,
)

MEBIBYTE = 1 << 20


def deflate_repeated(data: bytes, count: int, *, start: bytes = b"") -> bytes:
    """The compressed form of `start` and `data` times `count`, made without holding all of it."""
    block = data * max(1, MEBIBYTE // len(data))
    blocks, rest = divmod(len(data) * count, len(block))
    packed = bytearray(b"\x78\x9c" + _deflate(start) + _deflate(block) * blocks)
    compressor = zlib.compressobj(wbits=-15)
    packed += compressor.compress(block[:rest]) + compressor.flush()
    checksum = zlib.adler32(start)
    for _ in range(blocks):
        checksum = zlib.adler32(block, checksum)
    return bytes(packed) + zlib.adler32(block[:rest], checksum).to_bytes(4, "big")


def _deflate(data: bytes) -> bytes:
    """A part of a compressed form that hangs on nothing before it: a full flush ends it."""
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)


def make_zip_bomb(levels: int = 1, *, size_bytes: int = 512 * MEBIBYTE) -> bytes:
    """A page whose content, Flate-compressed `levels` times, unpacks to so many spaces."""
    packed = deflate_repeated(b" ", size_bytes)
    for _ in range(levels - 1):
        packed = zlib.compress(packed, 9)
    filters = b"/Filter [%b]" % (b" /FlateDecode" * levels)
    return write_pdf(make_objects([make_stream(packed, filters)]))


def make_bombs_on_pages(pages: str) -> bytes:
    """A document with a good page for each letter but `x`, which stands for a zip bomb."""
    bomb = make_stream(deflate_repeated(b" ", 512 * MEBIBYTE), b"/Filter /FlateDecode")
    return write_pdf(
        make_objects(bomb if page == "x" else make_stream(show_text(page)) for page in pages)
    )


def make_operator_bomb() -> bytes:
    """A page that shows a letter twenty million times."""
    packed = deflate_repeated(b"(x) Tj ", 20_000_000, start=b"BT /F1 1 Tf ")
    return write_pdf(make_objects([make_stream(packed, b"/Filter /FlateDecode")]))


def make_form_bomb(depth: int = 12) -> bytes:
    """A page that draws a form that draws ten forms, and so on: a billion and more."""
    first = 100
    objects = make_objects([make_stream(b"/X Do")])
    objects[FIRST_PAGE] = make_page(FIRST_CONTENTS, resources=b"/XObject << /X 100 0 R >>")
    for level in range(first, first + depth):
        objects[level] = make_stream(
            b"/X Do " * 10,
            b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] "
            b"/Resources << /XObject << /X %d 0 R >> >>" % (level + 1),
        )
    objects[first + depth] = make_stream(
        show_text("boom"),
        b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >>",
    )
    return write_pdf(objects)


def make_cyclic_page_tree() -> bytes:
    """A page tree whose nodes are their own children and parents."""
    return write_pdf(
        {
            CATALOG: b"<< /Type /Catalog /Pages 2 0 R >>",
            PAGE_TREE: b"<< /Type /Pages /Count 3 /Kids [2 0 R 4 0 R 2 0 R] /Parent 2 0 R >>",
            4: b"<< /Type /Pages /Count 2 /Kids [2 0 R 4 0 R] /Parent 4 0 R >>",
        }
    )


def make_tiny_objects(count: int = 1_000_000) -> bytes:
    """A document of one page and a million objects that nothing refers to."""
    return write_pdf(make_text_objects("one page") | dict.fromkeys(range(10, 10 + count), b"[]"))


def make_deep_page_tree(depth: int = 20_000) -> bytes:
    """A page at the end of a chain of page tree nodes."""
    objects = make_text_objects("deep down")
    for number in range(100, 100 + depth):
        objects[number] = b"<< /Type /Pages /Count 1 /Kids [%d 0 R] >>" % (number + 1)
    objects[100 + depth] = objects[FIRST_PAGE]
    objects[PAGE_TREE] = b"<< /Type /Pages /Count 1 /Kids [100 0 R] >>"
    return write_pdf(objects)


def make_deep_nesting(depth: int = 500_000) -> bytes:
    """A catalog and a content stream with so many arrays in one another."""
    nested = b"[" * depth + b"]" * depth
    objects = make_objects([make_stream(nested + b" TJ " + show_text("after"))])
    objects[CATALOG] = b"<< /Type /Catalog /Pages 2 0 R /Names %b >>" % nested
    return write_pdf(objects)


def make_lying_page_count(claimed: int = 9_000) -> bytes:
    """One page, and a page tree that claims many."""
    objects = make_text_objects("the only page")
    objects[PAGE_TREE] = b"<< /Type /Pages /Count %d /Kids [4 0 R] >>" % claimed
    return write_pdf(objects)


def make_scripts() -> bytes:
    """A document with an endless script to be run when it is opened, shown and closed."""
    script = b"<< /S /JavaScript /JS (while (true) { app.alert\\('x'\\); }) >>"
    objects = make_text_objects("no script ran")
    objects[CATALOG] = (
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction %b /AA << /WC %b /WS %b >> "
        b"/Names << /JavaScript << /Names [(a) %b] >> >> >>" % ((script,) * 4)
    )
    return write_pdf(objects)


def make_huge_image(side: int = 60_000) -> bytes:
    """A page with an image of so many pixels a side, which would unpack to 10 GB."""
    objects = make_objects([make_stream(b"q 90 0 0 90 0 0 cm /I Do Q " + show_text("beside it"))])
    objects[FIRST_PAGE] = make_page(FIRST_CONTENTS, resources=b"/XObject << /I 6 0 R >>")
    objects[6] = make_stream(
        deflate_repeated(b"\0", 64 * MEBIBYTE),
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 "
        b"/ColorSpace /DeviceRGB /Filter /FlateDecode" % (side, side),
    )
    return write_pdf(objects)


def make_character_map_bomb() -> bytes:
    """A page in a font whose map gives a long text to each of four billion codes."""
    ranges = b"".join(
        b"<%08X> <%08X> <%b>\n" % (start << 16, (start << 16) + 0xFFFF, b"0041" * 100)
        for start in range(0x10000)
    )
    return write_pdf(
        make_text_objects("mapped")
        | {
            FIRST_PAGE: make_page(FIRST_CONTENTS, font=6),
            6: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 7 0 R >>",
            7: make_flate_stream(
                b"begincmap 1 begincodespacerange <00000000> <FFFFFFFF> endcodespacerange\n"
                b"%d beginbfrange\n%bendbfrange endcmap" % (0x10000, ranges)
            ),
        }
    )


def make_object_stream_bomb() -> bytes:
    """A font that lies in a compressed object stream, which unpacks to half a gigabyte."""
    objects = make_text_objects("compressed")
    del objects[FONT]
    bomb = deflate_repeated(b" ", 512 * MEBIBYTE, start=b"3 0 << /Type /Font >>")
    objects[6] = make_stream(bomb, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")
    data = write_pdf(objects)
    body, _, _ = data.partition(b"xref\n0 1\n")
    entries = [b"\0" + b"\0" * 6] * 8
    for number in objects:
        offset = body.index(b"\n%d 0 obj\n" % number) + 1
        entries[number] = b"\1" + offset.to_bytes(4, "big") + b"\0\0"
    entries[FONT] = b"\2" + (6).to_bytes(4, "big") + b"\0\0"
    entries[7] = b"\1" + len(body).to_bytes(4, "big") + b"\0\0"
    table = make_stream(b"".join(entries), b"/Type /XRef /Size 8 /W [1 4 2] /Root 1 0 R")
    return body + b"7 0 obj\n%b\nendobj\nstartxref\n%d\n%%%%EOF\n" % (table, len(body))


def make_over_long_page(characters: int = 3_000_000) -> bytes:
    """A page with more text than a page has."""
    line = b"(%b) Tj T* " % (b"abcdefghij" * 10)
    packed = deflate_repeated(line, characters // 100, start=b"BT /F1 1 Tf 1 TL 10 700 Td ")
    return write_pdf(make_objects([make_stream(packed, b"/Filter /FlateDecode")]))


def make_slow_pdf(page_count: int = 2) -> bytes:
    """Pages that only pypdf opens, and for each of which it takes several seconds."""
    packed = deflate_repeated(b"0 -9 Td (x) Tj ", 200_000, start=b"BT /F1 9 Tf ")
    page = make_stream(packed, b"/Filter /FlateDecode")
    return write_pdf(make_objects([page] * page_count), catalog=NO_OBJECT)


def cut_short(data: bytes, places: int = 20) -> Iterator[bytes]:
    """The file, cut off at so many places from near its start to near its end."""
    for place in range(1, places + 1):
        yield data[: len(data) * place // (places + 1)]


HOSTILE: dict[str, Callable[[], bytes]] = {
    "zip bomb": make_zip_bomb,
    "zip bomb in a zip bomb": lambda: make_zip_bomb(levels=2),
    "operator bomb": make_operator_bomb,
    "form bomb": make_form_bomb,
    "cyclic page tree": make_cyclic_page_tree,
    "a million objects": make_tiny_objects,
    "50,000 pages": lambda: make_marker_pdf(50_000),
    "deep page tree": make_deep_page_tree,
    "deep nesting": make_deep_nesting,
    "lying page count": make_lying_page_count,
    "scripts": make_scripts,
    "huge image": make_huge_image,
    "character map bomb": make_character_map_bomb,
    "object stream bomb": make_object_stream_bomb,
    "over-long page": make_over_long_page,
    "slow page": lambda: make_slow_pdf(1),
}
