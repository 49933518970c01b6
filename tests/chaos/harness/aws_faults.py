"""AWS on a bad day: calls that are throttled, connections that break, answers that are lost.

A lost answer is the worst of them: the call has taken effect, and the caller cannot know.
"""

import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session


@dataclass(frozen=True)
class AwsFaults:
    """The shares of requests that fail, each retry of the SDK's own included.

    Args:
        lost_answers: They take effect, but the answer does not come.
        broken_connections: They do not reach the service.
        throttled: The service asks for patience; a transaction meets another one.
    """

    lost_answers: float = 0.0
    broken_connections: float = 0.0
    throttled: float = 0.0


def spoil_session(session: boto3.Session, faults: AwsFaults) -> None:
    """Have requests of the session's clients fail; the clients are built after this."""
    chance = random.Random()
    http = URLLib3Session()

    def before_send(request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse | None:
        draw = chance.random() - faults.lost_answers
        if draw < 0:
            http.send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        draw -= faults.broken_connections
        if draw < 0:
            raise ConnectionClosedError(endpoint_url=request.url)
        _, service, operation = event_name.split(".")
        return _refuse(request, service, operation) if draw < faults.throttled else None

    session.events.register("before-send", before_send)


def _refuse(request: AWSPreparedRequest, service: str, operation: str) -> AWSResponse:
    if service == "s3":
        return _respond(
            request, 503, b"<Error><Code>SlowDown</Code><Message>wait</Message></Error>"
        )
    if operation == "TransactWriteItems":
        return _respond(
            request,
            400,
            b'{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",'
            b' "Message": "cancelled", "CancellationReasons":'
            b' [{"Code": "None"}, {"Code": "TransactionConflict"}]}',
        )
    code = b"ThrottlingException" if service == "dynamodb" else b"RequestThrottled"
    return _respond(request, 400, b'{"__type": "com.amazonaws#%s", "message": "wait"}' % code)


def _respond(request: AWSPreparedRequest, status: int, body: bytes) -> AWSResponse:
    return AWSResponse(request.url, status, {"content-length": str(len(body))}, _Body(body))


class _Body(io.BytesIO):
    """A body as urllib3 gives it to botocore."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
