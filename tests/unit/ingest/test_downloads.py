"""Files of documents: gone when they are read, and when their process died."""

import os
import tempfile

import pytest

from pipeline.ingest.downloads import check_downloadable, download_document, remove_leftovers
from shared.errors import RejectedDocumentError, RejectionCode, ServiceError
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus
from tests.fakes.own_python import run_python

DOCUMENT = Document(
    document_id="d1",
    bucket="documents",
    key="a.pdf",
    status=DocumentStatus.RECEIVED,
    received_at="2026-03-01T12:00:00.000+00:00",
    updated_at="2026-03-01T12:00:00.000+00:00",
)


class Objects:
    """S3 with one object, which is fetched so many times."""

    def __init__(self):
        self.fetched = 0

    def download(self, bucket, key, version_id, path, *, max_bytes):
        if max_bytes >= 4:
            path.write_bytes(b"%PDF")
            self.fetched += 1
        return 4


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_file_is_there_while_it_is_read(temporary_folder):
    with download_document(DOCUMENT, Objects(), 4) as path:
        assert path.read_bytes() == b"%PDF"
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "name"),
    [("a/Talk.PPT", "document.ppt"), ("a.htm", "document.html"), ("a.ppt/x", "document")],
)
def test_a_file_is_named_as_its_format_and_not_as_its_sender_likes(key, name):
    with download_document(DOCUMENT.model_copy(update={"key": key}), Objects(), 4) as path:
        assert path.name == name


def test_what_is_too_large_is_not_fetched(temporary_folder):
    with (
        pytest.raises(RejectedDocumentError) as caught,
        download_document(DOCUMENT, Objects(), 3),
    ):
        pass
    assert caught.value.code is RejectionCode.TOO_LARGE
    assert list(temporary_folder.iterdir()) == []


def test_whether_a_file_is_there_is_asked_without_fetching_it(temporary_folder):
    objects = Objects()
    check_downloadable(DOCUMENT, objects, 4)
    assert objects.fetched == 0
    with pytest.raises(RejectedDocumentError) as caught:
        check_downloadable(DOCUMENT, objects, 3)
    assert caught.value.code is RejectionCode.TOO_LARGE
    assert list(temporary_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("object_archived", "The file lies in an archive class of S3: restore it"),
        ("key_unusable", "The KMS key that the file is encrypted with is disabled or gone: enable"),
        ("aws_service", "busy"),
    ],
)
def test_what_a_person_has_to_mend_is_said_and_waits_longer(reason, words):
    class Refusing:
        def download(self, *arguments, **options):
            raise ServiceError("busy", delay_seconds=15, reason=reason)

    with pytest.raises(ServiceError) as caught, download_document(DOCUMENT, Refusing(), 4):
        pass
    assert str(caught.value).startswith(words)
    assert caught.value.reason == reason
    assert caught.value.delay_seconds == (15 if reason == "aws_service" else 900)


LEAVE_A_FILE = """
import os, sys, tempfile
tempfile.tempdir = sys.argv[1]
from tests.unit.ingest.test_downloads import DOCUMENT, Objects, download_document
with download_document(DOCUMENT, Objects(), 4):
    os._exit(0)
"""


def find_number(folder):
    """The number of the process, which stands between the last two hyphens."""
    return folder.name.rsplit("-", 2)[1]


def test_what_a_process_left_behind_is_removed_and_nothing_else(temporary_folder):
    run_python(LEAVE_A_FILE, temporary_folder)
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
