"""Pieces of slides that plain text says otherwise than they are shown.

Raised figures would be digits of the number before them, shapes that are switched off would be
read, and values of charts would belong to other categories.

Source: ECMA-376-1, 21.1.2.3.9 (rPr, baseline), 19.3.1.12 (cNvPr, hidden), 21.1.3.16 (tc).
"""

import re
from collections.abc import Iterable, Iterator

from pipeline.formats.readers.office_pieces.chart_points import fill_gaps
from pipeline.formats.readers.office_pieces.piece_changes import (
    MOST_BYTES,
    NEAR_BYTES,
    Change,
    TextMarks,
    apply_changes,
    change_parts,
    set_raised_apart,
)
from pipeline.formats.readers.part_starts import PartPlace, read_start

_MARKS = TextMarks(
    raised=re.compile(rb"<a:rPr\b[^<>]*\sbaseline=\"(-?)[1-9]"),
    text=re.compile(rb"<a:t(?:\s[^<>]*)?>([^<]*)</a:t>"),
    text_end=b"</a:t>",
    run_end=b"</a:r>",
    between=(b"</a:p>", b"<a:br"),
    space=b"<a:r><a:t> </a:t></a:r>",
    others=(),
)
_RUN = b"<a:r>"
_HIDDEN = re.compile(rb"<p:cNvPr\b[^<>]*\shidden=\"(?:1|true)\"")
_SHAPES = ((b"<p:sp>", b"</p:sp>"), (b"<p:graphicFrame", b"</p:graphicFrame>"))
_MERGED = re.compile(rb"(<a:tc\b[^<>]*?)\s(?:[hv]Merge|gridSpan|rowSpan)=\"\w*\"")
_TABLE = b"<a:tc "


def change_slides(
    package: bytes, slides: Iterable[PartPlace], charts: Iterable[PartPlace]
) -> bytes:
    """A presentation whose plain text says what its slides show."""
    changed = {}
    for parts, list_changes in ((slides, _list_changes), (charts, fill_gaps)):
        for part in parts:
            content = read_start(package, part, MOST_BYTES)
            changes = list(list_changes(content)) if len(content) < MOST_BYTES else []
            if changes:
                changed[part.name] = apply_changes(content, changes)
    return change_parts(package, changed)


def divide_cells(package: bytes, slides: Iterable[PartPlace]) -> bytes:
    """A presentation whose tables have all cells of each row, of which the tree leaves some out."""
    changed = {}
    for part in slides:
        content = read_start(package, part, MOST_BYTES)
        divided = _divide(content) if _TABLE in content and len(content) < MOST_BYTES else content
        if divided != content:
            changed[part.name] = (divided,)
    return change_parts(package, changed)


def _divide(content: bytes) -> bytes:
    # One of each name at a time.
    for _ in range(4):
        content, count = _MERGED.subn(rb"\1", content)
        if not count:
            break
    return content


def _list_changes(content: bytes) -> Iterator[Change]:
    if b"baseline=" in content:
        for change in set_raised_apart(content, _MARKS):
            # A text is in a run of its own here.
            run = content.rfind(_RUN, max(0, change.start - NEAR_BYTES), change.start)
            if run >= 0:
                yield Change(run, run, change.new)
    if b"hidden=" in content:
        yield from _drop_hidden_shapes(content)


def _drop_hidden_shapes(content: bytes) -> Iterator[Change]:
    done = 0
    for found in _HIDDEN.finditer(content):
        place = found.start()
        if place < done:
            continue
        near = max(0, place - NEAR_BYTES)
        start, ends = max((content.rfind(begins, near, place), ends) for begins, ends in _SHAPES)
        # Else it is a group, or a picture.
        if start >= 0 and content.find(b"</p:nv", start, place) < 0:
            end = content.find(ends, place)
            if end < 0:
                return
            done = end + len(ends)
            yield Change(start, done, b"")
