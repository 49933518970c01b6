"""Scanned pages while the process dies once at every effect: nothing is lost, nothing twice."""

from datetime import UTC, datetime

import pytest

from functions.ingest import build_ingest
from functions.recognise import build_recognise
from functions.wiring import build_services
from functions.worker import build_worker
from pipeline.extraction.extractor import Extractor
from pipeline.recognition.page_words import RecognisedPage
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.deadline import Deadline
from shared.ledger.document_texts import read_settled_pages
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import document_pk, find_document
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.fakes.aws.kept_account import open_account
from tests.fakes.pdf.scanned_pdf_files import make_mixed_pdf, render_texts

LETTER = "The pier at Ellery was opened by the harbour master in the year 1987."
REPORT = "The tide turns at noon and the ferry leaves the harbour of Portness."
EFFECTS = (
    (LedgerTable, "transact"),
    (ObjectStore, "write_text"),
    (ObjectStore, "write_bytes"),
    (Queues, "send"),
)


class Died(BaseException):
    """What a kill looks like from inside: nothing of ours catches it."""


class Engine:
    name = "fake"

    def __init__(self):
        self.calls = 0

    def recognise(self, picture, deadline):
        assert picture()
        self.calls += 1
        return RecognisedPage(engine=self.name, text=LETTER, confidence=91)


@pytest.fixture
def account():
    with open_account() as account:
        settings = account.settings.model_copy(update={"ocr_engine": ("tesseract",)})
        yield type(account)(account.clients, settings)


def die_once_at_each_effect(monkeypatch, is_before):
    """Each effect of the same kind at the same place of a delivery ends the process once."""
    deaths = []

    def spoil(owner, name):
        effect = getattr(owner, name)

        def spoilt(self, *arguments, **options):
            place = (current[0], name, counts.setdefault((current[0], name), 0))
            counts[current[0], name] += 1
            is_due = place not in deaths
            if is_due and is_before:
                deaths.append(place)
                raise Died
            answer = effect(self, *arguments, **options)
            if is_due:
                deaths.append(place)
                raise Died
            return answer

        monkeypatch.setattr(owner, name, spoilt)

    current, counts = [""], {}
    for owner, name in EFFECTS:
        spoil(owner, name)
    return deaths, current, counts


def deliver_all(account, consumers, current, counts):
    """Deliver every message, again and again where the process dies, until no queue has one."""
    sqs = account.clients.sqs
    while True:
        found = 0
        for consumer in consumers:
            answer = sqs.receive_message(QueueUrl=consumer.queue_url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found += 1
                body, message_id = message["Body"], message["MessageId"]
                item = consumer.decode(body, message_id, datetime.now(UTC))
                current[0] = item.item_id
                while True:
                    counts.clear()
                    try:
                        consumer.handle(item, Deadline.after(60))
                    except Died:
                        continue
                    break
                sqs.delete_message(
                    QueueUrl=consumer.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        if not found:
            return


@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_a_process_that_dies_at_every_effect_loses_no_page_and_counts_none_twice(
    account, monkeypatch, is_before
):
    engine = Engine()
    (scan,) = render_texts("x", dots_per_inch=30)
    account.upload("scan.pdf", make_mixed_pdf(REPORT, scan, scan))
    settings, clients = account.settings, account.clients
    with Extractor() as extractor:
        consumers = [
            build_ingest(settings, clients, extractor)[0],
            build_worker(settings, clients, ExtractiveModel())[0],
            build_recognise(settings, clients, build_services(settings, clients), (engine,))[0],
        ]
        deaths, current, counts = die_once_at_each_effect(monkeypatch, is_before)
        deliver_all(account, consumers, current, counts)
    monkeypatch.undo()

    table = LedgerTable(clients.dynamodb, settings.ledger_table, lambda seconds: None)
    document_id = find_current_document_id(table, settings.documents_bucket, "scan.pdf")
    document = find_document(table, document_id)
    assert document.status is DocumentStatus.DONE
    assert (document.pages_settled, document.recognising_pages) == (2, "")
    assert (document.chunks_total, document.chunks_done, document.chunks_failed) == (2, 2, 0)
    assert [page.page for page in read_settled_pages(table, document_id, 1)] == [2, 3]
    steps = [event.step for event in read_timeline(table, document_pk(document_id))]
    assert steps.count("recognised") == 1
    assert steps.count("chunk_done") == 2
    # Before its pages are taken up, the summary of its text alone may have been finished.
    assert steps.count("finished") == 1 + (steps.index("finished") < steps.index("recognised"))
    # A kill between the engine and its result costs that page once more, and no other does.
    assert engine.calls <= 4
    assert {name for _, name, _ in deaths} == {name for _, name in EFFECTS}
