"""Take a model's thoughts off its answer, in whichever spelling they come.

Servers mean to hand thoughts over apart (`reasoning_content`), and leave them in the text where
they do not know the model. A draft in them is not the answer.
"""

import json
import re
from collections.abc import Iterator

_NAMES = r"(?:\w{1,10}:)?(?:think\w{0,12}|thoughts?|reason(?:ing)?|reflection|antthinking)"
# In turn: DeepSeek, Qwen and those like them, with MiniMax's and Seed's prefixes; Magistral; Kimi;
# OpenThinker; Command A; MedGemma; Gemma 4.
_OPENING = (
    rf"<{_NAMES}\s*>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|START_THINKING\|>"
    r"|\|startthink\||<unused94>(?:thought)?|<\|channel>(?:thought)?"
)
_CLOSING = (
    rf"</{_NAMES}\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>"
    r"|\|endthink\||<unused95>|<channel\|>"
)
_TAG = re.compile(f"(?P<opening>{_OPENING})|(?P<closing>{_CLOSING})", re.IGNORECASE)

# The channels of gpt-oss ("OpenAI harmony response format"), with and without their marks.
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>")
_CHANNEL_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_UNMARKED_CHANNELS = re.compile(r"\s*analysis.*assistantfinal(?:json)?", re.DOTALL)
# What Command A puts around an answer.
_ANSWER_MARKS = re.compile(r"<\|(?:START|END)_RESPONSE\|>")
_MOST_OBJECT_STARTS = 50
_INLINE_CODE = re.compile(r"`[^`\n]+`")
_QUOTES = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb"


def strip_thoughts(text: str) -> str:
    """The text without what a model thinks before it answers.

    Taken off are blocks between an opening and a closing tag, all before a closing tag that was
    never opened, all after an opening one at the start of a line that is never closed, and all
    channels but the final one. What stands inside of a JSON object is a part of the answer, and
    so is a tag in quotation marks or in a line's code: a document may speak of tags.
    """
    text = _read_final_channel(text)
    if _TAG.search(text) is None:
        return text
    kept: list[str] = []
    position = 0
    opened_at: int | None = None
    for tag in _find_tags(text):
        if tag["opening"]:
            if opened_at is None:
                kept.append(text[position : tag.start()])
                opened_at = tag.start()
            continue
        if opened_at is None:
            kept.clear()
        position, opened_at = tag.end(), None
    if opened_at is None:
        kept.append(text[position:])
    elif text[:opened_at].rpartition("\n")[2].strip():
        # In the middle of a line it is a word about the tag.
        kept.append(text[opened_at:])
    return _ANSWER_MARKS.sub("", "".join(kept))


def _read_final_channel(text: str) -> str:
    channels = list(_CHANNEL.finditer(text))
    if channels:
        last = channels[-1]
        said = _CHANNEL_END.split(text[last.end() :], maxsplit=1)[0]
        return said if last[1] == "final" else ""
    unmarked = _UNMARKED_CHANNELS.match(text)
    return text[unmarked.end() :] if unmarked else text


def _find_tags(text: str) -> Iterator[re.Match[str]]:
    """The tags that are neither inside of a JSON object nor quoted."""
    spans = [*_find_object_spans(text), *(code.span() for code in _INLINE_CODE.finditer(text))]
    for tag in _TAG.finditer(text):
        is_inside = any(start < tag.start() < end for start, end in spans)
        if not is_inside and not _is_quoted(text, tag):
            yield tag


def _is_quoted(text: str, tag: re.Match[str]) -> bool:
    before, after = text[: tag.start()][-1:], text[tag.end() :][:1]
    return bool(before and after) and before in _QUOTES and after in _QUOTES


def _find_object_spans(text: str) -> Iterator[tuple[int, int]]:
    decoder = json.JSONDecoder()
    end = 0
    for start in [match.start() for match in re.finditer(r"\{", text)][:_MOST_OBJECT_STARTS]:
        if start < end:
            continue
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield start, end
