"""Addresses under which anybody who has them may read one object of S3, for minutes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.aws.errors import translate_aws_errors

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

# Long enough to follow a redirect on a slow line, and no more.
EXPIRES_SECONDS = 300


@dataclass(frozen=True)
class FileLinks:
    """Signs addresses of objects.

    Args:
        open_client: Gives an S3 client that signs with version 4 and the bucket's own host name;
            called when the first address is signed.
    """

    open_client: "Callable[[], S3Client]"

    def sign(self, bucket: str, key: str, version_id: str | None, file_name: str) -> str:
        """Sign an address; a browser saves what is there under the file's name.

        What it allows is what its signer may do (Amazon S3 User Guide, "Download and upload objects
        with presigned URLs"), at the time that it is used.

        Raises:
            ServiceError: It cannot be signed.
        """
        # RFC 6266: a name of any characters, percent-encoded as UTF-8.
        disposition = f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
        wanted: dict[str, Any] = {
            "Bucket": bucket,
            "Key": key,
            "ResponseContentDisposition": disposition,
        }
        if version_id is not None:
            wanted["VersionId"] = version_id
        with translate_aws_errors("sign the address of a file"):
            return self.open_client().generate_presigned_url(
                "get_object", Params=wanted, ExpiresIn=EXPIRES_SECONDS
            )
