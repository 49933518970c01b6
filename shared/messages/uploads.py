"""What the uploads queue announces: objects put into the documents bucket, or taken out of it."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from shared.messages.message import Subject
from shared.messages.message_groups import group_of_document

# Where mails lie that were sent to the stack.
MAIL_PREFIX = "inbound-mail/"


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
