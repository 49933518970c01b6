"""The bucket that packages and templates are uploaded to before CloudFormation reads them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import BucketLocationConstraintType


def deploy_bucket_name(account_id: str, region: str) -> str:
    """Name the deploy bucket of an account and region; all stacks there share it."""
    return f"seashore-deploy-{account_id}-{region}"


def ensure_deploy_bucket(s3: "S3Client", account_id: str, region: str) -> str:
    """Make the deploy bucket if it is missing or half made.

    It is private, encrypted, versioned, and reached over TLS only. Every later call names the
    expected owner, since a stranger may have taken a name that can be guessed (Amazon S3:
    "Verifying bucket ownership with bucket owner condition").

    Args:
        s3: Client of the region to deploy to.
        account_id: The account that must own the bucket.
        region: The region to deploy to.

    Returns:
        The bucket's name.

    Raises:
        DeployError: The name belongs to somebody else.
        ClientError: S3 refused for another reason.
    """
    bucket = deploy_bucket_name(account_id, region)
    try:
        answer = s3.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=account_id)
        # Switched on last: without it the making of the bucket was broken off.
        is_complete = answer.get("Status") == "Enabled"
    except ClientError as error:
        match error.response["ResponseMetadata"]["HTTPStatusCode"]:
            case 404:
                _create_deploy_bucket(s3, bucket, region)
                is_complete = False
            case 403:
                raise DeployError(
                    f"The deploy bucket {bucket} cannot be used: your credentials may not read it, "
                    "or it belongs to another account."
                ) from error
            case _:
                raise
    if not is_complete:
        _protect_deploy_bucket(s3, bucket, account_id)
    return bucket


def upload_file_once(s3: "S3Client", bucket: str, account_id: str, key: str, path: Path) -> bool:
    """Upload a file under a key that is made of its content, unless it is there already.

    Returns:
        Whether anything was uploaded.

    Raises:
        ClientError: S3 refused.
    """
    if is_uploaded(s3, bucket, account_id, key):
        return False
    with path.open("rb") as body:
        s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=account_id)
    return True


def is_uploaded(s3: "S3Client", bucket: str, account_id: str, key: str) -> bool:
    """Whether there is an object under a key.

    Raises:
        ClientError: S3 refused.
    """
    try:
        s3.head_object(Bucket=bucket, Key=key, ExpectedBucketOwner=account_id)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


def _create_deploy_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    if region == "us-east-1":
        s3.create_bucket(Bucket=bucket)
    else:
        location: BucketLocationConstraintType = region  # type: ignore[assignment]  # any region
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": location})


def _protect_deploy_bucket(s3: "S3Client", bucket: str, account_id: str) -> None:
    s3.put_public_access_block(
        Bucket=bucket,
        ExpectedBucketOwner=account_id,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_encryption(
        Bucket=bucket,
        ExpectedBucketOwner=account_id,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    # An endpoint without TLS, such as the emulator's, cannot require it.
    if s3.meta.endpoint_url.startswith("https://"):
        _require_tls(s3, bucket, account_id)
    s3.put_bucket_versioning(
        Bucket=bucket,
        ExpectedBucketOwner=account_id,
        VersioningConfiguration={"Status": "Enabled"},
    )


def _require_tls(s3: "S3Client", bucket: str, account_id: str) -> None:
    arn = f"arn:{s3.meta.partition}:s3:::{bucket}"
    s3.put_bucket_policy(
        Bucket=bucket,
        ExpectedBucketOwner=account_id,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "OnlyOverTls",
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [arn, f"{arn}/*"],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            }
        ),
    )
