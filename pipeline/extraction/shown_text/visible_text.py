"""The text inside the visible box of a page, with its separators. Runs in the child.

PDFium has two calls for it, and neither is right by itself. `FPDFText_GetText` gives all text, also
what lies outside of the visible box, and ends a line after each raised letter. The other,
`FPDFText_GetBoundedText`, writes a line end only where the baseline of a line is another than that
of the line before: it glues the cells of a row and all lines of turned text. Where they agree (nine
of ten pages) there is nothing to decide. Where they differ it is where the characters stand that
decides.
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

import pypdfium2_raw as pdfium

from pipeline.extraction.shown_text.character_pairs import CharacterPairs
from pipeline.extraction.shown_text.geometry import Box, LineLimits
from pipeline.extraction.shown_text.page_characters import HYPHEN_OR_UNKNOWN, Edit, PageCharacters
from pipeline.extraction.shown_text.uncoded_glyphs import mark_uncoded

# Codes that PDFium takes for no text, and yet gives for a box. So it does with 2, of which those
# that stand for a hyphen are text.
_CODES_OF_NO_TEXT = "\x03\x93\x94\x96\x97\x98\ufffe"
_HYPHEN = "\x02"
_LINES = re.compile(r"[^ \r\n](?:[^\r\n]*[^ \r\n])?")
_SEPARATORS = re.compile(r"[ \r\n]+")
# A line end that may be one that PDFium writes within a line, for a raised or lowered letter:
# before a space, or before or after what is no word of a sentence, or before what ends a phrase.
_LINE_END_BESIDE_FEW = re.compile(
    r"\r\n(?: (?=\S)"
    r"|(?<=\S\r\n)(?=(?:[^\W_]|[0-9][^\W_]|[^\W_]{2}\r\n|st|nd|rd|th)(?![^\W_]))"
    r"|(?<=\S\r\n)(?=[),.;:\]])"
    r"|(?:(?<=\n[^\W_]\r\n)|(?<=\n[^\W_]{2}\r\n))(?=\S))"
)
# A page with as many lines of one or two letters has formulas, or text that is set letter by
# letter, as Chromium does it: where PDFium takes that for text that runs down, it ends lines
# within words.
_FIRST_STEP = 64
_SHORT_LINE = re.compile(r"\n[^ \r\n]{1,2}\r")
_MIN_SHORT_LINES = 3
# So may a page have that is too short to have as many. To look at a few line ends costs nothing.
_FEW_LINE_ENDS = 4
_LINE_END = "\r\n"
# Two characters of one line stand no further apart across it than a raised or lowered one does. The
# next one may be set larger than the one before it.
_LINE_LIMITS = LineLimits(max_across=0.6, max_across_first=1.0, max_turn=0.3)
# Less is the space between the letters of a word; a word space has a fifth of an em at the least.
_MAX_GAP_IN_WORD_EMS = 0.2
_MAX_OVERLAP_EMS, _MAX_OVERLAP_OF_LETTERS_EMS = 0.5, 0.3
_LETTERS = re.compile("[0-9A-Za-z\u0370-\u052f]{2}")
# More is not a space between words but between cells.
_MAX_WORD_SPACE_EMS = 1.5


def find_visible_box(page: object) -> Box | None:
    """The part of a page that is shown; None where PDFium knows none."""
    box = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page, box):
        return None
    return Box(box.left, box.bottom, box.right, box.top)


def read_visible_text(page: CharacterPairs, visible: Box) -> PageCharacters:
    """The text inside the visible box of a page; all of it if none is there."""
    return mark_uncoded(_join_lines(_read_inside(page, visible)))


def _is_scattered(text: str) -> bool:
    if text.count(_LINE_END) <= _FEW_LINE_ENDS:
        return True
    return len(_SHORT_LINE.findall(text)) >= _MIN_SHORT_LINES


def _read_inside(page: CharacterPairs, visible: Box) -> PageCharacters:
    text = page.read_text()
    characters = PageCharacters(page, text, has_unwritten=len(text) != page.count)
    bounded = _drop_codes(page.read_text_inside(visible))
    whole = characters.text
    if whole == bounded:
        return characters
    # Where the text of the box has a hyphen for each, all of them are such.
    hyphened = characters.replace_letters(HYPHEN_OR_UNKNOWN, _HYPHEN)
    if hyphened.text == bounded:
        return hyphened
    if outside := _find_lines_outside(hyphened.text, bounded):
        return hyphened.edit(outside)
    if hyphened is not characters:
        characters = _tell_hyphens(characters)
        whole = characters.text
    letters_inside = _count_letters(bounded)
    # A page whose box is wrong shows nothing and holds its text all the same.
    if not letters_inside:
        return characters
    if letters_inside < _count_letters(whole):
        return _cut_to_box(characters, _drop_separators(bounded), visible)
    return _settle_separators(characters, bounded)


def join_pairs(text: str) -> str:
    """The text with the two halves of each pair of surrogates joined, and lone ones left out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", errors="ignore")
    return text


