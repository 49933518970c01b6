"""The text that stamps, signatures and other annotations draw, read by pypdf. Runs in the child.

PDFium gives the text of a page, but not that of what an annotation draws. pypdf does. It is asked
only for an annotation that draws text.
"""

import unicodedata
from typing import Any

from pipeline.extraction.pypdf_errors import LazyReader, PypdfError

# Of a field's flags (ISO 32000-2, table 231).
_PASSWORD = 1 << 13
_MAX_FIELDS_ABOVE = 32


class Appearances:
    """What the annotations of a document draw.

    Args:
        reader: The document.
    """

    def __init__(self, reader: LazyReader) -> None:
        self._reader = reader

    def read_text(self, page_number: int, number: int) -> str:
        """The text that an annotation draws; '' where pypdf cannot tell, and of a password.

        Args:
            page_number: The page, from 1.
            number: The annotation's place in the page's list, from 0.

        Raises:
            MemoryError: The memory limit was reached.
        """
        try:
            with self._reader.use() as reader:
                page = reader.pages[page_number - 1]
                annotation: Any = page["/Annots"]
                annotation = annotation.get_object()[number].get_object()
                drawn = annotation["/AP"]["/N"].get_object()
                if _is_secret(annotation):
                    return ""
                if not hasattr(drawn, "get_data"):
                    drawn = drawn[annotation["/AS"]].get_object()
                return page.extract_xform_text(drawn).strip()
        except PypdfError:
            return ""

    def read_field_text(self, page_number: int, number: int, value: str) -> str:
        """What the page shows of a field's value, which may have changed since it was drawn.

        A viewer shows what is drawn, unless the form says that it has to be drawn anew.

        Args:
            page_number: The page, from 1.
            number: The annotation's place in the page's list, from 0.
            value: The value; what is given where nothing else is drawn that can be read.

        Raises:
            MemoryError: The memory limit was reached.
        """
        drawn = self.read_text(page_number, number)
        return drawn if is_drawn_otherwise(drawn, value) and not self._is_redrawn() else value

    def _is_redrawn(self) -> bool:
        try:
            with self._reader.use() as reader:
                form: Any = reader.root_object["/AcroForm"]
                return bool(form.get_object().get("/NeedAppearances", False))
        except PypdfError:
            return False


def _is_secret(annotation: Any) -> bool:
    """Whether an annotation is a field for a password, as any field above it may say.

    PDFium looks no further up than to the parent.
    """
    field = annotation
    kind: Any = None
    flags: Any = None
    for _ in range(_MAX_FIELDS_ABOVE):
        kind = _find_entry(field, "/FT") if kind is None else kind
        flags = _find_entry(field, "/Ff") if flags is None else flags
        field = field.get("/Parent")
        if not hasattr(field, "get"):
            break
    return kind == "/Tx" and bool((flags or 0) & _PASSWORD)


def _find_entry(field: Any, name: str) -> Any:
    """An entry of a field, which may be a reference; None if it has none."""
    found = field.get(name)
    return None if found is None else found.get_object()


def is_drawn_otherwise(drawn: str, value: str) -> bool:
    """Whether what is drawn of a field reads, and is not its value.

    Line ends, spaces between letters that stand in boxes of their own, and forms of letters do not
    count. Letters that a font has no code for may be missing, and words of scripts that run from
    right to left are drawn in either order.
    """
    shown, held = _squeeze(drawn), _squeeze(value)
    if shown == held or not shown or any(unicodedata.category(sign)[0] == "C" for sign in shown):
        return False
    if held.isascii():
        return True
    signs = iter(held)
    has_letters_missing = all(sign in signs for sign in shown)
    return not has_letters_missing and sorted(shown) != sorted(held)


def _squeeze(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())
