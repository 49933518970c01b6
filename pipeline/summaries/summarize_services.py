"""What summarising works with.

Apart from `summarize_document.py`, since tasks work with it too, and the API answers questions but
summarises no document: a fiftieth of its start.
"""

from dataclasses import dataclass

from pipeline.metering.answer_services import AnswerServices
from pipeline.services import Services
from shared.llm.model_window import ModelWindow


@dataclass(frozen=True, kw_only=True)
class SummarizeServices(Services):
    """What summarising works with besides.

    Args:
        answers: The metered model.
        window: How much it reads and writes.
        uploads_queue_url: Where a document is sent whose text is gone, to be read anew.
    """

    answers: AnswerServices
    window: ModelWindow
    uploads_queue_url: str
