"""The sweep of 100,000 dead letters, beside a tenth of them: time, memory, requests.

Run by hand: `python -m tests.benchmarks.bench_sweep [letters]`.
Each sweep runs in a fresh process, as in a function of its own. The clients of SQS and DynamoDB are
real and speak to servers in memory; what SQS's takes of the CPU is not counted. On AWS each request
takes its few milliseconds more, eight at the same time. Letters are chunks of documents,
either all with a cause, which are only looked at, or all without, which are settled. A sweep of its
own looks at documents that are in flight and have waited for long, a third as many.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from functions.wiring import build_services, utc_now
from functions.worker import build_item_services
from functions.worker_wiring import build_pictures, build_sweep
from pipeline.dead_letters.sweep import SweepReport, sweep
from shared.aws.clients import Clients
from shared.deadline import Deadline
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.queue_catalogue import SWEPT_QUEUES
from shared.settings import Settings
from tests.benchmarks.suite.arguments import read_count
from tests.fakes.aws.kept_queues import KeptQueues, RawBody
from tests.fakes.dead_letter_boxes import chunk_body, make_state, to_attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

KEYS_OF_A_PAGE = 5_000
WAIT, LOOK, SETTLE = "wait", "look", "settle"

BASE = "https://sqs.eu-west-1.amazonaws.com/123456789012/seashore"
SETTINGS = Settings(
    documents_bucket="d", artifacts_bucket="a", ledger_table="ledger", idempotency_table="i",
    uploads_queue_url=f"{BASE}-uploads", uploads_dlq_url=f"{BASE}-uploads-dlq",
    recognition_queue_url=f"{BASE}-recognition", recognition_dlq_url=f"{BASE}-recognition-dlq",
    conversions_queue_url=f"{BASE}-conversions", conversions_dlq_url=f"{BASE}-conversions-dlq",
    work_queue_url=f"{BASE}-work", work_dlq_url=f"{BASE}-work-dlq",
    reports_queue_url=f"{BASE}-reports", reports_dlq_url=f"{BASE}-reports-dlq",
)  # fmt: skip


class KeptLedger:
    """DynamoDB with its answers ready: documents that wait, and take every chunk."""

    def __init__(self, documents: int) -> None:
        self._documents = documents
        self.requests: Counter[str] = Counter()
        now = utc_now()
        at = (now - timedelta(days=20)).isoformat(timespec="milliseconds")
        self._row = {
            "pk": "DOC#d1", "sk": "DOC", "document_id": "d1", "bucket": "d", "key": "in/a.pdf",
            "status": "SUMMARIZING", "run": 1, "in_flight": "yes", "received_at": at,
            "updated_at": at, "deferred_until": now.isoformat(timespec="milliseconds"),
            "pages": 60, "chunks_total": 1_000_000, "chunks_done": 3, "chunks_failed": 0,
            "chunk_plan": json.dumps([[n, n + 4] for n in range(1, 60, 5)]),
        }  # fmt: skip
        self._item = _to_item(self._row)

    def serve(self, dynamodb: "DynamoDBClient") -> None:
        dynamodb.meta.events.register_first("before-send.dynamodb", self._answer)

    def _answer(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().rsplit(".", 1)[-1]
        arguments = json.loads(request.body)
        self.requests[operation] += 1
        answer: dict[str, object] = {}
        match operation:
            case "GetItem" if arguments["Key"]["pk"]["S"].startswith("DOC#"):
                answer = {"Item": self._item}
            case "Query":
                answer = self._query(arguments)
            case "BatchGetItem":
                (keys,) = (one["Keys"] for one in arguments["RequestItems"].values())
                answer = {"Responses": {"ledger": [{**self._item, **key} for key in keys]}}
        body = RawBody(json.dumps(answer).encode())
        return AWSResponse(request.url, 200, {"x-amzn-requestid": "r"}, body)

    def _query(self, arguments: dict[str, dict[str, dict[str, str]]]) -> dict[str, object]:
        if "yes" not in str(arguments["ExpressionAttributeValues"]):
            return {"Items": [], "Count": 0}
        start = arguments.get("ExclusiveStartKey", {}).get("pk", {"S": "DOC#0"})
        first = int(start["S"].removeprefix("DOC#"))
        last = min(self._documents, first + KEYS_OF_A_PAGE)
        keys = [
            _to_item({**self._row, "pk": f"DOC#{number}"}, ("pk", "sk", "in_flight", "received_at"))
            for number in range(first + 1, last + 1)
        ]
        more = {} if last == self._documents else {"LastEvaluatedKey": {"pk": keys[-1]["pk"]}}
        return {"Items": keys, "Count": len(keys), **more}


def _to_item(row: dict[str, object], names: tuple[str, ...] | None = None) -> dict[str, object]:
    serialize = TypeSerializer().serialize
    return {name: serialize(row[name]) for name in names or row}


def run_scene(scene: str, count: int) -> dict[str, object]:
    """One sweep in this process, and what it took."""
    session = boto3.Session(
        aws_access_key_id="x", aws_secret_access_key="y", region_name="eu-west-1"
    )
    clients = Clients(session)
    queues, ledger = KeptQueues(time.time), KeptLedger(count if scene == WAIT else 0)
    queues.serve(clients.sqs)
    ledger.serve(clients.dynamodb)
    for name in (f"{queue.name}-dlq" for queue in SWEPT_QUEUES):
        queues.add_queue(f"{BASE}-{name}")
    labelled = to_attributes(make_state("m"))
    for number in range(0 if scene == WAIT else count):
        body = chunk_body(f"d{number}", number % 1000 + 1)
        if scene == SETTLE:
            queues.put_moved(f"{BASE}-work-dlq", body)
        else:
            attributes = json.loads(json.dumps(labelled).replace('"m\\"', f'"m{number}\\"'))
            assert attributes != labelled
            queues.put_sent(f"{BASE}-work-dlq", body, attributes)
    base = build_services(SETTINGS, clients)
    items = build_item_services(SETTINGS, clients, ExtractiveModel(), base)
    pictures = build_pictures(SETTINGS, clients, items.answers, base)
    services = build_sweep(SETTINGS, items, base, lambda: pictures)
    # What the servers hold is no garbage of the sweep's.
    gc.collect()
    gc.freeze()
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, cpu = time.monotonic(), time.process_time()
    report: SweepReport = sweep(services, "bench", Deadline.after(7_200))
    return {
        **vars(report),
        "seconds": time.monotonic() - wall,
        "cpu_seconds": time.process_time() - cpu - queues.cpu_seconds,
        "mib_more": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib) / 1024,
        "mib_before": before_kib / 1024,
        "requests": dict(queues.requests + ledger.requests),
    }


def main() -> None:
    if len(sys.argv) > 2:
        print(json.dumps(run_scene(sys.argv[1], int(sys.argv[2]))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("letters", type=read_count, nargs="?", default=100_000)
    most = parser.parse_args().letters
    for scene, full in ((WAIT, most * 3 // 10), (LOOK, most), (SETTLE, most)):
        seconds = []
        for count in (full // 10, full):
            command = [sys.executable, "-m", "tests.benchmarks.bench_sweep", scene, str(count)]
            out = subprocess.run(  # noqa: S603 - this very module
                command, capture_output=True, text=True, check=True
            ).stdout
            told = json.loads(out.splitlines()[-1])
            seconds.append(told["cpu_seconds"])
            print(
                f"{scene:6} {count:9,} {'documents' if scene == WAIT else 'letters'}: "
                f"{told['cpu_seconds']:.1f} s of CPU, {told['seconds']:.1f} s in all; "
                f"{told['mib_more']:.0f} MiB more than the {told['mib_before']:.0f} before; "
                f"seen {told['letters_seen']:,}, settled {told['letters_settled']:,}; "
                f"{sum(told['requests'].values()):,} requests {told['requests']}",
                flush=True,
            )
        print(f"{scene:6} ratio of CPU time: {seconds[1] / seconds[0]:.1f} (for 10 times as many)")


if __name__ == "__main__":
    main()
