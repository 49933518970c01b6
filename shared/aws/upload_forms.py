"""Forms by which a browser or program uploads a document to S3, without credentials of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.aws.errors import translate_aws_errors
from shared.document_formats import PDF, find_format
from shared.errors import InvalidRequestError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

EXPIRES_SECONDS = 900

_FILE_NAME = "${filename}"


@dataclass(frozen=True)
class SignedForm:
    """A form to be posted: where to, and the fields that go before the file."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class UploadForms:
    """Signs forms for one bucket.

    Args:
        open_client: Gives an S3 client that signs with version 4 and the bucket's own host name;
            called when the first form is signed.
        bucket: The bucket.
        max_bytes: The size of the largest file that a form lets in.
    """

    open_client: "Callable[[], S3Client]"
    bucket: str
    max_bytes: int

    def sign(self, key: str) -> SignedForm:
        """Sign a form for one key, no other; S3 itself holds to the size and the content type.

        That is the type that the key promises, and that of a PDF where it promises none.

        A signed PUT could not hold to the size: that is a condition of forms only (Amazon S3 API
        Reference, "POST Policy": `content-length-range`).

        Raises:
            InvalidRequestError: The key has S3 put the name of the posted file into it.
            ServiceError: The form cannot be signed.
        """
        if _FILE_NAME in key:
            raise InvalidRequestError(f"key: {_FILE_NAME} stands for any name; give the file's own")
        media_type = (find_format(key) or PDF).media_type
        with translate_aws_errors("sign a form for an upload"):
            signed = self.open_client().generate_presigned_post(
                self.bucket,
                key,
                Fields={"Content-Type": media_type},
                Conditions=[
                    {"Content-Type": media_type},
                    ["content-length-range", 1, self.max_bytes],
                ],
                ExpiresIn=EXPIRES_SECONDS,
            )
        return SignedForm(signed["url"], dict(signed["fields"]))
