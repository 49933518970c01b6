"""What all work is done with; a file of its own, as the services of every chapter build upon it."""

from dataclasses import dataclass

from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.ledger.documents import Clock


@dataclass(frozen=True, kw_only=True)
class Services:
    """What work is done with, built once a container (`functions/wiring.py`).

    Args:
        table: The ledger.
        objects: S3.
        queues: SQS.
        artifacts_bucket: Where texts and results are written and read.
        work_queue_url: Where the worker takes its messages.
        now: The clock.
    """

    table: LedgerTable
    objects: ObjectStore
    queues: Queues
    artifacts_bucket: str
    work_queue_url: str
    now: Clock
