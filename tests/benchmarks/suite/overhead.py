"""What the pipeline costs an item: its processor time and round trips, beside two other ways.

All three do the same work on the same bare emulator, with a model that answers at once: read a
chunk's text, keep its summary, count it in its document, acknowledge it. They differ in what they
promise, which the notes say.
"""

import json
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function

from functions.delivery.batch import process_batch
from functions.worker import build_worker
from tests.benchmarks.suite.findings import Finding
from tests.chaos.harness.models import ObedientModel
from tests.chaos.harness.run import Run, open_run
from tests.chaos.harness.workload import SyntheticDocument, list_bodies, seed_documents, send_bodies
from tests.fakes.aws.event_source import EventSource, LambdaContext

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]
CHUNKS = 10


@dataclass(frozen=True)
class Overhead:
    """What an item has cost: milliseconds of this process's CPU, and requests by service."""

    cpu_ms: float
    calls: Counter


class CallCounter:
    """Counts the requests of an account's clients while it is on."""

    def __init__(self, account):
        self.calls = Counter()
        self.is_on = False
        for client in (account.clients.dynamodb, account.clients.s3, account.clients.sqs):
            client.meta.events.register("before-send.*", self._count)

    def _count(self, request, event_name, **_):
        if self.is_on:
            self.calls[event_name.split(".")[1]] += 1


def build_ours(run: Run) -> Handler:
    """The worker as it is."""
    consumer, runtime = build_worker(run.account.settings, run.account.clients, ObedientModel(0))
    return lambda event, context: process_batch(event, context, consumer, runtime)


def build_bare(run: Run) -> Handler:
    """The fewest requests that keep an effect from happening twice, in a plain loop.

    A text is read, and one transaction puts the part, if it is not there, and counts it. Nothing
    else is promised: no lock, no cause of death, no wait, no bill, no timeline, no combination.
    """
    effect = _Effect(run)

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        for record in event["Records"]:
            effect.make(json.loads(record["body"]))
        return {"batchItemFailures": []}

    return handle


def build_recipe(run: Run) -> Handler:
    """Powertools' batch processor and idempotency as its guide shows them, around the same effect.

    Source: Powertools for AWS Lambda (Python), "Batch Processing" and "Idempotency".
    """
    effect = _Effect(run)
    _, runtime = build_worker(run.account.settings, run.account.clients, ObedientModel(0))

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        config = IdempotencyConfig(lambda_context=context)

        def work(*, body: str) -> None:
            effect.make(json.loads(body))

        once = idempotent_function(
            work,
            data_keyword_argument="body",
            persistence_store=runtime.idempotency,
            config=config,
            key_prefix="recipe",
        )
        processor = BatchProcessor(EventType.SQS)
        return dict(
            process_partial_response(
                event, lambda record: once(body=record.body), processor, context
            )
        )

    return handle


WAYS: dict[str, Callable[[Run], Handler]] = {
    "bare loop": build_bare,
    "Powertools recipe": build_recipe,
    "this pipeline": build_ours,
}


class _Effect:
    """A chunk's effect as a bare loop makes it."""

    def __init__(self, run: Run) -> None:
        self._clients, self._settings = run.account.clients, run.account.settings

    def make(self, message: dict[str, Any]) -> None:
        found = self._clients.s3.get_object(
            Bucket=self._settings.artifacts_bucket, Key=message["text_key"]
        )
        summary = json.loads(found["Body"].read())["pages"][0]["text"]
        table = self._settings.ledger_table
        owner = {"pk": {"S": f"BARE#{message['document_id']}"}}
        try:
            self._clients.dynamodb.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": table,
                            "Item": {
                                **owner,
                                "sk": {"S": f"CHUNK#{message['chunk_number']}"},
                                "summary": {"S": summary},
                            },
                            "ConditionExpression": "attribute_not_exists(pk)",
                        }
                    },
                    {
                        "Update": {
                            "TableName": table,
                            "Key": {**owner, "sk": {"S": "COUNT"}},
                            "UpdateExpression": "ADD done :one",
                            "ExpressionAttributeValues": {":one": {"N": "1"}},
                        }
                    },
                ]
            )
        except self._clients.dynamodb.exceptions.TransactionCanceledException:
            return


def work_off(
    run: Run, handler: Handler, documents: list[SyntheticDocument], counter: CallCounter
) -> Overhead:
    """Work through all chunks of documents by a handler; what an item of them has cost.

    The receives and deletes are Lambda's, and not counted.
    """
    send_bodies(run.account, list_bodies(documents, copies=1))
    seconds = 0.0
    calls: Counter = Counter()

    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        nonlocal seconds
        event["Records"] = [one for one in event["Records"] if "summarize_chunk" in one["body"]]
        counter.calls, counter.is_on = calls, True
        started = time.process_time()
        try:
            return handler(event, context) if event["Records"] else {"batchItemFailures": []}
        finally:
            seconds += time.process_time() - started
            counter.is_on = False

    queue_url = run.account.settings.work_queue_url
    source = EventSource(run.account.clients.sqs, queue_url, handle, batch_size=10)
    while run.account.count_messages(queue_url):
        source.poll()
    items = sum(document.chunks for document in documents)
    return Overhead(
        seconds / items * 1_000, Counter({name: count / items for name, count in calls.items()})
    )


def compare_overheads(rounds: int, documents: int) -> dict[str, list[Overhead]]:
    """The three ways in turn, so many rounds; the first warms up and is not kept."""
    found: dict[str, list[Overhead]] = {name: [] for name in WAYS}
    with (
        TemporaryDirectory() as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        open_run(Path(folder), visibility_seconds=120) as run,
    ):
        counter = CallCounter(run.account)
        handlers = {name: build(run) for name, build in WAYS.items()}
        first_index = 0
        for number in range(rounds + 1):
            for name, handler in handlers.items():
                seeded = seed_documents(run.account, documents, CHUNKS, first_index=first_index)
                first_index += documents
                overhead = work_off(run, handler, seeded, counter)
                if number:
                    found[name].append(overhead)
    return found


def measure_overhead(*, small: bool) -> Finding:
    """The part *overhead*."""
    found = compare_overheads(*((1, 1) if small else (5, 10)))
    least = median(one.cpu_ms for one in found["bare loop"])
    rows, figures = [], {}
    for name, overheads in found.items():
        cpu_ms = median(one.cpu_ms for one in overheads)
        calls = overheads[-1].calls
        figures[name] = {"cpu_ms": round(cpu_ms, 3), "calls": dict(calls)}
        rows.append(
            [
                name,
                f"{cpu_ms:.2f}",
                f"{cpu_ms / least:.1f} times",
                f"{calls['dynamodb']:.1f}",
                f"{calls['s3']:.1f}",
                f"{calls['sqs']:.1f}",
            ]
        )
    return Finding(
        part="overhead",
        question="What does an item cost beside its work: a chunk whose summary is there at once, "
        "in batches of ten?",
        command="make bench-overhead",
        columns=["way", "ms of CPU an item", "beside the bare loop", "DynamoDB", "S3", "SQS"],
        rows=rows,
        notes=[
            "Medians of five rounds of 100 items, in turn, in one process; the CPU is that of the "
            "function's own process. The bare loop makes the two requests without which an effect "
            "may be lost or happen twice, and promises nothing else. The Powertools recipe locks "
            "items besides and returns the failed ones. This pipeline adds the kept answer, the "
            "bill and the limits, the timeline, the status, the combination of all parts, and "
            "what becomes of a message that fails."
        ],
        figures=figures,
    )
