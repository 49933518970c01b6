"""Text of PDFs, read page by page in a child process with limits.

A PDF is hostile until proven otherwise, so this process never parses one. `Extractor` lends out
`ReaderProcess`es; each runs `child`, which opens one document at a time with the engines and
answers over pipes in the frames of `protocol`.

    with extractor.open(path, deadline) as document:
        document.page_count
        for page in document.pages():
            page.number, page.status, page.text
"""

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
