"""Results in a real PostgreSQL, over TLS, through the real handler."""

import json
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.database import build_address, build_database
from functions.delivery.batch import process_batch
from pipeline.summaries.results import result_folder
from shared.aws.dynamodb_table import Put
from shared.database.connection import Database
from shared.database.schema import apply_migrations
from shared.errors import DatabaseUnavailableError, SettingsError
from shared.ledger.document_versions import register_document
from shared.messages.result_notices import decode_result_notice
from tests.fakes.aws.aws_account import notification
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.ledger_rows import Clock, force, make_upload, open_table
from tests.fakes.aws.postgres_server import DATABASE, HOST, TOKEN, USER, running_postgres
from tests.fakes.summaries import make_summary

# One server for all of them.
pytestmark = pytest.mark.xdist_group("database")


@pytest.fixture(scope="module")
def postgres():
    with running_postgres() as server:
        yield server


@pytest.fixture
def desk(account, postgres):
    desk = Desk(account, postgres)
    yield desk
    desk.database.close()
    postgres.query("DROP TABLE IF EXISTS document_results, task_results, seashore_migrations")


class Desk:
    """The function, its queue, and results to announce."""

    def __init__(self, account, postgres):
        sqs = account.clients.sqs
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("results", "dead")}
        self.settings = account.settings.model_copy(
            update={
                "results_queue_url": urls["results"],
                "results_dlq_url": urls["dead"],
                "database_host": HOST,
                "database_port": postgres.port,
                "database_name": DATABASE,
                "database_user": USER,
            }
        )
        self.account = account
        self.ledger = open_table(account)
        self.database = self.connect(postgres.tls)
        self.postgres = postgres

    def connect(self, tls, token=TOKEN):
        self.account.clients.rds = _Tokens(token)
        address = build_address(self.settings, self.account.clients, tls)
        return Database(address, apply_migrations, pause_seconds=0.001)

    def write_summary(self, *, run=1, chunks_done=2, title="Herons", commit=True, version="v1"):
        document = register_document(self.ledger, make_upload(version), Clock())
        key = f"{result_folder(document.document_id, run, chunks_done)}/summary.json"
        summary = make_summary(document, title)
        self.account.clients.s3.put_object(
            Bucket=self.settings.artifacts_bucket, Key=key, Body=summary.model_dump_json().encode()
        )
        changes = {"run": run, "chunks_done": chunks_done}
        if commit:
            changes |= {"result_key": key, "status": "DONE"}
        force(self.ledger, document, **changes)
        return document, key

    def announce(self, key, version="v"):
        body = notification(self.settings.artifacts_bucket, key, version, "e", 1)
        self.account.clients.sqs.send_message(
            QueueUrl=self.settings.results_queue_url, MessageBody=json.dumps(body)
        )

    def announce_deletion(self, key, sequencer="0B"):
        body = notification(self.settings.artifacts_bucket, key, "v", "", 0, sequencer)
        body["Records"][0]["eventName"] = "ObjectRemoved:Delete"
        self.account.clients.sqs.send_message(
            QueueUrl=self.settings.results_queue_url, MessageBody=json.dumps(body)
        )

    def poll(self, database=None):
        consumer, runtime = build_database(
            self.settings, self.account.clients, database or self.database
        )
        EventSource(
            self.account.clients.sqs,
            self.settings.results_queue_url,
            lambda event, context: process_batch(event, context, consumer, runtime),
            batch_size=1,
        ).poll()

    def read_titles(self):
        return self.postgres.query("SELECT document_id, title FROM document_results")

    def count_letters(self):
        return self.account.count_messages(self.settings.results_dlq_url)

    def count_waiting(self):
        return self.account.count_messages(self.settings.results_queue_url)


class _Tokens:
    def __init__(self, token):
        self.token = token

    def generate_db_auth_token(self, **about):
        assert about["DBHostname"] == HOST
        return self.token


def test_a_summary_that_the_ledger_names_becomes_a_row(desk):
    document, key = desk.write_summary(title="Herons\0 and tides")
    desk.announce(key)
    desk.poll()
    [row] = desk.postgres.query(
        "SELECT document_id, run, chunks_done, key, status, title, pages, cost_usd, result_key, "
        "result->>'abstract' FROM document_results"
    )
    assert row == [
        document.document_id, 1, 2, "a.pdf", "DONE", "Herons and tides", 2, 0.01, key,
        "About herons.",
    ]  # fmt: skip
    assert (desk.count_waiting(), desk.count_letters()) == (0, 0)


def test_a_repeated_announcement_changes_nothing(desk):
    _, key = desk.write_summary()
    for version in ("one", "two"):
        desk.announce(key, version)
        desk.poll()
    assert len(desk.read_titles()) == 1


