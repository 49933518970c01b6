"""The console's lists over 10,000 documents, warm, beside the JSON route: `make bench-console`.

    python -m tests.benchmarks.bench_console [--documents 10000] [--runs 9]

The API runs in this process against moto, whose own time is taken off: told are the processor time
of the API alone, and its calls of DynamoDB, which answers one in about 10 ms. From these the time
at a server is reckoned. Medians of runs that take turns, after one that warms up. A filter that few
documents fit looks through 2,000 of them before it asks whether to look further.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from functions.api import Api, build_api
from shared.aws.dynamodb_table import LedgerTable, Put
from shared.ledger.timeline import write_time
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.chaos.harness.emulator import open_account, running_emulator
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.api_desk import make_event

STATUSES = {"DONE": 930, "PARTIAL": 30, "REJECTED": 25, "FAILED": 15}
_MOST_ROWS_OF_A_TRANSACTION = 100

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
}


def write_documents(table: LedgerTable, count: int) -> None:
    """Documents of today, as the pipeline leaves them."""
    chance = random.Random(7)  # noqa: S311 - no secret
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
    for start in range(0, len(rows), _MOST_ROWS_OF_A_TRANSACTION):
        table.transact(rows[start : start + _MOST_ROWS_OF_A_TRANSACTION])


def ask(api: Api, path: str, query: dict[str, str]) -> float:
    """Milliseconds until the answer is there."""
    event = make_event("GET", path, query=query)
    started = time.perf_counter()
    answer = api.answer(event, LambdaContext(28.0))
    taken = (time.perf_counter() - started) * 1000
    if answer["statusCode"] != 200:
        raise SystemExit(f"{path} {query}: {answer['body']}")
    return taken


def measure(runs: int, *asks: Callable[[], float]) -> list[float]:
    """The median of each, in runs that take turns."""
    for one in asks:
        one()
    taken: list[list[float]] = [[] for _ in asks]
    for _ in range(runs):
        for one, kept in zip(asks, taken, strict=True):
            kept.append(one())
    return [statistics.median(kept) for kept in taken]


def main() -> None:
    """Measure, and write a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_emulator(Path(folder)) as endpoint_url,
    ):
        account = open_account(endpoint_url, visibility_seconds=60, max_receive_count=5)
        settings, clients = account.settings, account.clients
        table = LedgerTable(clients.dynamodb, settings.ledger_table, time.sleep)
        write_documents(table, arguments.documents)
        api = build_api(settings, clients, ExtractiveModel())
        results = {}
        print(f"{'':30} {'console':>9} {'JSON':>9} {'ratio':>6}")
        for name, (part, query, json_query) in QUESTIONS.items():
            asks = [lambda p=part, q=query: ask(api, f"/console/parts/{p}", q)]
            if json_query is not None:
                asks.append(lambda q=json_query: ask(api, "/documents", q))
            console, *others = measure(arguments.runs, *asks)
            results[name] = {"console_ms": console, "json_ms": others[0] if others else None}
            told = f"{others[0]:6.0f} ms {console / others[0]:6.2f}" if others else ""
            print(f"{name:30} {console:6.0f} ms {told}")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
