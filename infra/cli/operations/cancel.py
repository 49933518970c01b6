"""`seashore cancel`: what has not begun is cancelled."""

from collections.abc import Callable, Sequence

from infra.cli.command_context import CommandContext
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.access import open_operations, say_skipped, split_names, write_some
from infra.cli.output import is_confirmed
from infra.signals import interrupt_on_signals
from pipeline.operations.cancel import (
    CancelResult,
    cancel,
    find_in_flight,
    list_waiting_tasks,
    plan_cancel,
)
from pipeline.operations.selection import Selection
from shared.deadline import Deadline
from shared.errors import InvalidRequestError, WrongUsageError

_NO_LIMIT_SECONDS = 24 * 3600.0
_SKIPPED = {
    "has_begun": "they have begun, and go on",
    "final": "they are finished",
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
    ids, tasks = split_names(context, names, with_tasks=True)
    selection = select(ids)
    try:
        documents = () if tasks and selection.is_empty else find_in_flight(selection, services)
        waiting = list_waiting_tasks(services) if selection.is_all else ()
        plan = plan_cancel(documents, [*tasks, *waiting])
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    count = len(plan.documents) + len(plan.tasks)
    if not context.as_json:
        lines = [[one.document_id, one.key, one.status] for one in plan.documents]
        lines += [[one.task_id, one.kind, one.status] for one in plan.tasks]
        write_some(context, lines, count)
    output.say(f"{count:,} have not begun and can be cancelled.")
    say_skipped(context, plan.skipped, _SKIPPED)
    is_done = (
        bool(count) and not dry_run and is_confirmed(f"Cancel {count:,}?", yes=yes, output=output)
    )
    done = CancelResult(0, 0, 0, True)
    if is_done:
        with interrupt_on_signals():
            done = cancel(plan, services, Deadline.after(_NO_LIMIT_SECONDS))
        output.say(
            f"{done.cancelled:,} cancelled, of which {done.back:,} are as before they were redone; "
            f"{done.begun:,} had begun meanwhile and go on."
        )
    if context.as_json:
        output.write_json(
            {
                "dry_run": not is_done,
                "document_ids": [one.document_id for one in plan.documents],
                "task_ids": [one.task_id for one in plan.tasks],
                "skipped": dict(plan.skipped),
                **vars(done),
            }
        )
    return ExitCode.FAILED if names and (plan.skipped or done.begun) else ExitCode.OK
