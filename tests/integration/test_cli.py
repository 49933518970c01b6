"""The commands that read and put, from their arguments to their exit status, on moto."""

import _thread
import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from infra.cli.app import app
from infra.cli.exit_codes import ExitCode
from pipeline.results import Coverage, DocumentSummary
from pipeline.summary_types import KeyPoint
from shared.ledger.document_versions import register_document
from shared.ledger.documents import document_pk, move_document
from shared.ledger.table import LedgerTable
from shared.ledger.timeline import note_delay
from shared.lifecycle import DocumentStatus
from shared.uploads import Upload
from tests.fakes.cloudformation_server import serve_stack


@pytest.fixture
def outputs(account):
    settings = account.settings
    return {
        "DocumentsBucket": settings.documents_bucket,
        "ArtifactsBucket": settings.artifacts_bucket,
        "LedgerTable": settings.ledger_table,
    }


@pytest.fixture
def seashore(outputs, monkeypatch):
    """Runs `seashore` with arguments against the stack `pipeline` in moto's account."""
    with serve_stack("pipeline", outputs) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", address)
        monkeypatch.setenv("SEASHORE_STACK", "pipeline")
        yield lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def ledger(account):
    return Ledger(account)


class Ledger:
    """Enters documents as the functions do."""

    def __init__(self, account):
        self.account = account
        self.table = LedgerTable(
            account.clients.dynamodb, account.settings.ledger_table, lambda seconds: None
        )
        self.now = datetime.now(UTC)

    def enter(self, key, version="v1", age=timedelta(0)):
        self.now = datetime.now(UTC) - age
        upload = Upload(self.account.settings.documents_bucket, key, version, "e", 1, version)
        return register_document(self.table, upload, lambda: self.now)

    def move(self, document, status, **changes):
        move_document(self.table, document, status, lambda: self.now, step="test", changes=changes)

    def finish(self, document, title="A report", points=(), coverage=None):
        """Make a document DONE, with its summary in the artifacts bucket."""
        key = f"results/{document.document_id}/1.1/summary.json"
        summary = DocumentSummary(
            document_id=document.document_id,
            key=document.key,
            status=DocumentStatus.DONE,
            title=title,
            abstract="It says this and that.",
            key_points=list(points),
            language="en",
            coverage=coverage
            or Coverage(
                pages=2, summarised_pages="1-2", empty_pages="", failed_pages="", missing_pages=""
            ),
            model="tiny",
            input_tokens=1200,
            output_tokens=80,
            cost_usd=0.0123,
        )
        self.account.clients.s3.put_object(
            Bucket=self.account.settings.artifacts_bucket,
            Key=key,
            Body=summary.model_dump_json().encode(),
        )
        self.move(document, DocumentStatus.EXTRACTED, pages=2, chunks_total=1)
        self.move(document, DocumentStatus.SUMMARIZING)
        self.move(
            document,
            DocumentStatus.DONE,
            title=title,
            model="tiny",
            input_tokens=1200,
            output_tokens=80,
            cost_micro_usd=12_300,
            result_key=key,
        )


def assert_one_line(text, words):
    assert words in text
    assert text.startswith("Error: ")
    assert text.count("\n") == 1


# ---- documents -----------------------------------------------------------------------------------


def test_documents_are_listed_newest_first_a_line_each(seashore, ledger):
    old = ledger.enter("old.pdf", age=timedelta(days=2))
    new = ledger.enter("år rapport+1 (final).PDF", age=timedelta(minutes=5))
    ledger.finish(new, title="A\treport\x1b[2J")
    result = seashore("documents")
    assert result.exit_code == 0
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert lines == [
        [new.document_id, "år rapport+1 (final).PDF", "DONE", "2", "A report\ufffd[2J",
         new.received_at],
        [old.document_id, "old.pdf", "RECEIVED", "0", "", old.received_at],
    ]  # fmt: skip
    assert result.stderr == ""


