"""A document that is read at once into the texts of its units. Runs in the child.

The formats here are one tree or one stream each, so that no unit can be read without those before
it; a document is as long as its file, whose size and expansion are bounded before.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.extraction.limits import MAX_FILES
from pipeline.extraction.page_text import Engine
from pipeline.extraction.readable_document import (
    EnginePage,
    FileNotTakenError,
    UnreadableDocumentError,
    UnreadablePageError,
    name_in_one_line,
)
from pipeline.formats.identify import NOTHING_IN_IT, identify_bytes
from shared.errors import RejectionCode

BETWEEN_CELLS = " | "


@dataclass(frozen=True)
class InnerFile:
    """A file inside of a document.

    Args:
        name: Its name, as the document has it.
        data: Its bytes.
        reason: Why it cannot be read, where that is known already.
    """

    name: str
    data: bytes
    reason: str | None = None


@dataclass(frozen=True)
class FailedUnit:
    """A unit that is named in its document and cannot be read.

    Args:
        reason: Why.
    """

    reason: str


class UnitsDocument:
    """A document whose units are known. Implements `ReadableDocument`; no unit is a picture.

    Args:
        units: The text of each unit, or why it has none, in order.
        files: The files inside.

    Raises:
        UnreadableDocumentError: There is no unit at all, or none that can be read.
    """

    def __init__(self, units: Sequence[str | FailedUnit], files: Sequence[InnerFile] = ()) -> None:
        if not units:
            raise UnreadableDocumentError(RejectionCode.DAMAGED, NOTHING_IN_IT)
        if all(isinstance(unit, FailedUnit) for unit in units):
            first = next(unit.reason for unit in units if isinstance(unit, FailedUnit))
            raise UnreadableDocumentError(RejectionCode.DAMAGED, first)
        self._units = units
        self._files = files[: MAX_FILES + 1]
        self.page_count = len(units)
        self.embedded_files = [name_in_one_line(file.name) for file in self._files]

    def read_page(self, number: int) -> EnginePage:
        """The text of a unit.

        Raises:
            UnreadablePageError: It cannot be read.
        """
        unit = self._units[number - 1]
        if isinstance(unit, FailedUnit):
            raise UnreadablePageError(unit.reason)
        return EnginePage(Engine.CONVERTER, unit)

    def find_files(self) -> Iterator[InnerFile]:
        """The files inside."""
        return iter(self._files)

    def read_file(self, file: InnerFile, number: int, max_bytes: int) -> bytes:
        """The bytes of a file inside, if they are those of a document that is read.

        Raises:
            FileNotTakenError: They are not, they are too many, or too many files are inside.
        """
        if number > MAX_FILES:
            raise FileNotTakenError(f"beyond the first {MAX_FILES}")
        if file.reason is not None:
            raise FileNotTakenError(file.reason)
        if len(file.data) > max_bytes:
            raise FileNotTakenError("too large together with those before it")
        reason = identify_bytes(file.data)
        if reason is not None:
            raise FileNotTakenError(reason)
        return file.data

    def renew(self) -> None:
        """Nothing grows while units are read."""

    def close(self) -> None:
        """Let go of the text."""
        self._units = ()
        self._files = ()


class UnitWriter:
    """Puts units together from pieces of text, as a document's stream gives them."""

    def __init__(self) -> None:
        self.units: list[str] = []
        self._pieces: list[str] = []
        # Adds to the unit that is open; called for each piece, so that a method would cost more
        # than all else here.
        self.write = self._pieces.append

    def begin(self, *, keeps_empty: bool = False) -> None:
        """Begin a unit; what is before the first is one only if there is text in it.

        Args:
            keeps_empty: Whether the unit before counts though it is empty, as a blank slide does.
        """
        text = set_apart("".join(self._pieces))
        self._pieces.clear()
        if text.strip() or keeps_empty:
            self.units.append(text)

    def finish(self) -> list[str]:
        """The units, with the last one."""
        self.begin()
        return self.units


# Of the private use area: stands where something begins or ends that is set apart by its place or
# look, so that a figure in it is no digit of the number beside it.
APART = "\ue0f8"
# The same for what is above or below the line, of which pieces of one kind may be beside another.
RAISED, LOWERED = APART, APART * 2
_BESIDE_FIGURE = re.compile(rf"(?<=\d){APART}+(?=[+\-\u2212]?\d)")


def set_apart(text: str) -> str:
    """Text in which what is set apart by its place is no digit of a number beside it."""
    return _BESIDE_FIGURE.sub(" ", text).replace(APART, "") if APART in text else text


def mark_apart(pieces: list[str], mark: str) -> None:
    """Mark that something begins or ends here, unless nothing stands since the last such place.

    What is raised may be divided into several pieces, as where it was edited.
    """
    if pieces and pieces[-1] == mark:
        pieces.pop()
    else:
        pieces.append(mark)


# Stands above the text of a slide that a presentation does not show.
HIDDEN_SLIDE = "(hidden slide)"


def mark_hidden_sheet(text: str) -> str:
    """The text of a sheet that a spreadsheet does not show, which says so beside its name."""
    name, line_end, rest = text.partition("\n")
    return f"{name} (hidden sheet){line_end}{rest}"


def join_cells(cells: Iterable[str]) -> str:
    """A row of a table: its cells apart, in one line, without the empty ones at its end."""
    return BETWEEN_CELLS.join(" ".join(cell.split()) for cell in cells).rstrip(" |")
