"""A document erased with all that was made of it: nothing of it is left, wherever it breaks off."""

import itertools
import json
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from functions.wiring import utc_now
from pipeline.dead_letters.discard import discard
from pipeline.dead_letters.hold import LetterOutcome, LetterServices
from pipeline.erasure.erase_document import erase_document, settle_erasures
from pipeline.erasure.erasure_types import SETTLES_AFTER, ErasureEnd, ErasureServices
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.dead_letters.letters import DeadLetterQueue
from shared.dead_letters.reading import ReadingPace, read_letters
from shared.errors import AccessDeniedError
from shared.ledger.documents import DOCUMENT_SK, document_pk, document_row_key, find_document
from shared.ledger.erasures import find_erasure, list_open_erasures
from shared.ledger.tasks import fail_task, find_task
from shared.ledger.waiting import note_wait
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.queue_catalogue import SWEPT_QUEUES
from tests.fakes.aws.ledger_rows import scan_rows
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_text_pdf

SECRET = "Ravnsund"
PIER = make_text_pdf(f"The pier at {SECRET} was opened in 1931 by the mayor.")
FERRY = make_text_pdf("The ferry leaves at noon and comes back at dusk.")
WHO = "arn:aws:iam::1:user/ada"


@pytest.fixture
def pipeline(account):
    with run_pipeline(account) as pipeline:
        yield pipeline


@pytest.fixture
def services(account, pipeline):
    return make_services(account, pipeline.table)


def make_services(account, table, now=utc_now):
    settings = account.settings
    return ErasureServices(
        table=table,
        objects=ObjectStore(account.clients.s3),
        queues=Queues(account.clients.sqs),
        documents_bucket=settings.documents_bucket,
        artifacts_bucket=settings.artifacts_bucket,
        dlqs=tuple(DeadLetterQueue(queue, *queue.find_urls(settings)) for queue in SWEPT_QUEUES),
        zone=ZoneInfo("UTC"),
        now=now,
        stopwatch=time.monotonic,
        pace=ReadingPace(wait_seconds=0),
    )


def settle(account, table):
    return settle_erasures(
        make_services(account, table, lambda: utc_now() + SETTLES_AFTER + timedelta(minutes=1))
    )


def everything(pipeline):
    """All that the account holds, as text: every version of every object, rows, dead letters."""
    account = pipeline.account
    held = [str(scan_rows(pipeline.table))]
    for bucket in (account.settings.documents_bucket, account.settings.artifacts_bucket):
        listed = account.clients.s3.list_object_versions(Bucket=bucket)
        held += [marker["Key"] for marker in listed.get("DeleteMarkers", [])]
        for version in listed.get("Versions", []):
            body = account.clients.s3.get_object(
                Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"]
            )["Body"].read()
            held += [version["Key"], body.decode(errors="replace")]
    return "\n".join(held)


def ask(pipeline, task_id, *documents):
    message = {"v": 1, "kind": "ask", "id": task_id, "question": "When was the pier opened?",
               "documents": documents}  # fmt: skip
    queue = pipeline.account.settings.work_queue_url
    pipeline.account.clients.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(message))


def put_all(pipeline):
    """Two documents and a portfolio that holds one of them, tasks about them, a report's list."""
    account = pipeline.account
    account.upload(
        "secret.pdf", make_portfolio([("inside.pdf", PIER)], cover=f"Of {SECRET} and its pier.")
    )
    account.upload("other.pdf", FERRY)
    pipeline.run()
    ask(pipeline, "about-it", "secret.pdf")
    ask(pipeline, "about-both", "other.pdf", "secret.pdf")
    ask(pipeline, "about-other", "other.pdf")
    pipeline.run()
    ids = {key: pipeline.document(key).document_id for key in ("secret.pdf", "other.pdf")}
    lines = [f"{document_id},{key},DONE" for key, document_id in ids.items()]
    day = f"{utc_now():%Y-%m-%d}"
    for _ in range(2):
        account.clients.s3.put_object(
            Bucket=account.settings.artifacts_bucket,
            Key=f"reports/{day}/documents.csv",
            Body="\r\n".join(["id,key,status", *lines, ""]).encode(),
        )
    letter = {"v": 1, "kind": "combine", "document_id": ids["secret.pdf"], "run": 1,
              "chunks_done": 1}  # fmt: skip
    for document_id in ids.values():
        account.clients.sqs.send_message(
            QueueUrl=account.settings.work_dlq_url,
            MessageBody=json.dumps({**letter, "document_id": document_id}),
        )
    return ids


def check_gone(pipeline, ids):
    left = everything(pipeline)
    assert SECRET not in left
    assert "secret.pdf" not in left
    assert "inside.pdf" not in left
    assert find_document(pipeline.table, ids["secret.pdf"]) is None
    assert find_erasure(pipeline.table, ids["secret.pdf"]).erased_by == WHO
    assert (find_task(pipeline.table, "about-it"), find_task(pipeline.table, "about-both")) == (
        None,
        None,
    )
    other = pipeline.document("other.pdf")
    assert other.status is DocumentStatus.DONE
    assert pipeline.read_artifact(other.result_key)["document_id"] == other.document_id
    assert pipeline.read_artifact(find_task(pipeline.table, "about-other").result_key)
    assert f"{other.document_id},other.pdf,DONE" in left
    assert pipeline.account.count_messages(pipeline.account.settings.work_dlq_url) == 1


