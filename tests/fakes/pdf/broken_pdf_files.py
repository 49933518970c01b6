"""Builders of PDFs that are not whole, and of those whose pages are not what they show."""

import base64
import io
import re
import zlib
from collections.abc import Callable

import pypdf

from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_CONTENTS,
    FIRST_PAGE,
    FONT,
    make_flate_stream,
    make_objects,
    make_page,
    make_stream,
    show_text,
    write_pdf,
)

SECOND_PAGE, SECOND_CONTENTS = 6, 7
FORM, ARRAY, BLANK, SECOND_FONT, MISSING = 40, 41, 42, 43, 99
LINES = "\n".join(
    f"Line {number}: pier {number**3 * 37 % 10_007} was oiled, {number**2 * 53_003 % 99_991} "
    f"herrings, {number**4 % 9_973} crates and {number**5 % 99_989} nets were landed"
    for number in range(40)
)
FIRST_LINES, SECOND_LINES = f"Page one\n{LINES}", f"Page two\n{LINES}"
SECOND_CONTENT = show_text(SECOND_LINES)
PACKED = zlib.compress(SECOND_CONTENT)
FLATE = b"/Filter /FlateDecode"
# The same six characters by their numbers in Adobe-Japan1.
VERTICAL_TEXT, VERTICAL_NUMBERS = "第二条一項の", b"0B480CCB09DA04B007F20377"


def make_whole() -> bytes:
    """Two good pages of text."""
    return _write_second(make_stream(PACKED, FLATE))


def make_broken_streams() -> dict[str, bytes]:
    """Documents whose second page's content is broken, each in a way of its own."""
    coded = base64.a85encode(PACKED) + b"~>"
    both = b"/Filter [/ASCII85Decode /FlateDecode]"
    middle = len(PACKED) // 2
    flipped = PACKED[:middle] + bytes([PACKED[middle] ^ 0x10]) + PACKED[middle + 1 :]
    wrong_sum = PACKED[:-4] + bytes(byte ^ 0x55 for byte in PACKED[-4:])
    streams = {
        "the first byte is another": make_stream(b"\x12" + PACKED[1:], FLATE),
        "a bit in the middle is another": make_stream(flipped, FLATE),
        "the checksum is of other bytes": make_stream(wrong_sum, FLATE),
        "half is missing": make_stream(PACKED[:middle], FLATE),
        "the last bytes are missing": make_stream(PACKED[:-9], FLATE),
        "zeros in the middle": make_stream(PACKED[:200] + b"\0" * 99 + PACKED[299:], FLATE),
        "ASCII85 with other characters": make_stream(coded[:90] + b"\xc3{" + coded[92:], both),
        "ASCII85 that breaks off": make_stream(coded[:400] + b"~>", both),
        "ASCII hex with other characters": make_stream(b"42 54 20 QQ>", b"/Filter /ASCIIHexDecode"),
        "LZW of no code": make_stream(b"\xff" * 300, b"/Filter /LZWDecode"),
        "run lengths that break off": make_stream(b"\x7fBT", b"/Filter /RunLengthDecode"),
        "a filter that nobody knows": make_stream(PACKED, b"/Filter /SuperPack"),
        "ASCII85 alone that breaks off": make_stream(
            base64.a85encode(SECOND_CONTENT)[:500], b"/Filter /ASCII85Decode"
        ),
        "ASCII hex that breaks off": make_stream(
            SECOND_CONTENT.hex().encode()[:501], b"/Filter /ASCIIHexDecode"
        ),
        "a filter of encryption": make_stream(PACKED, b"/Filter [/Crypt /FlateDecode]"),
        "Brotli": make_stream(b"\x0b\x02\x80BT\x03" * 9, b"/Filter /BrotliDecode"),
    }
    documents = {name: _write_second(stream) for name, stream in streams.items()}
    apart = make_stream(PACKED[:300], b"/Filter 40 0 R")
    documents["half is missing, and its filter is named elsewhere"] = write_pdf(
        _make_two_pages(apart) | {FORM: b"/FlateDecode"}
    )
    return documents


