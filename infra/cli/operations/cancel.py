"""`seashore cancel`: what has not begun is cancelled."""

from collections.abc import Callable, Sequence

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_items
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.access import open_operations
from infra.cli.operations.plan_view import may_do, plan_to_json, unlimited, write_plan
from pipeline.operations.cancel import (
    CancelResult,
    cancel,
    find_in_flight,
    list_waiting_tasks,
    plan_cancel,
)
from pipeline.operations.selection import Selection
from shared.errors import InvalidRequestError, WrongUsageError
from shared.ledger.pauses import read_pauses

_SKIPPED = {
    "has_begun": "they have begun, and go on",
    "final": "they are finished",
}

# By the consumer whose pause keeps it out of the ledger.
_UNSEEN = {
    "ingest": "uploads that lie on the uploads queue (`seashore delete KEY` keeps one out)",
    "worker": "tasks that other programs than `seashore` have put on the work queue",
}


def cancel_items(
    context: CommandContext,
    names: Sequence[str],
    select: Callable[[tuple[str, ...]], Selection],
    *,
    dry_run: bool,
    yes: bool,
) -> ExitCode:
    """Say what would be cancelled, ask, and do it.

    Returns:
        FAILED if something that is named could not be cancelled.

    Raises:
        WrongUsageError: It is not said which are meant.
        SeashoreError: AWS failed; what is cancelled by then stays so.
    """
    services, output = open_operations(context), context.output
    named, tasks = find_wanted_items(context, names)
    selection = select(tuple(one.document_id for one in named))
    try:
        documents = () if tasks and selection.is_empty else find_in_flight(selection, services)
        waiting = list_waiting_tasks(services) if selection.is_all else ()
        plan = plan_cancel(documents, [*tasks, *waiting])
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    count = len(plan.documents) + len(plan.tasks)
    told = f"{count:,} {'has' if count == 1 else 'have'} not begun and can be cancelled."
    write_plan(context, plan, told, _SKIPPED)
    if selection.is_all:
        _say_what_is_not_seen(context)
    is_done = may_do(context, "Cancel", count, dry_run=dry_run, yes=yes)
    done = CancelResult(0, 0, 0, True)
    if is_done:
        with unlimited() as deadline:
            done = cancel(plan, services, deadline)
        output.say(
            f"{done.cancelled:,} cancelled, of which {done.back:,} are as before they were redone; "
            f"{done.begun:,} had begun meanwhile and go on."
        )
    if context.as_json:
        output.write_json({**plan_to_json(plan, is_done=is_done), **vars(done)})
    return ExitCode.FAILED if names and (plan.skipped or done.begun) else ExitCode.OK


def _say_what_is_not_seen(context: CommandContext) -> None:
    """Say what of a paused stack is in no ledger yet, so that all is not all of it."""
    paused = {pause.consumer for pause in read_pauses(context.table) if pause.is_on}
    unseen = [words for consumer, words in _UNSEEN.items() if consumer in paused]
    if unseen:
        context.output.say(
            f"Not among these: {', and '.join(unseen)}. They are in no ledger before the stack "
            "resumes and receives them: cancel once more then.",
            style="yellow",
        )
