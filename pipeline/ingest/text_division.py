"""Dividing a text that is too long for a model's context. Pure functions."""

import re
from collections.abc import Iterator

from shared.llm.model_window import pack
from shared.llm.token_estimate import MAX_TOKENS_PER_CHARACTER, weigh_text

# Where a long text may be divided, best first. A sentence ends with a full stop of any script and
# what closes after it.
DIVISIONS = (
    re.compile(r"\n\n+"),
    re.compile(r"[.!?\u2026][\"')\]\u2019\u201d]*\s+|[\u3002\uff01\uff1f\u061f\u06d4\u0964]"),
    re.compile(r"\s+"),
)


def divide_text(text: str, max_tokens: int) -> list[str]:
    """The text in as few parts as fit, divided at the best places there are."""
    pieces = _cut(text, max_tokens, DIVISIONS)
    return ["".join(part) for part in pack(pieces, weigh_text, max_tokens)]


def _cut(text: str, max_tokens: int, divisions: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    """Pieces that fit, in order; joined, they are the text."""
    if weigh_text(text) <= max_tokens:
        yield text
        return
    if not divisions:
        characters = int(max_tokens / MAX_TOKENS_PER_CHARACTER)
        for start in range(0, len(text), characters):
            yield text[start : start + characters]
        return
    start = 0
    for end in (*(match.end() for match in divisions[0].finditer(text)), len(text)):
        if start < end:
            yield from _cut(text[start:end], max_tokens, divisions[1:])
        start = end
