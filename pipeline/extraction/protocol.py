"""What a reader and its parent say to each other over the reader's standard input and output.

Requests are one JSON array a line; answers are frames: a fixed header and a text in UTF-8. The
parent trusts no answer: `decode_frame` refuses all that a sane reader would not send.
"""

import json
import struct
from enum import Enum, StrEnum
from typing import NamedTuple

from pipeline.extraction.page_text import Engine
from shared.errors import RejectionCode

HEADER = struct.Struct(">cIII")
# The longest form of one character in UTF-8.
_BYTES_PER_CHARACTER = 4
# A frame has room for so many characters, however short pages must be: a reason is text too.
_MIN_CHARACTERS = 1024
MAX_REASON_CHARACTERS = 500
MAX_PART_BYTES = 1 << 18


class RequestKind(StrEnum):
    """What a parent asks a reader to do."""

    OPEN = "open"  # path, suffix of its format, CPU seconds: answered by OPENED or REFUSED
    READ = "read"  # first page: answered by a frame for each page up to the last
    TAKE = "take"  # first file inside, most bytes of all: FILE_PARTs and a FILE_ENDS for each file
    # page, dots an inch, most pixels: answered by PICTURE_PARTs and a PICTURE_ENDS
    RENDER = "render"
    CLOSE = "close"  # answered by CLOSED
    # Of a recogniser: path of a picture, CPU seconds: answered by PAGE_WORDS or PAGE_FAILED
    RECOGNISE = "recognise"
    # Of a recogniser, the same: answered by PICTURE_PARTs, none if it may be sent as it is, and a
    # PICTURE_ENDS
    PACK = "pack"


class FrameKind(Enum):
    """What a reader answers. `number` is a page's, where nothing else is said."""

    READY = b"R"
    OPENED = b"O"  # number: pages of the document; text: names of the files inside, one a line
    REFUSED = b"X"  # text: a RejectionCode and, in a second line, why
    PAGE_BY_PDFIUM = b"P"
    PAGE_BY_PYPDF = b"Y"
    PAGE_BY_CONVERTER = b"V"
    # text: the Engine that says so and, from the second line on, what was put on the picture
    PAGE_IS_PICTURE = b"I"
    PAGE_FAILED = b"F"  # text: a RejectionCode and, in a second line, why
    PAGE_FATAL = b"D"  # text: why; the reader ends itself after it
    FILE_PART = b"B"  # number: the file's; data: some of its bytes, after those before
    FILE_ENDS = b"E"  # number: the file's; text: why it is not taken out, empty if it is
    PICTURE_PART = b"G"  # data: some of the picture's bytes, after those before
    PICTURE_ENDS = b"H"  # text: why the page cannot be rendered, empty if it is
    PAGE_WORDS = b"W"  # text: the words of a picture, as JSON
    CLOSED = b"C"  # number: memory that the reader still holds, in KiB


PAGE_ENGINES = {
    FrameKind.PAGE_BY_PDFIUM: Engine.PDFIUM,
    FrameKind.PAGE_BY_PYPDF: Engine.PYPDF,
    FrameKind.PAGE_BY_CONVERTER: Engine.CONVERTER,
}
PAGE_KINDS = {engine: kind for kind, engine in PAGE_ENGINES.items()}


FRAMES_OF_BYTES = frozenset({FrameKind.FILE_PART, FrameKind.PICTURE_PART})


class FrameError(Exception):
    """The bytes of a reader are not a frame. Never leaves this package."""


class Frame(NamedTuple):
    """One answer of a reader.

    Args:
        kind: What it says.
        number: The page, or what `FrameKind` says.
        cpu_milliseconds: CPU time that the reader has spent on the open document.
        text: The page's text, or what `FrameKind` says.
        data: The bytes of a part of a file or picture, which has no text.
    """

    kind: FrameKind
    number: int = 0
    cpu_milliseconds: int = 0
    text: str = ""
    data: bytes = b""


def encode_cause(code: RejectionCode, reason: str) -> str:
    """The text of a frame that refuses a document or a page."""
    return f"{code}\n{' '.join(reason.split())[:MAX_REASON_CHARACTERS]}"


def decode_cause(text: str) -> tuple[RejectionCode, str]:
    """The code and the reason in a frame's text; a code that is none counts as damage."""
    name, _, reason = text.partition("\n")
    try:
        return RejectionCode(name), reason
    except ValueError:
        return RejectionCode.DAMAGED, reason


def encode_request(kind: RequestKind, *arguments: str | float) -> bytes:
    """One request as a line."""
    return json.dumps([kind, *arguments]).encode() + b"\n"


def decode_request(line: bytes) -> tuple[RequestKind, list[str | float]]:
    """The kind and the arguments of a request."""
    kind, *arguments = json.loads(line)
    return RequestKind(kind), arguments


def find_max_payload_bytes(max_page_characters: int) -> int:
    """The most bytes that a frame may have besides its header."""
    return _BYTES_PER_CHARACTER * max(max_page_characters, _MIN_CHARACTERS)


def encode_frame(frame: Frame) -> bytes:
    """One frame as bytes. The text must be free of lone surrogates."""
    payload = frame.data if frame.kind in FRAMES_OF_BYTES else frame.text.encode()
    return (
        HEADER.pack(frame.kind.value, frame.number, frame.cpu_milliseconds, len(payload)) + payload
    )


def decode_frame(buffer: bytearray, max_payload_bytes: int) -> Frame | None:
    """Take the first frame off the buffer; None while it is incomplete.

    Raises:
        FrameError: The buffer does not begin with a frame, or with one that is too long.
    """
    if len(buffer) < HEADER.size:
        return None
    code, number, cpu_milliseconds, size = HEADER.unpack_from(buffer)
    if size > max_payload_bytes:
        raise FrameError("the frame is too long")
    end = HEADER.size + size
    if len(buffer) < end:
        return None
    try:
        kind, payload = FrameKind(code), bytes(buffer[HEADER.size : end])
        if kind in FRAMES_OF_BYTES:
            frame = Frame(kind, number, cpu_milliseconds, data=payload)
        else:
            frame = Frame(kind, number, cpu_milliseconds, payload.decode())
    except ValueError as error:
        raise FrameError("the frame is of no known kind or not in UTF-8") from error
    del buffer[:end]
    return frame
