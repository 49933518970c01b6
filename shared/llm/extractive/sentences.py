"""Split the text of PDF pages into sentences, in any language.

Text of a PDF is a list of printed lines: a sentence runs over several of them, while headings,
list items and table rows stand on lines of their own and end without a full stop. So the text is
first put together into blocks (runs of lines that belong together), then the blocks are cut at the
sentence ends of Unicode Standard Annex #29, with the marks of the scripts that need no space.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

MAX_SENTENCE_CHARS = 600
"""A longer run is cut: text without sentence ends must not become one endless sentence."""

# A closing mark belongs to the sentence that it closes: quotes and brackets of all scripts.
_CLOSERS = "\"'\u201d\u2019\u00bb\u203a)]}\uff09\uff3d\u300d\u300f\u3011\u300b\u3009"
# These end a sentence only before white space, and not before a small letter.
_SPACED_ENDS = ".!?\u2026\u203c\u2047\u2048\u2049"
# Han and kana (also halfwidth and fullwidth), Devanagari, Arabic and Urdu, Armenian, Ethiopic,
# Tibetan, Khmer, Burmese.
_OPEN_ENDS = (
    "\u3002\uff61\uff01\uff1f\uff0e\u0964\u0965\u061f\u06d4\u0589\u1362\u1367\u0f0d\u17d4\u104b"
)
_SENTENCE_END = re.compile(
    f"(?:[{re.escape(_SPACED_ENDS)}]+[{re.escape(_CLOSERS)}]*(?=\\s|$))"
    f"|(?:[{re.escape(_OPEN_ENDS)}]+[{re.escape(_CLOSERS)}]*)"
)
_OPENERS = "([\"'\u201c\u2018\u201e\u00ab"
# Short forms that are followed by a capital letter in running text (titles, references, Latin).
_ABBREVIATIONS = frozenset(
    word
    for language in (
        "al ca cap cf chap co corp dec dept dr ed eds eq etc feb fig figs inc jan jr ltd mr mrs ms",
        "mt no nos nov oct op p pg pp prof ref sec sect sep sept sr st vol vs",
        "abb abs art aufl aug bd bzw dez hr hrsg nr okt tab vgl zb",
        "av janv juil mme mlle núm pag pág sra sig ss",
    )
    for word in language.split()
)
_LIST_ITEM = re.compile(
    "[\u2022\u25e6\u25aa\u25b8\u2023\u25cf\u25cb\u25a0\u25a1\u2013\u2014*]"
    r"|(?:-\s|\(?\d{1,3}[.)]\s|\(?[a-zA-Z][.)]\s|\[\d{1,3}\]\s|\d+(?:\.\d+)+\s)"
)
# A line this much shorter than the wide ones of its page ends a paragraph.
_SHORT_LINE = 0.7


# PDFium writes U+0002 or U+FFFE where a word was hyphenated at the end of a line. A lone half of a
# surrogate pair is no character, and no JSON either.
INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\u00ad\u200b\ufeff\ufffe\uffff\ud800-\udfff]")
"""Characters that are no part of a sentence as it is read."""


@dataclass(frozen=True)
class Sentence:
    """A run of the text, verbatim but for white space and invisible characters.

    Attributes:
        text: The sentence on one line.
        opens_block: Whether a paragraph, heading or list item begins with it.
        complete: Whether it ends in a sentence mark, rather than where its block ends.
    """

    text: str
    opens_block: bool
    complete: bool


def split_sentences(text: str) -> list[Sentence]:
    """Split the text of one page or of one statement into sentences, in text order."""
    visible = INVISIBLE.sub("", text)
    return [sentence for block in _join_blocks(visible) for sentence in _cut_block(block)]


# Scripts that are written without spaces between words: a line break there is no space either. Not
# at import: a hundredth of the start of functions that mostly read no sentences.
@cache
def _compile_spaceless() -> re.Pattern[str]:
    return re.compile(
        "[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
        "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u303f\uff01-\uff60\U00020000-\U0003134f]"
    )


def is_spaceless(character: str) -> bool:
    """Whether the character is of a script that puts no spaces between words."""
    return _compile_spaceless().match(character) is not None


def count_spaceless(text: str) -> int:
    """How many characters of the text are of such a script."""
    return len(_compile_spaceless().findall(text))


def is_small_letter(character: str) -> bool:
    """Whether it is of a script with capitals, and not one: no sentence begins with it.

    Georgian letters are small ones to Unicode, but running text has no others.
    """
    return character.islower() and not "\u10d0" <= character <= "\u10ff"


def _join_blocks(text: str) -> Iterator[str]:
    """Put the lines together that belong to one paragraph."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    lengths = sorted(len(line) for line in lines if line)
    wide = lengths[int(len(lengths) * 0.8)] if lengths else 0
    block = ""
    previous_length = 0
    for line in lines:
        if not line:
            if block:
                yield block
            block = ""
            continue
        if block and _starts_block(line, block, previous_length, wide):
            yield block
            block = line
        else:
            block = _join_line(block, line)
        previous_length = len(line)
    if block:
        yield block


