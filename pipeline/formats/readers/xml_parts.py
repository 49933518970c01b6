"""XML parts of a package, parsed as a stream, so that no part is held as a tree."""

import lzma
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.parsers import expat

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.packages import MAX_EXPANDED_BYTES
from shared.errors import RejectionCode

_PIECE_BYTES = 1 << 16
_OVERLAP_BYTES = 64
MAX_DEPTH = 2_000
_BROKEN_PART = "a part of it breaks off or is no XML"


class DoctypeError(Exception):
    """A part declares a document type, which may define entities. Never leaves this package."""


@contextmanager
def open_package(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a package, once for all parts that are read of it.

    Raises:
        UnreadableDocumentError: Its list of parts cannot be read.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error
    with archive:
        yield archive


def parse_part(
    archive: zipfile.ZipFile,
    part: str,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    write: Callable[[str], None] | None = None,
    within: frozenset[str] | None = None,
) -> None:
    """Parse a part of a package.

    Args:
        archive: The package.
        part: Its name in there.
        begin: Called with each element's name, as `namespace name`, and its attributes.
        end: Called with the name at its end.
        write: Called with text.
        within: Names of elements outside of which nothing is called; None for all of the part.

    Raises:
        UnreadableDocumentError: The part is missing, damaged, nested too deeply or too large.
    """
    depth = 0
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def go_down(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
        begin(name, attributes)

    def go_up(name: str) -> None:
        nonlocal depth
        depth -= 1
        if end is not None:
            end(name)
        if depth == 0 and within is not None:
            look_for_next()

    def enter(name: str, attributes: dict[str, str]) -> None:
        if within is None or name in within:
            parser.StartElementHandler = go_down
            parser.EndElementHandler = go_up
            parser.CharacterDataHandler = write
            go_down(name, attributes)

    def look_for_next() -> None:
        parser.StartElementHandler = enter
        parser.EndElementHandler = None
        parser.CharacterDataHandler = None

    look_for_next()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        for piece in _read_pieces(archive, part):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except DoctypeError as error:
        reason = "a part of it defines entities, which no office program writes"
        raise UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason) from error
    except expat.ExpatError as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error


def holds_any(archive: zipfile.ZipFile, part: str, words: Collection[bytes]) -> bool:
    """Whether a part holds any of some words of at most `_OVERLAP_BYTES`; False without the part.

    Raises:
        UnreadableDocumentError: The part is damaged or too large.
    """
    if part not in archive.NameToInfo:
        return False
    before = b""
    for piece in _read_pieces(archive, part):
        text = before + piece
        if any(word in text for word in words):
            return True
        before = piece[-_OVERLAP_BYTES:]
    return False


def _read_pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    left_bytes = MAX_EXPANDED_BYTES
    try:
        with archive.open(part) as file:
            while piece := file.read(_PIECE_BYTES):
                left_bytes -= len(piece)
                if left_bytes < 0:
                    raise UnreadableDocumentError(RejectionCode.EXPANDS_TOO_FAR)
                yield piece
    except KeyError as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its main part is missing") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error
    except (zlib.error, lzma.LZMAError) as error:
        raise UnreadableDocumentError(
            RejectionCode.DAMAGED, "a part of it cannot be unpacked"
        ) from error


def _refuse_doctype(*declaration: object) -> None:
    raise DoctypeError
