"""The tasks that users send, from the queue to the result, through the real worker on moto."""

import json

import pytest

from functions.wiring import utc_now
from shared.ledger.document_lists import list_documents
from shared.ledger.documents import find_document
from shared.ledger.tasks import list_tasks
from shared.lifecycle import DocumentStatus, TaskStatus
from tests.fakes.chat_server import failing, saying
from tests.fakes.pdf_files import make_text_pdf
from tests.fakes.task_desk import open_task_desk

PAGES = (
    "The harbour of Skagen opened in 1907.\nIt is the northernmost of the country.",
    "The tide at the pier rises by thirty centimetres.\nThe pier was built of granite.",
    "Fishing boats land herring and mackerel.\nThe auction begins at six in the morning.",
)


@pytest.fixture
def desk():
    with open_task_desk() as desk:
        yield desk


@pytest.fixture
def offline():
    with open_task_desk(with_model=False) as desk:
        yield desk


# ---- ask -----------------------------------------------------------------------------------------


def test_a_question_is_answered_with_checked_citations(desk):
    document = desk.put("skagen.pdf", make_text_pdf(*PAGES))
    calls_before = len(desk.server.calls)
    task = desk.do("ask", id="q-1", question="When did it open?", documents=["skagen.pdf"])
    assert task.status is TaskStatus.DONE
    assert task.attempts == 1
    result = desk.result(task)
    assert result["answered"] is True
    assert result["citations"][0] == {
        "document_id": document.document_id,
        "key": "skagen.pdf",
        "page": 1,
        "quote": "The harbour of Skagen opened in 1907.",
    }
    assert result["pages_read"] == [
        {
            "document_id": document.document_id,
            "key": "skagen.pdf",
            "pages": "1-3",
            "of": 3,
            "could_not_be_read": "",
        }
    ]
    assert result["all_pages_read"] is True
    assert result["model"] == task.model == "tiny"
    assert result["input_tokens"] == task.input_tokens > 0
    assert len(desk.server.calls) == calls_before + 1
    assert "skagen.pdf, p. 1: “The harbour of Skagen opened in 1907.”" in desk.markdown(task)
    assert desk.steps("q-1") == ["received", "started", "answered", "finished"]
    assert desk.letters() == []


def test_what_a_model_makes_up_about_its_sources_is_dropped(desk):
    desk.put("skagen.pdf", make_text_pdf(*PAGES))
    answer = {
        "answer": "It opened in 1907.",
        "answered": True,
        "citations": [
            {"source": 2, "quote": "The harbour of Skagen opened in 1907."},
            {"source": 1, "quote": "The  harbour of\nSkagen opened in 1907."},
            {"source": 9, "quote": "The harbour"},
            {"source": 0, "quote": ""},
        ],
    }
    desk.server.script(saying(json.dumps(answer)))
    result = desk.result(desk.do("ask", question="When?", documents=["skagen.pdf"]))
    assert [(c["page"], c["quote"]) for c in result["citations"]] == [
        (2, None),
        (1, "The  harbour of\nSkagen opened in 1907."),
    ]
    assert result["answered"] is True


def test_an_answer_without_a_valid_citation_says_that_it_is_none(desk):
    desk.put("skagen.pdf", make_text_pdf(*PAGES))
    answer = {"answer": "42", "answered": True, "citations": [{"source": 7, "quote": "x"}]}
    desk.server.script(saying(json.dumps(answer)))
    task = desk.do("ask", question="When?", documents=["skagen.pdf"])
    assert desk.result(task)["answered"] is False
    assert "No page was found that supports an answer" in desk.markdown(task)


def test_of_what_does_not_fit_the_window_the_best_pages_are_read():
    filler = "\n".join(["words about nothing in particular and still more of them"] * 30)
    pages = [filler] * 20
    pages[13] = "The lighthouse keeper was called Anders.\n" + filler
    with open_task_desk(context_window_tokens=4000) as desk:
        desk.put("long.pdf", make_text_pdf(*pages))
        task = desk.do("ask", question="Who was the lighthouse keeper?", documents=["long.pdf"])
        result = desk.result(task)
        assert result["all_pages_read"] is False
        pages_read = result["pages_read"][0]["pages"]
        assert "14" in pages_read.split(",") or "-14" in pages_read
        assert result["pages_read"][0]["of"] == 20
        prompt = str(desk.server.calls[-1].body["messages"])
        assert "Anders" in prompt
        assert len(prompt) < 4000 * 5


