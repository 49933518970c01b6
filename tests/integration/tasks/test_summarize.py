"""Summaries as tasks, through the real worker on moto."""

from shared.lifecycle import DocumentStatus, TaskStatus
from tests.fakes.desks.task_desk import HARBOUR_PAGES
from tests.fakes.pdf.pdf_files import make_text_pdf


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
    desk.account.upload("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
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


def test_a_task_of_a_document_by_its_id_is_listed_by_its_name(desk):
    document = desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    assert desk.do("summarize", document=document.document_id).about == "skagen.pdf"
    schema = {"type": "object", "properties": {"year": {"type": "integer"}}}
    asked = desk.do("extract", document=document.document_id, schema=schema)
    assert asked.about == "year of skagen.pdf"
