"""Rich Text Format, by `striprtf`: one section, since its headings are styles without a mark.

Short: the library does all the work, and its bounds are those of the process.
"""

from pathlib import Path

from striprtf.striprtf import rtf_to_text

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.units import UnitsDocument
from shared.errors import RejectionCode


def open_rich_text(path: Path) -> UnitsDocument:
    """Open a text: one unit."""
    # All that is not ASCII is written in escapes (Microsoft, "RTF Specification 1.9.1").
    source = path.read_bytes().decode("latin-1")
    try:
        text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]  # it has none
    except (ValueError, IndexError, KeyError, LookupError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "it is no RTF") from error
    # A character beyond the first 65,536 is written as two halves, which become one here.
    return UnitsDocument([text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")])
