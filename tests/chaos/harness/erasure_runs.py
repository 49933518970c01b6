"""A document is erased while functions work on it, or its eraser dies: nothing of it is left."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from functions.operator import build_operator
from pipeline.erasure.erase_document import erase_document, settle_erasures
from pipeline.erasure.erasure_types import SETTLES_AFTER, ErasureEnd, ErasureServices
from pipeline.extraction.extractor import Extractor
from pipeline.page_views.view_keys import name_view
from shared.dead_letters.reading import ReadingPace
from shared.errors import SeashoreError
from shared.messages.uploads import Upload
from tests.chaos.harness.schedule_runs import Ending
from tests.chaos.harness.schedules import (
    Event,
    ProcessDiedError,
    Schedule,
    World,
    read_ledger,
    watching,
)
from tests.fakes.aws.aws_account import AwsAccount
from tests.fakes.aws.kept_account import open_account
from tests.fakes.pdf.pdf_files import make_prose_pdf

WORK, ERASER = "erased during its work", "eraser"
_KEY = "report.pdf"
_LATER = SETTLES_AFTER + timedelta(minutes=1)
_QUEUES = ("uploads_queue_url", "uploads_dlq_url", "work_queue_url", "work_dlq_url")


def list_erasures(calls: dict[str, int]) -> list[Schedule]:
    """The document erased at each call of its work, and each kind of end at each of its eraser."""
    at_work = [Schedule(WORK, ((number, Event.ERASED),)) for number in range(1, calls[WORK] + 1)]
    of_eraser = [
        Schedule(ERASER, ((number, event),))
        for number in range(1, calls[ERASER] + 1)
        for event in (Event.DEATH_BEFORE, Event.DEATH_AFTER, Event.ANSWER_LOST, Event.NOT_SENT)
    ]
    return at_work + of_eraser


def run_erasure(schedule: Schedule, extractor: Extractor) -> Ending:
    """Carry out a schedule on an account of its own, and look at what is left of the document."""
    with _open_world(schedule, extractor) as (world, services, document_id):
        ends: list[ErasureEnd] = []

        def erase() -> None:
            ends.append(erase_document(document_id, "ada", services))

        world.erase = erase
        if schedule.scenario == WORK:
            with watching(world):
                is_over = world.run(lambda: True)
        else:
            is_over = world.run(lambda: True)
            with watching(world), suppress(ProcessDiedError, SeashoreError):
                world.count_calls_of(erase)
            # Whoever got an error asks again.
            erase()
        faults = [] if is_over else ["it comes to no end"]
        if set(ends) - {ErasureEnd.UNKNOWN}:
            faults += _settle_and_look(world, services, document_id)
        return Ending(schedule, world.calls, len(world.happened), tuple(faults))


@contextmanager
def _open_world(
    schedule: Schedule, extractor: Extractor
) -> Iterator[tuple[World, ErasureServices, str]]:
    with open_account(openai_api_key_secret="a-secret", chunk_tokens=500) as account:
        body = make_prose_pdf(1)
        version_id = account.upload(_KEY, body)
        bucket = account.settings.documents_bucket
        etag = account.clients.s3.head_object(Bucket=bucket, Key=_KEY)["ETag"].strip('"')
        view = name_view(hashlib.sha256(body).hexdigest(), 1)
        for key in (view.picture, view.layout):
            account.clients.s3.put_object(
                Bucket=account.settings.artifacts_bucket, Key=key, Body=b"somebody has looked at it"
            )
        upload = Upload(bucket, _KEY, version_id, etag, len(body), "0A")
        world = World(account, extractor, schedule)
        operator = build_operator(account.settings, account.clients)
        services = replace(operator.services, now=world.now, pace=ReadingPace(wait_seconds=0))
        yield world, services, upload.document_id


def _settle_and_look(world: World, services: ErasureServices, document_id: str) -> Iterator[str]:
    """Let the operator function's tick come twice, and tell what it has left."""
    for _ in range(2):
        world.skip(_LATER)
        settle_erasures(services)
    account = world.account
    for row in read_ledger(account):
        is_tombstone = row["pk"] == f"DOC#{document_id}" and row["sk"] == "DOC"
        if is_tombstone and "in_flight" not in row and "status" not in row:
            continue
        if not row["pk"].startswith("SPEND#"):
            yield f"the row {row['pk']} {row['sk']} is left"
    yield from _find_objects(account)
    for name in _QUEUES:
        if account.count_messages(getattr(account.settings, name)):
            yield f"messages in {name}"


def _find_objects(account: AwsAccount) -> Iterator[str]:
    for bucket in (account.settings.documents_bucket, account.settings.artifacts_bucket):
        listed = account.clients.s3.list_object_versions(Bucket=bucket)
        for version in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]:
            yield f"the object {version['Key']} is left"
