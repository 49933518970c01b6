"""Markdown of our own words, with texts of unknown origin in it that are shown as they are.

`Markdown` is made here only, from templates that are constants: what fills their holes is made
harmless and escaped, so that no caller can forget it. GitHub still links e-mail addresses, which no
escape prevents.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from string import Formatter
from typing import Any, LiteralString

from shared.printable import to_printable

# All that starts or ends something within a line (CommonMark "Backslash escapes"; the pipe and the
# tilde are GitHub's), the colon of an address, which GitHub would make a link of, and a number sign
# that would begin a heading or be dropped from its end. No emphasis ends before a letter.
_INLINE = re.compile(r"[\\`*\[\]<>&|~!$@]|_(?![^\W_])|:(?=//)|(?<=www)\.|(?<!\S)#", re.IGNORECASE)
# What starts a block where it stands first: a list, a rule, the line below a heading or table head.
_BLOCK = re.compile(r"^[+=:-]")
_NUMBERED = re.compile(r"^(\d+)([.)])(?!\S)")
_BACKTICKS = re.compile(r"`+")
_ESCAPE_OR_CODE = re.compile(r"\\([!-/:-@\[-`{-~]|$)|(`+) ?(.+?) ?\2(?!`)")


@dataclass(frozen=True)
class Markdown:
    """Markdown in which only our own words are markup; empty where there is nothing to say."""

    source: str

    def __str__(self) -> str:
        return self.source


class _EscapingFormatter(Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Markdown):
            return value.source
        return escape_markdown(str(super().format_field(value, format_spec)))


def write_markdown(template: LiteralString, *values: object) -> Markdown:
    """Fill a template, as `str.format` does, with values that are escaped unless they are Markdown.

    Args:
        template: A constant: what is in it is markup.
        values: What fills its holes, each on one line.
    """
    return Markdown(_EscapingFormatter().vformat(template, values, {}))


def write_lines(text: str) -> Markdown:
    """A text of several lines, whose line breaks and paragraphs are kept."""
    lines = map(escape_markdown, text.splitlines())
    paragraphs = ("\\\n".join(group) for is_filled, group in groupby(lines, bool) if is_filled)
    return Markdown("\n\n".join(paragraphs))


def write_code(text: str) -> Markdown:
    """One line of text as a code span, whatever backticks it has."""
    line = _to_line(text)
    fence = "`" * (_longest_backticks(line) + 1)
    blank = " " if "`" in line else ""
    return Markdown(f"{fence}{blank}{line}{blank}{fence}" if line else "")


def write_command(command: str) -> Markdown:
    """A command as a block to be copied."""
    line = to_printable(command)
    fence = "`" * max(3, _longest_backticks(line) + 1)
    return Markdown(f"{fence}sh\n{line}\n{fence}")


def join_markdown(parts: Iterable[Markdown], separator: LiteralString = "\n\n") -> Markdown:
    """Blocks one after the other, or what else the separator makes of them; empty ones left out."""
    return Markdown(separator.join(part.source for part in parts if part.source))


def escape_markdown(text: str) -> str:
    """A text of unknown origin as one line for a paragraph, a heading, a list or a table cell."""
    escaped = _INLINE.sub(r"\\\g<0>", _to_line(text))
    return _NUMBERED.sub(r"\1\\\2", _BLOCK.sub(r"\\\g<0>", escaped))


def remove_escapes(line: str) -> str:
    """A line of this Markdown with its texts as they were, to be read on a terminal."""
    return _ESCAPE_OR_CODE.sub(lambda found: found[3] or found[1], line)


def _to_line(text: str) -> str:
    return " ".join(to_printable(text).split())


def _longest_backticks(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
