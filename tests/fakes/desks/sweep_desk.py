"""Two DLQs and a ledger to sweep."""

import json
from datetime import timedelta

from pipeline.dead_letters.sweep import SweepServices, SweptQueue, sweep
from shared.aws.queues import Queues
from shared.deadline import Deadline
from shared.ledger.document_versions import register_document
from shared.ledger.documents import find_document
from shared.queue_catalogue import UPLOADS, WORK
from tests.fakes.aws.ledger_rows import START, Clock, make_upload, open_table

STALE_AFTER = timedelta(minutes=15)
LOST_AFTER = timedelta(days=8)
BODY = '{"work": "å"}'


class Desk:
    """Two DLQs, a ledger with one stale document, and what the sweep told."""

    def __init__(self, account):
        self.account = account
        self.sqs = account.clients.sqs
        self.table = open_table(account)
        self.urls = {
            "ingest": account.settings.uploads_dlq_url,
            "worker": account.settings.work_dlq_url,
        }
        self.told = []
        self.error = None
        self.now = START + timedelta(hours=1)
        self.document_id = register_document(self.table, make_upload(), Clock()).document_id

    @property
    def document(self):
        return find_document(self.table, self.document_id)

    def put_letter(self, stage="worker", body=BODY, attributes=None):
        """Put a letter into a DLQ as SQS moves it there."""
        self.sqs.send_message(
            QueueUrl=self.urls[stage], MessageBody=body, MessageAttributes=attributes or {}
        )

    def sweep(self, seconds=60, queues=None):
        services = SweepServices(
            table=self.table,
            queues=queues or Queues(self.sqs),
            swept=tuple(
                SweptQueue(queue, f"https://sqs/{queue.stage}-queue", url, self._give_up)
                for queue in (UPLOADS, WORK)
                for url in [self.urls[queue.stage]]
            ),
            stale_after=STALE_AFTER,
            lost_after=LOST_AFTER,
            now=lambda: self.now,
        )
        return sweep(services, "sweep:request", Deadline.after(seconds))

    def take_letters(self, stage="worker"):
        """The letters that can be received."""
        letters = []
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.urls[stage],
                MaxNumberOfMessages=10,
                MessageAttributeNames=["All"],
                VisibilityTimeout=600,
            )
            if not answer.get("Messages"):
                return letters
            letters += answer["Messages"]

    def _give_up(self, body, message_id, cause):
        if self.error is not None:
            raise self.error
        self.told.append((body, cause))


def read_state(letter):
    return json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])
