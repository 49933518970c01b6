"""Text of unknown origin in Markdown: shown as it is, never taken for markup."""

import re

# All that starts or ends something within a line (CommonMark "Backslash escapes"; the pipe and the
# tilde are GitHub's), and the colon of an address, which GitHub would make a link of.
_INLINE = re.compile(r"[\\`*_\[\]<>&|~!$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
# What starts a block where it stands first: a heading, a list, a rule.
_BLOCK = re.compile(r"^(\s*)([#+=-])")
_NUMBERED = re.compile(r"^(\s*\d+)([.)])")
_BACKTICKS = re.compile(r"`+")


def escape_markdown(text: str) -> str:
    """One line of text for a paragraph, a list item or a table cell."""
    escaped = _INLINE.sub(r"\\\g<0>", text)
    escaped = _BLOCK.sub(r"\1\\\2", escaped)
    return _NUMBERED.sub(r"\1\\\2", escaped)


def quote_code(text: str) -> str:
    """One line of text as a code span, whatever backticks it has."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if "`" in text else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def fence_code(text: str) -> str:
    """One line of text as a block to be copied."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sh\n{text}\n{fence}"
