"""What a page shows besides its own text: fields of forms, notes, stamps. Runs in the child.

Only what a person sees on the page counts. An annotation that is hidden or not for viewing stays
out, and so does what opens only in a window of its own: the words of a comment or of a highlight.
"""

import math
import re
from dataclasses import dataclass
from html import unescape

import pypdfium2_raw as pdfium

from pipeline.extraction.shown_text.appearances import Appearances
from pipeline.extraction.shown_text.form_fields import Field, Form, read_lone_field, read_string
from pipeline.extraction.shown_text.geometry import Box
from pipeline.extraction.shown_text.layers import Layers

_UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
# These draw no text of their own, or none that is more than a button's.
_SILENT = frozenset(
    {
        pdfium.FPDF_ANNOT_LINK,
        pdfium.FPDF_ANNOT_POPUP,
        pdfium.FPDF_ANNOT_TEXT,
        pdfium.FPDF_ANNOT_HIGHLIGHT,
        pdfium.FPDF_ANNOT_UNDERLINE,
        pdfium.FPDF_ANNOT_SQUIGGLY,
        pdfium.FPDF_ANNOT_STRIKEOUT,
        pdfium.FPDF_ANNOT_FILEATTACHMENT,
        pdfium.FPDF_ANNOT_SOUND,
    }
)
_CONTENTS, _RICH_CONTENTS = b"Contents", b"RC"
_PARAGRAPH_END, _TAG = re.compile(r"</p\s*>|<br\b[^>]*+>?"), re.compile(r"<[^>]*+>?")
# Operators that begin text, or draw what may hold some (ISO 32000-2, annex A).
_MAY_DRAW_TEXT = re.compile("BT|Do")
# A string that is shown, and a sign in it that would have ended it (ISO 32000-2, 7.3.4.2). One that
# has no end is found, too, so that it is not looked for from each of its signs.
_STRING = re.compile(r"\(((?:\\.|[^()\\])*+)(\)?)")
_ESCAPE = re.compile(r"\\([()\\])")
_MAX_FORM_DEPTH = 5
_MAX_OBJECTS = 2000
# How much is looked at of a page that a file may fill with annotations at will.
_MAX_ANNOTATIONS = 5_000


@dataclass(frozen=True)
class Note:
    """Words that an annotation shows.

    Args:
        box: Where, on the page.
        text: What.
        name: What a field is called, '' for what is no field.
        is_box: Whether it is a box to be ticked, which stands before its label.
        is_empty: Whether it is such a box and not ticked.
    """

    box: Box
    text: str
    name: str = ""
    is_box: bool = False
    is_empty: bool = False


def read_notes(
    page: object,
    page_number: int,
    form: Form | None,
    appearances: Appearances,
    layers: Layers | None,
) -> list[Note]:
    """What the annotations of a page show, in the order in which they are drawn.

    Raises:
        MemoryError: The memory limit was reached.
    """
    notes = []
    for number in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MAX_ANNOTATIONS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            subtype = pdfium.FPDFAnnot_GetSubtype(annotation)
            if subtype in _SILENT or pdfium.FPDFAnnot_GetFlags(annotation) & _UNSEEN:
                continue
            if layers is not None and layers.is_annotation_off(page_number, number):
                continue
            note = _read_note(annotation, subtype, form, appearances, (page_number, number))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)
        if note is not None:
            notes.append(note)
    return notes


def _read_note(
    annotation: object,
    subtype: int,
    form: Form | None,
    appearances: Appearances,
    place: tuple[int, int],
) -> Note | None:
    box = _find_box(annotation)
    if box is None:
        return None
    is_field = subtype == pdfium.FPDF_ANNOT_WIDGET
    field = None
    if is_field:
        known = form.read_field(annotation) if form is not None else None
        field = known or read_lone_field(annotation)
    if field is not None and field.is_box:
        return Note(box, field.value, field.name, is_box=True, is_empty=field.is_unticked)
    if field is not None and field.is_secret:
        return None
    text = _find_text(annotation, subtype, field)
    if (text is None or (field and field.is_formatted)) and _draws_text(annotation):
        text = appearances.read_text(*place) or text
    elif (
        text
        and (subtype == pdfium.FPDF_ANNOT_FREETEXT or (field and field.is_one_value))
        and _may_draw_other_words(annotation, text)
    ):
        text = appearances.read_field_text(*place, text)
    if text is None and subtype == pdfium.FPDF_ANNOT_FREETEXT:
        text = _read_rich_text(annotation)
    return Note(box, text, field.name if field else "") if text else None


def _read_rich_text(annotation: object) -> str:
    """The words of what an annotation says in XHTML (ISO 32000-2, 12.7.4.4)."""
    text = read_string(pdfium.FPDFAnnot_GetStringValue, annotation, _RICH_CONTENTS)
    lines = _TAG.sub("", _PARAGRAPH_END.sub("\n", text)).split("\n")
    return "\n".join(filter(None, (unescape(line).strip() for line in lines)))


def _may_draw_other_words(annotation: object, words: str) -> bool:
    """Whether an annotation draws text that is not plainly these words."""
    drawn = read_string(pdfium.FPDFAnnot_GetAP, annotation, pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL)
    if not _MAY_DRAW_TEXT.search(drawn):
        return False
    strings = "".join(string for string, end in _STRING.findall(drawn) if end)
    # Lines are strings of their own, and so are letters in boxes.
    return "".join(_ESCAPE.sub(r"\1", strings).split()) != "".join(words.split())


def _find_text(annotation: object, subtype: int, field: Field | None) -> str | None:
    """What an annotation says by itself; None if only what it draws can tell."""
    if field is not None:
        return field.value or None
    if subtype == pdfium.FPDF_ANNOT_FREETEXT:
        return read_string(pdfium.FPDFAnnot_GetStringValue, annotation, _CONTENTS) or None
    return None


def _find_box(annotation: object) -> Box | None:
    rectangle = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, rectangle):
        return None
    box = Box(
        min(rectangle.left, rectangle.right),
        min(rectangle.bottom, rectangle.top),
        max(rectangle.left, rectangle.right),
        max(rectangle.bottom, rectangle.top),
    )
    is_seen = box.right > box.left and box.top > box.bottom and all(map(math.isfinite, box))
    return box if is_seen else None


def _draws_text(annotation: object) -> bool:
    # What it draws is taken apart for the count, and most fields that are empty draw nothing.
    drawn = read_string(pdfium.FPDFAnnot_GetAP, annotation, pdfium.FPDF_ANNOT_APPEARANCEMODE_NORMAL)
    if not _MAY_DRAW_TEXT.search(drawn):
        return False
    count = pdfium.FPDFAnnot_GetObjectCount(annotation)
    return any(
        _holds_text(pdfium.FPDFAnnot_GetObject(annotation, k), _MAX_FORM_DEPTH)
        for k in range(min(count, _MAX_OBJECTS))
    )


def _holds_text(drawn: object, depth: int) -> bool:
    kind = pdfium.FPDFPageObj_GetType(drawn) if drawn else None
    if kind == pdfium.FPDF_PAGEOBJ_TEXT:
        return True
    if kind != pdfium.FPDF_PAGEOBJ_FORM or depth == 0:
        return False
    count = pdfium.FPDFFormObj_CountObjects(drawn)
    return any(
        _holds_text(pdfium.FPDFFormObj_GetObject(drawn, k), depth - 1)
        for k in range(min(count, _MAX_OBJECTS))
    )
