"""Two DLQs and a ledger to sweep."""

import json
import time
from datetime import timedelta

from pipeline.dead_letters.sweep import SweepServices, sweep
from pipeline.dead_letters.sweep_letters import SweptQueue
from shared.aws.queues import Queues
from shared.deadline import Deadline
from shared.errors import ServiceError
from shared.ledger.document_versions import register_document
from shared.ledger.documents import find_document
from shared.queue_catalogue import UPLOADS, WORK
from tests.fakes.aws.ledger_rows import START, Clock, make_upload, open_table
from tests.fakes.aws.moved_letters import put_moved_letter

LOST_AFTER = timedelta(days=15)
BODY = '{"work": "å"}'


class Desk:
    """Two DLQs, a ledger with one document in flight, and what the sweep told."""

    def __init__(self, account):
        self.account = account
        self.sqs = account.clients.sqs
        self.table = open_table(account)
        self.urls = {
            "ingest": account.settings.uploads_dlq_url,
            "worker": account.settings.work_dlq_url,
        }
        self.told = []
        self.settled_tasks = []
        self.stubborn = None
        self.seconds_per_letter = 0
        self._seconds_spent = 0
        self.error = None
        self.now = START + timedelta(hours=1)
        self.document_id = register_document(self.table, make_upload(), Clock()).document_id

    @property
    def document(self):
        return find_document(self.table, self.document_id)

    def put_letter(self, stage="worker", body=BODY, attributes=None):
        """Put a letter into a DLQ as SQS moves it there, or with a cause as a consumer sends it."""
        if "failure" in (attributes or {}).get("seashore", {}).get("StringValue", ""):
            self.sqs.send_message(
                QueueUrl=self.urls[stage], MessageBody=body, MessageAttributes=attributes
            )
        else:
            put_moved_letter(self.sqs, self.urls[stage], body, attributes)

    def sweep(self, seconds=60, queues=None):
        services = SweepServices(
            table=self.table,
            queues=queues or Queues(self.sqs),
            swept=tuple(
                SweptQueue(queue, f"https://sqs/{queue.stage}-queue", url, self._give_up)
                for queue in (UPLOADS, WORK)
                for url in [self.urls[queue.stage]]
            ),
            settle_task=self.settled_tasks.append,
            lost_after=LOST_AFTER,
            now=lambda: self.now,
            # moto's backends are not made for threads.
            receivers=1,
        )
        return sweep(services, "sweep:request", Deadline.after(seconds, self._read_seconds))

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

    def _read_seconds(self):
        return time.monotonic() + self._seconds_spent

    def _give_up(self, body, message_id, cause):
        self._seconds_spent += self.seconds_per_letter
        if self.error is not None:
            raise self.error
        if body == self.stubborn:
            raise ServiceError("down", delay_seconds=1, reason="x")
        self.told.append((body, cause))


def read_state(letter):
    return json.loads(letter["MessageAttributes"]["seashore"]["StringValue"])
