"""The text inside the visible box of a page, with its separators. Runs in the child.

PDFium has two calls for it, and neither is right by itself. `FPDFText_GetText` gives all text, also
what lies outside of the visible box, and ends a line after each raised letter. The other,
`FPDFText_GetBoundedText`, writes a line end only where the baseline of a line is another than that
of the line before: it glues the cells of a row and all lines of turned text. Where they agree (nine
of ten pages) there is nothing to decide. Where they differ it is where the characters stand that
decides.
"""

import ctypes
import re

import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # it ships no type information

from pipeline.extraction.pdfium_characters import (
    HYPHEN_OR_UNKNOWN,
    Box,
    Edit,
    PageCharacters,
    turn_upright,
)

# The text inside a box has line ends that the characters of the page do not count.
_ROOM_PER_CHARACTER = 2
# In units of UTF-16 as PDFium writes them: a page may end in half a pair.
_BYTES_PER_UNIT = 2
# What a box does not leave out, or leaves out wherever it is: white space, and codes that PDFium
# counts as no text and yet gives for a box.
_UNCOUNTED = " \r\n\x02\x03\x93\x94\x96\x97\x98\ufffe"
_SEPARATORS = re.compile(r"[ \r\n]+")
# A line end before or after one or two letters or digits: it may be one that PDFium writes within a
# line, for a raised or lowered letter.
_LINE_END_BESIDE_FEW = re.compile(
    r"(?<=\S)\r\n(?=[^\W_]{1,2}(?![^\W_]))|(?<=\n[^\W_])\r\n(?=\S)|(?<=\n[^\W_]{2})\r\n(?=\S)"
)
# Two characters of one line stand no further apart across it than a raised or lowered one does.
_MAX_ACROSS_EMS = 0.6
# Less is the space between the letters of a word; a word space has a fifth of an em at the least.
_MAX_GAP_IN_WORD_EMS = 0.2
_MAX_OVERLAP_EMS = 0.5
# More is not a space between words but between cells.
_MAX_WORD_SPACE_EMS = 1.5


def find_visible_box(page: object) -> Box | None:
    """The part of a page that is shown; None where PDFium knows none."""
    box = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, box):
        return None
    return Box(box.left, box.bottom, box.right, box.top)


def read_visible_text(text_page: object, visible: Box) -> PageCharacters:
    """The text inside the visible box of a page; all of it if none is there."""
    return _join_lines_at_raised(_read_inside(text_page, visible))


def _read_inside(text_page: object, visible: Box) -> PageCharacters:
    characters = PageCharacters(text_page, _read_whole_text(text_page))
    bounded = _read_bounded_text(text_page, visible)
    whole = characters.text
    if whole == bounded:
        return characters
    if HYPHEN_OR_UNKNOWN in whole:
        characters = _tell_hyphens(characters)
        whole = characters.text
        if whole == bounded:
            return characters
    visible_count = _count_drawn(bounded)
    # A page whose box is wrong shows nothing and holds its text all the same.
    if 0 < visible_count < _count_drawn(whole):
        return _cut_to_box(characters, visible)
    return _settle_separators(characters, bounded) if visible_count else characters


