"""Language models that fail on purpose, and keep a record of every call."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.prompts import PROMPT_VERSION
from pipeline.recognition.page_words import RecognisedPage
from pipeline.summaries.summary_types import CoreSummary, KeyPoint
from shared.deadline import Deadline
from shared.errors import DeferredError, ModelRefusalError, ModelThrottledError
from shared.llm.answer_key import answer_key
from shared.llm.model import LanguageModel, ModelAnswer, ModelRequest, Usage
from tests.chaos.harness.faults import Faults, Point
from tests.chaos.harness.journal import Journal

HANGING_TEXT = "This text makes the model hang."
REFUSED_TEXT = "This text is one that the model declines to work on."
THROTTLED_TEXT = "This text makes the model ask for patience, once."


@dataclass(frozen=True)
class ObedientModel:
    """Answers everything after the same time, but hangs at `HANGING_TEXT`."""

    latency_seconds: float
    name: str = "obedient"

    def answer(
        self, request: ModelRequest[CoreSummary], deadline: Deadline
    ) -> ModelAnswer[CoreSummary]:
        source = request.sources[0]
        if HANGING_TEXT in source.text:
            threading.Event().wait()
        time.sleep(self.latency_seconds)
        title = source.text.splitlines()[0]
        point = KeyPoint(text=title, pages=[source.first_page])
        value = request.answer_type(
            title=title, abstract=source.text, key_points=[point], language="en"
        )
        return ModelAnswer(value, self.name, Usage(1, len(source.text) // 4, len(title) // 4))


@dataclass(frozen=True)
class WatchedModel:
    """A model whose calls are noted, and after whose answers a process may die.

    The first call about `THROTTLED_TEXT` is answered with a request for patience, and what is about
    `REFUSED_TEXT` is declined.

    Args:
        inner: The model that answers.
        journal: Told of each call when it begins.
        faults: Told of each answer.
        patience: What the delays of deferrals are multiplied with, so that a test need not wait as
            long as a queue would.
    """

    inner: LanguageModel
    journal: Journal
    faults: Faults
    patience: float = 1.0

    @property
    def name(self) -> str:
        return self.inner.name

    def answer(
        self, request: ModelRequest[CoreSummary], deadline: Deadline
    ) -> ModelAnswer[CoreSummary]:
        key = answer_key(self.name, PROMPT_VERSION, request)
        if request.sources[0].text == REFUSED_TEXT:
            raise ModelRefusalError("never")
        self.journal.write("called", key=key, item=self.faults.current_item_id)
        if request.sources[0].text == THROTTLED_TEXT and self._count_calls(key) == 1:
            raise ModelThrottledError("once", delay_seconds=1, reason="model_throttled")
        try:
            answer = self.inner.answer(request, deadline)
        except DeferredError as error:
            error.delay_seconds *= self.patience
            raise
        self.faults.reach(Point.LLM)
        return answer

    def _count_calls(self, key: str) -> int:
        return sum(entry.details.get("key") == key for entry in self.journal.read())


@dataclass(frozen=True)
class ObedientEngine:
    """Reads every picture alike, and keeps a record of it."""

    journal: Journal
    faults: Faults
    name: str = "obedient"

    def recognise(self, picture: Callable[[], bytes], deadline: Deadline) -> RecognisedPage:
        """The same text for every picture, with its size, so that two documents differ."""
        size = len(picture())
        self.journal.write("recognised", item=self.faults.current_item_id)
        self.faults.reach(Point.LLM)
        text = f"The heron of a picture of {size} bytes waits for the tide."
        return RecognisedPage(engine=self.name, text=text, confidence=91)
