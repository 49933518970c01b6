"""What a document of two chunks costs in DynamoDB: units reckoned from the sizes of its items."""

import boto3
import pytest

from functions.delivery.batch import process_batch
from functions.ingest import build_ingest
from functions.worker import build_worker
from pipeline.extraction.extractor import Extractor
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import find_document
from shared.lifecycle import DocumentStatus
from shared.llm.model import ModelAnswer, Usage
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import open_table
from tests.fakes.aws.unit_meter import UnitMeter
from tests.fakes.pdf.pdf_files import make_text_pdf

# With a metered model and a message an invocation; now and then a lease is taken.
MOST_WRITE_UNITS = 45
MOST_READ_UNITS = 7.25
MOST_CALLS = {"ingest": 6, "chunk": 5, "combine": 7}


class Model:
    """Answers each time with something else, so that no request is like an earlier one."""

    name = "gpt-5-mini"
    answers = 0

    def answer(self, request, deadline):
        self.answers += 1
        text = (
            f"({self.answers}) The board sets the fees for moorings, and the works that are due. "
        )
        value = request.answer_type(
            title="The harbour", abstract=2 * text, key_points=[{"text": text, "pages": [1]}],
            language="en",
        )  # fmt: skip
        return ModelAnswer(value, self.name, Usage(1, 3000, 700))


def make_document(number):
    """Ten pages, which come to two chunks of the size that the test sets."""
    line = f"Harbour {number}: the ledger of the pier tells the hours of the tide at the sluice."
    return make_text_pdf(*("\n".join([f"Page {page}.", *[line] * 40]) for page in range(10)))


@pytest.fixture(scope="module")
def documents():
    """Of each document but the first: its row, and the calls that each of its messages takes."""
    with open_account(openai_api_key_secret="a-secret", chunk_tokens=6000) as account:
        reader = boto3.Session("testing", "testing", region_name="eu-west-1").client("dynamodb")
        meter = UnitMeter(account.clients.dynamodb, reader)
        with Extractor() as extractor:
            consumers = {
                "ingest": build_ingest(account.settings, account.clients, extractor),
                "worker": build_worker(account.settings, account.clients, Model()),
            }
            found = [put_document(number, account, consumers, meter) for number in range(5)]
        yield found[1:]


def put_document(number, account, consumers, meter):
    key = f"reports/2026/harbour-{number}.pdf"
    account.upload(key, make_document(number))
    messages = [
        (name, calls)
        for name, (consumer, runtime) in consumers.items()
        for calls in drain(account, consumer, runtime, meter)
    ]
    table = open_table(account)
    found = find_current_document_id(table, account.settings.documents_bucket, key)
    return find_document(table, found), messages


def drain(account, consumer, runtime, meter):
    source = EventSource(
        account.clients.sqs,
        consumer.queue_url,
        lambda event, context: process_batch(event, context, consumer, runtime),
        batch_size=1,
    )
    while account.count_messages(consumer.queue_url):
        with meter.listening():
            assert source.poll() == 1
        yield meter.take()


def test_a_document_of_two_chunks_costs_few_units(documents):
    for document, messages in documents:
        assert (document.status, document.chunks_total) == (DocumentStatus.DONE, 2)
        assert [name for name, _ in messages] == ["ingest", "worker", "worker", "worker"]
    told = "\n".join(
        f"{name}\n  " + "\n  ".join(map(str, calls))
        for _, messages in documents
        for name, calls in messages
    )
    calls = [call for _, messages in documents for _, calls in messages for call in calls]
    write_units = sum(call.write_units for call in calls) / len(documents)
    read_units = sum(call.read_units for call in calls) / len(documents)
    assert write_units <= MOST_WRITE_UNITS, f"{write_units} and {read_units}\n{told}"
    assert read_units <= MOST_READ_UNITS, f"{write_units} and {read_units}\n{told}"
    assert "Scan" not in {call.name for call in calls}


def test_a_message_of_a_document_costs_few_round_trips(documents):
    for _, messages in documents:
        kinds = ["ingest", "chunk", "chunk", "combine"]
        for kind, (_, calls) in zip(kinds, messages, strict=True):
            of_leases = [call for call in calls if _is_of_lease(call)]
            assert len(calls) - len(of_leases) <= MOST_CALLS[kind], list(map(str, calls))


def _is_of_lease(call):
    """Whether a call takes or gives back a lease, which serves several calls of the model."""
    return call.name in ("TransactWriteItems", "GetItem") and all(
        pk.startswith("SPEND#") for pk, *_ in call.items
    )
