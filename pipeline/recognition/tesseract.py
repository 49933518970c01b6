"""Tesseract, by the library tesserocr. Runs in the child.

The library reads PNG, JPEG, TIFF and WebP by itself (Leptonica). It is loaded where it is needed:
there is no wheel of it for every platform.
"""

import sys
from pathlib import Path
from typing import Any

from pipeline.recognition.page_words import PageWords, RecognisedWord

_PAGE_LEVEL, _WORD_LEVEL, _TEXT_COLUMN = "1", "5", 11


class UnreadablePictureError(Exception):
    """The picture cannot be read; the message is the reason. Never leaves this package."""


class Tesseract:
    """Tesseract with the data of some languages, which it keeps between two pictures.

    Args:
        data_folder: Where `<language>.traineddata` of each language lies.
        languages: Their names, such as `eng`.

    Raises:
        RuntimeError: The data is missing or damaged.
    """

    def __init__(self, data_folder: Path, languages: tuple[str, ...]) -> None:
        # Where there is Pillow, the library would have it decode what Leptonica does not.
        sys.modules["PIL"] = None  # type: ignore[assignment]  # so that its import fails
        import tesserocr  # type: ignore[import-untyped]  # it ships no type information

        self._engine: Any = tesserocr.PyTessBaseAPI(
            path=str(data_folder), lang="+".join(languages), psm=tesserocr.PSM.AUTO
        )

    def read(self, path: Path) -> PageWords:
        """The words of a picture.

        Raises:
            UnreadablePictureError: The library cannot read it.
            MemoryError: The memory limit was reached.
        """
        try:
            self._engine.SetImageFile(str(path))
            is_read = self._engine.Recognize()
        except (RuntimeError, NameError) as error:
            # The latter is how the library misses Pillow.
            raise UnreadablePictureError("it is no picture that can be read") from error
        if not is_read:
            raise UnreadablePictureError("the engine gave it up")
        page = parse_table(self._engine.GetTSVText(0))
        self._engine.Clear()
        return page


def parse_table(table: str) -> PageWords:
    """The words in Tesseract's table of what is on a page.

    Its columns are level, page, block, paragraph, line, word, left, top, width, height, confidence
    and text (Tesseract's manual, "TSV").
    """
    page_size, words = (0, 0), []
    line = paragraph = None
    for row in table.splitlines():
        level, *places = row.split("\t", _TEXT_COLUMN)
        if level == _PAGE_LEVEL:
            page_size = int(places[7]), int(places[8])
        if level != _WORD_LEVEL or len(places) < _TEXT_COLUMN:
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