def test_an_older_result_does_not_replace_a_newer_one(desk):
    document, new = desk.write_summary(run=2, chunks_done=1, title="New")
    _, old = desk.write_summary(run=1, chunks_done=2, title="Old")
    force(desk.ledger, document, run=2, chunks_done=1, result_key=new)
    for key in (new, old):
        desk.announce(key)
        desk.poll()
    assert desk.read_titles() == [[document.document_id, "New"]]
    assert (desk.count_waiting(), desk.count_letters()) == (0, 0)


def test_a_result_that_comes_late_leaves_the_newer_row_alone(desk):
    document, new = desk.write_summary(run=2, chunks_done=1, title="New")
    desk.announce(new)
    desk.poll()
    _, old = desk.write_summary(run=1, chunks_done=2, title="Old")
    desk.announce(old)
    desk.poll()
    assert desk.read_titles() == [[document.document_id, "New"]]


def test_a_result_waits_until_the_ledger_names_it(desk):
    document, key = desk.write_summary(commit=False)
    desk.announce(key)
    desk.poll()
    assert (desk.count_waiting(), desk.count_letters()) == (1, 0)
    force(desk.ledger, document, result_key=key, status="DONE")
    desk.announce(key, "again")
    desk.poll()
    assert len(desk.read_titles()) == 1


def test_a_task_that_is_entered_with_its_result_is_waited_for(desk):
    desk.announce("results/tasks/t1/1-0a1b/result.json")
    # Of one that is not known, and had been entered before it was begun.
    desk.announce("results/tasks/t2/1/result.json")
    for _ in range(2):
        desk.poll()
    assert (desk.count_waiting(), desk.count_letters()) == (1, 0)


@pytest.mark.parametrize(
    ("row", "waits"),
    [
        ({"status": "FAILED", "attempts": 3}, True),
        ({"status": "RUNNING", "attempts": 2}, True),
        ({"status": "CANCELLED", "attempts": 0}, False),
        ({"status": "RUNNING", "attempts": 0, "digest": "another"}, False),
        ({"status": "DONE", "attempts": 1, "result_key": "another"}, False),
    ],
)
def test_a_result_that_was_written_before_its_task_was_looked_at_waits_while_it_may_be_named(
    desk, row, waits
):
    enter_task(desk, {"digest": "0a1b", **row})
    desk.announce("results/tasks/t1/1-0a1b/result.json")
    desk.poll()
    assert (desk.count_waiting(), desk.count_letters()) == (int(waits), 0)


def enter_task(desk, content):
    at = "2026-01-01T00:00:00.000+00:00"
    row = {"pk": "TASK#t1", "sk": "TASK", "task_id": "t1", "kind": "ask", "received_at": at,
           "updated_at": at, **content}  # fmt: skip
    desk.ledger.put_row(Put(row))


def test_a_task_becomes_a_row(desk):
    key = "results/tasks/t1/1/result.json"
    enter_task(desk, {"digest": "d", "status": "DONE", "attempts": 1, "result_key": key})
    result = {"task_id": "t1", "kind": "ask", "model": "m", "input_tokens": 1, "output_tokens": 2,
              "cost_usd": 0.5, "answer": "Yes."}  # fmt: skip
    desk.account.clients.s3.put_object(
        Bucket=desk.settings.artifacts_bucket, Key=key, Body=json.dumps(result).encode()
    )
    desk.announce(key)
    desk.poll()
    rows = desk.postgres.query(
        "SELECT task_id, attempt, kind, cost_usd, result->>'answer' FROM task_results"
    )
    assert rows == [["t1", 1, "ask", 0.5, "Yes."]]


def test_the_row_goes_with_the_result_of_what_was_erased_and_only_then(desk):
    document, key = desk.write_summary()
    desk.announce(key)
    desk.poll()
    # Somebody has deleted the object, and not the document.
    desk.announce_deletion(key)
    desk.poll()
    assert len(desk.read_titles()) == 1
    force(desk.ledger, document, status="DELETED")
    desk.postgres.query(
        "INSERT INTO task_results (task_id, attempt, kind, model, input_tokens, output_tokens, "
        "cost_usd, result, result_key) VALUES ('t1', 1, 'ask', 'm', 1, 1, 0, '{}', 'k')"
    )
    for _ in range(2):
        desk.announce_deletion(key, "0C")
        desk.announce_deletion("results/tasks/t1/1/result.json")
        # Word of the result itself may come late.
        desk.announce(key)
        while desk.count_waiting():
            desk.poll()
    assert desk.read_titles() == []
    assert desk.postgres.query("SELECT task_id FROM task_results") == []
    assert desk.count_letters() == 0


