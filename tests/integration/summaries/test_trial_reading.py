"""A trial: a document is read as always, and nothing is kept of it."""

import json
from dataclasses import replace

import pytest

from functions.delivery.trial import is_trial, run_trial
from functions.ingest import build_ingest
from pipeline.extraction.extractor import Extractor
from shared.errors import MessageDecodeError, ObjectMissingError
from shared.lifecycle import DocumentStatus
from tests.fakes.aws.event_source import LambdaContext
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.pdf_files import make_prose_pdf
from tests.fakes.replays import run_until


def take_stock(account):
    """All rows and objects, and what waits in the queues."""
    settings, clients = account.settings, account.clients
    rows = [
        json.dumps(row, sort_keys=True, default=str)
        for table in (settings.ledger_table, settings.idempotency_table)
        for row in clients.dynamodb.scan(TableName=table)["Items"]
    ]
    objects = [
        (one["Key"], one["ETag"])
        for bucket in (settings.documents_bucket, settings.artifacts_bucket)
        for one in clients.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    ]
    waiting = [
        clients.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        for url in (settings.uploads_queue_url, settings.work_queue_url)
    ]
    return sorted(rows), sorted(objects), waiting


def test_a_trial_reads_all_pages_and_leaves_nothing_behind(account):
    with run_pipeline(account) as pipeline:
        account.upload("report.pdf", make_prose_pdf(3))
        document = run_until(pipeline, "report.pdf", DocumentStatus.DONE)
    before = take_stock(account)
    event = {"trial": {"document_id": document.document_id}}
    assert is_trial(event)
    with Extractor() as extractor:
        consumer, _ = build_ingest(account.settings, account.clients, extractor)
        assert run_trial(event, LambdaContext(), consumer) == {"pages": 3, "chunks": 1}
        with pytest.raises(ObjectMissingError, match="there is no document"):
            run_trial({"trial": {"document_id": "nosuch"}}, LambdaContext(), consumer)
        with pytest.raises(ValueError, match="document_id"):
            run_trial({"trial": {}}, LambdaContext(), consumer)
    assert take_stock(account) == before
    assert not is_trial({"Records": []})


def test_a_function_without_trials_says_so(account):
    with Extractor() as extractor:
        consumer, _ = build_ingest(account.settings, account.clients, extractor)
    without = replace(consumer, try_out=None)
    with pytest.raises(MessageDecodeError, match="ingest has no trials"):
        run_trial({"trial": {}}, LambdaContext(), without)
