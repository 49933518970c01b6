"""What all tasks of users have in common, from the queue to the result, on moto."""

import json
from collections import Counter

import pytest

from functions.wiring import utc_now
from shared.aws.dynamodb_table import Update
from shared.ledger.document_lists import list_documents
from shared.ledger.documents import find_document
from shared.ledger.tasks import list_tasks, task_row_key
from shared.lifecycle import DocumentStatus, TaskStatus
from shared.messages.task_names import digest_text, name_digest_task
from tests.fakes.aws.moved_letters import put_moved_letter
from tests.fakes.desks.task_desk import HARBOUR_PAGES, HARBOUR_SCHEMA, open_task_desk
from tests.fakes.model.chat_behaviours import failing
from tests.fakes.pdf.pdf_files import make_text_pdf


def test_tasks_and_documents_are_listed_apart(offline):
    document = offline.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    offline.do("summarize", id="t-1", text="One sentence is here.")
    offline.do("ask", id="t-2", question="What lands?", documents=["skagen.pdf"])
    assert [t.task_id for t in list_tasks(offline.table, utc_now, 2)] == ["t-2", "t-1"]
    listed = [d.document_id for d in list_documents(offline.table, utc_now, 2)]
    assert listed == [document.document_id]


def test_the_first_of_two_tasks_with_one_id_wins(offline):
    first = offline.do("summarize", id="mine", text="The first text is here.")
    offline.do("summarize", id="mine", text="Another text is here.")
    assert offline.task("mine") == first
    ((body, failure),) = offline.letters()
    assert body["text"] == "Another text is here."
    assert failure["error_type"] == "TaskConflictError"
    assert offline.steps("mine")[-1] == "conflicting_message_refused"


def test_an_id_of_the_pipeline_s_own_tasks_is_refused_to_users(offline):
    task = offline.do("summarize", id=name_digest_task("2026-03-01", "mine"), text="A text.")
    assert task.status is TaskStatus.FAILED
    assert "begins as the pipeline's own tasks do" in task.reason
    own = name_digest_task("2026-03-01", digest_text("A text."))
    assert offline.do("summarize", id=own, text="A text.").status is TaskStatus.DONE


def test_a_task_that_is_sent_twice_is_done_once(desk):
    body = {"id": "twice", "text": "The text is here."}
    desk.do("summarize", **body)
    calls, steps = len(desk.server.calls), desk.steps("twice")
    desk.do("summarize", **body)
    assert len(desk.server.calls) == calls
    assert desk.steps("twice") == steps


def test_a_task_without_an_id_goes_by_that_of_its_message(offline):
    task_id = offline.send("summarize", text="The text is here.")
    offline.pipeline.run()
    assert offline.task(task_id).status is TaskStatus.DONE


@pytest.mark.parametrize("kind", ["extract", "agent"])
def test_what_needs_a_language_model_says_so(offline, kind):
    content = {
        "extract": {"text": "x", "schema": HARBOUR_SCHEMA},
        "agent": {"prompt": "Look at all documents."},
    }[kind]
    task = offline.do(kind, id="t", **content)
    assert task.status is TaskStatus.FAILED
    assert "needs a language model" in task.reason
    assert "OPENAI_API_KEY" in task.reason
    ((_, failure),) = offline.letters()
    assert failure["error_type"] == "TaskRefusedError"


def test_a_document_without_text_is_refused_with_advice(offline):
    offline.put("scan.pdf", make_text_pdf(""))
    task = offline.do("ask", id="t", question="What?", documents=["scan.pdf"])
    assert task.status is TaskStatus.FAILED
    assert "run OCR on it first" in task.reason


def test_an_unknown_document_is_waited_for_and_then_refused(offline, monkeypatch):
    task_id = offline.send("ask", question="What?", documents=["nope.pdf"])
    offline.pipeline.worker.poll()
    assert offline.steps(task_id) == ["received", "deferred"]
    offline.age_task(task_id, minutes=2)
    offline.make_waits_end()
    offline.pipeline.run()
    task = offline.task(task_id)
    assert task.status is TaskStatus.FAILED
    assert "there is no document 'nope.pdf'" in task.reason


def test_a_task_that_is_given_up_is_taken_up_by_a_replay(desk):
    desk.server.script(failing("content_filter"))
    content = {"id": "again", "text": "The text is here."}
    task = desk.do("summarize", **content)
    assert task.status is TaskStatus.FAILED
    assert desk.letters()[0][1]["error_type"] == "ModelRefusalError"
    task = desk.do("summarize", **content)
    assert (task.status, task.attempts, task.reason) == (TaskStatus.DONE, 2, None)
    assert desk.steps("again") == [
        "received", "started", "answer_unusable", "failed", "started", "answered", "finished",
    ]  # fmt: skip


