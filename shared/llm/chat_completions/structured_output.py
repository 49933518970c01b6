"""Ask a server for an answer of a given shape, and read what comes back.

Servers of the Chat Completions API differ in what they know: `json_schema` (the answer is held to
a schema), `json_object` (the answer is some JSON), or neither. These are the steps of a formats.
"""

import json
import math
import re
from collections.abc import Collection, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.llm.model import AnswerT

_MAX_OBJECT_STARTS = 50
_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)
_PAGES = re.compile(r"\s*(\d{1,7})(?:\s*[-\u2013]\s*(\d{1,7}))?\s*", re.ASCII)
# Halves of surrogate pairs and NUL: JSON can write them, UTF-8 and PostgreSQL cannot hold them.
_UNSTORABLE_ESCAPE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
# What every strict mode takes ("Structured model outputs: supported schemas").
_STRICT_KEYWORDS = frozenset({"type", "enum", "const", "description", "anyOf", "items"})
# What some servers hold an answer to and others refuse; a list that grows without end is cut off,
# and a small model makes such lists.
_BOUND_KEYWORDS = frozenset(
    {
        *("minLength", "maxLength", "minItems", "maxItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)


class OutputStep(StrEnum):
    """How the shape of the answer is asked for, the strongest way first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TEXT = "text"

    @property
    def next_weaker(self) -> "OutputStep | None":
        """The step below, if there is one."""
        steps = list(OutputStep)
        position = steps.index(self) + 1
        return steps[position] if position < len(steps) else None


class AnswerFormatError(Exception):
    """The text of an answer does not hold the asked-for shape; the message names the places."""


# To write one takes longer than all else that is done for a call; `extract` has types without end.
@lru_cache(maxsize=64)
def strict_schema(answer_type: type[BaseModel], *, with_bounds: bool = True) -> dict[str, Any]:
    """The JSON Schema of a (not recursive) type, in the form that strict mode asks for.

    All properties are required, no others are allowed, and references are written out. What fields
    say of themselves is in it; docstrings of types are for readers of the code, and are not.

    Args:
        answer_type: The type.
        with_bounds: Whether the bounds of texts, lists and numbers are in it.

    Returns:
        The schema, the same object for each call of a type: nobody may change it.
    """
    schema = answer_type.model_json_schema()
    keywords = _STRICT_KEYWORDS | _BOUND_KEYWORDS if with_bounds else _STRICT_KEYWORDS
    return _make_strict(drop_docstring(schema), schema.get("$defs", {}), keywords)


def has_bounds(answer_type: type[BaseModel]) -> bool:
    """Whether the schema of a type bounds any texts, lists or numbers."""
    return strict_schema(answer_type) != strict_schema(answer_type, with_bounds=False)


def drop_docstring(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a type without the docstring of the type."""
    return {key: value for key, value in schema.items() if key != "description"}


def describe_shape(step: OutputStep, answer_type: type[BaseModel]) -> str:
    """What the prompt has to say about the shape: nothing where the server enforces it."""
    if step is OutputStep.JSON_SCHEMA:
        return ""
    schema = json.dumps(strict_schema(answer_type), ensure_ascii=False)
    return (
        "Answer with one JSON object and nothing else: no prose around it, no code fence. "
        f"It has to fit this JSON Schema:\n{schema}"
    )


def parse_answer(
    text: str, answer_type: type[AnswerT], known_pages: Collection[int] | None
) -> AnswerT:
    """Read the answer out of a model's text.

    Takes what models add: prose, code fences, an envelope around the object, commas before a
    closing bracket; thoughts are off already (`read_reply`). Of several objects that fit, one after
    the other, the last is the answer, as those before it are drafts. Page numbers that no source
    has are dropped, unless no pages are given to know.

    Raises:
        AnswerFormatError: No object in the text fits the shape.
    """
    problem = "there is no JSON object in it"
    repaired = _STRING_OR_TRAILING_COMMA.sub(lambda match: match.group(1) or "", text)
    for version in dict.fromkeys((text, repaired)):
        answer: AnswerT | None = None
        answer_end = 0
        for start, end, candidate in _find_objects(version):
            if start < answer_end:
                continue  # a part of what fits
            try:
                if known_pages is not None:
                    candidate = _keep_known_pages(candidate, known_pages)
                answer, answer_end = answer_type.model_validate(candidate), end
            except RecursionError:
                problem = "it is nested too deeply"
            except ValidationError as error:
                if problem.startswith("there is no"):
                    problem = _name_problems(error)
        if answer is not None:
            return answer
    raise AnswerFormatError(problem)


def _find_objects(text: str) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """All JSON objects of a text with where they begin and end, the outer ones first."""
    decoder = json.JSONDecoder(parse_float=_read_finite, parse_constant=_refuse_constant)
    starts = [match.start() for match in re.finditer(r"\{", text)]
    for start in starts[:_MAX_OBJECT_STARTS]:
        try:
            value, end = decoder.raw_decode(text, start)
            yield start, end, _make_storable(value) if _UNSTORABLE_ESCAPE.search(text) else value
        except (ValueError, RecursionError):
            # Not only what is no JSON: a number of thousands of digits is a ValueError too.
            continue


def _read_finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise ValueError("a number that is too large")
    return number


def _refuse_constant(written: str) -> float:
    raise ValueError(f"{written} is not JSON (RFC 8259, section 6)")


def _make_storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_make_storable(item) for item in value]
    if isinstance(value, dict):
        return {_make_storable(key): _make_storable(item) for key, item in value.items()}
    return value


def _keep_known_pages(value: Any, known_pages: Collection[int]) -> Any:
    if isinstance(value, list):
        return [_keep_known_pages(item, known_pages) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _filter_pages(item, known_pages)
        if key == "pages" and (isinstance(item, list) or _PAGES.fullmatch(str(item)))
        else _keep_known_pages(item, known_pages)
        for key, item in value.items()
    }


def _filter_pages(pages: Any, known_pages: Collection[int]) -> list[int]:
    """The pages that there are, of numbers as models write them: `3`, `"3"`, `"3-4"`."""
    found: set[int] = set()
    for page in pages if isinstance(pages, list) else [pages]:
        written = _PAGES.fullmatch(str(page))
        if written:
            first, last = int(written[1]), int(written[2] or written[1])
            found.update(number for number in known_pages if first <= number <= last)
    return sorted(found)


def _name_problems(error: ValidationError) -> str:
    """The places and kinds of the problems, without anything that a model has made up.

    Values may be document text, and so may the names of fields that were not asked for.
    """
    return "; ".join(
        f"{_name_place(problem) or 'the object'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)[:5]
    )


def _name_place(problem: ErrorDetails) -> str:
    is_made_up = problem["type"] == "extra_forbidden"
    return ".".join(str(part) for part in (problem["loc"][:-1] if is_made_up else problem["loc"]))


def _make_strict(
    node: dict[str, Any], definitions: dict[str, Any], keywords: frozenset[str]
) -> dict[str, Any]:
    if "$ref" in node:
        target = drop_docstring(definitions[node["$ref"].removeprefix("#/$defs/")])
        described = {"description": node["description"]} if "description" in node else {}
        return {**_make_strict(target, definitions, keywords), **described}
    strict = {key: value for key, value in node.items() if key in keywords}
    if "items" in strict:
        strict["items"] = _make_strict(strict["items"], definitions, keywords)
    if "anyOf" in strict:
        strict["anyOf"] = [_make_strict(part, definitions, keywords) for part in strict["anyOf"]]
    if "properties" in node:
        strict["properties"] = {
            name: _make_strict(part, definitions, keywords)
            for name, part in node["properties"].items()
        }
        strict["required"] = list(node["properties"])
        strict["additionalProperties"] = False
    return strict
