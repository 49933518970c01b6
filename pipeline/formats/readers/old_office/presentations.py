"""Presentations of PowerPoint 97 to 2003: a unit a slide, with its notes ([MS-PPT]).

A file keeps, with each time that it is saved, what has changed, so that old versions of a slide may
lie in it as well. What is in use is told by directories, the newest first (2.3.3, UserEditAtom;
2.3.4, PersistDirectoryAtom). Pictures lie in a stream of their own, which is not touched.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.old_office.compound_files import read_streams
from pipeline.formats.readers.old_office.records import (
    HEADER_BYTES,
    list_records,
    read_number,
    read_record,
)
from pipeline.formats.readers.old_office.slide_texts import Text, read_drawing, read_texts
from pipeline.formats.units import HIDDEN_SLIDE, FailedUnit, UnitsDocument
from shared.errors import RejectionCode

_STREAM, _USER_STREAM = "PowerPoint Document", "Current User"
# 2.3.2, CurrentUserAtom: a token that says whether the file is encrypted, where the last edit is.
_TOKEN_AT, _LAST_EDIT_AT, _ENCRYPTED_TOKEN = 12, 16, 0xF3D1C4DF
# 2.3.3, UserEditAtom: where the edit before and the directory are, the number of the document.
_EDIT, _DIRECTORY = 0x0FF5, 0x1772
_read_edit = struct.Struct("<8xIII").unpack_from
_EDIT_BYTES, _ENCRYPTION_AT = 28, 28
_ENCRYPTION = 0x2F14
# 2.3.5, PersistDirectoryEntry: the number of the first object, and how many there are.
_FIRST_BITS, _COUNT_SHIFT = 0xFFFFF, 20
_DOCUMENT, _LIST, _LISTED = 0x03E8, 0x0FF0, 0x03F3
_LIST_OF_SLIDES, _LIST_OF_NOTES = 0, 2
_SLIDE, _SLIDE_ATOM, _SHOW, _DRAWING, _NOTES = 0x03EE, 0x03EF, 0x03F9, 0x040C, 0x03F0
# 2.5.2, SlideAtom; 2.4.14.5, SlidePersistAtom; 2.6.6, SlideShowSlideInfoAtom: the third bit.
_NOTES_AT, _NUMBER_AT, _FLAGS_AT, _IS_HIDDEN = 16, 12, 10, 4
# 2.4.15, Headers and Footers: what each slide shows, and its texts by their instances.
_REPEATED, _REPEATED_ATOM, _STRING = 0x0FD9, 0x0FDA, 0x0FBA
_REPEATED_ON_SLIDES = 3
_DATE, _FOOTER, _HAS_DATE, _HAS_OWN_DATE, _HAS_FOOTER = 0, 2, 1, 4, 32


@dataclass(frozen=True)
class _Listed:
    """A slide, or a page of notes, as the document lists it.

    Args:
        reference: The number of its object.
        number: What others refer to it by.
        texts: The texts that its shapes refer to.
    """

    reference: int
    number: int
    texts: list[Text]


@dataclass
class _Presentation:
    """What is in use of a file.

    Args:
        stream: The records of all versions.
        places: Where each object begins, by its number.
        document: The number of the document.
        left_bytes: How much may still be read: as much as there is, as no objects are parts of
            others.
    """

    stream: bytes
    places: dict[int, int]
    document: int
    left_bytes: int
    footers: list[str] = field(default_factory=list)

    def find(self, number: int, kind: int) -> tuple[int, int] | None:
        """Where the object of a number begins and ends; None if it is none of a kind."""
        place = self.places.get(number)
        if place is None:
            return None
        found, _, start, end = read_record(self.stream, place)
        if found != kind:
            return None
        self.left_bytes -= end - start
        if self.left_bytes < 0:
            raise _refuse("its slides lie over one another")
        return start, end


def open_presentation(path: Path) -> UnitsDocument:
    """Open an old presentation: a unit a slide, with its notes; a hidden one says so.

    Raises:
        UnreadableDocumentError: It is encrypted or damaged.
    """
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        streams = read_streams(data, (_USER_STREAM, _STREAM))
    if _STREAM not in streams:
        raise _refuse("it has no stream of a presentation")
    presentation = _find_objects(streams[_STREAM], streams.get(_USER_STREAM, b""))
    return UnitsDocument(_read_slides(presentation) or [""])


def _find_objects(stream: bytes, user: bytes) -> _Presentation:
    """Where the objects in use are."""
    if read_number(user, _TOKEN_AT, len(user)) == _ENCRYPTED_TOKEN:
        raise _refuse("it opens with a password", RejectionCode.ENCRYPTED)
    edits = list(_list_edits(stream, _find_last_edit(stream, user)))
    places: dict[int, int] = {}
    left = len(stream)
    for _, directory in reversed(edits):
        kind, _, start, end = read_record(stream, directory)
        left -= end - start
        if kind == _DIRECTORY and left >= 0:
            places.update(_list_places(stream, start, end))
    last = edits[0][0]
    _, _, document = _read_edit(stream, last)
    encryption = read_number(stream, last + _ENCRYPTION_AT, read_record(stream, last - 8)[3])
    if read_record(stream, places.get(encryption, len(stream)))[0] == _ENCRYPTION:
        raise _refuse("it opens with a password", RejectionCode.ENCRYPTED)
    return _Presentation(stream, places, document, len(stream))


def _find_last_edit(stream: bytes, user: bytes) -> int:
    """Where the record of the last edit begins: it is looked for where nothing tells."""
    place = read_number(user, _LAST_EDIT_AT, len(user))
    if read_record(stream, place)[0] == _EDIT:
        return place
    header = struct.Struct("<HHI").pack
    return max(stream.rfind(header(0, _EDIT, size)) for size in (_EDIT_BYTES, _EDIT_BYTES + 4))


def _list_edits(stream: bytes, place: int) -> Iterator[tuple[int, int]]:
    """Each edit, the last one first: where its content begins, and where its directory is."""
    before = len(stream)
    # An earlier edit stands before a later one, so that there is no circle.
    while 0 <= place < before:
        kind, _, start, end = read_record(stream, place)
        if kind != _EDIT or end - start < _EDIT_BYTES:
            break
        before = place
        place, directory, _ = _read_edit(stream, start)
        yield start, directory
    if before == len(stream):
        raise _refuse("it does not say which of its parts are in use")


def _list_places(stream: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The number of each object of a directory, and where it is."""
    numbers = struct.unpack_from(f"<{(end - start) // 4}I", stream, start)
    place = 0
    while place < len(numbers):
        first, count = numbers[place] & _FIRST_BITS, numbers[place] >> _COUNT_SHIFT
        place += 1
        yield from enumerate(numbers[place : place + count], first)
        place += count


