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
# package as well, and would take a fifteenth longer to start. By their full names: so the build
# finds that a package needs them.
_MODULES = {
    "Engine": "pipeline.extraction.page_text",
    "ExtractionLimits": "pipeline.extraction.limits",
    "Extractor": "pipeline.extraction.extractor",
    "OpenDocument": "pipeline.extraction.document",
    "PagePicture": "pipeline.extraction.document",
    "PageStatus": "pipeline.extraction.page_text",
    "PageText": "pipeline.extraction.page_text",
    "TakenFile": "pipeline.extraction.document",
    "refuse_pages": "pipeline.extraction.refusals",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
