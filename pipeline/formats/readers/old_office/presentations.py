"""Presentations of PowerPoint 97 to 2003: a unit a slide, with its notes ([MS-PPT]).

A file keeps, with each time that it is saved, what has changed, so that old versions of a slide may
lie in it as well. What is in use is told by directories, the newest first (2.3.3, UserEditAtom;
2.3.4, PersistDirectoryAtom). Pictures lie in a stream of their own, which is not touched.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.old_office.compound_files import FileBytes, read_streams
from pipeline.formats.readers.old_office.records import (
    HEADER_BYTES,
    find_record,
    list_records,
    read_number,
    read_record,
)
from pipeline.formats.readers.old_office.slide_texts import (
    Text,
    is_no_title,
    read_drawing,
    read_master_drawing,
    read_texts,
)
from pipeline.formats.readers.old_office.symbol_fonts import HAS_SYMBOL, SYMBOLS
from pipeline.formats.units import HIDDEN_SLIDE, FailedUnit, UnitsDocument
from shared.errors import RejectionCode

_STREAM, _USER_STREAM = "PowerPoint Document", "Current User"
# In which the same streams are of a file that PowerPoint 95 reads as well (2.1.4).
_SAVED_TWICE = "PP97_DUALSTORAGE"
_LOCKED = "it opens with a password"
# 2.3.2, CurrentUserAtom: a token that says whether the file is encrypted, where the last edit is.
_TOKEN_AT, _LAST_EDIT_AT, _ENCRYPTED_TOKEN = 12, 16, 0xF3D1C4DF
# 2.3.3, UserEditAtom: where the edit before and the directory are, the number of the document.
_EDIT, _DIRECTORY = 0x0FF5, 0x1772
_read_edit = struct.Struct("<8xIII").unpack_from
_EDIT_BEGINS = struct.pack("<HH", 0, _EDIT)
# An encrypted presentation has the number of what encrypts it behind these.
_EDIT_BYTES, _ENCRYPTION = 28, 0x2F14
# 2.3.5, PersistDirectoryEntry: the number of the first object, and how many there are.
_FIRST_BITS, _COUNT_SHIFT = 0xFFFFF, 20
_DOCUMENT, _LIST, _LISTED = 0x03E8, 0x0FF0, 0x03F3
_LIST_OF_SLIDES, _LIST_OF_MASTERS, _LIST_OF_NOTES = 0, 1, 2
_SLIDE, _SLIDE_ATOM, _SHOW, _DRAWING = 0x03EE, 0x03EF, 0x03F9, 0x040C
_MASTER, _NOTES = 0x03F8, 0x03F0
# 2.5.2, SlideAtom: the numbers of its master and of its notes, and whether it shows its master's.
_read_slide_atom = struct.Struct("<12xIIH").unpack_from
_SLIDE_ATOM_BYTES, _SHOWS_MASTER = 22, 1
# 2.4.14.5, SlidePersistAtom; 2.6.6, SlideShowSlideInfoAtom: the third bit of its flags.
_read_listed, _LISTED_BYTES = struct.Struct("<I8xI").unpack_from, 16
_FLAGS_AT, _IS_HIDDEN = 10, 4
# 2.5.19, SlideProgTagsContainer, and in it 2.5.22, PP10SlideBinaryTagExtension: its containers down
# to those of comments, 2.12.1; who has written one, and what.
_TAGS, _TAG, _TAG_DATA, _COMMENT, _COMMENT_BYTES = 0x1388, 0x138A, 0x138B, 0x2EE0, b"\xe0\x2e"
_AUTHOR, _REMARK = 0, 1
# 2.4.15, Headers and Footers: what each slide shows, and its texts by their instances.
_REPEATED, _REPEATED_ATOM, _STRING = 0x0FD9, 0x0FDA, 0x0FBA
_REPEATED_ON_SLIDES, _ATOM_ALONE = 3, 12
_DATE, _FOOTER, _HAS_DATE, _HAS_OWN_DATE, _HAS_FOOTER = 0, 2, 1, 4, 32


class _Listed(NamedTuple):
    """A slide, a master or a page of notes, as the document lists it.

    Args:
        reference: The number of its object.
        texts: The texts that its shapes refer to.
    """

    reference: int
    texts: list[Text]


@dataclass
class _Presentation:
    """What is in use of a file.

    Args:
        stream: The records of all versions.
        places: Where each object begins, by its number.
        left_bytes: How much may still be read: as much as there is, as no object lies in another.
        masters: The masters whose texts no slide has shown yet, by what slides refer to them by.
        notes: The pages of notes, likewise.
        footers: What slides repeat that say nothing of it themselves.
    """

    stream: bytes
    places: dict[int, int]
    left_bytes: int
    masters: dict[int, _Listed] = field(default_factory=dict)
    notes: dict[int, _Listed] = field(default_factory=dict)
    footers: list[str] = field(default_factory=list)

    def find(self, number: int, *kinds: int) -> tuple[int, int] | None:
        """Where the object of a number begins and ends; None if it is none of some kinds."""
        place = self.places.get(number)
        if place is None:
            return None
        found, _, start, end = read_record(self.stream, place)
        if found not in kinds:
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
    names = (_USER_STREAM, _STREAM)
    with path.open("rb") as file:
        data = FileBytes(file)
        streams = read_streams(data, names)
        if not _is_of_97(streams):
            streams = read_streams(data, names, _SAVED_TWICE)
    if not _is_of_97(streams):
        raise _refuse("it is not of PowerPoint 97 or later")
    stream, user = streams[_STREAM], streams.get(_USER_STREAM, b"")
    if read_number(user, _TOKEN_AT, len(user)) == _ENCRYPTED_TOKEN:
        raise _refuse(_LOCKED, RejectionCode.ENCRYPTED)
    return UnitsDocument(_read_slides(stream, read_number(user, _LAST_EDIT_AT, len(user))) or [""])


def _is_of_97(streams: dict[str, bytes]) -> bool:
    """Whether streams are those of a presentation; those of earlier versions have no edits."""
    # The last edit stands at the end.
    return streams.get(_STREAM, b"").rfind(_EDIT_BEGINS) >= 0


def _find_objects(stream: bytes, edits: list[tuple[int, int]]) -> dict[int, int]:
    """Where the objects in use begin, by their numbers."""
    places: dict[int, int] = {}
    left = len(stream)
    for _, directory in reversed(edits):
        kind, _, start, end = read_record(stream, directory)
        left -= end - start
        if kind == _DIRECTORY and left >= 0:
            places.update(_list_places(stream, start, end))
    return places


def _list_edits(stream: bytes, place: int) -> Iterator[tuple[int, int]]:
    """Each edit, the last one first: where its content begins, and where its directory is.

    Args:
        stream: The records of all versions.
        place: Where the last edit is said to be.
    """
    before = len(stream)
    while before > 0:
        kind, _, start, end = read_record(stream, place)
        if kind == _EDIT and end - start >= _EDIT_BYTES and place < before:
            before = place
            place, directory, _ = _read_edit(stream, start)
            yield start, directory
            if place == 0:
                return
        else:
            # What tells the place is damaged. Edits stand in the order in which they were made.
            before = stream.rfind(_EDIT_BEGINS, 0, before)
            place = before
            before += 1


def _list_places(stream: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The number of each object of a directory, and where it is."""
    numbers = struct.unpack_from(f"<{(end - start) // 4}I", stream, start)
    place = 0
    while place < len(numbers):
        first, count = numbers[place] & _FIRST_BITS, numbers[place] >> _COUNT_SHIFT
        place += 1
        yield from enumerate(numbers[place : place + count], first)
        place += count