def make_broken_encrypted(algorithm: str, *, is_broken: bool = True) -> bytes:
    """Two pages that need no password; of the second one's content the last half is another."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_whole()))
    writer.encrypt("", "owner", algorithm=algorithm)
    file = io.BytesIO()
    writer.write(file)
    data = file.getvalue()
    *_, second = re.finditer(rb"FlateDecode.*?stream\r?\n(.*?)endstream", data, re.DOTALL)
    start, end = second.span(1)
    middle = (start + end) // 2
    return data[:middle] + b"\0" * (end - middle) + data[end:] if is_broken else data


def make_missing_parts() -> dict[str, bytes]:
    """Documents of whose second page something is not in the file."""
    contents = b"/Contents %d 0 R" % SECOND_CONTENTS
    changes: dict[str, tuple[bytes, dict[int, bytes]]] = {
        "its content": (b"/Contents 99 0 R", {}),
        "one of its contents": (b"/Contents [7 0 R 99 0 R]", {}),
        "one of its contents, in an array apart": (
            b"/Contents 41 0 R",
            {ARRAY: b"[7 0 R 99 0 R]"},
        ),
        "one of its contents, which is null": (b"/Contents [7 0 R 41 0 R]", {ARRAY: b"null"}),
        "one of its contents, which is an array": (
            b"/Contents [7 0 R 41 0 R]",
            {ARRAY: b"[7 0 R]"},
        ),
        "its contents, in an array of arrays": (b"/Contents [[7 0 R] [7 0 R]]", {}),
        "its content, which is no stream": (b"/Contents 41 0 R", {ARRAY: b"<< /Length 99 >>"}),
    }
    documents = {}
    for name, (wanted, more) in changes.items():
        objects = _make_two_pages(make_stream(PACKED, FLATE)) | more
        objects[SECOND_PAGE] = objects[SECOND_PAGE].replace(contents, wanted)
        documents[name] = write_pdf(objects)
    broken = {FORM: make_form(PACKED[:300])}
    named_form = b"/XObject << /Fm0 40 0 R >>"
    for name, drawing, resources, more in (
        ("a form", b"/Fm0 Do", b"/XObject << /Fm0 99 0 R >>", {}),
        (
            "a form, in a dictionary apart",
            b"/Fm0 Do",
            b"/XObject 41 0 R",
            {ARRAY: b"<< /Fm0 99 0 R >>"},
        ),
        ("the end of a form", b"/Fm0 Do", named_form, broken),
        ("the end of a form with an escaped name", b"/Fm#30 Do", named_form, broken),
        ("the end of a form behind a comment", b"/Fm0%c\nDo", named_form, broken),
        (
            "the end of a form with a name in Latin-1",
            b"/F\xe4 Do",
            b"/XObject << /F\xe4 40 0 R >>",
            broken,
        ),
        (
            "the end of a form whose kind is named elsewhere",
            b"/Fm0 Do",
            named_form,
            {FORM: broken[FORM].replace(b"/Subtype /Form", b"/Subtype 41 0 R"), ARRAY: b"/Form"},
        ),
        (
            "what the characters of its font mean",
            b"",
            b"",
            {
                FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 40 0 R >>",
                FORM: make_stream(PACKED[:300], FLATE),
                FIRST_PAGE: make_page(FIRST_CONTENTS, font=SECOND_FONT),
                SECOND_FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            },
        ),
        (
            "the fonts that its font is made of",
            b"",
            b"",
            {
                FONT: b"<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H >>",
                FIRST_PAGE: make_page(FIRST_CONTENTS, font=SECOND_FONT),
                SECOND_FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            },
        ),
    ):
        content = make_flate_stream(show_text("beside it") + b" " + drawing)
        objects = _make_two_pages(content) | more
        objects[SECOND_PAGE] = make_page(SECOND_CONTENTS, resources=resources)
        documents[name] = write_pdf(objects)
    bare = _make_two_pages(make_flate_stream(SECOND_CONTENT)) | broken
    bare[SECOND_PAGE] = bare[SECOND_PAGE].replace(b"/Resources", b"/Recourses")
    documents["what it is drawn with"] = write_pdf(bare)
    return documents


def make_harmless_faults() -> dict[str, bytes]:
    """Documents with faults that leave their text whole."""
    one_byte_of_sum = PACKED[:-1] + bytes([PACKED[-1] ^ 0x55])
    unused = _make_two_pages(make_stream(PACKED, FLATE)) | {
        FORM: make_form(b"\x12 nobody draws it")
    }
    dangling = _make_two_pages(make_stream(PACKED, FLATE))
    dangling[SECOND_PAGE] = make_page(SECOND_CONTENTS, resources=b"/XObject << /Fm0 99 0 R >>")
    return {
        "no checksum": _write_second(make_stream(PACKED[:-4], FLATE)),
        "one byte of the checksum is another": _write_second(make_stream(one_byte_of_sum, FLATE)),
        "a broken stream that nothing uses": write_pdf(unused),
        "a name for a form that is missing and not drawn": write_pdf(dangling),
        "a content that is null": write_pdf(
            _make_two_pages(make_stream(PACKED, FLATE))
            | {
                SECOND_PAGE: make_page(SECOND_CONTENTS).replace(b"7 0 R", b"[null 7 0 R]"),
                # Puts the file under suspicion.
                FORM: make_form(b"\x12 nobody draws it"),
            }
        ),
        "an empty stream beside it": write_pdf(
            _make_two_pages(make_stream(PACKED, FLATE))
            | {
                SECOND_PAGE: make_page(SECOND_CONTENTS).replace(b"7 0 R", b"[7 0 R 40 0 R]"),
                FORM: make_stream(b"", FLATE),
            }
        ),
        "a form without anything, not even a stream": write_pdf(
            _make_two_pages(make_flate_stream(show_text(SECOND_LINES) + b" /Fm0 Do"))
            | {
                SECOND_PAGE: make_page(SECOND_CONTENTS, resources=b"/XObject << /Fm0 40 0 R >>"),
                FORM: b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] >>",
            }
        ),
        "a late header": b"Received: by a gateway\r\n" * 90 + b"\r\n" + make_whole(),
        "no header": make_whole().removeprefix(b"%PDF-1.7\n"),
    }


def make_converted() -> dict[str, tuple[bytes, str]]:
    """Documents that something has taken for text, with a word of what is said of it."""
    whole = make_whole()
    lines = whole.replace(b"\r\n", b"\n")
    return {
        "UTF-8 with replacement characters": (
            whole.decode("utf-8", "replace").encode(),
            "text in UTF-8",
        ),
        "Latin-1 to UTF-8": (whole.decode("latin-1").encode(), "wrote it anew in UTF-8"),
        "CRLF": (lines.replace(b"\n", b"\r\n"), "line ends"),
        "LF": (lines.replace(b"\r", b"\n"), "line ends"),
        "seven bits": (bytes(byte & 0x7F for byte in whole), "seven bits"),
        "question marks": (bytes(byte if byte < 128 else 63 for byte in whole), "seven bits"),
    }


def make_form(packed: bytes) -> bytes:
    """A form XObject with such Flate data."""
    return make_stream(
        packed,
        b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] "
        b"/Resources << /Font << /F1 3 0 R >> >> " + FLATE,
    )


def make_dynamic_form(
    text: str = "One moment, the form is being loaded.", *, says_so: bool = True
) -> bytes:
    """A form that a program draws from XFA, with a page that stands in for it."""
    objects = make_objects([make_stream(show_text(text))])
    objects[CATALOG] = (
        b"<< /Type /Catalog /Pages 2 0 R %b /AcroForm << /Fields [] /XFA 40 0 R >> >>"
        % (b"/NeedsRendering true" if says_so else b"")
    )
    objects[FORM] = make_stream(b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>')
    return write_pdf(objects)


def make_with_file(name: str, *, relation: str = "", portfolio: bool = False) -> bytes:
    """A page of text and a file inside."""
    objects = make_objects([make_stream(show_text("The cover of what is inside."))])
    kind = f"/AFRelationship /{relation} ".encode() if relation else b""
    objects[CATALOG] = (
        b"<< /Type /Catalog /Pages 2 0 R %b"
        b"/Names << /EmbeddedFiles << /Names [(%b) 40 0 R] >> >> >>"
        % (b"/Collection << /View /D >> " if portfolio else b"", name.encode())
    )
    objects[FORM] = b"<< /Type /Filespec /F (%b) /UF (%b) %b/EF << /F 41 0 R >> >>" % (
        name.encode(),
        name.encode(),
        kind,
    )
    objects[ARRAY] = make_stream(make_whole(), b"/Type /EmbeddedFile")
    return write_pdf(objects)


def make_file_on_page(name: str) -> bytes:
    """A page of text with a file that hangs on it as an annotation."""
    objects = make_objects([make_stream(show_text("See what is pinned here."))])
    objects[FIRST_PAGE] = objects[FIRST_PAGE].replace(
        b"/Type /Page ", b"/Type /Page /Annots [42 0 R] "
    )
    objects[42] = b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 30 30] /FS 40 0 R >>"
    objects[FORM] = b"<< /Type /Filespec /F (%b) /EF << /F 41 0 R >> >>" % name.encode()
    objects[ARRAY] = make_stream(b"pinned", b"/Type /EmbeddedFile")
    return write_pdf(objects)


def make_for_certificate() -> bytes:
    """A document that is encrypted for a recipient's key."""
    return make_whole().replace(
        b"trailer\n<< ",
        b"trailer\n<< /Encrypt << /Filter /Adobe.PubSec /SubFilter /adbe.pkcs7.s4 /V 4 "
        b"/Recipients [<30>] >> /ID [<00> <00>] ",
    )


