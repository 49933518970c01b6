"""Engines that cost money: a language model that sees, and Amazon Textract. In the worker.

They are metered, capped and billed to their document like any call of a model, and a page that was
answered for is kept with its bill: it is never paid for twice. No picture is decoded here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, Field

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import KeptAnswer, MeteredCalls
from pipeline.metering.payers import pay_by_document
from pipeline.prompts import TRANSCRIBE
from pipeline.recognition.page_words import (
    PageNotRecognisedError,
    PageWords,
    RecognisedPage,
    RecognisedWord,
    read_page,
)
from shared.deadline import Deadline
from shared.errors import DocumentCapError, ModelRefusalError, ModelRequestError
from shared.ledger.document_texts import TextSource
from shared.llm.model import AnswerT, ModelRequest, Picture
from shared.llm.model_choice import EXTRACTIVE
from shared.llm.text_detection import TEXTRACT, TOKENS_OF_PAGE, DetectedText

MODEL = "model"
TRANSCRIBE_PURPOSE = "transcribe"
NO_MODEL = "no language model is configured, which the engine `model` asks"

_PNG_START, _JPEG_START, _PNG, _JPEG = b"\x89PNG", b"\xff\xd8\xff", "image/png", "image/jpeg"
# A dense page of A4 in small print; twice as much is asked for where that is cut off.
_MOST_PAGE_TOKENS = 4_000
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.-]+")
_LONGEST_NAME = 80


class Transcript(BaseModel):
    """What a model reads on a picture."""

    text: str = Field(description="All words on the page; empty if there are none.")


@dataclass(frozen=True)
class PaidEngines:
    """Builds the engines for the pages of one document after another.

    Args:
        names: The engines, in the order in which they are asked.
        model: The metered language model.
        textract: Amazon Textract, metered in the same way.
    """

    names: tuple[str, ...]
    model: AnswerServices
    textract: AnswerServices

    def open(self, document_id: str) -> tuple["ModelEngine | TextractEngine", ...]:
        """The engines, for pages of a document, which pays."""
        engines: dict[str, ModelEngine | TextractEngine] = {
            MODEL: ModelEngine(self.model, document_id),
            TEXTRACT: TextractEngine(self.textract, document_id),
        }
        return tuple(engines[name] for name in self.names)


class ModelEngine:
    """Has a language model read pictures. It does not say how sure it is.

    Args:
        services: The metered model.
        document_id: The document that pays.
    """

    def __init__(self, services: AnswerServices, document_id: str) -> None:
        self._services = services
        self._document_id = document_id

    @property
    def name(self) -> str:
        """Pages are read anew by another model."""
        return f"{MODEL}-{_NOT_IN_NAMES.sub('_', self._services.model.name)}"[:_LONGEST_NAME]

    def recognise(self, picture: Callable[[], bytes], deadline: Deadline) -> RecognisedPage:
        """The text of a picture.

        Raises:
            PageNotRecognisedError: The model takes no pictures or not this one, there is none, or
                the document's spending limit is reached.
            OverBudgetError: The day's limit is reached.
            RetryableError, DeferredError: As `MeteredCalls.ask` does.
        """
        if self._services.model.name == EXTRACTIVE:
            raise PageNotRecognisedError(NO_MODEL)
        request = ModelRequest(
            TRANSCRIBE_PURPOSE,
            TRANSCRIBE,
            (),
            Transcript,
            _MOST_PAGE_TOKENS,
            checks_pages=False,
            pictures=(_pack(picture()),),
        )
        answer = _ask(request, self._services, self._document_id, deadline)
        return RecognisedPage(
            engine=answer.model, source=TextSource.MODEL, text=answer.value.text, confidence=None
        )


class TextractEngine:
    """Has Amazon Textract read pictures.

    Args:
        services: The metered service.
        document_id: The document that pays.
    """

    name = TEXTRACT

    def __init__(self, services: AnswerServices, document_id: str) -> None:
        self._services = services
        self._document_id = document_id

    def recognise(self, picture: Callable[[], bytes], deadline: Deadline) -> RecognisedPage:
        """The text of a picture, with its words' boxes, in ten-thousandths of its size.

        Raises: As `ModelEngine.recognise`.
        """
        request = ModelRequest(
            TEXTRACT,
            "",
            (),
            DetectedText,
            0,
            prompt_tokens=TOKENS_OF_PAGE,
            checks_pages=False,
            pictures=(_pack(picture()),),
        )
        answer = _ask(request, self._services, self._document_id, deadline)
        words = tuple(
            RecognisedWord(
                text=word.text,
                box=word.box,
                confidence=word.confidence,
                begins_line=word.begins_line,
            )
            for word in answer.value.words
        )
        scale = answer.value.scale
        return read_page(TEXTRACT, PageWords(width=scale, height=scale, words=words))


def _pack(picture: bytes) -> Picture:
    if picture.startswith(_PNG_START):
        return Picture(_PNG, picture)
    if picture.startswith(_JPEG_START):
        return Picture(_JPEG, picture)
    raise PageNotRecognisedError("its picture is of no kind that can be sent on")


def _ask(
    request: ModelRequest[AnswerT], services: AnswerServices, document_id: str, deadline: Deadline
) -> KeptAnswer[AnswerT]:
    calls = MeteredCalls(services, pay_by_document(document_id))
    try:
        return calls.ask(request, deadline)
    except (ModelRequestError, ModelRefusalError, DocumentCapError) as error:
        raise PageNotRecognisedError(str(error)) from error
