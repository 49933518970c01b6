"""Replaying a dead letter with another body."""

from dataclasses import replace

from pipeline.dead_letters.hold import (
    LetterOutcome,
    LetterResult,
    LetterServices,
    hold_in_batches,
    note_in_timelines,
)
from pipeline.dead_letters.replay import send_again
from shared.aws.dynamodb_table import LedgerTable
from shared.dead_letters.letters import UNREADABLE, Letter
from shared.errors import MessageDecodeError, OperatorError
from shared.ledger.subjects import mark_discarded
from shared.ledger.tasks import find_task
from shared.messages.tasks import TaskMessage


def edit_letter(letter: Letter, body: str, table: LedgerTable) -> Letter:
    """A letter with another body, as it would be replayed.

    It stays the same message, with one exception: a task that was entered in the ledger under the
    message's id stands there with its old content, so the edited task gets an id of its own.

    Raises:
        MessageDecodeError: The body is no message that the queue's consumer can read.
        OperatorError: The ledger holds another task of the id that the body gives.
    """
    edited = Letter(letter.queue, replace(letter.message, body=body), letter.state)
    if edited.work.kind == UNREADABLE:
        raise MessageDecodeError(edited.work.problem or "not a message")
    message = edited.work.message
    if not isinstance(message, TaskMessage):
        return edited
    task = find_task(table, message.task_id)
    if task is None or task.digest == message.digest:
        return edited
    if message.task_id != letter.letter_id:
        raise OperatorError(
            f"The ledger holds another task of the id {message.task_id!r}: give the edited one an "
            "id of its own."
        )
    number = letter.state.replays + 1
    own_id = f"{letter.letter_id.split('.edit')[0]}.edit{number}"
    return Letter(
        letter.queue, edited.message, letter.state.model_copy(update={"message_id": own_id})
    )


def replay_edited(letter: Letter, edited: Letter, services: LetterServices) -> LetterResult:
    """Send an edited letter, then delete the old one.

    Returns:
        What became of it; the old letter is deleted only after the new message was accepted.

    Raises:
        SeashoreError: AWS failed; the old letter stays.
    """
    for held, taken in hold_in_batches([letter], services):
        target = letter.queue.source_name
        told = [edited]
        left = set(letter.work.subjects) - set(edited.work.subjects)
        if left:
            told.append(letter)
        # Before it is sent, so that it is never sent unnoted.
        note_in_timelines(told, "replayed_edited", target, services)
        (code,) = send_again([edited], services)
        if code is not None:
            note_in_timelines(told, "replay_refused", target, services)
            return LetterResult(letter, LetterOutcome.REFUSED, code)
        kept = held.delete(taken)
        if not kept:
            # Nothing is left to be done for what the edited letter is no longer about.
            mark_discarded(services.table, left, services.now())
        return LetterResult(edited, LetterOutcome.NOT_DELETED if kept else LetterOutcome.REPLAYED)
    return LetterResult(letter, LetterOutcome.GONE)
