"""A reader of all formats but PDF, and what it reads of bytes."""

from dataclasses import dataclass

import pytest

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import MEBIBYTE, ExtractionLimits
from pipeline.formats.identify import identify_file
from shared.deadline import Deadline

# What hostile files must end within, too.
LIMITS = ExtractionLimits(
    memory_bytes=256 * MEBIBYTE, open_wall_seconds=10, document_cpu_seconds=10
)


@dataclass(frozen=True)
class Read:
    """What came of a file."""

    unit: str
    texts: list[str]
    files: list[tuple[str, str | None]]


@pytest.fixture(scope="session")
def converter():
    with Extractor(LIMITS, reader="pipeline.formats.child", identify=identify_file) as extractor:
        yield extractor


@pytest.fixture
def read(converter, tmp_path):
    def read(data):
        path = tmp_path / "document"
        path.write_bytes(data)
        with (
            converter.open(path, Deadline.after(60)) as opened,
            (tmp_path / "inside").open("w+b") as inside,
        ):
            texts = [page.text if page.error is None else page.error for page in opened.pages()]
            files = [(file.name, file.reason) for file in opened.take_files(inside)]
            return Read(opened.unit, texts, files)

    return read
