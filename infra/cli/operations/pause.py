"""`seashore pause` and `seashore resume`, and how a pause is told of elsewhere."""

from collections.abc import Iterable, Sequence

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import find_actor
from infra.cli.operations.access import open_pauses
from infra.cli.output import Output
from pipeline.operations.pause import pause, resume
from shared.errors import InvalidRequestError, WrongUsageError
from shared.ledger.pauses import Pause, read_pauses


def pause_consumers(context: CommandContext, names: Sequence[str], reason: str) -> None:
    """Have consumers take no more messages, and say so.

    Raises:
        WrongUsageError: There is no such consumer, or no reason.
        SeashoreError: AWS failed; the same command goes on.
    """
    if not reason.strip():
        raise WrongUsageError("Say why, with --reason: whoever looks at the stack is told.")
    try:
        pause(names, reason.strip(), find_actor(context.stack), open_pauses(context))
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    _write(context)


def resume_consumers(context: CommandContext, names: Sequence[str]) -> None:
    """Have consumers take messages again, and say which are still paused.

    Raises:
        WrongUsageError: There is no such consumer.
        SeashoreError: AWS failed; the same command goes on.
    """
    try:
        resume(names, find_actor(context.stack), open_pauses(context))
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    _write(context)


def _write(context: CommandContext) -> None:
    pauses = read_pauses(context.table)
    if context.as_json:
        told = {"past"}
        context.output.write_json([one.model_dump(exclude=told) for one in pauses if one.is_on])
        return
    say_pauses(pauses, context.output)
    if not any(one.is_on for one in pauses):
        context.output.say("No consumer is paused any more.")


def say_pauses(pauses: Iterable[Pause], output: Output) -> None:
    """Say which consumers are paused, since when, by whom and why."""
    for one in pauses:
        if one.is_on:
            output.say(
                f"Paused: {one.consumer}, since {one.since} by {one.by}: {one.reason}",
                style="yellow",
            )
