"""Tesseract, by the library tesserocr. Runs in the child.

It is loaded where it is needed: there is no wheel of it for every platform.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.recognition.leptonica import (
    GreyPicture,
    Leptonica,
    UnreadablePictureError,
    is_sent_as_it_is,
)
from pipeline.recognition.page_words import PageWords, RecognisedWord, measure_confidence

# Of a picture that does not say how fine it is, or that says nonsense. To say too little costs
# nothing; said too much, the engine takes lines of text for dots.
_LEAST_DOTS_PER_INCH = 70
_MOST_DOTS_PER_INCH = 300
_USUAL_DOTS_PER_INCH = 200
_BYTES_PER_PIXEL = 1

# Pages that stand on their head are 26% to 57% sure, those that stand right 95% at the median, also
# noisy ones (`make bench-ocr`).
_LEAST_UPRIGHT_CONFIDENCE = 75

_PAGE_LEVEL, _WORD_LEVEL, _TEXT_COLUMN = "1", "5", 11


class Tesseract:
    """Tesseract with the data of some languages, which it keeps between two pictures.

    Args:
        data_folder: Where `<language>.traineddata` of each language lies.
        languages: Their names, such as `eng`.

    Raises:
        RuntimeError: The data is missing or damaged.
        OSError: The wheel has no Leptonica beside it.
    """

    def __init__(self, data_folder: Path, languages: tuple[str, ...]) -> None:
        import tesserocr

        self._engine: Any = tesserocr.PyTessBaseAPI(
            path=str(data_folder), lang="+".join(languages), psm=tesserocr.PSM.AUTO
        )
        package = Path(tesserocr.__file__).parent
        self._pictures = Leptonica(package.with_name(f"{package.name}.libs"))

    def pack(self, path: Path) -> bytes:
        """A picture as it may be sent to other engines; nothing where it may be as it is.

        Raises:
            UnreadablePictureError: The library cannot read it.
        """
        return b"" if is_sent_as_it_is(path) else self._pictures.pack(path)

    def read(self, path: Path) -> PageWords:
        """The words of a picture.

        One that is less sure than any that stands right is looked at the other way up, too. Lines
        that run down or up the engine turns by itself, but those that run up it then holds for
        ones that stand on their head: turning by half is all that is missing.

        Raises:
            UnreadablePictureError: The library cannot read it.
            MemoryError: The memory limit was reached.
        """
        picture = self._pictures.read(path)
        page = self._recognise(picture)
        confidence = measure_confidence(page.words)
        if confidence >= _LEAST_UPRIGHT_CONFIDENCE:
            return page
        turned = self._recognise(turn_around(picture))
        return turn_back(turned) if measure_confidence(turned.words) > confidence else page

    def _recognise(self, picture: GreyPicture) -> PageWords:
        self._engine.SetImageBytes(
            picture.rows, picture.width, picture.height, _BYTES_PER_PIXEL, picture.bytes_per_row
        )
        is_told = _LEAST_DOTS_PER_INCH <= picture.dots_per_inch <= _MOST_DOTS_PER_INCH
        self._engine.SetSourceResolution(picture.dots_per_inch if is_told else _USUAL_DOTS_PER_INCH)
        if not self._engine.Recognize():
            raise UnreadablePictureError("the engine gave it up")
        page = parse_table(self._engine.GetTSVText(0))
        self._engine.Clear()
        return page.model_copy(update={"turned_degrees": picture.turned_degrees})


def turn_around(picture: GreyPicture) -> GreyPicture:
    """A picture turned by half."""
    rows, width, step = picture.rows, picture.width, picture.bytes_per_row
    starts = range((picture.height - 1) * step, -1, -step)
    return replace(
        picture,
        rows=b"".join(rows[start : start + width][::-1] for start in starts),
        bytes_per_row=width,
    )


def turn_back(page: PageWords) -> PageWords:
    """The words of a picture that was turned by half, with their boxes on the one that was not."""
    width, height = page.width, page.height
    words = []
    for word in page.words:
        left, top, right, bottom = word.box
        box = (width - right, height - bottom, width - left, height - top)
        words.append(word.model_copy(update={"box": box}))
    return page.model_copy(update={"words": tuple(words)})


def parse_table(table: str) -> PageWords:
    """The words in Tesseract's table of what is on a page.

    Its columns are level, page, block, paragraph, line, word, left, top, width, height, confidence
    and text (Tesseract's manual, "TSV").
    """
    page_size, words = (0, 0), []
    line = paragraph = None
    # Words hold what other rules take for the ends of lines.
    for row in table.split("\n"):
        level, *places = row.split("\t", _TEXT_COLUMN)
        if len(places) < _TEXT_COLUMN:
            continue
        if level == _PAGE_LEVEL:
            page_size = int(places[7]), int(places[8])
        if level != _WORD_LEVEL:
            continue
        left, top, width, height = map(int, places[5:9])
        text = places[10].strip()
        if not text:
            continue
        words.append(
            RecognisedWord(
                text=text,
                box=(left, top, left + width, top + height),
                confidence=max(0, min(100, round(float(places[9])))),
                begins_line=places[1:4] != line,
                begins_paragraph=places[1:3] != paragraph,
            )
        )
        line, paragraph = places[1:4], places[1:3]
    return PageWords(width=page_size[0], height=page_size[1], words=tuple(words))