def test_what_unusable_answers_cost_is_counted_on_the_task():
    price = {"tiny": {"input": 1.0, "output": 1.0}}
    with open_task_desk(model_prices=price, max_receive_count=1) as desk:
        desk.server.traits.mix = {"prose": 1.0}
        task = desk.do("summarize", id="t", text="The text is here.")
        assert task.status is TaskStatus.FAILED
        assert task.cost_micro_usd > 0
        assert "answer_unusable" in desk.steps("t")


def test_a_task_has_a_spending_limit_of_its_own():
    settings = {"model_prices": {"tiny": {"input": 1.0, "output": 1.0}}}
    with open_task_desk(document_cap_usd=0.0001, **settings) as desk:
        task = desk.do("summarize", text="The text is here.")
        assert task.status is TaskStatus.FAILED
        assert "its limit is $0.0001" in task.reason
        assert desk.server.calls == []


def test_a_failed_document_that_has_text_can_be_asked_about(desk):
    desk.server.traits.mix = {"refusal": 1.0}
    document = desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    assert document.status is DocumentStatus.FAILED
    desk.server.traits.mix = {"ok": 1.0}
    task = desk.do("ask", question="When?", documents=["skagen.pdf"])
    assert task.status is TaskStatus.DONE
    assert find_document(desk.table, document.document_id) == document


def test_an_answer_outlives_a_failure_to_write_the_result(desk):
    s3, bucket = desk.account.clients.s3, desk.account.settings.artifacts_bucket
    s3.delete_bucket(Bucket=bucket)
    task = desk.do("summarize", id="t", text="The text is here.")
    assert task.status is TaskStatus.RUNNING
    assert desk.steps("t") == ["received", "started", "answered", "deferred"]
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    desk.make_waits_end()
    desk.pipeline.run()
    task = desk.task("t")
    assert (task.status, task.attempts) == (TaskStatus.DONE, 2)
    assert len(desk.server.calls) == 1
    assert desk.result(task)["input_tokens"] == task.input_tokens > 0


def test_a_task_whose_process_died_is_settled_by_the_sweep(desk):
    """After the last receive SQS moves a message to the DLQ by itself, without a cause."""
    sqs, settings = desk.account.clients.sqs, desk.account.settings
    desk.send("ask", id="t", question="What?", documents=["nope.pdf"])
    desk.pipeline.worker.poll()
    desk.drain_work_queue()
    body = {"kind": "ask", "id": "t", "question": "What?", "documents": ["nope.pdf"]}
    put_moved_letter(sqs, settings.work_dlq_url, json.dumps(body))
    sqs.send_message(QueueUrl=settings.work_queue_url, MessageBody='{"kind": "sweep", "v": 1}')
    desk.pipeline.run()
    task = desk.task("t")
    assert task.status is TaskStatus.FAILED
    assert "process died" in task.reason
    ((_, failure),) = desk.letters()
    assert failure["error_type"] == "ProcessDied"


def count_calls(desk, work):
    """The requests to DynamoDB and S3 that some work takes, by operation."""
    calls = Counter()

    def count(model, **_):
        calls[model.name] += 1

    clients = (desk.account.clients.dynamodb, desk.account.clients.s3)
    for client in clients:
        client.meta.events.register("before-call.*", count, unique_id="count")
    try:
        work()
    finally:
        for client in clients:
            client.meta.events.unregister("before-call.*", unique_id="count")
    return dict(calls)


def test_a_text_without_a_model_takes_four_requests(offline):
    offline.send("summarize", id="t", text="The pier is long. It was built in 1907.")
    calls = count_calls(offline, offline.pipeline.worker.poll)
    # The claim, the two files of its result, and the task with them.
    assert calls == {"PutItem": 2, "PutObject": 2}
    assert offline.task("t").status is TaskStatus.DONE


def test_a_task_that_comes_again_while_its_claim_holds_goes_at_once(offline):
    body = {"id": "t", "text": "The pier is long. It was built in 1907."}
    offline.do("summarize", **body)
    offline.send("summarize", **body)
    # The claim that is there, and what became of the task.
    assert count_calls(offline, offline.pipeline.worker.poll) == {"PutItem": 1, "GetItem": 1}
    assert offline.account.count_messages(offline.account.settings.work_queue_url) == 0
    assert offline.steps("t") == ["received", "started", "finished"]


def test_a_task_that_comes_again_while_it_is_worked_on_waits(offline):
    body = {"id": "t", "text": "The pier is long. It was built in 1907."}
    offline.do("summarize", **body)
    running = {"status": TaskStatus.RUNNING}
    offline.table.update_row(Update(*task_row_key("t"), assign=running))
    offline.send("summarize", **body)
    offline.pipeline.worker.poll()
    assert offline.account.count_messages(offline.account.settings.work_queue_url) == 1
    assert offline.steps("t")[-1] == "returned"
