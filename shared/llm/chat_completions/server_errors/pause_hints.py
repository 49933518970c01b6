"""When a provider lets itself be called again: from its headers, else from its words."""

import email.utils
import math
import re
from collections.abc import Mapping

_LONGEST_PAUSE_SECONDS = 24 * 3600.0
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])(?![a-z])")
# OpenAI and Groq "Please try again in 1m6.2s", Gemini "Please retry in 34.07s", Azure "Please
# retry after 24 seconds"; Gemini's "Your quota will reset after 8h44m7s".
_IN_WORDS = re.compile(
    r"(?:try again|retry|wait|reset)(?: again)?(?: in| after| for)?"
    r" ((?:\d+(?:\.\d+)?(?:ms|[smhd]))+)\b"
    r"|(?:try again|retry|wait)(?: again)?(?: in| after| for)? (\d+(?:\.\d+)?) ?sec",
    re.IGNORECASE,
)
_RESETS = ("requests", "tokens", "input-tokens", "output-tokens")
# A number that is later than this is an instant, not a duration: seconds since 1970, or their
# thousandths (OpenRouter).
_EARLIEST_INSTANT = 1e9
_EARLIEST_MILLISECOND_INSTANT = 1e11


def parse_retry_after(headers: Mapping[str, str], now_seconds: float) -> float | None:
    """Read the pause from response headers with case-insensitive or lower-case names.

    `retry-after-ms` goes before `Retry-After`, which is a number of seconds or a date
    (RFC 9110, 10.2.3). In seconds, at most one day; `None` where nothing usable is given.
    """
    seconds = _parse_number(headers.get("retry-after-ms"), 1000)
    if seconds is None:
        seconds = _parse_number(headers.get("retry-after"), 1)
    if seconds is None:
        seconds = _parse_date(headers.get("retry-after"), now_seconds)
    return _bound(seconds)


def parse_reset(headers: Mapping[str, str], now_seconds: float) -> float | None:
    """The pause until a limit that is used up is there again, from `x-ratelimit-reset-*`.

    A header of a limit that has something left is passed over ("Rate limits", OpenAI).
    """
    pauses = []
    for name in _RESETS:
        if headers.get(f"x-ratelimit-remaining-{name}", "0").strip() == "0":
            pauses.append(_parse_reset(headers.get(f"x-ratelimit-reset-{name}"), now_seconds))
    if headers.get("x-ratelimit-remaining", "0").strip() == "0":
        pauses.append(_parse_reset(headers.get("x-ratelimit-reset"), now_seconds))
    return _bound(max((pause for pause in pauses if pause is not None), default=None))


def parse_words(retry_delay: str, message: str) -> float | None:
    """The pause that an error names in its body: Google's `retryDelay`, else in a sentence."""
    seconds = _parse_duration(retry_delay)
    if seconds is None:
        found = _IN_WORDS.search(message)
        if found:
            seconds = float(found[2]) if found[2] else _parse_duration(found[1])
    return _bound(seconds)


def _parse_reset(value: str | None, now_seconds: float) -> float | None:
    number = _parse_number(value, 1)
    if number is None:
        return _parse_duration(value or "")
    if number >= _EARLIEST_MILLISECOND_INSTANT:
        return number / 1000 - now_seconds
    return number - now_seconds if number >= _EARLIEST_INSTANT else number


def _parse_duration(value: str) -> float | None:
    """`6m0s`, `1.5s`, `250ms`."""
    parts = _DURATION.findall(value.strip().lower())
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts) if parts else None


def _bound(seconds: float | None) -> float | None:
    return None if seconds is None else min(max(0.0, seconds), _LONGEST_PAUSE_SECONDS)


def _parse_number(value: str | None, per_second: int) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return None if math.isnan(number) else number / per_second


def _parse_date(value: str | None, now_seconds: float) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(value or "").timestamp() - now_seconds
    except (ValueError, OverflowError):
        return None
