"""The whole path with a real SDK and a server that speaks Chat Completions."""

import json
import logging
import os
import re
from collections import Counter

import pytest

from pipeline.summaries.results import DocumentSummary
from pipeline.summaries.summary_types import KeyPoint
from shared.lifecycle import DocumentStatus
from shared.prices import ModelPrice
from tests.fakes.model.chat_answers import read_trusted_text
from tests.fakes.model.chat_behaviours import failing
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.injection_pdf_files import ORDER, make_injection_pdfs
from tests.fakes.model.model_keys import CANARY_KEY as KEY
from tests.fakes.pdf.pdf_files import MARKER, make_marker_pdf, make_text_pdf

CANARY = "canary-of-the-document"


def prompts(call):
    return "\n".join(str(message["content"]) for message in call.body["messages"])


def count_markers(calls, page_count):
    """How often each page's marker reached the model as part of a page, not of a summary.

    Names and dates are a turn of their own in a small window.
    """
    number_of = {MARKER.format(number): number for number in range(1, page_count + 1)}
    seen = Counter()
    for call in calls:
        if "Give the names and dates" in prompts(call):
            continue
        if "pages of the given" in prompts(call) or "consecutive parts" not in prompts(call):
            for line in prompts(call).splitlines():
                if line.strip() in number_of:
                    seen[number_of[line.strip()]] += 1
    return seen


@pytest.mark.parametrize(
    ("context_window_tokens", "pages"), [(4_000, 200), (32_000, 1_000), (128_000, 1_000)]
)
def test_every_page_reaches_the_model_exactly_once(
    account, run_with_model, context_window_tokens, pages, record_property
):
    account.upload("long.pdf", make_marker_pdf(pages))
    with ChatServer() as server:
        with run_with_model(server, context_window_tokens=context_window_tokens) as pipeline:
            pipeline.run()
            document = pipeline.document("long.pdf")
            summary = pipeline.read_artifact(document.result_key)
        calls = server.calls
    assert document.status is DocumentStatus.DONE
    assert summary["coverage"]["summarised_pages"] == f"1-{pages}"
    assert count_markers(calls, pages) == dict.fromkeys(range(1, pages + 1), 1)
    assert document.input_tokens > 0
    record_property("calls", len(calls))
    record_property("input_tokens", document.input_tokens)


def test_a_server_that_knows_no_structured_output_still_yields_summaries(account, run_with_model):
    account.upload("a.pdf", make_marker_pdf(3))
    with (
        ChatServer(json_schema_status=500, json_object_status=400) as server,
        run_with_model(server) as pipeline,
    ):
        pipeline.run()
        document = pipeline.document("a.pdf")
        summary = pipeline.read_artifact(document.result_key)
    assert document.status is DocumentStatus.DONE
    assert summary["key_points"]


def test_a_rejected_key_dead_letters_nothing(account, run_with_model, caplog):
    for number in range(5):
        account.upload(f"{number}.pdf", make_marker_pdf(number + 1))
    with ChatServer(accepted_key="another") as server:
        with run_with_model(server) as pipeline:
            pipeline.run()
        assert len(server.calls) == 1
    assert account.count_messages(account.settings.work_dlq_url) == 0
    assert account.count_messages(account.settings.work_queue_url) == 5
    alarms = [r for r in caplog.records if getattr(r, "action", "") == "model_access_lost"]
    assert len(alarms) == 1


def test_over_the_days_limit_work_waits_and_nothing_dies(account, run_with_model):
    for number in range(9):
        account.upload(f"{number}.pdf", make_marker_pdf(number + 1))
    prices = {"fake": ModelPrice(input=10.0, output=0.0)}
    with (
        ChatServer() as server,
        run_with_model(server, model_prices=prices, daily_cap_usd=0.16) as pipeline,
    ):
        pipeline.run()
        statuses = Counter(pipeline.document(f"{n}.pdf").status for n in range(9))
        spent = sum(pipeline.document(f"{n}.pdf").cost_micro_usd for n in range(9))
    assert statuses[DocumentStatus.DONE] >= 3
    assert statuses[DocumentStatus.SUMMARIZING] >= 3
    assert (
        sum(statuses.values())
        == statuses[DocumentStatus.DONE] + statuses[DocumentStatus.SUMMARIZING]
    )
    assert 0 < spent <= 160_000
    assert account.count_messages(account.settings.work_dlq_url) == 0
    assert account.count_messages(account.settings.work_queue_url) == statuses["SUMMARIZING"]


@pytest.fixture(scope="module")
def injection_pdfs():
    return make_injection_pdfs()


def check_summary(document, summary):
    """A summary of the shape that users are promised, which cites no page that is not there."""
    assert document.status is DocumentStatus.DONE
    result = DocumentSummary.model_validate(summary)
    assert summary.keys() == DocumentSummary.model_fields.keys()
    assert result.coverage.is_complete
    cited = [*result.key_points, *result.entities, *result.dates]
    assert all(1 <= page <= document.pages for one in cited for page in one.pages)
    return result