def test_documents_are_chosen_by_status_age_and_number(seashore, ledger):
    done = ledger.enter("done.pdf")
    ledger.finish(done)
    ledger.enter("flying.pdf")
    ledger.enter("old.pdf", age=timedelta(days=3))
    by_status = seashore("documents", "--status", "done", "--status", "FAILED")
    assert [line.split("\t")[1] for line in by_status.stdout.splitlines()] == ["done.pdf"]
    today = seashore("documents", "--days", "1")
    assert {line.split("\t")[1] for line in today.stdout.splitlines()} == {"done.pdf", "flying.pdf"}
    limited = seashore("documents", "--limit", "1")
    assert len(limited.stdout.splitlines()) == 1
    assert "There are more than these 1" in limited.stderr


def test_no_documents_is_said_on_stderr_only(seashore):
    result = seashore("documents", "--status", "failed")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No FAILED document has arrived in the last 7 days" in result.stderr


def test_documents_as_json_are_whole(seashore, ledger):
    document = ledger.enter("a.pdf")
    (listed,) = json.loads(seashore("documents", "--json").stdout)
    assert listed == document.model_dump(mode="json")
    assert json.loads(seashore("documents", "--json", "--status", "DONE").stdout) == []


def test_an_unknown_stack_is_an_exit_status_of_its_own(seashore):
    result = seashore("documents", "--stack", "nowhere")
    assert result.exit_code == ExitCode.UNKNOWN_STACK
    assert_one_line(result.stderr, "There is no stack 'nowhere' in eu-west-1")
    assert result.stdout == ""


def test_a_refusal_of_aws_is_one_line(seashore):
    result = seashore("documents", "--stack", "forbidden")
    assert result.exit_code == ExitCode.AWS_REFUSED
    assert_one_line(result.stderr, "not you")


def test_a_ledger_that_is_gone_is_one_line(seashore, account):
    account.clients.dynamodb.delete_table(TableName=account.settings.ledger_table)
    result = seashore("documents")
    assert result.exit_code == ExitCode.AWS_REFUSED
    assert_one_line(result.stderr, "could not query the ledger")


def test_a_bug_is_not_hidden(seashore, ledger, account):
    document = ledger.enter("a.pdf")
    account.clients.dynamodb.update_item(
        TableName=account.settings.ledger_table,
        Key={"pk": {"S": f"DOC#{document.document_id}"}, "sk": {"S": "DOC"}},
        UpdateExpression="SET chunk_plan = :broken",
        ExpressionAttributeValues={":broken": {"S": "{"}},
    )
    result = seashore("documents")
    assert isinstance(result.exception, json.JSONDecodeError)


# ---- show ----------------------------------------------------------------------------------------


def test_show_writes_summary_coverage_cost_and_place(seashore, ledger):
    document = ledger.enter("sub/a report.pdf")
    ledger.finish(
        document,
        title="Tides",
        points=[KeyPoint(text="Water rises.", pages=[1, 2, 3, 7]), KeyPoint(text="So.", pages=[])],
        coverage=Coverage(
            pages=9, summarised_pages="1-7", empty_pages="8", failed_pages="9", missing_pages=""
        ),
    )
    result = seashore("show", document.document_id)
    assert result.exit_code == 0
    for words in (
        "Tides\n",
        "It says this and that.",
        "  • Water rises. (p. 1-3,7)\n",
        "  • So.\n",
        "8 of 9 covered; without text: 8; could not be read: 9",
        "tiny, 1,200 tokens read, 80 written, $0.0123",
        "s3://seashore-documents/sub/a report.pdf",
        f"s3://seashore-artifacts/results/{document.document_id}/1.1/summary.md",
    ):
        assert words in result.stdout
    assert result.stderr == ""


def test_show_takes_a_key_and_the_beginning_of_an_id(seashore, ledger):
    older = ledger.enter("år+1.pdf", version="v1")
    newer = ledger.enter("år+1.pdf", version="v2")
    by_key = json.loads(seashore("show", "år+1.pdf", "--json").stdout)
    assert by_key["document"]["document_id"] == newer.document_id
    by_beginning = json.loads(seashore("show", older.document_id[:8], "--json").stdout)
    assert by_beginning["document"]["document_id"] == older.document_id
    assert by_beginning["document"]["superseded_by"] == newer.document_id
    assert (by_beginning["summary"], by_beginning["results"]) == (None, None)


def test_show_as_json_has_the_summary(seashore, ledger):
    document = ledger.enter("a.pdf")
    ledger.finish(document, title="Tides")
    shown = json.loads(seashore("show", "a.pdf", "--json").stdout)
    assert shown["summary"]["title"] == "Tides"
    assert shown["results"]["json"].endswith("/1.1/summary.json")


