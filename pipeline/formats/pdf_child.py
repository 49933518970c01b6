"""The reader of PDFs that takes files of any format out of them: what ingest has PDFs read by.

Short, as its name is what starts it and packs what it needs. Apart from the reader that it is made
of, which knows PDFs only, since this chapter is made of that one.
"""

from pipeline.extraction.child import serve_pdfs
from pipeline.formats.identify import identify_bytes


def main() -> None:
    """Serve requests until the parent closes the pipe."""
    serve_pdfs(identify_bytes)


if __name__ == "__main__":
    main()
