"""SQS in memory, with a clock of its own, behind real clients: they speak the real protocol to it.

It does what moto does not: messages expire by their retention, those that SQS moves to a DLQ keep
the time of their sending and say where they come from (Amazon SQS Developer Guide, "Using dead-
letter queues"), and a receive takes as long however many messages there are.
"""

import hashlib
import heapq
import itertools
import json
import threading
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from io import BytesIO

from botocore.awsrequest import AWSResponse


@dataclass
class _Message:
    body: str
    attributes: dict
    sent_at: float
    visible_at: float
    message_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    receives: int = 0
    source: str | None = None
    receipt: str | None = None


class _Queue:
    """One queue: what is visible in its order, and what is hidden by when that ends."""

    def __init__(self, name, retention_seconds, visibility_seconds, dlq, max_receives):
        self.name, self.dlq, self.max_receives = name, dlq, max_receives
        self.retention_seconds, self.visibility_seconds = retention_seconds, visibility_seconds
        self.visible = deque()
        self.hidden = []
        self.held = {}
        self.expired = 0
        self._order = itertools.count()

    def hide(self, message):
        heapq.heappush(self.hidden, (message.visible_at, next(self._order), message))

    def wake(self, now):
        while self.hidden and self.hidden[0][0] <= now:
            visible_at, _, message = heapq.heappop(self.hidden)
            # Its visibility was changed since, or it was deleted.
            if message.visible_at == visible_at:
                self.held.pop(message.receipt, None)
                message.visible_at = None
                self.visible.append(message)

    def take(self, now):
        """The next message that is visible; None if there is none."""
        while self.visible:
            message = self.visible.popleft()
            if now - message.sent_at >= self.retention_seconds:
                self.expired += 1
            elif self.max_receives and message.receives >= self.max_receives:
                message.source = f"arn:aws:sqs:eu-west-1:123456789012:{self.name}"
                self.dlq.visible.append(message)
            else:
                return message
        return None


class KeptQueues:
    """The queues of an account.

    Args:
        read_seconds: The clock, in seconds since 1970.

    Attributes:
        requests: How many there were of each operation.
        cpu_seconds: What answering them took of the CPU.
    """

    def __init__(self, read_seconds):
        self.requests = Counter()
        self.cpu_seconds = 0.0
        self._read_seconds = read_seconds
        self._queues = {}
        self._lock = threading.Lock()

    def serve(self, sqs):
        """Answer all requests of a client."""
        sqs.meta.events.register_first("before-send.sqs", self._answer)

    def add_queue(self, url, *, days=14, visibility_seconds=30, dlq_url=None, max_receives=None):
        """Make a queue that keeps its messages for some days."""
        dlq = self._queues.get(dlq_url)
        name = url.rsplit("/", 1)[-1]
        self._queues[url] = _Queue(name, days * 86_400, visibility_seconds, dlq, max_receives)

    def put_moved(self, url, body, attributes=None):
        """Put a letter into a DLQ as SQS moves it there."""
        queue = self._queues[url]
        now = self._read_seconds()
        queue.visible.append(_Message(body, attributes or {}, now, None, receives=5, source="arn"))

    def put_sent(self, url, body, attributes):
        """Put a message into a queue as somebody sends it."""
        self._queues[url].visible.append(_Message(body, attributes, self._read_seconds(), None))

    def list_bodies(self, url):
        """The bodies of all messages that are there, visible or not."""
        queue = self._queues[url]
        hidden = [m for at, _, m in queue.hidden if m.visible_at == at]
        return [message.body for message in (*queue.visible, *hidden)]

    def _answer(self, request, **_):
        begun = time.thread_time()
        answer = self._serve(request)
        with self._lock:
            self.cpu_seconds += time.thread_time() - begun
        return answer

    def _serve(self, request):
        operation = request.headers["X-Amz-Target"].decode().rsplit(".", 1)[-1]
        arguments = json.loads(request.body)
        with self._lock:
            self.requests[operation] += 1
            queue = self._queues[arguments["QueueUrl"]]
            now = self._read_seconds()
            queue.wake(now)
            answer = getattr(self, f"_{operation}")(queue, arguments, now)
        raw = RawBody(json.dumps(answer).encode())
        headers = {"x-amzn-requestid": "r", "content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 200, headers, raw)

    def _SendMessage(self, queue, arguments, now):
        attributes = arguments.get("MessageAttributes", {})
        delay = arguments.get("DelaySeconds", 0)
        message = _Message(arguments["MessageBody"], attributes, now, now + delay)
        queue.hide(message)
        queue.wake(now)
        digest = _digest(message.body)
        return {"MessageId": message.message_id, "MD5OfMessageBody": digest}

    def _SendMessageBatch(self, queue, arguments, now):
        entries = arguments["Entries"]
        done = [{"Id": e["Id"], **self._SendMessage(queue, e, now)} for e in entries]
        return {"Successful": done, "Failed": []}

    def _ReceiveMessage(self, queue, arguments, now):
        received = []
        while len(received) < arguments.get("MaxNumberOfMessages", 1):
            message = queue.take(now)
            if message is None:
                break
            seconds = arguments.get("VisibilityTimeout", queue.visibility_seconds)
            message.receives += 1
            message.receipt, message.visible_at = uuid.uuid4().hex, now + seconds
            queue.held[message.receipt] = message
            queue.hide(message)
            received.append(_to_response(message))
        return {"Messages": received} if received else {}

    def _DeleteMessage(self, queue, arguments, now):
        message = queue.held.pop(arguments["ReceiptHandle"], None)
        if message is not None:
            message.visible_at = None
        return {}

    def _ChangeMessageVisibility(self, queue, arguments, now):
        message = queue.held[arguments["ReceiptHandle"]]
        message.visible_at = now + arguments["VisibilityTimeout"]
        queue.hide(message)
        queue.wake(now)
        return {}

    def _DeleteMessageBatch(self, queue, arguments, now):
        return self._each(self._DeleteMessage, queue, arguments, now)

    def _ChangeMessageVisibilityBatch(self, queue, arguments, now):
        return self._each(self._ChangeMessageVisibility, queue, arguments, now)

    def _each(self, do, queue, arguments, now):
        done = [{"Id": entry["Id"], **do(queue, entry, now)} for entry in arguments["Entries"]]
        return {"Successful": done, "Failed": []}

    def _GetQueueAttributes(self, queue, arguments, now):
        hidden = sum(m.visible_at == at for at, _, m in queue.hidden)
        counts = {
            "ApproximateNumberOfMessages": len(queue.visible),
            "ApproximateNumberOfMessagesNotVisible": hidden,
            "ApproximateNumberOfMessagesDelayed": 0,
        }
        return {"Attributes": {name: str(counts[name]) for name in arguments["AttributeNames"]}}


class RawBody(BytesIO):
    """The body of an answer, as botocore reads it."""

    def stream(self, **_):
        yield self.read()


def _to_response(message):
    system = {
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receives),
    }
    if message.source:
        system["DeadLetterQueueSourceArn"] = message.source
    return {
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "Body": message.body,
        "MD5OfBody": _digest(message.body),
        "Attributes": system,
        **({"MessageAttributes": message.attributes} if message.attributes else {}),
    }


def _digest(body):
    # The digest that the protocol asks for.
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()
