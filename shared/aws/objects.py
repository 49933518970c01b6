"""Objects in S3: texts and results in, documents out."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import ClientError

from shared.aws.errors import translate_aws_errors
from shared.errors import ServiceError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


# Amazon S3 API Reference, DeleteObjects.
_MOST_DELETED_AT_ONCE = 1000
_MOST_CHANGES = 10
# Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
_WRITTEN_MEANWHILE = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


@dataclass(frozen=True)
class ObjectVersion:
    """A version of an object, or a delete marker in place of one."""

    key: str
    version_id: str
    etag: str = ""
    is_marker: bool = False


@dataclass(frozen=True)
class ObjectStore:
    """S3, as far as the pipeline needs it.

    Args:
        client: An S3 client.
    """

    client: "S3Client"

    def download(
        self,
        bucket: str,
        key: str,
        version_id: str | None,
        path: Path,
        *,
        max_bytes: int | None = None,
    ) -> int:
        """Write an object's bytes to a file, in pieces, unless they are too many.

        Not asked for its size first: S3 answers HEAD without a body, so without a code, and an
        object that is archived or whose KMS key is disabled has a size all the same.

        Returns:
            The size of the object in bytes. One above `max_bytes` is not read, and no file written.

        Raises:
            ObjectMissingError: There is no such object or version.
            ObjectSealedError: It is encrypted with a key of its uploader.
            AccessDeniedError: The role may not read it.
            ServiceError: S3 cannot give it out now; `object_archived` and `key_unusable` are
                reasons that a person mends.
        """
        with translate_aws_errors(f"read s3://{bucket}/{key}"):
            answer = self.client.get_object(Bucket=bucket, Key=key, **_version(version_id))
            with closing(answer["Body"]) as body:
                if max_bytes is None or answer["ContentLength"] <= max_bytes:
                    with path.open("wb") as file:
                        for piece in body.iter_chunks(1024 * 1024):
                            file.write(piece)
        return answer["ContentLength"]

    def read_text(self, bucket: str, key: str) -> str:
        """Read an object that holds text, in UTF-8.

        Raises:
            ObjectMissingError: There is no such object.
        """
        with translate_aws_errors(f"read s3://{bucket}/{key}"):
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body.decode()

    def read_json(self, bucket: str, key: str) -> Any:
        """Read an object that holds JSON.

        Raises:
            ObjectMissingError: There is no such object.
        """
        with translate_aws_errors(f"read s3://{bucket}/{key}"):
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return json.loads(body)

    def list_keys(self, bucket: str, prefix: str) -> list[str]:
        """The keys of the objects whose keys begin with a prefix, in their order."""
        return list(self.list_sizes(bucket, prefix))

    def list_sizes(self, bucket: str, prefix: str) -> dict[str, int]:
        """How many bytes each object has whose key begins with a prefix, in the order of keys."""
        with translate_aws_errors(f"list s3://{bucket}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=bucket, Prefix=prefix
            )
            entries = chain.from_iterable(page.get("Contents", []) for page in pages)
            return {entry["Key"]: entry["Size"] for entry in entries}

    def measure(self, bucket: str, prefix: str, keys: Collection[str]) -> int:
        """How many bytes those of some objects have together whose keys begin with a prefix."""
        sizes = self.list_sizes(bucket, prefix)
        return sum(size for key, size in sizes.items() if key in keys)

    def list_versions(self, bucket: str, prefix: str) -> list["ObjectVersion"]:
        """All versions and delete markers of the objects whose keys begin with a prefix."""
        return list(chain.from_iterable(self._page_versions(bucket, prefix)))

    def list_versions_of(self, bucket: str, key: str) -> list["ObjectVersion"]:
        """All versions and delete markers of one object.

        However many others have keys that begin so: these come after it (Amazon S3 API Reference,
        ListObjectVersions), and are not listed to their end.
        """
        found: list[ObjectVersion] = []
        for page in self._page_versions(bucket, key):
            own = [version for version in page if version.key == key]
            found += own
            if len(own) < len(page):
                break
        return found

    def _page_versions(self, bucket: str, prefix: str) -> Iterator[list["ObjectVersion"]]:
        with translate_aws_errors(f"list s3://{bucket}/{prefix}"):
            pages = self.client.get_paginator("list_object_versions").paginate(
                Bucket=bucket, Prefix=prefix
            )
            for page in pages:
                yield [
                    *(
                        ObjectVersion(one["Key"], one["VersionId"], one["ETag"].strip('"'))
                        for one in page.get("Versions", [])
                    ),
                    *(
                        ObjectVersion(one["Key"], one["VersionId"], is_marker=True)
                        for one in page.get("DeleteMarkers", [])
                    ),
                ]

    def delete_versions(self, bucket: str, versions: Sequence["ObjectVersion"]) -> None:
        """Delete versions for good; those that are gone already are as good.

        Raises:
            ServiceError: S3 did not delete them all.
        """
        for start in range(0, len(versions), _MOST_DELETED_AT_ONCE):
            some = versions[start : start + _MOST_DELETED_AT_ONCE]
            with translate_aws_errors(f"remove versions in s3://{bucket}"):
                answer = self.client.delete_objects(
                    Bucket=bucket,
                    Delete={
                        "Objects": [{"Key": one.key, "VersionId": one.version_id} for one in some],
                        "Quiet": True,
                    },
                )
            for problem in answer.get("Errors", []):
                raise ServiceError(
                    f"could not delete s3://{bucket}/{problem.get('Key')}: "
                    f"{problem.get('Message') or problem.get('Code')}",
                    delay_seconds=15,
                    reason="aws_service",
                )

    def hash_content(self, bucket: str, key: str, version_id: str | None) -> str:
        """The SHA-256 (hexadecimal) of an object's bytes, read in pieces.

        Raises:
            ObjectMissingError: There is no such object or version.
        """
        with translate_aws_errors(f"read s3://{bucket}/{key}"):
            answer = self.client.get_object(Bucket=bucket, Key=key, **_version(version_id))
            sha256 = hashlib.sha256()
            with closing(answer["Body"]) as body:
                for piece in body.iter_chunks(1024 * 1024):
                    sha256.update(piece)
        return sha256.hexdigest()

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; one that is gone already is as good."""
        with translate_aws_errors(f"delete s3://{bucket}/{key}"):
            self.client.delete_object(Bucket=bucket, Key=key)

    def write_text(self, bucket: str, key: str, text: str, content_type: str) -> None:
        """Write an object that holds text, in UTF-8."""
        with translate_aws_errors(f"write s3://{bucket}/{key}"):
            self.client.put_object(
                Bucket=bucket, Key=key, Body=text.encode(), ContentType=content_type
            )

    def write_bytes(self, bucket: str, key: str, data: bytes, content_type: str) -> None:
        """Write an object that holds bytes."""
        with translate_aws_errors(f"write s3://{bucket}/{key}"):
            self.client.put_object(Bucket=bucket, Key=key, Body=data, ContentType=content_type)

    def read_bytes(self, bucket: str, key: str) -> bytes:
        """Read all of an object.

        Raises:
            ObjectMissingError: There is no such object.
        """
        with translate_aws_errors(f"read s3://{bucket}/{key}"):
            return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    def change_text(self, bucket: str, key: str, change: Callable[[str], str]) -> None:
        """Change an object that holds text, in UTF-8; what others write meanwhile is not lost.

        Raises:
            ObjectMissingError: There is no such object.
            ServiceError: Others keep writing it.
        """
        for _ in range(_MOST_CHANGES):
            with translate_aws_errors(f"write s3://{bucket}/{key}"):
                there = self.client.get_object(Bucket=bucket, Key=key)
                text = there["Body"].read().decode()
                changed = change(text)
                if changed == text:
                    return
                try:
                    self.client.put_object(
                        Bucket=bucket,
                        Key=key,
                        Body=changed.encode(),
                        ContentType=there["ContentType"],
                        IfMatch=there["ETag"],
                    )
                except ClientError as error:
                    if error.response.get("Error", {}).get("Code") in _WRITTEN_MEANWHILE:
                        continue
                    raise
                return
        raise ServiceError(
            f"others keep writing s3://{bucket}/{key}", delay_seconds=5, reason="aws_service"
        )

    def write_file(self, bucket: str, key: str, file: BinaryIO, content_type: str) -> None:
        """Write an object from a file, from its beginning, without holding it in memory."""
        file.seek(0)
        with translate_aws_errors(f"write s3://{bucket}/{key}"):
            self.client.put_object(Bucket=bucket, Key=key, Body=file, ContentType=content_type)

    def create(
        self, bucket: str, key: str, file: BinaryIO, content_type: str
    ) -> tuple[str | None, str]:
        """Write an object from a file, from its beginning, unless there is one under the key.

        Returns:
            The version (None where the bucket has none) and the ETag of the object that is there
            then, the one that was there before if there was one.
        """
        file.seek(0)
        with translate_aws_errors(f"write s3://{bucket}/{key}"):
            try:
                answer: Any = self.client.put_object(
                    Bucket=bucket, Key=key, Body=file, ContentType=content_type, IfNoneMatch="*"
                )
            except ClientError as error:
                # Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
                if error.response.get("Error", {}).get("Code") != "PreconditionFailed":
                    raise
                answer = self.client.head_object(Bucket=bucket, Key=key)
        return answer.get("VersionId"), answer["ETag"].strip('"')

    def write_json(self, bucket: str, key: str, value: Any) -> None:
        """Write an object that holds JSON."""
        self.write_text(bucket, key, json.dumps(value, ensure_ascii=False), "application/json")


def _version(version_id: str | None) -> Any:
    return {"VersionId": version_id} if version_id else {}