def _starts_block(line: str, block: str, previous_length: int, wide: int) -> bool:
    if _LIST_ITEM.match(line):
        return True
    continues = is_small_letter(line[0]) or block[-1] in "-,;\u3001\uff0c"
    return previous_length < wide * _SHORT_LINE and not continues


def _join_line(block: str, line: str) -> str:
    if not block:
        return line
    hyphenated = block[-1] in "-\u2010" and block[-2:-1].isalpha() and is_small_letter(line[0])
    spaceless = is_spaceless(block[-1]) and is_spaceless(line[0])
    return block + line if hyphenated or spaceless else f"{block} {line}"


def _cut_block(block: str) -> Iterator[Sentence]:
    opens_block = True
    start = 0
    for match in _SENTENCE_END.finditer(block):
        if not _is_sentence_end(block, start, match):
            continue
        yield from _cut_to_length(block[start : match.end()].strip(), opens_block, True)
        opens_block = False
        start = match.end()
    rest = block[start:].strip()
    if rest:
        yield from _cut_to_length(rest, opens_block, False)


def _is_sentence_end(block: str, start: int, match: re.Match[str]) -> bool:
    if match.group()[0] in _OPEN_ENDS:
        return True
    # White space has been reduced to single spaces.
    following = block[match.end() + 1 : match.end() + 2]
    if is_small_letter(following):
        return False
    if match.group()[0] != "." or not following:
        return True
    word = block[max(start, block.rfind(" ", start, match.start()) + 1) : match.start()]
    word = word.lstrip(_OPENERS)
    # Initials ("J. Smith"), ordinals and list numbers ("3. Mai"), and short forms end nothing.
    is_initial = len(word) == 1 and word.isalpha() and not is_spaceless(word)
    is_ordinal = word.isdecimal() and len(word) <= 2
    return not (is_initial or is_ordinal or word.casefold() in _ABBREVIATIONS)


def _cut_to_length(text: str, opens_block: bool, complete: bool) -> Iterator[Sentence]:
    start = 0
    while len(text) - start > MAX_SENTENCE_CHARS:
        end = text.rfind(" ", start + MAX_SENTENCE_CHARS // 2, start + MAX_SENTENCE_CHARS)
        if end < 0:
            end = start + MAX_SENTENCE_CHARS
            # A letter keeps its accents, unless there is no end of them.
            while end > start + MAX_SENTENCE_CHARS // 2 and unicodedata.combining(text[end]):
                end -= 1
            end = end if end > start + MAX_SENTENCE_CHARS // 2 else start + MAX_SENTENCE_CHARS
        yield Sentence(text[start:end].strip(), opens_block, False)
        opens_block = False
        start = end
    piece = text[start:].strip()
    if piece:
        yield Sentence(piece, opens_block, complete and start == 0)
