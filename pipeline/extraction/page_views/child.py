"""The reader that shows pages of PDFs: the process that the function `pages` has them drawn by.

Short, as its name is what starts it and packs what it needs; how it works is in `viewed_document`.
"""

from pathlib import Path

from pipeline.extraction.fonts.stand_in_font import StandInFont
from pipeline.extraction.page_views.viewed_document import ViewedDocument
from pipeline.extraction.reader import run_reader


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    # PDFium calls it for as long as this process lives.
    font = StandInFont()
    run_reader(open_pdf, font.install)


def open_pdf(path: Path, suffix: str) -> ViewedDocument:
    """Open a PDF, the one format whose pages can be drawn."""
    return ViewedDocument(path)


if __name__ == "__main__":
    main()
