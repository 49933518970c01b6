"""Find the fields of a schema in all of a text: parts read side by side, and joined."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipeline.metering.metered_calls import MeteredCalls
from pipeline.prompts import EXTRACT
from pipeline.tasks.extract.answer_shape import Fields, build_answer_type, write_question
from pipeline.tasks.extract.evidence import Level
from pipeline.tasks.extract.field_lists import FieldParts, list_names
from pipeline.tasks.extract.field_schema import FieldSchema
from pipeline.tasks.extract.field_values import (
    FoundValue,
    ReadValues,
    UnprovenValue,
    join_values,
    read_values,
)
from pipeline.tasks.extract.part_reading import FailedPart, PartReader, PartsRead
from pipeline.tasks.extract.row_joining import join_rows
from pipeline.tasks.extract.row_places import PartText, PlacedRow, PlacedRows, place_rows
from pipeline.tasks.extract.text_lines import Part, TextLine, divide_lines, has_digit, read_lines
from pipeline.tasks.extract.unread_lines import UnreadLines, find_unread_lines
from shared.deadline import Deadline
from shared.errors import TaskRefusedError
from shared.llm.answer_key import describe_answer_type
from shared.llm.model import ModelRequest, Source
from shared.llm.model_window import ModelWindow
from shared.llm.prompt_rendering import estimate_source_tokens
from shared.llm.token_estimate import TOKENS_AROUND_SOURCE, TOKENS_AROUND_SOURCES, estimate_tokens

_MAX_OUTPUT_TOKENS = 4_000

# A part has to hold a line at the least, and the lines before it.
_LEAST_ROOM_TOKENS = 500
_TOKENS_BEFORE = 300

# A line without a digit is a row of its own more seldom than not.
_SHARE_WITHOUT_DIGITS = 0.25
# What stands around a value of a row: quotes, a colon, a comma.
_TOKENS_AROUND_VALUE = 4


@dataclass(frozen=True)
class FoundFields:
    """What was found in a text.

    Args:
        values: For each field that is no list what its parts say, the value to take first.
        rows: The rows of each list, by the way to it.
        dropped: How many rows of each list were given that stand nowhere.
        unread_lines: For each list the lines that look like its rows and are in none.
        failed: The parts that could not be read.
        candidates: What was given and no page bears out, but for parts of what was kept.
    """

    values: dict[str, list[FoundValue]] = field(default_factory=dict)
    rows: dict[str, list[PlacedRow]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    unread_lines: dict[str, list[UnreadLines]] = field(default_factory=dict)
    failed: list[FailedPart] = field(default_factory=list)
    candidates: list[UnprovenValue] = field(default_factory=list)


@dataclass(frozen=True)
class ReadingServices:
    """What fields are found with.

    Args:
        calls: The model.
        window: How much it reads and writes.
        calls_at_once: How many parts are read at the same time at most.
        deadline: When the time is up.
    """

    calls: MeteredCalls
    window: ModelWindow
    calls_at_once: int
    deadline: Deadline


@dataclass(frozen=True)
class _PartAnswer:
    values: ReadValues
    rows: Mapping[str, PlacedRows]


def find_fields(
    sources: Sequence[Source], parts: FieldParts, services: ReadingServices
) -> FoundFields:
    """Find the values of fields and the rows of lists in all of a text.

    Where parts give a field different values, the pages that say them are read once more, together,
    so that one reading decides; without room for that, the value that most pages say is taken. Of
    the pages of one part its reading has decided already.

    Args:
        sources: The pages; a text without pages has 0 for them.
        parts: The fields.
        services: The model, its window, the deadline.

    Raises:
        TaskRefusedError: The schema alone fills the window.
        RetryableError, DeferredError, PermanentError: As the model and the ledger do.
    """
    lines = read_lines(sources)
    if not lines:
        return FoundFields()
    finder = _Finder(parts, services)
    reading = finder.read(lines)
    found = FoundFields(failed=reading.failed)
    differing = {}
    taken: dict[str, list[FoundValue]] = {}
    for name, schema in parts.values.properties.items():
        given = [
            answer.values.values[name]
            for _, answer in reading.answers
            if name in answer.values.values
        ]
        found.values[name] = join_values(one for values in given for one in values)
        taken[name] = join_values(values[0] for values in given)
        if len(taken[name]) > 1:
            differing[name] = schema
    if differing:
        _decide_conflicts(found.values, taken, FieldSchema(differing, ()), services)
    for _, answer in reading.answers:
        found.candidates.extend(answer.values.candidates)
    for path, one in parts.lists.items():
        rows = join_rows(
            ((part, answer.rows[path].rows) for part, answer in reading.answers),
            joins_equals=one.joins_equals,
        )
        found.rows[path] = rows
        dropped = [one for _, answer in reading.answers for one in answer.rows[path].dropped]
        found.dropped[path] = len(dropped)
        found.candidates.extend(UnprovenValue(path, one.value, one.pages) for one in dropped)
        read = [line for part, _ in reading.answers for line in part.lines]
        found.unread_lines[path] = list(find_unread_lines(read, rows))
    return found


class _Finder:
    """Asks for some fields, part by part."""

    def __init__(self, parts: FieldParts, services: ReadingServices) -> None:
        self._parts = parts
        self._services = services
        self._answer_type = build_answer_type(parts)
        self._answer_tokens = services.window.limit_answer(_MAX_OUTPUT_TOKENS)
        self._row_tokens = max(map(_estimate_row_names, parts.rows.properties.values()), default=0)
        # The shape of the answer goes along in words where a server does not hold the model to it.
        shape = json.dumps(describe_answer_type(self._answer_type))
        question = write_question(parts, repeats=True)
        self.room_tokens = (
            services.window.find_room(self._answer_tokens, EXTRACT, question, shape)
            - TOKENS_AROUND_SOURCES
        )

    def read(self, lines: Sequence[TextLine]) -> PartsRead[_PartAnswer]:
        """Read all lines, as many at once as fit the window with what is to be written of them."""
        has_lists = bool(self._parts.lists)
        room_tokens = self.room_tokens - (_TOKENS_BEFORE if has_lists else 0)
        if room_tokens < _LEAST_ROOM_TOKENS:
            raise TaskRefusedError(
                "the model's window has no room for a page beside the schema; make the schema "
                "smaller or raise ContextWindowTokens"
            )

        def weigh(some: Sequence[TextLine]) -> float:
            read_tokens = sum(estimate_tokens(line.text) + 1 for line in some)
            written_tokens = sum(map(self._estimate_row, some)) if has_lists else 0
            return max(
                (read_tokens + TOKENS_AROUND_SOURCE) / room_tokens,
                written_tokens / self._answer_tokens,
            )

        services = self._services
        reader = PartReader(self.read_part, services.calls_at_once, services.deadline)
        return reader.read_all(divide_lines(lines, weigh, repeats=has_lists))

    def _estimate_row(self, line: TextLine) -> float:
        tokens = estimate_tokens(line.text) + self._row_tokens
        return tokens if has_digit(line) else tokens * _SHARE_WITHOUT_DIGITS

    def read_part(self, part: Part) -> _PartAnswer:
        """Read one part, and hold the answer to its text."""
        sources = part.list_sources()
        found = self.ask(
            sources,
            repeats=bool(part.before),
            # Twice the room for the rows of one line is tried; of more lines half are.
            widens=not self._parts.lists or part.halve() is None,
        ).list_found()
        text = PartText(part)
        return _PartAnswer(
            read_values(found, sources, self._parts.values),
            {
                path: place_rows(found[path], text, schema)
                for path, schema in self._parts.rows.properties.items()
            },
        )

    def ask(self, sources: tuple[Source, ...], *, repeats: bool, widens: bool) -> Fields:
        """Ask for the fields in some sources."""
        request = ModelRequest(
            purpose="extract",
            instructions=EXTRACT,
            sources=sources,
            answer_type=self._answer_type,
            max_output_tokens=self._answer_tokens,
            checks_pages=False,
            question=write_question(self._parts, repeats=repeats),
            widens=widens,
        )
        return self._services.calls.ask(request, self._services.deadline).value


def _estimate_row_names(schema: Mapping[str, object]) -> int:
    return sum(estimate_tokens(name) + _TOKENS_AROUND_VALUE for name in list_names(schema))


def _decide_conflicts(
    values: dict[str, list[FoundValue]],
    taken: Mapping[str, Sequence[FoundValue]],
    schema: FieldSchema,
    services: ReadingServices,
) -> None:
    """Where parts take different values, have one reading of all pages that say these decide."""
    names = schema.properties
    telling = tuple(
        sorted(
            {source for name in names for one in taken[name] for source in one.sources},
            key=lambda source: source.first_page,
        )
    )
    finder = _Finder(FieldParts(schema, FieldSchema({}, ()), {}), services)
    if sum(estimate_source_tokens(source.text) for source in telling) > finder.room_tokens:
        return
    found = finder.ask(telling, repeats=False, widens=True).list_found()
    for name, (decided, *_) in read_values(found, telling, schema).values.items():
        others = [one for one in values[name] if one.form != decided.form]
        same = [one for one in values[name] if one.form == decided.form]
        # Both readings say so: that of the page alone, and this one.
        taken_now = (same or [decided])[0]
        levels = dict.fromkeys(taken_now.levels, Level.SECOND_READING)
        values[name] = [replace(taken_now, levels=levels), *others]
