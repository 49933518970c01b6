"""What needs a person: sums that do not add up, dead letters, refused and incomplete files."""

from collections.abc import Iterable

from pipeline.report.page.addresses import describe_rest, write_explain_command
from pipeline.report.page.view import Alarm, Attention, FileNote, LetterCard, ListLimits
from pipeline.report.page.words import join_words, say_count, shorten, shorten_key
from pipeline.report.report_types import Counts, DailyReport, DeadLetterGroup

_MOST_KEY = 120
_MOST_SENTENCE = 240
_MOST_ID = 64
_MOST_UNKNOWN_ID = 120
_MOST_IDS = 10
# A command is shown whole or not at all.
_MOST_COMMAND = 400
_GAPS = "Some of it is not in the summary."


def build_alarm(report: DailyReport) -> Alarm | None:
    """Say loudly that the numbers do not add up; None if they do."""
    if report.is_reconciled:
        return None
    sentences = [
        *_describe_discrepancy(report.documents, "document"),
        *_describe_discrepancy(report.tasks, "task"),
    ]
    # Long enough for any id: what a command names is not shortened.
    ids = [shorten(one, _MOST_UNKNOWN_ID) for one in report.unaccounted_ids[:_MOST_IDS]]
    if ids:
        known = len(report.unaccounted_ids)
        rest = f" and {known - len(ids):,} more" if known > len(ids) else ""
        sentences.append(f"In a state that this report does not know: {', '.join(ids)}{rest}.")
    sentences.append(
        "The figures below are what the ledger holds. Do not rely on them before this is cleared."
    )
    return Alarm(
        headline="These numbers do not add up",
        sentences=tuple(sentences),
        commands=tuple(write_explain_command(report, one) for one in ids[:1]),
    )


def _describe_discrepancy(counts: Counts, noun: str) -> list[str]:
    if counts.is_reconciled:
        return []
    gap = abs(counts.discrepancy)
    problem = (
        f"{gap:,} {'is' if gap == 1 else 'are'} missing"
        if counts.discrepancy > 0
        else f"{gap:,} too many"
    )
    return [
        f"{say_count(counts.received, noun)} arrived and {counts.accounted_for:,} "
        f"{'is' if counts.accounted_for == 1 else 'are'} accounted for: {problem}."
    ]


def build_attention(report: DailyReport, limits: ListLimits) -> Attention | None:
    """Say what needs a person; None if nothing does."""
    letters = report.dead_letters
    if not (report.needs_you or letters.groups or letters.more_count or letters.letters_now):
        return None
    partial = [line for line in report.lines if line.status == "PARTIAL"][: limits.files]
    rejected = report.rejected[: limits.files]
    has_letters = bool(letters.groups or letters.more_count or letters.letters_now)
    return Attention(
        lead=_describe_need(report),
        letters=tuple(_to_card(group) for group in letters.groups[: limits.letters]),
        letters_more=_describe_more_letters(report, limits),
        depths=_describe_depths(report),
        list_command=letters.list_command if has_letters else "",
        rejected=_group_files(
            (file.sentence, file.code, file.name or file.key) for file in rejected
        ),
        rejected_more=describe_rest(
            len(report.rejected) - len(rejected) + report.rejected_more, "rejected file", report
        ),
        partial=_group_files((line.note or _GAPS, "", line.name or line.key) for line in partial),
        partial_more=describe_rest(
            report.documents.partial - len(partial), "partial document", report
        ),
    )


def _describe_need(report: DailyReport) -> str:
    documents, tasks = report.documents, report.tasks
    parts = [
        f"{say_count(count, noun)} {word}"
        for count, noun, word in (
            (documents.failed, "document", "failed"),
            (tasks.failed, "task", "failed"),
            (documents.rejected, "file", "rejected"),
            (tasks.rejected, "task", "rejected"),
            (documents.partial, "document", "with gaps"),
            (tasks.partial, "task", "partly done"),
        )
        if count
    ]
    if not parts:
        return "Nothing of this day, but dead letters are waiting."
    return f"{join_words(parts)}."


def _to_card(group: DeadLetterGroup) -> LetterCard:
    queue = shorten(group.queue, _MOST_ID)
    examples = [shorten(one, _MOST_ID) for one in group.examples]
    rest = group.count - len(examples)
    if examples and rest > 0:
        examples.append(f"{rest:,} more")
    command = group.replay_command if len(group.replay_command) <= _MOST_COMMAND else ""
    return LetterCard(
        headline=f"{say_count(group.count, group.kind)} given up in the {queue} queue",
        cause=shorten(group.cause, _MOST_SENTENCE),
        examples=join_words(examples),
        command=shorten(command, _MOST_COMMAND),
    )


def _describe_more_letters(report: DailyReport, limits: ListLimits) -> str:
    beyond = report.dead_letters.groups[limits.letters :]
    causes = len(beyond) + report.dead_letters.more_causes
    if not causes:
        return ""
    count = sum(group.count for group in beyond) + report.dead_letters.more_count
    return f"{count:,} more given up for {say_count(causes, 'other cause')}."


def _describe_depths(report: DailyReport) -> str:
    depths = [depth for depth in report.dead_letters.depths if depth.letters]
    if not depths:
        return ""
    parts = join_words(
        [f"{depth.letters:,} in {shorten(depth.queue, _MOST_ID)}" for depth in depths]
    )
    told = f"Dead letters of any day that lie in the queues now: about {parts}."
    named = (
        sum(group.count for group in report.dead_letters.groups) + report.dead_letters.more_count
    )
    if sum(depth.letters for depth in depths) > named:
        told += (
            " Those that are not named above are of another day, or no message that could be read; "
            "the list tells the cause of each."
        )
    return told


def _group_files(files: Iterable[tuple[str, str, str]]) -> tuple[FileNote, ...]:
    """Files with the same sentence and code together, in the order in which they come."""
    keys: dict[tuple[str, str], list[str]] = {}
    for sentence, code, key in files:
        keys.setdefault((sentence, code), []).append(shorten_key(key, _MOST_KEY))
    return tuple(
        FileNote(shorten(sentence, _MOST_SENTENCE), shorten(code, _MOST_ID), tuple(names))
        for (sentence, code), names in keys.items()
    )
