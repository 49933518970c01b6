"""Builders of PDFs that show more, less or something else than their text alone says.

Each is the smallest file of its kind: a form that is filled in, a remark, a layer that is off, a
table that is turned, a script that is written from the right.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_CONTENTS,
    FIRST_PAGE,
    FONT,
    make_objects,
    make_page,
    make_stream,
    show_text,
    write_pdf,
)

FORM = 20
FIRST_ANNOTATION = 30
LAYER, OTHER_LAYER = 60, 61


def make_drawn_pdf(
    content: bytes,
    page_entries: bytes = b"",
    catalog_entries: bytes = b"",
    font: bytes | None = None,
) -> bytes:
    """A page with this content stream; /F1 is Helvetica, or the font that is given."""
    objects = _draw(content, page_entries, catalog_entries)
    return write_pdf(objects if font is None else objects | {FONT: font})


def make_pdf_with_annotations(
    text: str, annotations: Iterable[bytes], *, form_entries: bytes | None = None
) -> bytes:
    """A page with this text and these annotations; with a form if its entries are given."""
    objects = _draw(show_text(text))
    numbers = []
    fields = []
    for number, annotation in enumerate(annotations, FIRST_ANNOTATION):
        objects[number] = annotation
        numbers.append(b"%d 0 R" % number)
        if b"/Widget" in annotation:
            fields.append(numbers[-1])
    listed = b"/Annots [%b]" % b" ".join(numbers)
    objects[FIRST_PAGE] = objects[FIRST_PAGE][:-2] + listed + b">>"
    if form_entries is not None:
        objects[CATALOG] = b"<< /Type /Catalog /Pages 2 0 R /AcroForm %d 0 R >>" % FORM
        objects[FORM] = b"<< /Fields [%b] %b >>" % (b" ".join(fields), form_entries)
    # What stamps, signatures and boxes draw.
    for number, drawn in DRAWN.items():
        objects[number] = make_stream(
            b"BT /F1 12 Tf 2 4 Td (%b) Tj ET" % drawn,
            b"/Type /XObject /Subtype /Form /BBox [0 0 300 18] "
            b"/Resources << /Font << /F1 %d 0 R >> >>" % FONT,
        )
    return write_pdf(objects)


DRAWN = {50: b"Digitally signed by Ola Berg", 51: b"x", 52: b"", 53: b"1,250.00 EUR"}


def make_field(
    kind: bytes, name: str, box: tuple[int, int, int, int], entries: bytes, flags: int = 4
) -> bytes:
    """A field of a form, shown in a box."""
    return (
        b"<< /Type /Annot /Subtype /Widget /FT /%b /T (%b) /Rect [%d %d %d %d] /F %d "
        b"/DA (/F1 12 Tf 0 g) %b >>" % (kind, name.encode(), *box, flags, entries)
    )


def make_text_field(name: str, value: str, box: tuple[int, int, int, int], flags: int = 4) -> bytes:
    """A field with this text in it."""
    return make_field(b"Tx", name, box, b"/V (%b)" % value.encode(), flags)


def make_tick_box(name: str, box: tuple[int, int, int, int], *, is_ticked: bool) -> bytes:
    """A box to be ticked."""
    state = b"/On" if is_ticked else b"/Off"
    drawn = b"/AP << /N << /On 51 0 R /Off 52 0 R >> >>"
    return make_field(b"Btn", name, box, b"/V %b /AS %b %b" % (state, state, drawn))


def make_remark(subtype: bytes, box: tuple[int, int, int, int], entries: bytes) -> bytes:
    """An annotation that is no field."""
    return b"<< /Type /Annot /Subtype /%b /Rect [%d %d %d %d] /F 4 %b >>" % (subtype, *box, entries)


def make_layered_pdf(
    content: bytes,
    *,
    layer_entries: bytes = b"/OFF [60 0 R]",
    usage: bytes = b"",
    membership: bytes = b"/OCGs [60 0 R 61 0 R] /P /AllOn",
    more: Mapping[int, bytes] = MappingProxyType({}),
) -> bytes:
    """A page whose content may be on the layers /L1 (by default off) and /L2, and /L3 for both.

    /X1 is a form on the first layer, /X2 a form that has something on it. More objects may
    take the place of these, or have numbers from 65.
    """
    objects = _draw(
        content,
        resources=b"/Properties << /L1 60 0 R /L2 61 0 R /L3 62 0 R >> "
        b"/XObject << /X1 63 0 R /X2 64 0 R >>",
    )
    objects[CATALOG] = (
        b"<< /Type /Catalog /Pages 2 0 R /OCProperties "
        b"<< /OCGs [60 0 R 61 0 R] /D << %b >> >> >>" % layer_entries
    )
    objects[LAYER] = b"<< /Type /OCG /Name (Old draft) %b >>" % usage
    objects[OTHER_LAYER] = b"<< /Type /OCG /Name (New draft) >>"
    objects[62] = b"<< /Type /OCMD %b >>" % membership
    form = (
        b"/Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources "
        b"<< /Font << /F1 3 0 R >> /Properties << /L1 60 0 R >> >> "
    )
    objects[63] = make_stream(b"BT /F1 12 Tf 72 500 Td (form off) Tj ET", form + b"/OC 60 0 R")
    objects[64] = make_stream(
        b"BT /F1 12 Tf 72 450 Td (form on) Tj ET "
        b"/OC /L1 BDC BT /F1 12 Tf 72 430 Td (part off) Tj ET EMC",
        form,
    )
    return write_pdf(objects | dict(more))


def make_mapped_pdf(
    content: bytes, letters: Sequence[str], widths: int = 600, page_entries: bytes = b""
) -> bytes:
    """A page in a font of which the codes A, B, C ... stand for these letters, or words."""
    pairs = b" ".join(
        b"<%02X> <%b>" % (0x41 + k, letter.encode("utf-16-be").hex().encode())
        for k, letter in enumerate(letters)
    )
    objects = make_objects([make_stream(content)])
    objects[FIRST_PAGE] = make_page(FIRST_CONTENTS, font=6)[:-2] + page_entries + b">>"
    objects[6] = (
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 7 0 R /FirstChar 65 "
        b"/LastChar %d /Widths [%b] >>" % (64 + len(letters), b"%d " % widths * len(letters))
    )
    objects[7] = make_stream(
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        b"1 begincodespacerange <00> <FF> endcodespacerange\n"
        b"%d beginbfchar %b endbfchar\nendcmap end end" % (len(letters), pairs)
    )
    return write_pdf(objects)


def _draw(
    content: bytes, page_entries: bytes = b"", catalog_entries: bytes = b"", resources: bytes = b""
) -> dict[int, bytes]:
    objects = make_objects([make_stream(content)])
    page = make_page(FIRST_CONTENTS, resources=resources)
    objects[FIRST_PAGE] = page[:-2] + page_entries + b">>"
    objects[CATALOG] = b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog_entries
    return objects
