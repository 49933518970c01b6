"""Tasks as tables, lines and facts: `seashore tasks`, and what `seashore show` says of one."""

import json
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.documents.table import style_status
from infra.cli.listing import describe_usage, write_newest
from infra.cli.options import ListOptions
from infra.cli.output import Cell, Output
from infra.cli.timeline_table import describe_delay
from infra.cli.times import describe_time
from pipeline.documents.document_reader import DocumentReader
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.tasks import Task, list_tasks, task_pk
from shared.ledger.timeline import read_timeline
from shared.markdown import remove_escapes
from shared.messages.task_names import is_own_task
from shared.page_ranges import format_page_ranges
from shared.prices import MICRO_USD_PER_USD


def write_tasks(context: CommandContext, options: ListOptions, name: str | None) -> None:
    """Write the tasks that users sent in the last days, newest first.

    Args:
        context: What the command works with.
        options: Which are meant.
        name: Only those whose name it is, or begins; None for any.
    """
    write_newest(
        (
            task
            for task in list_tasks(context.table, context.now, options.days)
            if not is_own_task(task.task_id) and (task.name or "").startswith(name or "")
        ),
        options,
        _write_csv if options.as_csv else _write_table,
        context,
        noun="task of that name" if name else "task",
        adding="`seashore enqueue` sends some.",
    )


def _write_csv(tasks: Sequence[Task], context: CommandContext) -> None:
    context.output.write_csv(
        (
            "id", "name", "kind", "status", "about", "received", "finished", "model",
            "input_tokens", "output_tokens", "cost_usd", "reason",
        ),
        (
            (
                one.task_id, one.name, one.kind, one.status, one.about, one.received_at,
                one.finished_at, one.model, one.input_tokens, one.output_tokens,
                one.cost_micro_usd / MICRO_USD_PER_USD, one.reason,
            )
            for one in tasks
        ),
    )  # fmt: skip


def _write_table(tasks: Sequence[Task], context: CommandContext) -> None:
    if context.as_json:
        context.output.write_json([task.model_dump(mode="json") for task in tasks])
        return
    context.output.write_table(
        {"id": "name", "kind": "word", "status": "word", "about": "short", "received": "word"},
        [
            (
                task.task_id,
                task.kind,
                style_status(task.status),
                task.reason or _describe(task),
                describe_time(task.received_at),
            )
            for task in tasks
        ],
        [
            (task.task_id, task.kind, task.status, task.reason or _describe(task), task.received_at)
            for task in tasks
        ],
    )


def write_task(context: CommandContext, task: Task, *, review: bool = False) -> None:
    """Write all that is known of a task, its result first.

    Args:
        context: What the command works with.
        task: The task.
        review: Whether to write also what a model has given and no page bears out.

    Raises:
        ObjectMissingError: Its result is gone from the artifacts bucket.
    """
    bucket, output = context.stack.output("ArtifactsBucket"), context.output
    if context.as_json:
        result: Any = None
        if task.result_key is not None:
            result = context.objects.read_json(bucket, task.result_key)
        told = {"task": task.model_dump(mode="json"), "result": result}
        if review:
            told["candidates"] = _read_candidates(context, bucket, task)
        output.write_json(told)
        return
    if task.result_key is not None:
        markdown_key = str(PurePosixPath(task.result_key).with_suffix(".md"))
        for line in context.objects.read_text(bucket, markdown_key).splitlines():
            output.write_prose(remove_escapes(line))
        output.write()
    if review:
        _write_candidates(_read_candidates(context, bucket, task), output)
    output.write_facts(_list_facts(task, bucket, context.table))


def _read_candidates(context: CommandContext, bucket: str, task: Task) -> list[dict[str, Any]]:
    if task.result_key is None:
        return []
    documents = context.stack.output("DocumentsBucket")
    reader = DocumentReader(context.table, context.objects, documents, bucket, context.now)
    return reader.read_candidates(task.result_key, reader.read_json(task.result_key))


def _write_candidates(candidates: Sequence[Any], output: Output) -> None:
    if not candidates:
        output.write_prose("All that the model has given stands on its page.")
    else:
        output.write_prose("Given by the model, and borne out by no page, so not in the result:")
    for one in candidates:
        pages = f" (p. {format_page_ranges(one['pages'])})" if one["pages"] else ""
        value = one["value"]
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        output.write_prose(f"• {one['path']}: {told}{pages}", indent=2, hang=2)
    output.write()


def _describe(task: Task) -> str:
    return f"{task.name}: {task.about}" if task.name else task.about


def _list_facts(task: Task, bucket: str, table: LedgerTable) -> list[tuple[str, Cell]]:
    facts: list[tuple[str, Cell]] = [
        ("Task", f"{task.kind}: {task.about}"),
        *([("Name", task.name)] if task.name else []),
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
        facts.append(("Cost", describe_usage(task)))
    facts.append(("Id", task.task_id))
    if task.result_key is not None:
        markdown = PurePosixPath(task.result_key).with_suffix(".md")
        facts += [
            ("Results", f"s3://{bucket}/{markdown}"),
            ("", f"s3://{bucket}/{task.result_key}"),
        ]
    return facts
