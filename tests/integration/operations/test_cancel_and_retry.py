"""What has not begun is cancelled and what failed is tried again, whatever runs meanwhile."""

import json

import pytest

from pipeline.operations.cancel import (
    cancel,
    find_in_flight,
    find_tasks,
    list_waiting_tasks,
    plan_cancel,
)
from pipeline.operations.retry import plan_retry, retry
from pipeline.operations.selection import Selection, find_selected
from pipeline.tasks.intake import register_order
from shared.errors import InvalidRequestError, LedgerConflictError, ModelRequestError
from shared.ledger.cancelling import cancel_document, cancel_task
from shared.ledger.documents import find_document
from shared.ledger.tasks import find_task, register_task, start_task
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.tasks import TASK
from tests.fakes.dead_letter_boxes import receive_all
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.operations import DEADLINE, build_operation_services, redo, select
from tests.fakes.pdf.nesting_pdf_files import make_portfolio
from tests.fakes.pdf.pdf_files import make_prose_pdf, make_text_pdf
from tests.fakes.replays import MoodyModel, list_steps

MINUTES = ("minutes.pdf", make_prose_pdf(1))


@pytest.fixture
def model():
    return MoodyModel()


@pytest.fixture
def services(account):
    return build_operation_services(account)


@pytest.fixture
def pipeline(account, model):
    # A chunk a page.
    account.settings = account.settings.model_copy(update={"context_window_tokens": 3_940})
    with run_pipeline(account, model=model) as pipeline:
        yield pipeline


def cancel_all(services, *names):
    tasks = [] if names else list_waiting_tasks(services)
    documents = find_in_flight(select(*names), services)
    return cancel(plan_cancel(documents, tasks), services, DEADLINE)


def retry_all(services, *names, tasks=()):
    documents = [] if tasks else find_selected(select(*names), services)
    plan = plan_retry(documents, find_tasks(tasks, services), services)
    return plan, retry(plan, services, DEADLINE)


def ask(pipeline, task_id, **more):
    message = {"v": 1, "kind": "summarize", "id": task_id, "text": "The pier opened.", **more}
    queue = pipeline.account.settings.work_queue_url
    pipeline.account.clients.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(message))


def test_a_document_is_cancelled_before_any_part_is_summarised(pipeline, services, model, account):
    account.upload("a.pdf", make_prose_pdf(2))
    pipeline.ingest.poll()
    result = cancel_all(services)
    assert (result.cancelled, result.begun, result.is_complete) == (1, 0, True)
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.reason_code) == (DocumentStatus.CANCELLED, "cancelled")
    assert model.calls == 0
    for queue in ("work_queue_url", "work_dlq_url"):
        assert account.count_messages(getattr(account.settings, queue)) == 0
    assert list_steps(pipeline, document)[-1] == "cancelled"


def test_what_has_begun_goes_on(pipeline, services, account):
    account.upload("a.pdf", make_prose_pdf(2))
    pipeline.ingest.poll()
    early = pipeline.document("a.pdf")
    pipeline.worker.poll()
    plan = plan_cancel([pipeline.document("a.pdf")], [])
    assert (plan.documents, plan.skipped) == ((), {"has_begun": 1})
    # Seen before its first part was summarised, cancelled after: the ledger does not let it.
    with pytest.raises(LedgerConflictError):
        cancel_document(services.table, early, "ada", services.now)
    pipeline.run()
    assert pipeline.document("a.pdf").status is DocumentStatus.DONE
    assert plan_cancel([pipeline.document("a.pdf")], []).skipped == {"final": 1}


def test_a_part_that_is_on_its_way_when_its_document_is_cancelled_is_not_counted(
    pipeline, services, model, account
):
    account.upload("a.pdf", make_prose_pdf(1))
    pipeline.ingest.poll()
    answer = model.answer

    def cancel_meanwhile(request, deadline):
        cancel_all(services)
        return answer(request, deadline)

    model.answer = cancel_meanwhile
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.chunks_done) == (DocumentStatus.CANCELLED, 0)
    assert account.count_messages(account.settings.work_dlq_url) == 0


