"""Lines of the functions' logs: which are about something, and how one reads."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from shared.printable import to_printable

_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
# What every line has, or nobody looks for.
_LEFT_OUT = frozenset(
    {
        *("level", "location", "message", "timestamp", "service", "action", "stage", "item_id"),
        *("function_request_id", "xray_trace_id", "message_id", "exception", "exception_name"),
        *("stack_trace", "cold_start", "function_arn", "function_memory_size", "function_name"),
    }
)


@dataclass(frozen=True)
class LogLine:
    """A line that a function has logged.

    Args:
        raw: As it was written: JSON.
        told: The same, read.
    """

    raw: str
    told: Mapping[str, Any]

    def is_about(self, ids: frozenset[str]) -> bool:
        """Whether it names one of some ids; every line is about none."""
        return not ids or any(one in self.raw for one in ids)

    def to_text(self) -> Text:
        """The line for people: when, where, what happened to which item, and more about it."""
        told = self.told
        level = str(told.get("level", ""))
        moment = str(told.get("timestamp", ""))[11:19]
        more = ", ".join(
            f"{name.replace('_', ' ')} {value}"
            for name, value in told.items()
            if name not in _LEFT_OUT and value is not None
        )
        words = [
            f"{told.get('stage') or told.get('route') or '':<9}",
            str(told.get("message", "")).replace("_", " "),
            str(told.get("item_id") or ""),
            more,
            str(told.get("exception") or ""),
        ]
        line = to_printable("  ".join(filter(None, words)))
        return Text.assemble((moment, "dim"), "  ", Text(line, style=_STYLES.get(level, "")))


def read_line(raw: str) -> LogLine | None:
    """A line of a log as a function has written it; None for anything else in there."""
    if not raw.startswith('{"level"'):
        return None
    try:
        told = json.loads(raw)
    except ValueError:
        return None
    return LogLine(raw, told) if isinstance(told, dict) else None


class LogFile:
    """The log file of a local stack, read from a place on: each call gives what came since."""

    def __init__(self, path: Path, *, from_end: bool = False) -> None:
        self._path = path
        self._place = path.stat().st_size if from_end and path.exists() else 0
        self._rest = b""

    def read_new(self) -> Iterator[LogLine]:
        """The functions' lines that were written since the last call."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            # A stack that was started anew begins its file anew.
            if self._place > self._path.stat().st_size:
                self._place, self._rest = 0, b""
            file.seek(self._place)
            data = self._rest + file.read()
            self._place = file.tell()
        *whole, self._rest = data.split(b"\n")
        for one in whole:
            line = read_line(one.decode(errors="replace"))
            if line is not None:
                yield line
