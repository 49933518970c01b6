"""The reader of PDFs: the process that the ingest function has its documents read by.

Short, as its name is what starts it and packs what it needs; how it works is in `reader`.
"""

from collections.abc import Callable
from pathlib import Path

from pipeline.extraction.engines import EngineDocument
from pipeline.extraction.files_inside.embedded_files import explain_no_pdf
from pipeline.extraction.fonts.stand_in_font import StandInFont
from pipeline.extraction.reader import run_reader


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    serve_pdfs(explain_no_pdf)


def serve_pdfs(explain_unread: Callable[[bytes], str | None]) -> None:
    """Serve requests until the parent closes the pipe.

    Args:
        explain_unread: Says why the bytes of a file inside are not read; None if they are.
    """
    # PDFium calls it for as long as this process lives.
    font = StandInFont()

    def open_pdf(path: Path, suffix: str) -> EngineDocument:
        return EngineDocument(path, explain_unread)

    run_reader(open_pdf, font.install)


if __name__ == "__main__":
    main()
