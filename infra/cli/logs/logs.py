"""`seashore logs`: what the functions said, of everything or of one item, and what they say now."""

import time
from collections.abc import Callable

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_items
from infra.cli.logs.cloudwatch import CloudWatchLogs
from infra.cli.logs.log_lines import LogFile, LogLine
from infra.cli.times import parse_time
from infra.local.record import LocalFolder
from infra.project_files import find_state_folder
from infra.stacks import LOCAL_STACK
from shared.errors import UnknownItemError

_LOCAL_POLL_SECONDS = 0.5
_AWS_POLL_SECONDS = 3.0


def write_logs(
    context: CommandContext,
    wanted: str | None,
    since: str,
    *,
    follow: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Write the lines of the functions' logs, oldest first; with JSON as they were logged.

    Args:
        context: What the command works with.
        wanted: What they are to be about: a document, task, letter or request; None for all.
        since: How far back, as `2h` or ISO 8601.
        follow: Whether to go on until Ctrl-C.
        sleep: Pauses for a number of seconds.

    Raises:
        WrongUsageError: The time is none.
        UnknownItemError: There is no line about what is wanted, nor a document or task of the name.
        OperatorError: AWS refused, or cannot be reached.
    """
    begin = parse_time(since, context.now())
    known = None if wanted is None else _find_known_id(context, wanted)
    ids = frozenset() if wanted is None else frozenset([known or wanted])
    is_local = context.stack.name == LOCAL_STACK
    source = (
        LogFile(LocalFolder(find_state_folder()).log)
        if is_local
        else CloudWatchLogs(context.stack, begin, ids)
    )
    # As functions write it: `2026-03-01 10:00:00,123+0000`.
    first = f"{begin:%Y-%m-%d %H:%M:%S}"
    count = 0
    while True:
        for line in source.read_new():
            if line.is_about(ids) and str(line.told.get("timestamp", first)) >= first:
                _write_line(line, context)
                count += 1
        if not follow:
            break
        context.output.results.file.flush()
        sleep(_LOCAL_POLL_SECONDS if is_local else _AWS_POLL_SECONDS)
    if not count:
        about = "" if wanted is None else f" about {wanted}"
        told = f"Nothing was logged{about} since {begin:%Y-%m-%d %H:%M} (UTC)"
        if wanted is not None and known is None:
            raise UnknownItemError(
                f"{told}, and no document or task is called so: check the id, or look further "
                "back with --since."
            )
        context.output.say(f"{told}.")


def _find_known_id(context: CommandContext, wanted: str) -> str | None:
    """The id of the document or task that a name stands for; None if there is none."""
    try:
        documents, tasks = find_wanted_items(context, [wanted])
    except UnknownItemError:
        return None
    return documents[0].document_id if documents else tasks[0].task_id


def _write_line(line: LogLine, context: CommandContext) -> None:
    if context.as_json:
        context.output.write_line([line.raw])
    else:
        context.output.write(line.to_text(), whole_lines=True)
