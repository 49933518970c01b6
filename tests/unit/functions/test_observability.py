"""Metrics that stand alone, and the subsegments of items, as they leave the process."""

import json
import re
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from functions.delivery.batch import process_batch
from functions.delivery.consumer import Consumer
from functions.delivery.tracing import ItemTrace, Tracer
from functions.observability import build_metrics, emit_cap_share, emit_report_made
from shared.errors import PermanentError
from tests.fakes.aws.batches import DLQ, NOW, QUEUE, make_record, make_runtime

DOCUMENT = "d0123456789abcdef0123"
SAMPLED = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1"


def read_metric(text):
    (metric,) = (json.loads(line) for line in text.splitlines())
    (directive,) = metric["_aws"]["CloudWatchMetrics"]
    (name,) = (described["Name"] for described in directive["Metrics"])
    return directive["Namespace"], directive["Dimensions"], metric["service"], name, metric[name]


def test_the_share_of_the_limit_is_a_metric_of_the_stack(monkeypatch, capsys):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Seashore/my-stack")
    # Whoever spends, it is the same metric: the alarm is about the stack.
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "worker")
    emit_cap_share(0.8049)
    assert read_metric(capsys.readouterr().out) == (
        "Seashore/my-stack", [["service"]], "spend", "DailyCapUsedPercent", [80.5],
    )  # fmt: skip


def test_a_report_is_a_metric(capsys):
    emit_report_made()
    assert read_metric(capsys.readouterr().out) == (
        "Seashore", [["service"]], "report", "ReportsMade", [1.0],
    )  # fmt: skip


def test_the_metrics_of_batches_go_to_the_same_place(monkeypatch):
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Seashore/my-stack")
    assert build_metrics("worker").namespace == "Seashore/my-stack"


@pytest.fixture
def daemon():
    """The socket that the X-Ray daemon would listen on, and the environment that names it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        yield (
            listening,
            {
                "AWS_XRAY_DAEMON_ADDRESS": address,
                "_X_AMZN_TRACE_ID": SAMPLED,
            },
        )


def receive(listening):
    header, _, document = listening.recv(65_535).partition(b"\n")
    assert json.loads(header) == {"format": "json", "version": 1}
    return json.loads(document)


@dataclass(frozen=True)
class Item:
    item_id: str = f"{DOCUMENT}:1:chunk:7"


@dataclass
class Fate:
    errors: dict = field(default_factory=dict)

    def handle(self, item, deadline):
        if item.item_id in self.errors:
            raise self.errors[item.item_id]


def consumer_of(fate):
    return Consumer(
        name="worker",
        queue_url=QUEUE,
        dlq_url=DLQ,
        decode=lambda body, message_id, sent_at: Item(body),
        handle=fate.handle,
        give_up=lambda item, end: None,
        note_delay=lambda *about: None,
    )


class Context:
    aws_request_id = "r"
    function_name = "worker"

    def get_remaining_time_in_millis(self):
        return 60_000


def test_each_item_of_a_sampled_invocation_is_found_by_its_document(daemon):
    listening, environment = daemon
    runtime, log = make_runtime(environment=environment)
    done, dead = f"{DOCUMENT}:1:chunk:7", "task:my-task:callback:0"
    fate = Fate({dead: PermanentError("never")})
    records = [make_record("m1", done), make_record("m2", dead)]
    process_batch({"Records": records}, Context(), consumer_of(fate), runtime)
    sent = {document["annotations"]["item_id"]: document for document in (
        receive(listening), receive(listening))}  # fmt: skip
    assert sent[done]["annotations"] == {
        "stage": "worker",
        "item_id": done,
        "document_id": DOCUMENT,
        "outcome": "done",
    }
    assert sent[dead]["annotations"]["outcome"] == "dead-lettered: PermanentError"
    assert "document_id" not in sent[dead]["annotations"]
    segment = sent[done]
    assert segment["type"] == "subsegment"
    assert (segment["trace_id"], segment["parent_id"]) == (
        "1-5759e988-bd862e3fe1be46a994272793", "557abcec3ee5a047",
    )  # fmt: skip
    assert segment["start_time"] <= segment["end_time"]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {line["duration_ms"] for line in lines if line["action"] == "item_done"} == {0}


def test_the_document_follows_the_rules_of_x_ray(daemon):
    """X-Ray Developer Guide, "X-Ray segment documents": fields and their forms."""
    listening, environment = daemon
    trace = ItemTrace("ingest", "upload:" + "+".join([DOCUMENT] * 100), "done", NOW, NOW)
    Tracer(environment, lambda: "0123456789abcdef").send(trace)
    document = receive(listening)
    assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", document["trace_id"])
    assert re.fullmatch(r"[0-9a-f]{16}", document["id"])
    assert re.fullmatch(r"[\w\s.:/%&#=+\-@]{1,200}", document["name"])
    assert document["start_time"] == datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    for name, value in document["annotations"].items():
        assert re.fullmatch(r"[A-Za-z0-9_]{1,500}", name)
        assert len(value) <= 1_000


@pytest.mark.parametrize(
    "changed",
    [
        {"_X_AMZN_TRACE_ID": SAMPLED.replace("Sampled=1", "Sampled=0")},
        {"_X_AMZN_TRACE_ID": "Sampled=1"},
        {"_X_AMZN_TRACE_ID": ""},
        {"AWS_XRAY_DAEMON_ADDRESS": ""},
    ],
)
def test_nothing_is_sent_where_nobody_listens_or_samples(daemon, changed):
    listening, environment = daemon
    Tracer(environment | changed, lambda: "0" * 16).send(ItemTrace("w", "i", "done", NOW, NOW))
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(1)


def test_a_daemon_that_is_gone_costs_nothing():
    environment = {"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:1", "_X_AMZN_TRACE_ID": SAMPLED}
    tracer = Tracer(environment, lambda: "0" * 16)
    for _ in range(2):
        tracer.send(ItemTrace("worker", "i", "done", NOW, NOW))
