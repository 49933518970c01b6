"""The messages on the work queue: frozen, versioned, told apart by `kind`.

A message carries references, never file bodies; a task may carry a short text of its own. Users
send tasks (`shared/messages/tasks.py`), the pipeline sends the others.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from shared.errors import MessageDecodeError
from shared.messages.document_messages import Combine, ReadPicture, Redo, SummarizeChunk
from shared.messages.message import Message, Subject, describe_problems
from shared.messages.tasks import Task, TaskMessage

SWEEP = "sweep"


class Sweep(Message):
    """Settle what processes that died have left behind; what a tick could not finish goes on so."""

    kind: Literal["sweep"] = "sweep"


class TaskCallback(Message):
    """Send word of a task that is final to where its sender wants it."""

    kind: Literal["task_callback"] = "task_callback"
    task_id: str = Field(min_length=1, max_length=100)
    attempt: int = Field(ge=0, description="The task's attempts when this was sent.")

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Its task."""
        return (Subject("task", self.task_id),)

    @property
    def item_id(self) -> str:
        """A task that is taken up again ends again, and sends word again."""
        return f"task:{self.task_id}:callback:{self.attempt}"


WorkMessage = SummarizeChunk | Combine | Redo | ReadPicture | Sweep | Task | TaskCallback
_WORK_MESSAGE: TypeAdapter[WorkMessage] = TypeAdapter(
    Annotated[WorkMessage, Field(discriminator="kind")]
)


@dataclass(frozen=True)
class WorkItem:
    """A message of the work queue with the identity of its work.

    Args:
        item_id: The same for every copy of a message, and for every message that asks for the same.
        message: What is asked for.
    """

    item_id: str
    message: WorkMessage


def decode_work_item(body: str, message_id: str) -> WorkItem:
    """Read a message of the work queue.

    Args:
        body: Its body.
        message_id: The id of its first copy, the identity of a message that names no work.

    Raises:
        MessageDecodeError: The body is not JSON, or not a message of a known kind and version.
    """
    message = decode_work_message(body)
    if isinstance(message, Sweep):
        return WorkItem(f"sweep:{message_id}", message)
    if isinstance(message, TaskMessage) and message.id is None:
        message = message.model_copy(update={"id": message_id})
    return WorkItem(message.item_id, message)


def decode_work_message(body: str) -> WorkMessage:
    """Read the body of a message from the work queue.

    Raises:
        MessageDecodeError: The body is not JSON, or not a message of a known kind and version.
    """
    try:
        return _WORK_MESSAGE.validate_json(body)
    except ValidationError as error:
        raise MessageDecodeError(f"not a work message: {describe_problems(error)}") from None
