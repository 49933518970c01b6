"""What recognising one picture gives: its words, where they stand, and how sure they are.

Pure functions. Sources of the bounds: `make bench-ocr`, over the pages it renders.
"""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from pipeline.recognition.table_rows import join_rows
from shared.ledger.document_texts import TextSource

TESSERACT = "tesseract"

# Words that are surer than this show that there are words at all: lines, dots and grain make
# letters too, but few such ones.
_SURE_CONFIDENCE = 60
_LETTERS_OF_WORDS = 3
# So many letters are a text, however unsure each of its words is.
_LETTERS_OF_TEXT = 100
# Less sure than this is not read: it is a stain, a line or a part of a picture.
_LEAST_WORD_CONFIDENCE = 20


class PageNotRecognisedError(Exception):
    """The text of a page cannot be recognised, and why. Never leaves this package."""


class RecognisedWord(BaseModel):
    """A word on a picture.

    Args:
        text: What it says.
        box: Left, top, right and bottom, in pixels of the picture.
        confidence: How sure the engine is, in percent.
        begins_line: Whether it is the first of its line.
        begins_paragraph: Whether it is the first of its paragraph.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    box: tuple[int, int, int, int]
    confidence: int = Field(ge=0, le=100)
    begins_line: bool = False
    begins_paragraph: bool = False

    def continue_line(self) -> Self:
        """The same as one that stands in the middle of a line."""
        return self.model_copy(update={"begins_line": False, "begins_paragraph": False})


class PageWords(BaseModel):
    """The words of one picture, in reading order, its size in pixels, and how it was turned."""

    model_config = ConfigDict(frozen=True)

    width: int
    height: int
    words: tuple[RecognisedWord, ...]
    turned_degrees: float = 0.0


class RecognisedPage(BaseModel):
    """A page as it is kept: its text, and each word with its box.

    Args:
        engine: Which engine has read it.
        source: What kind of an engine that is.
        text: Its text; empty if the picture holds no words.
        confidence: How sure the engine is of it, in percent; 100 for a page without words, None
            where it does not say.
        width: Of the picture, in pixels.
        height: The same.
        turned_degrees: By how much the picture was turned, clockwise, before its words were found:
            their boxes are those of the turned one.
        words: The words in reading order; an engine that gives no boxes gives none.
    """

    model_config = ConfigDict(frozen=True)

    engine: str
    source: TextSource = TextSource.OCR
    text: str
    confidence: int | None
    width: int = 0
    height: int = 0
    turned_degrees: float = 0.0
    words: tuple[RecognisedWord, ...] = ()


def name_tesseract(languages: Sequence[str]) -> str:
    """What tells Tesseract's readings from others: pages are read anew with other languages."""
    return "-".join([TESSERACT, *languages])


def read_page(engine: str, page: PageWords) -> RecognisedPage:
    """The text of a picture's words, as far as they are words; tables and forms row by row."""
    words = join_rows([word for word in page.words if _is_word(word)])
    if not _hold_words(words):
        words = ()
    return RecognisedPage(
        engine=engine,
        text=join_words(words),
        confidence=measure_confidence(words),
        width=page.width,
        height=page.height,
        turned_degrees=page.turned_degrees,
        words=words,
    )


def join_words(words: Sequence[RecognisedWord]) -> str:
    """Words as text: lines in lines, paragraphs apart."""
    parts: list[str] = []
    for word in words:
        if parts:
            between = " "
            if word.begins_paragraph:
                between = "\n\n"
            elif word.begins_line:
                between = "\n"
            parts.append(between)
        parts.append(word.text)
    return "".join(parts)


def measure_confidence(words: Sequence[RecognisedWord]) -> int:
    """How sure words are on average, each by its length; 100 where there is none."""
    letters = sum(len(word.text) for word in words)
    if not letters:
        return 100
    return round(sum(word.confidence * len(word.text) for word in words) / letters)


def _is_word(word: RecognisedWord) -> bool:
    return bool(word.text.strip()) and word.confidence >= _LEAST_WORD_CONFIDENCE


def _hold_words(words: Sequence[RecognisedWord]) -> bool:
    """Whether a picture holds words, and not just strokes that look like letters."""
    is_sure = any(
        word.confidence >= _SURE_CONFIDENCE and _count_letters(word) >= _LETTERS_OF_WORDS
        for word in words
    )
    return is_sure or sum(map(_count_letters, words)) >= _LETTERS_OF_TEXT


def _count_letters(word: RecognisedWord) -> int:
    return sum(map(str.isalnum, word.text))
