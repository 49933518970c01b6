"""Files of Microsoft Office, new and old, opened by `office_oxide`; and its Markdown undone."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

from office_oxide import Document, OfficeOxideError

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.old_office import OLE_START
from shared.errors import RejectionCode

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_EMPHASIS = re.compile(r"(?<!\\)(?:\*{1,3}|~~)")
_WORDS_OF_LOCKS = ("encrypt", "password")
_T = TypeVar("_T")
_OldKind = Literal["doc", "ppt", "xls"]
_NEW_KINDS: dict[_OldKind, Literal["docx", "pptx", "xlsx"]] = {
    "doc": "docx",
    "ppt": "pptx",
    "xls": "xlsx",
}


def read_office(data: bytes, old_kind: _OldKind, render: Callable[[Document], _T]) -> _T:
    """What the library makes of a file.

    Args:
        data: The bytes of the file.
        old_kind: What it is if it is a compound file; else it is the new kind of the same program.
        render: Asks the open document for something.

    Raises:
        UnreadableDocumentError: It is encrypted or damaged.
    """
    kind = old_kind if data.startswith(OLE_START) else _NEW_KINDS[old_kind]
    with _refuse_what_fails():
        return render(Document.from_bytes(data, kind))


def read_old_workbook(path: Path, render: Callable[[Document], _T]) -> _T:
    """What the library makes of an old workbook.

    Under the name of its format it is read by the library itself, and is in memory once.

    Raises:
        UnreadableDocumentError: It is encrypted or damaged.
    """
    if path.suffix != ".xls":
        return read_office(path.read_bytes(), "xls", render)
    with _refuse_what_fails():
        return render(Document.open(path))


@contextmanager
def _refuse_what_fails() -> Iterator[None]:
    try:
        yield
    except OfficeOxideError as error:
        words = str(error)
        is_locked = any(word in words.lower() for word in _WORDS_OF_LOCKS)
        code = RejectionCode.ENCRYPTED if is_locked else RejectionCode.DAMAGED
        raise UnreadableDocumentError(code, "its parts cannot be read") from error


def to_plain(markdown: str) -> str:
    """A line of the library's Markdown as it is shown."""
    without = _EMPHASIS.sub("", markdown.replace("<br>", " "))
    return _ESCAPED.sub(r"\1", without)
