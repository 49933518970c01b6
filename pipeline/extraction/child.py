"""The reader of PDFs: the process that the ingest function has its documents read by.

Short, as its name is what starts it and packs what it needs; how it works is in `reader`.
"""

from pathlib import Path

from pipeline.extraction.engines import EngineDocument
from pipeline.extraction.fonts.stand_in_font import StandInFont
from pipeline.extraction.reader import run_reader


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    # PDFium calls it for as long as this process lives.
    font = StandInFont()
    run_reader(open_pdf, font.install)


def open_pdf(path: Path, suffix: str) -> EngineDocument:
    """Open a PDF, the one format that this reader is given."""
    return EngineDocument(path)


if __name__ == "__main__":
    main()
