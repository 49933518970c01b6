"""`seashore explain`: the whole story of a document, a task or a report on one screen."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_document
from infra.cli.documents.table import describe_status
from infra.cli.listing import describe_usage
from infra.cli.timeline_table import write_story_table
from infra.cli.times import describe_duration
from pipeline.dead_letters.hold import message_pk
from pipeline.timeline import Story, build_story
from shared.ledger.documents import Document, document_pk
from shared.ledger.reports import ReportRow, find_report, report_pk
from shared.ledger.tasks import Task, find_task, task_pk
from shared.ledger.timeline import read_timeline

Fact = tuple[str, str]
Subject = Document | Task | ReportRow | None


def explain(context: CommandContext, wanted: str) -> None:
    """Write the story of a document, a task, a report (by its day), or a message about none.

    Raises:
        UnknownItemError: There is no such thing.
    """
    subject, story = _find_story(context, wanted)
    output = context.output
    if context.as_json:
        output.write_json(_to_json(subject, story))
        return
    output.write_facts([*_list_facts(subject, wanted), *_list_sums(story)])
    output.write()
    write_story_table(story, output)


def _find_story(context: CommandContext, wanted: str) -> tuple[Subject, Story]:
    table = context.table
    task = find_task(table, wanted)
    if task is not None:
        return task, build_story(read_timeline(table, task_pk(task.task_id)))
    report = find_report(table, wanted)
    if report is not None:
        return report, build_story(read_timeline(table, report_pk(wanted)))
    of_message = read_timeline(table, message_pk(wanted))
    if of_message:
        return None, build_story(of_message)
    document = find_wanted_document(context, wanted)
    return document, build_story(read_timeline(table, document_pk(document.document_id)))


def _to_json(subject: Subject, story: Story) -> dict[str, Any]:
    told = asdict(story)
    told["steps"] = [{**asdict(step), "at": step.at.isoformat()} for step in story.steps]
    kinds = {"document": Document, "task": Task, "report": ReportRow}
    found = None if subject is None else subject.model_dump(mode="json")
    about = {name: found if isinstance(subject, kind) else None for name, kind in kinds.items()}
    return {**about, "story": told}


def _list_facts(subject: Subject, wanted: str) -> Sequence[Fact]:
    match subject:
        case Document():
            about = [
                ("Document", f"{subject.key} ({subject.document_id})"),
                ("Status", f"{subject.status}. {describe_status(subject)}"),
            ]
            if subject.chunks_total:
                done = f"{subject.chunks_done} of {subject.chunks_total} done"
                failed = f"{subject.chunks_failed} failed, run {subject.run}"
                about.append(("Chunks", f"{done}, {failed}"))
        case Task():
            reason = f": {subject.reason}" if subject.reason else ""
            about = [
                ("Task", f"{subject.task_id} ({subject.kind})"),
                ("About", subject.about),
                ("Status", f"{subject.status}{reason}"),
                ("Attempts", str(subject.attempts)),
            ]
        case ReportRow():
            reason = f": {subject.reason}" if subject.reason else ""
            return [("Report", subject.day), ("Status", f"{subject.status}{reason}")]
        case None:
            return [("Message", wanted)]
    return [*about, ("Cost", describe_usage(subject))]


def _list_sums(story: Story) -> Sequence[Fact]:
    waits = (
        f"{story.deferrals} deferrals, {story.returns} returns, "
        f"{describe_duration(story.planned_wait_seconds)} in all"
        if story.deferrals or story.returns
        else "none"
    )
    sums = [
        ("Took", f"{describe_duration(story.seconds)} in {len(story.steps)} steps"),
        ("Waits", waits),
        ("Calls", f"{story.model_calls} steps asked the model"),
    ]
    if story.replays:
        sums.append(("Replays", str(story.replays)))
    if story.errors:
        errors = "; ".join(
            f"{count} times {reason}" if count > 1 else reason
            for reason, count in story.errors.items()
        )
        sums.append(("Errors", errors))
    return sums
