"""Documents that are no PDFs go from the bucket to their summaries, whatever their names say."""

from email.message import EmailMessage

import pytest

from pipeline.ingest.chunk_text import chunk_text_key
from pipeline.tasks.agent.document_tools import describe_document
from shared.document_formats import count_units
from shared.lifecycle import DocumentStatus
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.office.packages import (
    docx_parts,
    epub_parts,
    make_package,
    pptx_parts,
    xlsx_parts,
)
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_text_pdf

SENTENCE = "The harbour board has approved the budget of the new pier in March."
DOCX = make_package(docx_parts([("Budget", SENTENCE), ("Schedule", "Work begins in June.")]))


@pytest.fixture
def pipeline(account):
    with run_pipeline(account) as running:
        yield running


@pytest.mark.parametrize(
    ("key", "data", "unit", "count"),
    [
        ("minutes.docx", DOCX, "section", 2),
        ("named wrongly.pdf", DOCX, "section", 2),
        ("a.xlsx", make_package(xlsx_parts({"Costs": [[SENTENCE]]})), "sheet", 1),
        ("a.pptx", make_package(pptx_parts([SENTENCE, "second"])), "slide", 2),
        ("a.txt", SENTENCE.encode(), "part", 1),
    ],
    ids=["docx", "named-pdf", "xlsx", "pptx", "txt"],
)
def test_a_document_of_any_format_is_summarised(account, pipeline, key, data, unit, count):
    account.upload(key, data)
    pipeline.run()
    document = pipeline.document(key)
    assert document.status is DocumentStatus.DONE, document.reason
    assert (document.unit, document.pages) == (unit, count)
    assert count_units(count, unit) in describe_document(document)
    # The model is told of sheets and slides by what its text says of itself.
    text = pipeline.read_artifact(chunk_text_key(document.text_address, 1))
    assert text["unit"] == unit
    result = pipeline.read_artifact(document.result_key)
    assert SENTENCE in result["abstract"]
    assert (result["coverage"]["unit"], result["coverage"]["pages"]) == (unit, count)


def test_a_book_without_one_of_its_chapters_is_summarised_and_names_it(account, pipeline):
    parts = epub_parts([f"<h1>One</h1><p>{SENTENCE}</p>", "lost", "<h1>Three</h1><p>Kept.</p>"])
    del parts["book/c1.xhtml"]
    account.upload("book.epub", make_package(parts))
    pipeline.run()
    document = pipeline.document("book.epub")
    assert document.status is DocumentStatus.PARTIAL
    result = pipeline.read_artifact(document.result_key)
    assert SENTENCE in result["abstract"]
    assert result["coverage"]["pages"] == 3
    ((failure),) = result["coverage"]["failures"]
    assert "the chapter book/c1.xhtml is missing" in str(failure)


def test_a_file_of_no_kind_that_is_read_is_refused_with_what_is(account, pipeline):
    account.upload("a.docx", b"\x7fELF" + bytes(100))
    account.upload("empty.docx", b"")
    pipeline.run()
    document = pipeline.document("a.docx")
    assert document.status is DocumentStatus.REJECTED
    assert document.reason_code == "unknown_format"
    assert "a program" in document.reason
    assert "Word" in document.reason
    assert pipeline.document("empty.docx").reason_code == "empty"


def test_what_is_attached_to_a_mail_becomes_documents_of_their_own(account, pipeline):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.org", "Budget of the pier"
    mail.set_content(SENTENCE)
    mail.add_attachment(DOCX, "application", "octet-stream", filename="minutes.docx")
    mail.add_attachment(make_text_pdf(SENTENCE), "application", "pdf", filename="letter.pdf")
    account.upload("mail.eml", mail.as_bytes())
    pipeline.run()
    document = pipeline.document("mail.eml")
    assert document.status is DocumentStatus.DONE, document.reason
    children = [pipeline.document(one["Key"]) for one in pipeline.list_children()]
    assert {(child.called, child.status, child.unit) for child in children} == {
        ("mail.eml \u203a minutes.docx", DocumentStatus.DONE, "section"),
        ("mail.eml \u203a letter.pdf", DocumentStatus.DONE, "page"),
    }


def test_files_of_any_kind_inside_of_a_pdf_become_documents_of_their_own(account, pipeline):
    files = [
        ("minutes.docx", DOCX),
        ("notes", SENTENCE.encode()),
        ("inner.pdf", make_text_pdf(SENTENCE)),
        ("tool.txt", b"\x7fELF" + bytes(100)),
    ]
    account.upload("letter.pdf", make_portfolio(files))
    pipeline.run()
    document = pipeline.document("letter.pdf")
    assert document.status is DocumentStatus.PARTIAL, document.reason
    [unread] = [file for file in document.embedded_files if file.document_id is None]
    assert (unread.name, "a program" in unread.reason) == ("tool.txt", True)
    children = [pipeline.document(one["Key"]) for one in pipeline.list_children()]
    assert {(child.called, child.status, child.unit) for child in children} == {
        ("letter.pdf \u203a minutes.docx", DocumentStatus.DONE, "section"),
        ("letter.pdf \u203a notes", DocumentStatus.DONE, "part"),
        ("letter.pdf \u203a inner.pdf", DocumentStatus.DONE, "page"),
    }


def test_a_repeated_notice_reads_a_document_once(account, pipeline):
    version_id = account.upload("a.docx", DOCX)
    head = account.clients.s3.head_object(Bucket=account.settings.documents_bucket, Key="a.docx")
    account.announce("a.docx", version_id, head["ETag"], len(DOCX))
    pipeline.ingest.poll()
    pipeline.ingest.poll()
    pipeline.run()
    document = pipeline.document("a.docx")
    assert (document.status, document.run) == (DocumentStatus.DONE, 1)
    pipeline.run()
    assert pipeline.document("a.docx").run == 1
