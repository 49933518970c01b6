"""The queues of a stack and their consumers: one entry for each.

Consumers, the sweep, the report and the command line take names, stages and addresses from here.
What a queue's messages look like is in `shared/messages`, apart from this: their import takes
long, and no consumer reads the messages of another.
"""

from dataclasses import dataclass

from shared.errors import SettingsError
from shared.settings import Settings


@dataclass(frozen=True)
class SourceQueue:
    """A queue, its DLQ and its consumer.

    Args:
        name: What operators call the queue.
        stage: Its consumer, as it stands in logs, causes of death and idempotency keys.
        is_swept: Whether the sweep gives dead letters that SQS has moved their cause.
        is_optional: Whether a stack may be without it.
    """

    name: str
    stage: str
    is_swept: bool = True
    is_optional: bool = False

    @property
    def outputs(self) -> tuple[str, str]:
        """The outputs of a stack that hold the URLs of the queue and of its DLQ."""
        return f"{self.name.capitalize()}QueueUrl", f"{self.name.capitalize()}DlqUrl"

    def find_urls(self, settings: Settings) -> tuple[str, str]:
        """The URLs of the queue and of its DLQ.

        Raises:
            SettingsError: The settings do not name them.
        """
        names = f"{self.name}_queue_url", f"{self.name}_dlq_url"
        queue_url, dlq_url = (getattr(settings, name) for name in names)
        if queue_url is None or dlq_url is None:
            named = " and ".join(name.upper() for name in names)
            raise SettingsError(f"Set these environment variables of the function: {named}")
        return queue_url, dlq_url


UPLOADS = SourceQueue("uploads", "ingest")
CONVERSIONS = SourceQueue("conversions", "convert")
WORK = SourceQueue("work", "worker")
REPORTS = SourceQueue("reports", "report")
RECOGNITION = SourceQueue("recognition", "recognise")
# No document or task hangs on a copied result, so the sweep has nothing to settle there.
RESULTS = SourceQueue("results", "database", is_swept=False, is_optional=True)

QUEUES = (UPLOADS, CONVERSIONS, RECOGNITION, WORK, REPORTS, RESULTS)
SWEPT_QUEUES = tuple(queue for queue in QUEUES if queue.is_swept)


def list_queues(settings: Settings) -> tuple[SourceQueue, ...]:
    """The queues that a stack has: that of results is there only with a database."""
    return tuple(
        queue
        for queue in QUEUES
        if not queue.is_optional or getattr(settings, f"{queue.name}_dlq_url") is not None
    )


def name_queue(queue_url: str) -> str:
    """The name of a queue, which is the end of its URL."""
    return queue_url.rsplit("/", 1)[-1]