def test_other_objects_are_passed_over(desk):
    desk.announce("results/d1/1.1/summary.md")
    desk.poll()
    assert (desk.count_waiting(), desk.count_letters()) == (0, 0)


def test_a_connection_that_was_cut_is_made_anew(desk):
    _, key = desk.write_summary()
    desk.announce(key)
    desk.poll()
    desk.postgres.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'seashore'"
    )
    desk.announce(key, "again")
    desk.poll()
    assert (desk.count_waiting(), desk.count_letters()) == (0, 0)


def test_a_container_keeps_one_connection(desk):
    for version in ("v1", "v2", "v3"):
        _, key = desk.write_summary(version=version)
        desk.announce(key)
        desk.poll()
    connections = desk.postgres.query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'seashore'"
    )
    assert connections == [[1]]


def test_a_server_of_another_authority_is_not_told_the_token(desk):
    database = desk.connect(ssl.create_default_context())
    with pytest.raises(DatabaseUnavailableError, match="certificate is not trusted") as caught:
        database.run("SELECT 1", {})
    assert caught.value.reason == "database_not_trusted"


@pytest.mark.parametrize("break_it", ["token", "database_name"])
def test_what_the_database_refuses_to_anyone_is_not_the_results_fault(desk, break_it):
    _, key = desk.write_summary()
    if break_it == "token":
        database = desk.connect(desk.postgres.tls, token="expired")
    else:
        desk.settings = desk.settings.model_copy(update={"database_name": "nowhere"})
        database = desk.connect(desk.postgres.tls)
    desk.announce(key)
    desk.poll(database)
    assert (desk.count_waiting(), desk.count_letters()) == (1, 0)


def test_a_value_that_does_not_fit_is_a_dead_letter(desk):
    _, key = desk.write_summary(chunks_done=3_000_000_000)
    desk.announce(key)
    desk.poll()
    assert (desk.count_waiting(), desk.count_letters()) == (0, 1)


@contextmanager
def silent_server():
    """A server that takes connections and says nothing; yields its port and the connections."""
    taken = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take():
            with suppress(OSError):
                while True:
                    taken.append(server.accept()[0])

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield server.getsockname()[1], taken
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in taken:
                connection.close()


def test_a_database_that_does_not_answer_is_asked_once_for_all_of_a_batch(desk):
    with silent_server() as (port, taken):
        address = build_address(desk.settings, desk.account.clients, desk.postgres.tls)
        database = Database(replace(address, port=port), apply_migrations, timeout_seconds=0.3)
        with ThreadPoolExecutor(10) as pool:
            runs = [pool.submit(database.run, "SELECT 1", {}) for _ in range(10)]
        errors = [run.exception() for run in runs]
        assert {type(error) for error in errors} == {DatabaseUnavailableError}
        assert {error.reason for error in errors} == {"database_unavailable"}
        assert len(taken) == 1


def test_a_database_that_failed_is_tried_again_after_a_rest(desk):
    clock = [0.0]
    address = build_address(desk.settings, desk.account.clients, desk.postgres.tls)
    tokens = iter(["expired"])
    database = Database(
        replace(address, make_token=lambda: next(tokens, TOKEN)),
        apply_migrations,
        stopwatch=lambda: clock[0],
    )
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            database.run("SELECT 1", {})
    clock[0] = 6
    assert database.run("SELECT 1", {}) == [[1]]
    database.close()


def test_what_goes_wrong_with_a_migration_is_not_the_results_fault(desk):
    def migrate(run):
        run("SELECT 1 / 0", {})

    address = build_address(desk.settings, desk.account.clients, desk.postgres.tls)
    with pytest.raises(DatabaseUnavailableError, match="22012"):
        Database(address, migrate).run("SELECT 1", {})


def test_migrations_are_applied_once(desk):
    desk.database.run("SELECT 1", {})
    desk.database.close()
    desk.database.run("SELECT 1", {})
    assert desk.postgres.query("SELECT name FROM seashore_migrations") == [["001_results.sql"]]


def test_without_an_address_the_settings_are_to_blame(account):
    with pytest.raises(SettingsError, match="DATABASE_HOST"):
        build_address(account.settings, account.clients, ssl.create_default_context())
    with pytest.raises(SettingsError, match="RESULTS_QUEUE_URL"):
        build_database(account.settings, account.clients, None)


def test_the_same_version_of_an_object_is_the_same_item():
    ids = [
        decode_result_notice(
            json.dumps(notification("b", "results/d/1.1/summary.json", version, "e", 1)),
            datetime.now(UTC),
        ).item_id
        for version in ("one", "one", "two")
    ]
    assert ids[0] == ids[1] != ids[2]
