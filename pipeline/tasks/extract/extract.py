"""Find the values of fields in a document or a text, each with the page that says it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field

from pipeline.ingest.text_division import divide_text
from pipeline.tasks.extract.evidence import Gap, Level
from pipeline.tasks.extract.field_finding import FoundFields, ReadingServices, find_fields
from pipeline.tasks.extract.field_lists import FieldParts, part_schema, put_back
from pipeline.tasks.extract.field_schema import FieldSchema, read_field_schema
from pipeline.tasks.extract.field_values import FoundValue
from pipeline.tasks.task_calls import TaskFacts
from pipeline.tasks.task_kind import TaskWork
from shared.document_formats import PAGE, name_units
from shared.llm.model import Source
from shared.messages.tasks import ExtractTask
from shared.page_ranges import format_page_ranges

# Of a page with rows left out so many lines are shown.
_MOST_LINES_SHOWN = 3
_MOST_CHARACTERS_SHOWN = 120

_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_MOST_CHARACTERS_OF_A_NAME = 60


@dataclass(frozen=True, slots=True)
class RowEvidence:
    """Where a row of a list stands, and how sure that is.

    Args:
        page: The page that it begins on; null in a text.
        words: Its words.
        level: How the least sure of its values is borne out.
    """

    page: int | None
    words: str
    level: Level


class ToldValue(BaseModel):
    """A value that some pages say, where others say another one."""

    value: Any
    pages: list[int]


class ReviewedValue(BaseModel):
    """What a model has given and no page bears out, for a person to look at."""

    path: str
    value: Any
    pages: list[int]


class UnreadPart(BaseModel):
    """A part that could not be read: its pages (`3-4`; empty in a text), and why."""

    pages: str
    reason: str


class DoubtfulPage(BaseModel):
    """A page with lines that look like rows of a list and are in none.

    Args:
        list: The list.
        page: The page; null in a text.
        rows: How many rows were taken from it.
        lines_left: How many lines look like rows and are in none.
        words: The first of those lines.
    """

    list: str
    page: int | None
    rows: int
    lines_left: int
    words: Sequence[str]


class ExtractResult(TaskFacts):
    """The result of an extraction.

    Args:
        fields: A value for every field; null where the sources do not give it, and so within
            objects. What does not stand on the page that is said to give it is not given. Lists
            have all rows of all pages, in the order of the text.
        pages: The page that says it, the first one of several, for every field that has one.
        rows: For each list the page and the words of each of its rows, in the order of the rows.
        files: For each list with rows the name of its files beside the result: `NAME.jsonl` and
            `NAME.csv`.
        conflicts: The fields of which pages say different things, the value that was taken first.
        levels: How each value in no list is borne out, by the way to it.
        missing: The fields that are null; and the parts of others, as `lines[2].amount`.
        unread: The parts of the text that could not be read.
        doubtful: The pages on which rows may have been left out.
        not_borne_out: How many values, parts of values and rows a model has given that no page
            bears out; what they are is not in the result, but in `review.json` beside it.
        dropped_rows: For each list how many rows a model has given that stand nowhere.
        problems: What of the schema the lists as a whole do not fit.
        is_complete: Whether all that is required was found, within objects and lists too, all
            parts of the text were read, and no row is known to be left out.
        document_id: The document, unless a text was given.
        document_key: Its key.
        unit: What its pages are: pages, sheets, slides, sections or parts.
    """

    fields: dict[str, Any]
    pages: dict[str, int]
    rows: dict[str, list[RowEvidence]]
    files: dict[str, str]
    conflicts: dict[str, list[ToldValue]]
    levels: dict[str, Level]
    missing: list[str]
    unread: list[UnreadPart]
    doubtful: list[DoubtfulPage]
    dropped_rows: dict[str, int]
    not_borne_out: int
    problems: list[str]
    is_complete: bool
    document_id: str | None
    document_key: str | None
    unit: str = PAGE
    # Whoever reads a result takes what is in it for true.
    candidates: list[ReviewedValue] = Field(exclude=True)

    @property
    def shortfall(self) -> str | None:
        """What was not read, or may have been left out, as a sentence; None if nothing."""
        unread = [
            f"{name_units(self.unit, part.pages) if part.pages else 'a part'} could not be read "
            f"({part.reason})"
            for part in self.unread
        ]
        doubtful = format_page_ranges(page.page for page in self.doubtful if page.page)
        if doubtful:
            unread.append(f"rows may have been left out on {name_units(self.unit, doubtful)}")
        elif self.doubtful:
            unread.append("rows may have been left out")
        return "; ".join(unread) or None


def carry_out_extract(order: ExtractTask, work: TaskWork) -> ExtractResult:
    """Find the fields of a task in its document or text.

    Raises:
        TaskRefusedError: The schema cannot be used, fills the window, or no model is configured.
        RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
    """
    services, calls = work.services, work.calls
    schema = read_field_schema(order.fields)
    calls.need_language_model()
    document = work.documents[0] if work.documents else None
    if document is not None:
        passages = services.reader.read_passages(document)
        sources = [Source(p.page, p.page, p.text, document.unit) for p in passages]
    else:
        parts = divide_text(order.text or "", services.window.chunk_tokens)
        sources = [Source(0, 0, part) for part in parts]
    fields = part_schema(schema)
    reading = ReadingServices(calls, services.window, services.calls_at_once, work.deadline)
    found = find_fields(sources, fields, reading)
    facts = {
        **calls.describe().model_dump(),
        "document_id": document.document_id if document else None,
        "document_key": document.key if document else None,
        "unit": document.unit if document else PAGE,
    }
    return build_result(found, schema, fields, facts)


def build_result(
    found: FoundFields, schema: FieldSchema, parts: FieldParts, facts: dict[str, Any]
) -> ExtractResult:
    """Put what was found together.

    Args:
        found: What was found.
        schema: The fields as the user asks for them.
        parts: The same in values and lists.
        facts: What the result says besides.
    """
    taken = {name: values[0] for name, values in found.values.items() if values}
    fields: dict[str, Any] = dict.fromkeys(schema.properties)
    fields.update((name, value.value) for name, value in taken.items())
    pages = {name: value.pages[0] for name, value in taken.items() if value.pages}
    for path, one in parts.lists.items():
        rows = found.rows.get(path)
        put_back(fields, one, [row.value for row in rows] if rows else None)
        if rows and rows[0].page:
            pages[path] = rows[0].page
    gaps = list(_list_gaps(found, taken, parts))
    unread = [
        UnreadPart(pages=format_page_ranges(filter(None, one.part.pages)), reason=str(one.error))
        for one in found.failed
    ]
    doubtful = list(_list_doubts(found))
    problems = [
        f"{path}: {problem}"
        for path, one in parts.lists.items()
        if found.rows.get(path) and (problem := one.find_problem(len(found.rows[path])))
    ]
    candidates = list(_list_candidates(found, taken))
    return ExtractResult(
        **facts,
        fields=fields,
        pages=pages,
        rows={
            path: [
                RowEvidence(page=row.page or None, words=row.words, level=row.level) for row in rows
            ]
            for path, rows in found.rows.items()
            if rows
        },
        files=dict(_name_files(path for path, rows in found.rows.items() if rows)),
        conflicts={
            name: [ToldValue(value=one.value, pages=one.pages) for one in values]
            for name, values in found.values.items()
            if len(values) > 1
        },
        levels={path: level for one in taken.values() for path, level in one.levels.items()},
        missing=[gap.path for gap in gaps],
        unread=unread,
        doubtful=doubtful,
        dropped_rows={path: count for path, count in found.dropped.items() if count},
        not_borne_out=len(candidates),
        candidates=candidates,
        problems=problems,
        is_complete=not (any(gap.is_required for gap in gaps) or unread or doubtful or problems),
    )


def _name_files(paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names of files that tell lists apart, whatever their own names hold."""
    for number, path in enumerate(paths, start=1):
        yield path, f"list-{number}-{_NOT_OF_A_NAME.sub('_', path)[:_MOST_CHARACTERS_OF_A_NAME]}"


