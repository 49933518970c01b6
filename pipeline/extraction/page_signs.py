"""Signs that a page's text is not all that the page shows, from PDFium. Runs in the child.

They are read while the page is open, and cost little where the text is as it should be: objects are
looked at one by one only on pages with far fewer characters than objects.
"""

import ctypes
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

import pypdfium2_raw as pdfium

from pipeline.extraction.shown_text.text_page import TextPage
from pipeline.extraction.shown_text.visible_text import find_visible_box

# Where there are more objects, every second one, or third, is looked at.
_SAMPLED_OBJECTS = 256
# A page of fewer characters may hold its text in forms.
_FEW_CHARACTERS = 20
# Where there are more, some are words: nobody draws so many spaces and nothing else.
_MAX_SPACES = 1_000
# A font that is dropped takes whole text objects with it; a page of few may show just numbers.
_MIN_TEXT_OBJECTS = 100
_MAX_CHARACTERS_PER_OBJECT = 0.5
_MAX_OBJECTS_LOOKED_AT = 20_000
_MAX_DEPTH = 4
_MAX_STAMPS = 500
_UNSEEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW

# How many characters are asked whether their font says what they are, and if it does not for one.
_SAMPLED_CHARACTERS = 10
_SAMPLED_CHARACTERS_IN_DOUBT = 128

# Of the area of a page: a picture of 12 mm by 12 mm on A4. Smaller ones are marks and logos.
_MIN_PICTURE_SHARE = 0.0025
# What a scan covers of its page, and what is put on one: who has sent it, the number of the page or
# of a file, the name of an app. That is short, and stands where a page has its margins.
_MIN_SCAN_SHARE = 0.8
_MAX_STAMPED_CHARACTERS = 200
_MARGIN_SHARE = 0.1
# What is put on a scan in black and white is looked for on pages of no more objects: stripes, and
# letters. A page of more is a drawing, and long to walk through.
_MAX_SCAN_OBJECTS = 128
# A picture of fewer pixels a side has no words: nothing but a colour, mostly.
_MIN_SCAN_PIXELS = 64
# What lies across a scan is at an angle of a fifth of a right one, or more: scans lie askew, too.
_MIN_SLANT = 0.3
# Somewhat less than a card of two inches: what is smaller is an icon.
_MIN_SCAN_POINTS = 140
_SPACE = ord(" ")
# Letters that are drawn as outlines take dozens of segments each; frames and rules take few.
_MIN_OUTLINE_SEGMENTS = 200
# Of a page whose text is drawn so, or of a plan with words in it: some hundred letters.
_MIN_OUTLINED_SEGMENTS = 10_000


class PageSigns(NamedTuple):
    """What there is to doubt about the text of a page.

    Args:
        unmapped_share: The share of characters whose font does not say what they are.
        drops_text: Whether much of what the page shows as text has no characters.
        shows_picture: Whether a page without text, or with what was put on a scan, shows a picture
            or a drawing.
        is_covered: Whether that covers the page, or is drawn of very many lines, so that fields and
            notes stand on it.
    """

    unmapped_share: float = 0.0
    drops_text: bool = False
    shows_picture: bool = False
    is_covered: bool = False


def read_page_signs(page: object, text_page: TextPage, page_with_notes: object) -> PageSigns:
    """Look at an open page.

    Args:
        page: PDFium's handle of the page, or of a copy without its layers that are off.
        text_page: Its characters.
        page_with_notes: The handle of the page itself.
    """
    characters = text_page.count
    objects = max(0, pdfium.FPDFPage_CountObjects(page))
    if _is_blank(text_page):
        shows_picture = _shows_picture(page) or _has_stamp(page_with_notes)
        # The page may be a copy without its layers that are off, which has no fields and notes.
        is_covered = shows_picture and _is_covered(page)
    else:
        shows_picture = is_covered = _is_stamped_scan(page, text_page)
    return PageSigns(
        _find_unmapped_share(text_page, characters),
        _drops_text(page, objects, characters),
        shows_picture,
        is_covered,
    )


def _is_blank(text_page: TextPage) -> bool:
    """Whether a page has no words, though it may have spaces."""
    return text_page.count < _MAX_SPACES and not text_page.read_text().strip()


