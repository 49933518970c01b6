"""Mails that SES has put into the bucket: read with what is attached, or refused with a code."""

import pytest

from shared.lifecycle import DocumentStatus
from shared.messages.uploads import MAIL_PREFIX
from tests.fakes.aws.kept_account import open_account
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.pdf_files import make_text_pdf
from tests.fakes.received_mails import ADDRESS, receive, write_mail

FORGED = {"envelope": "x@evil.test", "dkim": "", "dmarc": "fail header.from=example.com"}
FORGED_MAIL = receive(write_mail(), **FORGED)


@pytest.fixture
def pipeline():
    settings = {
        "inbound_mail": ADDRESS,
        "inbound_mail_senders": ("ada@example.com",),
        "report_from": "reports@example.com",
    }
    with open_account(**settings) as account, run_pipeline(account) as running:
        yield running


def put(pipeline, name, mail):
    pipeline.account.upload(f"{MAIL_PREFIX}{name}", mail)


def test_a_mail_is_read_and_so_is_what_is_attached(pipeline):
    letter = make_text_pdf("The ferry leaves at noon.")
    put(pipeline, "abc", receive(write_mail(attached={"letter.pdf": letter})))
    pipeline.run()
    document = pipeline.document(f"{MAIL_PREFIX}abc")
    assert (document.status, document.unit) == (DocumentStatus.DONE, "part"), document.reason
    assert "Seven herons" in pipeline.read_artifact(document.result_key)["abstract"]
    [child] = [pipeline.document(one["Key"]) for one in pipeline.list_children()]
    assert (child.status, child.unit) == (DocumentStatus.DONE, "page")


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        (FORGED_MAIL, "sender_not_proven"),
        # Whatever its first bytes say it is.
        (receive(write_mail(subject="%PDF-1.7"), **FORGED), "sender_not_proven"),
        (make_text_pdf("No mail at all."), "sender_not_proven"),
        (receive(write_mail("reports@example.com")), "mail_loop"),
        (receive(write_mail("eve@example.com")), "sender_not_listed"),
    ],
    ids=["forged", "forged-pdf", "no-mail", "loop", "stranger"],
)
def test_a_mail_that_is_not_taken_is_refused_and_nothing_of_it_read(pipeline, mail, code):
    put(pipeline, "abc", mail)
    pipeline.run()
    document = pipeline.document(f"{MAIL_PREFIX}abc")
    assert (document.status, document.reason_code) == (DocumentStatus.REJECTED, code)
    assert document.reason.endswith(".")
    assert not document.text_address


def test_a_stack_without_an_address_takes_no_mail():
    # SES's rule goes after the functions are changed, and what was refused may be redone later.
    with open_account() as account, run_pipeline(account) as pipeline:
        put(pipeline, "abc", FORGED_MAIL)
        pipeline.run()
        document = pipeline.document(f"{MAIL_PREFIX}abc")
    assert (document.status, document.reason_code) == (DocumentStatus.REJECTED, "sender_not_listed")
    assert "InboundMail is empty" in document.reason


def test_what_lies_elsewhere_is_no_mail_to_the_stack(pipeline):
    pipeline.account.upload("saved.eml", write_mail("eve@evil.test"))
    pipeline.run()
    assert pipeline.document("saved.eml").status is DocumentStatus.DONE


def test_mails_that_come_at_once_are_each_judged_once(pipeline):
    for number in range(16):
        mail = FORGED_MAIL if number % 4 else receive(write_mail(subject=f"Mail {number}"))
        put(pipeline, f"{number}", mail)
    while pipeline.ingest.poll():
        pass
    found = [pipeline.document(f"{MAIL_PREFIX}{number}") for number in range(16)]
    assert [one.reason_code for one in found].count("sender_not_proven") == 12
    pipeline.run()
    done = [pipeline.document(f"{MAIL_PREFIX}{number}") for number in range(0, 16, 4)]
    assert {one.status for one in done} == {DocumentStatus.DONE}
    assert len({one.document_id for one in found}) == 16
