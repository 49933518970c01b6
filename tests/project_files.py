"""Where the project's files lie, and those that its developers have beside the checkout."""

from pathlib import Path

PROJECT = Path(__file__).parent.parent
CORPUS = PROJECT.parent / "shared" / "corpus"
CASES = PROJECT.parent / "shared" / "cases" / "pdf"
