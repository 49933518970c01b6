"""What erasing works with, and what it comes to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.dead_letters.letters import DeadLetterQueue
from shared.dead_letters.reading import ReadingPace
from shared.ledger.documents import Clock

# The longest run of a function, which may write to the end what it had begun, and some to spare.
SETTLES_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class ErasureServices:
    """What erasing works with.

    Args:
        table: The ledger.
        objects: S3.
        queues: SQS.
        documents_bucket: Where documents lie.
        artifacts_bucket: Where texts, results and reports lie.
        dlqs: Where dead letters lie.
        pace: How they are read.
        zone: The time zone in which the reports count days.
        now: The clock.
        stopwatch: Seconds that only grow.
    """

    table: LedgerTable
    objects: ObjectStore
    queues: Queues
    documents_bucket: str
    artifacts_bucket: str
    dlqs: tuple[DeadLetterQueue, ...]
    zone: ZoneInfo
    now: Clock
    stopwatch: Callable[[], float]
    pace: ReadingPace = field(default_factory=ReadingPace)


class ErasureEnd(StrEnum):
    """How the erasure of a document ended."""

    ERASED = "erased"
    GONE = "gone"
    """It was erased before."""
    UNKNOWN = "unknown"
    """There never was one of that id."""