def _find_unmapped_share(text_page: TextPage, characters: int) -> float:
    for size in (_SAMPLED_CHARACTERS, _SAMPLED_CHARACTERS_IN_DOUBT):
        sample = range(0, characters, max(1, characters // size))
        unmapped = text_page.list_unmapped(sample).count(1)
        if unmapped == 0:
            return 0.0
    return unmapped / len(sample)


def _drops_text(page: object, objects: int, characters: int) -> bool:
    texts = 0
    if characters < _FEW_CHARACTERS and objects > 0:
        texts = sum(kind == pdfium.FPDF_PAGEOBJ_TEXT for _, kind, _ in _find_objects(page))
    elif objects >= _MIN_TEXT_OBJECTS and characters < _MAX_CHARACTERS_PER_OBJECT * objects:
        step = -(-objects // _SAMPLED_OBJECTS)
        texts = step * sum(
            pdfium.FPDFPageObj_GetType(pdfium.FPDFPage_GetObject(page, index))
            == pdfium.FPDF_PAGEOBJ_TEXT
            for index in range(0, objects, step)
        )
    return texts >= _MIN_TEXT_OBJECTS and characters < _MAX_CHARACTERS_PER_OBJECT * texts


def _shows_picture(page: object) -> bool:
    area = _measure_page(page)
    pictures, segments = 0.0, 0
    for item, kind, scale in _find_objects(page):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE:
            pictures += _measure(item) * scale
        elif kind == pdfium.FPDF_PAGEOBJ_PATH:
            segments += max(0, pdfium.FPDFPath_CountSegments(item))
        elif kind == pdfium.FPDF_PAGEOBJ_TEXT and _draws_something(item):
            # Text that the engine has no characters for: it shows all the same.
            segments += _MIN_OUTLINE_SEGMENTS
        if pictures >= _MIN_PICTURE_SHARE * area or segments >= _MIN_OUTLINE_SEGMENTS:
            return True
    return False


def _is_stamped_scan(page: object, text_page: TextPage) -> bool:
    """Whether a page is a scan, and no icon, and its text is what was put on it.

    That is short, and all of it stands at the edges or across the scan. Over a picture in black and
    white, which nobody has for a background, it may stand anywhere if it is seen: what is not is
    what the scanner has read.
    """
    if text_page.count > _MAX_STAMPED_CHARACTERS:
        return False
    visible = find_visible_box(page)
    if visible is None:
        return False
    width, height = visible.right - visible.left, visible.top - visible.bottom
    if min(width, height) < _MIN_SCAN_POINTS:
        return False
    wide, high = _MARGIN_SHARE * width, _MARGIN_SHARE * height
    signs = [index for index, code in enumerate(text_page.list_codes()) if code > _SPACE]
    beside = over = True
    for index in signs:
        box = text_page.find_box(index)
        if box is None or _is_slanted(*text_page.find_em(index)):
            continue
        is_beside = box.right <= visible.left + wide or box.left >= visible.right - wide
        is_over = box.top <= visible.bottom + high or box.bottom >= visible.top - high
        if not is_beside and not is_over:
            break
        beside, over = beside and is_beside, over and is_over
    else:
        # What stands along two edges that meet are the numbers of a chart, of thousands of points.
        return _is_covered(page, may_be_outlined=beside or over)
    return _is_covered(page, in_black_and_white=True) and not any(
        map(text_page.is_invisible, signs)
    )


def _is_slanted(along: float, aside: float) -> bool:
    """Whether a character stands neither upright nor at a right angle, by the vector of its em."""
    return min(abs(along), abs(aside)) > _MIN_SLANT * max(abs(along), abs(aside))


def _is_covered(
    page: object, *, in_black_and_white: bool = False, may_be_outlined: bool = True
) -> bool:
    """Whether pictures cover a page, of all or of one kind: a scan may be one, or many stripes.

    Of all kinds may be very many outlines, too: a page whose letters are drawn so.
    """
    least = _MIN_SCAN_SHARE * _measure_page(page)
    covered, segments = 0.0, 0
    most = _MAX_SCAN_OBJECTS if in_black_and_white else _MAX_OBJECTS_LOOKED_AT
    if in_black_and_white and pdfium.FPDFPage_CountObjects(page) > most:
        return False
    for item, kind, scale in islice(_find_objects(page), most):
        if kind == pdfium.FPDF_PAGEOBJ_IMAGE and _is_scan(item, page, in_black_and_white):
            covered += _measure(item) * scale
        elif kind == pdfium.FPDF_PAGEOBJ_PATH and may_be_outlined and not in_black_and_white:
            segments += max(0, pdfium.FPDFPath_CountSegments(item))
        if covered >= least > 0 or segments >= _MIN_OUTLINED_SEGMENTS:
            return True
    return False


def _is_scan(image: object, page: object, in_black_and_white: bool) -> bool:
    facts = pdfium.FPDF_IMAGEOBJ_METADATA()
    # Only with its page an image is told how many bits its pixels have.
    pdfium.FPDFImageObj_GetImageMetadata(image, page if in_black_and_white else None, facts)
    if max(facts.width, facts.height) < _MIN_SCAN_PIXELS:
        return False
    return not in_black_and_white or bool(facts.bits_per_pixel == 1)


def _has_stamp(page: object) -> bool:
    """Whether something that lies on the page, as a stamp does, shows a picture."""
    objects = islice(_find_stamped_objects(page), _MAX_OBJECTS_LOOKED_AT)
    return any(kind == pdfium.FPDF_PAGEOBJ_IMAGE for _, kind, _ in objects)


def _find_stamped_objects(page: object) -> Iterator[tuple[object, int, float]]:
    least = _MIN_PICTURE_SHARE * _measure_page(page)
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page), _MAX_STAMPS)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            box = pdfium.FS_RECTF()
            if (
                not pdfium.FPDFAnnot_GetFlags(annotation) & _UNSEEN
                and pdfium.FPDFAnnot_GetRect(annotation, box)
                and abs((box.right - box.left) * (box.top - box.bottom)) >= least
            ):
                # What is pressed or highlighted has no objects.
                count = pdfium.FPDFAnnot_GetObjectCount(annotation)
                yield from _walk(map(partial(pdfium.FPDFAnnot_GetObject, annotation), range(count)))
        finally:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _draws_something(text: object) -> bool:
    """Whether a piece of text is more than spaces: those have no height."""
    edges = [ctypes.c_float() for _ in range(4)]
    if not pdfium.FPDFPageObj_GetBounds(text, *edges):
        return True
    left, bottom, right, top = (edge.value for edge in edges)
    return right > left and top > bottom


def _measure_page(page: object) -> float:
    return float(pdfium.FPDF_GetPageWidthF(page) * pdfium.FPDF_GetPageHeightF(page))


def _measure(item: object) -> float:
    """The area of an image, or of one unit of a form, in the units of what it stands in."""
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, matrix):
        return 0.0
    return float(abs(matrix.a * matrix.d - matrix.b * matrix.c))


def _find_objects(page: object) -> Iterator[tuple[object, int, float]]:
    """The objects of a page and of the forms in it; no more than is looked at.

    Yields:
        The object, its kind, and the area on the page of one unit of what it stands in.
    """
    objects = map(
        partial(pdfium.FPDFPage_GetObject, page), range(pdfium.FPDFPage_CountObjects(page))
    )
    return islice(_walk(objects), _MAX_OBJECTS_LOOKED_AT)


def _walk(
    objects: Iterable[object], depth: int = 0, scale: float = 1.0
) -> Iterator[tuple[object, int, float]]:
    """Objects, and those of the forms among them, as `_find_objects` gives them.

    Args:
        objects: The objects.
        depth: How deep they lie.
        scale: The area on the page of one unit of what they stand in.
    """
    for item in objects:
        kind = pdfium.FPDFPageObj_GetType(item)
        yield item, kind, scale
        if kind == pdfium.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
            # A form has its objects by another type of number.
            places = map(ctypes.c_ulong, range(pdfium.FPDFFormObj_CountObjects(item)))
            inner = map(partial(pdfium.FPDFFormObj_GetObject, item), places)
            yield from _walk(inner, depth + 1, scale * _measure(item))
