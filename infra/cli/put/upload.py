"""Files into the documents bucket, several at a time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from infra.cli.put.files import FileToPut, SkippedFile
from infra.cli.put.unchanged import hash_file
from shared.document_formats import find_format
from shared.errors import OperatorError
from shared.messages.uploads import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef, PutObjectOutputTypeDef

_PARALLEL_UPLOADS = 8
# What S3 answers where there is something under the key already, or is about to be.
# Source: Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
_TAKEN = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT)


@dataclass(frozen=True)
class PutDocument:
    """A file that is in the bucket, and the document that it has become."""

    path: str
    key: str
    document_id: str
    version_id: str | None


def put_files(
    s3: "S3Client",
    bucket: str,
    files: Sequence[FileToPut],
    count_bytes: Callable[[int], None],
    tell: "Callable[[PutDocument | SkippedFile], None]" = lambda result: None,
) -> list[PutDocument | SkippedFile]:
    """Put files into a bucket, several at a time.

    Args:
        s3: An S3 client.
        bucket: The documents bucket.
        files: The files and their keys.
        count_bytes: Called from many threads with the bytes that were read since its last call;
            negative where a file is read anew.
        tell: Called with what became of each file, as soon as that is known.

    Returns:
        What became of each file, in their order.

    Raises:
        OperatorError: S3 refused, or cannot be reached; no further file is put then.
    """
    stopped = threading.Event()
    with ThreadPoolExecutor(_PARALLEL_UPLOADS) as pool:
        futures = [pool.submit(_put_file, s3, bucket, file, count_bytes, stopped) for file in files]
        try:
            for future in as_completed(futures):
                tell(future.result())
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
    return [future.result() for future in futures]


def _put_file(
    s3: "S3Client",
    bucket: str,
    file: FileToPut,
    count_bytes: Callable[[int], None],
    stopped: threading.Event,
) -> PutDocument | SkippedFile:
    try:
        with (
            _CountedFile(file.path, count_bytes, stopped) as body,
            aws_errors_as(OperatorError),
        ):
            answer = _find_or_put(s3, bucket, file, body)
    except OSError as error:
        return SkippedFile(str(file.path), f"cannot be read: {error.strerror}", is_failure=True)
    upload = Upload(
        bucket=bucket,
        key=file.key,
        version_id=answer.get("VersionId"),
        etag=answer["ETag"].strip('"'),
        size_bytes=file.size_bytes,
        sequencer="",
    )
    return PutDocument(str(file.path), file.key, upload.document_id, upload.version_id)


def _find_or_put(
    s3: "S3Client", bucket: str, file: FileToPut, body: "_CountedFile"
) -> "PutObjectOutputTypeDef | HeadObjectOutputTypeDef":
    """Put a file, unless another command has put the same bytes under its key just now."""
    promised = find_format(file.path.name)
    put = partial(
        s3.put_object,
        Bucket=bucket,
        Key=file.key,
        Body=body,
        ContentType=promised.media_type if promised else "application/octet-stream",
    )
    if not file.is_new:
        return put()
    try:
        return put(IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in _TAKEN:
            raise
    with suppress(ClientError):
        there = s3.head_object(Bucket=bucket, Key=file.key)
        if there["ETag"].strip('"') == hash_file(file.path):
            return there
    body.seek(0)
    return put()


class _CountedFile(FileIO):
    """A file that tells how much of it has been read, and that can be stopped.

    boto3 looks for the size, and reads the file a second time where it retries.
    """

    def __init__(
        self, path: Path, count_bytes: Callable[[int], None], stopped: threading.Event
    ) -> None:
        super().__init__(path, "rb")
        self._count_bytes = count_bytes
        self._stopped = stopped

    def read(self, size: int | None = -1, /) -> bytes:
        if self._stopped.is_set():
            raise InterruptedError("the upload was stopped")
        piece = super().read(-1 if size is None else size)
        self._count_bytes(len(piece))
        return piece

    def seek(self, offset: int, whence: int = 0, /) -> int:
        before = self.tell()
        after = super().seek(offset, whence)
        self._count_bytes(after - before)
        return after