def make_bitmap_font_pdf(
    text: bytes,
    names: dict[int, str] | None = None,
    blanks: bytes = b"",
    above: str = "",
    below: bytes = b"",
    scrap: bytes = b"",
) -> bytes:
    """Text in a Type 3 font, whose glyphs are drawings; names of its glyphs by code.

    Without names each glyph is called by its code, as fonts of bitmaps of TeX are. Those of
    `blanks` have room, and nothing is drawn in it but the scrap, if there is one. The lines above
    it are in Helvetica, and what is below in a font of its own of the same kind.
    """
    codes = sorted({*text, *below})
    named = names or {code: f"a{code}" for code in codes}
    differences = b" ".join(b"%d /%b" % (code, named[code].encode()) for code in codes)
    procedures = b" ".join(
        b"/%b %d 0 R" % (named[code].encode(), BLANK if code in blanks else ARRAY) for code in codes
    )
    widths = b"%b" % b" ".join([b"500"] * 256)
    objects = make_objects(
        [
            make_stream(
                b"%b BT /F1 12 Tf 72 72 Td <%b> Tj /F3 12 Tf 0 -20 Td <%b> Tj ET"
                % (
                    show_text(above).replace(b"/F1", b"/F2"),
                    text.hex().encode(),
                    below.hex().encode(),
                )
            )
        ]
    )
    objects[FORM] = objects[FONT]
    objects[FIRST_PAGE] = objects[FIRST_PAGE].replace(
        b"/F1", b"/F2 %d 0 R /F3 %d 0 R /F1" % (FORM, SECOND_FONT)
    )
    objects[FONT] = (
        b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 500 700] /FontMatrix [.001 0 0 .001 0 0] "
        b"/FirstChar 0 /LastChar 255 /Widths [%b] /Resources << >> /CharProcs << %b >> "
        b"/Encoding << /Type /Encoding /Differences [%b] >> >>" % (widths, procedures, differences)
    )
    objects[SECOND_FONT] = objects[FONT]
    objects[ARRAY] = make_stream(b"500 0 d0 0 0 400 600 re f")
    objects[BLANK] = make_stream(b"500 0 d0 " + scrap)
    return write_pdf(objects)


