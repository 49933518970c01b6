"""`seashore put` and `watch`, from their arguments to their exit status, on moto."""

import _thread
import json
import sys
import threading
import time

import pytest

from infra.cli.exit_codes import ExitCode
from infra.cli.put.files import collect_files
from infra.cli.put.unchanged import find_there
from infra.cli.put.upload import PutDocument
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


def write_pdfs(folder, *names):
    """Files that begin as PDFs do, each with content of its own."""
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_bytes(b"%PDF-1.7 " + name.encode())


def list_bucket(account):
    listed = account.clients.s3.list_objects_v2(Bucket=account.settings.documents_bucket)
    return [entry["Key"] for entry in listed.get("Contents", [])]


def count_versions(account):
    bucket = account.settings.documents_bucket
    return len(account.clients.s3.list_object_versions(Bucket=bucket)["Versions"])


def test_put_takes_folders_with_a_prefix_and_says_what_it_skipped(seashore, account, tmp_path):
    folder = tmp_path / "reports"
    write_pdfs(folder, "a.pdf", "deep/b.PDF", ".hidden.pdf", "a.zip", "x.exe", "y.exe", "z.exe")
    result = seashore("put", folder, "--prefix", "in/", "--json")
    assert result.exit_code == 0
    keys = ["in/reports/a.pdf", "in/reports/deep/b.PDF"]
    assert sorted(put["key"] for put in json.loads(result.stdout)) == keys
    assert f"Skipped {folder / '.hidden.pdf'}: hidden" in result.stderr
    assert "Skipped 4 files: not named as a document of a kind that is read (" in result.stderr
    assert "y.exe and 1 more)" in result.stderr
    assert list_bucket(account) == keys


def test_put_again_skips_what_is_there_unchanged_and_puts_what_has_changed(
    seashore, account, tmp_path
):
    folder = tmp_path / "reports"
    write_pdfs(folder, "a.pdf", "b.pdf", "ø/c.pdf")
    assert seashore("put", folder).exit_code == 0
    result = seashore("put", folder)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "Skipped 3 files that are there unchanged.\n"
    assert count_versions(account) == 3
    one = seashore("put", folder / "a.pdf", "--prefix", "reports")
    assert one.stderr == "Skipped 1 file that is there unchanged.\n"
    (folder / "b.pdf").write_bytes(b"%PDF-1.7 B.PDF")
    result = seashore("put", folder)
    assert [line.split("\t")[1] for line in result.stdout.splitlines()] == ["reports/b.pdf"]
    assert "Skipped 2 files that are there unchanged." in result.stderr
    assert len(seashore("put", folder, "--again").stdout.splitlines()) == 3


def test_put_finds_its_files_among_thousands_with_few_calls(account, tmp_path):
    s3, bucket = account.clients.s3, account.settings.documents_bucket
    for number in range(1, 30):
        s3.put_object(Bucket=bucket, Key=f"a{number:04}.pdf", Body=b"other")
    write_pdfs(tmp_path, "a0001.pdf", "a0028.pdf", "a9.pdf", "z.pdf", "0.pdf")
    s3.put_object(Bucket=bucket, Key="a0028.pdf", Body=b"%PDF-1.7 a0028.pdf")
    s3.put_object(Bucket=bucket, Key="z.pdf", Body=b"%PDF-1.7 z.pdf")
    files = list(collect_files([str(tmp_path / "*.pdf")], ""))
    calls = []

    class FewEntries:
        """S3 as it answers where a page is short, as one is beside a million objects."""

        def list_objects_v2(self, **request):
            calls.append("list")
            return s3.list_objects_v2(**request, MaxKeys=3)

        def head_object(self, **request):
            calls.append("head")
            return s3.head_object(**request)

    there = find_there(FewEntries(), bucket, files)
    assert {key for key, is_same in there.items() if is_same} == {"a0028.pdf", "z.pdf"}
    assert len(calls) <= 2 * len(files)


def test_of_two_that_put_the_same_bytes_at_once_one_makes_the_version(
    seashore, account, tmp_path, monkeypatch
):
    write_pdfs(tmp_path, "a.pdf", "b.pdf")
    files = [tmp_path / "a.pdf", tmp_path / "b.pdf"]
    first = seashore("put", *files)
    # Each has looked before the other has put anything.
    monkeypatch.setattr("infra.cli.put.plan.find_there", lambda s3, bucket, files: {})
    second = seashore("put", *files)
    assert (second.exit_code, sorted(second.stdout.splitlines())) == (
        0,
        sorted(first.stdout.splitlines()),
    )
    assert count_versions(account) == 2
    # Other bytes are another version, whoever has put the first ones.
    files[1].write_bytes(b"%PDF-1.7 changed")
    assert seashore("put", *files).exit_code == 0
    assert count_versions(account) == 3
    read = {"Bucket": account.settings.documents_bucket, "Key": "b.pdf"}
    assert account.clients.s3.get_object(**read)["Body"].read() == b"%PDF-1.7 changed"
    assert seashore("put", "--again", files[0]).exit_code == 0
    assert count_versions(account) == 4


