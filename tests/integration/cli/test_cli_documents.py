"""`seashore documents` and `show`, from their arguments to their exit status, on moto."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pytest

from infra.cli.exit_codes import ExitCode
from pipeline.summaries.coverage import Coverage
from pipeline.summaries.summary_types import KeyPoint
from shared.ledger.children import enter_child, plan_child
from shared.ledger.documents import EmbeddedFile, document_pk, write_embedded_files
from shared.ledger.timeline import note_delay
from shared.lifecycle import DocumentStatus
from shared.messages.uploads import Upload
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.command_line import assert_one_line, open_command_line
from tests.fakes.entered_documents import Ledger


@pytest.fixture
def seashore(account):
    with open_command_line(account) as seashore:
        yield seashore


@pytest.fixture
def ledger(account):
    return Ledger(account)


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
    assert "There are more than this 1:" in limited.stderr


def test_no_documents_is_said_on_stderr_only(seashore):
    result = seashore("documents", "--status", "failed")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "No FAILED document has arrived in the last 7 days" in result.stderr


def test_none_that_fits_is_not_told_as_none_at_all(seashore, ledger):
    ledger.enter("a.pdf")
    assert "No document like that has arrived" in seashore("documents", "--grep", "b.pdf").stderr
    assert "No task of that name has arrived" in seashore("tasks", "--name", "May").stderr


def test_documents_as_json_are_whole(seashore, ledger):
    document = ledger.enter("a.pdf")
    (listed,) = json.loads(seashore("documents", "--json").stdout)
    assert listed == document.model_dump(mode="json")
    assert json.loads(seashore("documents", "--json", "--status", "DONE").stdout) == []


def test_an_unknown_stack_is_an_exit_status_of_its_own(seashore):
    result = seashore("documents", "--stack", "nowhere")
    assert result.exit_code == ExitCode.UNKNOWN_STACK
    assert_one_line(result.stderr, "There is no stack 'nowhere' in eu-west-1")
    assert "The one on this machine is 'local'" in result.stderr
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
        "8 of 9 covered; without text: 8; page 9 could not be read",
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
    assert_one_line(result.stderr, f"There is no document or task {wanted!r}")


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


@pytest.fixture
def family(ledger):
    """A document with a child that has arrived, one that has not, and a file that is not read."""
    parent = ledger.enter("board.pdf")
    planned = plan_child(parent, "pier.pdf", "ab" * 32)
    enter_child(ledger.table, planned, 100, lambda: ledger.now)
    child = ledger.enter(planned.key)
    ledger.finish(child)
    files = (
        EmbeddedFile(name="pier.pdf", document_id=child.document_id),
        EmbeddedFile(name="late.pdf", document_id="d" + "9" * 20),
        EmbeddedFile(name="budget.xlsx", reason="not a PDF"),
    )
    ledger.finish(parent)
    force(ledger.table, parent, embedded_files=write_embedded_files(files))
    return parent, child


@pytest.mark.parametrize("command", ["show", "explain"])
def test_a_document_names_what_came_out_of_it(seashore, family, command):
    parent, child = family
    shown = " ".join(seashore(command, "board.pdf").stdout.split())
    assert f"Inside pier.pdf: DONE ({child.document_id[:10]})" in shown
    assert "late.pdf: on its way (d999999999) budget.xlsx: not read (not a PDF)" in shown
    shown = " ".join(seashore(command, child.document_id).stdout.split())
    assert f"Parent board.pdf ({parent.document_id})" in shown


def test_a_child_may_be_named_as_it_is_shown(seashore, family):
    _, child = family
    for name in ("board.pdf \u203a pier.pdf", "board.pdf > pier.pdf"):
        told = json.loads(seashore("show", name, "--json").stdout)
        assert told["document"]["document_id"] == child.document_id
    assert seashore("show", "board.pdf > else.pdf").exit_code == ExitCode.UNKNOWN_DOCUMENT


def test_a_day_without_a_timeline_is_told_what_has_one(seashore):
    result = seashore("explain", "2026-03-01")
    assert result.exit_code == ExitCode.UNKNOWN_DOCUMENT
    assert "The report of 2026-03-01 has no timeline: only what the schedule makes" in result.stderr
    assert "`seashore report --date 2026-03-01` makes it" in result.stderr


def test_parents_and_children_are_told_to_programs(seashore, family):
    parent, child = family
    told = json.loads(seashore("show", parent.document_id, "--json").stdout)
    assert [one["document_id"] for one in told["children"]] == [child.document_id]
    assert [one["reason"] for one in told["document"]["embedded_files"]] == [
        None,
        None,
        "not a PDF",
    ]
    told = json.loads(seashore("show", child.document_id, "--json").stdout)
    assert (told["document"]["parent"], told["document"]["name"], told["children"]) == (
        parent.document_id,
        "board.pdf \u203a pier.pdf",
        [],
    )


def test_a_child_says_that_its_parent_is_replaced(seashore, ledger, family):
    newer = ledger.enter("board.pdf", version="v2")
    shown = " ".join(seashore("show", family[1].document_id).stdout.split())
    assert f"replaced by {newer.document_id}" in shown


def test_documents_are_found_by_words_prefix_and_key(seashore, ledger):
    ledger.finish(ledger.enter("contracts/lease.pdf"), title="A lease of the pier")
    ledger.finish(ledger.enter("contracts/sale.pdf"), title="A sale")
    ledger.enter("other/pier.pdf")
    ledger.enter("contracts/lease.pdf", version="v2")
    ledger.enter("apart/Re\u0301sume\u0301.pdf")

    def list_keys(*options):
        lines = seashore("documents", *options).stdout.splitlines()
        return sorted(line.split("\t")[1] for line in lines)

    assert list_keys("--grep", "PIER") == ["contracts/lease.pdf", "other/pier.pdf"]
    assert list_keys("--grep", "r\u00e9s.m\u00e9") == ["apart/Re\u0301sume\u0301.pdf"]
    assert list_keys("--prefix", "contracts/s") == ["contracts/sale.pdf"]
    assert list_keys("--key", "contracts/lease.pdf") == ["contracts/lease.pdf"] * 2
    assert list_keys("--grep", "lease", "--prefix", "other/") == []
    result = seashore("documents", "--grep", "(")
    assert result.exit_code == ExitCode.USAGE
    assert "--grep '(' is no regular expression" in result.stderr


def test_documents_as_csv_have_a_heading_and_no_formulas(seashore, ledger):
    ledger.finish(ledger.enter("a.pdf"), title='=cmd("x"), and more')
    rows = list(csv.DictReader(seashore("documents", "--csv").stdout.splitlines()))
    assert [(row["key"], row["status"], row["title"]) for row in rows] == [
        ("a.pdf", "DONE", '\'=cmd("x"), and more')
    ]


def test_a_result_is_written_as_markdown_or_json(seashore, ledger, account, tmp_path):
    document = ledger.enter("a.pdf")
    ledger.finish(document)
    write_markdown(account, document, "# A report\n\nIt says this.\n")
    assert seashore("show", "a.pdf", "--markdown").stdout == "# A report\n\nIt says this.\n"
    written = seashore("show", "a.pdf", "-o", tmp_path / "new" / "a.md")
    assert (written.exit_code, written.stdout) == (0, "")
    assert (tmp_path / "new" / "a.md").read_text() == "# A report\n\nIt says this.\n"
    assert seashore("show", "a.pdf", "-o", tmp_path / "a.json").exit_code == 0
    assert json.loads((tmp_path / "a.json").read_text())["title"] == "A report"
    no_file = seashore("show", "a.pdf", "-o", tmp_path)
    assert no_file.exit_code == ExitCode.USAGE
    assert "cannot be written: Is a directory. Name another file" in no_file.stderr
    ledger.move(ledger.enter("b.pdf"), DocumentStatus.REJECTED, reason="It is locked.")
    refused = seashore("show", "b.pdf", "--markdown")
    assert refused.exit_code == ExitCode.FAILED
    assert "There is no result to write: it is REJECTED: It is locked." in refused.stderr


def test_results_are_downloaded_into_a_folder_and_never_out_of_it(
    seashore, ledger, account, tmp_path
):
    keys = ("in/a.pdf", "in/../../b.pdf", "in/c.pdf", "other.pdf")
    for key in keys:
        put = account.clients.s3.put_object(
            Bucket=account.settings.documents_bucket, Key=key, Body=key.encode()
        )
        document = ledger.enter(key, version=put["VersionId"])
        if key != "in/c.pdf":
            ledger.finish(document)
            write_markdown(account, document, f"# {key}\n")
    folder = tmp_path / "results"
    result = seashore("download", "--prefix", "in/", folder, "--with-file")
    assert result.exit_code == ExitCode.FAILED
    assert "Without a result: 1 RECEIVED." in result.stderr
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert names == [
        "in/_../_../b.pdf", "in/_../_../b.pdf.json", "in/_../_../b.pdf.md",
        "in/a.pdf", "in/a.pdf.json", "in/a.pdf.md", "in/c.pdf",
    ]  # fmt: skip
    assert sorted(result.stdout.splitlines()) == sorted(str(folder / name) for name in names)
    assert (folder / "in/a.pdf").read_text() == "in/a.pdf"
    one = seashore("download", "other.pdf", folder)
    assert one.exit_code == 0
    assert (folder / "other.pdf.md").read_text() == "# other.pdf\n"
    assert seashore("download", folder).exit_code == ExitCode.USAGE
    assert seashore("download", "nosuch.pdf", folder).exit_code == ExitCode.UNKNOWN_DOCUMENT


def write_markdown(account, document, text):
    """The Markdown beside the summary that the ledger's fake has written."""
    account.clients.s3.put_object(
        Bucket=account.settings.artifacts_bucket,
        Key=f"results/{document.document_id}/1.1/summary.md",
        Body=text.encode(),
    )
