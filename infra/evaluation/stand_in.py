"""A model that knows the answers, for what the pipeline itself loses: it reads nothing wrong.

It gives of the known answers those that stand in the sources it is shown, and nothing else. Told to
alter every n-th quote and value, it is as careless as models are, and nothing that it has altered
may be in a result.
"""

import json
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from infra.evaluation.cases import EvalCase, KnownFields, Outcome
from infra.evaluation.truth import squeeze
from pipeline.tasks.extract.evidence import Evidence
from pipeline.tasks.extract.field_lists import list_leaves
from shared.errors import WrongUsageError
from shared.llm.extractive.date_finding import find_dates
from shared.llm.token_estimate import estimate_tokens

MODEL = "stand-in"
_SOURCE = re.compile(
    r"^BEGIN (\S+) source (\d+)(?:, pages? (\d+)(?: to \d+)?)?\n(.*?)\nEND \1 source \2$",
    re.DOTALL | re.MULTILINE,
)
_BEFORE_SCHEMA = "fit this JSON Schema:\n"
_MOST_POINTS = 8
_MOST_DATES = 15
# A row may go on for so many lines.
_MOST_LINES = 3
# What an altered number is more than the right one: there is none like it in any document.
_FAR_OFF = 1_000_003


@dataclass(frozen=True)
class _Shown:
    """A source of a prompt."""

    number: int
    page: int
    text: str


