"""The results' database is stopped and started while results are copied, each announced twice."""

import json
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from functions.database import build_address, build_database
from functions.delivery.batch import process_batch
from functions.wiring import build_table, utc_now
from pipeline.summaries.results import result_folder
from shared.aws.dynamodb_table import Update
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.database.connection import Database
from shared.database.schema import apply_migrations
from shared.ledger.document_versions import register_document
from shared.ledger.documents import document_row_key
from shared.messages.uploads import Upload
from tests.chaos.harness.run import PATIENCE_SECONDS, Run, open_run, wait_for
from tests.fakes.aws.aws_account import notification
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.postgres_server import DATABASE, HOST, TOKEN, USER, running_postgres
from tests.fakes.summaries import make_summary


@dataclass(frozen=True)
class Outage:
    """What was seen.

    Args:
        results: How many results were announced, each twice.
        rows: How many rows there are at the end.
        rows_at_stop: How many there were when the database was stopped.
        deferrals: How many records had to wait for it.
        dead_letters: Messages in the DLQ at the end.
    """

    results: int
    rows: int
    rows_at_stop: int
    deferrals: int
    dead_letters: int


class _Tokens:
    def generate_db_auth_token(self, **about: object) -> str:
        return TOKEN


def run_scenario(folder: Path, full: bool) -> Outage:
    results = 1_000 if full else 80
    with open_run(folder) as run, running_postgres() as postgres:
        queue_url, dlq_url = make_queues(run)
        keys = [write_result(run, index) for index in range(results)]
        bodies = [
            json.dumps(notification(run.account.settings.artifacts_bucket, key, version, "e", 1))
            for version in ("one", "two")
            for key in keys
        ]
        Queues(run.account.clients.sqs).send(queue_url, bodies)
        settings = run.account.settings.model_copy(
            update={
                "results_queue_url": queue_url,
                "results_dlq_url": dlq_url,
                "database_host": HOST,
                "database_port": postgres.port,
                "database_name": DATABASE,
                "database_user": USER,
            }
        )
        clients = run.account.clients
        clients.rds = _Tokens()
        address = build_address(settings, clients, postgres.tls)
        database = Database(address, apply_migrations, pause_seconds=1.0)
        deferrals = 0

        def note_delay(*about: object) -> None:
            nonlocal deferrals
            deferrals += 1

        built, runtime = build_database(settings, clients, database)
        consumer = replace(built, note_delay=note_delay)

        def handle(event: dict, context: object) -> dict:
            return process_batch(event, context, consumer, runtime)

        source = EventSource(clients.sqs, queue_url, handle)
        stopping = threading.Event()

        def work() -> None:
            while not stopping.is_set():
                if not source.poll():
                    time.sleep(0.1)

        worker = threading.Thread(target=work)
        worker.start()

        def count_rows() -> int:
            [[count]] = postgres.query("SELECT count(*) FROM document_results")
            return int(count)

        try:
            wait_for(
                lambda: has_rows(postgres, results // 4), PATIENCE_SECONDS, lambda: "no rows yet"
            )
            rows_at_stop = count_rows()
            postgres.kill()
            wait_for(lambda: deferrals > 0, PATIENCE_SECONDS, lambda: "nothing waits")
            time.sleep(1.0)
            postgres.start()
            wait_for(
                lambda: run.account.count_messages(queue_url) == 0,
                PATIENCE_SECONDS,
                lambda: run.account.count_messages(queue_url),
            )
        finally:
            stopping.set()
            worker.join()
            database.close()
        return Outage(
            results, count_rows(), rows_at_stop, deferrals, run.account.count_messages(dlq_url)
        )


def has_rows(postgres: object, count: int) -> bool:
    [[is_there]] = postgres.query("SELECT to_regclass('document_results') IS NOT NULL")
    return is_there and postgres.query("SELECT count(*) FROM document_results")[0][0] >= count


def make_queues(run: Run) -> tuple[str, str]:
    sqs = run.account.clients.sqs
    dlq_url = sqs.create_queue(QueueName="results-dlq")["QueueUrl"]
    queue = sqs.create_queue(QueueName="results", Attributes={"VisibilityTimeout": "7"})
    return queue["QueueUrl"], dlq_url


def write_result(run: Run, index: int) -> str:
    """A document that is done, with its result in S3."""
    settings, clients = run.account.settings, run.account.clients
    table = build_table(settings, clients)
    upload = Upload(settings.documents_bucket, f"{index:04d}.pdf", "v1", "e", 1, "0A")
    document = register_document(table, upload, utc_now)
    key = f"{result_folder(document.document_id, 1, 1)}/summary.json"
    summary = make_summary(document)
    ObjectStore(clients.s3).write_json(
        settings.artifacts_bucket, key, summary.model_dump(mode="json")
    )
    pk, sk = document_row_key(document.document_id)
    changes = {"run": 1, "chunks_done": 1, "status": "DONE", "result_key": key}
    table.update_row(Update(pk, sk, assign=changes))
    return key


def test_every_result_is_one_row_and_none_is_dead(outcome, show_table):
    show_table(
        "The database of results stopped and started",
        [
            ("results, each announced twice", str(outcome.results)),
            ("rows when it was stopped", str(outcome.rows_at_stop)),
            ("records that waited for it", str(outcome.deferrals)),
            ("rows at the end", str(outcome.rows)),
            ("dead letters", str(outcome.dead_letters)),
        ],
    )
    assert 0 < outcome.rows_at_stop < outcome.results
    assert outcome.deferrals > 0
    assert outcome.rows == outcome.results
    assert outcome.dead_letters == 0