def _drop_codes(text: str) -> str:
    for code in _CODES_OF_NO_TEXT:
        if code in text:
            text = text.replace(code, "")
    return text


def _find_lines_outside(whole: str, inside: str) -> list[Edit]:
    """What is to be left out where the rest is as it is inside of the box; empty if it is not.

    That is so on most pages of which something is outside: lines before all others, or after
    them, or in one place among them.
    """
    if not inside:
        return []
    # To find a long text within another takes more than to compare it, or to find its beginning.
    if whole.endswith(inside):
        start = len(whole) - len(inside)
    elif whole.startswith(inside):
        start = 0
    else:
        start = whole.find(inside) if whole.find(inside[:_FIRST_STEP], 1) > 0 else -1
    end = start + len(inside)
    around = (whole[max(0, start - 1) : start], whole[end : end + 1])
    if start >= 0 and around[0] in ("", "\n") and around[1] in ("", "\r"):
        edits = (Edit(0, start, ""), Edit(end, len(whole), ""))
        return [edit for edit in edits if edit.end > edit.start]
    start = inside.rfind("\n", 0, _count_same(whole, 0, inside, 0)) + 1
    end = start + len(whole) - len(inside)
    if start < end and whole[end - 1] == "\n" and whole.endswith(inside[start:]):
        return [Edit(start, end, "")]
    return []


def _count_letters(text: str) -> int:
    """How many characters are left without separators. To count is quicker than to drop them."""
    return len(text) - text.count(" ") - 2 * text.count("\r\n") - text.count(_HYPHEN)


def _drop_separators(text: str) -> str:
    return text.replace(" ", "").replace("\r\n", "").replace(_HYPHEN, "")


def _tell_hyphens(characters: PageCharacters) -> PageCharacters:
    """The page with a hyphen at a line end as such (as `clean_text` knows it), the unknown out."""
    text = characters.text
    places = [found.start() for found in re.finditer(HYPHEN_OR_UNKNOWN, text)]
    unknown = [place for place in places if not characters.is_hyphen(place)]
    characters = characters.edit([Edit(place, place + 1, "") for place in unknown])
    return characters.replace_letters(HYPHEN_OR_UNKNOWN, _HYPHEN)


def _cut_to_box(characters: PageCharacters, inside: str, visible: Box) -> PageCharacters:
    """The page without what lies outside of a box."""
    edits = _leave_out_lines(characters.text, inside)
    return characters.edit(_cut_letters(characters, visible) if edits is None else edits)


def _leave_out_lines(text: str, inside: str) -> list[Edit] | None:
    """Leave out the lines that the text inside of the box has not; None if lines are cut in two."""
    edits: list[Edit] = []
    done = position = 0
    left_out = -1
    for line in text.split("\r\n"):
        letters = line.replace(" ", "").replace(_HYPHEN, "")
        if inside.startswith(letters, done):
            done += len(letters)
            if left_out >= 0:
                edits.append(Edit(left_out, position, ""))
                left_out = -1
        elif left_out < 0:
            left_out = position
        position += len(line) + 2
    if left_out >= 0:
        edits.append(Edit(left_out, len(text), ""))
    return edits if done == len(inside) else None


def _cut_letters(characters: PageCharacters, visible: Box) -> Iterator[Edit]:
    """Leave out the letters that are outside of a box by where each of them stands."""
    text = characters.text
    lines = [line.span() for line in _LINES.finditer(text)]
    firsts = characters.list_outside([first for first, _ in lines], visible)
    lasts = characters.list_outside([end - 1 for _, end in lines], visible)
    for (first, end), *ends in zip(lines, firsts, lasts, strict=True):
        # What stands between two letters of a line that are inside is inside.
        if ends == [False, False]:
            continue
        start = -1
        places = [place for place in range(first, end) if text[place] != " "]
        for place, is_outside in zip(places, characters.list_outside(places, visible), strict=True):
            if is_outside:
                start = place if start < 0 else start
            elif start >= 0:
                yield _leave_out(text, start, place)
                start = -1
        if start >= 0:
            yield _leave_out(text, start, end)


