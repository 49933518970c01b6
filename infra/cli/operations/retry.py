"""`seashore retry`: what failed is tried again, without knowing its dead letters."""

from collections.abc import Callable, Sequence

from infra.cli.command_context import CommandContext
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.access import open_operations, say_skipped, split_names, write_some
from infra.cli.output import is_confirmed
from infra.signals import interrupt_on_signals
from pipeline.operations.retry import RetryResult, plan_retry, retry
from pipeline.operations.selection import Selection, find_selected
from shared.deadline import Deadline
from shared.errors import InvalidRequestError, WrongUsageError

_NO_LIMIT_SECONDS = 24 * 3600.0
_SKIPPED = {
    "not_failed": "nothing of them has failed; `seashore redo` does what is finished once more",
    "nothing_failed": "no part of them was given up: what they lack, no retry brings",
    "message_gone": "no queue has the task's message any more: send it again under another id",
}


def retry_items(
    context: CommandContext,
    names: Sequence[str],
    select: Callable[[tuple[str, ...]], Selection],
    *,
    dry_run: bool,
    yes: bool,
) -> ExitCode:
    """Say what would be tried again, ask, and do it.

    Returns:
        FAILED if nothing could be tried again, or SQS refused a message.

    Raises:
        WrongUsageError: It is not said which are meant.
        SeashoreError: AWS failed; what was sent by then goes on.
    """
    services, output = open_operations(context), context.output
    ids, tasks = split_names(context, names, with_tasks=True)
    selection = select(ids)
    try:
        documents = () if tasks and selection.is_empty else find_selected(selection, services)
        plan = plan_retry(documents, tasks, services)
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    count = len(plan.documents) + len(plan.tasks)
    if not context.as_json:
        lines = [[one.document_id, one.key, one.status] for one in plan.documents]
        lines += [[one.task_id, one.kind, one.status] for one in plan.tasks]
        write_some(context, lines, count)
    output.say(f"{count:,} to try again; {len(plan.letters):,} dead letters are about them.")
    say_skipped(context, plan.skipped, _SKIPPED)
    is_done = (
        bool(count) and not dry_run and is_confirmed(f"Retry {count:,}?", yes=yes, output=output)
    )
    done = RetryResult(0, 0, 0, True)
    if is_done:
        with interrupt_on_signals():
            done = retry(plan, services, Deadline.after(_NO_LIMIT_SECONDS))
        output.say(
            f"{done.replayed:,} dead letters replayed, {done.resumed:,} documents go on without; "
            "`seashore watch` shows them."
        )
    if context.as_json:
        output.write_json(
            {
                "dry_run": not is_done,
                "document_ids": [one.document_id for one in plan.documents],
                "task_ids": [one.task_id for one in plan.tasks],
                "letters": len(plan.letters),
                "skipped": dict(plan.skipped),
                **vars(done),
            }
        )
    return ExitCode.FAILED if done.refused or not count else ExitCode.OK