def make_mapped_pdf(codes: bytes, to_unicode: Callable[[int], bytes]) -> bytes:
    """Text in Helvetica whose codes a character map gives other characters, in UTF-16 or not."""
    pairs = b" ".join(
        b"<%02X> <%b>" % (code, to_unicode(code).hex().encode()) for code in sorted(set(codes))
    )
    objects = make_objects(
        [make_stream(b"BT /F1 12 Tf 72 720 Td <%b> Tj ET" % codes.hex().encode())]
    )
    objects[FONT] = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 40 0 R >>"
    objects[FORM] = make_stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"%d beginbfchar %b endbfchar\nendcmap end end" % (len(set(codes)), pairs)
    )
    return write_pdf(objects)


def make_font_not_inside(count: int) -> bytes:
    """Vertical Japanese text in a font that is not in the file: so often `VERTICAL_TEXT`."""
    numbers = VERTICAL_NUMBERS * count
    content = b"".join(
        b"BT /F1 12 Tf %d %d Td <%b> Tj ET "
        % (
            580 - 20 * (index // 30),
            720 - 20 * (index % 30),
            numbers[4 * index : 4 * index + 4],
        )
        for index in range(len(numbers) // 4)
    )
    objects = make_objects([make_stream(content)])
    objects[FONT] = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /Identity-V "
        b"/DescendantFonts [40 0 R] >>"
    )
    objects[FORM] = (
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /FontDescriptor 41 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>"
    )
    objects[ARRAY] = (
        b"<< /Type /FontDescriptor /FontName /Ryumin-Light /Flags 6 /FontBBox [0 -200 1000 900] "
        b"/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"
    )
    return write_pdf(objects)


def _make_two_pages(second: bytes) -> dict[int, bytes]:
    return make_objects([make_flate_stream(show_text(FIRST_LINES)), second])


def _write_second(second: bytes) -> bytes:
    return write_pdf(_make_two_pages(second))
