"""S3 event notifications as they arrive through the uploads queue."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError
from pydantic_core import from_json

from shared.errors import MessageDecodeError
from shared.messages.message import Subject
from shared.messages.message_groups import group_of_document

# Sequencers are compared after the shorter is padded on the right with zeros; this is longer than
# any that S3 sends (Amazon S3 User Guide, "Event message structure").
_SEQUENCER_WIDTH = 64


# Where mails lie that were sent to the stack.
MAIL_PREFIX = "inbound-mail/"
# What SES puts there when a rule is made (Amazon SES Developer Guide, "Deliver to S3 bucket
# action").
_MAIL_SETUP_KEY = f"{MAIL_PREFIX}AMAZON_SES_SETUP_NOTIFICATION"


def make_document_id(bucket: str, key: str, version_id: str | None, etag: str) -> str:
    """The identity of a document: bucket, key and version (ETag without versions)."""
    identity = "\0".join((bucket, key, version_id or etag))
    return "d" + hashlib.sha256(identity.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Upload:
    """One version of one object in the documents bucket.

    Args:
        bucket: The bucket's name.
        key: The object's key, decoded.
        version_id: None where the bucket has no versions.
        etag: The object's ETag, without quotes.
        size_bytes: The size that the notification tells.
        sequencer: Orders the events of one key; padded, so that plain comparison is right.
    """

    bucket: str
    key: str
    version_id: str | None
    etag: str
    size_bytes: int
    sequencer: str

    @property
    def document_id(self) -> str:
        """The identity of the document."""
        return make_document_id(self.bucket, self.key, self.version_id, self.etag)


@dataclass(frozen=True)
class Removal:
    """An object that somebody deleted from the documents bucket, or one version of it.

    Args:
        bucket: The bucket's name.
        key: The object's key, decoded.
        version_id: The version that is gone; None where the object as a whole was deleted, as by a
            delete marker or in a bucket without versions.
        sequencer: Orders the events of one key; as an upload's.
        by: Who deleted it, as S3 knows them; empty where it does not say.
    """

    bucket: str
    key: str
    version_id: str | None
    sequencer: str
    by: str = ""

    @property
    def document_id(self) -> str | None:
        """The document whose version is gone; None where that is every one of the key."""
        if self.version_id is None:
            return None
        return make_document_id(self.bucket, self.key, self.version_id, "")

    @property
    def removal_id(self) -> str:
        """The same for the same event, however often S3 announces it."""
        identity = "\0".join((self.bucket, self.key, self.version_id or "", self.sequencer))
        return "removal-" + hashlib.sha256(identity.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class UploadNotice:
    """One message of the uploads queue: the objects that it announces, often just one."""

    uploads: tuple[Upload, ...]
    removals: tuple[Removal, ...] = ()

    kind: ClassVar[str] = "upload"

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The documents that it announces."""
        told = [*(one.document_id for one in self.uploads), *self._removed_ids]
        return tuple(Subject("document", document_id) for document_id in dict.fromkeys(told))

    @property
    def _removed_ids(self) -> list[str]:
        return [one.document_id for one in self.removals if one.document_id is not None]

    @property
    def item_id(self) -> str:
        """The same objects have the same id, however often S3 announces them."""
        told = [one.document_id for one in self.uploads]
        return "upload:" + "+".join([*told, *(one.removal_id for one in self.removals)])

    @property
    def group(self) -> str | None:
        """The message group of its objects, which S3 does not name; None if it announces none."""
        keys = [one.key for one in self.uploads] or [one.key for one in self.removals]
        return group_of_document(keys[0]) if keys else None


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
