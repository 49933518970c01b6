"""Questions about documents: answers with citations that are checked, through the real worker."""

import json

import pytest

from shared.lifecycle import TaskStatus
from tests.fakes.desks.task_desk import HARBOUR_PAGES, open_task_desk
from tests.fakes.model.chat_behaviours import saying
from tests.fakes.pdf.pdf_files import make_text_pdf


def test_a_question_is_answered_with_checked_citations(desk):
    document = desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    calls_before = len(desk.server.calls)
    task = desk.do("ask", id="q-1", question="When did it open?", documents=["skagen.pdf"])
    assert task.status is TaskStatus.DONE
    assert task.attempts == 1
    result = desk.result(task)
    assert result["answered"] is True
    assert result["citations"][0] == {
        "document_id": document.document_id,
        "key": "skagen.pdf",
        "unit": "page",
        "page": 1,
        "quote": "The harbour of Skagen opened in 1907.",
    }
    assert result["pages_read"] == [
        {
            "document_id": document.document_id,
            "key": "skagen.pdf",
            "pages": "1-3",
            "of": 3,
            "unit": "page",
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
    desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
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
    desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
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
    offline.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    task = offline.do("ask", question="When does the auction begin?", documents=["skagen.pdf"])
    result = offline.result(task)
    assert result["answered"] is True
    assert result["model"] == "extractive"
    assert "The auction begins at six in the morning." in result["answer"]
    assert result["citations"][0]["page"] == 3
    assert "no language model was asked" in offline.markdown(task)
    none = offline.do("ask", question="Zebra?", documents=["skagen.pdf"])
    assert offline.result(none)["answered"] is False


@pytest.mark.parametrize("question", ["Is the moon cheese?", "When does the ferry leave?", "What?"])
def test_the_offline_model_answers_nothing_by_words_that_any_text_has(offline, question):
    offline.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
    task = offline.do("ask", question=question, documents=["skagen.pdf"])
    result = offline.result(task)
    assert (result["answered"], result["citations"]) == (False, [])
    assert "No page was found that supports an answer" in offline.markdown(task)