def _leave_out(text: str, start: int, end: int) -> Edit:
    """What is left out of a line, with the line end after it where nothing of the line is left."""
    if start > 0 and text[start - 1] not in "\r\n":
        return Edit(start, end, "" if text[start - 1] == " " else " ")
    while end < len(text) and text[end] in " \r\n":
        end += 1
    return Edit(start, end, "")


def _settle_separators(characters: PageCharacters, bounded: str) -> PageCharacters:
    """The page with each separator that only one of PDFium's two texts has settled by place."""
    text = characters.text
    disputed = list(_find_disputed_separators(text, bounded))
    gaps = characters.measure_gaps(disputed, _LINE_LIMITS, onward=False)
    characters = characters.edit(_list_changes(text, disputed, gaps))
    if not _is_scattered(text) or _is_scattered(characters.text):
        return characters
    return _join_lines(characters, is_scattered=True)


def _find_disputed_separators(text: str, other: str) -> Iterator[tuple[int, int]]:
    """Where one of two texts with the same letters has a separator that the other has not."""
    here = there = 0
    while True:
        same = _count_same(text, here, other, there)
        start, start_there = here + same, there + same
        while start > here and text[start - 1] in " \r\n":
            start, start_there = start - 1, start_there - 1
        mine, theirs = _SEPARATORS.match(text, start), _SEPARATORS.match(other, start_there)
        here = mine.end() if mine else start
        there = theirs.end() if theirs else start_there
        if here >= len(text) or there >= len(other) or not (mine or theirs):
            return
        if not (mine and theirs) and start > 0:
            yield start, here


def _count_same(text: str, here: int, other: str, there: int) -> int:
    """How many characters from two places on are the same. Slices are compared, not characters."""
    low, end, step = 0, min(len(text) - here, len(other) - there), _FIRST_STEP
    # The next difference may be near, and what follows it is not worth a look.
    while text.startswith(other[there + low : there + min(low + step, end)], here + low):
        low = min(low + step, end)
        if low == end:
            return end
        step *= 2
    high = min(low + step, end) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if text.startswith(other[there + low : there + middle], here + low):
            low = middle
        else:
            high = middle - 1
    return low


def _join_lines(characters: PageCharacters, *, is_scattered: bool = False) -> PageCharacters:
    """The page without the line ends within a line: beside raised letters, or beside any letter."""
    is_scattered = is_scattered or _is_scattered(characters.text)
    text = characters.text
    if is_scattered:
        lengths = [len(line) + len(_LINE_END) for line in text.split(_LINE_END)]
        ends = [(end - len(_LINE_END), end) for end in accumulate(lengths[:-1])]
    else:
        ends = [found.span() for found in _LINE_END_BESIDE_FEW.finditer(text)]
    if not ends:
        return characters
    gaps = characters.measure_gaps(ends, _LINE_LIMITS, onward=True)
    return characters.edit(_list_changes(text, ends, gaps))


def _list_changes(
    text: str, separators: Sequence[tuple[int, int]], gaps: Sequence[float | None]
) -> list[Edit]:
    """Those of many separators that are others by the room that there is."""
    edits = []
    for (start, end), gap in zip(separators, gaps, strict=True):
        if gap == math.inf and end > start:
            continue
        written = text[start:end]
        # An accent may stand over its letter, a letter over another one is a line of its own.
        is_over = gap is not None and gap < -_MAX_OVERLAP_OF_LETTERS_EMS and "\n" in written
        if is_over and _LETTERS.match(f"{text[start - 1 : start]}{text[end : end + 1]}"):
            continue
        separator = _choose_separator(written, gap)
        if separator != written:
            edits.append(Edit(start, end, separator))
    return edits


def _choose_separator(written: str, gap: float | None) -> str:
    """What stands between two characters that follow each other in the text.

    Args:
        written: What stands there.
        gap: The room between them, in ems; infinity where they are not in one line, None where it
            is not known.
    """
    if gap is None:
        return written or " "
    if -_MAX_OVERLAP_EMS <= gap <= _MAX_GAP_IN_WORD_EMS:
        return ""
    return " " if _MAX_GAP_IN_WORD_EMS < gap <= _MAX_WORD_SPACE_EMS else written or "\n"
