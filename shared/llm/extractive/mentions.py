"""The names and dates of a text without a language model: only what surely stands there."""

from collections.abc import Sequence
from typing import Any

from shared.llm.extractive.date_finding import find_dates
from shared.llm.extractive.name_finding import find_names
from shared.llm.extractive.sentences import split_sentences
from shared.llm.model import Source

MAX_ENTITIES = 15
MAX_DATES = 15
_MOST_EVENT_CHARS = 200


def pick_entities(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The names of the sources with their pages, those on most pages first."""
    kinds: dict[str, str] = {}
    pages: dict[str, set[int]] = {}
    sentences = [[one.text for one in split_sentences(source.text)] for source in sources]
    for found in find_names([text for texts in sentences for text in texts]):
        kinds[found.name] = found.kind
        pages[found.name] = {
            source.first_page
            for source, texts in zip(sources, sentences, strict=True)
            if any(found.name in text for text in texts)
        }
    # Names are in text order, and sorting keeps it where the counts are equal.
    ranked = sorted(kinds, key=lambda name: -len(pages[name]))[:MAX_ENTITIES]
    return [{"name": name, "kind": kinds[name], "pages": sorted(pages[name])} for name in ranked]


def pick_dates(sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The dates of the sources, each with the sentence that it first stands in."""
    picked: dict[str, dict[str, Any]] = {}
    for source in sources:
        for sentence in split_sentences(source.text):
            for date in find_dates(sentence.text):
                entry = picked.setdefault(
                    date.text,
                    {
                        "text": date.text,
                        "iso": date.iso,
                        "event": _shorten(sentence.text),
                        "pages": [],
                    },
                )
                if source.first_page not in entry["pages"]:
                    entry["pages"].append(source.first_page)
    ranked = sorted(picked.values(), key=lambda entry: -len(entry["pages"]))
    return ranked[:MAX_DATES]


def _shorten(sentence: str) -> str:
    if len(sentence) <= _MOST_EVENT_CHARS:
        return sentence
    cut = sentence.rfind(" ", 0, _MOST_EVENT_CHARS)
    return sentence[: cut if cut > 0 else _MOST_EVENT_CHARS] + "…"