@dataclass
class StandIn:
    """The model.

    Args:
        cases: The documents, with their texts.
        alters_every: Of the quotes and values that it gives, each of so many is altered.

    Attributes:
        given: How many quotes and values it has given.
        altered: The altered part of each that it has altered.
    """

    cases: Sequence[EvalCase]
    alters_every: int | None = None
    given: int = 0
    altered: list[str | float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._lines: dict[str, set[int]] = {}
        for number, case in enumerate(self.cases):
            if not case.text:
                raise WrongUsageError(
                    f"The stand-in needs to know the text of {case.document}: write `text` into "
                    "its answers, or ask a model."
                )
            for page in case.text:
                for line in page.splitlines():
                    self._lines.setdefault(squeeze(line), set()).add(number)

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The completion for a request of the Chat Completions API."""
        prompt = "\n".join(str(message["content"]) for message in body["messages"])
        schema = _find_schema(body, prompt)
        sources = [
            _Shown(int(number), int(page or 1), text)
            for _, number, page, text in _SOURCE.findall(str(body["messages"][1]["content"]))
        ]
        text = json.dumps(self._write(schema["properties"], sources, prompt), ensure_ascii=False)
        read, written = estimate_tokens(prompt), estimate_tokens(text)
        room = body.get("max_completion_tokens") or body.get("max_tokens") or written
        is_cut = written > room
        if is_cut:
            text, written = text[: len(text) * room // written], room
        message = {"role": "assistant", "content": text}
        return {
            **{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": MODEL},
            "choices": [
                {"index": 0, "message": message, "finish_reason": "length" if is_cut else "stop"}
            ],
            "usage": {
                **{"prompt_tokens": read, "completion_tokens": written},
                "total_tokens": read + written,
            },
        }

    def _write(
        self, fields: Mapping[str, Any], sources: Sequence[_Shown], prompt: str
    ) -> dict[str, Any]:
        case = self._find_case(sources)
        if "citations" in fields:
            return self._write_answer(case, sources, prompt)
        if "title" in fields or "people" in fields:
            return _write_summary(case, fields, sources)
        known = next(
            (
                one
                for one in (case.extract if case else ())
                if set(fields) <= _list_names(one)
            ),
            None,
        )  # fmt: skip
        return {
            name: self._write_field(name, shape, known, sources) for name, shape in fields.items()
        }

    def _find_case(self, sources: Sequence[_Shown]) -> EvalCase | None:
        """The document that most lines are of."""
        votes = Counter(
            number
            for source in sources
            for line in source.text.splitlines()
            for number in self._lines.get(squeeze(line), ())
        )
        return self.cases[votes.most_common(1)[0][0]] if votes else None

    def _write_answer(
        self, case: EvalCase | None, sources: Sequence[_Shown], prompt: str
    ) -> dict[str, Any]:
        known = next(
            (one for one in (case.questions if case else ()) if one.question in prompt), None
        )
        for source in sources:
            for line in source.text.splitlines():
                for wanted in known.answers if known else ():
                    if squeeze(wanted) in squeeze(line):
                        quote = self._give(line.strip())
                        citations = [{"source": source.number, "quote": quote}]
                        return {"answer": wanted, "answered": True, "citations": citations}
        return {"answer": "The sources do not say.", "answered": False, "citations": []}

    def _write_field(
        self,
        name: str,
        shape: Mapping[str, Any],
        known: KnownFields | None,
        sources: Sequence[_Shown],
    ) -> Any:
        value = _find_value(known.fields, name) if known else None
        if known and isinstance(value, list):
            rows = self._write_rows(value, known.rows.get(name, []), sources)
            if shape.get("type") == "array":
                return rows
            # As an earlier version asks for a list.
            first = rows[0]["source"] if rows else None
            return {"value": [row for one in rows for row in one["rows"]], "source": first}
        told = list(known.conflicts.get(name, ())) if known else []
        given = []
        for one in [value, *(other for other in told if other != value)]:
            leaves = [leaf for leaf, _ in list_leaves(_drop_lists(one), {})]
            for source in sources:
                evidence = Evidence(source.text)
                if leaves and all(map(evidence.bears_out, leaves)):
                    kept = self._give(_drop_lists(one))
                    given.append({"value": kept, "source": source.number})
                    break
        first = given[0] if given else {"value": None, "source": None}
        return {**first, "others": given[1:]} if "others" in shape["properties"] else first

    def _write_rows(
        self, rows: Sequence[Any], pages: Sequence[int], sources: Sequence[_Shown]
    ) -> list[dict[str, Any]]:
        written = []
        for source in sources:
            on_page = [row for row, page in zip(rows, pages, strict=False) if page == source.page]
            found = [self._give(row) for row in _find_rows(on_page, source.text)]
            if found:
                written.append({"source": source.number, "rows": found})
        return written

    def _give(self, value: Any) -> Any:
        """A quote or value as it is given: every so many-th one is altered."""
        with self._lock:
            self.given += 1
            if not self.alters_every or self.given % self.alters_every:
                return value
            altered, part = _alter(value)
            self.altered.append(part)
            return altered

    def count_survivors(self, outcomes: Iterable[Outcome]) -> int:
        """How many quotes and values that were altered are in results."""
        told = {
            value
            for outcome in outcomes
            for result in (*outcome.answers, *outcome.extracts)
            if result is not None
            for part in (result.get("citations", []), result.get("fields", {}))
            for value in _list_told(part)
        }
        return sum(part in told for part in self.altered)


def _find_schema(body: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """The schema of the answer: in the request, or in words, as for servers that know no other."""
    wanted = body.get("response_format", {})
    if wanted.get("type") == "json_schema":
        schema: dict[str, Any] = wanted["json_schema"]["schema"]
        return schema
    schema, _ = json.JSONDecoder().raw_decode(prompt.rpartition(_BEFORE_SCHEMA)[2])
    return schema


def _alter(value: Any) -> tuple[Any, str | float]:
    """A value that no text bears out, of the same kind; and the part of it that is altered."""
    if isinstance(value, dict):
        names = [name for name, part in value.items() if isinstance(part, (str, int, float))]
        # A number where there is one: a date of a row may have been altered to another one's.
        name = max(names, key=lambda one: isinstance(value[one], (int, float)))
        altered, part = _alter(value[name])
        return {**value, name: altered}, part
    if isinstance(value, str):
        middle = len(value) // 2
        altered_text = f"{value[:middle]}qzx{value[middle:]}"
        return altered_text, altered_text
    number = round(value + _FAR_OFF, 2)
    return number, number


def _list_told(value: Any) -> Iterator[Any]:
    """All texts and numbers within a value."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _list_told(part)
    elif isinstance(value, list):
        for part in value:
            yield from _list_told(part)
    else:
        yield value


def _find_rows(rows: Sequence[Any], text: str) -> Iterator[Any]:
    """The rows that stand in a text, each on lines of its own, in order."""
    lines = text.splitlines()
    start = 0
    for row in rows:
        leaves = [leaf for leaf, _ in list_leaves(row, {})]
        for first in range(start, len(lines)):
            found = next(
                (
                    count
                    for count in range(1, _MOST_LINES + 1)
                    if all(map(Evidence("\n".join(lines[first : first + count])).bears_out, leaves))
                ),
                None,
            )
            if found is not None:
                # A row that begins below the first of several lines begins there.
                if found == 1:
                    start = first + 1
                    yield row
                    break
                if not all(
                    map(Evidence("\n".join(lines[first + 1 : first + found])).bears_out, leaves)
                ):
                    start = first + found
                    yield row
                    break


def _write_summary(
    case: EvalCase | None, fields: Mapping[str, Any], sources: Sequence[_Shown]
) -> dict[str, Any]:
    lines = [
        (source, line)
        for source in sources
        for line in source.text.splitlines()
        if line.strip()
    ]  # fmt: skip
    step = max(1, len(lines) // _MOST_POINTS)
    points = [{"text": line, "pages": [source.page]} for source, line in lines[::step]]
    text = squeeze("".join(source.text for source in sources))
    names = [name for name in (case.summary.names if case else ()) if squeeze(name) in text]

    def pages_of(name: str) -> list[int]:
        return [source.page for source in sources if squeeze(name) in squeeze(source.text)]

    dates = [(source.page, date) for source in sources for date in find_dates(source.text)][
        :_MOST_DATES
    ]
    wants_objects = fields.get("dates", {}).get("items", {}).get("type") == "object"
    core = {
        "title": lines[0][1] if lines else "Untitled",
        "abstract": lines[-1][1] if lines else "Nothing.",
        "key_points": points[:_MOST_POINTS],
        "language": (case.language if case else "") or "en",
        "other_names": names,
        # As an earlier version asks for names and dates.
        "entities": [{"name": name, "kind": "other", "pages": pages_of(name)} for name in names],
        "dates": [
            {"text": date.text, "iso": date.iso, "event": "it is named", "pages": [page]}
            if wants_objects
            else f"{date.text}: it is named"
            for page, date in dates
        ],
    }
    return {name: core.get(name, []) for name in fields}


def _list_names(known: KnownFields) -> set[str]:
    """What a request may ask for: fields, and lists by the way to them."""
    return {*known.fields_schema.get("properties", {}), *known.rows}


def _find_value(fields: Mapping[str, Any], path: str) -> Any:
    if path in fields:
        return fields[path]
    for name, part in fields.items():
        if isinstance(part, dict) and path.startswith(f"{name}."):
            return _find_value(part, path.removeprefix(f"{name}."))
    return None


def _drop_lists(value: Any) -> Any:
    """A value without the lists in it, which are asked for by themselves."""
    if isinstance(value, dict):
        return {
            name: _drop_lists(part) for name, part in value.items() if not isinstance(part, list)
        }
    return value


@contextmanager
def serve(model: StandIn) -> Iterator[str]:
    """A Chat Completions server on a free port of this machine; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Stay silent."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            sent = json.dumps(model.answer(body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
