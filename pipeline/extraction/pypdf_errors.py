"""The one place where pypdf's exceptions are caught. Runs in the child. Short: one rule.

Broken files raise more than its own exceptions (pypdf's documentation, "Errors"), so anything
counts but the end of the memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class PypdfError(Exception):
    """pypdf cannot do it: the name of its exception. Never leaves this package."""


@contextmanager
def translate_pypdf_errors() -> Iterator[None]:
    """Turn whatever pypdf raises into one error.

    Raises:
        PypdfError: pypdf has raised something.
        MemoryError: The memory limit was reached.
    """
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        raise PypdfError(type(error).__name__) from error