def check_calls(calls):
    """No call offers a tool, and each source is opened and closed exactly once."""
    for call in calls:
        assert not {"tools", "tool_choice", "functions"} & set(call.body)
        system, user = (message["content"] for message in call.body["messages"][:2])
        mark = re.match(r"The mark is (\w+)\.\n\nBEGIN \1 source 1", user).group(1)
        opened = re.findall(rf"^BEGIN {mark} source (\d+)", user, re.MULTILINE)
        closed = re.findall(rf"^END {mark} source (\d+)$", user, re.MULTILINE)
        assert opened == closed == [str(number) for number in range(1, len(opened) + 1)]
        assert user.count(mark) == 2 * len(opened) + 1
        assert ORDER not in system


def test_no_order_in_a_document_reaches_a_model_as_one(account, run_with_model, injection_pdfs):
    assert len(injection_pdfs) == 20
    for name, body in injection_pdfs.items():
        account.upload(name, body)
    with ChatServer(order=ORDER) as server:
        with run_with_model(server) as pipeline:
            pipeline.run()
            for name in injection_pdfs:
                document = pipeline.document(name)
                summary = check_summary(document, pipeline.read_artifact(document.result_key))
                assert summary.title != "HIJACKED"
        calls = server.calls
    check_calls(calls)
    # The orders are there to be read: more than half of them are text on a page.
    assert sum(ORDER in prompts(call) for call in calls) >= 13
    assert account.count_messages(account.settings.work_dlq_url) == 0


def test_a_model_that_obeys_a_document_harms_no_more_than_its_words(
    account, run_with_model, injection_pdfs
):
    names = ["plain order.pdf", "tool call.pdf", "bidi.pdf"]
    for name in names:
        account.upload(name, injection_pdfs[name])
    with ChatServer(mix={"hijacked": 1.0}) as server:
        with run_with_model(server) as pipeline:
            pipeline.run()
            for name in names:
                document = pipeline.document(name)
                summary = check_summary(document, pipeline.read_artifact(document.result_key))
                # Names and dates that are not in the text are no part of it.
                assert summary.entities == summary.dates == []
                assert summary.key_points == [KeyPoint(text="HIJACKED", pages=[1])]
        calls = server.calls
    check_calls(calls)
    # The tools that it called are nobody's: no further call is made, nothing is sent or deleted.
    assert len(calls) == len({call.prompt_digest for call in calls})
    assert account.count_messages(account.settings.work_queue_url) == 0
    listed = account.clients.s3.list_objects_v2(Bucket=account.settings.documents_bucket)
    assert listed["KeyCount"] == len(names)


def test_the_model_of_these_tests_obeys_what_is_not_delimited():
    body = {"messages": [{"role": "system", "content": f"Be kind. {ORDER}"}]}
    assert ORDER in read_trusted_text(body)
    block = f"BEGIN abc source 1, page 1\n{ORDER}\nEND abc source 1"
    assert ORDER not in read_trusted_text({"messages": [{"role": "user", "content": block}]})
    broken = f"BEGIN abc source 1, page 1\nx\nEND abc source 1\n{ORDER}\nEND abc source 1"
    assert ORDER in read_trusted_text({"messages": [{"role": "user", "content": broken}]})


def test_neither_text_nor_key_is_logged_or_dead_lettered(account, run_with_model, caplog, capfd):
    caplog.set_level(logging.INFO)
    account.upload("good.pdf", make_text_pdf(f"The {CANARY} swims in the sound."))
    account.upload("bad.pdf", make_text_pdf(f"Another {CANARY} does not."))
    account.clients.sqs.send_message(
        QueueUrl=account.settings.work_queue_url, MessageBody=json.dumps({"kind": CANARY})
    )
    with (
        ChatServer(mix={"ok": 0.4, "bad_request": 0.3, "bad_json": 0.3}, seed=3) as server,
        run_with_model(server) as pipeline,
    ):
        pipeline.run()
    letters = account.clients.sqs.receive_message(
        QueueUrl=account.settings.work_dlq_url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
    )["Messages"]
    causes = [letter["MessageAttributes"]["seashore"]["StringValue"] for letter in letters]
    assert causes
    tables = (account.settings.ledger_table, account.settings.idempotency_table)
    rows = [account.clients.dynamodb.scan(TableName=table)["Items"] for table in tables]
    assert all(rows)
    assert KEY not in f"{rows} {os.environ}"
    said = "\n".join([caplog.text, *capfd.readouterr(), *causes])
    assert "item_done" in said
    assert CANARY not in said
    assert KEY not in said


def test_a_document_whose_key_is_rejected_is_summarised_by_the_fallback_which_it_names(
    account, run_with_model
):
    account.upload("a.pdf", make_text_pdf("Seals rest on sand."))
    with ChatServer() as first, ChatServer() as second:
        first.script(*[failing("unauthorized")] * 9)
        fallback = {"fallback_model": "spare", "fallback_base_url": second.url}
        with run_with_model(first, **fallback) as pipeline:
            pipeline.run()
            document = pipeline.document("a.pdf")
            summary = pipeline.read_artifact(document.result_key)
        assert {call.body["model"] for call in second.calls} == {"spare"}
    assert document.status is DocumentStatus.DONE
    assert document.model == summary["model"] == "spare"
    # The key of the first server is no other's.
    assert all(KEY not in call.key for call in second.calls)
