"""Styles that are dropped before they are parsed, as they say nothing that is wanted.

Those of OpenDocument are a third of what a presentation or a text says, and all that is wanted of
them is which ones hide a sheet, a slide or words. Those of tables of Word are nearly all that a
template of Word has, and only look. Where it cannot be told without a parser, they are left to it.

Source: OASIS OpenDocument 1.3, part 3, 3.15.3 (office:automatic-styles); ECMA-376-1, 17.7.4.17
(style).
"""

import io
import zlib
from collections.abc import Iterator

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.part_starts import list_parts, read_pieces
from pipeline.formats.readers.xml_parts import open_package, replace_parts

_START, _END = b"<office:automatic-styles>", b"</office:automatic-styles>"
_DECLARED = b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
# What hides, raises or lowers; how an attribute may be written else, in other quotes, with white
# space around its sign or with letters by their numbers; and what may hold what looks like an
# element.
_BLANKS = (b" ", b"\t", b"\r", b"\n")
_LEFT_TO_PARSER = (
    *(b'display="none"', b'display="false"', b'visibility="hidden"', b'text-position="su'),
    *(b"='", b"&#", *(b"=" + one for one in _BLANKS), *(one + b"=" for one in _BLANKS)),
    *(b"<!", b"<?"),
)
# Those of long texts take some hundred KiB.
_MOST_BYTES = 1 << 20


def drop_styles(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces of a part, without its styles where nothing is lost by it."""
    beginning = b""
    for piece in pieces:
        beginning += piece
        if _END in beginning or len(beginning) > _MOST_BYTES:
            break
    yield _cut(beginning)
    yield from pieces


def _cut(beginning: bytes) -> bytes:
    start, end = beginning.find(_START), beginning.find(_END)
    # The first bytes are those of the declaration of XML.
    before = beginning[2:end]
    if (
        not 0 <= start < end
        or _DECLARED not in before
        # Said again, either may mean something else.
        or before.count(b"xmlns:office=") > 1
        or before.count(_START) > 1
        or any(one in before for one in _LEFT_TO_PARSER)
    ):
        return beginning
    return beginning[:start] + beginning[end + len(_END) :]


_WORD_STYLES = "word/styles.xml"
_STYLE, _STYLE_END, _OF_TABLES = b"<w:style ", b"</w:style>", b'w:type="table"'
_HIDES = b"vanish"
# Styles of fewer bytes, packed, and a part that is shorter by less are parsed sooner than packed.
_LEAST_PACKED_BYTES, _LEAST_DROPPED_BYTES = 1 << 13, 1 << 16


def drop_table_styles(package: bytes) -> bytes:
    """A package of Word without the styles of its tables, where they are long."""
    for part in list_parts(package, rb"word/styles\.xml"):
        if part.packed_bytes >= _LEAST_PACKED_BYTES:
            try:
                kept = _cut_tables(read_pieces(package, part))
                if kept is not None:
                    # The library reads packages whose list the standard library refuses.
                    with open_package(io.BytesIO(package)):
                        return replace_parts(package, {_WORD_STYLES: kept})
            except (zlib.error, UnreadableDocumentError):
                return package
    return package


def _cut_tables(pieces: Iterator[bytes]) -> list[bytes] | None:
    """What is left of styles without those of tables; None if that is not much less, or too much.

    In pieces, as memory that is used again is faster than as much as all of them take.
    """
    kept: list[bytes] = []
    begun = b""
    read = dropped = 0
    for piece in pieces:
        *styles, begun = (begun + piece).split(_STYLE)
        for style in styles:
            is_of_tables = style.startswith(_OF_TABLES) and style.endswith(_STYLE_END)
            if is_of_tables and _HIDES not in style:
                dropped += len(style)
            else:
                kept += (style, _STYLE)
        read += len(piece)
        # Where nothing is said, there is no comment that holds what looks like an element.
        if b"!" in piece or read > _MOST_BYTES:
            return None
    # The last one is left, as the end of all stands behind it.
    return [*kept, begun] if dropped >= _LEAST_DROPPED_BYTES else None
