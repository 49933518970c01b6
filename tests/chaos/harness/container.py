"""A process that does what a Lambda environment does: it polls a queue and calls the handler."""

import logging
import os
import random
import signal
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from functions.delivery import batch, isolation
from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.ingest import build_ingest
from functions.recognise import build_recognise
from functions.wiring import build_services, utc_now
from functions.worker import build_worker
from pipeline.extraction.extractor import Extractor
from shared.aws.clients import Clients
from shared.errors import MessageDecodeError
from shared.ledger.documents import Clock
from shared.llm.build import build_language_model
from shared.messages.reading_messages import decode_ingest_item, decode_recognition_item
from shared.messages.work_items import decode_work_item
from shared.settings import Settings
from tests.chaos.harness.aws_faults import AwsFaults, spoil_session
from tests.chaos.harness.emulator import EmulatorSession
from tests.chaos.harness.faults import FaultPlan, Faults, watch_session
from tests.chaos.harness.journal import Journal
from tests.chaos.harness.models import ObedientEngine, ObedientModel, WatchedModel
from tests.fakes.aws.event_source import EventSource

WORKER = "worker"
INGEST = "ingest"
RECOGNISE = "recognise"


@dataclass(frozen=True)
class ContainerSpec:
    """What a container runs, and how it fails.

    Args:
        stage: `WORKER`, `INGEST` or `RECOGNISE`.
        settings: The function's settings.
        endpoint_url: The emulated AWS.
        folder: Journal, logs and tokens of the run.
        timeout_seconds: The function's time limit, at which the process dies.
        settle_seconds: What of it is kept for settling: more where a machine that is too busy to
            settle in time would be taken for a fault.
        batch_size: The most records in an invocation.
        varies_batches: Whether an invocation gets any number of records up to that, as from SQS,
            and not as many as there are, as from the emulator.
        plan: Which deliveries kill the process.
        aws_faults: Which requests to AWS fail.
        latency_seconds: How long the obedient model takes for an answer; the settings may name a
            provider instead.
        is_offline: Whether there is no language model, and sentences are picked.
        patience: What the delays of deferrals by the model are multiplied with.
        now: The function's clock.
    """

    stage: str
    settings: Settings
    endpoint_url: str
    folder: Path
    timeout_seconds: float
    settle_seconds: float = batch.SETTLE_SECONDS
    batch_size: int = 10
    varies_batches: bool = False
    plan: FaultPlan = field(default_factory=FaultPlan)
    aws_faults: AwsFaults = field(default_factory=AwsFaults)
    latency_seconds: float = 0.0
    is_offline: bool = False
    patience: float = 1.0
    now: Clock = utc_now


def run_container(spec: ContainerSpec) -> None:
    """Poll the queue until the process is killed, or the one that has started it is gone."""
    # Powertools keeps its event loop between invocations where this is set, as Lambda sets it.
    os.environ["LAMBDA_TASK_ROOT"] = "/var/task"
    _redirect_output(spec.folder / "containers.log")
    batch.SETTLE_SECONDS = isolation.SETTLE_SECONDS = spec.settle_seconds
    journal = Journal(spec.folder / "journal")
    faults = Faults(spec.plan, spec.folder / "tokens", journal)
    session = EmulatorSession(spec.endpoint_url)
    spoil_session(session, spec.aws_faults)
    watch_session(session, faults, spec.settings.idempotency_table, item_id_of)
    consumer, runtime = _build(spec, Clients(session), journal, faults)
    consumer = replace(consumer, decode=_announce(consumer.decode, faults))

    def handle(event: dict[str, Any], context: Any) -> dict[str, Any]:
        faults.begin_batch()
        journal.write("received", count=len(event["Records"]))
        # The time limit, at which Lambda ends a process that goes on.
        signal.setitimer(signal.ITIMER_REAL, spec.timeout_seconds)
        response = process_batch_in_isolation(event, context, consumer, runtime)
        signal.setitimer(signal.ITIMER_REAL, 0)
        faults.end_batch()
        return response

    # Lambda's own poller has no bad day.
    sqs = EmulatorSession(spec.endpoint_url).client("sqs")
    source = EventSource(sqs, consumer.queue_url, handle, spec.batch_size, spec.timeout_seconds)
    starter = os.getppid()
    while os.getppid() == starter:
        if spec.varies_batches:
            source.batch_size = random.randint(1, spec.batch_size)
        source.poll()


def item_id_of(body: str) -> str:
    """The id of the item that a message of either queue asks for."""
    try:
        return decode_work_item(body, "").item_id
    except MessageDecodeError:
        pass
    try:
        return decode_recognition_item(body).item_id
    except MessageDecodeError:
        return decode_ingest_item(body).item_id


def _build(
    spec: ContainerSpec, clients: Clients, journal: Journal, faults: Faults
) -> tuple[Consumer[Any], Runtime]:
    if spec.stage == INGEST:
        return build_ingest(spec.settings, clients, Extractor())
    if spec.stage == RECOGNISE:
        base = build_services(spec.settings, clients, spec.now)
        return build_recognise(spec.settings, clients, base, (ObedientEngine(journal, faults),))
    inner = (
        build_language_model(spec.settings, clients)
        if spec.settings.uses_openai or spec.is_offline
        else ObedientModel(spec.latency_seconds)
    )
    model = WatchedModel(inner, journal, faults, spec.patience)
    return build_worker(spec.settings, clients, model, spec.now)


def _announce(decode: Any, faults: Faults) -> Any:
    def decode_and_announce(body: str, message_id: str, sent_at: datetime) -> Any:
        item = decode(body, message_id, sent_at)
        faults.begin_delivery(item.item_id)
        return item

    return decode_and_announce


def _redirect_output(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    logging.captureWarnings(True)