def test_several_documents_are_told_apart(desk):
    one = desk.put("a.pdf", make_text_pdf("Alpha has ten boats."))
    two = desk.put("b.pdf", make_text_pdf("Beta has twenty boats."))
    answer = {
        "answer": "Beta",
        "answered": True,
        "citations": [{"source": 2, "quote": "Beta has twenty boats."}],
    }
    desk.server.script(saying(json.dumps(answer)))
    task = desk.do("ask", question="Who?", documents=["a.pdf", two.document_id])
    result = desk.result(task)
    assert [read["document_id"] for read in result["pages_read"]] == [
        one.document_id,
        two.document_id,
    ]
    (citation,) = result["citations"]
    assert (citation["document_id"], citation["page"]) == (two.document_id, 1)


def test_the_offline_model_answers_with_sentences_and_their_pages(offline):
    offline.put("skagen.pdf", make_text_pdf(*PAGES))
    task = offline.do("ask", question="When does the auction begin?", documents=["skagen.pdf"])
    result = offline.result(task)
    assert result["answered"] is True
    assert result["model"] == "extractive"
    assert "The auction begins at six in the morning." in result["answer"]
    assert result["citations"][0]["page"] == 3
    assert "no language model was asked" in offline.markdown(task)
    none = offline.do("ask", question="Zebra?", documents=["skagen.pdf"])
    assert offline.result(none)["answered"] is False


# ---- extract -------------------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "properties": {
        "opened": {"type": "string", "description": "The year of its opening"},
        "depth_m": {"type": "number", "minimum": 1},
        "owner": {"type": "string"},
    },
    "required": ["owner"],
}


def test_fields_come_with_their_pages_and_missing_ones_are_named(desk):
    document = desk.put("skagen.pdf", make_text_pdf(*PAGES))
    answer = {
        "opened": {"value": "1907", "source": 1},
        "depth_m": {"value": 7.5, "source": 99},
        "owner": {"value": None, "source": None},
    }
    desk.server.script(saying(json.dumps(answer)))
    task = desk.do("extract", id="e", document="skagen.pdf", schema=SCHEMA)
    result = desk.result(task)
    assert result["fields"] == {"opened": "1907", "depth_m": 7.5, "owner": None}
    assert result["pages"] == {"opened": 1}
    assert result["missing"] == ["owner"]
    assert result["is_complete"] is False
    assert result["document_id"] == document.document_id
    assert "| opened | 1907 | 1 |" in desk.markdown(task)
    # The answer is kept, floats and all: the same task under another id is not asked again.
    calls = len(desk.server.calls)
    again = desk.do("extract", id="e-2", document="skagen.pdf", schema=SCHEMA)
    assert desk.result(again)["fields"] == result["fields"]
    assert again.cost_micro_usd == 0
    assert len(desk.server.calls) == calls


def test_a_value_that_does_not_fit_the_schema_is_asked_for_once_more(desk):
    wrong = {"opened": {"value": "1907", "source": 1}, "depth_m": {"value": 0, "source": 1}}
    right = {"opened": {"value": "1907", "source": 1}, "depth_m": {"value": 2, "source": 1}}
    owner = {"owner": {"value": "the town", "source": 1}}
    desk.server.script(saying(json.dumps(wrong | owner)), saying(json.dumps(right | owner)))
    result = desk.result(desk.do("extract", text="It is 2 m deep.", schema=SCHEMA))
    assert result["fields"]["depth_m"] == 2
    assert result["pages"] == {}
    assert result["is_complete"] is True
    complaint = desk.server.calls[-1].body["messages"][-1]["content"]
    assert "does not fit minimum 1" in complaint


