"""Where output goes: results to stdout, talk to stderr, nothing hostile to a terminal."""

import csv
import errno
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from infra.cli.times import describe_duration
from shared.errors import WrongUsageError
from shared.printable import defuse_cell, to_printable

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

# How a column of a table deals with a narrow terminal: a word or a number stays whole, a figure has
# a heading that may be broken, a long name is broken anywhere, a text between words, and what is
# short is cut off.
Column = Literal["word", "number", "figure", "name", "text", "short"]
_LAYOUTS: dict[Column, dict[str, Any]] = {
    "word": {"no_wrap": True},
    "number": {"no_wrap": True, "justify": "right"},
    "figure": {"justify": "right"},
    "name": {"overflow": "fold"},
    "text": {},
    "short": {},
}
Cell = str | Text

# Lines of prose that are longer than this are hard to read.
_PROSE_WIDTH = 96
# Tables that have less room than this, or so little for a column that may be broken, are written
# cell after cell.
_TABLE_WIDTH = 60
_LEAST_WIDTHS: dict[Column, int] = {"name": 12, "text": 12, "short": 6}
_BETWEEN_COLUMNS = 2
# What is wrong with a name, and not with the disk.
_NO_PLACE = frozenset(
    {errno.EISDIR, errno.ENOTDIR, errno.ENOENT, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}
)
# Columns of a fact's label, and of the space behind it.
LABEL_WIDTH = 11


