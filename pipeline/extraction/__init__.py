"""Text of PDFs, read page by page in a child process with limits.

A PDF is hostile until proven otherwise, so this process never parses one. `Extractor` lends out
`ReaderProcess`es; each runs `child`, which opens one document at a time with the engines and
answers over pipes in the frames of `protocol`.

    with extractor.open(path, deadline) as document:
        document.page_count
        for page in document.pages():
            page.number, page.status, page.text
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.extraction.document import OpenDocument, PagePicture, TakenFile
    from pipeline.extraction.extractor import Extractor
    from pipeline.extraction.limits import ExtractionLimits
    from pipeline.extraction.page_text import Engine, PageStatus, PageText
    from pipeline.extraction.refusals import refuse_pages

__all__ = [
    "Engine",
    "ExtractionLimits",
    "Extractor",
    "OpenDocument",
    "PagePicture",
    "PageStatus",
    "PageText",
    "TakenFile",
    "refuse_pages",
]

# What the parent needs is loaded when it is asked for (PEP 562): a reader is a module of this
# package as well, and would take a fifteenth longer to start.
_MODULES = {
    "Engine": "page_text",
    "ExtractionLimits": "limits",
    "Extractor": "extractor",
    "OpenDocument": "document",
    "PagePicture": "document",
    "PageStatus": "page_text",
    "PageText": "page_text",
    "TakenFile": "document",
    "refuse_pages": "refusals",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
