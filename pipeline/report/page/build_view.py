"""Put the page together from the report's figures."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.report.page.addresses import (
    list_addresses,
    write_again_command,
    write_explain_command,
    write_resume_command,
    write_show_command,
)
from pipeline.report.page.attention import build_alarm, build_attention
from pipeline.report.page.figures import build_spending, build_sum, build_times
from pipeline.report.page.lines import build_digest, build_document_lines, build_task_lines
from pipeline.report.page.view import Attention, Line, ListLimits, PauseCard, ReportView
from pipeline.report.page.words import (
    join_words,
    say_count,
    say_day,
    say_time,
    say_units,
    shorten,
)
from pipeline.report.report_types import DailyReport
from shared.document_formats import PAGE
from shared.lifecycle import Tone

_MOST_NAME = 120
_MOST_REASON = 240
_DAY = timedelta(hours=24)


def build_view(report: DailyReport, limits: ListLimits) -> ReportView:
    """Say a report in words, with as much of each list as the limits leave."""
    is_quiet = report.is_empty and report.is_reconciled
    attention = build_attention(report, limits)
    told = {file.document_id for file in report.rejected[: limits.files]} | {
        line.document_id
        for line in [one for one in report.lines if one.status == "PARTIAL"][: limits.files]
    }
    documents, documents_more = build_document_lines(report, limits, told)
    tasks, tasks_more = build_task_lines(report, limits)
    pauses = _build_pauses(report)
    lead = _describe_arrivals(report)
    told_first = [card.headline + "." for card in pauses]
    return ReportView(
        stack=shorten(report.stack, _MOST_NAME),
        day=say_day(report.day),
        verdict=_capitalise(report.verdict),
        lead=lead,
        tone=_choose_tone(report, attention),
        preheader=" ".join(
            [f"{say_day(report.day)}.", *told_first, attention.lead if attention else lead]
        ),
        pauses=pauses,
        alarm=build_alarm(report),
        attention=attention,
        sum=None if is_quiet else build_sum(report),
        digest=None if is_quiet else build_digest(report.digest, limits),
        documents=documents,
        documents_more=documents_more,
        show_command=_write_show_command(documents, report),
        explain_command=write_explain_command(report, documents[0].item_id) if documents else "",
        tasks=tasks,
        tasks_more=tasks_more,
        times=build_times(report),
        spending=None if is_quiet and not report.spend.calls else build_spending(report, limits),
        made=_describe_making(report),
        again_command=write_again_command(report),
        addresses=list_addresses(report),
    )


def _write_show_command(documents: Sequence[Line], report: DailyReport) -> str:
    first = next((line for line in documents if line.excerpt), None)
    return "" if first is None else write_show_command(report, first.item_id)


def _capitalise(words: str) -> str:
    return words[:1].upper() + words[1:]


def _describe_arrivals(report: DailyReport) -> str:
    if report.is_empty:
        return (
            "A quiet day: no document and no task came in."
            if report.is_day_over
            else "The day is not over; no document and no task has come in so far."
        )
    parts = [
        say_count(counts.received, noun)
        for counts, noun in ((report.documents, "document"), (report.tasks, "task"))
        if counts.received
    ]
    arrived = "arrived" if report.is_day_over else "arrived so far"
    is_of_pages = all(line.unit == PAGE for line in report.lines)
    pages = say_count(report.pages, "page") if is_of_pages else say_units(report.pages)
    return f"{join_words(parts)} {arrived}, with {pages} in all."


def _build_pauses(report: DailyReport) -> tuple[PauseCard, ...]:
    """A card for each pause; consumers that were paused together have one."""
    together: dict[tuple[str, str], list[str]] = {}
    for pause in report.pauses:
        # Of a role or user of AWS the end of its ARN, which is the name of a person or a session.
        by = shorten(re.split("[:/]", pause.by)[-1] or pause.by, _MOST_NAME)
        facts = f"since {say_time(pause.since, report.zone)}, by {by}"
        together.setdefault((shorten(pause.reason, _MOST_REASON), facts), []).append(pause.consumer)
    return tuple(
        PauseCard(
            headline=f"The {join_words(names)} {'is' if len(names) == 1 else 'are'} paused",
            reason=reason,
            facts=facts,
            command=write_resume_command(report, names),
        )
        for (reason, facts), names in together.items()
    )


def _choose_tone(report: DailyReport, attention: Attention | None) -> Tone:
    if not report.is_reconciled:
        return Tone.BAD
    if report.documents.failed or report.tasks.failed:
        return Tone.BAD
    return Tone.WARN if attention or report.pauses else Tone.GOOD


def _describe_making(report: DailyReport) -> str:
    start = datetime.fromisoformat(report.window_from)
    length = datetime.fromisoformat(report.window_to) - start
    hours = length / timedelta(hours=1)
    odd = "" if length == _DAY else f" That day had {hours:g} hours."
    return (
        f"Days are counted in {report.zone}.{odd} "
        f"Made {say_time(report.made_at, report.zone)}: how things stood then."
    )
