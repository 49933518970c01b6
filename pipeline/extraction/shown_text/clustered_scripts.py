"""Words of scripts whose letters are drawn in clusters, such as Hindi and Thai. Runs in the child.

For a cluster, Chromium and others say in one piece (`/ActualText`) which letters several glyphs
stand for. PDFium gives the letters the place of the first of these glyphs alone: it sees gaps in
the middle of words and puts spaces there. And where another glyph comes between two of a cluster
it gives the letters of the cluster twice. What is drawn tells both from what is meant.
"""

import ctypes
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

import pypdfium2_raw as pdfium

from pipeline.extraction.shown_text.geometry import Box
from pipeline.extraction.shown_text.page_characters import Edit, PageCharacters

# From Devanagari to Tibetan, Myanmar and Khmer.
_SCRIPTS = "\u0900-\u0fff\u1000-\u109f\u1780-\u17ff"
_ANY = re.compile(f"[{_SCRIPTS}]")
_RUNS = re.compile(f"[{_SCRIPTS}]+")
_GAPS = re.compile(f"(?<=[{_SCRIPTS}]) (?=[^ \\r\\n])")
_MIN_SPACE_EMS = 0.15
_MAX_ACROSS_EMS = 0.6
_MAX_CLUSTERS_BACK = 4
_MAX_OBJECTS = 50_000


def mend_clusters(characters: PageCharacters, page: object) -> PageCharacters:
    """The page without the spaces inside of words of such a script, and without letters twice."""
    if not _ANY.search(characters.text):
        return characters
    characters = _drop_repeats(characters)
    gaps = [found.start() for found in _GAPS.finditer(characters.text)]
    if not gaps:
        return characters
    drawn = sorted(_list_drawn_boxes(page))
    lefts = [box.left for box in drawn]
    edits = []
    for gap in gaps:
        start, end = characters.find_origin(gap - 1), characters.find_origin(gap + 1)
        before, em = characters.find_box(gap - 1), characters.find_em(gap - 1)[0]
        if not (start and end and before) or em <= 0 or characters.is_drawn(gap):
            continue
        if end[0] < start[0] or abs(end[1] - start[1]) > _MAX_ACROSS_EMS * em:
            continue
        room = _measure_empty(drawn, lefts, before, end[0])
        if room < _MIN_SPACE_EMS * em:
            edits.append(Edit(gap, gap + 1, ""))
    return characters.edit(edits)


def _drop_repeats(characters: PageCharacters) -> PageCharacters:
    """The page without the letters of a cluster that stand for another of its glyphs once more."""
    edits: list[Edit] = []
    seen: list[tuple[str, Box]] = []
    for start, end in _list_clusters(characters):
        letters = characters.text[start:end]
        first, last = characters.find_box(start), characters.find_box(end - 1)
        if first is None or last is None:
            continue
        box = Box(first.left, first.bottom, last.right, first.top)
        if any(
            letters == earlier and box.left < place.right and box.right > place.left
            for earlier, place in seen[-_MAX_CLUSTERS_BACK:]
        ):
            edits.append(_leave_out(characters, start, end))
        else:
            seen.append((letters, box))
    return characters.edit(edits)


def _list_clusters(characters: PageCharacters) -> Iterator[tuple[int, int]]:
    """Where letters that have one place begin and end."""
    for found in _RUNS.finditer(characters.text):
        start = found.start()
        place = characters.find_origin(start)
        for position in range(start + 1, found.end() + 1):
            here = characters.find_origin(position) if position < found.end() else None
            if here != place:
                if position - start > 1:
                    yield start, position
                start, place = position, here


def _leave_out(characters: PageCharacters, start: int, end: int) -> Edit:
    """A stretch with the white space that PDFium has put around it, unless a line ends there."""
    text = characters.text
    cluster = start
    while start > 0 and text[start - 1] in " \r\n" and not characters.is_drawn(start - 1):
        start -= 1
    after = end
    while after < len(text) and text[after] in " \r\n" and not characters.is_drawn(after):
        after += 1
    if start > 0 and after < len(text):
        here, there = characters.find_origin(start - 1), characters.find_origin(after)
        em = characters.find_em(start - 1)[0]
        if here and there and abs(here[1] - there[1]) > _MAX_ACROSS_EMS * em:
            return Edit(start, after, "\r\n")
    # Where a space would be, what is drawn decides about it.
    return Edit(start, after, " " if after - start > end - cluster else "")


def _list_drawn_boxes(page: object) -> list[Box]:
    """The boxes of all pieces of text that a page draws."""
    boxes: list[Box] = []
    count = min(pdfium.FPDFPage_CountObjects(page), _MAX_OBJECTS)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for k in range(count):
        drawn = pdfium.FPDFPage_GetObject(page, k)
        if pdfium.FPDFPageObj_GetType(drawn) != pdfium.FPDF_PAGEOBJ_TEXT:
            continue
        if pdfium.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
            boxes.append(Box(left.value, bottom.value, right.value, top.value))
    return boxes


def _measure_empty(drawn: Sequence[Box], lefts: Sequence[float], before: Box, end: float) -> float:
    """The widest room without any letter between a letter and where the next one begins."""
    widest, covered = 0.0, before.left
    # A cluster reaches no further back than where its own letters are taken to stand.
    for box in drawn[bisect_left(lefts, before.left - (before.right - before.left)) :]:
        if box.left >= end:
            break
        if box.top <= before.bottom or box.bottom >= before.top:
            continue
        widest = max(widest, box.left - max(covered, before.right))
        covered = max(covered, box.right)
    return max(widest, end - max(covered, before.right))
