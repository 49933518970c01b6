"""Amazon Textract, asked as a model is asked: so its calls are metered, capped and kept as such.

Source: Amazon Textract API Reference, "DetectDocumentText" and "Block".
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from pydantic import BaseModel

from shared.aws.clients import TextDetection
from shared.aws.errors import translate_aws_errors
from shared.deadline import Deadline
from shared.errors import ModelRequestError, ModelUnavailableError
from shared.llm.model import AnswerT, ModelAnswer, ModelRequest, Picture, Usage
from shared.prices import ModelPrice

logger = logging.getLogger("seashore.textract")

TEXTRACT = "textract"
# Amazon Textract pricing, "Detect Document Text API", US East (N. Virginia), the first million
# pages of a month, 2026-11-28: $1.50 for 1,000 pages. A page is metered as a thousand tokens, and
# so this is the price of a million of them.
TEXTRACT_PRICE = ModelPrice(input=1.50, output=0)
TOKENS_OF_PAGE = 1_000
# Boxes are shares of the picture's size; they are kept in whole numbers.
SCALE = 10_000
# Beyond that the row that keeps an answer would be too large; the rest of the page is cut off.
MOST_WORDS = 5_000
_PATIENCE_SECONDS = 30.0
_NOT_TAKEN = frozenset(
    {
        *("BadDocumentException", "DocumentTooLargeException", "InvalidParameterException"),
        "UnsupportedDocumentException",
    }
)
_WORD, _LINE, _CHILD = "WORD", "LINE", "CHILD"


class DetectedWord(NamedTuple):
    """A word on a picture, its box (left, top, right, bottom) by `SCALE`, and how sure it is."""

    text: str
    box: tuple[int, int, int, int]
    confidence: int
    begins_line: bool


class DetectedText(BaseModel):
    """The words of a picture, and by what their boxes are scaled."""

    words: tuple[DetectedWord, ...]
    scale: int = SCALE


class TextractModel:
    """Detects the words of a picture.

    Args:
        find_client: Gives the client of Textract, which is built when the first page comes.
    """

    name = TEXTRACT

    def __init__(self, find_client: Callable[[], TextDetection]) -> None:
        self._find_client = find_client

    def answer(self, request: ModelRequest[AnswerT], deadline: Deadline) -> ModelAnswer[AnswerT]:
        """The words of the request's one picture, in the order of its lines.

        Raises:
            ModelRequestError: Textract does not take the picture.
            ModelUnavailableError: It has not answered, and may be paid for.
            ServiceError, AccessDeniedError: It fails, asks for patience, or may not be asked.
        """
        deadline.check()
        (picture,) = request.pictures
        with translate_aws_errors("detect the text of a picture"):
            answer = self._detect(picture)
        words = list_words(answer["Blocks"])
        logger.info("picture_read", extra={"action": "picture_read", "words": len(words)})
        value = request.answer_type.model_validate({"words": words[:MOST_WORDS]})
        return ModelAnswer(value, TEXTRACT, Usage(calls=1, input_tokens=TOKENS_OF_PAGE))

    def _detect(self, picture: Picture) -> Mapping[str, Any]:
        try:
            return self._find_client().detect_document_text(Document={"Bytes": picture.data})
        except ClientError as error:
            if error.response["Error"]["Code"] not in _NOT_TAKEN:
                raise
            raise ModelRequestError(f"Textract does not take the picture: {error}") from error
        except (ReadTimeoutError, ConnectionClosedError) as error:
            lost = ModelUnavailableError(
                f"Textract has not answered: {error}",
                delay_seconds=_PATIENCE_SECONDS,
                reason="textract_silent",
            )
            # It may have been served, and then it is on the bill.
            lost.unanswered, lost.input_tokens = 1, TOKENS_OF_PAGE
            raise lost from error


def list_words(blocks: Iterable[Mapping[str, Any]]) -> list[DetectedWord]:
    """The words of Textract's blocks, line by line."""
    by_id = {block["Id"]: block for block in blocks}
    words = []
    for line in by_id.values():
        if line["BlockType"] != _LINE:
            continue
        ids = [
            one
            for relation in line.get("Relationships", ())
            if relation["Type"] == _CHILD
            for one in relation["Ids"]
        ]
        inner = [by_id[one] for one in ids if one in by_id and by_id[one]["BlockType"] == _WORD]
        words += [_read_word(word, begins_line=not at) for at, word in enumerate(inner)]
    return words


def _read_word(block: Mapping[str, Any], *, begins_line: bool) -> DetectedWord:
    box = block["Geometry"]["BoundingBox"]
    left, top = box["Left"], box["Top"]
    edges = left, top, left + box["Width"], top + box["Height"]
    scaled = [max(0, min(SCALE, round(edge * SCALE))) for edge in edges]
    return DetectedWord(
        block["Text"],
        (scaled[0], scaled[1], scaled[2], scaled[3]),
        round(block["Confidence"]),
        begins_line,
    )
