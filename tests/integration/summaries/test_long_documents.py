"""Documents of any length: every page once, whatever the time limit."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace

from pipeline.extraction.extractor import Extractor
from pipeline.ingest.chunk_text import chunk_text_key
from shared.errors import DeadlineError
from shared.ledger.documents import document_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.pdf_files import MARKER, make_marker_pdf


def read_chunks(pipeline, document):
    for number, chunk in enumerate(document.chunk_plan, start=1):
        text = pipeline.read_artifact(chunk_text_key(document.text_address, number))
        yield chunk, {page["number"]: page["text"] for page in text["pages"]}


def check_markers(pipeline, document, page_count):
    """Each page stands in one chunk, in the right one, with its own text."""
    seen = Counter()
    for chunk, pages in read_chunks(pipeline, document):
        assert min(pages) == chunk.first_page
        assert max(pages) == chunk.last_page
        for number, text in pages.items():
            assert MARKER.format(number) in text
            seen[number] += 1
    assert seen == dict.fromkeys(range(1, page_count + 1), 1)


def test_a_thousand_pages_are_all_covered(account):
    account.upload("long.pdf", make_marker_pdf(1_000))
    with run_pipeline(account) as pipeline:
        pipeline.run()
        document = pipeline.document("long.pdf")
        assert document.status is DocumentStatus.DONE
        check_markers(pipeline, document, 1_000)
        summary = pipeline.read_artifact(document.result_key)
    assert summary["coverage"] == {
        "unit": "page",
        "pages": 1_000,
        "summarised_pages": "1-1000",
        "empty_pages": "",
        "failed_pages": "",
        "missing_pages": "",
        "picture_pages": "",
        "failures": [],
        "embedded_files": [],
        "recognising_pages": "",
        "ocr_pages": "",
        "model_pages": "",
        "unsure_pages": "",
        "confidences": {},
    }


class HastyExtractor:
    """Runs out of time after some pages, as under a short time limit, but always at the same."""

    def __init__(self, extractor, pages_per_invocation):
        self._extractor = extractor
        self._pages = pages_per_invocation
        self.waited_seconds = []

    @contextmanager
    def open(self, path, deadline, *, waited_seconds):
        self.waited_seconds.append(waited_seconds)
        with self._extractor.open(path, deadline, waited_seconds=waited_seconds) as document:
            yield HastyDocument(document, self._pages)


class HastyDocument:
    def __init__(self, document, pages_left):
        self.page_count = document.page_count
        self.unit = document.unit
        self._document = document
        self._pages_left = pages_left

    @property
    def waited_seconds(self):
        return self._document.waited_seconds

    def take_files(self, target):
        return self._document.take_files(target)

    def pages(self, first_page=1):
        for page in self._document.pages(first_page):
            if self._pages_left == 0:
                raise DeadlineError("the time is up")
            self._pages_left -= 1
            yield page


def test_many_pages_are_read_in_stretches(account):
    account.upload("very-long.pdf", make_marker_pdf(2_500))
    with (
        Extractor() as extractor,
        run_pipeline(account, extractor=(hasty := HastyExtractor(extractor, 400))) as pipeline,
    ):
        while pipeline.ingest.poll():
            pass
        document = pipeline.document("very-long.pdf")
        steps = [
            event.step for event in read_timeline(pipeline.table, document_pk(document.document_id))
        ]
        assert steps.count("checkpoint") >= 5
        # Each stretch goes on with the time of those before it: the limit is on all of them.
        waited = [*hasty.waited_seconds, document.reading_milliseconds / 1_000]
        assert waited[0] == 0 < waited[1]
        assert waited == sorted(waited)
        assert steps.count("extracted") == 1
        check_markers(pipeline, document, 2_500)
        pipeline.run()
        assert pipeline.document("very-long.pdf").status is DocumentStatus.DONE


def test_stretches_cut_the_same_chunks_as_one_go(account):
    account.upload("a.pdf", make_marker_pdf(3_000))
    account.upload("b.pdf", make_marker_pdf(3_000) + b"\n% other bytes\n")
    with Extractor() as extractor:
        with run_pipeline(account, extractor=HastyExtractor(extractor, 10_000)) as pipeline:
            pipeline.ingest.poll()
        with run_pipeline(account, extractor=HastyExtractor(extractor, 1_000)) as pipeline:
            while pipeline.ingest.poll():
                pass
        one_go, stretches = pipeline.document("a.pdf"), pipeline.document("b.pdf")
    assert one_go.text_address != stretches.text_address
    assert one_go.chunk_plan == stretches.chunk_plan
    assert len(one_go.chunk_plan) > 3


def with_small_chunks(account, context_window_tokens):
    settings = account.settings.model_copy(update={"context_window_tokens": context_window_tokens})
    return replace(account, settings=settings)


def test_a_document_that_is_begun_keeps_the_size_of_its_chunks(account):
    account.upload("long.pdf", make_marker_pdf(150))
    with Extractor() as extractor:
        hasty = HastyExtractor(extractor, 60)
        with run_pipeline(with_small_chunks(account, 4_000), extractor=hasty) as pipeline:
            pipeline.ingest.poll()
            begun = pipeline.document("long.pdf")
            assert 1 < begun.next_page < 150
        with run_pipeline(with_small_chunks(account, 5_000), extractor=hasty) as pipeline:
            pipeline.run()
            document = pipeline.document("long.pdf")
            assert document.status is DocumentStatus.DONE
            assert document.text_address == begun.text_address
            check_markers(pipeline, document, 150)


def test_a_file_that_is_replaced_half_way_is_not_mixed_with_what_replaces_it(account):
    put = account.clients.s3.put_object
    bucket = account.settings.documents_bucket
    account.clients.s3.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    first = put(Bucket=bucket, Key="a.pdf", Body=make_marker_pdf(150))
    account.announce("a.pdf", None, first["ETag"], 1)
    small = with_small_chunks(account, 4_000)
    with (
        Extractor() as extractor,
        run_pipeline(small, extractor=HastyExtractor(extractor, 60)) as pipeline,
    ):
        pipeline.ingest.poll()
        put(Bucket=bucket, Key="a.pdf", Body=make_marker_pdf(140))
        pipeline.run()
        document = pipeline.document("a.pdf")
    assert document.status is DocumentStatus.REJECTED
    assert document.reason_code == "object_gone"


def test_a_crash_before_the_rest_is_sent_loses_no_page(account):
    account.upload("long.pdf", make_marker_pdf(2_000))
    with (
        Extractor() as extractor,
        run_pipeline(account, extractor=HastyExtractor(extractor, 1_200)) as pipeline,
    ):
        (record,) = pipeline.ingest.receive()
        pipeline.ingest.handler({"Records": [record]}, LambdaContext())
        # The checkpoint is noted; now the message for the rest is lost with its process.
        account.clients.sqs.purge_queue(QueueUrl=account.settings.uploads_queue_url)
        document = pipeline.document("long.pdf")
        assert document.status is DocumentStatus.RECEIVED
        account.clients.dynamodb.delete_item(
            TableName=account.settings.idempotency_table,
            Key={"id": {"S": _only_idempotency_id(account)}},
        )
        account.announce("long.pdf", document.version_id, document.etag, 1)
        pipeline.run()
        document = pipeline.document("long.pdf")
        assert document.status is DocumentStatus.DONE
        check_markers(pipeline, document, 2_000)


def _only_idempotency_id(account):
    (item,) = account.clients.dynamodb.scan(TableName=account.settings.idempotency_table)["Items"]
    return item["id"]["S"]


def test_the_same_bytes_are_read_and_summarised_once(account):
    body = make_marker_pdf(5)
    account.upload("first.pdf", body)
    with run_pipeline(account) as pipeline:
        pipeline.run()
        account.upload("again.pdf", body)
        pipeline.run()
        first, again = pipeline.document("first.pdf"), pipeline.document("again.pdf")
        events = {
            e.step: e.details for e in read_timeline(pipeline.table, document_pk(again.document_id))
        }
    assert again.status is DocumentStatus.DONE
    assert again.text_address == first.text_address
    assert again.title == first.title
    assert events["extracted"]["reused_from"] == first.document_id
