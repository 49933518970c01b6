"""How followed documents are shown: a live table on a terminal, else a line for each change."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from infra.cli.documents.table import shorten_id, style_status
from infra.cli.output import shorten
from infra.cli.progress.follow_documents import Followed
from infra.cli.times import describe_duration
from pipeline.documents.standing_words import describe_progress
from shared.printable import to_printable

Show = Callable[[Sequence[Followed]], None]

# Lines of the terminal that the table leaves free.
_FREE_LINES = 4
# The rate is that of the last minute, and of so many looks at least.
_RATE_SECONDS = 60.0
_FEWEST_LOOKS = 4


@contextmanager
def show_progress(
    console: Console, stopwatch: Callable[[], float] = time.monotonic
) -> Iterator[Show]:
    """Show documents as they move on.

    On a terminal a table that disappears at the end, drawn anew several times a second, so that
    time and what is waited for never stand still; else one line for each change of a status.

    Args:
        console: Where to show them.
        stopwatch: The time, in seconds.

    Yields:
        A function that shows all documents as they are now.
    """
    if not console.is_terminal:
        yield _build_line_writer(console)
        return
    view = _ProgressView(console, stopwatch)
    with Live(get_renderable=view.draw, console=console, transient=True, refresh_per_second=4):
        yield view.show


class _ProgressView:
    """The documents as they were last seen, and how fast they become final."""

    def __init__(self, console: Console, stopwatch: Callable[[], float]) -> None:
        self._console = console
        self._stopwatch = stopwatch
        self._began = stopwatch()
        self._followed: Sequence[Followed] = ()
        # How many were final when; so much of it as the rate is told by.
        self._finals: deque[tuple[float, int]] = deque()

    def show(self, followed: Sequence[Followed]) -> None:
        """Take in how they are now."""
        now = self._stopwatch()
        self._followed = followed
        self._finals.append((now, sum(f.is_final for f in followed)))
        while now - self._finals[0][0] > _RATE_SECONDS:
            self._finals.popleft()

    def draw(self) -> Group:
        """What is shown at this moment."""
        followed = self._followed
        most_rows = max(1, self._console.height - _FREE_LINES)
        total = Text(self._describe_total(), style="dim", no_wrap=True, overflow="ellipsis")
        return Group(_build_table(followed, most_rows), total)

    def _describe_total(self) -> str:
        """How far all are, how fast, how long it takes still, and for how long it has."""
        followed = self._followed
        parts = [describe_duration(self._stopwatch() - self._began)]
        if not followed:
            parts.insert(0, "nothing in flight yet")
        if len(followed) > 1:
            done = sum(f.is_final for f in followed)
            parts.insert(0, f"{done:,} of {len(followed):,} final ({count_statuses(followed)})")
            rate = self._measure_rate()
            if rate:
                parts.append(f"{rate:.1f} a second" if rate >= 1 else f"{rate * 60:.0f} a minute")
                parts.append(f"about {describe_duration((len(followed) - done) / rate)} left")
        waits = Counter(f.delay for f in followed if f.delay)
        if waits:
            parts.append(f"it {waits.most_common(1)[0][0]}")
        return to_printable(" \u00b7 ".join(parts))

    def _measure_rate(self) -> float:
        """Documents that became final in a second, over the last minute; 0 if it is too early."""
        if len(self._finals) < _FEWEST_LOOKS:
            return 0.0
        (first, before), (last, after) = self._finals[0], self._finals[-1]
        return (after - before) / (last - first) if last > first else 0.0


def _build_line_writer(console: Console) -> Show:
    shown: dict[str, tuple[str, str | None]] = {}

    def write_changes(followed: Sequence[Followed]) -> None:
        for document in followed:
            state = (document.status, document.delay)
            if shown.get(document.document_id) != state and (document.document or document.delay):
                shown[document.document_id] = state
                console.print(describe_step(document), soft_wrap=True)

    return write_changes


def describe_step(followed: Followed) -> str:
    """One line about where a document is now."""
    details = _describe_details(followed)
    line = f"{followed.status:<12} {followed.key}{f': {details}' if details else ''}"
    return to_printable(line)


def _describe_details(followed: Followed) -> str:
    if followed.delay is not None:
        return followed.delay
    return "" if followed.document is None else describe_progress(followed.document)


def _build_table(followed: Sequence[Followed], most_rows: int) -> Table:
    """A table with those in flight first, as many as there is room for."""
    in_order = sorted(followed, key=lambda f: (f.is_final, f.document is None))
    # The padding at the right leaves room for the `^C` that a terminal writes.
    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column()
    for document in in_order[:most_rows]:
        table.add_row(
            Text(shorten_id(document.document_id), style="dim"),
            style_status(document.status)
            if document.is_final
            else Spinner("dots", style_status(document.status), style="cyan"),
            shorten(document.key),
            shorten(_describe_details(document)),
        )
    return table


def count_statuses(followed: Sequence[Followed]) -> str:
    """How many documents there are in each status: `2 DONE, 1 FAILED`."""
    counts = Counter(document.status for document in followed)
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())
