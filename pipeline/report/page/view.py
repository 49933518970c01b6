"""What the page says, in words and in order, before it is HTML, plain text or Markdown.

Every text is one harmless line of limited length (`words.shorten`), but not yet escaped for any
format. A sentence that does not apply is empty, and so is a list.
"""

from dataclasses import dataclass

from shared.lifecycle import Tone


@dataclass(frozen=True)
class ListLimits:
    """How much of each list a page shows; what is beyond is counted and said.

    Args:
        documents: Lines of documents.
        tasks: Lines of tasks.
        letters: Causes of dead letters.
        files: Names of rejected files, and as many of partial ones.
        models: Models, the dearest first.
        digest_characters: Of the digest's text, without its points.
        excerpt_characters: Of what each document says; 0 for none of it.
    """

    documents: int
    tasks: int
    letters: int
    files: int
    models: int
    digest_characters: int
    excerpt_characters: int


@dataclass(frozen=True)
class Alarm:
    """That the numbers do not add up, and where to look."""

    headline: str
    sentences: tuple[str, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True)
class PauseCard:
    """Consumers that were paused together: which, why, since when and by whom."""

    headline: str
    reason: str
    facts: str
    command: str


@dataclass(frozen=True)
class LetterCard:
    """What was given up for one cause, and the command that takes it up again."""

    headline: str
    cause: str
    examples: str
    command: str


@dataclass(frozen=True)
class FileNote:
    """What is the matter with one or more files, in a sentence."""

    sentence: str
    code: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Attention:
    """What needs a person.

    Args:
        lead: How many of what, in a sentence.
        letters: What was given up, by cause.
        letters_more: How much more of it there is.
        depths: What lies in the DLQs now.
        list_command: Lists all letters; empty where there are none.
        rejected: Files that were refused.
        rejected_more: How many more there are, and where.
        partial: Files whose summary lacks pages.
        partial_more: How many more there are, and where.
    """

    lead: str
    letters: tuple[LetterCard, ...] = ()
    letters_more: str = ""
    depths: str = ""
    list_command: str = ""
    rejected: tuple[FileNote, ...] = ()
    rejected_more: str = ""
    partial: tuple[FileNote, ...] = ()
    partial_more: str = ""


@dataclass(frozen=True)
class SumRow:
    """One line of the sum: a status and how many stand there."""

    label: str
    meaning: str
    documents: int
    tasks: int
    share_percent: float
    tone: Tone


@dataclass(frozen=True)
class Sum:
    """What arrived, and the statuses that it is made of.

    Args:
        rows: By status.
        documents: Documents that arrived.
        tasks: Tasks that arrived.
        documents_accounted: Documents in the rows.
        tasks_accounted: Tasks in the rows.
        verdict: Whether it adds up, in a sentence.
        adds_up: Whether it does.
    """

    rows: tuple[SumRow, ...]
    documents: int
    tasks: int
    documents_accounted: int
    tasks_accounted: int
    verdict: str
    adds_up: bool


@dataclass(frozen=True)
class DigestText:
    """What the day's documents say, and who wrote that."""

    paragraphs: tuple[str, ...]
    points: tuple[str, ...]
    byline: str
    note: str


@dataclass(frozen=True)
class Line:
    """A document or task on one line, with its facts below.

    Args:
        name: Its title, or its key where it has none.
        excerpt: What it says, in two sentences; empty for a task, and where that is not known.
        key: Its key where the name is a title.
        status: Its status in words.
        tone: How good that is.
        facts: Pages, duration, cost.
        item_id: The beginning of its id.
        note: What else there is to say.
    """

    name: str
    key: str
    status: str
    tone: Tone
    facts: str
    item_id: str
    note: str
    excerpt: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure that stands out, with its name and a remark."""

    label: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: its length is in per cent of the longest."""

    label: str
    value: str
    share_percent: int
    details: str
    is_today: bool = False


@dataclass(frozen=True)
class ModelRow:
    """What one model did and cost."""

    name: str
    calls: str
    tokens_in: str
    tokens_out: str
    cost: str


@dataclass(frozen=True)
class Times:
    """Time from drop to summary."""

    lead: str
    figures: tuple[Figure, ...]
    slowest: tuple[Bar, ...]


@dataclass(frozen=True)
class SpendingView:
    """Pages, tokens and cost.

    Args:
        figures: The day's figures.
        chunks: What became of the chunks.
        models: By model, the dearest first.
        models_more: What the models beyond these cost.
        cap: How the cost stands to the day's limit.
        cap_percent: The used part of the limit, 100 at most; None without a limit.
        cap_tone: How near it is.
        bars_title: What the bars show.
        bars: The days before, and the day.
        comparison: How the day stands to the days before.
    """

    figures: tuple[Figure, ...]
    chunks: str
    models: tuple[ModelRow, ...]
    models_more: str
    cap: str
    cap_percent: int | None
    cap_tone: Tone
    bars_title: str
    bars: tuple[Bar, ...]
    comparison: str


@dataclass(frozen=True)
class ReportView:
    """The whole page, from top to bottom; a section that does not apply is None.

    Args:
        stack: The stack's name.
        day: The day in full.
        verdict: The day in a few words.
        lead: What arrived, in a sentence.
        tone: How the day was.
        preheader: What a mailbox shows beside the subject.
        pauses: What was paused when it was made.
        alarm: That the numbers do not add up.
        attention: What needs a person.
        sum: What arrived, and what became of it.
        digest: What the documents say.
        documents: The day's documents.
        documents_more: How many more there are, and where they are named.
        explain_command: Tells the timeline of the first of them; empty without one.
        show_command: Shows the whole summary of the first that has one; empty without one.
        tasks: Tasks that failed or wait.
        tasks_more: How many more there are.
        times: Time from drop to summary.
        spending: Pages, tokens and cost.
        made: When it was made, and how days are counted.
        again_command: Makes it anew; empty where there is nothing to be seen.
        addresses: The report's files.
    """

    stack: str
    day: str
    verdict: str
    lead: str
    tone: Tone
    preheader: str
    pauses: tuple[PauseCard, ...]
    alarm: Alarm | None
    attention: Attention | None
    sum: Sum | None
    digest: DigestText | None
    documents: tuple[Line, ...]
    documents_more: str
    explain_command: str
    show_command: str
    tasks: tuple[Line, ...]
    tasks_more: str
    times: Times | None
    spending: SpendingView | None
    made: str
    again_command: str
    addresses: tuple[Figure, ...]
