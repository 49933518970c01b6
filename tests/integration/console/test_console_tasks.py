"""Tasks and questions on their pages: listed, begun, read with citations, saved; conversations."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from functools import partial

import pytest

from shared.ledger.document_versions import register_document
from shared.ledger.tasks import find_task, finish_task, start_task
from shared.messages.uploads import Upload
from tests.fakes.desks.console_desk import (
    HOSTILE,
    MODEL_SETTINGS,
    assert_harmless,
    open_console_desk,
)

FACTS = {"model": "tiny", "input_tokens": 5, "output_tokens": 3, "cost_usd": 0.0}


@pytest.fixture
def desk():
    with open_console_desk(**MODEL_SETTINGS) as desk:
        yield desk


def send(desk, place, **form):
    return desk.api.browse(f"/console/parts/{place}", form)


def begin(desk, kind, **form):
    answer = send(desk, f"tasks/new/{kind}", **form)
    assert answer.status == 200, answer.body
    return find_id(answer.body)


def finish(desk, task_id, result):
    """End a task as the worker does."""
    key = f"results/tasks/{task_id}/result.json"
    task = find_task(desk.table, task_id)
    desk.api.write_artifact(key, {"task_id": task_id, "kind": task.kind, **FACTS, **result})
    now = partial(datetime.now, UTC)
    begun = start_task(desk.table, task, now)
    finish_task(desk.table, begun, now, result_key=key, model="tiny", shortfall=None)


def find_names(html):
    return re.findall(r'<th scope="row"><a href="#tasks/[^"]*">([^<]*)</a>', html)


def test_what_is_pressed_again_after_a_lost_answer_is_done_once(desk):
    key = {"headers": {"Idempotency-Key": "press-1"}}

    def press(place, **form):
        answer = desk.api.browse(f"/console/parts/{place}", form, **key)
        assert answer.status == 200, answer.body
        return answer.body

    first, again = (press("tasks/new/summarize", text="The pier is long.") for _ in range(2))
    assert find_id(first) == find_id(again)
    other = desk.api.browse("/console/parts/tasks/new/summarize", {"text": "Another."}, **key)
    assert other.status == 409
    assert len({one["id"] for one in desk.api.queued()}) == 1
    message = "Which documents are there?"
    first, again = (press("ask/threads", message=message).count(message) for _ in range(2))
    assert first == again
    wrong = {"headers": {"Idempotency-Key": "ä b"}}
    refused = desk.api.browse("/console/parts/tasks/new/summarize", {"text": "x"}, **wrong)
    assert refused.status == 400


def find_id(page):
    return re.search(r'id="task-([^"]*)"', page)[1]


def test_tasks_are_begun_by_forms_and_listed_with_filters(desk):
    assert "No tasks came" in desk.read("tasks").body
    for kind in ("summarize", "ask", "extract", "agent"):
        assert desk.read(f"tasks/new/{kind}").status == 200
    begin(desk, "summarize", name="first", text="The pier is long. It is old.")
    begin(desk, "agent", name="second", prompt="List them.", max_steps="3")
    begin(desk, "ask", name="third", question="How long?", documents="a.pdf\n\nb.pdf\n")
    begin(desk, "extract", name="fourth", document="a.pdf", fields="rent: number\ncity")
    orders = {one["name"]: one for one in desk.api.queued()}
    assert orders["second"]["max_steps"] == 3
    assert orders["third"]["documents"] == ["a.pdf", "b.pdf"]
    properties = {"rent": {"type": "number"}, "city": {"type": "string"}}
    assert orders["fourth"]["schema"] == {"type": "object", "properties": properties}
    assert find_names(desk.read("tasks").body) == ["fourth", "third", "second", "first"]
    assert find_names(desk.read("tasks/rows", name="s").body) == ["second"]
    assert find_names(desk.read("tasks/rows", status="DONE").body) == []
    assert find_names(desk.read("tasks/rows", day="2020-01-01").body) == []


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("summarize", {"name": "no text"}),
        ("ask", {"question": "?"}),
        ("extract", {"document": "a.pdf", "fields": "rent: money"}),
        ("extract", {"document": "a.pdf", "fields": "{"}),
        ("agent", {"prompt": "x", "max_steps": "200"}),
    ],
)
def test_a_form_that_is_no_task_is_refused_in_words(desk, kind, form):
    answer = send(desk, f"tasks/new/{kind}", **form)
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["code"] == "invalid_request"
    assert desk.count("work_queue") == 0


def test_what_is_not_there_is_not_found(desk):
    for place in ("tasks/nope", "tasks/new/nope", "tasks/nope/csv", "ask/threads/nope"):
        assert desk.read(place).status == 404
    assert desk.read("tasks", status="x").status == 400


def test_what_may_be_asked_is_looked_for_within_a_bound_that_is_told(desk, monkeypatch):
    assert "There is no document yet whose text is read" in desk.read("ask").body
    for number in range(6):
        desk.api.enter_document(f"read/{number}.pdf", "Text.")
        for kind in "ab":
            name = f"unread/{number}{kind}.pdf"
            upload = Upload(
                desk.api.account.settings.documents_bucket, name, "v1", "e", 1_000, "0A"
            )
            register_document(desk.api.table, upload, desk.api.now)
    assert "No other among" not in desk.read("ask").body
    monkeypatch.setattr("pipeline.day_listing.MAX_ROWS_READ", 3)
    page = desk.read("ask").body
    assert page.count('name="documents[]"') == 4
    assert "No other among the newest 2,000 documents or so." in page
    assert 'name="documents[]"' in desk.read("ask", prefix="read/").body
    monkeypatch.setattr("functions.console.looking._MOST_STEPS_FOR_ANY", 4)
    page = desk.read("ask", words="unread/").body
    assert "whose text is read fits among the newest 2,000 or so." in page
    monkeypatch.setattr("pipeline.day_listing.MAX_ROWS_READ", 1)
    monkeypatch.setattr("functions.console.looking._MOST_STEPS_FOR_ANY", 2)
    page = desk.read("ask").body
    assert "None of the newest 1,000 documents or so has a text that is read." in page


def test_a_question_is_asked_and_its_citations_open_the_page_at_the_quote(desk):
    document = desk.api.enter_document("leases/a.pdf", "The rent is 900 a month.")
    desk.api.enter_document("notes/b.pdf", "Nothing.")
    page = desk.read("ask", prefix="leases/").body
    assert re.findall(r'name="documents\[\]" value="([^"]*)" checked', page) == [
        document.document_id
    ]
    assert "No other among" not in page
    assert send(desk, "ask", question="How much?").status == 400
    polled = send(desk, "ask", question="How much?", **{"documents[]": [document.document_id]})
    assert 'data-poll="2"' in polled.body
    task_id = re.search(r'id="task-([^"]*)"', polled.body)[1]
    citation = {
        "document_id": document.document_id,
        "key": "leases/a.pdf",
        "page": 1,
        "quote": "The rent is 900",
    }
    result = {"question": "How much?", "answer": "900 a month.", "answered": True}
    finish(desk, task_id, {**result, "citations": [citation], "pages_read": []})
    over = desk.read(f"tasks/{task_id}/content").body
    assert "data-poll" not in over
    assert "900 a month." in over
    assert f"#documents/{document.document_id}?page=1&amp;quote=The+rent+is+900" in over


def test_an_extraction_is_a_table_with_pages_and_a_csv(desk):
    task_id = begin(desk, "extract", document="a.pdf", fields="rent: number")
    rows = [{"what": "=1+1", "amount": 5}, {"what": HOSTILE, "amount": None}]
    words = {"page": 2, "words": "one 5", "level": "exact"}
    result = {
        "fields": {"rent": 900, "lines": rows},
        "pages": {"rent": 1},
        "rows": {"lines": [words, words]},
        "levels": {"rent": "exact"},
        "missing": [HOSTILE],
        "not_borne_out": 1,
        "document_id": "d0123456789abcdef0123",
        "document_key": HOSTILE,
    }
    finish(desk, task_id, result)
    page = desk.read(f"tasks/{task_id}")
    assert_harmless(page)
    assert "#documents/d0123456789abcdef0123?page=2&amp;quote=one+5" in page.body
    assert '<th scope="col" class="number">amount</th>' in page.body
    assert '<td class="number">5</td>' in page.body
    values = desk.read(f"tasks/{task_id}/csv")
    assert values.headers["Content-Type"].startswith("text/csv")
    heading, line = csv.reader(io.StringIO(values.body))
    assert dict(zip(heading, line, strict=True))["rent"] == "900"
    listed = list(csv.reader(io.StringIO(desk.read(f"tasks/{task_id}/csv", list="lines").body)))
    assert listed[1][-2] == "'=1+1"
    assert desk.read(f"tasks/{task_id}/csv", list="nope").status == 404


def test_summaries_and_agents_answers_are_text(desk):
    first = begin(desk, "summarize", name=HOSTILE, text=HOSTILE)
    points = [{"text": HOSTILE, "pages": [1]}]
    result = {"title": HOSTILE, "abstract": HOSTILE, "key_points": points, "document": None}
    finish(desk, first, result)
    second = begin(desk, "agent", prompt=HOSTILE)
    steps = [{"tool": HOSTILE, "arguments": HOSTILE, "is_error": True}]
    read = {"document_id": "d0123456789abcdef0123", "key": HOSTILE, "pages": "1-2", "of": 3}
    result = {"prompt": HOSTILE, "answer": HOSTILE, "stopped_by": "steps", "steps": steps}
    finish(desk, second, {**result, "pages_read": [read]})
    third = begin(desk, "ask", question=HOSTILE, documents="a.pdf")
    cited = {"document_id": "d0123456789abcdef0123", "key": HOSTILE, "page": 1, "quote": HOSTILE}
    result = {"question": HOSTILE, "answer": HOSTILE, "answered": False, "citations": [cited]}
    finish(desk, third, {**result, "pages_read": []})
    for place in ("tasks", f"tasks/{first}", f"tasks/{second}", f"tasks/{third}"):
        assert_harmless(desk.read(place))


def test_a_conversation_is_begun_continued_opened_and_deleted(desk):
    desk.api.enter_document("leases/a.pdf", "The rent is 900 a month.")
    first = send(desk, "ask/threads", message="What is the rent?")
    assert_harmless(first)
    (thread_id,) = set(re.findall(r'name="thread_id" value="([^"]*)"', first.body))
    second = send(desk, "ask/threads", message=HOSTILE, thread_id=thread_id)
    assert_harmless(second)
    assert second.body.count("<article") == 2
    assert f"#ask/threads/{thread_id}" in desk.read("ask").body
    assert_harmless(desk.read(f"ask/threads/{thread_id}"))
    assert send(desk, "ask/threads", message=" ").status == 400
    assert send(desk, f"ask/threads/{thread_id}/delete").status == 200
    assert desk.read(f"ask/threads/{thread_id}").status == 404


def test_a_task_that_failed_says_why_and_leads_to_its_letter(desk):
    desk.give_up_task("given-up", reason="no such model")
    page = desk.read("tasks/given-up").body
    assert 'no such model <a href="#dead-letters/task/given-up">' in page
