"""Tasks as tables, lines and facts: `seashore tasks`, and what `seashore show` says of one."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from rich.table import Table
from rich.text import Text

from infra.cli.documents.table import style_status
from infra.cli.listing import Choice, write_newest
from infra.cli.output import Output
from infra.cli.progress.delays import describe_delay
from infra.cli.stack_access import open_ledger, open_objects
from infra.stacks import Stack
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.tasks import Task, list_tasks, task_pk
from shared.ledger.timeline import read_timeline
from shared.markdown import remove_escapes
from shared.prices import format_usd
from shared.printable import to_printable

_LABEL_WIDTH = 11


def write_tasks(
    stack: Stack, choice: Choice, now: Callable[[], datetime], *, as_json: bool, output: Output
) -> None:
    """Write the tasks of the last days, newest first; arguments as for `write_documents`."""
    write_newest(
        list_tasks(open_ledger(stack), now, choice.days),
        choice,
        lambda tasks: _write_table(tasks, output, as_json=as_json),
        noun="task",
        adding="`seashore enqueue` sends some.",
        output=output,
    )


def _write_table(tasks: Sequence[Task], output: Output, *, as_json: bool) -> None:
    if as_json:
        output.write_json([task.model_dump(mode="json") for task in tasks])
    elif output.is_terminal:
        if tasks:
            output.write(_build_table(tasks))
    else:
        for task in tasks:
            about = task.reason or task.about
            output.write_line([task.task_id, task.kind, task.status, about, task.received_at])


def _build_table(tasks: Iterable[Task]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", overflow="fold")
    table.add_column("kind", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("about")
    table.add_column("received", no_wrap=True)
    for task in tasks:
        table.add_row(
            to_printable(task.task_id),
            task.kind,
            style_status(task.status),
            Text(to_printable(task.reason or task.about), no_wrap=True, overflow="ellipsis"),
            f"{datetime.fromisoformat(task.received_at).astimezone():%d %b %H:%M}",
        )
    return table


def write_task(
    stack: Stack, task: Task, table: LedgerTable, *, as_json: bool, output: Output
) -> None:
    """Write all that is known of a task, its result first.

    Raises:
        ObjectMissingError: Its result is gone from the artifacts bucket.
    """
    bucket = stack.output("ArtifactsBucket")
    objects = open_objects(stack)
    if as_json:
        result: Any = None
        if task.result_key is not None:
            result = objects.read_json(bucket, task.result_key)
        output.write_json({"task": task.model_dump(mode="json"), "result": result})
        return
    if task.result_key is not None:
        markdown_key = str(PurePosixPath(task.result_key).with_suffix(".md"))
        for line in objects.read_text(bucket, markdown_key).splitlines():
            output.write_prose(remove_escapes(line))
        output.write()
    for label, value in _list_facts(task, bucket, table):
        value = value if isinstance(value, Text) else Text(to_printable(value))
        output.write(
            Text.assemble(Text(f"{label:<{_LABEL_WIDTH}}", style="dim"), value), whole_lines=True
        )


def _list_facts(task: Task, bucket: str, table: LedgerTable) -> list[tuple[str, str | Text]]:
    facts: list[tuple[str, str | Text]] = [
        ("Task", f"{task.kind}: {task.about}"),
        ("Status", style_status(task.status)),
    ]
    if task.reason is not None:
        facts.append(("Reason", task.reason))
    if not task.status.is_final:
        delay = describe_delay(read_timeline(table, task_pk(task.task_id)))
        if delay is not None:
            facts.append(("", f"It {delay}"))
    if task.attempts > 1:
        facts.append(("Attempts", str(task.attempts)))
    if task.input_tokens or task.output_tokens:
        tokens = f"{task.input_tokens:,} tokens read, {task.output_tokens:,} written"
        facts.append(("Cost", f"{tokens}, {format_usd(task.cost_micro_usd)}"))
    facts.append(("Id", task.task_id))
    if task.result_key is not None:
        markdown = PurePosixPath(task.result_key).with_suffix(".md")
        facts += [
            ("Results", f"s3://{bucket}/{markdown}"),
            ("", f"s3://{bucket}/{task.result_key}"),
        ]
    return facts
