"""Read the body of a response: events of a stream, or one completion in a piece."""

import json
from collections.abc import Iterable, Iterator, Mapping

import httpx2
from openai.types.chat import ChatCompletion

from shared.llm.chat_completions.streaming.stream_chunks import StreamedCompletion

_DATA = b"data:"
_EVENT = b"event:"
_END = b"[DONE]"


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
        if kind.endswith("json"):
            return _build(json.loads(self._response.read()))
        other: list[bytes] = []
        for event, data in _read_events(self._response.iter_bytes(), other):
            self.streamed = self.streamed or StreamedCompletion()
            if data.startswith(_END):
                self.was_ended = True
                continue
            self.streamed.add(json.loads(data), event)
            if self.streamed.has_failed:
                break
        if self.streamed is not None:
            return self.streamed.build()
        text = b"\n".join(other).decode("utf-8", "replace")
        try:
            return _build(json.loads(text))
        except ValueError:
            return text


def _build(data: object) -> object:
    if isinstance(data, list):
        return [_build(entry) for entry in data]
    return ChatCompletion.construct(**data) if isinstance(data, Mapping) else data


def _read_events(pieces: Iterable[bytes], other: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """The events of a stream: their names, if any, and their data, which fills one line.

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
        elif line.startswith(_EVENT):
            event = line.removeprefix(_EVENT).strip().decode("utf-8", "replace")
        elif line:
            other.append(line)
        else:
            event = ""


def _split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
    yield rest
