"""Delete a bucket with everything in it: versions, delete markers, unfinished uploads."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_REPORT_EVERY = 10_000


def remove_bucket(
    s3: "S3Client", bucket: str, account_id: str, report: Callable[[str], None]
) -> int:
    """Delete a bucket and all that it holds. A bucket that is gone already is no error.

    Stopped halfway it can be called again: what is deleted stays deleted.

    Args:
        s3: Client of the bucket's region.
        bucket: Name of the bucket.
        account_id: The account that must own it.
        report: Called with one line now and then while many objects are deleted.

    Returns:
        How many versions and delete markers were deleted.

    Raises:
        DeployError: S3 kept an object, for example one under a legal hold.
        ClientError: S3 refused.
    """
    try:
        _abort_uploads(s3, bucket, account_id)
        deleted = _delete_versions(s3, bucket, account_id, report)
        s3.delete_bucket(Bucket=bucket, ExpectedBucketOwner=account_id)
    except s3.exceptions.NoSuchBucket:
        return 0
    except ClientError as error:
        if error.response["Error"].get("Code") == "BucketNotEmpty":
            raise DeployError(
                f"Something was put into the bucket {bucket} while it was being emptied: try again."
            ) from error
        raise
    return deleted


def _abort_uploads(s3: "S3Client", bucket: str, account_id: str) -> None:
    pages = s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, ExpectedBucketOwner=account_id
    )
    for page in pages:
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(
                Bucket=bucket,
                Key=upload["Key"],
                UploadId=upload["UploadId"],
                ExpectedBucketOwner=account_id,
            )


def _delete_versions(
    s3: "S3Client", bucket: str, account_id: str, report: Callable[[str], None]
) -> int:
    deleted = 0
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, ExpectedBucketOwner=account_id
    )
    for page in pages:
        found: list[ObjectIdentifierTypeDef] = [
            {"Key": entry["Key"], "VersionId": entry["VersionId"]}
            for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        ]
        if not found:
            continue
        # A page holds 1,000 entries at most, and one request deletes as many.
        answer = s3.delete_objects(
            Bucket=bucket,
            Delete={"Objects": found, "Quiet": True},
            ExpectedBucketOwner=account_id,
        )
        for failure in answer.get("Errors", [])[:1]:
            raise DeployError(
                f"{failure.get('Key')} in the bucket {bucket} could not be deleted: "
                f"{failure.get('Message') or failure.get('Code')}"
            )
        if deleted // _REPORT_EVERY < (deleted + len(found)) // _REPORT_EVERY:
            report(f"Deleted {deleted + len(found):,} objects of {bucket} so far")
        deleted += len(found)
    return deleted
