"""`seashore explain`: the whole timeline of a document, a task or a report on one screen."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from infra.cli.command_context import CommandContext
from infra.cli.documents.find import find_wanted_document
from infra.cli.items.relatives import list_relatives
from infra.cli.listing import describe_usage
from infra.cli.timeline_table import write_timeline_table
from infra.cli.times import describe_duration
from pipeline.dead_letters.hold import message_pk
from pipeline.documents.standing_words import describe_status
from pipeline.timeline import Timeline, build_timeline
from shared.document_formats import count_units
from shared.errors import UnknownItemError
from shared.ledger.documents import Document, document_pk
from shared.ledger.erasures import Erasure, find_erasure
from shared.ledger.reports import ReportRow, find_report, report_pk
from shared.ledger.tasks import Task, find_task, task_pk
from shared.ledger.timeline import read_timeline

Fact = tuple[str, str]
# No key that somebody would give a document, as it has no ending.
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
Subject = Document | Erasure | Task | ReportRow | None


def explain(context: CommandContext, wanted: str) -> None:
    """Write the timeline of a document, a task, a report (by its day), or a message about none.

    Of a document that was erased there is no timeline, only who did it and when.

    Raises:
        UnknownItemError: There is no such thing.
    """
    subject, timeline = _find_timeline(context, wanted)
    output = context.output
    if context.as_json:
        output.write_json(_to_json(subject, timeline))
        return
    output.write_facts(_list_facts(subject, wanted))
    if isinstance(subject, Document):
        output.write_facts(list_relatives(context.table, subject))
    if isinstance(subject, Erasure):
        return
    output.write_facts(_list_sums(timeline))
    output.write()
    write_timeline_table(timeline, output)


def _find_timeline(context: CommandContext, wanted: str) -> tuple[Subject, Timeline]:
    table = context.table
    task = find_task(table, wanted)
    if task is not None:
        return task, build_timeline(read_timeline(table, task_pk(task.task_id)))
    report = find_report(table, wanted)
    if report is not None:
        return report, build_timeline(read_timeline(table, report_pk(wanted)))
    of_message = read_timeline(table, message_pk(wanted))
    if of_message:
        return None, build_timeline(of_message)
    erasure = find_erasure(table, wanted)
    if erasure is not None:
        return erasure, build_timeline([])
    if _DAY.fullmatch(wanted):
        raise UnknownItemError(
            f"The report of {wanted} has no timeline: only what the schedule makes and mails has "
            f"one. `seashore report --date {wanted}` makes it, now or again."
        )
    document = find_wanted_document(context, wanted)
    return document, build_timeline(read_timeline(table, document_pk(document.document_id)))


def _to_json(subject: Subject, timeline: Timeline) -> dict[str, Any]:
    told = asdict(timeline)
    told["steps"] = [step.to_json() for step in timeline.steps]
    kinds = {"document": Document, "erasure": Erasure, "task": Task, "report": ReportRow}
    found = None if subject is None else subject.model_dump(mode="json")
    about = {name: found if isinstance(subject, kind) else None for name, kind in kinds.items()}
    return {**about, "timeline": told}


def _list_facts(subject: Subject, wanted: str) -> Sequence[Fact]:
    match subject:
        case Document():
            about = [
                ("Document", f"{subject.called} ({subject.document_id})"),
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
        case Erasure():
            settled = (
                "Nothing more can come of it."
                if subject.leftovers is None
                else "What was written late is still to be deleted."
            )
            return [
                ("Document", subject.document_id),
                ("Status", f"Erased by {subject.erased_by}. {settled}"),
                ("Erased", subject.erased_at),
            ]
        case ReportRow():
            reason = f": {subject.reason}" if subject.reason else ""
            return [("Report", subject.day), ("Status", f"{subject.status}{reason}")]
        case None:
            return [("Message", wanted)]
    return [*about, ("Cost", describe_usage(subject))]


def _list_sums(timeline: Timeline) -> Sequence[Fact]:
    waits = (
        f"{count_units(timeline.deferrals, 'deferral')}, "
        f"{count_units(timeline.returns, 'return')}, "
        f"{describe_duration(timeline.planned_wait_seconds)} in all"
        if timeline.deferrals or timeline.returns
        else "none"
    )
    steps = count_units(len(timeline.steps), "step")
    sums = [
        ("Took", f"{describe_duration(timeline.seconds)} in {steps}"),
        ("Waits", waits),
        ("Calls", f"{count_units(timeline.model_calls, 'step')} asked the model"),
    ]
    if timeline.replays:
        sums.append(("Replays", str(timeline.replays)))
    if timeline.errors:
        errors = "; ".join(
            f"{count} times {reason}" if count > 1 else reason
            for reason, count in timeline.errors.items()
        )
        sums.append(("Errors", errors))
    return sums
