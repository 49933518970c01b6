"""Uploaded documents as files, for as long as they are read."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.extraction.refusals import refuse_size
from shared.aws.objects import ObjectStore
from shared.document_formats import find_format
from shared.errors import (
    AccessDeniedError,
    ObjectMissingError,
    ObjectSealedError,
    RejectedDocumentError,
    RejectionCode,
    ServiceError,
)
from shared.ledger.documents import Document

# On a laptop `/tmp` is not the function's alone: a name that nobody else gives a folder.
_PREFIX = "seashore-document-of-process-"
_FOLDER = re.compile(rf"{_PREFIX}(\d+)-")

# Why S3 does not give a file out until somebody mends it; the document goes on by itself then.
_TO_BE_MENDED = {
    "access_denied": "The ingest function may not read the file: check its owner, the bucket's "
    "policy and that of the file's KMS key.",
    "key_unusable": "The KMS key that the file is encrypted with is disabled or gone: enable it.",
    "object_archived": "The file lies in an archive class of S3: restore it "
    "(`aws s3api restore-object`).",
}
_MENDED_DELAY_SECONDS = 900.0


@contextmanager
def download_document(
    document: Document, objects: ObjectStore, max_document_bytes: int
) -> Iterator[Path]:
    """Fetch a document's bytes into a file, unless they are too many.

    The file's name ends as its format's do, if the object's does: some libraries go by it.

    Raises:
        RejectedDocumentError: The object is too large, gone, or encrypted with its uploader's key.
        DeferredError: S3 does not give it out now. Where a person has to mend that, the message
            says what.
    """
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
        promised = find_format(document.key)
        path = Path(folder) / f"document{promised.suffix if promised else ''}"
        _fetch(document, objects, path, max_bytes=max_document_bytes, limit=max_document_bytes)
        yield path


def check_downloadable(document: Document, objects: ObjectStore, max_document_bytes: int) -> None:
    """Ask for a document's bytes, and fetch none of them.

    Raises:
        RejectedDocumentError, DeferredError: As `download_document`.
    """
    _fetch(document, objects, Path(os.devnull), max_bytes=0, limit=max_document_bytes)


def _fetch(
    document: Document, objects: ObjectStore, path: Path, *, max_bytes: int, limit: int
) -> None:
    """Write a document's bytes into a file, unless they are more than `max_bytes`.

    Raises:
        RejectedDocumentError, DeferredError: As `download_document`.
    """
    source = (document.bucket, document.key, document.version_id)
    try:
        size_bytes = objects.download(*source, path, max_bytes=max_bytes)
    except ObjectMissingError as error:
        raise RejectedDocumentError(
            RejectionCode.OBJECT_GONE,
            "The file was deleted before it could be read; put it into the bucket again.",
        ) from error
    except ObjectSealedError as error:
        raise RejectedDocumentError(
            RejectionCode.CUSTOMER_KEY,
            "The file is encrypted with a key that only its uploader has (SSE-C); put it into "
            "the bucket without one.",
        ) from error
    except (AccessDeniedError, ServiceError) as error:
        if error.reason not in _TO_BE_MENDED:
            raise
        raise type(error)(
            f"{_TO_BE_MENDED[error.reason]} ({error})",
            delay_seconds=_MENDED_DELAY_SECONDS,
            reason=error.reason,
        ) from error
    if size_bytes > limit:
        raise refuse_size(size_bytes, limit)


def remove_leftovers() -> None:
    """Remove the files of processes that died, before this one has any of its own.

    A container that passes its time limit goes on with a new process, and with `/tmp` as it was
    (AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle"): a few
    large documents would fill it for good.
    """
    for folder in Path(tempfile.gettempdir()).iterdir():
        match = _FOLDER.match(folder.name)
        if match and not _is_used_by_other(int(match[1])):
            shutil.rmtree(folder, ignore_errors=True)


def _is_used_by_other(process_id: int) -> bool:
    if process_id == os.getpid():
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