def test_nothing_of_an_erased_document_is_left_and_all_of_the_others(pipeline, services):
    ids = put_all(pipeline)
    assert erase_document(ids["secret.pdf"], WHO, services) is ErasureEnd.ERASED
    check_gone(pipeline, ids)
    assert erase_document(ids["secret.pdf"], "somebody else", services) is ErasureEnd.GONE
    assert settle(pipeline.account, pipeline.table) == 2
    assert list(list_open_erasures(pipeline.table)) == []
    check_gone(pipeline, ids)
    assert erase_document("d" + "0" * 20, WHO, services) is ErasureEnd.UNKNOWN


def erase_and_write_late(pipeline, services):
    """One document of a task erased, whose attempt writes its result all the same."""
    pipeline.account.upload("secret.pdf", PIER)
    pipeline.account.upload("other.pdf", FERRY)
    pipeline.run()
    ask(pipeline, "about-it", "secret.pdf")
    pipeline.run()
    erase_document(pipeline.document("secret.pdf").document_id, WHO, services)
    key = "results/tasks/about-it/1/result.json"
    bucket = services.artifacts_bucket
    services.objects.write_text(bucket, key, f'{{"answer": "{SECRET}"}}', "application/json")
    return key


def test_a_task_that_comes_again_keeps_its_own_result_and_nothing_of_before(pipeline, services):
    key = erase_and_write_late(pipeline, services)
    ask(pipeline, "about-it", "other.pdf")
    pipeline.run()
    task = find_task(pipeline.table, "about-it")
    assert (task.status, task.result_key) == (TaskStatus.DONE, key)
    assert SECRET in everything(pipeline)
    assert settle(pipeline.account, pipeline.table) == 1
    assert SECRET not in everything(pipeline)
    assert pipeline.read_artifact(key)["task_id"] == "about-it"


def test_an_erasure_is_open_until_a_task_that_came_again_is_final(pipeline, services):
    erase_and_write_late(pipeline, services)
    ask(pipeline, "about-it", "other.pdf", "secret.pdf")
    pipeline.run()
    task = find_task(pipeline.table, "about-it")
    assert task.status is TaskStatus.RECEIVED
    assert settle(pipeline.account, pipeline.table) == 0
    fail_task(pipeline.table, task, "there is no such document", utc_now)
    assert settle(pipeline.account, pipeline.table) == 1
    assert SECRET not in everything(pipeline)


def test_the_copy_of_a_discarded_letter_about_a_task_goes_with_it(pipeline, services):
    account = pipeline.account
    pipeline.account.upload("secret.pdf", PIER)
    pipeline.run()
    ask(pipeline, "about-it", "secret.pdf")
    pipeline.run()
    message = {"v": 1, "kind": "ask", "id": "about-it", "question": f"Where is {SECRET}?",
               "documents": ["secret.pdf"]}  # fmt: skip
    account.clients.sqs.send_message(
        QueueUrl=account.settings.work_dlq_url, MessageBody=json.dumps(message)
    )
    letter_services = LetterServices(
        services.queues, services.table, services.dlqs, services.pace, WHO, utc_now,
        services.stopwatch, lambda seconds: None,
    )  # fmt: skip
    letters = read_letters(services.queues, services.dlqs, services.pace, services.stopwatch)
    outcomes = discard(letters, letter_services, services.objects, services.artifacts_bucket)
    assert [one.ending for one in outcomes] == [LetterOutcome.DISCARDED]
    assert SECRET in everything(pipeline)
    erase_document(pipeline.document("secret.pdf").document_id, WHO, services)
    assert SECRET not in everything(pipeline)


def test_letters_that_somebody_held_go_at_the_second_look(pipeline, services):
    account = pipeline.account
    ids = put_all(pipeline)
    dlq_url = account.settings.work_dlq_url
    message = {"v": 1, "kind": "ask", "id": "about-it", "question": f"Where is {SECRET}?",
               "documents": ["secret.pdf"]}  # fmt: skip
    account.clients.sqs.send_message(QueueUrl=dlq_url, MessageBody=json.dumps(message))
    held = services.queues.receive(dlq_url, 600)
    assert len(held) == 3
    erase_document(ids["secret.pdf"], WHO, services)
    services.queues.change_visibility_batch(dlq_url, [one.receipt_handle for one in held], 0)
    assert account.count_messages(dlq_url) == 3
    settle(account, pipeline.table)
    (left,) = services.queues.receive(dlq_url, 0)
    assert ids["other.pdf"] in left.body


