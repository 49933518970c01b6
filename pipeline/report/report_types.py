"""The daily report as plain figures: what is read from the ledger, and what is written down.

Amounts are in millionths of a dollar, durations in seconds, times ISO 8601 in UTC, days
`YYYY-MM-DD` in the report's time zone. Texts come from documents and senders: whoever renders them
escapes them.
"""

from typing import Literal

from pipeline.report.report_part import ReportPart
from pipeline.report.spend import Spend
from shared.document_formats import PAGE
from shared.lifecycle import STANDINGS, Standing


class Counts(ReportPart):
    """How many documents or tasks arrived on a day, and how each of them stands.

    `received` is what the index counted; the others are what was found on each row.
    """

    received: int = 0
    done: int = 0
    partial: int = 0
    no_text: int = 0
    rejected: int = 0
    failed: int = 0
    cancelled: int = 0
    deleted: int = 0
    deferred: int = 0
    in_flight: int = 0

    def of(self, standing: Standing) -> int:
        """How many stand so."""
        return int(getattr(self, standing.count))

    @property
    def accounted_for(self) -> int:
        """The sum of all but `received`."""
        return sum(map(self.of, STANDINGS.values()))

    @property
    def discrepancy(self) -> int:
        """Received and not accounted for; negative where more is accounted for than came."""
        return self.received - self.accounted_for

    @property
    def is_reconciled(self) -> bool:
        """Whether the counts add up."""
        return self.discrepancy == 0

    @property
    def need_a_person(self) -> int:
        """How many will not end well by themselves."""
        return sum(self.of(one) for one in STANDINGS.values() if one.needs_a_person)


class PauseNote(ReportPart):
    """A consumer that was paused when the report was made; `since` is ISO 8601 in UTC."""

    consumer: str
    reason: str
    by: str
    since: str


class SlowDocument(ReportPart):
    """One of the documents that took longest, and why, in a sentence.

    A document that came out of another has a name that says so.
    """

    document_id: str
    key: str
    name: str = ""
    duration_seconds: float
    why: str


class Durations(ReportPart):
    """Time from drop to summary, of the day's documents that have one.

    Args:
        count: How many that are.
        median_seconds: Half of them took less; None without any.
        p95_seconds: Of a hundred, 95 took no longer (nearest rank).
        slowest: The slowest five, slowest first.
    """

    count: int = 0
    median_seconds: float | None = None
    p95_seconds: float | None = None
    slowest: tuple[SlowDocument, ...] = ()


class DeadLetterGroup(ReportPart):
    """What was given up, by queue and cause.

    Args:
        queue: `uploads`, `work` or `reports`.
        kind: `document` or `task`.
        cause: The cause, in a sentence.
        count: How many documents or tasks of the day that were given up for it.
        examples: Ids of a few of them.
        replay_command: To paste into a terminal.
    """

    queue: str
    kind: Literal["document", "task"]
    cause: str
    count: int
    examples: tuple[str, ...]
    replay_command: str


class QueueDepth(ReportPart):
    """About how many letters lie in a DLQ as the report is made, of any day."""

    queue: str
    letters: int


class DeadLetters(ReportPart):
    """What was given up, and what lies in the DLQs now.

    Args:
        groups: By queue and cause, the largest first; those of the day.
        more_causes: Causes beyond these groups.
        more_count: How many documents and tasks died of those.
        depths: Of each DLQ; empty where the queues could not be asked.
        list_command: Lists all letters.
    """

    groups: tuple[DeadLetterGroup, ...] = ()
    more_causes: int = 0
    more_count: int = 0
    depths: tuple[QueueDepth, ...] = ()
    list_command: str = "seashore dlq list"

    @property
    def letters_now(self) -> int:
        """How many letters lie in all DLQs."""
        return sum(depth.letters for depth in self.depths)


class RejectedFile(ReportPart):
    """A file that was refused: its code, and the sentence that says what to do.

    A file from inside another has a name that says so.
    """

    document_id: str
    key: str
    name: str = ""
    code: str
    sentence: str


class DocumentLine(ReportPart):
    """One line about a document.

    Args:
        document_id: Its id.
        key: The object's key.
        name: Of a document that came out of another: its name, after that of the other; else empty.
        status: `DONE`, `PARTIAL`, `NO_TEXT`, `REJECTED`, `FAILED`, `CANCELLED`, `DELETED`,
            `DEFERRED` or
            `IN_FLIGHT`.
        title: Of its summary; None without one.
        excerpt: The first sentences of its summary; empty without one.
        pages: How many it has; 0 where that is not known.
        unit: What these are: pages, sheets, slides, sections or parts.
        duration_seconds: From drop to end; None if it has not ended.
        cost_micro_usd: What its calls cost.
        note: What there is to say of it: a reason, missing pages, what it waits for; may be empty.
    """

    document_id: str
    key: str
    name: str = ""
    status: str
    title: str | None
    excerpt: str = ""
    pages: int
    unit: str = PAGE
    duration_seconds: float | None
    cost_micro_usd: int
    note: str = ""


class TaskLine(ReportPart):
    """One line about a task that failed or waits; those that are done are only counted."""

    task_id: str
    kind: str
    about: str
    status: str
    note: str = ""


