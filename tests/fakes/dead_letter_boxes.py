"""Dead letters: made up for pure tests, or put into the DLQs of an account."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

from pipeline.dead_letters.hold import LetterServices
from shared.aws.queues import Queues, ReceivedMessage
from shared.dead_letters.letters import DeadLetterQueue, Letter
from shared.dead_letters.reading import ReadingPace
from shared.messages.delivery_state import CauseOfDeath, DeliveryState
from shared.queue_catalogue import REPORTS, RESULTS, UPLOADS, WORK
from tests.fakes.aws.ledger_rows import open_table

DIED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = "arn:aws:iam::123456789012:user/ada"


def build_dlqs(uploads="", uploads_dlq="", work="", work_dlq="", reports="", reports_dlq=""):
    return (
        DeadLetterQueue(UPLOADS, uploads, uploads_dlq),
        DeadLetterQueue(WORK, work, work_dlq),
        DeadLetterQueue(REPORTS, reports, reports_dlq),
    )


def build_results_dlq(results="", results_dlq=""):
    """The queue that is there only with a database, and that no sweep looks into."""
    return DeadLetterQueue(RESULTS, results, results_dlq)


def build_letter_services(account, **changes):
    """What replaying needs, on moto: no waiting, and a short time hidden."""
    settings = account.settings
    dlqs = build_dlqs(
        settings.uploads_queue_url,
        settings.uploads_dlq_url,
        settings.work_queue_url,
        settings.work_dlq_url,
        settings.reports_queue_url,
        settings.reports_dlq_url,
    )
    services = {
        "queues": Queues(account.clients.sqs),
        "table": open_table(account),
        "dlqs": dlqs,
        "pace": ReadingPace(receivers=1, wait_seconds=0, hide_seconds=30),
        "actor": ACTOR,
        "now": lambda: datetime.now(UTC),
        "stopwatch": time.monotonic,
        "sleep": lambda seconds: None,
    }
    return LetterServices(**{**services, **changes})


def chunk_body(document_id="d1", chunk=1, run=1):
    return json.dumps(
        {
            "v": 1,
            "kind": "summarize_chunk",
            "document_id": document_id,
            "run": run,
            "chunk_number": chunk,
            "text_key": f"text/a/{chunk}.json",
            "first_page": chunk,
            "last_page": chunk,
        }
    )


def make_state(
    message_id, error_type="ModelRequestError", *, stage="worker", minutes=0, replays=0, cause="no"
):
    died_at = DIED_AT + timedelta(minutes=minutes)
    return DeliveryState(
        message_id=message_id,
        first_enqueued_at=died_at - timedelta(hours=1),
        attempts=5,
        replays=replays,
        failure=CauseOfDeath(
            error_type=error_type,
            message=cause,
            stage=stage,
            failed_at=died_at,
            attempts=5,
            request_id="request",
            source_queue="seashore-work",
        ),
    )


def make_letter(
    body=None, state=None, *, queue="work", message_id=None, attributes=None, moved_by_sqs=None
):
    """A letter that was never on any queue; without a state SQS has moved it, without a cause."""
    (dlq,) = [one for one in (*build_dlqs(), build_results_dlq()) if one.name == queue]
    message_id = message_id or str(uuid.uuid4())
    message = ReceivedMessage(
        message_id=message_id,
        receipt_handle=f"receipt-{message_id}",
        body=chunk_body() if body is None else body,
        attributes=attributes or {},
        sent_at=DIED_AT,
        receive_count=5,
        moved_by_sqs=state is None if moved_by_sqs is None else moved_by_sqs,
    )
    own = DeliveryState(message_id=message_id, first_enqueued_at=DIED_AT)
    return Letter(dlq, message, state or own)


def to_attributes(state, **own):
    """Message attributes as boto3 takes them."""
    texts = {**own, "seashore": json.dumps(state.model_dump(mode="json", exclude_none=True))}
    return {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}


def put_letters(sqs, dlq_url, letters):
    """Put letters, each a body and message attributes, into a DLQ."""
    for start in range(0, len(letters), 10):
        entries = [
            {"Id": str(number), "MessageBody": body, "MessageAttributes": attributes}
            for number, (body, attributes) in enumerate(letters[start : start + 10])
        ]
        answer = sqs.send_message_batch(QueueUrl=dlq_url, Entries=entries)
        assert not answer.get("Failed")


def receive_all(sqs, queue_url, *, wait_seconds=0, hide_seconds=5):
    """Every visible message of a queue, by id; hidden for a short while."""
    found = {}
    while True:
        answer = sqs.receive_message(
            QueueUrl=queue_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=hide_seconds,
            WaitTimeSeconds=wait_seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        messages = {message["MessageId"]: message for message in answer.get("Messages", [])}
        if not set(messages) - set(found):
            return list(found.values())
        found |= messages


def comparable(message):
    """What must stay as it is while a letter lies in its DLQ."""
    return (
        message["MessageId"],
        message["Body"],
        message["Attributes"]["SentTimestamp"],
        json.dumps(message.get("MessageAttributes", {}), sort_keys=True),
    )


def look_at_all(sqs, queue_url, *, wait_seconds=0):
    """Every visible message of a queue; they are visible again at once."""
    found = receive_all(sqs, queue_url, wait_seconds=wait_seconds, hide_seconds=60)
    for start in range(0, len(found), 10):
        entries = [
            {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
            for n, message in enumerate(found[start : start + 10])
        ]
        answer = sqs.change_message_visibility_batch(QueueUrl=queue_url, Entries=entries)
        assert not answer.get("Failed")
    return found