def _read_slides(stream: bytes, last_edit: int) -> list[str | FailedUnit]:
    """The unit of each slide."""
    edits = list(_list_edits(stream, last_edit))
    if not edits:
        raise _refuse("it does not say which of its parts are in use")
    place = edits[0][0]
    presentation = _Presentation(stream, _find_objects(stream, edits), len(stream))
    _, _, document = _read_edit(stream, place)
    encryption = read_number(stream, place + _EDIT_BYTES, read_record(stream, place - 8)[3])
    if presentation.find(encryption, _ENCRYPTION):
        raise _refuse(_LOCKED, RejectionCode.ENCRYPTED)
    found = presentation.find(document, _DOCUMENT)
    if found is None:
        raise _refuse("its list of slides is missing")
    slides: list[_Listed] = []
    for kind, instance, start, end in list_records(stream, *found):
        if kind == _LIST:
            listed = _read_list(stream, start, end)
            if instance == _LIST_OF_SLIDES:
                slides = [slide for _, slide in listed]
            elif instance == _LIST_OF_NOTES:
                presentation.notes = dict(listed)
            elif instance == _LIST_OF_MASTERS:
                presentation.masters = dict(listed)
        elif kind == _REPEATED and instance == _REPEATED_ON_SLIDES:
            presentation.footers = _read_footers(stream, start, end)
    units = [_read_slide(presentation, slide) for slide in slides]
    return _show_symbols(units, stream)


def _show_symbols(units: list[str | FailedUnit], stream: bytes) -> list[str | FailedUnit]:
    """Units with letters for signs of a font of symbols, if their file has but one such font."""
    if not any(_has_symbol(unit) for unit in units):
        return units
    fonts = [name for name in SYMBOLS if f"{name}\0".encode("utf-16-le") in stream]
    if len(fonts) != 1:
        return units
    signs = SYMBOLS[fonts[0]]
    return [
        unit.translate(signs).replace("\0", "")
        if isinstance(unit, str) and _has_symbol(unit)
        else unit
        for unit in units
    ]


