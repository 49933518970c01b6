"""A statement read for its rows by a fake model, and what came of it beside what it holds."""

import io
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime

from functions.model_wiring import build_answers
from functions.wiring import build_services, utc_now
from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.tasks.extract.extract import ExtractResult, build_result
from pipeline.tasks.extract.field_finding import ReadingServices, find_fields
from pipeline.tasks.extract.field_lists import part_schema
from pipeline.tasks.extract.field_schema import read_field_schema
from pipeline.tasks.task_calls import TaskCalls
from shared.deadline import Deadline
from shared.ledger.tasks import register_task
from shared.llm.model_window import ModelWindow
from tests.fakes.aws.kept_account import open_account
from tests.fakes.model.list_reader import STATEMENT_SCHEMA, ListReader, make_statement

CALLS_AT_ONCE = 16


@dataclass(frozen=True)
class StatementScore:
    """Shares of one, and how many rows or pages went wrong.

    Args:
        recall: Of the rows, how many were taken, with all of their values.
        precision: Of those that were taken, how many are there.
        right_page: Of those that are right, how many have the page that they stand on.
        is_in_order: Whether the rows that were taken are in the order of the text.
        silent_losses: Rows that are missing of pages that are not named.
        false_alarms: Pages that are named and of which nothing is missing.
        pages_with_losses: Pages of which rows are missing. A row that a model leaves out where a
            part shows the lines before it again is none, as the part before has it.
        pages_named: Pages that are named.
    """

    recall: float
    precision: float
    right_page: float
    is_in_order: bool
    silent_losses: int
    false_alarms: int
    pages_with_losses: int
    pages_named: int


def read_statement(count: int, window_tokens: int, model: ListReader) -> ExtractResult:
    """The result of reading a statement of so many rows, for which nobody pays."""
    services = AnswerServices(model, None, None, lambda: datetime.now(UTC))
    return _read(count, window_tokens, MeteredCalls(services, payer=None))


def read_statement_within(
    count: int, cap_usd: float, model: ListReader
) -> tuple[ExtractResult, float]:
    """The result of a task that may cost so much, with the default window, and what it has cost."""
    with open_account(openai_base_url="http://127.0.0.1:1/v1", document_cap_usd=cap_usd) as account:
        base = build_services(account.settings, account.clients, utc_now)
        answers = build_answers(account.settings, model, base)
        about = {"kind": "extract", "about": "rows", "digest": "0", "callback": None}
        task = register_task(base.table, task_id="lists", now=utc_now, **about)
        calls = TaskCalls(task, answers)
        # The meter's metrics are lines on the standard output.
        with redirect_stdout(io.StringIO()):
            result = _read(count, account.settings.context_window_tokens, calls)
        return result, calls.spent.cost_usd


def _read(count: int, window_tokens: int, calls: MeteredCalls) -> ExtractResult:
    pages, _ = make_statement(count)
    schema = read_field_schema(STATEMENT_SCHEMA)
    parts = part_schema(schema)
    reading = ReadingServices(
        calls, ModelWindow(window_tokens), CALLS_AT_ONCE, Deadline.after(3_600)
    )
    facts = {
        **{"task_id": "lists", "kind": "extract", "model": calls.model_name},
        **{"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0},
        **{"document_id": None, "document_key": None},
    }
    return build_result(find_fields(pages, parts, reading), schema, parts, facts)


def score_statement(count: int, result: ExtractResult) -> StatementScore:
    """Hold a result against the statement of so many rows."""
    _, rows = make_statement(count)
    wanted = [tuple(row.value.values()) for row in rows]
    taken = [tuple(row.values()) for row in result.fields["rows"] or ()]
    pages = [one.page for one in result.rows.get("rows", ())]
    hits = (Counter(wanted) & Counter(taken)).total()
    on_pages = Counter(zip((row.page for row in rows), wanted, strict=True))
    taken_on_pages = Counter(zip(pages, taken, strict=True))
    named = {page.page for page in result.doubtful} | _read_ranges(result)
    missing = on_pages - taken_on_pages
    places = {row: number for number, row in enumerate(wanted)}
    order = [places[row] for row in taken if row in places]
    return StatementScore(
        recall=hits / len(wanted),
        precision=hits / max(1, len(taken)),
        right_page=(on_pages & taken_on_pages).total() / max(1, hits),
        is_in_order=order == sorted(order),
        silent_losses=sum(n for (page, _), n in missing.items() if page not in named),
        false_alarms=len(named - {page for page, _ in missing}),
        pages_with_losses=len({page for page, _ in missing}),
        pages_named=len(named),
    )


def _read_ranges(result: ExtractResult) -> set[int | None]:
    """The pages of the parts that could not be read."""
    pages: set[int | None] = set()
    for part in result.unread:
        for piece in part.pages.split(","):
            first, _, last = piece.partition("-")
            pages.update(range(int(first), int(last or first) + 1))
    return pages
