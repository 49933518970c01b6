"""XML parts of a package, parsed as a stream, so that no part is held as a tree."""

import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.parsers import expat

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.packages import MAX_EXPANDED_BYTES
from shared.errors import RejectionCode

_PIECE_BYTES = 1 << 16
MAX_DEPTH = 2_000


class DoctypeError(Exception):
    """A part declares a document type, which may define entities. Never leaves this package."""


def parse_part(
    path: Path,
    part: str,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    write: Callable[[str], None],
) -> None:
    """Parse a part of a package.

    Args:
        path: The package.
        part: Its name in there.
        begin: Called with each element's name, as `namespace name`, and its attributes.
        end: Called with the name at its end.
        write: Called with text.

    Raises:
        UnreadableDocumentError: The part is missing, damaged, nested too deeply or too large.
    """
    depth = 0

    def go_down(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError
        begin(name, attributes)

    def go_up(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = go_down
    parser.EndElementHandler = go_up
    parser.CharacterDataHandler = write
    parser.StartDoctypeDeclHandler = _refuse_doctype
    left_bytes = MAX_EXPANDED_BYTES
    try:
        with zipfile.ZipFile(path) as archive, archive.open(part) as file:
            while piece := file.read(_PIECE_BYTES):
                left_bytes -= len(piece)
                if left_bytes < 0:
                    raise UnreadableDocumentError(RejectionCode.EXPANDS_TOO_FAR)
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except DoctypeError as error:
        reason = "a part of it defines entities, which no office program writes"
        raise UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason) from error
    except KeyError as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its main part is missing") from error
    except (expat.ExpatError, zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
        raise UnreadableDocumentError(
            RejectionCode.DAMAGED, "a part of it breaks off or is no XML"
        ) from error
    except (zlib.error, lzma.LZMAError) as error:
        raise UnreadableDocumentError(
            RejectionCode.DAMAGED, "a part of it cannot be unpacked"
        ) from error


def has_part(path: Path, part: str) -> bool:
    """Whether a package has a part of a name; False for a damaged one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return part in archive.NameToInfo
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return False


def _refuse_doctype(*declaration: object) -> None:
    raise DoctypeError
