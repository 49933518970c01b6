"""Which files are in the documents bucket already, byte for byte, so that `put` can leave them."""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from infra.cli.put.files import FileToPut
from shared.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_PARALLEL_HASHES = 4
# What S3 answers where there is no such object: HEAD has no body, and so no code of its own.
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


def find_there(s3: "S3Client", bucket: str, files: Sequence[FileToPut]) -> dict[str, bool]:
    """The keys of the files that the bucket holds something under; whether that is the same bytes.

    The ETag of an object that was written with one PutObject is the MD5 of its content where the
    bucket encrypts with keys of S3 (Amazon S3 API Reference, "Object"), as ours does. An object
    that came in parts has another ETag, and counts as changed.

    Args:
        s3: An S3 client.
        bucket: The documents bucket.
        files: The files and the keys that they would get.

    Raises:
        OperatorError: S3 refused, or cannot be reached.
    """
    there = _find_objects(s3, bucket, [file.key for file in files])
    alike = [f for f in files if f.key in there and there[f.key][0] == f.size_bytes]
    with ThreadPoolExecutor(_PARALLEL_HASHES) as pool:
        hashes = list(pool.map(hash_file, (file.path for file in alike)))
    pairs = zip(alike, hashes, strict=True)
    unchanged = {file.key for file, md5 in pairs if md5 == there[file.key][1]}
    return {file.key: file.key in unchanged for file in files if file.key in there}


def _find_objects(
    s3: "S3Client", bucket: str, keys: Sequence[str]
) -> Mapping[str, tuple[int, str]]:
    """Size and ETag of the objects under some keys, as far as there are any.

    The bucket is listed from one wanted key to the next, so that a folder of a thousand files costs
    a call or two, and three files never more than six, however full the bucket is.
    """
    found: dict[str, tuple[int, str]] = {}
    # As S3 orders them: by the bytes of UTF-8.
    left = sorted(keys, key=str.encode, reverse=True)
    with aws_errors_as(OperatorError):
        while left:
            page = s3.list_objects_v2(Bucket=bucket, StartAfter=left[-1][:-1])
            entries = page.get("Contents", [])
            found |= {entry["Key"]: _describe(entry, "Size") for entry in entries}
            if not page["IsTruncated"]:
                break
            end = entries[-1]["Key"].encode()
            if left[-1].encode() > end:
                found |= _look_at_one(s3, bucket, left.pop())
            while left and left[-1].encode() <= end:
                left.pop()
    return found


def _describe(entry: Any, size_field: str) -> tuple[int, str]:
    return entry[size_field], entry["ETag"].strip('"')


def _look_at_one(s3: "S3Client", bucket: str, key: str) -> dict[str, tuple[int, str]]:
    try:
        head = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _MISSING:
            return {}
        raise
    return {key: _describe(head, "ContentLength")}


def hash_file(path: Path) -> str:
    """The MD5 of a file's content, as an ETag tells it; empty if it cannot be read."""
    with suppress(OSError), path.open("rb") as content:
        return hashlib.file_digest(content, _start_md5).hexdigest()
    return ""


def _start_md5() -> Any:
    return hashlib.md5(usedforsecurity=False)
