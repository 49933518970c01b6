"""From a stack to its dead letters, and from the words of an operator to those that are meant."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from infra.aws import aws_errors_as
from infra.cli.command_context import CommandContext, open_ledger
from infra.cli.dead_letters.options import LetterOptions
from infra.cli.documents.find import choose_one
from infra.cli.output import Output
from infra.cli.times import parse_time
from infra.signals import interrupt_on_signals
from infra.stacks import Stack
from pipeline.dead_letters.hold import LetterServices
from shared.aws.queues import Queues
from shared.dead_letters.letters import (
    DeadLetterQueue,
    Letter,
    LetterFilter,
    find_letter_ids,
)
from shared.dead_letters.reading import ReadingPace, read_letters
from shared.errors import OperatorError, UnknownItemError, WrongUsageError
from shared.ledger.document_versions import find_current_document_id
from shared.queue_catalogue import QUEUES


def list_dlqs(stack: Stack) -> tuple[DeadLetterQueue, ...]:
    """The DLQs of a stack; that of results is there only with a database.

    Raises:
        UnknownStackError: The stack is older than this command.
    """
    return tuple(
        DeadLetterQueue(queue, *map(stack.output, queue.outputs))
        for queue in QUEUES
        if not queue.is_optional or queue.outputs[1] in stack.outputs
    )


def open_letters(stack: Stack) -> LetterServices:
    """What the commands need to work on the dead letters of a stack."""
    return LetterServices(
        queues=Queues(stack.client("sqs")),
        table=open_ledger(stack),
        dlqs=list_dlqs(stack),
        pace=ReadingPace(),
        actor=find_actor(stack),
        now=lambda: datetime.now(UTC),
        stopwatch=time.monotonic,
        sleep=time.sleep,
    )


def find_actor(stack: Stack) -> str:
    """Who runs the command: the ARN of an identity."""
    with aws_errors_as(OperatorError):
        return str(stack.client("sts").get_caller_identity()["Arn"])


def build_filter(
    wanted: LetterOptions, context: CommandContext, services: LetterServices
) -> LetterFilter:
    """Which letters an operator means, but for ids, which may be beginnings of ids.

    Raises:
        WrongUsageError: A queue, a time or a pattern cannot be understood.
    """
    names = [dlq.name for dlq in services.dlqs]
    for name in wanted.queues:
        if name not in names:
            raise WrongUsageError(f"There is no queue {name!r}: choose from {', '.join(names)}.")
    try:
        pattern = re.compile(wanted.grep) if wanted.grep else None
    except re.error as error:
        raise WrongUsageError(
            f"--grep {wanted.grep!r} is not a regular expression: {error}"
        ) from None
    now = services.now()
    subject = wanted.document
    if subject is not None:
        # An id or its beginning as it is; an object key as the id of its newest document.
        bucket = context.stack.output("DocumentsBucket")
        subject = find_current_document_id(services.table, bucket, subject) or subject
    return LetterFilter(
        queues=tuple(wanted.queues),
        errors=tuple(wanted.errors),
        kinds=tuple(wanted.kinds),
        subject=subject,
        before=parse_time(wanted.before, now) if wanted.before else None,
        after=parse_time(wanted.after, now) if wanted.after else None,
        pattern=pattern,
    )


def read_wanted_letters(
    ids: Sequence[str], wanted: LetterOptions, context: CommandContext, services: LetterServices
) -> list[Letter]:
    """Read the DLQs, and choose the letters that are meant; oldest first.

    Raises:
        UnknownItemError: An id names no letter, or the beginnings of several.
        WrongUsageError: The words cannot be understood.
    """
    chosen = build_filter(wanted, context, services)
    dlqs = [dlq for dlq in services.dlqs if not chosen.queues or dlq.name in chosen.queues]
    with (
        interrupt_on_signals(),
        context.output.talk.status("Reading the dead-letter queues…") as status,
    ):
        letters = read_letters(
            services.queues,
            dlqs,
            services.pace,
            services.stopwatch,
            report=lambda count: status.update(f"Reading the dead-letter queues… {count:,}"),
        )
    if not letters:
        _say_what_is_held(dlqs, services, context.output)
    chosen = replace(chosen, ids=[_find_id(wanted_id, letters) for wanted_id in ids])
    return [letter for letter in letters if chosen.fits(letter)]


def _say_what_is_held(
    dlqs: Sequence[DeadLetterQueue], services: LetterServices, output: Output
) -> None:
    """Say that there are letters after all, where somebody else is looking at them just now."""
    held = sum(services.queues.count_all_messages(dlq.dlq_url) for dlq in dlqs)
    if held:
        output.say(
            f"About {held:,} are held by somebody else just now, as by the sweep, which looks at "
            "them every few minutes: try again in a minute.",
            style="yellow",
        )


def find_letter(wanted: str, context: CommandContext, services: LetterServices) -> Letter:
    """The one letter that an id means.

    Raises:
        UnknownItemError: It names no letter, or the beginnings of several.
    """
    return read_wanted_letters([wanted], LetterOptions(), context, services)[0]


def _find_id(wanted: str, letters: Sequence[Letter]) -> str:
    ids = find_letter_ids(wanted, letters)
    if not ids:
        raise UnknownItemError(
            f"There is no dead letter {wanted!r}: `seashore dlq list --all` lists them, by "
            "ids of their own, not of what they are about. One that somebody else is looking at "
            "appears again after half a minute."
        )
    return choose_one(wanted, ids)
