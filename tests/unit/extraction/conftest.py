"""Reading PDFs that tests have made. Short: two fixtures are all that unit tests share."""

import pytest

from pipeline.extraction.extractor import Extractor
from shared.deadline import Deadline


@pytest.fixture(scope="module")
def shared_extractor():
    with Extractor() as extractor:
        yield extractor


@pytest.fixture
def read_text(shared_extractor, tmp_path):
    """The text of the first page of a file with these bytes."""

    def read_text(data):
        path = tmp_path / "document.pdf"
        path.write_bytes(data)
        with shared_extractor.open(path, Deadline.after(60)) as document:
            return next(iter(document.pages())).text

    return read_text
