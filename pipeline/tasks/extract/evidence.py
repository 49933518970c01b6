"""Whether the pages that an extracted value is said to be from bear it out. Pure.

A string has to stand on them as words, a number as a number in any usual form (`1.234,50`, `(12)`,
`2.5 million`, `15 %`, and in English words up to twelve), a date in any form that is known
(`shared/llm/extractive/date_finding.py`) or that it can be read from (`05/03/24`). True and false,
and what a schema lets be chosen from a list, are judgements: for these a source is enough.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from pipeline.summaries.mentions import holds_words, keep_letters, unify_text
from pipeline.tasks.extract.field_schema import find_properties, is_choice
from shared.llm.extractive.date_finding import find_dates

_NUMBER = re.compile(r"\d+(?:[.,'\u00a0\u202f ]\d+)*|(?<![\w.])\.\d+")
_GROUP = re.compile(r"\d{3}(?:[.,]\d+)?")
_MOST_GROUPS = 5
# `-5`, `- 5`, `-$5`, `($5)`; but `10-12` and `10 - 12` are ranges, `2024-01-05` is a date.
_SIGN_BEFORE = re.compile(r"(?:\(\s?\W?|(?<!\d)-[^\w\s]?|(?<!\d)(?<!\d\s)-\s\W?)$")
# As accounts have it: `12.50-`.
_SIGN_BEHIND = re.compile(r"-(?=\s|$)")
# Dates that cannot be told for certain, as bills have them: `05/03/2024`, `5-Mar-24`, `03/2024`,
# `20240305`. Which reading is meant is the model's to say.
_DATE_NUMBERS = re.compile(
    r"(?<![\w.,/-])(\d{1,4})\s?([./ -])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?![\w/-]|[.,]\d)"
)
_NAMED_MONTH = re.compile(
    r"(?<![\w.,/-])(\d{1,2}[./ -][^\W\d_]{3,9}[./ -])(\d{2})(?![\w/-]|[.,]\d)"
)
_MONTH_OF_YEAR = re.compile(r"(?<![\w.,/-])(\d{1,2})[./-]([12]\d{3})(?![\w/-]|[.,]\d)")
_COMPACT = re.compile(r"(?<![\w.,-])([12]\d{3})(\d{2})(\d{2})(?![\w-]|[.,]\d)")
_CENTURIES = ("19", "20")
# What stands between the parts of an address on one line, where others begin a new one.
_BETWEEN_LINES = re.compile(r"[,;|]\s+")
_SCALE = re.compile(
    r"\s?(%|percent\b|per cent\b|prozent\b|thousand\b|tsd\b|tausend\b|mn\b|mio\b|mill(?:ion"
    r"(?:s|en|er|i)?)?\b|bn\b|billions?\b|mrd\b|milliard\w{0,2}\b|\u4e07|\u4ebf|\u5104)|([km])\b",
    re.IGNORECASE,
)
_POWERS = (("%", -2), ("p", -2), ("k", 3), ("t", 3), ("milliard", 9), ("mrd", 9), ("m", 6),
           ("b", 9), ("\u4e07", 4), ("\u4ebf", 8), ("\u5104", 8))  # fmt: skip
_WORDS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_ISO = re.compile(r"(\d{4}-\d\d(?:-\d\d)?)(?:[T ](\d\d):(\d\d)\S*)?")
_PART = re.compile(r"\d+(?:[.,']\d+)*|[^\W\d_]+")


class Level(StrEnum):
    """How a value that is kept is borne out, the surest first.

    A judgement (true, false, a choice of the schema's) has a source, and stands in no words.
    """

    WORD_FOR_WORD = "word_for_word"
    OTHER_FORM = "other_form"
    SECOND_READING = "second_reading"
    JUDGEMENT = "judgement"


@dataclass(frozen=True)
class Gap:
    """A part of a value that no page bears out, or that was not given.

    Args:
        path: The field, and the way to the part within it: `lines[2].amount`.
        is_required: Whether the schema requires it.
        candidate: What was given for it; None for nothing.
    """

    path: str
    is_required: bool
    candidate: Any = None


@dataclass(frozen=True)
class Evidence:
    """The text of the pages that a value is from."""

    text: str

    @cached_property
    def _unified(self) -> str:
        return unify_text(self.text)

    @cached_property
    def _words(self) -> "_Words":
        return _Words(self._unified)

    @cached_property
    def _dates(self) -> frozenset[str]:
        return frozenset(
            [date.iso for date in find_dates(self._unified) if date.iso]
            + list(_read_doubtful_dates(self._unified))
        )

    @cached_property
    def _words_of_lines(self) -> "_Words":
        return _Words(_BETWEEN_LINES.sub(" ", self._unified))

    @cached_property
    def _numbers(self) -> frozenset[Decimal]:
        return frozenset(read_numbers(self._unified))

    def bears_out(self, value: Any) -> bool:
        """Whether a string, number or truth value stands in the text, in a form of it."""
        if isinstance(value, bool):
            return True
        if isinstance(value, (int, float)):
            return Decimal(str(value)) in self._numbers
        return isinstance(value, str) and (
            self._words.hold(value.strip(" .,;:"))
            or self._words_of_lines.hold(_BETWEEN_LINES.sub(" ", value.strip(" .,;:")))
            or self._holds_date(value)
            or (_ISO.fullmatch(value) is None and self._holds_amount(value))
        )

    def find_level(self, value: Any) -> Level:
        """How the text bears out a value that it bears out."""
        if isinstance(value, bool):
            return Level.JUDGEMENT
        if isinstance(value, (int, float)):
            # As JSON writes it: 12.5, and not 12,50.
            is_written = re.search(rf"(?<![\d.,]){re.escape(str(value))}(?![\d]|[.,]\d)", self.text)
            return Level.WORD_FOR_WORD if is_written else Level.OTHER_FORM
        return Level.WORD_FOR_WORD if self._words.hold(value) else Level.OTHER_FORM

    def _holds_date(self, value: str) -> bool:
        written = _ISO.fullmatch(value)
        if written is None:
            isos = {date.iso for date in find_dates(value) if date.iso}
            return bool(isos) and isos <= self._dates
        day, hour, minute = written.groups()
        is_dated = any(date.startswith(day) for date in self._dates)
        clock = rf"(?<!\d){int(hour)}[:.h]{minute}" if hour else ""
        return is_dated and (
            not hour or hour + minute == "0000" or bool(re.search(clock, self._unified))
        )

    def _holds_amount(self, value: str) -> bool:
        """Whether one line holds a value with numbers, in whatever order: `EUR 5`, `5.00 EUR`."""
        parts = _PART.findall(unify_text(value))
        if not any(part[0].isdigit() for part in parts):
            return False
        return any(
            all(
                not set(read_numbers(part)).isdisjoint(read_numbers(line))
                if part[0].isdigit()
                else holds_words(part, line)
                for part in parts
            )
            for line in self._unified.splitlines()
        )


class _Words:
    """The words of a text, which holds most values as they are written, or nothing like them.

    Only for the others `holds_words` builds a pattern, which takes longer than all else here.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._letters = keep_letters(text)
        self._on_one_line = f" {' '.join(text.split())} "

    def hold(self, value: str) -> bool:
        """Whether the text holds a value as words of its own."""
        wanted = unify_text(value)
        letters = keep_letters(wanted)
        if not letters or letters not in self._letters:
            return False
        return f" {' '.join(wanted.split())} " in self._on_one_line or holds_words(
            value, self._text
        )


def keep_borne_out(
    value: Any, schema: Mapping[str, Any], evidence: Evidence, path: str
) -> tuple[Any, list[Gap]]:
    """A value without what its pages do not bear out: null in an object, left out of a list.

    Args:
        value: What a model has given; it fits the schema, or is null where that is not.
        schema: The schema of the value.
        evidence: The pages that it is from.
        path: The name of the field, or the way to the part of it.

    Returns:
        The value, None if nothing is left of it; and all that is not there of it.
    """
    if isinstance(value, dict):
        return _keep_object(value, schema, evidence, path)
    if isinstance(value, list):
        items = schema.get("items", {})
        kept, gaps = [], []
        for number, item in enumerate(value):
            part, missing = keep_borne_out(item, items, evidence, f"{path}[{number}]")
            gap = Gap(f"{path}[{number}]", is_required=False, candidate=item)
            gaps += missing if part is not None else [gap]
            kept += [part] if part is not None else []
        return kept or None, gaps
    if value is None or is_choice(value, schema) or evidence.bears_out(value):
        return value, []
    return None, []


def list_levels(
    value: Any, schema: Mapping[str, Any], evidence: Evidence, path: str
) -> Iterator[tuple[str, Level]]:
    """How each part of a value that was kept is borne out, by the way to it."""
    if isinstance(value, dict):
        properties = dict(find_properties(schema))
        for name, part in value.items():
            yield from list_levels(part, properties.get(name, {}), evidence, f"{path}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from list_levels(item, schema.get("items", {}), evidence, f"{path}[{number}]")
    elif value is not None:
        yield path, Level.JUDGEMENT if is_choice(value, schema) else evidence.find_level(value)


def _keep_object(
    value: Mapping[str, Any], schema: Mapping[str, Any], evidence: Evidence, path: str
) -> tuple[Any, list[Gap]]:
    properties = dict(find_properties(schema))
    required = schema.get("required", ())
    kept: dict[str, Any] = {}
    gaps: list[Gap] = []
    for name in dict.fromkeys([*value, *required]):
        part, missing = keep_borne_out(
            value.get(name), properties.get(name, {}), evidence, f"{path}.{name}"
        )
        kept[name] = part
        gap = Gap(f"{path}.{name}", name in required, value.get(name))
        gaps += missing if part is not None else [gap]
    return (kept if any(part is not None for part in kept.values()) else None), gaps


def _read_doubtful_dates(text: str) -> Iterator[str]:
    """The ISO forms of all that dates can mean whose order or century is not told."""
    for year, month, day in _COMPACT.findall(text):
        yield f"{year}-{month}-{day}"
    for month, year in _MONTH_OF_YEAR.findall(text):
        yield f"{year}-{int(month):02d}"
    for first, _, second, third in _DATE_NUMBERS.findall(text):
        for order in ((first, second, third), (third, second, first), (third, first, second)):
            month, day = int(order[1]), int(order[2])
            yield from (f"{year}-{month:02d}-{day:02d}" for year in _read_years(order[0]))
    for start, year in _NAMED_MONTH.findall(text):
        words = re.sub(r"[./-]", " ", start)
        for century in _CENTURIES:
            yield from (date.iso for date in find_dates(f"{words}{century}{year}") if date.iso)


def _read_years(written: str) -> list[str]:
    if len(written) == 4:
        return [written]
    return [century + written for century in _CENTURIES] if len(written) == 2 else []


def read_numbers(text: str) -> Iterator[Decimal]:
    """All that the numbers of a text can mean, by every usual way to write them."""
    for match in _NUMBER.finditer(text):
        readings = set(_read_number(match.group()))
        scale = _SCALE.match(text, match.end())
        if scale:
            word = (scale[1] or scale[2]).lower()
            power = next(power for start, power in _POWERS if word.startswith(start))
            readings |= {number.scaleb(power) for number in readings}
        yield from readings
        before = text[max(0, match.start() - 4) : match.start()]
        if _SIGN_BEFORE.search(before) or _SIGN_BEHIND.match(text, match.end()):
            yield from (-number for number in readings)
    for word in _NUMBER_WORD.findall(text):
        yield Decimal(_WORDS.index(word.lower()))


def _read_number(written: str) -> Iterator[Decimal]:
    """The readings of numbers that white space alone stands between, as in a table's row."""
    pieces = written.split()
    for start in range(len(pieces)):
        joined = pieces[start]
        yield from _read_piece(joined)
        # White space before three digits may group them: 1 234 567,50.
        for piece in pieces[start + 1 : start + _MOST_GROUPS]:
            if not _GROUP.fullmatch(piece):
                break
            joined += piece
            yield from _read_piece(joined)


def _read_piece(written: str) -> Iterator[Decimal]:
    parts = re.split(r"[.,']", written)
    marks = re.findall(r"[.,']", written)
    if (
        parts[0]
        and all(len(part) in (2, 3) for part in parts[1:])
        and (not marks or len(parts[-1]) == 3)
    ):
        yield Decimal("".join(parts))
    if marks and marks[-1] in ".," and marks[-1] not in marks[:-1]:
        yield Decimal("".join(parts[:-1]) + "." + parts[-1])