def _list_gaps(
    found: FoundFields, taken: dict[str, FoundValue], parts: FieldParts
) -> Iterator[Gap]:
    """All that is not there, in the order of the schema's values and lists."""
    for name in parts.values.properties:
        if name in taken:
            yield from taken[name].gaps
        else:
            yield Gap(name, name in parts.values.required)
    for path, one in parts.lists.items():
        rows = found.rows.get(path)
        if not rows:
            yield Gap(path, one.is_required)
        for number, row in enumerate(rows or ()):
            for gap in row.gaps:
                yield Gap(f"{path}[{number}]{gap.path}", gap.is_required)


def _list_candidates(found: FoundFields, taken: dict[str, FoundValue]) -> Iterator[ReviewedValue]:
    """What was given and is not in the result, as no page bears it out."""
    for one in found.candidates:
        yield ReviewedValue(path=one.path, value=one.value, pages=list(one.pages))
    for value in taken.values():
        for gap in value.gaps:
            if gap.candidate is not None:
                yield ReviewedValue(path=gap.path, value=gap.candidate, pages=value.pages)
    for path, rows in found.rows.items():
        for number, row in enumerate(rows):
            for gap in row.gaps:
                if gap.candidate is not None:
                    way = f"{path}[{number}]{gap.path}"
                    pages = [row.page] if row.page else []
                    yield ReviewedValue(path=way, value=gap.candidate, pages=pages)


def _list_doubts(found: FoundFields) -> Iterator[DoubtfulPage]:
    for path, pages in found.unread_lines.items():
        for unread in pages:
            yield DoubtfulPage(
                list=path,
                page=unread.page or None,
                rows=sum(row.page == unread.page for row in found.rows[path]),
                lines_left=len(unread.lines),
                words=[
                    line.text.strip()[:_MOST_CHARACTERS_SHOWN]
                    for line in unread.lines[:_MOST_LINES_SHOWN]
                ],
            )