def _has_symbol(unit: str | FailedUnit) -> bool:
    return isinstance(unit, str) and not unit.isascii() and HAS_SYMBOL.search(unit) is not None


def _read_list(stream: bytes, place: int, end: int) -> list[tuple[int, _Listed]]:
    """What a list has, each after the number that others refer to it by.

    Behind each stand its texts ([MS-PPT], 2.4.14.3, SlideListWithTextContainer).
    """
    atoms = [
        (start, stop)
        for kind, _, start, stop in list_records(stream, place, end)
        if kind == _LISTED and start + _LISTED_BYTES <= stop
    ]
    ends = [*(start - HEADER_BYTES for start, _ in atoms[1:]), end]
    listed = []
    for (start, stop), following in zip(atoms, ends, strict=bool(atoms)):
        reference, number = _read_listed(stream, start)
        texts = read_texts(stream, stop, following) if stop < following else []
        listed.append((number, _Listed(reference, texts)))
    return listed


def _read_slide(presentation: _Presentation, listed: _Listed) -> str | FailedUnit:
    """The text of a slide with its notes: titles first, what it repeats last."""
    stream = presentation.stream
    found = presentation.find(listed.reference, _SLIDE)
    if found is None:
        return FailedUnit("the slide is missing")
    texts: list[Text] = []
    page = master = None
    is_hidden = False
    footers = presentation.footers
    comments: list[str] = []
    for kind, _, start, end in list_records(stream, *found):
        if kind == _DRAWING:
            texts += read_drawing(stream, start, end, listed.texts)
        elif kind == _SLIDE_ATOM and start + _SLIDE_ATOM_BYTES <= end:
            master_number, notes_number, flags = _read_slide_atom(stream, start)
            page = presentation.notes.get(notes_number)
            if flags & _SHOWS_MASTER:
                # What all slides of a master show is read once.
                master = presentation.masters.pop(master_number, None)
        elif kind == _SHOW:
            is_hidden = start + _FLAGS_AT < end and bool(stream[start + _FLAGS_AT] & _IS_HIDDEN)
        elif kind == _REPEATED:
            footers = _read_footers(stream, start, end)
        elif kind == _TAGS and stream.find(_COMMENT_BYTES, start, end) >= 0:
            comments += _list_comments(stream, start, end)
    texts.sort(key=is_no_title)
    lines = [HIDDEN_SLIDE] if is_hidden else []
    lines += _list_lines(texts)
    lines += _list_lines(_read_master(presentation, master)) if master else ()
    lines += [footer for footer in footers if footer not in lines]
    lines += _list_lines(_read_notes(presentation, page)) if page else ()
    return "\n".join(lines + comments)


def _list_comments(stream: bytes, place: int, end: int) -> Iterator[str]:
    """The comments on a slide, as those of new presentations are read."""
    for kind, _, start, stop in list_records(stream, place, end):
        if kind in (_TAG, _TAG_DATA):
            yield from _list_comments(stream, start, stop)
        elif kind == _COMMENT:
            strings = {
                instance: stream[first:last].decode("utf-16-le", "replace")
                for inner, instance, first, last in list_records(stream, start, stop)
                if inner == _STRING
            }
            author = strings.get(_AUTHOR, "")
            lines = [line for line in strings.get(_REMARK, "").splitlines() if line.strip()]
            if lines:
                yield "\n".join([f"Comment ({author}): {lines[0]}", *lines[1:]])


def _read_notes(presentation: _Presentation, page: _Listed) -> list[Text]:
    found = presentation.find(page.reference, _NOTES)
    if found is None:
        return []
    drawing = find_record(presentation.stream, *found, _DRAWING)
    return read_drawing(presentation.stream, *drawing, page.texts)


def _read_master(presentation: _Presentation, master: _Listed) -> list[Text]:
    found = presentation.find(master.reference, _MASTER, _SLIDE)
    if found is None:
        return []
    return read_master_drawing(
        presentation.stream, *find_record(presentation.stream, *found, _DRAWING)
    )


def _list_lines(texts: list[Text]) -> list[str]:
    """The lines of texts: paragraphs end with a return, lines in them with a vertical tab."""
    return [line for _, text in texts for line in text.splitlines() if line and not line.isspace()]


def _read_footers(stream: bytes, place: int, end: int) -> list[str]:
    """The date and the footer that slides show, if they show any that somebody has written."""
    # Mostly there are numbers alone.
    if end - place <= _ATOM_ALONE:
        return []
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
