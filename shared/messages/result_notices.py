"""S3 event notifications of results, as they arrive through the results queue."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from shared.messages.message import Subject
from shared.messages.s3_notifications import decode_upload_notice
from shared.messages.uploads import Removal, Upload


@dataclass(frozen=True)
class ResultNotice:
    """Results that S3 has announced.

    Args:
        objects: The objects in the artifacts bucket.
        sent_at: When they were announced.
        removals: Results that were deleted.
    """

    objects: tuple[Upload, ...]
    sent_at: datetime
    removals: tuple[Removal, ...] = ()

    kind: ClassVar[str] = "result"
    subjects: ClassVar[tuple[Subject, ...]] = ()

    @property
    def item_id(self) -> str:
        """The same version of the same object has the same id, however often it is announced."""
        told = [item.document_id for item in self.objects]
        return "result:" + "+".join([*told, *(one.removal_id for one in self.removals)])


def decode_result_notice(body: str, sent_at: datetime) -> ResultNotice:
    """Read the body of a message from the results queue.

    Raises:
        MessageDecodeError: The body is not an S3 event notification.
    """
    notice = decode_upload_notice(body)
    return ResultNotice(notice.uploads, sent_at, notice.removals)
