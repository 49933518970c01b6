"""From a stack to its dead letters, and from the words of an operator to those that are meant."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from infra.aws import aws_errors_as
from infra.cli.output import Output
from infra.cli.stack_access import open_ledger
from infra.cli.times import parse_moment
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

_MOST_NAMED = 4


@dataclass(frozen=True)
class Wanted:
    """Which letters an operator means, in the operator's words."""

    ids: Sequence[str] = ()
    queues: Sequence[str] = ()
    errors: Sequence[str] = ()
    kinds: Sequence[str] = ()
    document: str | None = None
    before: str | None = None
    after: str | None = None
    grep: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is said, so that every letter is meant."""
        return not any(vars(self).values())


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
        actor=_find_actor(stack),
        now=lambda: datetime.now(UTC),
        stopwatch=time.monotonic,
        sleep=time.sleep,
    )


def _find_actor(stack: Stack) -> str:
    with aws_errors_as(OperatorError):
        return str(stack.client("sts").get_caller_identity()["Arn"])


def build_filter(wanted: Wanted, stack: Stack, services: LetterServices) -> LetterFilter:
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
    return LetterFilter(
        queues=tuple(wanted.queues),
        errors=tuple(wanted.errors),
        kinds=tuple(wanted.kinds),
        subject=_find_subject(wanted.document, stack, services),
        before=parse_moment(wanted.before, now) if wanted.before else None,
        after=parse_moment(wanted.after, now) if wanted.after else None,
        pattern=pattern,
    )


def _find_subject(wanted: str | None, stack: Stack, services: LetterServices) -> str | None:
    """An id or its beginning as it is; an object key as the id of its newest document."""
    if wanted is None:
        return None
    bucket = stack.output("DocumentsBucket")
    return find_current_document_id(services.table, bucket, wanted) or wanted


def read_wanted_letters(
    wanted: Wanted, stack: Stack, services: LetterServices, output: Output
) -> list[Letter]:
    """Read the DLQs, and choose the letters that are meant; oldest first.

    Raises:
        UnknownItemError: An id names no letter, or the beginnings of several.
        WrongUsageError: The words cannot be understood.
    """
    chosen = build_filter(wanted, stack, services)
    dlqs = [dlq for dlq in services.dlqs if not chosen.queues or dlq.name in chosen.queues]
    with (
        interrupt_on_signals(),
        output.talk.status("Reading the dead-letter queues…") as status,
    ):
        letters = read_letters(
            services.queues,
            dlqs,
            services.pace,
            services.stopwatch,
            report=lambda count: status.update(f"Reading the dead-letter queues… {count:,}"),
        )
    chosen = replace(chosen, ids=[_find_id(wanted_id, letters) for wanted_id in wanted.ids])
    return [letter for letter in letters if chosen.fits(letter)]


def find_letter(wanted: str, stack: Stack, services: LetterServices, output: Output) -> Letter:
    """The one letter that an id means.

    Raises:
        UnknownItemError: It names no letter, or the beginnings of several.
    """
    return read_wanted_letters(Wanted(ids=[wanted]), stack, services, output)[0]


def _find_id(wanted: str, letters: Sequence[Letter]) -> str:
    ids = find_letter_ids(wanted, letters)
    if not ids:
        raise UnknownItemError(
            f"There is no dead letter {wanted!r}: `seashore dlq list --all` lists them. One "
            "that somebody else is looking at appears again after half a minute."
        )
    if len(ids) > 1:
        named = ", ".join(ids[:_MOST_NAMED])
        more = " and more" if len(ids) > _MOST_NAMED else ""
        raise UnknownItemError(
            f"{wanted!r} is the beginning of several ids: {named}{more}. Give more of it."
        )
    return ids[0]
