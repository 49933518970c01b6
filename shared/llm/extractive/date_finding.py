"""Find dates in a text, in forms and languages in which there is no doubt about them.

A year is always a part of it. What comes first, day or month, is certain where a month is written
out, where dots stand between the numbers (nobody puts the month first then), and where one number
is too high for a month; `03/04/2026` is found, but is no certain date.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

# By month. A name that means different months in two languages is left out (listopad).
_MONTH_NAMES = (
    "january jan januar janvier enero gennaio janeiro januari tammikuuta tammikuu",
    "february feb februar février fevrier febrero febbraio fevereiro februari helmikuuta helmikuu",
    "march mar märz maerz mars marzo março maart marts maaliskuuta maaliskuu",
    "april apr avril abril aprile huhtikuuta huhtikuu",
    "may mai mayo maggio maio mei maj toukokuuta toukokuu",
    "june jun juni juin junio giugno junho kesäkuuta kesäkuu",
    "july jul juli juillet julio luglio julho heinäkuuta heinäkuu",
    "august aug août aout agosto augustus augusti elokuuta elokuu",
    "september sep sept septembre septiembre setiembre settembre setembro syyskuuta syyskuu",
    "october oct oktober okt octobre octubre ottobre outubro lokakuuta lokakuu",
    "november nov novembre noviembre novembro marraskuuta marraskuu",
    "december dec dezember dez décembre decembre diciembre dicembre dezembro desember joulukuuta "
    "joulukuu",
)
_MONTHS = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}
_MONTH = r"(?P<name>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>[0-3]?[0-9])"
_YEAR = r"(?P<year>[12][0-9]{3})"
# Not after a number and a mark: that is a range, or no date.
_START, _END = r"(?<![\w/.\u2013-])", r"(?![\w/]|[-.]\d)"
_NO_DAY_BEFORE = r"(?<!\d )(?<!\d\. )(?<!\dst )(?<!\dnd )(?<!\drd )(?<!\dth )"
# White space of any kind, a line's end too: a date may run over two lines.
_DAY_MARK = r"(?:st|nd|rd|th|er|º|°|\.)?"
_OF = r"(?:of\s+|de\s+|del\s+|den\s+)?"
_NUMBERS = r"(?P<a>[0-3]?[0-9])%s(?P<b>[0-3]?[0-9])%s" + _YEAR


@dataclass(frozen=True)
class FoundDate:
    """A date as it stands in a text.

    Attributes:
        text: As it is written, on one line.
        iso: YYYY-MM-DD or YYYY-MM; None where day and month cannot be told apart.
        start: Where it begins in the text.
        end: Where it ends.
    """

    text: str
    iso: str | None
    start: int
    end: int


def find_dates(text: str) -> list[FoundDate]:
    """All dates of a text, in its order; where two readings overlap, the longer one."""
    found: list[FoundDate] = []
    for date in sorted(_read_all(text), key=lambda date: (date.start, -date.end)):
        if not found or date.start >= found[-1].end:
            found.append(date)
    return found


def confirm_iso(text: str, iso: str | None) -> str | None:
    """The ISO form of a date that a model has read, as far as its text bears it out.

    A form that is known here is read here. In any other, a language that is not, the year and the
    day have to stand in the text; a month alone cannot be confirmed unless it is a number.
    """
    found = find_dates(text)
    if found:
        rest = "".join(text[end:start] for end, start in _list_gaps(found, len(text)))
        # More numbers than one date has: a range, or several dates.
        return found[0].iso if len(found) == 1 and not re.search(r"\d", rest) else None
    if iso is None or re.fullmatch(r"\d{4}(-\d{2}){0,2}", iso, re.ASCII) is None:
        return None
    year, month, day = ([int(part) for part in iso.split("-")] + [0, 0])[:3]
    if not _is_date(year, month or 1, day or 1):
        return None
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    needed = {year, day} if day else {year, month} if month else {year}
    surplus = numbers - {year, month, day}
    return iso if needed <= numbers and not surplus else None


def read_iso(text: str) -> str | None:
    """The ISO form of a date, as far as its text tells: of a date in an unknown form, its year."""
    years = re.findall(r"\d+", text)
    year = years[0] if len(years) == 1 and re.fullmatch(r"[12]\d{3}", years[0], re.ASCII) else None
    return confirm_iso(text, year)


def _list_gaps(found: list[FoundDate], length: int) -> Iterator[tuple[int, int]]:
    ends = [0, *(date.end for date in found)]
    starts = [*(date.start for date in found), length]
    return zip(ends, starts, strict=True)


def _read_all(text: str) -> Iterator[FoundDate]:
    for pattern, read in _compile_forms():
        for match in pattern.finditer(text):
            year, month, day = read(match)
            if _is_date(year, month or 1, day or 1):
                iso = f"{year:04d}-{month:02d}" + (f"-{day:02d}" if day else "")
                written = " ".join(match.group().split())
                yield FoundDate(written, iso if month else None, match.start(), match.end())


def _is_date(year: int, month: int, day: int) -> bool:
    return (
        1000 <= year <= 2999
        and 1 <= month <= 12
        and 1 <= day <= calendar.monthrange(year, month)[1]
    )


_Parts = tuple[int, int, int]
"""Year, month and day; a day of 0 is not given, a month of 0 cannot be told."""


def _read_named(match: re.Match[str]) -> _Parts:
    parts = match.groupdict()
    return int(parts["year"]), _MONTHS[parts["name"].casefold()], int(parts.get("day") or 0)


def _read_numbers(match: re.Match[str]) -> _Parts:
    parts = match.groupdict()
    return int(parts["year"]), int(parts["month"]), int(parts["day"] or 0)


def _read_day_first(match: re.Match[str]) -> _Parts:
    return int(match["year"]), int(match["b"]), int(match["a"])


def _read_either_first(match: re.Match[str]) -> _Parts:
    first, second = int(match["a"]), int(match["b"])
    if first == second or first > 12:
        return int(match["year"]), second, first
    if second > 12:
        return int(match["year"]), first, second
    return int(match["year"]), 0, 0


def _compile(form: str) -> re.Pattern[str]:
    return re.compile(_START + form + _END, re.IGNORECASE)


# Not at import: they take a tenth of the processor time of the API's start, which finds no dates.
@cache
def _compile_forms() -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Parts]], ...]:
    return (
        (_compile(_YEAR + r"([-/])(?P<month>[01][0-9])\2(?P<day>[0-3][0-9])"), _read_numbers),
        (_compile(rf"{_DAY}{_DAY_MARK}\s+{_OF}{_MONTH},?\s+{_OF}{_YEAR}"), _read_named),
        (_compile(rf"{_MONTH}\s+{_DAY}(?:st|nd|rd|th)?,?\s+{_YEAR}"), _read_named),
        (_compile(rf"{_NO_DAY_BEFORE}{_MONTH},?\s+{_OF}{_YEAR}"), _read_named),
        (_compile(_NUMBERS % (r"\.\s?", r"\.\s?")), _read_day_first),
        (_compile(_NUMBERS % ("/", "/")), _read_either_first),
        # Chinese and Japanese, Korean: no spaces around it.
        (
            re.compile(
                r"(?<!\d)" + _YEAR + r"\s?[年년]\s?(?P<month>[01]?[0-9])\s?[月월]"
                r"(?:\s?(?P<day>[0-3]?[0-9])\s?[日일])?"
            ),
            _read_numbers,
        ),
    )
