"""The functions that documents go through with their queues, driven by hand."""

import atexit
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from functions.convert import build_convert, build_converter
from functions.delivery.batch import process_batch
from functions.ingest import build_ingest, build_pdf_extractor
from functions.recognise import build_recognise
from functions.wiring import build_services
from functions.worker import build_worker
from pipeline.recognition.page_words import PageNotRecognisedError
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.children import CHILDREN_PREFIX
from shared.ledger.document_versions import find_current_document_id
from shared.ledger.documents import find_document
from shared.llm.extractive.extractive_model import ExtractiveModel
from tests.fakes.aws.aws_account import AwsAccount
from tests.fakes.aws.event_source import EventSource
from tests.fakes.aws.role_rights import RoleWatch

# What readers are built by: the function, and all that it takes from the settings.
_kept_readers = {}


def _keep_readers(build, settings):
    """Readers that outlive their pipeline, as a container's outlive an event.

    To start one takes as long as the rest of many a test. One that has died is replaced.
    """
    key = (build, settings.max_document_bytes, settings.max_document_pages)
    if key not in _kept_readers:
        _kept_readers[key] = build(settings)
        atexit.register(_kept_readers[key].close)
    return _kept_readers[key]


def _prepare(picture, deadline):
    """As Leptonica, which takes no file without bytes for a picture."""
    if not picture:
        raise PageNotRecognisedError("it is no picture that can be read")
    return picture


class RunningPipeline:
    """The ingest, the convert, the worker and the recognise function, each behind its queue."""

    def __init__(
        self,
        account,
        extractor,
        model,
        timeout_seconds=60.0,
        fallback=None,
        find_other=None,
        converter=None,
        engines=(),
    ):
        self.account = account
        self.roles = RoleWatch(account.clients.dynamodb)
        self._announced = set()
        self.table = LedgerTable(
            account.clients.dynamodb, account.settings.ledger_table, lambda seconds: None
        )
        built = [
            build_ingest(account.settings, account.clients, extractor),
            build_worker(
                account.settings, account.clients, model, fallback=fallback, find_other=find_other
            ),
            # It starts no reader before its first document.
            build_convert(account.settings, account.clients, converter),
            build_recognise(
                account.settings,
                account.clients,
                build_services(account.settings, account.clients),
                engines,
                _prepare,
            ),
        ]
        self.worker_consumer, _ = built[1]
        self.ingest, self.worker, self.convert, self.recognise = (
            EventSource(
                account.clients.sqs,
                consumer.queue_url,
                partial(self._handle, consumer, runtime),
                # Moto's backends are not made for threads, and the records of a batch run in some.
                batch_size=1,
                timeout_seconds=timeout_seconds,
            )
            for consumer, runtime in built
        )

    def _handle(self, consumer, runtime, event, context):
        with self.roles.act_as(f"{consumer.name.capitalize()}Function"):
            return process_batch(event, context, consumer, runtime)

    def run(self):
        """Poll all queues until none has a message to give."""
        sources = (self.ingest, self.convert, self.worker, self.recognise)
        announced, polled = self._announce_children(), [source.poll() for source in sources]
        while announced + sum(polled):
            # The first two put children; after the others there are none to be looked for.
            announced = self._announce_children() if any(polled[:2]) else 0
            polled = [source.poll() for source in sources]

    def list_children(self):
        """Each version of each object that the pipeline has put beside the documents."""
        return self.account.clients.s3.list_object_versions(
            Bucket=self.account.settings.documents_bucket, Prefix=CHILDREN_PREFIX
        ).get("Versions", [])

    def _announce_children(self):
        """Do what S3 does for an object that is put; moto's own notifications tell no version."""
        new = [one for one in self.list_children() if one["VersionId"] not in self._announced]
        for one in new:
            self._announced.add(one["VersionId"])
            self.account.announce(one["Key"], one["VersionId"], one["ETag"], one["Size"])
        return len(new)

    def document(self, key):
        document_id = find_current_document_id(
            self.table, self.account.settings.documents_bucket, key
        )
        return find_document(self.table, document_id)

    def read_artifact(self, key):
        answer = self.account.clients.s3.get_object(
            Bucket=self.account.settings.artifacts_bucket, Key=key
        )
        return json.loads(answer["Body"].read())


@contextmanager
def run_pipeline(
    account: AwsAccount,
    *,
    extractor=None,
    model=None,
    timeout_seconds=60.0,
    fallback=None,
    engines=(),
    find_other=None,
) -> Iterator[RunningPipeline]:
    """A pipeline on moto, with a real extractor and the offline model unless others are given.

    Each of its functions is held to what its role may do with rows.
    """
    pipeline = RunningPipeline(
        account,
        extractor or _keep_readers(build_pdf_extractor, account.settings),
        model or ExtractiveModel(),
        timeout_seconds,
        fallback,
        find_other,
        _keep_readers(build_converter, account.settings),
        engines,
    )
    with pipeline.roles.watch():
        yield pipeline
