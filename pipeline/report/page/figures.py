"""The figures of the page: the sum, the times from drop to summary, pages, tokens and cost."""

from collections.abc import Sequence

from pipeline.report.page.view import (
    Bar,
    Figure,
    ListLimits,
    ModelRow,
    SpendingView,
    Sum,
    SumRow,
    Times,
)
from pipeline.report.page.words import (
    join_words,
    say_change,
    say_cost,
    say_count,
    say_duration,
    say_number,
    say_share,
    say_short_day,
    shorten,
    shorten_key,
)
from pipeline.report.report_types import DailyReport
from pipeline.report.spend import DayFigures, ModelCost, Spend
from shared.lifecycle import STANDINGS, Tone

_MOST_KEY = 90
_MOST_WHY = 190
_MOST_MODEL = 60
_NEAR_CAP = 0.8


def build_sum(report: DailyReport) -> Sum:
    """The sum of what arrived, by status."""
    documents, tasks = report.documents, report.tasks
    total = documents.accounted_for + tasks.accounted_for
    rows = []
    for standing in STANDINGS.values():
        of_documents, of_tasks = documents.of(standing), tasks.of(standing)
        if standing.is_rare and not of_documents + of_tasks:
            continue
        rows.append(
            SumRow(
                label=standing.word.capitalize(),
                meaning=standing.meaning,
                documents=of_documents,
                tasks=of_tasks,
                share_percent=_percent(of_documents + of_tasks, total),
                tone=standing.tone if of_documents + of_tasks else Tone.NONE,
            )
        )
    return Sum(
        rows=tuple(rows),
        documents=documents.received,
        tasks=tasks.received,
        documents_accounted=documents.accounted_for,
        tasks_accounted=tasks.accounted_for,
        verdict=(
            f"It adds up: all {documents.received + tasks.received:,} are accounted for."
            f"{_describe_children(report)}"
            if report.is_reconciled
            else "It does NOT add up."
        ),
        adds_up=report.is_reconciled,
    )


def _describe_children(report: DailyReport) -> str:
    if not report.children:
        return ""
    verb = "was" if report.children == 1 else "were"
    return f" {report.children:,} of the documents {verb} inside of others."


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def build_times(report: DailyReport) -> Times | None:
    """Time from drop to summary; None where no document of the day has one."""
    durations = report.durations
    if not durations.count:
        return None
    figures = [
        Figure(label, say_duration(seconds), remark)
        for label, seconds, remark in (
            ("Median", durations.median_seconds, "half took less"),
            ("95th percentile", durations.p95_seconds, "95 of 100 took no longer"),
        )
        if seconds is not None
    ]
    longest = max((slow.duration_seconds for slow in durations.slowest), default=0.0)
    slowest = tuple(
        Bar(
            label=shorten_key(slow.name or slow.key, _MOST_KEY),
            value=say_duration(slow.duration_seconds),
            share_percent=_bar_length(slow.duration_seconds, longest),
            details=shorten(slow.why, _MOST_WHY),
        )
        for slow in durations.slowest
    )
    return Times(f"Of {say_count(durations.count, 'document')}.", tuple(figures), slowest)


def _bar_length(value: float, longest: float) -> int:
    """The length of a bar in per cent; what is there at all can be seen."""
    if value <= 0 or longest <= 0:
        return 0
    return max(1, min(100, round(100 * value / longest)))


def build_spending(report: DailyReport, limits: ListLimits) -> SpendingView:
    """Pages, tokens and cost, against the day's limit and the days before."""
    spend = report.spend
    bars_title, bars = _build_bars(report)
    cap, cap_tone = _describe_cap(spend)
    share = spend.share_of_cap
    return SpendingView(
        figures=_list_figures(report),
        chunks=_describe_chunks(report),
        models=tuple(map(_to_model_row, spend.models[: limits.models])),
        models_more=_describe_more_models(spend.models[limits.models :]),
        cap=cap,
        cap_percent=None if share is None else _bar_length(share, 1),
        cap_tone=cap_tone,
        bars_title=bars_title,
        bars=bars,
        comparison=_compare(report),
    )


def _list_figures(report: DailyReport) -> tuple[Figure, ...]:
    spend = report.spend
    gaps = [
        f"{count:,} {word}"
        for count, word in ((report.empty_pages, "empty"), (report.failed_pages, "failed"))
        if count
    ]
    tokens = spend.input_tokens + spend.output_tokens
    return (
        Figure("Pages", say_number(report.pages), ", ".join(gaps)),
        Figure(
            "Tokens",
            say_number(tokens),
            f"{spend.input_tokens:,} in, {spend.output_tokens:,} out" if tokens else "",
        ),
        Figure(
            "Cost",
            say_cost(spend.cost_micro_usd),
            "without models that have no price"
            if spend.has_unpriced_model
            else say_count(spend.calls, "call"),
        ),
    )


