"""Read the body of a response: events of a stream, or one completion in a piece."""

import json
from collections.abc import Iterable, Iterator, Mapping

import httpx2
from openai.types.chat import ChatCompletion

from shared.llm.chat_completions.streaming.stream_chunks import StreamedCompletion

_DATA = b"data:"
_EVENT = b"event:"
# A field that llama.cpp has given its errors in the middle of a stream.
_ERROR = b"error:"
_ERROR_EVENT = "error"
_END = b"[DONE]"
_JSON_STARTS = (b"{", b"[")


class BodyReader:
    """Reads one response.

    Args:
        response: The response, whose body nobody has read.

    Attributes:
        streamed: What a stream has said so far; None for a body in one piece.
        was_ended: Whether the stream has said that it is over.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self.streamed: StreamedCompletion | None = None
        self.was_ended = False

    def read(self) -> object:
        """Read all of it.

        Returns:
            A completion, which nobody has validated; a list of these, or the text of a page that is
            no completion.

        Raises:
            httpx2.TransportError: The connection is lost, or silent for too long.
            json.JSONDecodeError, UnicodeDecodeError: It calls itself JSON and is none.
        """
        kind = self._response.headers.get("content-type", "").partition(";")[0].strip().lower()
        other: list[bytes] = []
        rest = b""
        for event, data in _read_events(self._response.iter_bytes(), other):
            if data.startswith(_END):
                self.was_ended = True
                continue
            if rest and not data:
                raise json.JSONDecodeError("an event is no JSON", "", 0)
            # Heartbeats of gateways are events without data, or with a word.
            is_chunk = bool(rest) or data.startswith(_JSON_STARTS)
            if not data or not (is_chunk or event == _ERROR_EVENT):
                continue
            chunk, rest = _read_chunk(rest + data, event)
            if chunk is None:
                continue
            self.streamed = self.streamed or StreamedCompletion()
            self.streamed.add(chunk, event)
            if self.streamed.has_failed:
                break
        if self.streamed is not None:
            return self.streamed.build()
        body = b"\n".join(other)
        try:
            return _build(json.loads(body.removesuffix(_DATA + b" " + _END)))
        except ValueError:
            if kind.endswith("json"):
                raise
            return body.decode("utf-8", "replace")


def _read_chunk(data: bytes, event: str) -> tuple[object | None, bytes]:
    """The value of an event, or else the data that wait for what the next line adds to them."""
    try:
        return json.loads(data), b""
    except ValueError:
        if event == _ERROR_EVENT:
            return {"message": data.decode("utf-8", "replace")}, b""
        return None, data + b"\n"


def _build(data: object) -> object:
    if isinstance(data, list):
        return [_build(entry) for entry in data]
    return ChatCompletion.construct(**data) if isinstance(data, Mapping) else data


def _read_events(pieces: Iterable[bytes], other: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """The events of a stream: their names, if any, and their data line by line, an empty one last.

    Only line feeds end a line: answers hold other characters that do so elsewhere.

    Args:
        pieces: The body as it comes.
        other: Gets the lines that belong to no event.

    Source of the format: "Server-sent events" (HTML Living Standard, WHATWG).
    """
    event = ""
    for line in _split_lines(pieces):
        if line.startswith(_DATA):
            yield event, line.removeprefix(_DATA).strip()
        elif line.startswith(_ERROR):
            yield _ERROR_EVENT, line.removeprefix(_ERROR).strip()
        elif line.startswith(_EVENT):
            event = line.removeprefix(_EVENT).strip().decode("utf-8", "replace")
        elif line:
            other.append(line)
        else:
            yield "", b""
            event = ""


def _split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest: list[bytes] = []
    for piece in pieces:
        first, *others = piece.split(b"\n")
        rest.append(first)
        for line in others:
            yield b"".join(rest).rstrip(b"\r")
            rest = [line]
    yield b"".join(rest)
