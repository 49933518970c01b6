"""Documents redone through the real handlers on moto: another run, once; the old result stays."""

import pytest

from pipeline.operations.redo import estimate_redo
from pipeline.operations.redo_document import redo_document
from shared.errors import InvalidRequestError, LedgerConflictError, ServiceError
from shared.ledger.documents import find_document
from shared.ledger.redoing import begin_redo
from shared.lifecycle import DocumentStatus
from shared.llm.call_chain import find_most_of_answer
from shared.messages.document_messages import Redo
from shared.messages.message import encode_message
from shared.messages.work_items import decode_work_message
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.operations import NamedModel, build_operation_services, redo
from tests.fakes.pdf.pdf_files import make_prose_pdf
from tests.fakes.pdf.picture_pdf_files import make_page_with_picture
from tests.fakes.replays import list_steps


@pytest.fixture
def first():
    return NamedModel("first")


@pytest.fixture
def second():
    return NamedModel("second")


@pytest.fixture
def services(account):
    return build_operation_services(account)


@pytest.fixture
def pipeline(account, first, second):
    # A chunk a page.
    account.settings = account.settings.model_copy(update={"context_window_tokens": 3_940})
    find = {"second": second}.get
    with run_pipeline(account, model=first, find_other=find) as pipeline:
        yield pipeline


def put(pipeline, key="report.pdf", pages=2):
    pipeline.account.upload(key, make_prose_pdf(pages))
    pipeline.run()
    document = pipeline.document(key)
    assert document.status is DocumentStatus.DONE
    return document


def test_another_model_writes_another_version_and_the_old_one_stays(
    pipeline, services, first, second
):
    old = put(pipeline)
    asked = first.calls
    plan, sent = redo(services, "report.pdf", model="second")
    assert (sent, plan.model, plan.skipped) == (1, "second", {})
    pipeline.run()
    new = pipeline.document("report.pdf")
    assert (new.status, new.run, new.model) == (DocumentStatus.DONE, old.run + 1, "second")
    assert (new.chunks_done, new.chunks_failed) == (2, 0)
    assert (first.calls, second.calls) == (asked, asked)
    assert pipeline.read_artifact(old.result_key)["model"] == "first"
    assert pipeline.read_artifact(new.result_key)["model"] == "second"
    assert "redone" in list_steps(pipeline, new)


@pytest.mark.parametrize("is_fresh", [False, True])
def test_kept_answers_count_unless_it_is_to_be_fresh(pipeline, services, first, is_fresh):
    put(pipeline)
    asked = first.calls
    redo(services, is_fresh=is_fresh)
    pipeline.run()
    new = pipeline.document("report.pdf")
    assert (new.status, new.run) == (DocumentStatus.DONE, 2)
    assert first.calls - asked == (asked if is_fresh else 0)


def test_the_same_order_redoes_a_document_once_however_often_it_comes(pipeline, services):
    put(pipeline)
    redo(services)
    _, again = redo(services)
    assert again == 1
    pipeline.run()
    plan, sent = redo(services)
    assert (sent, plan.skipped) == (0, {"ordered": 1})
    pipeline.run()
    assert pipeline.document("report.pdf").run == 2


def test_of_two_orders_for_the_same_run_one_is_carried_out(pipeline, services):
    put(pipeline)
    redo(services, order="one", model="second")
    redo(services, order="two")
    pipeline.run()
    document = pipeline.document("report.pdf")
    assert (document.run, document.status) == (2, DocumentStatus.DONE)
    assert list_steps(pipeline, document).count("redone") == 1


def test_what_goes_on_or_is_deleted_is_not_redone(pipeline, services, account):
    put(pipeline, "deleted.pdf")
    account.announce_deletion("deleted.pdf", sequencer="0B")
    pipeline.run()
    account.upload("going.pdf", make_prose_pdf(1))
    pipeline.ingest.poll()
    plan, sent = redo(services)
    assert (sent, plan.skipped) == (0, {"in_flight": 1, "deleted": 1})


def test_an_order_that_comes_late_finds_its_run_overtaken(pipeline, services):
    document = put(pipeline)
    order = Redo(document_id=document.document_id, run=1, order="late", by="ada")
    redo(services)
    pipeline.run()
    services.queues.send(services.work_queue_url, [encode_message(order)])
    pipeline.run()
    assert pipeline.document("report.pdf").run == 2