def test_show_gives_the_reason_of_a_refusal(seashore, ledger):
    document = ledger.enter("a.pdf")
    ledger.move(document, DocumentStatus.REJECTED, reason="It is locked. Unlock it.")
    result = seashore("show", "a.pdf")
    assert result.exit_code == 0
    assert result.stdout.startswith("a.pdf\n")
    assert "REJECTED" in result.stdout
    assert "It is locked. Unlock it." in result.stdout


def test_show_says_what_a_document_waits_for(seashore, ledger):
    document = ledger.enter("a.pdf")
    details = {"reason": "model_unavailable", "delay_seconds": 60}
    note_delay(
        ledger.table, document_pk(document.document_id), datetime.now(UTC), "deferred", details
    )
    assert "It waits: model unavailable, next try at" in seashore("show", "a.pdf").stdout


@pytest.mark.parametrize("wanted", ["d" + "0" * 20, "d00", "nope.pdf", ""])
def test_an_unknown_document_is_an_exit_status_of_its_own(seashore, ledger, wanted):
    ledger.enter("a.pdf")
    result = seashore("show", wanted)
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert_one_line(result.stderr, f"There is no document {wanted!r}")


def test_a_beginning_that_fits_several_ids_is_refused_and_names_them(seashore, ledger):
    by_beginning: dict[str, list[str]] = {}
    for number in range(300):
        document_id = Upload(
            ledger.account.settings.documents_bucket, f"{number}.pdf", "v1", "e", 1, "v1"
        ).document_id
        by_beginning.setdefault(document_id[:3], []).append(f"{number}.pdf")
    beginning, keys = next((b, keys) for b, keys in by_beginning.items() if len(keys) > 1)
    ids = [ledger.enter(key).document_id for key in keys[:2]]
    result = seashore("show", beginning)
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert_one_line(result.stderr, "is the beginning of several ids")
    assert all(document_id in result.stderr for document_id in ids)


def test_a_summary_that_is_gone_is_said_in_one_line(seashore, ledger, account):
    document = ledger.enter("a.pdf")
    ledger.finish(document)
    account.clients.s3.delete_object(
        Bucket=account.settings.artifacts_bucket,
        Key=f"results/{document.document_id}/1.1/summary.json",
    )
    result = seashore("show", "a.pdf")
    assert result.exit_code == ExitCode.FAILED
    assert_one_line(result.stderr, "summary.json")


# ---- put -----------------------------------------------------------------------------------------


def test_put_keeps_the_name_and_writes_the_id_that_ingest_will_give(seashore, account, tmp_path):
    name = "år rapport+1 (final).PDF"
    (tmp_path / name).write_bytes(b"%PDF-1.7 content")
    result = seashore("put", tmp_path / name)
    assert result.exit_code == 0
    head = account.clients.s3.head_object(Bucket=account.settings.documents_bucket, Key=name)
    assert head["ContentType"] == "application/pdf"
    upload = Upload(account.settings.documents_bucket, name, head["VersionId"], "", 0, "")
    assert result.stdout == f"{upload.document_id}\t{name}\n"
    assert "Put 1 file into s3://seashore-documents" in result.stderr


