"""The console's lists over 10,000 documents and 2,000 letters, warm, beside the JSON route.

    make bench-console
    python -m tests.benchmarks.bench_console [--documents 10000] [--letters 2000] [--runs 9]

The API runs in this process, its ledger in an emulator's, which looks through the whole table for
each query: so the processor time of the API alone is told, and how often it asks AWS, which takes
about 10 ms each time. From both the time at a server is reckoned. Medians of runs that take turns,
after one that warms up. A filter that few documents fit looks through more of them, until it has
found some.
"""

import argparse
import json
import logging
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from functions.api import Api, build_api
from shared.aws.clients import Clients
from shared.aws.dynamodb_table import LedgerTable, Put
from shared.ledger.documents import GIVEN_UP
from shared.ledger.timeline import write_time
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.benchmarks.suite.arguments import read_count
from tests.chaos.harness.emulator import open_account, running_emulator
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.api_desk import make_event
from tests.fakes.swept_ledger import find_whole

STATUSES = {"DONE": 930, "PARTIAL": 30, "REJECTED": 25, "FAILED": 15}
_MOST_ROWS_OF_A_TRANSACTION = 100
# What DynamoDB and SQS take for an answer, about.
CALL_MS = 10

PAGE = {"limit": "50"}
# What is asked of the console, and of the JSON route where there is one for it.
QUESTIONS: dict[str, tuple[str, dict[str, str], dict[str, str] | None]] = {
    "list": ("documents", {}, PAGE),
    "list, rows alone": ("documents/rows", {}, PAGE),
    "status DONE": ("documents", {"status": "DONE"}, {**PAGE, "status": "DONE"}),
    "prefix": ("documents", {"prefix": "incoming/"}, {**PAGE, "prefix": "incoming/"}),
    "words": ("documents", {"words": "supplier"}, None),
    "status FAILED (1.5% of all)": ("documents", {"status": "FAILED"}, None),
    "words of one in 10,000": ("documents", {"words": "invoice-000001"}, None),
    "today": ("today/figures", {}, None),
    "dead letters": ("dead-letters", {}, None),
    "dead letters, by words": ("dead-letters/rows", {"words": "cause 3"}, None),
    "dead letters, of tasks": ("dead-letters/rows", {"kind": "task"}, None),
}


def write_documents(table: LedgerTable, count: int) -> int:
    """Write documents of today, as an earlier release leaves them; how many were given up."""
    chance = random.Random(7)
    now = datetime.now(UTC)
    rows = []
    for number in range(count):
        (status,) = chance.choices(list(STATUSES), list(STATUSES.values()))
        document_id = f"d{chance.getrandbits(80):020x}"
        at = write_time(now - timedelta(milliseconds=10 * (count - number)))
        rows.append(
            Put(
                {
                    "pk": f"DOC#{document_id}", "sk": "DOC", "document_id": document_id,
                    "bucket": "documents", "key": f"incoming/invoice-{number:06}.pdf",
                    "version_id": f"{number:032x}", "etag": f"{number:032x}", "size_bytes": 90_000,
                    "sequencer": "0" * 64, "status": status, "run": 1, "day": at[:10],
                    "received_at": at, "updated_at": at, "finished_at": at, "pages": 12,
                    "chunks_total": 3, "chunks_done": 3, "chunk_plan": "[[1,5],[6,10],[11,12]]",
                    "title": f"Invoice {number} of a supplier with a name of usual length",
                    "reason": f"cause {number % 7}" if status != "DONE" else None,
                    "model": "gpt-5-mini", "cost_micro_usd": 1_800,
                }
            )
        )  # fmt: skip
    _write(table, rows)
    return sum(one.row["status"] == "FAILED" for one in rows)


def write_given_up(table: LedgerTable, count: int) -> None:
    """Documents and tasks of the last ten days that were given up, as the pipeline leaves them."""
    now = datetime.now(UTC) - timedelta(days=1)
    rows = []
    for number in range(count):
        at = write_time(now - timedelta(days=9) * (number / count))
        item_id = f"d{number:020x}"
        row = {
            "status": "FAILED", "in_flight": GIVEN_UP, "received_at": at, "updated_at": at,
            "finished_at": at, "cost_micro_usd": 1_800, "model": "gpt-5-mini",
        }  # fmt: skip
        cause = f"cause {number % 7} of the request {number}: the model has refused it"
        if number % 2:
            row |= {
                "pk": f"TASK#{item_id}", "sk": "TASK", "task_id": item_id, "kind": "ask",
                "about": "What does the contract say of notice, and by when is it to be given?",
                "digest": f"{number:064x}", "day": f"{at[:10]}#tasks", "reason": cause,
            }  # fmt: skip
        else:
            row |= {
                "pk": f"DOC#{item_id}", "sk": "DOC", "document_id": item_id, "bucket": "documents",
                "key": f"incoming/bad-{number:06}.pdf", "day": at[:10], "run": 1, "pages": 12,
                "reason_code": "not_summarised", "reason": "no part of it could be summarised",
                "chunk_reason": cause, "chunks_total": 3, "chunks_done": 0, "chunks_failed": 3,
                "chunk_plan": "[[1,5],[6,10],[11,12]]", "excerpt": "What it says. " * 20,
            }  # fmt: skip
        rows.append(Put(row))
    _write(table, rows)


