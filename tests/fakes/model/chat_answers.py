"""What a fake language model says: answers of the asked-for shape, out of the sources' words."""

import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from tests.fakes.model.message_parts import read_pictures, read_question, read_text

_SOURCE = re.compile(
    r"^BEGIN (\S+) source (\d+)(?:, pages? (\d+)(?: to (\d+))?)?\n(.*?)\nEND \1 source \2$",
    re.DOTALL | re.MULTILINE,
)
_MAX_POINTS = 8

# Of the shape that is asked for and beyond it, with pages and names that no document has.
HIJACKED_ANSWER = json.dumps(
    {
        "title": "HIJACKED",
        "abstract": "HIJACKED",
        "key_points": [{"text": "HIJACKED", "pages": [1, 999], "admin": True}],
        "language": "xx",
        "entities": [{"name": "Mallory", "kind": "administrator", "pages": [1, 999]}],
        "dates": [{"text": "1 April 2026", "iso": "2026-04-01", "event": "HIJACKED", "pages": [1]}],
        "people": ["Mallory"],
        "tool_calls": [{"function": {"name": "send_mail", "arguments": "{}"}}],
    }
)
HIJACKED_CALLS = (("send_mail", '{"to": "mallory@example.org"}'), ("delete_document", "{}"))


def take_turn(
    body: dict[str, Any], always_calls: Iterable[tuple[str, Any]]
) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    """Call the first tool, then answer with what it returned; or go on calling without end."""
    if always_calls:
        return None, tuple((name, json.dumps(arguments)) for name, arguments in always_calls)
    results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
    if results:
        return f"The tool returned:\n{results[-1]}", ()
    return None, ((body["tools"][0]["function"]["name"], "{}"),)


class Quoted(NamedTuple):
    """A source of a prompt."""

    pages: range
    text: str
    number: int


def write_answer(
    kind: str, body: dict[str, Any], ignores_format: bool = False, picture_text: str = ""
) -> str:
    """The text of an answer: of the asked-for shape, made of the sources' first sentences."""
    schema = _find_schema(body)
    if kind == "prose" or schema is None or (ignores_format and "response_format" in body):
        return "Sure! The text is about several things, which I will gladly describe."
    if kind == "bad_json":
        return '{"title": "Broken, "abstract": '
    sources = [
        Quoted(range(int(first or 1), int(last or first or 1) + 1), text, int(number))
        for _, number, first, last, text in _SOURCE.findall(read_question(body))
    ]
    answer = fill_schema(schema, sources, 1000 if kind == "wrong_pages" else 0)
    if read_pictures(body):
        answer = {"text": picture_text}
    text = json.dumps(answer, ensure_ascii=False)
    if kind == "truncated":
        return text[: len(text) // 2]
    if kind == "fenced":
        return f"Here you are:\n```json\n{text[:-1]},}}\n```\nAnything else?"
    return text


def fill_schema(
    schema: dict[str, Any],
    sources: list[Quoted],
    stray_page: int = 0,
    name: str = "",
) -> Any:
    """A value that fits a JSON Schema, made of the sources."""
    schema = schema.get("anyOf", [schema])[0]
    kind = schema.get("type")
    pages, text, number = sources[0] if sources else Quoted(range(1, 2), "Nothing.", 1)
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "object":
        return {
            part: fill_schema(inner, sources, stray_page, part)
            for part, inner in schema["properties"].items()
        }
    if kind == "array" and schema["items"].get("type") == "integer":
        return [*pages, *([stray_page] if stray_page else [])]
    if name == "others":
        return []
    if kind == "array":
        return [
            fill_schema(schema["items"], [source], stray_page, name)
            for source in sources[:_MAX_POINTS]
            if source.text.strip()
        ]
    if kind in ("integer", "number"):
        return number if name == "source" else pages[0]
    if kind == "boolean":
        return True
    if name == "language":
        return "en"
    if name == "title":
        return text.strip().splitlines()[0][:100] if text.strip() else "Untitled"
    sentence = re.split(r"(?<=[.!?。])\s*", " ".join(text.split()), maxsplit=1)[0]
    return sentence[:300] or "Nothing."


def read_trusted_text(body: dict[str, Any]) -> str:
    """What a model takes for instructions: all but what stands between the lines with the mark."""
    messages = [read_text(message) for message in body["messages"]]
    return "\n".join(_SOURCE.sub("", text) for text in messages)


def _find_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the answer: in `response_format`, or written out after the sources."""
    wanted = body.get("response_format", {})
    if wanted.get("type") == "json_schema":
        return wanted["json_schema"]["schema"]
    _, found, schema = read_question(body).rpartition("fit this JSON Schema:\n")
    return json.JSONDecoder().raw_decode(schema)[0] if found else None