def test_a_redo_that_is_cancelled_leaves_the_document_as_it_was(pipeline, services, model, account):
    account.upload("a.pdf", make_prose_pdf(2))
    pipeline.run()
    before, asked = pipeline.document("a.pdf"), model.calls
    redo(services, is_fresh=True)
    pipeline.worker.poll()
    assert pipeline.document("a.pdf").status is DocumentStatus.SUMMARIZING
    result = cancel_all(services, "a.pdf")
    assert (result.cancelled, result.back) == (1, 1)
    pipeline.run()
    after = pipeline.document("a.pdf")
    assert (after.status, after.result_key, after.finished_at) == (
        before.status, before.result_key, before.finished_at,
    )  # fmt: skip
    assert model.calls == asked
    # The run that was cancelled is not taken for the next one.
    redo(services, order="again")
    pipeline.run()
    assert (pipeline.document("a.pdf").status, pipeline.document("a.pdf").run) == ("DONE", 3)


@pytest.mark.parametrize(
    ("make", "status", "told"),
    [
        (lambda: make_text_pdf("", ""), DocumentStatus.NO_TEXT, (2, "1-2")),
        (lambda: b"%PDF-1.7 and nothing more", DocumentStatus.REJECTED, (0, "")),
        (lambda: make_portfolio([MINUTES], cover=""), DocumentStatus.NO_TEXT, (1, "1")),
    ],
    ids=["blank", "damaged", "with files inside"],
)
def test_one_without_text_whose_redo_is_cancelled_tells_of_its_pages_as_before(
    pipeline, services, account, make, status, told
):
    account.upload("a.pdf", make())
    pipeline.run()
    before = pipeline.document("a.pdf")
    assert (before.status, before.pages, before.empty_pages) == (status, *told)
    redo(services, "a.pdf")
    pipeline.worker.poll()
    assert pipeline.document("a.pdf").status is DocumentStatus.RECEIVED
    assert cancel_all(services, "a.pdf").back == 1
    after = pipeline.document("a.pdf")
    # It is read from its first page again, if it is.
    moved = {"run", "updated_at", "next_page", "reading_milliseconds"}
    assert after.model_dump(exclude=moved) == before.model_dump(exclude=moved)
    # What was on its way to read it finds nothing to do.
    pipeline.run()
    assert pipeline.document("a.pdf").status is status
    redo(services, "a.pdf", order="again")
    pipeline.run()
    again = pipeline.document("a.pdf")
    assert (again.status, again.pages, again.empty_pages) == (status, *told)


def test_a_task_is_cancelled_before_it_starts_and_its_sender_told(account, pipeline, services):
    register_task(
        services.table, task_id="t", kind="summarize", about="", digest="d",
        callback="arn:aws:sqs:eu-west-1:123456789012:theirs", now=services.now,
    )  # fmt: skip
    assert cancel_all(services).cancelled == 1
    task = find_task(services.table, "t")
    assert task.status is TaskStatus.CANCELLED
    (word,) = receive_all(account.clients.sqs, account.settings.work_queue_url)
    assert json.loads(word["Body"])["kind"] == "task_callback"


def test_a_task_that_starts_first_goes_on_and_one_that_is_cancelled_first_is_not_started(
    account, pipeline, services
):
    def enter(task_id):
        return register_task(
            services.table, task_id=task_id, kind="ask", about="", digest="d", callback=None,
            now=services.now,
        )  # fmt: skip

    task = enter("first")
    start_task(services.table, task, services.now)
    with pytest.raises(LedgerConflictError):
        cancel_task(services.table, task, "ada", services.now)
    task = enter("second")
    cancel_task(services.table, task, "ada", services.now)
    with pytest.raises(LedgerConflictError):
        start_task(services.table, task, services.now)


