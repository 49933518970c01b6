"""The steps of a command that takes a while: what is being done, and how it went."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.text import Text

from infra.cli.output import Output
from infra.cli.times import describe_duration


@contextmanager
def show_step(title: str, output: Output) -> Iterator[Callable[[str], None]]:
    """Show a step while it is under way, and how it went.

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
