"""A model with a fixed way of answering, whatever shape it is asked for.

It does as the instructions of both versions say: an abstract of one paragraph, a key point for each
page but three at the least and eight at the most, the names and dates of the text up to the number
that is asked for. It quotes, and it is as careless as models are: one name and one date of each
list are made up, and one page in a list is wrong.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.benchmarks.answers.made_documents import DATE, FILLERS, ORGANISATIONS, PEOPLE, PLACES
from tests.benchmarks.answers.token_count import count_tokens

_SOURCE = re.compile(
    r"^BEGIN (\S+) source (\d+)(?:, pages? (\d+)(?: to (\d+))?)?\n(.*?)\nEND \1 source \2$",
    re.DOTALL | re.MULTILINE,
)
_KINDS = {"person": PEOPLE, "organisation": ORGANISATIONS, "place": PLACES}
_FIELDS = {"person": "people", "organisation": "organisations", "place": "places"}
_LEAST_POINTS, _MOST_POINTS = 3, 8
_ABSTRACT_CHARACTERS = 600
_OLD_MOST = 15
_SENTENCE = re.compile(r"[A-Z][^.]{60,}?\.")


@contextmanager
def serve_writer() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A Chat Completions server on a free port; its address, and the calls that it gets."""
    calls: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            call = answer_call(body)
            calls.append(call)
            sent = json.dumps(call["completion"]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", calls
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def answer_call(body: dict[str, Any]) -> dict[str, Any]:
    """What a call asked, and what it is answered; a schema is read as a part of the prompt."""
    prompt = "\n".join(message["content"] for message in body["messages"])
    schema = body["response_format"]["json_schema"]["schema"]
    fields = schema["properties"]
    sources = [
        (int(number), range(int(first or 1), int(last or first or 1) + 1), text)
        for _, number, first, last, text in _SOURCE.findall(body["messages"][1]["content"])
    ]
    text = json.dumps(_write(fields, sources, prompt), separators=(",", ":"), ensure_ascii=False)
    read, written = count_tokens(prompt) + count_tokens(json.dumps(schema)), count_tokens(text)
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": "stop",
    }
    completion = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [choice],
        "usage": usage,
    }
    return {"prompt": prompt, "fields": list(fields), "usage": usage, "completion": completion}


def _write(fields: dict[str, Any], sources: list[Any], prompt: str) -> dict[str, Any]:
    if "citations" in fields:
        number, _, text = sources[0]
        quote = _find_sentences(text)[0]
        return {
            "answer": quote,
            "answered": True,
            "citations": [{"source": number, "quote": quote}],
        }
    answer: dict[str, Any] = {}
    if "title" in fields:
        answer |= _write_core(sources)
    if "entities" in fields:
        answer |= _write_old_mentions(sources)
    if "people" in fields:
        answer |= _write_mentions(sources, int(re.findall(r"at most (\d+) names", prompt)[-1]))
    return answer


def _write_core(sources: list[Any]) -> dict[str, Any]:
    pages = {page for _, span, _ in sources for page in span}
    sentences = [
        (span, sentence) for _, span, text in sources for sentence in _find_sentences(text)
    ]
    # Of a part's summary its points, which have pages of their own, and not its abstract.
    sentences = [one for one in sentences if len(one[0]) == 1] or sentences
    wanted = min(len(sentences), max(_LEAST_POINTS, min(_MOST_POINTS, len(pages))))
    chosen = [sentences[index * len(sentences) // wanted] for index in range(wanted)]
    abstract = " ".join(sentence for _, sentence in sentences)[:_ABSTRACT_CHARACTERS]
    return {
        "title": f"Annual report, pages {min(pages)} to {max(pages)}",
        "abstract": abstract.rpartition(" ")[0] + ".",
        "key_points": [{"text": sentence, "pages": [span[0]]} for span, sentence in chosen],
        "language": "en",
    }


def _find_sentences(text: str) -> list[str]:
    """The sentences of a page that say something of their own, and of a summary all."""
    prose = " ".join(text.partition("Month ")[0].split())
    return [one for one in _SENTENCE.findall(prose) if one not in FILLERS]


def _find_names(sources: list[Any]) -> dict[tuple[str, str], list[int]]:
    """The names of the sources, in the order of the text, with their pages."""
    found: dict[tuple[str, str], list[int]] = {}
    for _, span, text in sources:
        for kind, names in _KINDS.items():
            for name in names:
                if name in text:
                    found.setdefault((kind, name), []).append(span[0])
    return found


def _find_dates(sources: list[Any]) -> list[tuple[str, str, int]]:
    """The dates with the few words that follow them, and their pages."""
    return [
        (match.group(), " ".join(text[match.end() :].partition(".")[0].split()), span[0])
        for _, span, text in sources
        for match in DATE.finditer(text)
    ]


def _write_old_mentions(sources: list[Any]) -> dict[str, Any]:
    names = [
        {"name": name, "kind": kind, "pages": pages}
        for (kind, name), pages in _find_names(sources).items()
    ][: _OLD_MOST - 1]
    names.append({"name": "Mallory Grey", "kind": "person", "pages": [sources[0][1][0]]})
    names[0]["pages"] = [*names[0]["pages"], 99]
    dates = [
        {"text": text, "iso": _write_iso(text), "event": event, "pages": [page]}
        for text, event, page in _find_dates(sources)
    ][: _OLD_MOST - 1]
    dates.append({"text": "31 May 1999", "iso": "1999-05-31", "event": "x", "pages": [1]})
    return {"entities": names, "dates": dates}


def _write_mentions(sources: list[Any], most: int) -> dict[str, Any]:
    names = list(_find_names(sources))[: most - 1]
    written: dict[str, list[str]] = {
        "people": [],
        "organisations": [],
        "places": [],
        "products": [],
        "laws": [],
        "other_names": [],
    }
    for kind, name in [*names, ("person", "Mallory Grey")]:
        written[_FIELDS[kind]].append(name)
    dates = [f"{text}: {event}" for text, event, _ in _find_dates(sources)][: most - 1]
    return {**written, "dates": [*dates, "31 May 1999: x"]}


def _write_iso(date: str) -> str:
    day, month, year = date.split()
    names = "January February March April May June July August September October November December"
    return f"{year}-{names.split().index(month) + 1:02d}-{int(day):02d}"