def test_a_document_beyond_the_window_is_read_in_parts_and_the_telling_pages_once_more():
    filler = "\n".join(["words about nothing in particular and still more of them"] * 30)
    pages = [filler] * 12
    with open_task_desk(context_window_tokens=7_000) as desk:
        desk.put("long.pdf", make_text_pdf(*pages))
        calls = len(desk.server.calls)
        schema = {"type": "object", "properties": {"a": {"type": "string"}}}
        task = desk.do("extract", document="long.pdf", schema=schema)
        asked = [call.body["messages"][1]["content"] for call in desk.server.calls[calls:]]
        assert task.status is TaskStatus.DONE
        assert len(asked) == 3
        read = "".join(asked[:-1])
        assert all(f", page {number}\n" in read for number in range(1, 13))
        assert asked[-1].count("BEGIN ") < 12


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array"},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
        {"type": "object", "properties": {"a": {"type": "strong"}}},
    ],
)
def test_a_schema_that_is_not_taken_is_refused_with_a_sentence(desk, schema):
    task = desk.do("extract", text="x", schema=schema)
    assert task.status is TaskStatus.FAILED
    assert task.reason.startswith("the schema ")
    assert desk.server.calls == []


# ---- summarize -----------------------------------------------------------------------------------


def test_a_text_is_summarised_without_pages(offline):
    task = offline.do("summarize", text="The pier is long. It was built in 1907. It is of granite.")
    result = offline.result(task)
    assert "pier" in result["abstract"]
    assert all(point["pages"] == [] for point in result["key_points"])
    assert "(p." not in offline.markdown(task)


def test_a_long_text_is_summarised_in_chunks(desk):
    text = "\n\n".join(f"Paragraph {n} speaks of the pier and the tide." * 40 for n in range(60))
    task = desk.do("summarize", text=text)
    assert task.status is TaskStatus.DONE
    purposes = [call.body["messages"][0]["content"][:20] for call in desk.server.calls]
    assert len(purposes) > 2
    assert purposes[-1] != purposes[0]


def test_the_summary_of_a_document_is_handed_over_once_it_is_there(desk):
    desk.account.upload("skagen.pdf", make_text_pdf(*PAGES))
    # The task comes first: it waits for the document.
    task_id = desk.send("summarize", document="skagen.pdf")
    desk.pipeline.worker.poll()
    assert desk.task(task_id).status is TaskStatus.RECEIVED
    assert desk.steps(task_id) == ["received", "deferred"]
    desk.pipeline.run()
    document = desk.pipeline.document("skagen.pdf")
    assert document.status is DocumentStatus.DONE
    desk.make_waits_end()
    desk.pipeline.run()
    task = desk.task(task_id)
    assert task.status is TaskStatus.DONE
    result = desk.result(task)
    assert result["document"]["result_key"] == document.result_key
    assert result["document"]["coverage"]["summarised_pages"] == "1-3"
    assert (task.cost_micro_usd, task.input_tokens) == (0, 0)


# ---- what all tasks have in common ---------------------------------------------------------------


def test_tasks_and_documents_are_listed_apart(offline):
    document = offline.put("skagen.pdf", make_text_pdf(*PAGES))
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
        "extract": {"text": "x", "schema": SCHEMA},
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
    desk.server.traits.mix = {"bad_request": 1.0}
    document = desk.put("skagen.pdf", make_text_pdf(*PAGES))
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
    task_id = desk.send("ask", id="t", question="What?", documents=["nope.pdf"])
    desk.pipeline.worker.poll()
    desk.age_task(task_id, minutes=20)
    desk.drain_work_queue()
    body = {"kind": "ask", "id": "t", "question": "What?", "documents": ["nope.pdf"]}
    sqs.send_message(QueueUrl=settings.work_dlq_url, MessageBody=json.dumps(body))
    sqs.send_message(QueueUrl=settings.work_queue_url, MessageBody='{"kind": "sweep", "v": 1}')
    desk.pipeline.run()
    task = desk.task("t")
    assert task.status is TaskStatus.FAILED
    assert "process died" in task.reason
    ((_, failure),) = desk.letters()
    assert failure["error_type"] == "ProcessDied"
