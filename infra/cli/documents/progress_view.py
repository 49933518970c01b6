"""How followed documents are shown: a live table on a terminal, else a line for each change."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from infra.cli.documents.table import describe_progress, shorten_id, style_status
from infra.cli.output import shorten
from infra.cli.progress.follow_documents import Followed
from shared.printable import to_printable

Show = Callable[[Sequence[Followed]], None]

# Lines of the terminal that the table leaves free.
_FREE_LINES = 4


@contextmanager
def show_progress(console: Console) -> Iterator[Show]:
    """Show documents as they move on.

    On a terminal a table that disappears at the end; else one line for each change of a status.

    Args:
        console: Where to show them.

    Yields:
        A function that shows all documents as they are now.
    """
    if not console.is_terminal:
        yield _build_line_writer(console)
        return
    with Live(console=console, transient=True, refresh_per_second=8) as live:
        yield lambda followed: live.update(_build_view(followed, console.height - _FREE_LINES))


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


def _build_view(followed: Sequence[Followed], most_rows: int) -> Group:
    """A table with those in flight first, and the counts of all where not all fit."""
    in_order = sorted(followed, key=lambda f: (f.is_final, f.document is None))
    # The padding at the right leaves room for the `^C` that a terminal writes.
    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_column()
    for document in in_order[: max(1, most_rows)]:
        table.add_row(
            Text(shorten_id(document.document_id), style="dim"),
            style_status(document.status)
            if document.is_final
            else Spinner("dots", style_status(document.status), style="cyan"),
            shorten(document.key),
            shorten(_describe_details(document)),
        )
    counts = [] if len(followed) <= most_rows else [Text(count_statuses(followed), style="dim")]
    return Group(table, *counts)


def count_statuses(followed: Sequence[Followed]) -> str:
    """How many documents there are in each status: `2 DONE, 1 FAILED`."""
    counts = Counter(document.status for document in followed)
    return ", ".join(f"{count} {status}" for status, count in counts.most_common())
