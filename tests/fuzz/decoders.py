"""What any message may do to its decoder: a result or `MessageDecodeError`, in bounded time."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.inbound_mail.admission import InboundMail, judge_mail
from pipeline.inbound_mail.mail_headers import MOST_HEADER_BYTES
from shared.errors import MessageDecodeError
from shared.messages.delivery_state import (
    ATTRIBUTE_NAME,
    MAX_COUNT,
    MAX_WAITED_SECONDS,
    DeliveryState,
    read_delivery_state,
)
from shared.messages.document_messages import Combine, SummarizeChunk
from shared.messages.message import encode_message
from shared.messages.reading_messages import ContinueIngest, IngestItem, decode_ingest_item
from shared.messages.reports import decode_report_item, encode_report_order
from shared.messages.s3_notifications import decode_upload_notice
from shared.messages.uploads import UploadNotice
from shared.messages.work_items import Sweep, TaskCallback, decode_work_item
from tests.fakes.aws.aws_account import notification
from tests.fakes.received_mails import ADDRESS, receive, write_mail

# What SQS lets through at most.
MAX_BODY_BYTES = 1 << 20
MAX_CPU_SECONDS = 1.0
# The cause of a dead letter is cut at 1,000 characters; a log line is not cut at all.
MAX_REASON_CHARACTERS = 2_000
INBOUND = InboundMail(ADDRESS, ["ada@example.com", "example.com"])
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class DecoderTarget:
    """A decoder to be fuzzed.

    Args:
        decode: Decodes a body and looks at all that is made of it later on.
        seeds: Good bodies.
    """

    decode: Callable[[str], None]
    seeds: tuple[bytes, ...]

    def check(self, data: bytes) -> None:
        """Decode any bytes; an exception is a finding. Bytes that are no UTF-8 become surrogates.

        Raises:
            AssertionError: The decoder broke its word, or took too long.
            Exception: Whatever else the decoder lets through.
        """
        body = data.decode("utf-8", "surrogateescape")
        started = time.process_time()
        try:
            self.decode(body)
        except MessageDecodeError as error:
            length = len(str(error))
            assert length <= MAX_REASON_CHARACTERS, f"the reason has {length} characters"
        cpu_seconds = time.process_time() - started
        assert cpu_seconds <= MAX_CPU_SECONDS, f"{len(body)} characters took {cpu_seconds:.1f} s"


def _check_notice(notice: UploadNotice) -> None:
    for upload in notice.uploads:
        assert upload.bucket
        assert upload.key
        assert len(upload.document_id) == 21
        assert len(upload.sequencer) >= 64
    notice.item_id.encode()


def _decode_upload_notice(body: str) -> None:
    _check_notice(decode_upload_notice(body))


def _decode_ingest_item(body: str) -> None:
    item: IngestItem = decode_ingest_item(body)
    if isinstance(item, UploadNotice):
        _check_notice(item)
        return
    item.item_id.encode()
    assert decode_ingest_item(encode_message(item)) == item


def _decode_work_item(body: str) -> None:
    item = decode_work_item(body, "m-1")
    item.item_id.encode()
    encoded = encode_message(item.message)
    again = decode_work_item(encoded, "m-1")
    assert again.item_id == item.item_id, "another item once it is sent on"
    assert encode_message(again.message) == encoded


def _decode_report_item(body: str) -> None:
    item = decode_report_item(body, "m-1", NOW)
    item.item_id.encode()
    again = decode_report_item(encode_report_order(item.order), "m-1", NOW)
    assert again == item, "another item once it is sent on"


def _read_delivery_state(text: str) -> None:
    for name in ("stringValue", "StringValue"):
        state = _read(name, text)
        assert isinstance(state, DeliveryState)
        # What a batch does with it: counts go up, times are compared, a copy carries it on.
        counts = (state.attempts, state.deferrals, state.replays)
        assert min(counts) >= 0
        assert 0 <= state.waited_seconds <= MAX_WAITED_SECONDS
        if state.not_before is not None:
            (state.not_before - NOW).total_seconds()
        laters = [state]
        if max(counts) < MAX_COUNT:
            update = {"attempts": state.attempts + 1, "deferrals": state.deferrals + 1}
            laters += [state.model_copy(update=update), state.reset_for_replay(NOW)]
        for later in laters:
            assert _read(name, later.model_dump_json()) == later, "another state in the next copy"


def _read(name: str, text: str) -> DeliveryState:
    return read_delivery_state(
        {ATTRIBUTE_NAME: {name: text, "dataType": "String"}}, message_id="m-1", sent_at=NOW
    )


def _judge_inbound_mail(text: str) -> None:
    """No words below the headers of SES make a forged mail one of the sender that it names."""
    data = text.encode("utf-8", "surrogateescape")
    judge_mail(data[:MOST_HEADER_BYTES], INBOUND)
    forged = receive(data, envelope="x@evil.test", dkim="", dmarc="fail header.from=example.com")
    assert judge_mail(forged[:MOST_HEADER_BYTES], INBOUND) is not None, "a forged mail is taken"


def _encode(*contents: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(content).encode() for content in contents)


_NOTICES = _encode(
    notification("documents", "reports/a b.pdf", "v-1", "e" * 32, 1024),
    notification("documents", "å/+%25.pdf", None, '"abc-2"', 0, "00AF"),
    {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "documents"},
    {"Records": []},
)
_STATE = {"message_id": "m-0", "first_enqueued_at": "2026-01-01T00:00:00Z"}
_FAILURE = {
    "error_type": "ModelRefusalError",
    "message": "no",
    "stage": "work",
    "failed_at": "2026-01-01T00:10:00+02:00",
    "attempts": 3,
    "request_id": "r-1",
    "source_queue": "work",
}

DECODERS = {
    "inbound-mail": DecoderTarget(_judge_inbound_mail, (write_mail(), receive(write_mail()))),
    "upload-notice": DecoderTarget(_decode_upload_notice, _NOTICES),
    "ingest-item": DecoderTarget(
        _decode_ingest_item,
        (
            *_NOTICES,
            encode_message(ContinueIngest(document_id="d1", run=1, next_page=101)).encode(),
        ),
    ),
    "report-item": DecoderTarget(
        _decode_report_item,
        _encode(
            {"kind": "daily_report", "v": 1},
            {"kind": "daily_report", "day": "2026-03-01"},
            {"kind": "daily_report", "day": "2024-02-29", "resend": True},
        ),
    ),
    "work-item": DecoderTarget(
        _decode_work_item,
        (
            *(
                encode_message(message).encode()
                for message in (
                    SummarizeChunk(
                        document_id="d1",
                        run=1,
                        chunk_number=2,
                        text_key="d1/1/2.txt",
                        first_page=1,
                        last_page=9,
                    ),
                    Combine(document_id="d1", run=2, chunks_done=0),
                    Sweep(),
                    TaskCallback(task_id="t-1", attempt=1),
                )
            ),
            *_encode(
                {"kind": "summarize", "text": "A text.", "id": "t-1"},
                {"kind": "summarize", "document": "a b.pdf"},
                {"kind": "ask", "v": 1, "question": "Why?", "documents": ["a.pdf", "b.pdf"]},
                {
                    "kind": "extract",
                    "document": "a.pdf",
                    "schema": {
                        "type": "object",
                        "properties": {"total": {"type": "number", "minimum": 1.5}},
                    },
                    "callback": "arn:aws:sns:eu-west-1:123456789012:topic",
                },
                {"kind": "agent", "prompt": "Compare.", "max_steps": 20, "max_tokens": 1000},
            ),
        ),
    ),
    "delivery-state": DecoderTarget(
        _read_delivery_state,
        _encode(
            _STATE,
            _STATE | {"attempts": 2, "deferrals": 3, "not_before": "2026-01-01T01:00:00+01:00"},
            _STATE | {"failure": _FAILURE, "replays": 1, "replayed_at": "2026-01-02T00:00:00Z"},
        ),
    ),
}
