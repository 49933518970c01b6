"""Tasks that come by the HTTP API: checked, entered in the ledger, put on the work queue."""

from dataclasses import dataclass

from pipeline.services import Services
from pipeline.tasks.extract.field_schema import read_field_schema
from shared.aws.callback_targets import find_callback_target
from shared.aws.dynamodb_table import LedgerTable
from shared.errors import RequestTooLargeError, TaskConflictError, TaskRefusedError
from shared.ledger.documents import Clock
from shared.ledger.spend import Account
from shared.ledger.tasks import Task, TaskArrival, register_task
from shared.lifecycle import TaskStatus
from shared.messages.message import encode_message
from shared.messages.task_names import NEED_MODEL, is_own_task, say_model_is_needed
from shared.messages.tasks import ExtractTask, is_digest_task
from shared.messages.tasks import Task as TaskOrder

# Amazon SQS Developer Guide, "Message quotas": 1 MiB, with room for what the pipeline adds.
_MAX_MESSAGE_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class IntakeServices(Services):
    """What taking up tasks works with.

    Args:
        callback_arns: The queues and topics that may be told.
        has_model: Whether a language model is configured.
    """

    callback_arns: tuple[str, ...]
    has_model: bool


def take_up_task(
    order: TaskOrder, services: IntakeServices, group: str, about: str | None = None
) -> Task:
    """Enter a task and send it to the work queue.

    It is entered first, so that it can be asked for as soon as it is accepted, and so that one of
    two tasks of the same id is refused now and not in the DLQ. A task that is sent again is sent to
    the queue again only while it has not been begun: should this process die between the two
    writes, the sender's retry mends it.

    Args:
        order: The task, with an id.
        services: The ledger and the queue.
        group: The message group of its sender (`shared/messages/message_groups.py`).
        about: One line about it, where more is known than the order says.

    Returns:
        The task as it stands.

    Raises:
        TaskConflictError: Another task of the same id came first.
        TaskRefusedError: Its callback is not allowed, its schema cannot be used, or it needs a
            language model and none is configured.
        RequestTooLargeError: It is too large for a message.
        ServiceError: It may or may not be entered; sending it again under the same id is safe.
    """
    if order.callback is not None:
        find_callback_target(order.callback, services.callback_arns)
    check_order(order)
    check_model_is_there(order.kind, services)
    body = encode_message(order)
    if len(body.encode()) > _MAX_MESSAGE_BYTES:
        raise RequestTooLargeError("the task is too large for a message; put it as a document")
    # Beside the chats, so that who holds a key of the API cannot stop the documents.
    task = register_order(order, services.table, services.now, Account.CHAT, about=about)
    if task.digest != order.digest:
        raise TaskConflictError(
            f"the task {order.task_id} was sent before and asked for something else"
        )
    # One that was begun and put back waits in the queue: each further message would be a run of it.
    if task.status is TaskStatus.RECEIVED and not task.attempts:
        services.queues.send(services.work_queue_url, [body], group)
    return task


def check_model_is_there(kind: str, services: IntakeServices) -> None:
    """Pass if a language model is configured, or a task of this kind needs none.

    Raises:
        TaskRefusedError: It needs one; the message says what to set.
    """
    if kind in NEED_MODEL and not services.has_model:
        raise TaskRefusedError(say_model_is_needed(kind))


def register_order(
    order: TaskOrder,
    table: LedgerTable,
    now: Clock,
    account: Account = Account.PIPELINE,
    *,
    begins: bool = False,
    about: str | None = None,
) -> Task:
    """Enter a task in the ledger, once: the task as it stands, as `register_task` returns it."""
    arrival = describe_order(order, now, account, begins=begins)
    if about is not None:
        arrival["about"] = about
    return register_task(table, **arrival)


def describe_order(
    order: TaskOrder, now: Clock, account: Account = Account.PIPELINE, *, begins: bool = False
) -> TaskArrival:
    """What the ledger is told of a task that arrived."""
    return {
        "task_id": order.task_id,
        "kind": order.kind,
        "about": order.about,
        "digest": order.digest,
        "callback": order.callback,
        "now": now,
        "name": order.name,
        "account": account,
        "begins": begins,
    }


def check_order(order: TaskOrder) -> None:
    """Refuse a task that can be read, and could not be carried out.

    Raises:
        TaskRefusedError: Its schema cannot be used, or its id is one of the pipeline's own.
    """
    if order.id is not None and is_own_task(order.id) and not is_digest_task(order):
        raise TaskRefusedError(
            f"the id {order.id} begins as the pipeline's own tasks do: choose another"
        )
    if isinstance(order, ExtractTask):
        read_field_schema(order.fields)
