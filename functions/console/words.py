"""How values read on a page: the filters of the templates."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from pipeline.report.page.words import say_cost, say_count, say_duration, say_number
from shared.document_formats import count_units
from shared.lifecycle import IN_FLIGHT, STANDINGS, Standing
from shared.printable import to_printable

_KILO = 1000
# What models write of Markdown though nobody asks them to: what begins a line, and what is within
# one. In code nothing is bold, and two stars between figures are a power.
_HEADING = re.compile(r"#{1,6} +(?=.)")
_LIST_ITEM = re.compile(r"^( *)[-*] +(?=\S)")
_CODE_OR_BOLD = re.compile(
    r"`(?P<code>[^`\n]+)`"
    r"|(?<![0-9A-Za-z*])\*\*(?=\S)(?P<strong>[^*\n]+)(?<=\S)\*\*(?![0-9A-Za-z*])"
)
_STRONG = Markup("<strong>{}</strong>")
_TAGS = {"code": Markup("<code>{}</code>"), "strong": _STRONG}


def say_line(text: object) -> str:
    """A text of unknown origin as one line without what could make it look like another."""
    return to_printable(str(text))


def show_prose(text: str) -> Markup:
    """What a model has written, with what it has set in bold and the like set so."""
    return Markup("\n").join(map(_show_line, text.split("\n")))


def _show_line(line: str) -> Markup:
    heading = _HEADING.match(line)
    if heading:
        return _STRONG.format(_show_within(line[heading.end() :]))
    return _show_within(_LIST_ITEM.sub(r"\1• ", line))


def _show_within(line: str) -> Markup:
    # What is joined to markup is escaped.
    shown = Markup("")
    end = 0
    for found in _CODE_OR_BOLD.finditer(line):
        name = found.lastgroup or ""
        shown += line[end : found.start()] + _TAGS[name].format(found[name])
        end = found.end()
    return shown + line[end:]


def say_bytes(size_bytes: int) -> str:
    """A size: `812 bytes`, `4.1 kB`, `12.0 MB`."""
    if size_bytes < _KILO:
        return say_count(size_bytes, "byte")
    if size_bytes < _KILO**2:
        return f"{size_bytes / _KILO:.1f} kB"
    return f"{size_bytes / _KILO**2:.1f} MB"


def say_moment(moment: str | datetime) -> str:
    """An instant in UTC, as lists have it: `2026-11-28 15:40`. The page adds how long ago."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{parsed.astimezone(UTC):%Y-%m-%d %H:%M}"


def say_second(moment: str | datetime) -> str:
    """An instant in UTC to the second, as timelines have it."""
    parsed = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{parsed.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def find_standing(status: str) -> Standing:
    """What people are told of a status: a word and a tone."""
    return STANDINGS.get(status, STANDINGS[IN_FLIGHT])


FILTERS: dict[str, Callable[..., Any]] = {
    "line": say_line,
    "prose": show_prose,
    "bytes": say_bytes,
    "moment": say_moment,
    "second": say_second,
    "number": say_number,
    "count": say_count,
    "units": count_units,
    "cost": say_cost,
    "duration": say_duration,
    "standing": find_standing,
}