class Output:
    """What a command writes to: stdout for results, stderr for everything else."""

    def __init__(self) -> None:
        self.results = Console(markup=False, emoji=False, highlight=False)
        self.talk = Console(markup=False, emoji=False, highlight=False, stderr=True)

    @property
    def is_terminal(self) -> bool:
        """Whether a person reads the results, not a program."""
        return self.results.is_terminal

    def say(self, line: str, style: str = "") -> None:
        """Say one line on stderr."""
        self.talk.print(to_printable(line), style=style, soft_wrap=True)

    def write(self, renderable: RenderableType = "", *, whole_lines: bool = False) -> None:
        """Write a result.

        Args:
            renderable: A text, or what rich lays out for the width at hand.
            whole_lines: Whether a long line stays one, to be copied whole.
        """
        self.results.print(renderable, soft_wrap=whole_lines)

    def write_line(self, cells: Iterable[object]) -> None:
        """Write one line of a result: cells with a tab between them."""
        self.results.file.write("\t".join(to_printable(str(cell)) for cell in cells) + "\n")

    def write_csv(self, heading: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write rows as CSV with a heading; no cell is a formula for a spreadsheet."""
        write = csv.writer(self.results.file, lineterminator="\n").writerow
        write(heading)
        for row in rows:
            write(["" if cell is None else cell if isinstance(cell, int | float)
                   else defuse_cell(str(cell)) for cell in row])  # fmt: skip

    def write_table(
        self,
        columns: Mapping[str, Column],
        rows: Iterable[Sequence[Cell]],
        lines: Iterable[Sequence[object]],
    ) -> None:
        """Write rows of a result: a table for people, else a line each.

        Where a table has no room its rows are written cell after cell.

        Args:
            columns: The columns by their headings.
            rows: The cells of the table's rows; without any, nothing is written.
            lines: The cells of the lines.
        """
        if not self.is_terminal:
            for line in lines:
                self.write_line(line)
            return
        rows = list(rows)
        if self.results.width < max(_TABLE_WIDTH, _find_least_width(columns, rows)):
            for row in rows:
                self._write_row(columns, row)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading, layout in columns.items():
            table.add_column(heading, **_LAYOUTS[layout])
        for row in rows:
            cells = zip(row, columns.values(), strict=True)
            table.add_row(*(_lay_out(cell, layout) for cell, layout in cells))
        if table.row_count:
            self.results.print(table)

    def _write_row(self, columns: Mapping[str, Column], row: Sequence[Cell]) -> None:
        """Write a row of a table for which there is no room: its cells, one after the other."""
        told = Text()
        for cell, (heading, layout) in zip(row, columns.items(), strict=True):
            if not cell:
                continue
            label = f"{heading} " if layout in ("number", "figure") else ""
            content = cell if isinstance(cell, Text) else to_printable(cell)
            told.append_text(Text.assemble("  " if told else "", label, content))
        lines = told.wrap(self.results, max(20, self.results.width - 2))
        for number, line in enumerate(lines):
            line.rstrip()
            self.write(Text.assemble("  " if number else "", line), whole_lines=True)

    def write_facts(self, facts: Iterable[tuple[str, Cell]]) -> None:
        """Write facts, each on a line with its label."""
        for label, value in facts:
            text = value if isinstance(value, Text) else to_printable(value)
            self.write(Text.assemble((f"{label:<{LABEL_WIDTH}}", "dim"), text), whole_lines=True)

    def write_prose(self, text: str, *, indent: int = 0, hang: int = 0, style: str = "") -> None:
        """Write a paragraph of a result, broken into lines that are good to read.

        Args:
            text: The paragraph.
            indent: Columns to leave free at the left.
            hang: Columns that the lines after the first are moved further to the right.
            style: How rich is to show it.
        """
        width = min(self.results.width, _PROSE_WIDTH) - indent - hang
        lines = Text(to_printable(text), style=style).wrap(self.results, max(20, width))
        for number, line in enumerate(lines):
            line.rstrip()
            margin = " " * (indent + (hang if number else 0))
            self.results.print(Text.assemble(margin, line), soft_wrap=True)

    @contextmanager
    def show_bar(
        self, title: str, total: int, counted: "ProgressColumn"
    ) -> Iterator[Callable[[int], None]]:
        """Show a bar while something is under way, on a terminal.

        Args:
            title: What is being done.
            total: How much of it is to be done.
            counted: How it is said how much is done.

        Yields:
            A function that takes how much was done since its last call.
        """
        from rich.progress import BarColumn, Progress, TextColumn  # takes long to import

        columns = (TextColumn(title), BarColumn(), counted)
        with Progress(
            *columns,
            console=self.talk,
            transient=True,
            disable=not self.talk.is_terminal,
            # What rich redirects goes where the bar is: lines of a result above it, on a terminal,
            # but never those that are for a pipe or file.
            redirect_stdout=self.is_terminal,
        ) as progress:
            task = progress.add_task(title, total=total)
            yield lambda count: progress.advance(task, count)

    def write_json(self, value: Any) -> None:
        """Write a result for a program."""
        self.results.file.write(_dump_json(value, indent=2))

    def write_json_line(self, value: Any) -> None:
        """Write one of many results for a program, on a line of its own, at once."""
        self.results.file.write(_dump_json(value))
        self.results.file.flush()


def _dump_json(value: Any, indent: int | None = None) -> str:
    """JSON with every letter as it is, and escapes for what would steer a terminal."""
    written = json.dumps(value, ensure_ascii=False, indent=indent)
    return (
        "".join(
            character
            if character.isprintable() or character == "\n" or to_printable(character) == character
            else json.dumps(character)[1:-1]
            for character in written
        )
        + "\n"
    )


def shorten(text: str) -> Text:
    """A text that is cut off where there is no more room for it."""
    return Text(to_printable(text), no_wrap=True, overflow="ellipsis")


def _find_least_width(columns: Mapping[str, Column], rows: Sequence[Sequence[Cell]]) -> int:
    """The columns of a terminal that a table needs, so that no name or text is cut into scraps."""
    widths = []
    for place, (heading, layout) in enumerate(columns.items()):
        width = max([cell_len(str(row[place])) for row in rows], default=0)
        if "no_wrap" in _LAYOUTS[layout]:
            width = max(width, cell_len(heading))
        elif layout == "figure":
            width = max(width, *map(cell_len, heading.split()))
        widths.append(min(width, _LEAST_WIDTHS.get(layout, width)))
    return sum(widths) + _BETWEEN_COLUMNS * (len(widths) - 1)


def _lay_out(cell: Cell, layout: Column) -> Cell:
    if isinstance(cell, Text):
        return cell
    return shorten(cell) if layout == "short" else to_printable(cell)


@contextmanager
def take_place(path: Path) -> Iterator[None]:
    """Make the folder that a file is written to, and say what is wrong with the place it names.

    What is wrong with the disk or its permissions `main` says, of any file.

    Raises:
        WrongUsageError: No file can be there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        raise WrongUsageError(
            f"{path} cannot be written: {error.strerror}. Name another file or folder."
        ) from error


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Write a file that is there whole or not at all, and leaves what it replaces until then.

    Yields:
        Where to write: a name of its own beside the file, or the place itself if that is a device.

    Raises:
        WrongUsageError: No file can be there.
        OSError: The disk does not take it; names the file.
    """
    with take_place(path):
        if path.exists() and not path.is_file():
            yield path
            return
        # What a link leads to is replaced, and not the link.
        target = path.resolve()
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            yield part
            part.replace(target)
        except OSError as error:
            error.filename = str(path)
            raise
        finally:
            part.unlink(missing_ok=True)


def is_confirmed(question: str, *, yes: bool, output: Output, dry_run: bool = False) -> bool:
    """Whether to go on: by the option, or by the answer of a person; without either it is not.

    A dry run never does, and asks nobody.
    """
    if dry_run:
        return False
    if yes:
        return True
    if not (sys.stdin.isatty() and output.talk.is_terminal):
        output.say("This was a dry run: add --yes to do it.")
        return False
    answer = output.talk.input(f"{question} [y/N] ", markup=False)
    return answer.strip().lower() in ("y", "yes")


@contextmanager
def show_step(title: str, output: Output) -> Iterator[Callable[[str], None]]:
    """Show a step of a command while it is under way, and how it went.

    Yields:
        A function that shows what is being done right now, where a person looks on.
    """
    began = time.monotonic()
    mark, style = "✗", "red"
    try:
        if output.talk.is_terminal:
            with output.talk.status(title) as status:
                yield lambda line: status.update(Text.assemble(title, (f"  {line}", "dim")))
        else:
            yield lambda line: None
        mark, style = "✓", "green"
    finally:
        spent = describe_duration(time.monotonic() - began)
        output.talk.print(Text.assemble((mark, style), f" {title}", (f"  {spent}", "dim")))