def test_the_message_of_a_cancelled_task_is_acknowledged(account, pipeline, services):
    order = TASK.validate_python({"kind": "summarize", "id": "t", "text": "The pier opened."})
    register_order(order, services.table, services.now)
    assert cancel_all(services).cancelled == 1
    ask(pipeline, "t")
    pipeline.run()
    task = find_task(services.table, "t")
    assert (task.status, task.result_key) == (TaskStatus.CANCELLED, None)
    assert account.count_messages(account.settings.work_queue_url) == 0
    assert account.count_messages(account.settings.work_dlq_url) == 0


def test_a_failed_document_is_retried_by_its_letters(pipeline, services, model, account):
    model.moods["Page 2"] = ModelRequestError("unknown model")
    account.upload("a.pdf", make_prose_pdf(3))
    pipeline.run()
    assert pipeline.document("a.pdf").status is DocumentStatus.PARTIAL
    model.moods.clear()
    plan, result = retry_all(services, "a.pdf")
    assert (len(plan.letters), result.replayed, result.resumed) == (1, 1, 0)
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.chunks_done, document.run) == (DocumentStatus.DONE, 3, 1)
    assert account.count_messages(account.settings.work_dlq_url) == 0
    plan, _ = retry_all(services, "a.pdf")
    assert plan.skipped == {"not_failed": 1}


@pytest.mark.parametrize("mood", ["Page 2", "Page ", "combine"])
def test_a_failed_document_is_retried_though_its_letters_are_gone(
    pipeline, services, model, account, mood
):
    model.moods[mood] = ModelRequestError("unknown model")
    account.upload("a.pdf", make_prose_pdf(3))
    pipeline.run()
    assert receive_all(account.clients.sqs, account.settings.work_dlq_url)
    account.clients.sqs.purge_queue(QueueUrl=account.settings.work_dlq_url)
    model.moods.clear()
    _, result = retry_all(services)
    assert (result.replayed, result.resumed) == (0, 1)
    pipeline.run()
    document = pipeline.document("a.pdf")
    assert (document.status, document.chunks_done, document.run) == (DocumentStatus.DONE, 3, 1)


def test_a_cancelled_document_is_retried_by_another_run(pipeline, services, account):
    account.upload("a.pdf", make_prose_pdf(2))
    pipeline.ingest.poll()
    cancel_all(services)
    pipeline.run()
    _, result = retry_all(services)
    assert result.resumed == 1
    pipeline.run()
    document = find_document(services.table, pipeline.document("a.pdf").document_id)
    assert (document.status, document.run) == (DocumentStatus.DONE, 2)


def test_a_failed_task_is_retried_by_its_letter_and_without_one_says_so(
    pipeline, services, model, account
):
    model.moods["pier"] = ModelRequestError("unknown model")
    ask(pipeline, "t")
    pipeline.run()
    assert find_task(services.table, "t").status is TaskStatus.FAILED
    model.moods.clear()
    plan, result = retry_all(services, tasks=["t"])
    assert ([task.task_id for task in plan.tasks], result.replayed) == (["t"], 1)
    pipeline.run()
    assert find_task(services.table, "t").status is TaskStatus.DONE
    model.moods["pier"] = ModelRequestError("unknown model")
    ask(pipeline, "t2", text="The pier closed.")
    pipeline.run()
    account.clients.sqs.purge_queue(QueueUrl=account.settings.work_dlq_url)
    plan, _ = retry_all(services, tasks=["t2"])
    assert plan.skipped == {"message_gone": 1}


def test_who_does_not_say_which_are_meant_is_told(services):
    with pytest.raises(InvalidRequestError, match="say which"):
        list(find_selected(Selection(), services))
    with pytest.raises(InvalidRequestError, match="say which"):
        list(find_in_flight(Selection(), services))
