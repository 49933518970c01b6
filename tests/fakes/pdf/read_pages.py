"""Reading PDFs that tests have made, page by page through the extraction's own process."""

import pytest

from pipeline.extraction import Extractor
from shared.deadline import Deadline


@pytest.fixture(scope="module")
def extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def read_text(extractor, tmp_path):
    """The text of the first page of a file with these bytes."""

    def read_text(data):
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        with extractor.open(path, Deadline.after(60)) as document:
            return next(iter(document.pages())).text

    return read_text
