"""A model that reads bank statements: every row that it is shown, or fewer on purpose.

A row of the statements of `make_statement_pages` is a line that begins with a date and ends with an
amount and a balance. The model is perfect unless its traits say otherwise.
"""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.deadline import Deadline
from shared.errors import AnswerCutError
from shared.llm.chat_completions.structured_output import strict_schema
from shared.llm.model import AnswerT, ModelAnswer, ModelRequest, Source, Usage
from shared.llm.prompt_rendering import render_prompt
from tests.benchmarks.answers.token_count import count_tokens

ROWS_OF_A_PAGE = 49
STATEMENT_SCHEMA = {
    "type": "object",
    "properties": {
        "iban": {"type": "string"},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "date": {"type": "string", "format": "date"},
                    "text": {"type": "string"},
                    "amount": {"type": "number"},
                },
                "required": ["date", "text", "amount"],
            },
        },
    },
    "required": ["iban", "rows"],
}
IBAN = "NO93 8601 1117 947"
_PLACES = ("Skagen", "Bergen", "Molde", "Narvik", "Bodo", "Larvik", "Halden", "Kirkenes")
_SHOPS = ("Harbour Cafe", "Granite Works", "Ferry Line", "Net Loft", "Pier Books", "Tide Power")
_ROW = re.compile(
    r"^(\d\d)\.(\d\d)\.(\d{4}) (.+?) (-?[\d,]+\.\d\d) (-?[\d,]+\.\d\d)$", re.MULTILINE
)


@dataclass(frozen=True)
class StatementRow:
    """A row of a statement, as it should come out."""

    page: int
    date: str
    text: str
    amount: float

    @property
    def value(self) -> dict[str, Any]:
        """The row as a result has it."""
        return {"date": self.date, "text": self.text, "amount": self.amount}


def make_statement(count: int) -> tuple[list[Source], list[StatementRow]]:
    """The pages of a statement of so many rows, and the rows.

    Each page has a heading, balances that are carried forward with dates and numbers, and some rows
    that are truly equal to the one before.
    """
    rows: list[StatementRow] = []
    pages: list[Source] = []
    balance = 10_000.0
    total_pages = -(-count // ROWS_OF_A_PAGE)
    for page in range(1, total_pages + 1):
        lines = [
            "Harbour Bank of the North",
            f"Statement 2026/11 IBAN {IBAN} page {page} of {total_pages}",
            "Date Description Amount Balance",
            f"01.11.2026 Balance brought forward 9 {len(rows)} {balance:,.2f}",
        ]
        while len(rows) < min(count, page * ROWS_OF_A_PAGE):
            number = len(rows)
            # Every twentieth is the same payment as the one before it, twice on one day.
            seed = number - 1 if number % 20 == 7 and number % ROWS_OF_A_PAGE else number
            amount = round((seed * 37 % 900) + seed % 100 / 100 - 450.5, 2)
            balance += amount
            day, month = seed // 12 % 28 + 1, seed // 336 % 12 + 1
            text = f"{_SHOPS[seed % 6]} {_PLACES[seed % 8]} {4000 + seed // 3}"
            rows.append(StatementRow(page, f"2026-{month:02}-{day:02}", text, amount))
            lines.append(f"{day:02}.{month:02}.2026 {text} {amount:,.2f} {balance:,.2f}")
        lines += [f"30.11.2026 Balance carried forward 9 {len(rows)} {balance:,.2f}", "Sums 12.50"]
        pages.append(Source(page, page, "\n".join(lines)))
    return pages, rows


@dataclass
class ListReader:
    """The model.

    Args:
        cuts_at_tokens: Where it cuts an answer off, whatever room it has.
        drops_every: Of the rows that it writes, each of so many is left out, over all answers.
    """

    cuts_at_tokens: int | None = None
    drops_every: int | None = None
    name: str = "gpt-5-mini"
    usages: list[Usage] = field(default_factory=list)
    dropped: list[StatementRow] = field(default_factory=list)
    cuts: int = 0
    _written: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: ModelRequest[AnswerT], deadline: Deadline) -> ModelAnswer[AnswerT]:
        """Read the sources."""
        lists = [
            {"source": number, "rows": [row.value for row in self._read(source)]}
            for number, source in enumerate(request.sources, start=1)
        ]
        ibans = [number for number, one in enumerate(request.sources, 1) if IBAN in one.text]
        found = {
            "iban": {"value": IBAN if ibans else None, "source": ibans or None},
            "rows": [one for one in lists if one["rows"]],
        }
        names = {part.alias for part in request.answer_type.model_fields.values()}
        text = json.dumps({name: found[name] for name in found if name in names})
        prompt = render_prompt(request, json.dumps(strict_schema(request.answer_type)))
        written = count_tokens(text)
        limit = min(request.max_output_tokens, self.cuts_at_tokens or request.max_output_tokens)
        is_cut = written > limit
        usage = Usage(1, count_tokens(prompt.system + prompt.user), min(written, limit))
        with self._lock:
            self.usages.append(usage)
            self.cuts += is_cut
        if is_cut:
            error = AnswerCutError("The answer is cut off at its greatest length")
            error.calls, error.room_tokens = 1, 2 * request.max_output_tokens
            error.input_tokens, error.output_tokens = usage.input_tokens, usage.output_tokens
            raise error
        return ModelAnswer(request.answer_type.model_validate_json(text), self.name, usage)

    def _read(self, source: Source) -> Iterator[StatementRow]:
        for day, month, year, text, amount, _ in _ROW.findall(source.text):
            if text.startswith("Balance "):
                continue
            date = f"{year}-{month}-{day}"
            row = StatementRow(source.first_page, date, text, float(amount.replace(",", "")))
            with self._lock:
                self._written += 1
                is_dropped = bool(self.drops_every) and self._written % self.drops_every == 0
            if is_dropped:
                self.dropped.append(row)
            else:
                yield row
