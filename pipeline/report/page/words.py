"""Figures of the daily report in the words and units in which people say them. Pure functions."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.prices import MICRO_USD_PER_USD
from shared.printable import to_printable

_ELLIPSIS = "…"


def say_number(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


def say_count(count: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun: `1 page`, `2 pages`."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def say_units(count: int) -> str:
    """A number of what documents of several formats are counted in."""
    return f"{count:,} pages, slides, sheets and the like"


def join_words(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def say_duration(seconds: float) -> str:
    """A duration in one or two units, such as `0.4 s`, `41 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _join_units(whole // 60, "min", whole % 60, "s")
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return _join_units(minutes // 60, "h", minutes % 60, "min")
    hours = round(seconds / 3600)
    return _join_units(hours // 24, "d", hours % 24, "h")


def _join_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}{f' {small} {small_unit}' if small else ''}"


def say_cost(micro_usd: float) -> str:
    """An amount in dollars: to the cent from ten cents on, small ones as far as can be seen."""
    usd = micro_usd / MICRO_USD_PER_USD
    if usd == 0 or usd >= 0.095:
        return f"${usd:,.2f}"
    return f"${usd:.4f}" if usd >= 0.000_1 else f"${usd:.6f}"


def say_share(share: float) -> str:
    """A part of a whole in per cent, such as `32%`; a small one is never said to be none."""
    if 0 < share < 0.01:
        return "under 1%"
    return f"{share:.0%}"


def say_change(value: float, usual: float) -> str:
    """How a value stands to what is usual: `12% more`, `30% less`, `as usual`, `3.4 times`."""
    if usual == 0:
        return "as usual" if value == 0 else "usually none"
    ratio = value / usual
    if ratio >= 2.95:
        return f"{ratio:,.0f} times" if ratio >= 9.95 else f"{ratio:.1f} times"
    percent = round((ratio - 1) * 100)
    if percent == 0:
        return "as usual"
    return f"{abs(percent)}% {'more' if percent > 0 else 'less'}"


def say_day(day: str) -> str:
    """A day in full: `Saturday, 21 November 2026`."""
    parsed = date.fromisoformat(day)
    return f"{parsed:%A}, {parsed.day} {parsed:%B %Y}"


def say_short_day(day: str) -> str:
    """A day where there is little room: `Sat 21 Nov`."""
    parsed = date.fromisoformat(day)
    return f"{parsed:%a} {parsed.day} {parsed:%b}"


def say_time(moment: str, zone: str) -> str:
    """An instant on the clock of a time zone: `Sun 22 Nov 2026, 09:00 (UTC+01:00)`."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({_say_offset(local)})"


def _say_offset(local: datetime) -> str:
    offset = f"{local:%z}"
    return "UTC" if offset == "+0000" else f"UTC{offset[:3]}:{offset[3:5]}"


def shorten(text: str, most_characters: int) -> str:
    """A text of unknown origin as one harmless line of limited length."""
    line = " ".join(to_printable(text[: most_characters * 4]).split())
    if len(line) <= most_characters and len(text) <= most_characters * 4:
        return line
    return line[: most_characters - 1].rstrip() + _ELLIPSIS


def shorten_key(key: str, most_characters: int) -> str:
    """An object's key as one harmless line; a long one loses its middle, not its file name."""
    line = to_printable(key)
    if len(line) <= most_characters:
        return line
    tail = most_characters * 2 // 3
    return line[: most_characters - tail - 1] + _ELLIPSIS + line[-tail:]