def test_put_takes_folders_with_a_prefix_and_says_what_it_skipped(seashore, account, tmp_path):
    for name in ("a.pdf", "deep/b.PDF", ".hidden.pdf", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    result = seashore("put", tmp_path, "--prefix", "in/", "--json")
    assert result.exit_code == 0
    assert [put["key"] for put in json.loads(result.stdout)] == ["in/a.pdf", "in/deep/b.PDF"]
    assert f"Skipped {tmp_path / '.hidden.pdf'}: hidden" in result.stderr
    listed = account.clients.s3.list_objects_v2(Bucket=account.settings.documents_bucket)
    assert [entry["Key"] for entry in listed["Contents"]] == ["in/a.pdf", "in/deep/b.PDF"]


def test_put_puts_the_others_where_a_file_is_missing(seashore, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"x")
    result = seashore("put", tmp_path / "gone.pdf", tmp_path / "a.pdf")
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout.endswith("\ta.pdf\n")
    assert f"Skipped {tmp_path / 'gone.pdf'}: does not exist" in result.stderr


def test_put_of_an_empty_folder_puts_nothing(seashore, tmp_path):
    result = seashore("put", tmp_path)
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout == ""
    assert f"Skipped {tmp_path}: holds no PDF" in result.stderr
    assert "Error: Nothing was put" in result.stderr


def test_put_into_a_bucket_that_is_gone_is_one_line(seashore, account, tmp_path):
    account.clients.s3.delete_bucket(Bucket=account.settings.documents_bucket)
    for number in range(20):
        (tmp_path / f"{number}.pdf").write_bytes(b"x")
    result = seashore("put", tmp_path)
    assert result.exit_code == ExitCode.AWS_REFUSED
    assert_one_line(result.stderr, "PutObject")
    assert result.stdout == ""


def settle(ledger, endings):
    """Enter each object of the documents bucket and move it to its ending, as a thread."""

    def run():
        try:
            settle_all()
        except BaseException:
            # Else the command would wait for ever.
            _thread.interrupt_main()
            raise

    def settle_all():
        bucket = ledger.account.settings.documents_bucket
        for key, ending in endings.items():
            version_id = None
            while version_id is None:
                listed = ledger.account.clients.s3.list_object_versions(Bucket=bucket, Prefix=key)
                version_id = next((v["VersionId"] for v in listed.get("Versions", [])), None)
                time.sleep(0.02)
            document = ledger.enter(key, version=version_id)
            if ending is DocumentStatus.DONE:
                ledger.finish(document)
            else:
                ledger.move(document, ending, reason="It is locked.")

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("ending", "code"),
    [(DocumentStatus.DONE, ExitCode.OK), (DocumentStatus.REJECTED, ExitCode.FAILED)],
)
def test_put_and_wait_ends_with_the_worst_ending(seashore, ledger, tmp_path, ending, code):
    (tmp_path / "a.pdf").write_bytes(b"x")
    (tmp_path / "b.pdf").write_bytes(b"y")
    thread = settle(ledger, {"a.pdf": DocumentStatus.DONE, "b.pdf": ending})
    result = seashore("put", tmp_path, "--wait")
    thread.join()
    assert result.exit_code == code
    lines = [line.split("\t")[1:3] for line in result.stdout.splitlines()]
    assert lines == [["a.pdf", "DONE"], ["b.pdf", ending]]
    assert f"{ending:<12} b.pdf" in result.stderr


# ---- watch ---------------------------------------------------------------------------------------


def test_watch_of_final_documents_ends_at_once_by_their_result(seashore, ledger):
    done = ledger.enter("a.pdf")
    ledger.finish(done, title="Tides")
    refused = ledger.enter("b.pdf")
    ledger.move(refused, DocumentStatus.REJECTED, reason="It is locked.")
    good = seashore("watch", "a.pdf")
    assert (good.exit_code, good.stdout) == (0, "DONE         a.pdf: Tides\n")
    bad = seashore("watch", "a.pdf", refused.document_id[:9])
    assert bad.exit_code == ExitCode.FAILED
    assert "REJECTED     b.pdf: It is locked.\n" in bad.stdout


def test_watch_of_an_unknown_document_is_refused(seashore):
    assert seashore("watch", "nope.pdf").exit_code == ExitCode.UNKNOWN_DOCUMENT


def test_watch_without_ids_follows_what_is_in_flight(seashore, ledger):
    ledger.finish(ledger.enter("before.pdf"))
    flying = ledger.enter("flying.pdf")
    stop = threading.Event()

    def land_once_it_is_seen():
        # The runner of commands keeps what they write in a buffer behind sys.stdout.
        while not stop.wait(0.02):
            written = getattr(sys.stdout.buffer, "getvalue", bytes)()
            if b"flying.pdf" in written:
                ledger.move(flying, DocumentStatus.NO_TEXT)
                return

    landing = threading.Thread(target=land_once_it_is_seen)
    landing.start()
    result = seashore("watch", "--json")
    stop.set()
    landing.join()
    assert result.exit_code == 0
    seen = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(one["key"], one["status"]) for one in seen] == [
        ("flying.pdf", "RECEIVED"),
        ("flying.pdf", "NO_TEXT"),
    ]