def test_an_erasure_that_fails_keeps_no_other_from_being_settled(pipeline, monkeypatch):
    account = pipeline.account
    services = make_services(account, pipeline.table)
    for key, content in (("a.pdf", PIER), ("b.pdf", FERRY)):
        account.upload(key, content)
        pipeline.run()
        erase_document(pipeline.document(key).document_id, WHO, services)
    first, second = list_open_erasures(pipeline.table)
    list_versions = ObjectStore.list_versions

    def refuse(objects, bucket, prefix):
        if first in prefix:
            raise AccessDeniedError("no", delay_seconds=60, reason="access_denied")
        return list_versions(objects, bucket, prefix)

    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "list_versions", refuse)
        with pytest.raises(AccessDeniedError):
            settle(account, pipeline.table)
    assert list(list_open_erasures(pipeline.table)) == [first]
    assert find_erasure(pipeline.table, second).leftovers is None
    assert settle(account, pipeline.table) == 1


class DeadError(BaseException):
    """The process dies."""


def test_an_erasure_can_die_after_any_write_and_is_finished_by_the_next_look(account, pipeline):
    """One document, killed after its first, second, third … write, each time begun anew."""
    ids = put_all(pipeline)
    writes = itertools.count()
    limit = 0

    def count(model, **_):
        if model.name not in ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteObjects",
                              "DeleteMessageBatch", "PutObject"):  # fmt: skip
            return
        if next(writes) >= limit:
            raise DeadError

    events = [getattr(account.clients, name).meta.events for name in ("dynamodb", "s3", "sqs")]
    for one in events:
        one.register("after-call", count)
    deaths = 0
    while True:
        writes, limit = itertools.count(), deaths
        try:
            erase_document(ids["secret.pdf"], WHO, make_services(account, pipeline.table))
            break
        except DeadError:
            deaths += 1
    for one in events:
        one.unregister("after-call", count)
    assert deaths > 5
    settle(account, pipeline.table)
    check_gone(pipeline, ids)


@pytest.mark.parametrize("steps", range(4))
def test_a_document_in_flight_is_erased_and_late_messages_write_nothing(pipeline, services, steps):
    pipeline.account.upload("secret.pdf", PIER)
    for step in range(steps):
        (pipeline.ingest if step == 0 else pipeline.worker).poll()
    if steps == 0:
        pipeline.ingest.poll()
    document = pipeline.document("secret.pdf")
    assert erase_document(document.document_id, WHO, services) is ErasureEnd.ERASED
    account = pipeline.account
    account.announce("secret.pdf", document.version_id, document.etag, document.size_bytes)
    before = everything(pipeline)
    pipeline.run()
    assert everything(pipeline) == before
    assert SECRET not in before
    for dlq in ("uploads_dlq_url", "work_dlq_url"):
        assert account.count_messages(getattr(account.settings, dlq)) == 0


def test_a_late_wait_leaves_no_row_of_an_erased_document(account, pipeline, services):
    pipeline.account.upload("secret.pdf", PIER)
    pipeline.ingest.poll()
    document_id = pipeline.document("secret.pdf").document_id
    erase_document(document_id, WHO, services)
    settle(account, pipeline.table)
    details = {"item": "chunk:1", "reason": "throttled", "delay_seconds": 60}
    note_wait(pipeline.table, document_row_key(document_id), utc_now(), "deferred", details)
    left = [sk for pk, sk in scan_rows(pipeline.table) if pk == document_pk(document_id)]
    assert left == [DOCUMENT_SK]


def test_a_text_that_another_document_shares_stays_until_that_one_goes(pipeline, services):
    account = pipeline.account
    for key in ("one.pdf", "two.pdf"):
        account.upload(key, PIER)
        pipeline.run()
    one, two = (pipeline.document(key) for key in ("one.pdf", "two.pdf"))
    assert one.text_address == two.text_address
    erase_document(one.document_id, WHO, services)
    assert read_texts(account) == 1
    ask(pipeline, "still", "two.pdf")
    pipeline.run()
    assert "1931" in pipeline.read_artifact(find_task(pipeline.table, "still").result_key)["answer"]
    erase_document(two.document_id, WHO, services)
    settle(account, pipeline.table)
    assert read_texts(account) == 0
    assert SECRET not in everything(pipeline)


def read_texts(account):
    listed = account.clients.s3.list_objects_v2(
        Bucket=account.settings.artifacts_bucket, Prefix="text/"
    )
    return listed["KeyCount"]


def test_the_version_before_is_the_newest_again(pipeline, services):
    account = pipeline.account
    account.upload("a.pdf", FERRY)
    pipeline.run()
    older = pipeline.document("a.pdf")
    put = account.clients.s3.put_object(
        Bucket=account.settings.documents_bucket, Key="a.pdf", Body=PIER
    )
    account.announce("a.pdf", put["VersionId"], put["ETag"], len(PIER), "0B")
    pipeline.run()
    newer = pipeline.document("a.pdf")
    assert newer.document_id != older.document_id
    erase_document(newer.document_id, WHO, services)
    left = pipeline.document("a.pdf")
    assert (left.document_id, left.superseded_by) == (older.document_id, None)
