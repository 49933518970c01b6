"""Fields of many documents: a task for each, and one table of what they found."""

import csv
import io
import json
from dataclasses import replace

import pytest

from infra.cli.exit_codes import ExitCode
from infra.cli.progress.follow_documents import REAL_PACE
from tests.fakes.desks.command_line import open_command_line
from tests.fakes.desks.task_desk import open_task_desk
from tests.fakes.pdf.pdf_files import make_text_pdf

ROW = {"type": "object", "properties": {"text": {"type": "string"}}}
SCHEMA = {
    "type": "object",
    "properties": {
        "seller": {"type": "object", "properties": {"name": {"type": "string"}}},
        "lines": {"type": "array", "items": ROW},
    },
}


@pytest.fixture
def desk():
    with open_task_desk() as desk:
        desk.put("invoices/a.pdf", make_text_pdf("Rope of Skagen."))
        desk.put("invoices/b.pdf", make_text_pdf("=1+1 is a formula.", "Lamp of Molde."))
        desk.put("invoices/scan.pdf", make_text_pdf(""))
        desk.put("other.pdf", make_text_pdf("Not meant."))
        yield desk


@pytest.fixture
def seashore(desk, monkeypatch, tmp_path):
    pace = replace(REAL_PACE, sleep=lambda seconds: desk.pipeline.run())
    monkeypatch.setattr("infra.cli.tasks.extract_many.REAL_PACE", pace)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    with open_command_line(desk.account) as seashore:
        yield lambda *arguments: seashore(
            *(tmp_path / one if one == "schema.json" else one for one in arguments)
        )


def test_each_document_is_a_task_and_their_results_are_one_table(desk, seashore):
    sent = seashore("enqueue", "extract", "--schema", "schema.json", "--prefix", "invoices/", "-w")
    assert sent.exit_code == ExitCode.OK
    assert "Without text, so left out: 1 NO_TEXT." in sent.stderr
    # The worker, which runs in this process, writes metrics to the same place.
    lines = [line.split("\t") for line in sent.stdout.splitlines() if "\t" in line]
    assert [line[1:] for line in lines] == [["DONE", "invoices/a.pdf"], ["DONE", "invoices/b.pdf"]]
    task_ids = [line[0] for line in lines]
    calls = len(desk.server.calls)

    table = seashore("results", *task_ids, "--csv")
    assert table.exit_code == ExitCode.OK
    rows = list(csv.DictReader(io.StringIO(table.stdout)))
    assert [row["document"] for row in rows] == ["invoices/a.pdf", "invoices/b.pdf"]
    assert [row["seller.name"] for row in rows] == ["Rope of Skagen.", "'=1+1 is a formula."]
    assert [row["lines"] for row in rows] == ["1 rows", "2 rows"]

    of_list = seashore("results", "--name", "invoices/", "--rows", "lines", "--csv").stdout
    found = sorted(
        (row["document"], row["page"], row["text"]) for row in csv.DictReader(io.StringIO(of_list))
    )
    assert found == [
        ("invoices/a.pdf", "1", "Rope of Skagen."),
        ("invoices/b.pdf", "1", "'=1+1 is a formula."),
        ("invoices/b.pdf", "2", "Lamp of Molde."),
    ]
    plain = seashore("results", task_ids[0]).stdout.splitlines()
    assert plain == [f"invoices/a.pdf\t{task_ids[0]}\tDONE\t\tRope of Skagen.\t1 rows"]
    (whole,) = json.loads(seashore("results", task_ids[0], "--json").stdout)
    assert whole["result"]["rows"]["lines"][0]["page"] == 1

    # The same once more is the same tasks, and nothing is asked again.
    again = seashore("enqueue", "extract", "--schema", "schema.json", "--prefix", "invoices/")
    assert [line.split("\t")[0] for line in again.stdout.splitlines()] == task_ids
    desk.pipeline.run()
    assert len(desk.server.calls) == calls


def test_a_task_without_a_result_has_a_line_with_its_reason(desk, seashore):
    desk.do("extract", id="bad", text="x", schema={"type": "array"})
    table = seashore("results", "bad", "--csv")
    assert table.exit_code == ExitCode.FAILED
    (row,) = csv.DictReader(io.StringIO(table.stdout))
    assert (row["status"], row["reason"][:10]) == ("FAILED", "the schema")
    assert "1 of 1 task is not DONE" in table.stderr


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        (
            ("enqueue", "extract", "--schema", "schema.json", "--prefix", "none/"),
            "no document with text whose key begins with 'none/'",
            ExitCode.UNKNOWN_DOCUMENT,
        ),
        (
            ("enqueue", "extract", "--schema", "schema.json", "--prefix", "a", "-d", "other.pdf"),
            "Give either --prefix or one document",
            ExitCode.USAGE,
        ),
        (("results",), "Name tasks by their ids", ExitCode.USAGE),
        (("results", "none"), "There is no task 'none'", ExitCode.UNKNOWN_DOCUMENT),
        (("results", "--name", "x"), "begins with 'x'", ExitCode.UNKNOWN_DOCUMENT),
    ],
)
def test_what_leads_to_nothing_is_said(seashore, arguments, words, code):
    done = seashore(*arguments)
    assert done.exit_code == code
    assert words in " ".join(done.stderr.replace("│", " ").split())
