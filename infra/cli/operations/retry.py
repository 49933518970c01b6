"""`seashore retry`: what failed is tried again, without knowing its dead letters."""

from collections.abc import Callable, Sequence

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_items
from infra.cli.exit_codes import ExitCode
from infra.cli.operations.access import open_operations
from infra.cli.operations.plan_view import may_do, plan_to_json, unlimited, write_plan
from pipeline.operations.retry import RetryResult, plan_retry, retry
from pipeline.operations.selection import Selection, find_selected
from shared.errors import InvalidRequestError, WrongUsageError

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
    named, tasks = find_wanted_items(context, names)
    selection = select(tuple(one.document_id for one in named))
    try:
        with output.talk.status("Looking for what failed, and its dead letters…"):
            documents = () if tasks and selection.is_empty else find_selected(selection, services)
            plan = plan_retry(documents, tasks, services)
    except InvalidRequestError as error:
        raise WrongUsageError(str(error)) from None
    count = len(plan.documents) + len(plan.tasks)
    told = f"{count:,} to try again; dead letters about them: {len(plan.letters):,}."
    write_plan(context, plan, told, _SKIPPED)
    if selection.is_all or selection.statuses:
        output.say(
            "Tasks are not among these: name them by id (`seashore tasks --status FAILED`), or "
            "replay all that died with `seashore dlq replay`."
        )
    is_done = may_do(context, "Retry", count, dry_run=dry_run, yes=yes)
    done = RetryResult(0, 0, 0, True)
    if is_done:
        with unlimited() as deadline:
            done = retry(plan, services, deadline)
        output.say(
            f"{done.replayed:,} dead letters replayed, {done.resumed:,} documents go on without; "
            "`seashore watch` shows them."
        )
    if context.as_json:
        told_plan = plan_to_json(plan, is_done=is_done)
        output.write_json({**told_plan, "letters": len(plan.letters), **vars(done)})
    return ExitCode.FAILED if done.refused or not count else ExitCode.OK