def _read_slides(presentation: _Presentation) -> list[str | FailedUnit]:
    """The unit of each slide."""
    stream = presentation.stream
    found = presentation.find(presentation.document, _DOCUMENT)
    if found is None:
        raise _refuse("its list of slides is missing")
    slides: list[_Listed] = []
    notes: dict[int, _Listed] = {}
    footers: list[str] = []
    for kind, instance, start, end in list_records(stream, *found):
        if kind == _LIST and instance == _LIST_OF_SLIDES:
            slides += _read_list(stream, start, end)
        elif kind == _LIST and instance == _LIST_OF_NOTES:
            notes.update((page.number, page) for page in _read_list(stream, start, end))
        elif kind == _REPEATED and instance == _REPEATED_ON_SLIDES:
            footers = _read_footers(stream, start, end)
    # The document itself holds no slides.
    presentation.left_bytes = len(stream)
    return [_read_slide(presentation, slide, notes, footers) for slide in slides]


def _read_list(stream: bytes, place: int, end: int) -> Iterator[_Listed]:
    """The slides, or pages of notes, of a list ([MS-PPT], 2.4.14.3, SlideListWithTextContainer)."""
    atoms = [(s, e) for kind, _, s, e in list_records(stream, place, end) if kind == _LISTED]
    starts = [start - HEADER_BYTES for start, _ in atoms]
    for (start, stop), following in zip(atoms, [*starts[1:], end], strict=True):
        yield _Listed(
            read_number(stream, start, stop),
            read_number(stream, start + _NUMBER_AT, stop),
            read_texts(stream, stop, following) if stop < following else [],
        )


def _read_slide(
    presentation: _Presentation, listed: _Listed, notes: dict[int, _Listed], footers: list[str]
) -> str | FailedUnit:
    """The text of a slide with its notes: titles first, what it repeats last."""
    stream = presentation.stream
    found = presentation.find(listed.reference, _SLIDE)
    if found is None:
        return FailedUnit("the slide is missing")
    texts: list[Text] = []
    page = None
    is_hidden = False
    for kind, _, start, end in list_records(stream, *found):
        if kind == _DRAWING:
            texts += read_drawing(stream, start, end, listed.texts)
        elif kind == _SLIDE_ATOM:
            page = notes.get(read_number(stream, start + _NOTES_AT, end))
        elif kind == _SHOW:
            is_hidden = bool(end - start > _FLAGS_AT and stream[start + _FLAGS_AT] & _IS_HIDDEN)
        elif kind == _REPEATED:
            footers = _read_footers(stream, start, end)
    texts.sort(key=lambda text: not text.is_title())
    lines = _list_lines(texts)
    lines += [footer for footer in footers if footer not in lines]
    lines += _list_lines(_read_notes(presentation, page)) if page else ()
    return "\n".join([HIDDEN_SLIDE, *lines] if is_hidden else lines)


def _read_notes(presentation: _Presentation, page: _Listed) -> list[Text]:
    found = presentation.find(page.reference, _NOTES)
    texts: list[Text] = []
    for kind, _, start, end in list_records(presentation.stream, *found) if found else ():
        if kind == _DRAWING:
            texts += read_drawing(presentation.stream, start, end, page.texts)
    return texts


def _list_lines(texts: list[Text]) -> list[str]:
    """The lines of texts: paragraphs end with a return, lines in them with a vertical tab."""
    return [line for text in texts for line in text.text.splitlines() if line and not line.isspace()]


def _read_footers(stream: bytes, place: int, end: int) -> list[str]:
    """The date and the footer that slides show, if they show any that somebody has written."""
    flags = 0
    strings: dict[int, str] = {}
    for kind, instance, start, stop in list_records(stream, place, end):
        if kind == _REPEATED_ATOM:
            flags = read_number(stream, start, stop) >> 16
        elif kind == _STRING:
            strings[instance] = stream[start:stop].decode("utf-16-le", "replace")
    has_date = flags & _HAS_DATE and flags & _HAS_OWN_DATE
    shown = [strings.get(_DATE, "") if has_date else ""]
    shown += [strings.get(_FOOTER, "") if flags & _HAS_FOOTER else ""]
    return [text for text in shown if text.strip()]


def _refuse(reason: str, code: RejectionCode = RejectionCode.DAMAGED) -> UnreadableDocumentError:
    return UnreadableDocumentError(code, reason)
