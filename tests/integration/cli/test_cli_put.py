"""`seashore put` and `watch`, from their arguments to their exit status, on moto."""

import _thread
import json
import sys
import threading
import time

import pytest

from infra.cli.exit_codes import ExitCode
from shared.lifecycle import DocumentStatus
from shared.messages.uploads import Upload
from tests.fakes.desks.command_line import assert_one_line, open_command_line
from tests.fakes.entered_documents import Ledger


@pytest.fixture
def seashore(account):
    with open_command_line(account) as seashore:
        yield seashore


@pytest.fixture
def ledger(account):
    return Ledger(account)


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
