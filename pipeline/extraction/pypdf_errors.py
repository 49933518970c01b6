"""The one place where pypdf opens files and its exceptions are caught. Runs in the child.

Broken files raise more than its own exceptions (pypdf's documentation, "Errors"), so anything
counts but the end of the memory.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PdfReader


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


def open_with_pypdf(path: Path, data: bytes | None = None) -> "PdfReader":
    """A document, open in pypdf; its stream is the caller's to close.

    Args:
        path: The file.
        data: What is read instead, where it is not the file as it is.

    Raises:
        Exception: Whatever pypdf raises. Then nothing is open.
    """
    from pypdf import PdfReader

    with ExitStack() as opened:
        # Given a path, pypdf would read the whole file into memory. Closed if it cannot be read:
        # the exception would hold on to it until a collection finds it.
        file: IO[bytes] = path.open("rb") if data is None else io.BytesIO(data)
        stream = opened.enter_context(file)
        reader = PdfReader(stream)
        opened.pop_all()
    return reader
