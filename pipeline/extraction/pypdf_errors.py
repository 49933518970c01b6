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


class LazyReader:
    """A document that pypdf opens when it is first needed, and no second time if it cannot.

    To be closed; what is asked after that opens it anew.

    Args:
        path: The file.
        data: What is read instead, where it is not the file as it is.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        self._path = path
        self._data = data
        self._reader: PdfReader | None = None
        self._is_refused = False

    @contextmanager
    def use(self) -> Iterator["PdfReader"]:
        """The document, open, with whatever pypdf raises turned into one error.

        Raises:
            PypdfError: pypdf has raised something.
            MemoryError: The memory limit was reached.
        """
        with translate_pypdf_errors():
            yield self.open()

    def open(self) -> "PdfReader":
        """The document, open.

        Raises:
            Exception: Whatever pypdf raises.
            PypdfError: It could not open it before.
        """
        if self._is_refused:
            raise PypdfError
        if self._reader is None:
            self._is_refused = True
            self._reader = open_with_pypdf(self._path, self._data)
            self._is_refused = False
        return self._reader

    def close(self) -> None:
        """Give back what pypdf holds of it."""
        if self._reader is not None:
            self._reader.close()
            self._reader.stream.close()
            self._reader = None


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
