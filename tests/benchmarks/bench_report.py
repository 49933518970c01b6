"""The report of a day with 100,000 documents: time, peak memory, read units, and the same figures.

Run by hand: `python -m tests.benchmarks.bench_report [documents]`.
The report is made in a fresh process, as in a function of its own, whose memory is measured. Its
ledger is a server that has its rows at hand (`ledger_pages.py`); S3 and SQS are an emulator's.
The same rows are then counted one by one in the plainest way, and the figures compared.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from functions.report import build_delivery
from pipeline.report.daily_report import choose_summaries, write_report
from pipeline.report.report_types import Digest
from shared.settings import Settings
from tests.benchmarks.ledger_pages import LedgerPages, find_index_row, measure_bytes
from tests.benchmarks.suite.arguments import read_count
from tests.chaos.harness.emulator import EmulatorSession, open_account, running_emulator

DAY = "2026-03-01"
BEGINS = datetime(2026, 3, 1, tzinfo=UTC)
STATUSES = {
    "DONE": 900, "PARTIAL": 30, "NO_TEXT": 25, "REJECTED": 20, "FAILED": 15, "SUMMARIZING": 8,
    "RECEIVED": 2,
}  # fmt: skip


def make_row(number: int, total: int, chance: random.Random) -> dict[str, object]:
    """A row as the pipeline leaves it, of usual size."""
    (status,) = chance.choices(list(STATUSES), list(STATUSES.values()))
    arrived = BEGINS + timedelta(seconds=number * 86_400 / total)
    pages = chance.randint(1, 60)
    document_id = f"{chance.getrandbits(88):022x}"
    is_final = status not in ("SUMMARIZING", "RECEIVED")
    plan = [[n, n + 4] for n in range(1, pages + 1, 5)]
    row: dict[str, object] = {
        "pk": f"DOC#{document_id}", "sk": "DOC", "document_id": document_id,
        "bucket": "seashore-documents-123456789012-eu-west-1",
        "key": f"incoming/2026/03/invoice-{number:06}.pdf", "version_id": f"{number:032x}",
        "etag": f"{number:032x}", "size_bytes": chance.randint(10_000, 5_000_000),
        "sequencer": "0" * 64, "status": status, "run": 1, "next_page": pages + 1, "day": DAY,
        "received_at": arrived.isoformat(timespec="milliseconds"),
        "updated_at": arrived.isoformat(timespec="milliseconds"),
        "text_address": "0" * 64, "pages": pages, "empty_pages": "2,4-5" if pages > 50 else "",
        "failed_pages": "", "chunk_plan": json.dumps(plan), "chunks_total": len(plan),
        "chunks_done": len(plan) if status == "DONE" else 0,
        "chunks_failed": 1 if status == "PARTIAL" else 0,
        "input_tokens": pages * 500, "output_tokens": 400, "cost_micro_usd": pages * 150,
    }  # fmt: skip
    if is_final:
        ended = arrived + timedelta(seconds=chance.lognormvariate(4, 1))
        row["finished_at"] = ended.isoformat(timespec="milliseconds")
    else:
        row["in_flight"] = "yes"
        if chance.random() < 0.5:
            row |= {"deferred_until": "2030-01-01T00:00:00.000+00:00", "deferred_reason": "budget"}
    if status in ("DONE", "PARTIAL"):
        row |= {
            "title": f"Invoice {number} of a supplier with a name of usual length",
            "model": "gpt-5-mini",
            "result_key": f"results/{document_id}/1.{len(plan)}/summary.json",
        }
    if status in ("REJECTED", "FAILED", "PARTIAL"):
        row |= {
            "reason_code": "encrypted" if status == "REJECTED" else "ingest_failed",
            "reason": f"cause {number % 7} of document {number}",
        }
    return row


def make_items(total: int) -> list[dict[str, object]]:
    """Rows as DynamoDB writes them."""
    serialize = TypeSerializer().serialize
    chance = random.Random(7)
    return [
        {name: serialize(value) for name, value in make_row(number, total, chance).items()}
        for number in range(total)
    ]


def count_plainly(items: list[dict[str, object]]) -> dict[str, object]:
    """The same figures in the plainest way, one row after the other."""
    deserialize = TypeDeserializer().deserialize
    statuses: Counter[str] = Counter()
    seconds: list[float] = []
    pages = chunks = 0
    for item in items:
        row = {name: deserialize(value) for name, value in item.items()}
        is_waiting = "deferred_until" in row
        in_flight = row["status"] in ("SUMMARIZING", "RECEIVED")
        name = ("deferred" if is_waiting else "in_flight") if in_flight else row["status"]
        statuses[name.lower()] += 1
        pages += int(row["pages"])
        chunks += int(row["chunks_total"])
        if row["status"] in ("DONE", "PARTIAL"):
            began, ended = (
                datetime.fromisoformat(row[at]) for at in ("received_at", "finished_at")
            )
            seconds.append((ended - began).total_seconds())
    seconds.sort()
    return {
        **statuses,
        "received": statuses.total(),
        "pages": pages,
        "chunks": chunks,
        "median_seconds": seconds[-(-len(seconds) // 2) - 1],
        "p95_seconds": seconds[-(-len(seconds) * 95 // 100) - 1],
    }


class _SplitSession(EmulatorSession):
    """The ledger from one address, everything else from the emulator."""

    def __init__(self, endpoint_url: str, ledger_url: str) -> None:
        super().__init__(endpoint_url)
        self._ledger = EmulatorSession(ledger_url)

    def client(self, service: str, **options: object) -> object:
        if service == "dynamodb":
            return self._ledger.client(service, **options)
        return super().client(service, **options)


def make_report(endpoint_url: str, ledger_url: str, settings: Settings) -> dict[str, object]:
    """Make the report in this process; what it took and what it says."""
    from shared.aws.clients import Clients

    clients = Clients(_SplitSession(endpoint_url, ledger_url))
    services = build_delivery(settings, clients)
    requests = count_queries(clients.dynamodb)
    at_rest_mb = peak_memory_mb()
    began, cpu_began = time.monotonic(), time.process_time()
    keys, with_summary = choose_summaries(DAY, services)
    first_pass = time.monotonic() - began
    report = write_report(DAY, Digest(), services).report
    return {
        "seconds": time.monotonic() - began,
        "first_pass_seconds": first_pass,
        "cpu_seconds": time.process_time() - cpu_began,
        "at_rest_mb": at_rest_mb,
        "peak_mb": peak_memory_mb(),
        "requests": requests,
        "summaries": (len(keys), with_summary),
        "is_reconciled": report.is_reconciled,
        "figures": {
            **report.documents.model_dump(),
            "pages": report.pages,
            "chunks": report.chunks,
            "median_seconds": report.durations.median_seconds,
            "p95_seconds": report.durations.p95_seconds,
        },
    }


def count_queries(client: object) -> Counter[str]:
    """How many pages of queries a client reads, counted as they come."""
    counted: Counter[str] = Counter()

    def add(model: object, **_: object) -> None:
        counted[model.name] += 1

    client.meta.events.register("after-call.dynamodb", add)
    return counted


def peak_memory_mb() -> float:
    """The most memory that this process has had; a child's `ru_maxrss` begins with its parent's."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024)
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def measure(total: int) -> None:
    items = make_items(total)
    # What need not be consistent costs half a unit for each 4 KB: of a page of the index, and of
    # each row, whatever of it is asked for ("DynamoDB read and write operations").
    index_units = sum(measure_bytes(find_index_row(item)) for item in items) / 4096 / 2
    row_units = sum(-(-measure_bytes(item) // 4096) / 2 for item in items)
    print(
        f"{total:,} documents of {sum(map(measure_bytes, items)) / total:.0f} bytes each: "
        f"{index_units + row_units:,.0f} read units for each of the two passes, by their size"
    )
    with (
        tempfile.TemporaryDirectory() as folder,
        running_emulator(Path(folder)) as endpoint_url,
        LedgerPages(DAY, items) as ledger,
    ):
        account = open_account(endpoint_url, visibility_seconds=30, max_receive_count=5)
        told = subprocess.run(  # noqa: S603 - this program
            [
                sys.executable, "-m", "tests.benchmarks.bench_report", "--in-process", endpoint_url,
                ledger.url,
            ],
            input=account.settings.model_dump_json(exclude={"time_zone", "model_prices"}),
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if told.returncode:
            sys.exit(told.stderr)
    describe(json.loads(told.stdout.splitlines()[-1]), count_plainly(items))


def describe(measured: dict[str, object], plain: dict[str, object]) -> None:
    print(
        f"report made in {measured['seconds']:.1f} s ({measured['cpu_seconds']:.1f} s of CPU), "
        f"of which choosing the digest's documents {measured['first_pass_seconds']:.1f} s"
    )
    print(
        f"peak memory {measured['peak_mb']:.0f} MB, {measured['at_rest_mb']:.0f} MB of it before "
        "the first row"
    )
    print(f"requests to the ledger: {measured['requests']}")
    differing = {
        name: (value, plain.get(name, 0))
        for name, value in measured["figures"].items()
        if abs(value - plain.get(name, 0)) > 0.001
    }
    print(f"figures: {measured['figures']}")
    if differing or not measured["is_reconciled"]:
        sys.exit(f"they differ from those of a plain count: {differing}")
    print("equal to those of a plain count, and they add up")


def main() -> None:
    if sys.argv[1:2] == ["--in-process"]:
        settings = Settings.model_validate_json(sys.stdin.read())
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            kept, sys.stdout = sys.stdout, nowhere
            result = make_report(*sys.argv[2:4], settings)
            sys.stdout = kept
        print(json.dumps(result))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", type=read_count, nargs="?", default=100_000)
    measure(parser.parse_args().documents)


if __name__ == "__main__":
    main()
