"""Find the title of a text where it has one."""

import re
from collections.abc import Sequence
from itertools import takewhile

from shared.llm.extractive.language_detection import FUNCTION_WORDS
from shared.llm.extractive.sentences import INVISIBLE, is_small_letter, split_sentences
from shared.llm.model import Source

MAX_TITLE_CHARS = 150
_LINES_TO_LOOK_AT = 15
_MIN_LETTERS = 3
_LETTER_SHARE = 0.6
_LONG_LINE = 0.7
_ENDS = ".!?:\u3002\uff01\uff1f"
_BULLET = re.compile(r"[^\w\s\"'(\[\u00ab\u201c\u201e\u300c\u300e\u3010\u00bf\u00a1]")
# The headers that a mail is read with, each in a line, and its subject among them.
_MAIL_HEADER = re.compile(r"(?:From|To|Cc|Date|Subject): ")
_SUBJECT = "Subject: "
# What makes a line a heading in Markdown, before and behind its words (CommonMark, "ATX headings").
_HEADING_MARKS = re.compile(r"^#{1,6}\s+(?=\S)|(?<=\S)\s+#+$")
_BETWEEN_CELLS = " | "
_CONTENTS = frozenset(
    {
        "contents",
        "table of contents",
        "index",
        "inhalt",
        "inhaltsverzeichnis",
        "sommaire",
        "table des matières",
        "contenido",
        "índice",
        "indice",
        "inhoud",
    }
)


def find_title(sources: Sequence[Source]) -> str:
    """The first heading-like line of the first text, or its first sentence where there is none.

    The title of a mail is its subject, that of a table without a heading its first row. A title
    that goes on in the next line is put together when its first line cannot be all of it. Of
    several sources that begin on one page, the first with more than one line is looked at.
    """
    with_text = [source for source in sources if split_sentences(source.text)]
    first = min(with_text, key=lambda source: (source.first_page, "\n" not in source.text.strip()))
    lines = [" ".join(line.split()) for line in INVISIBLE.sub("", first.text).splitlines()]
    lines = [_HEADING_MARKS.sub("", line) for line in lines if line]
    subject = _find_subject(lines)
    if subject:
        return _shorten(subject)
    long_line = _LONG_LINE * sorted(len(line) for line in lines)[int(len(lines) * 0.8)]
    previous = ""
    for line, following in zip(lines[:_LINES_TO_LOOK_AT], [*lines[1:], ""], strict=False):
        runs_on = len(line) >= long_line and is_small_letter(following[:1])
        is_run_on = (
            len(previous) >= long_line and previous[-1] not in _ENDS and not _is_address(previous)
        )
        if _is_heading(line) and not runs_on and not is_run_on:
            return _join_title(line, following)
        previous = line
    if _BETWEEN_CELLS in lines[0] and _count_letters(lines[0]) >= _MIN_LETTERS:
        return _shorten(lines[0])
    sentences = [sentence.text for sentence in split_sentences("\n".join(lines))]
    return _shorten(
        next((text for text in sentences if _count_letters(text) >= _MIN_LETTERS), sentences[0])
    )


def _find_subject(lines: Sequence[str]) -> str:
    """The subject of a mail, whose headers stand above its text; empty where there is none."""
    headers = list(takewhile(_MAIL_HEADER.match, lines))
    if not headers or not headers[0].startswith("From: "):
        return ""
    return next((h.removeprefix(_SUBJECT) for h in headers if h.startswith(_SUBJECT)), "")


def _is_heading(line: str) -> bool:
    if len(line) > MAX_TITLE_CHARS or line[-1] in ".;,!" or line.casefold() in _CONTENTS:
        return False
    if is_small_letter(line[0]) or _BULLET.match(line) or _is_address(line):
        return False
    if len(split_sentences(line)) > 1:
        return False
    visible = sum(1 for character in line if not character.isspace())
    letters = _count_letters(line)
    return letters >= _MIN_LETTERS and letters / visible > _LETTER_SHARE


def _is_address(line: str) -> bool:
    return "://" in line or "@" in line


def _count_letters(text: str) -> int:
    return sum(1 for character in text if character.isalpha())


def _join_title(line: str, following: str) -> str:
    goes_on = line.split()[-1].casefold() in FUNCTION_WORDS or line[-1] in ":-&"
    joined = f"{line} {following}"
    return joined if goes_on and following and len(joined) <= MAX_TITLE_CHARS else line


def _shorten(text: str) -> str:
    if len(text) <= MAX_TITLE_CHARS:
        return text.rstrip(".") or text
    cut = text.rfind(" ", 0, MAX_TITLE_CHARS)
    return text[: cut if cut > 0 else MAX_TITLE_CHARS] + "\u2026"