def test_a_dry_run_writes_what_would_be_put_and_puts_nothing(seashore, account, tmp_path):
    write_pdfs(tmp_path, "a.pdf", "b.pdf")
    result = seashore("put", tmp_path / "a.pdf", tmp_path / "b.pdf", "--dry-run")
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path / 'a.pdf'}\ta.pdf\n{tmp_path / 'b.pdf'}\tb.pdf\n"
    assert "This was a dry run: it would put 2 files with 28 bytes." in result.stderr
    assert list_bucket(account) == []


def test_much_is_put_only_if_somebody_says_so(seashore, account, ledger, tmp_path):
    folder = tmp_path / "many"
    write_pdfs(folder, *(f"{number}.pdf" for number in range(101)))
    result = seashore("put", folder)
    assert result.exit_code == ExitCode.FAILED
    assert "This was a dry run: add --yes to do it." in result.stderr
    assert list_bucket(account) == []
    # Few files ask too, where such documents have cost much.
    ledger.move(ledger.enter("dear.pdf"), DocumentStatus.REJECTED, cost_micro_usd=600_000)
    result = seashore("put", folder / "1.pdf", folder / "2.pdf")
    assert "2 files with 28 bytes, for about $1.20 by what the last documents" in result.stderr
    assert list_bucket(account) == []
    assert seashore("put", folder, "--yes").exit_code == 0
    assert len(list_bucket(account)) == 101


def test_put_that_is_interrupted_says_what_is_up_and_how_to_go_on(seashore, tmp_path, monkeypatch):
    write_pdfs(tmp_path, "a.pdf", "b.pdf")

    def put_one_and_break_off(s3, bucket, files, count_bytes, tell):
        tell(PutDocument("a.pdf", "a.pdf", "d" + "0" * 20, None))
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.cli.put.put.put_files", put_one_and_break_off)
    result = seashore("put", tmp_path / "a.pdf", tmp_path / "b.pdf")
    assert result.exit_code == ExitCode.INTERRUPTED
    assert result.stdout == "d" + "0" * 20 + "\ta.pdf\n"
    assert "Broken off: 1 of 2 files are up. The same command puts the others" in result.stderr


def test_put_puts_the_others_where_a_file_is_missing(seashore, tmp_path):
    write_pdfs(tmp_path, "a.pdf")
    result = seashore("put", tmp_path / "gone.pdf", tmp_path / "a.pdf")
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout.endswith("\ta.pdf\n")
    assert f"Skipped {tmp_path / 'gone.pdf'}: does not exist" in result.stderr


def test_put_of_an_empty_folder_puts_nothing(seashore, tmp_path):
    result = seashore("put", tmp_path)
    assert result.exit_code == ExitCode.FAILED
    assert result.stdout == ""
    assert f"Skipped {tmp_path}: holds no document of a kind that is read" in result.stderr
    assert "Error: Nothing was put" in result.stderr


def test_put_into_a_bucket_that_is_gone_is_one_line(seashore, account, tmp_path):
    account.clients.s3.delete_bucket(Bucket=account.settings.documents_bucket)
    write_pdfs(tmp_path, *(f"{number}.pdf" for number in range(20)))
    result = seashore("put", tmp_path)
    assert result.exit_code == ExitCode.AWS_REFUSED
    assert_one_line(result.stderr, "ListObjectsV2")
    result = seashore("put", tmp_path, "--again")
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
    write_pdfs(tmp_path, "a.pdf", "b.pdf")
    thread = settle(ledger, {"a.pdf": DocumentStatus.DONE, "b.pdf": ending})
    result = seashore("put", tmp_path / "a.pdf", tmp_path / "b.pdf", "--wait")
    thread.join()
    assert result.exit_code == code
    lines = [line.split("\t")[1:3] for line in result.stdout.splitlines()]
    assert lines == [["a.pdf", "DONE"], ["b.pdf", ending]]
    assert f"{ending:<12} b.pdf" in result.stderr
    # A second time both are there, and their endings are the same.
    again = seashore("put", tmp_path / "a.pdf", tmp_path / "b.pdf", "--wait")
    assert (again.exit_code, again.stdout) == (code, result.stdout)
    assert "Skipped 2 files that are there unchanged." in again.stderr


def test_a_single_file_that_is_waited_for_brings_its_summary(seashore, ledger, tmp_path):
    write_pdfs(tmp_path, "a.pdf")
    thread = settle(ledger, {"a.pdf": DocumentStatus.DONE})
    result = seashore("put", tmp_path / "a.pdf", "--wait")
    thread.join()
    assert result.exit_code == 0
    assert "It says this and that." in result.stdout
    assert "Status     DONE" in result.stdout


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


def test_watch_without_ids_says_that_it_knows_of_documents_only(seashore, ledger):
    result = seashore("watch")
    assert "No document is in flight. A task is watched by its id" in result.stderr


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
