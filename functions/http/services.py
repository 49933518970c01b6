"""What the routes of the HTTP API work with, and how long they may."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDoneError
from dataclasses import dataclass
from typing import TypeVar

from functions.wiring import utc_now
from pipeline.chat.chat_turn import ChatServices
from pipeline.documents.document_reader import DocumentReader
from pipeline.tasks.intake import IntakeServices
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.upload_forms import UploadForms
from shared.conversations import Conversations
from shared.deadline import Deadline
from shared.errors import DeadlineError
from shared.settings import Settings

ResultT = TypeVar("ResultT")

# Work looks at its deadline by itself and says why it ends; only what does not is left behind.
_GRACE_SECONDS = 1.5


@dataclass(frozen=True)
class RequestFacts:
    """What is known of the request that is being answered.

    Args:
        request_id: Its id.
        owner: Whose conversations its sender may see.
        deadline: When it has to be answered.
    """

    request_id: str
    owner: str
    deadline: Deadline


@dataclass(frozen=True)
class ApiServices:
    """What the routes work with; one a container.

    Args:
        settings: The settings.
        reader: Reads documents, the ledger and reports.
        chat: Answers messages.
        conversations: The table of conversations.
        intake: Takes up tasks.
        forms: Writes forms for uploads.
    """

    settings: Settings
    reader: DocumentReader
    chat: ChatServices
    conversations: LedgerTable
    intake: IntakeServices
    forms: UploadForms

    def open_conversations(self, owner: str) -> Conversations:
        """The conversations of an owner."""
        return Conversations(self.conversations, owner, self.settings.conversation_days, utc_now)


def run_within(
    deadline: Deadline, work: Callable[[], ResultT], grace_seconds: float = _GRACE_SECONDS
) -> ResultT:
    """Do some work, but wait no longer than until a little after the deadline.

    A call of a service can hang for longer than its caller may wait: API Gateway gives up after 29
    seconds. Such work keeps its thread, and what it returns in the end is thrown away.

    Raises:
        DeadlineError: It is not done in time.
    """
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        future = pool.submit(contextvars.copy_context().run, work)
        try:
            return future.result(deadline.remaining_seconds + grace_seconds)
        except NotDoneError as error:
            if future.done():
                raise
            raise DeadlineError("the work did not end with its time") from error
    finally:
        pool.shutdown(wait=False)