class Digest(ReportPart):
    """What the day's documents say, all in all.

    Args:
        origin: `model`: a language model wrote it; `extractive`: sentences picked from the
            summaries, none invented; `none`: left out.
        model: The name of the model; None where there is no digest.
        text: The digest; empty where it is left out.
        key_points: The most important points, one sentence each.
        note: Why it is left out, or what it does not cover; may be empty.
        documents_read: How many documents' summaries it was made from.
        documents_with_summary: How many there were.
    """

    origin: Literal["model", "extractive", "none"] = "none"
    model: str | None = None
    text: str = ""
    key_points: tuple[str, ...] = ()
    note: str = ""
    documents_read: int = 0
    documents_with_summary: int = 0


class DailyReport(ReportPart):
    """The report of one day.

    Args:
        day: The day.
        zone: The time zone in which it is counted.
        window_from: When it began, in UTC.
        window_to: When it ended, in UTC: the first moment after it.
        made_at: When the report was made, in UTC: how things stood then.
        stack: The stack's name.
        documents: The documents that arrived within the window.
        children: How many of the documents came out of others.
        tasks: The tasks that arrived within the window, without the report's own.
        unaccounted_ids: A few documents and tasks whose state is none that the report knows.
        pages: Pages of the day's documents.
        empty_pages: Pages without text.
        failed_pages: Pages that could not be read or are not in a summary.
        chunks: Chunks of the day's documents.
        chunks_done: Chunks that are summarised.
        chunks_failed: Chunks that were given up.
        spend: Calls, tokens and cost.
        durations: Time from drop to summary.
        dead_letters: What was given up.
        rejected: Files that were refused, as many as are listed.
        rejected_more: How many more there are.
        lines: The day's documents, those first that need a person, as many as are listed.
        lines_more: How many more there are.
        task_lines: Tasks that failed or wait, as many as are listed.
        task_lines_more: How many more there are.
        all_documents_key: Where every document of the day is listed, a CSV in the artifacts bucket;
            None where `lines` holds them all.
        artifacts_bucket: The bucket that the report lies in.
        report_prefix: What the keys of the report's files begin with, such as
            `reports/2026-11-21/`.
        digest: What the documents say.
        pauses: The consumers that were paused when it was made.
    """

    v: Literal[1] = 1
    day: str
    zone: str
    window_from: str
    window_to: str
    made_at: str
    stack: str
    documents: Counts = Counts()
    children: int = 0
    tasks: Counts = Counts()
    unaccounted_ids: tuple[str, ...] = ()
    pages: int = 0
    empty_pages: int = 0
    failed_pages: int = 0
    chunks: int = 0
    chunks_done: int = 0
    chunks_failed: int = 0
    spend: Spend = Spend()
    durations: Durations = Durations()
    dead_letters: DeadLetters = DeadLetters()
    rejected: tuple[RejectedFile, ...] = ()
    rejected_more: int = 0
    lines: tuple[DocumentLine, ...] = ()
    lines_more: int = 0
    task_lines: tuple[TaskLine, ...] = ()
    task_lines_more: int = 0
    all_documents_key: str | None = None
    artifacts_bucket: str = ""
    report_prefix: str = ""
    digest: Digest = Digest()
    pauses: tuple[PauseNote, ...] = ()

    @property
    def is_day_over(self) -> bool:
        """Whether the day was over when the report was made, so that no more can come."""
        return self.made_at >= self.window_to

    @property
    def is_reconciled(self) -> bool:
        """Whether the counts of documents and those of tasks add up."""
        return self.documents.is_reconciled and self.tasks.is_reconciled

    @property
    def discrepancy(self) -> int:
        """Documents and tasks that are not accounted for, without regard to the sign."""
        return abs(self.documents.discrepancy) + abs(self.tasks.discrepancy)

    @property
    def is_empty(self) -> bool:
        """Whether nothing arrived."""
        return self.documents.received == 0 and self.tasks.received == 0

    @property
    def needs_you(self) -> int:
        """Documents and tasks that will not end well without a person."""
        return self.documents.need_a_person + self.tasks.need_a_person

    @property
    def verdict(self) -> str:
        """The day in a few words, for a subject line: `12 done, 1 needs you`."""
        if self.is_empty and self.is_reconciled:
            return "nothing arrived"
        unfinished = (
            self.documents.deferred
            + self.documents.in_flight
            + self.tasks.deferred
            + self.tasks.in_flight
        )
        parts = [] if self.is_reconciled else [f"{self.discrepancy:,} NOT ACCOUNTED FOR"]
        parts.append(f"{self.documents.done + self.tasks.done:,} done")
        if self.needs_you:
            parts.append(f"{self.needs_you:,} {'needs' if self.needs_you == 1 else 'need'} you")
        if self.documents.no_text:
            parts.append(f"{self.documents.no_text:,} without text")
        if unfinished:
            parts.append(f"{unfinished:,} not finished")
        return ", ".join(parts)


def report_prefix(day: str) -> str:
    """What the keys of a day's files begin with."""
    return f"reports/{day}/"
