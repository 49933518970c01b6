"""Files of documents: gone when they are read, and when their process died."""

import os
import subprocess
import sys
import tempfile

import pytest

from pipeline.ingest.downloads import download_document, remove_leftovers
from shared.errors import RejectedDocumentError, RejectionCode
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus
from tests.project_files import PROJECT

DOCUMENT = Document(
    document_id="d1",
    bucket="documents",
    key="a.pdf",
    status=DocumentStatus.RECEIVED,
    received_at="2026-03-01T12:00:00.000+00:00",
    updated_at="2026-03-01T12:00:00.000+00:00",
)


class Objects:
    """S3 with one object."""

    def measure(self, bucket, key, version_id):
        return 4

    def download(self, bucket, key, version_id, path):
        path.write_bytes(b"%PDF")


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_file_is_there_while_it_is_read(temporary_folder):
    with download_document(DOCUMENT, Objects(), 4) as path:
        assert path.read_bytes() == b"%PDF"
    assert list(temporary_folder.iterdir()) == []


def test_what_is_too_large_is_not_fetched(temporary_folder):
    with (
        pytest.raises(RejectedDocumentError) as caught,
        download_document(DOCUMENT, Objects(), 3),
    ):
        pass
    assert caught.value.code is RejectionCode.TOO_LARGE
    assert list(temporary_folder.iterdir()) == []


LEAVE_A_FILE = """
import os, sys, tempfile
sys.path.insert(0, sys.argv[1])
tempfile.tempdir = sys.argv[2]
from tests.unit.ingest.test_downloads import DOCUMENT, Objects, download_document
from tests.project_files import PROJECT
from tests.project_files import PROJECT
with download_document(DOCUMENT, Objects(), 4):
    os._exit(0)
"""


def find_number(folder):
    """The number of the process, which stands between the last two hyphens."""
    return folder.name.rsplit("-", 2)[1]


def test_what_a_process_left_behind_is_removed_and_nothing_else(temporary_folder):
    command = [sys.executable, "-c", LEAVE_A_FILE, str(PROJECT), str(temporary_folder)]
    subprocess.run(command, check=True)  # noqa: S603  # a program of this file
    (left,) = temporary_folder.iterdir()
    # A container's next process may well have the same number.
    own = temporary_folder / left.name.replace(find_number(left), str(os.getpid()))
    living = temporary_folder / left.name.replace(find_number(left), str(os.getppid()))
    # Of the same number, as a day or a run may have it, and somebody else's all the same.
    foreign = temporary_folder / f"seashore-{find_number(left)}-notes"
    for folder in (own, living, foreign):
        folder.mkdir()
    remove_leftovers()
    assert not left.exists()
    assert sorted(temporary_folder.iterdir()) == sorted([living, foreign])
