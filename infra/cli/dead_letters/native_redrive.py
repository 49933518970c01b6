"""`seashore dlq replay --native`: let SQS move whole DLQs by itself."""

import time
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.dead_letters.access import list_dlqs
from infra.cli.dead_letters.move_tasks import MoveProgress, cancel_move, start_move, watch_move
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output, is_confirmed
from infra.signals import ignore_signals, interrupt_on_signals
from shared.aws.queues import Queues
from shared.dead_letters.letters import DeadLetterQueue


def move_dead_letters(
    context: CommandContext, messages_per_second: int | None, *, yes: bool
) -> ExitCode:
    """Have SQS move everything in the DLQs to their queues, one DLQ after the other.

    Raises:
        OperatorError: SQS refuses, or has no redrive of its own.
        KeyboardInterrupt: It was interrupted; the move is cancelled.
    """
    output, dlqs = context.output, list_dlqs(context.stack)
    sqs = context.stack.client("sqs")
    queues = Queues(sqs)
    counts = {dlq.name: queues.count_messages(dlq.dlq_url) for dlq in dlqs}
    for name, count in counts.items():
        output.say(f"About {count:,} in the DLQ of {name}.")
    total = sum(counts.values())
    if not total or not is_confirmed(f"Let SQS move about {total:,}?", yes=yes, output=output):
        return ExitCode.OK
    code = ExitCode.OK
    for dlq in dlqs:
        if counts[dlq.name]:
            last = _move(sqs, dlq, messages_per_second, output)
            if last.status != "COMPLETED":
                code = ExitCode.FAILED
    return code


def _move(
    sqs: Any, dlq: DeadLetterQueue, messages_per_second: int | None, output: Output
) -> MoveProgress:
    last = MoveProgress("RUNNING", 0, None, None)
    with interrupt_on_signals():
        handle = start_move(sqs, dlq.dlq_url, dlq.source_url, messages_per_second)
        try:
            with output.talk.status(f"Moving {dlq.name}…") as status:
                for last in watch_move(sqs, dlq.dlq_url, time.sleep):
                    status.update(f"Moving {dlq.name}… {_describe(last)}")
        except KeyboardInterrupt:
            with ignore_signals():
                moved = cancel_move(sqs, handle)
            so_far = "" if moved is None else f" after about {moved:,}; the others stay"
            output.say(f"Cancelled the move of {dlq.name}{so_far}.", style="yellow")
            raise
    style = "" if last.status == "COMPLETED" else "red"
    output.say(f"{dlq.name}: {_describe(last)}.", style=style)
    return last


def _describe(progress: MoveProgress) -> str:
    of_all = "" if progress.to_move is None else f" of {progress.to_move:,}"
    why = f" ({progress.failure})" if progress.failure else ""
    return f"{progress.status}, about {progress.moved:,}{of_all} moved{why}"