def _describe_chunks(report: DailyReport) -> str:
    if not report.chunks:
        return ""
    failed = f", {report.chunks_failed:,} given up" if report.chunks_failed else ""
    return f"{report.chunks_done:,} of {say_count(report.chunks, 'chunk')} summarised{failed}."


def _to_model_row(model: ModelCost) -> ModelRow:
    cost = "no price" if model.cost_micro_usd is None else say_cost(model.cost_micro_usd)
    return ModelRow(
        name=shorten(model.model, _MOST_MODEL),
        calls=say_number(model.calls),
        tokens_in=say_number(model.input_tokens),
        tokens_out=say_number(model.output_tokens),
        cost=cost,
    )


def _describe_more_models(models: Sequence[ModelCost]) -> str:
    if not models:
        return ""
    rest = Spend(models=tuple(models))
    return (
        f"And {say_count(len(models), 'more model')}: {say_count(rest.calls, 'call')}, "
        f"{rest.input_tokens:,} tokens in, {rest.output_tokens:,} out, "
        f"{say_cost(rest.cost_micro_usd)}."
    )


def _describe_cap(spend: Spend) -> tuple[str, Tone]:
    cost = say_cost(spend.cost_micro_usd - spend.chat_micro_usd)
    share = spend.share_of_cap
    if share is None or spend.cap_micro_usd is None:
        return ("No daily limit is set." if spend.calls else "No model was paid."), Tone.NONE
    words = f"{cost} of the day's limit of {say_cost(spend.cap_micro_usd)} ({say_share(share)})."
    if spend.chat_micro_usd:
        words = f"{words} What came over the API cost {say_cost(spend.chat_micro_usd)} besides."
    if share >= 1:
        return f"{words} The limit was reached: work waits for the next day.", Tone.BAD
    return words, Tone.WARN if share >= _NEAR_CAP else Tone.GOOD


def _build_bars(report: DailyReport) -> tuple[str, tuple[Bar, ...]]:
    """The days before and the day, by cost; by tokens or documents where nothing was paid."""
    spend = report.spend
    if not spend.known_days_before:
        return "", ()
    today = DayFigures(
        day=report.day,
        documents=report.documents.received,
        tasks=report.tasks.received,
        pages=report.pages,
        tokens=spend.input_tokens + spend.output_tokens,
        cost_micro_usd=spend.cost_micro_usd,
    )
    days = (*spend.known_days_before, today)
    if any(day.cost_micro_usd for day in days):
        title, values = "Cost by day", [day.cost_micro_usd for day in days]
        labels = [say_cost(value) for value in values]
    elif any(day.tokens for day in days):
        title, values = "Tokens by day", [day.tokens for day in days]
        labels = [say_number(value) for value in values]
    else:
        title, values = "Documents by day", [day.documents or 0 for day in days]
        labels = ["unknown" if day.documents is None else say_number(day.documents) for day in days]
    longest = max(values)
    return title, tuple(
        Bar(
            label=say_short_day(day.day),
            value=label,
            share_percent=_bar_length(value, longest),
            details=_describe_day(day),
            is_today=day is today,
        )
        for day, value, label in zip(days, values, labels, strict=True)
    )


def _describe_day(day: DayFigures) -> str:
    counts = [
        say_count(count, noun)
        for count, noun in ((day.documents, "document"), (day.tasks, "task"), (day.pages, "page"))
        if count is not None
    ]
    tokens = say_count(day.tokens, "token")
    if not counts:
        return f"{tokens}; no report was made of this day"
    return ", ".join([*counts, tokens])


def _compare(report: DailyReport) -> str:
    """How the day stands to the mean of the days before, in a sentence."""
    spend, days = report.spend, report.spend.known_days_before
    if not days:
        return ""
    pages = [day.pages for day in days if day.pages is not None]
    parts = []
    if pages:
        mean = sum(pages) / len(pages)
        parts.append(f"pages {say_change(report.pages, mean)} (mean {mean:,.0f})")
    mean_tokens = sum(day.tokens for day in days) / len(days)
    tokens = spend.input_tokens + spend.output_tokens
    if tokens or mean_tokens:
        parts.append(f"tokens {say_change(tokens, mean_tokens)} (mean {mean_tokens:,.0f})")
    mean_cost = sum(day.cost_micro_usd for day in days) / len(days)
    if spend.cost_micro_usd or mean_cost:
        change = say_change(spend.cost_micro_usd, mean_cost)
        parts.append(f"cost {change} (mean {say_cost(mean_cost)})")
    if not parts:
        return ""
    return f"Against {_name_days(len(days))} before: {join_words(parts)}."


def _name_days(count: int) -> str:
    return "the day" if count == 1 else f"the {count} days"
