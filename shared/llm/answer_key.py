"""The key under which an answer is kept, so that the same text is never paid for twice."""

import hashlib
import json
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from shared.document_formats import PAGE
from shared.llm.model import AnswerT, ModelRequest, Source


def answer_key(model_name: str, prompt_version: str, request: ModelRequest[AnswerT]) -> str:
    """A SHA-256 (hexadecimal) over all that an answer depends on.

    The parts are written as one JSON array, so no two different requests read the same: what
    leaves the end of one text cannot turn up at the start of the next.
    """
    parts = [
        model_name,
        prompt_version,
        request.purpose,
        request.instructions,
        request.question,
        [_describe_source(source) for source in request.sources],
        describe_answer_type(request.answer_type),
        request.max_output_tokens,
    ]
    if request.pictures:
        parts.append([hashlib.sha256(picture.data).hexdigest() for picture in request.pictures])
    return hash_parts(parts)


def _describe_source(source: Source) -> list[int | str]:
    unit = [] if source.unit == PAGE else [source.unit]
    return [source.first_page, source.last_page, source.text, *unit]


# A key is made for each model of each request; `extract` has types without end.
@lru_cache(maxsize=64)
def describe_answer_type(answer_type: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of an answer; the same object at each call: nobody may change it."""
    return answer_type.model_json_schema()


def hash_parts(parts: list[Any]) -> str:
    """A SHA-256 (hexadecimal) over JSON values; no two different lists read the same."""
    # Escaped ASCII also holds the lone surrogates that some PDFs yield.
    canonical = json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