def _read_whole_text(text_page: object) -> str:
    size = pdfium.FPDFText_CountChars(text_page)
    if size <= 0:
        return ""
    # One more, for the zero at the end.
    text = (ctypes.c_ushort * (size + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, size, text)
    return _decode_units(text, written - 1)


def _read_bounded_text(text_page: object, box: Box) -> str:
    area = (text_page, box.left, box.top, box.right, box.bottom)
    # PDFium puts the text together anew at each call, so it is not asked for its size first.
    room = _ROOM_PER_CHARACTER * max(0, pdfium.FPDFText_CountChars(text_page)) + 1
    text = (ctypes.c_ushort * room)()
    size = pdfium.FPDFText_GetBoundedText(*area, text, room)
    if size >= room:
        room = pdfium.FPDFText_GetBoundedText(*area, None, 0)
        text = (ctypes.c_ushort * room)()
        size = pdfium.FPDFText_GetBoundedText(*area, text, room)
    return _decode_units(text, size).rstrip("\0")


def _decode_units(units: "ctypes.Array[ctypes.c_ushort]", count: int) -> str:
    data = ctypes.string_at(units, _BYTES_PER_UNIT * max(0, count))
    text = data.decode("utf-16-le", errors="surrogatepass")
    if len(text) == count:
        return text
    # Pairs stay apart until the page is put together: a place in the text is one of PDFium's.
    return "".join(map(chr, units[:count]))


def join_pairs(text: str) -> str:
    """The text with the two halves of each pair of surrogates joined, and lone ones left out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", errors="ignore")
    return text


def _count_drawn(text: str) -> int:
    return len(text) - sum(map(text.count, _UNCOUNTED))


def _tell_hyphens(characters: PageCharacters) -> PageCharacters:
    """The page with a hyphen at a line end as such (as `clean_text` knows it), the unknown out."""
    text = characters.text
    places = [found.start() for found in re.finditer(HYPHEN_OR_UNKNOWN, text)]
    unknown = [place for place in places if not characters.is_hyphen(place)]
    characters = characters.edit(Edit(place, place + 1, "") for place in unknown)
    return characters.replace_letters(HYPHEN_OR_UNKNOWN, "\x02")


def _cut_to_box(characters: PageCharacters, visible: Box) -> PageCharacters:
    """The page without what lies outside of a box, a space or a line end in its place."""
    text = characters.text
    edits: list[Edit] = []
    start = -1
    for position, character in enumerate(text):
        if character in " \r\n":
            continue
        box = characters.find_box(position)
        if box is None or not box.is_apart_from(visible):
            if start >= 0:
                edits.append(_leave_out(text, start, position))
                start = -1
        elif start < 0:
            start = position
    if start >= 0:
        edits.append(_leave_out(text, start, len(text)))
    return characters.edit(edits)


def _leave_out(text: str, start: int, end: int) -> Edit:
    while start > 0 and text[start - 1] in " \r\n":
        start -= 1
    gone = text[start:end]
    return Edit(start, end, "\n" if "\n" in gone else " ")


def _settle_separators(characters: PageCharacters, bounded: str) -> PageCharacters:
    """The page with each separator that only one of PDFium's texts has kept or dropped by place."""
    text = characters.text
    edits: list[Edit] = []
    here = there = 0
    while here < len(text) and there < len(bounded):
        mine = _SEPARATORS.match(text, here)
        theirs = _SEPARATORS.match(bounded, there)
        if mine or theirs:
            start = here
            here = mine.end() if mine else here
            there = theirs.end() if theirs else there
            if not (mine and theirs) and start > 0 and here < len(text):
                separator = _choose_separator(characters, start - 1, here)
                if separator != text[start:here]:
                    edits.append(Edit(start, here, separator))
        elif text[here] == bounded[there]:
            here += 1
            there += 1
        elif bounded[there] in _UNCOUNTED:
            there += 1
        else:
            # Marks of no size are in no box, wherever they are.
            here += 1
    return characters.edit(edits)


def _join_lines_at_raised(characters: PageCharacters) -> PageCharacters:
    """The page without the line ends before and after a raised or lowered letter of a line."""
    edits = []
    for found in _LINE_END_BESIDE_FEW.finditer(characters.text):
        separator = _choose_separator(characters, found.start() - 1, found.end())
        if separator != found[0]:
            edits.append(Edit(found.start(), found.end(), separator))
    return characters.edit(edits)


def _choose_separator(characters: PageCharacters, before: int, after: int) -> str:
    """What stands between two characters that follow each other in the text."""
    written = characters.text[before + 1 : after]
    first = characters.find_box(before)
    em, next_em = characters.find_em(before), characters.find_em(after)
    if max(map(abs, next_em)) > max(map(abs, em)):
        em, next_em = next_em, em
    start, end = characters.find_origin(before), characters.find_origin(after)
    if not (first and start and end) or not any(em):
        return written or " "
    upright = turn_upright(em)
    _, turned = upright(*next_em)
    across = upright(end[0] - start[0], end[1] - start[1])[1]
    if abs(turned) > _MAX_ACROSS_EMS / 2 or abs(across) > _MAX_ACROSS_EMS:
        return written or "\n"
    right = max(upright(x, y)[0] for x in first[::2] for y in first[1::2])
    gap = upright(*end)[0] - right
    if -_MAX_OVERLAP_EMS <= gap <= _MAX_GAP_IN_WORD_EMS:
        return ""
    return " " if _MAX_GAP_IN_WORD_EMS < gap <= _MAX_WORD_SPACE_EMS else written or "\n"
