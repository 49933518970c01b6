"""S3 event notifications as they arrive through the uploads queue, and what is read of them."""

from typing import Annotated, Any, Literal
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError
from pydantic_core import from_json

from shared.errors import MessageDecodeError
from shared.messages.uploads import MAIL_PREFIX, Removal, Upload, UploadNotice

# Sequencers are compared after the shorter is padded on the right with zeros; this is longer than
# any that S3 sends (Amazon S3 User Guide, "Event message structure").
_SEQUENCER_WIDTH = 64

# What SES puts there when a rule is made (Amazon SES Developer Guide, "Deliver to S3 bucket
# action").
_MAIL_SETUP_KEY = f"{MAIL_PREFIX}AMAZON_SES_SETUP_NOTIFICATION"


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _S3Object(_Lenient):
    key: str = Field(min_length=1)
    etag: Annotated[str, Field(alias="eTag")] = ""
    version_id: Annotated[str | None, Field(alias="versionId")] = None
    size: int = 0
    sequencer: str = ""


class _S3Bucket(_Lenient):
    name: str = Field(min_length=1)


class _S3Entity(_Lenient):
    bucket: _S3Bucket
    object: _S3Object


class _S3Identity(_Lenient):
    principal_id: Annotated[str, Field(alias="principalId")] = ""


class _S3Record(_Lenient):
    event_source: Annotated[Literal["aws:s3"], Field(alias="eventSource")]
    event_name: Annotated[str, Field(alias="eventName")]
    user_identity: Annotated[_S3Identity | None, Field(alias="userIdentity")] = None
    s3: _S3Entity


class _S3Notification(_Lenient):
    # A body holds half a million wrong records, and a problem noted takes over a kilobyte.
    records: Annotated[list[_S3Record], Field(alias="Records"), FailFast()]


def decode_upload_notice(body: str) -> UploadNotice:
    """Read the body of a message from the uploads queue.

    Keys arrive URL-encoded, with a plus for a space (Amazon S3 User Guide, "Event message
    structure"). The test event that S3 sends when the notification is set up announces nothing,
    nor do the empty objects that only show a folder, nor the mail with which SES tries whether it
    may put mails here. What S3 removes by a lifecycle rule has
    events of other names (Amazon S3 User Guide, "Supported event types for SQS, SNS, and Lambda").

    Raises:
        MessageDecodeError: The body is not an S3 event notification.
    """
    try:
        # Unlike the standard library's, it takes no half of a surrogate pair for a character.
        content: Any = from_json(body.encode())
        if isinstance(content, dict) and content.get("Event") == "s3:TestEvent":
            return UploadNotice(())
        notification = _S3Notification.model_validate(content)
        return UploadNotice(
            tuple(
                _to_upload(record.s3)
                for record in notification.records
                if record.event_name.startswith("ObjectCreated:")
                and not _is_folder_marker(record.s3.object)
                and _read_key(record.s3.object) != _MAIL_SETUP_KEY
            ),
            tuple(
                _to_removal(record)
                for record in notification.records
                if record.event_name.startswith("ObjectRemoved:")
            ),
        )
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"]) or "body"
        raise MessageDecodeError(
            f"not an S3 event notification: {where}: {problem['msg']}"
        ) from None
    except ValueError as error:
        raise MessageDecodeError(f"not an S3 event notification: {error}") from None


def _is_folder_marker(s3_object: _S3Object) -> bool:
    """Whether an object only shows a folder: the console of S3 makes `a/`, Hadoop `a_$folder$`.

    Source: Amazon S3 User Guide, "Organizing objects in the Amazon S3 console by using folders".
    """
    is_named_so = s3_object.key.endswith(("/", "%2F", "_$folder$", "_%24folder%24"))
    return is_named_so and s3_object.size == 0


def _to_removal(record: _S3Record) -> Removal:
    # The version that comes with a delete marker is the marker's own.
    is_of_a_version = record.event_name != "ObjectRemoved:DeleteMarkerCreated"
    entity = record.s3
    return Removal(
        bucket=entity.bucket.name,
        key=_read_key(entity.object),
        version_id=(entity.object.version_id or None) if is_of_a_version else None,
        sequencer=_pad_sequencer(entity.object),
        by=record.user_identity.principal_id if record.user_identity else "",
    )


def _read_key(s3_object: _S3Object) -> str:
    return unquote_plus(s3_object.key, errors="strict")


def _pad_sequencer(s3_object: _S3Object) -> str:
    return s3_object.sequencer.upper().ljust(_SEQUENCER_WIDTH, "0")


def _to_upload(entity: _S3Entity) -> Upload:
    return Upload(
        bucket=entity.bucket.name,
        key=_read_key(entity.object),
        version_id=entity.object.version_id or None,
        etag=entity.object.etag.strip('"'),
        size_bytes=entity.object.size,
        sequencer=_pad_sequencer(entity.object),
    )
