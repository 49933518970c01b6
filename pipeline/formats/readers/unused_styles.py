"""Styles of OpenDocument, dropped before they are parsed where none of them hides anything.

They are a third of what a presentation or a text says, and all that is wanted of them is which ones
hide a sheet, a slide or words. Where it cannot be told without a parser, they are left to it.

Source: OASIS OpenDocument 1.3, part 3, 3.15.3 (office:automatic-styles).
"""

from collections.abc import Iterator

_START, _END = b"<office:automatic-styles>", b"</office:automatic-styles>"
_DECLARED = b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
# What hides; how an attribute may be written else, in other quotes, with white space around its
# sign or with letters by their numbers; and what may hold what looks like an element.
_BLANKS = (b" ", b"\t", b"\r", b"\n")
_LEFT_TO_PARSER = (
    *(b'display="none"', b'display="false"', b'visibility="hidden"'),
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
