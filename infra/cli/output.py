"""Where output goes: results to stdout, talk to stderr, nothing hostile to a terminal."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from shared.printable import to_printable

# Lines of prose that are longer than this are hard to read.
_PROSE_WIDTH = 96


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

    def write_line(self, cells: Sequence[str]) -> None:
        """Write one line of a result: cells with a tab between them."""
        self.results.file.write("\t".join(map(to_printable, cells)) + "\n")

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
