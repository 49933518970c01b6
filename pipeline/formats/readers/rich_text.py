"""Rich Text Format, by `striprtf`: one section, since its headings are styles without a mark.

Short: the library does all the work, and its bounds are those of the process. It passes over notes,
headers and text boxes, which are written here so that they are text as any other.
"""

import re
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.text_encoding import decode_text
from pipeline.formats.units import UnitsDocument
from shared.errors import RejectionCode

# What holds text beside the lines of the document (Microsoft, "RTF Specification 1.9.1"): notes,
# remarks, headers, text boxes. Each begins a line.
_TEXTS_ASIDE = re.compile(
    r"(?<!\\)(?:\\\*)?\\(?:footnote|annotation|header[lrf]?|footer[lrf]?|shptxt|dptxbxtext)(?![a-z])"
)
# The drawings that text boxes are in.
_DRAWINGS = re.compile(r"(?<!\\)(?:\\\*)?\\(?:shp|shpinst|do)(?![a-z])")


def open_rich_text(path: Path) -> UnitsDocument:
    """Open a text: one unit."""
    # All but ASCII should be in escapes (Microsoft, "RTF Specification 1.9.1"); some is not.
    source = decode_text(path.read_bytes())
    source = _DRAWINGS.sub("", _TEXTS_ASIDE.sub(r"\\par", source))
    try:
        text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]  # it has none
    except (ValueError, IndexError, KeyError, LookupError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "it is no RTF") from error
    # A character beyond the first 65,536 is written as two halves, which become one here.
    return UnitsDocument([text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")])