def _write(table: LedgerTable, rows: list[Put]) -> None:
    for start in range(0, len(rows), _MOST_ROWS_OF_A_TRANSACTION):
        table.transact(rows[start : start + _MOST_ROWS_OF_A_TRANSACTION])


class Meter:
    """Counts what an API asks AWS.

    Args:
        api: The API.
        clients: Its clients.
    """

    def __init__(self, api: Api, clients: Clients) -> None:
        self._api = api
        self._calls = 0
        for client in (clients.dynamodb, clients.sqs, clients.s3):
            client.meta.events.register("before-send", self._count)

    def _count(self, **_: object) -> None:
        self._calls += 1

    def ask(self, path: str, query: dict[str, str]) -> tuple[float, int]:
        """Milliseconds of processor time for an answer, and calls of AWS."""
        event = make_event("GET", path, query=query)
        self._calls = 0
        started = time.process_time()
        answer = self._api.answer(event, LambdaContext(600.0))
        taken = (time.process_time() - started) * 1000
        if answer["statusCode"] != 200:
            raise SystemExit(f"{path} {query}: {answer['body']}")
        return taken, self._calls


def measure(runs: int, *asks: Callable[[], tuple[float, int]]) -> list[tuple[float, int]]:
    """The median time of each and its calls, in runs that take turns."""
    for one in asks:
        one()
    taken: list[list[tuple[float, int]]] = [[] for _ in asks]
    for _ in range(runs):
        for one, kept in zip(asks, taken, strict=True):
            kept.append(one())
    return [(statistics.median(ms for ms, _ in kept), kept[-1][1]) for kept in taken]


def main() -> None:
    """Measure, and write a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=read_count, default=10_000)
    parser.add_argument("--letters", type=read_count, default=2_000)
    parser.add_argument("--runs", type=read_count, default=9)
    parser.add_argument("--only", default="", help="questions whose names hold these words alone")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_emulator(Path(folder)) as endpoint_url,
    ):
        account = open_account(endpoint_url, visibility_seconds=60, max_receive_count=5)
        settings, clients = account.settings, account.clients
        table = LedgerTable(clients.dynamodb, settings.ledger_table, time.sleep)
        given_up = write_documents(table, arguments.documents)
        write_given_up(table, arguments.letters - given_up)
        find_whole(table, lambda: datetime.now(UTC))
        # The emulator may take longer than a request has.
        settings = settings.model_copy(update={"api_deadline_seconds": 500})
        build = partial(build_api, settings, clients, ExtractiveModel())
        meter = Meter(build(), clients)
        results = {}
        print(f"{'':30} {'processor':>12} {'calls':>6} {'reckoned':>9} {'of JSON':>8}")
        asked = {name: one for name, one in QUESTIONS.items() if arguments.only in name}
        for name, (part, query, json_query) in asked.items():
            asks = [lambda p=part, q=query: meter.ask(f"/console/parts/{p}", q)]
            if json_query is not None:
                asks.append(lambda q=json_query: meter.ask("/documents", q))
            (cpu, calls), *others = measure(arguments.runs, *asks)
            reckoned = cpu + calls * CALL_MS
            ratio = None
            if others:
                ratio = reckoned / (others[0][0] + others[0][1] * CALL_MS)
            results[name] = {"cpu_ms": cpu, "calls": calls, "ms": reckoned, "of_json": ratio}
            told = "" if ratio is None else f"{ratio:8.2f}"
            print(f"{name:30} {cpu:9.0f} ms {calls:6} {reckoned:6.0f} ms {told}", flush=True)
        if arguments.only in "today, first look":
            # Of a container that has not looked at the day before.
            cpu, calls = Meter(build(), clients).ask("/console/parts/today/figures", {})
            print(
                f"{'today, first look':30} {cpu:9.0f} ms {calls:6} {cpu + calls * CALL_MS:6.0f} ms"
            )
            results["today, first look"] = {"cpu_ms": cpu, "calls": calls}
    print(json.dumps(results))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main()