def test_a_document_that_moves_on_between_look_and_write_is_not_redone(pipeline, services):
    """What was read is FAILED or DONE, what is there by then goes on: the write is refused."""
    document = put(pipeline)
    order = Redo(document_id=document.document_id, run=1, order="one", by="ada")
    begin_redo(services.table, document, order, services.now)
    with pytest.raises(LedgerConflictError):
        begin_redo(services.table, document, order, services.now)
    running = find_document(services.table, document.document_id)
    late = order.model_copy(update={"order": "two", "run": running.run})
    with pytest.raises(LedgerConflictError):
        begin_redo(services.table, running, late, services.now)
    assert find_document(services.table, document.document_id).run == 2


def test_a_worker_that_dies_before_it_has_sent_the_chunks_sends_them_at_the_next_delivery(
    pipeline, services, monkeypatch
):
    document = put(pipeline)
    order = Redo(document_id=document.document_id, run=1, order="one", by="ada")

    def die(*given):
        raise ServiceError("no", delay_seconds=1, reason="aws_service")

    with monkeypatch.context() as patch:
        patch.setattr(type(services.queues), "send", die)
        with pytest.raises(ServiceError):
            redo_document(order, services)
    document = find_document(services.table, document.document_id)
    assert (document.status, document.run) == (DocumentStatus.EXTRACTED, 2)
    services.queues.send(services.work_queue_url, [encode_message(order)])
    pipeline.run()
    document = pipeline.document("report.pdf")
    assert (document.status, document.run, document.chunks_done) == (DocumentStatus.DONE, 2, 2)


def test_a_document_without_text_is_read_anew(pipeline, services, account):
    account.upload("scan.pdf", make_page_with_picture(400, 400, with_text=False))
    pipeline.run()
    assert pipeline.document("scan.pdf").status is DocumentStatus.NO_TEXT
    plan, sent = redo(services)
    assert (sent, plan.estimate.unread) == (1, 1)
    pipeline.run()
    document = pipeline.document("scan.pdf")
    assert (document.status, document.run) == (DocumentStatus.NO_TEXT, 2)
    assert list_steps(pipeline, document).count("extracted") == 2


def test_a_text_that_is_gone_is_read_anew_and_the_terms_hold(pipeline, services, account, second):
    document = put(pipeline)
    bucket = account.settings.artifacts_bucket
    for key in services.objects.list_keys(bucket, f"text/{document.text_address}/"):
        account.clients.s3.delete_object(Bucket=bucket, Key=key)
    redo(services, model="second")
    pipeline.run()
    new = pipeline.document("report.pdf")
    assert (new.status, new.model) == (DocumentStatus.DONE, "second")
    assert new.run > 2


def test_the_plan_says_what_it_takes_at_the_most(pipeline, services):
    put(pipeline, "a.pdf", pages=1)
    put(pipeline, "b.pdf", pages=2)
    plan, _ = redo(services)
    estimate = plan.estimate
    assert (len(plan.documents), estimate.sampled, estimate.unread) == (2, 2, 0)
    assert estimate.input_tokens > 3 * 1_500
    assert estimate.most_output_tokens == 4 * 3_500
    priced = estimate.input_tokens + 2 * estimate.most_output_tokens
    assert estimate.most_cost_micro_usd == priced
    # Each answer once more with twice the room, and once more with the answer that did not fit.
    most = find_most_of_answer(-(-estimate.input_tokens // 4), 3_500)
    assert estimate.asked_again_micro_usd == 4 * most.input_tokens + 8 * most.output_tokens
    assert estimate.asked_again_micro_usd > 4 * priced
    plan, _ = redo(services, order="two", model="second")
    assert plan.estimate.most_cost_micro_usd is None
    assert plan.estimate.asked_again_micro_usd is None
    with pytest.raises(InvalidRequestError, match="first, second"):
        redo(services, order="three", model="third")


def test_a_model_that_the_settings_name_no_more_leaves_a_letter_that_says_so(
    pipeline, services, account
):
    put(pipeline)
    redo(build_operation_services(account, models={"gone": None}), model="gone")
    pipeline.run()
    document = pipeline.document("report.pdf")
    assert document.status is DocumentStatus.FAILED
    assert account.count_messages(account.settings.work_dlq_url) == 2
    assert pipeline.read_artifact(document.result_key)["model"] == "first"


def test_messages_of_a_first_run_read_as_they_always_did(pipeline, account):
    account.upload("report.pdf", make_prose_pdf(1))
    pipeline.ingest.poll()
    (message,) = account.clients.sqs.receive_message(QueueUrl=account.settings.work_queue_url)[
        "Messages"
    ]
    assert "terms" not in message["Body"]
    assert decode_work_message(message["Body"]).terms is None


def test_sentences_that_are_picked_take_no_tokens(pipeline, services):
    estimate = estimate_redo([put(pipeline)], "extractive", services)
    taken = (estimate.input_tokens, estimate.most_output_tokens, estimate.most_cost_micro_usd)
    assert taken == (0, 0, 0)
