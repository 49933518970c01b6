"""Changes of a part of a package of Office, each at some of its bytes."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.xml_parts import open_package, replace_parts

# A longer part is left as it is: what is changed is in memory several times.
MOST_BYTES = 32 << 20
_FIGURE_STARTS = re.compile(rb"(?:[+-]|\xe2\x88\x92)?\d")
# Within how many bytes pieces stand beside one another.
NEAR_BYTES = 1 << 12


class Change(NamedTuple):
    """What stands in the place of some bytes of a part."""

    start: int
    end: int
    new: bytes


class TextMarks(NamedTuple):
    """How a kind of document writes texts.

    Args:
        raised: Says in a run that it is raised or lowered, which it is given as a group.
        text: A text of a run, which it is given as a group.
        text_end: What ends one.
        run_end: What ends a run.
        between: What sets texts apart anyway.
        space: A text of a space.
        others: Elements in which the same is said of something else.
    """

    raised: re.Pattern[bytes]
    text: re.Pattern[bytes]
    text_end: bytes
    run_end: bytes
    between: Sequence[bytes]
    space: bytes
    others: Sequence[bytes]


def change_parts(package: bytes, changes: Mapping[str, Iterable[bytes]]) -> bytes:
    """A package with some of its parts changed; as it is if there is nothing to change."""
    if changes:
        # The library reads packages whose list the standard library refuses.
        with suppress(UnreadableDocumentError), open_package(io.BytesIO(package)):
            return replace_parts(package, changes)
    return package


def apply_changes(content: bytes, changes: Sequence[Change]) -> Iterator[bytes]:
    """The pieces of a changed part; changes in what is dropped are dropped too."""
    place = 0
    for change in sorted(changes):
        if change.start >= place:
            yield content[place : change.start]
            yield change.new
            place = change.end
    yield content[place:]


def set_raised_apart(content: bytes, marks: TextMarks) -> Iterator[Change]:
    """A space before a raised or lowered figure that a digit stands before, and behind it.

    What is raised may be divided into several runs, as where it was edited.
    """
    own_end = -1
    for found in marks.raised.finditer(content):
        near = found.start() - NEAR_BYTES
        run_end = content.find(marks.run_end, found.end(), found.end() + NEAR_BYTES)
        own = marks.text.search(content, found.end(), max(run_end, 0))
        if own is None or _is_of_others(marks, content, found.end(), own.start()):
            continue
        last_end, own_end = own_end, own.end()
        end = content.rfind(marks.text_end, max(near, 0), found.start())
        is_behind = end > 0 and content[end - 1 : end].isdigit()
        is_apart = _has(marks, content, end, found.start())
        is_apart = is_apart or end + len(marks.text_end) == last_end
        if is_behind and not is_apart and _FIGURE_STARTS.match(own[1]):
            yield Change(own.start(), own.start(), marks.space)
        after = marks.text.search(content, run_end, run_end + NEAR_BYTES)
        if after is None or _has(marks, content, run_end, after.start()):
            continue
        goes_on = marks.raised.search(content, run_end, after.start())
        if goes_on is not None and goes_on[1] == found[1]:
            continue
        if own[1][-1:].isdigit() and after[1][:1].isdigit():
            yield Change(after.start(), after.start(), marks.space)


def _is_of_others(marks: TextMarks, content: bytes, start: int, end: int) -> bool:
    """Whether an element of something else ends between two places, and has begun before."""
    return any(
        content.find(b"</" + name, start, end) >= 0 > content.find(b"<" + name, start, end)
        for name in marks.others
    )


def _has(marks: TextMarks, content: bytes, start: int, end: int) -> bool:
    return any(content.find(one, start, end) >= 0 for one in marks.between)
