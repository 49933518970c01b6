"""What the command line says of documents, delays, parameters and language models."""

from datetime import UTC, datetime, timedelta

import pytest
import typer

from infra.cli.items.show import StoredSummary, choose_evenly, describe_pages, list_facts
from infra.cli.local.language_model import describe_model, read_openai_server
from infra.cli.options import split_parameter
from infra.cli.timeline_table import describe_delay
from infra.cli.times import describe_duration
from infra.local.parameters import is_on_this_machine
from pipeline.documents.standing_words import describe_progress, describe_status, describe_wait
from pipeline.summaries.coverage import Coverage
from pipeline.summaries.results import DocumentSummary
from pipeline.summaries.summary_types import KeyPoint
from shared.errors import OperatorError
from shared.ledger.documents import Document, EmbeddedFile
from shared.ledger.timeline import Event
from shared.ledger.waiting import Wait
from shared.lifecycle import DocumentStatus


def make_document(status, **attributes):
    return Document(
        document_id="d0123456789abcdef0123",
        bucket="b",
        key="a.pdf",
        status=status,
        received_at="2026-01-01T10:00:00.000+00:00",
        updated_at="2026-01-01T10:00:00.000+00:00",
        **attributes,
    )


@pytest.mark.parametrize("status", DocumentStatus)
def test_every_status_is_told_in_a_sentence(status):
    assert describe_status(make_document(status)).endswith(".")


def test_a_reason_is_told_as_it_stands():
    reason = "The file is empty (0 bytes). Upload it again."
    assert describe_status(make_document(DocumentStatus.REJECTED, reason=reason)) == reason
    assert describe_progress(make_document(DocumentStatus.REJECTED, reason=reason)) == reason


def test_progress_counts_pages_and_then_parts():
    reading = make_document(DocumentStatus.RECEIVED, next_page=41)
    assert describe_progress(reading) == "40 pages read"
    summarizing = make_document(DocumentStatus.SUMMARIZING, chunks_total=7, chunks_done=3)
    assert describe_progress(summarizing) == "3 of 7 parts summarised"
    assert describe_status(summarizing) == "3 of 7 parts of its text are summarised."
    one = make_document(DocumentStatus.SUMMARIZING, chunks_total=1, chunks_done=0)
    assert describe_status(one) == "0 of 1 part of its text is summarised."


def test_a_scan_of_which_no_part_is_read_yet_counts_no_parts():
    scan = make_document(DocumentStatus.SUMMARIZING, chunks_total=0, recognising_pages="1")
    assert describe_progress(scan) == "its pages are being recognised"
    assert describe_status(scan) == "Its pages are being recognised."


def test_facts_name_model_cost_and_newer_version():
    document = make_document(
        DocumentStatus.DONE,
        model="tiny",
        input_tokens=12_345,
        output_tokens=678,
        superseded_by="d9",
        finished_at="2026-01-01T10:03:00.000+00:00",
    )
    facts = dict(list_facts(document, None))
    assert facts["Model"] == "tiny, 12,345 tokens read, 678 written"
    assert "d9" in facts["Replaced"]
    assert facts["Received"].endswith("finished after 3 min")
    redone = document.model_copy(update={"redo_order": "o1"})
    received = dict(list_facts(redone, None))["Received"]
    assert "after" not in received, "what it took from arrival to a later redo is no work"
    assert "finished anew 20" in received


def test_what_is_missing_is_said_once():
    coverage = Coverage(
        pages=2, summarised_pages="1", empty_pages="", failed_pages="2", missing_pages=""
    )
    summary = DocumentSummary(
        document_id="d1", key="a.pdf", status=DocumentStatus.PARTIAL, title="Tides",
        abstract="So.", key_points=[], language="en", coverage=coverage, model="tiny",
        input_tokens=1, output_tokens=1, cost_usd=0.0,
    )  # fmt: skip
    result = StoredSummary(summary, "s3://a/summary.json", "s3://a/summary.md")
    gaps = coverage.describe_gaps()
    document = make_document(DocumentStatus.PARTIAL, pages=2, reason=gaps)
    facts = dict(list_facts(document, result))
    assert gaps in describe_status(document)
    assert facts["Pages"] == "1 of 2 covered"
    assert gaps in describe_pages(document, result)


def test_a_model_that_costs_nothing_is_not_said_to_have_read_nothing():
    document = make_document(DocumentStatus.DONE, model="extractive")
    assert dict(list_facts(document, None))["Model"] == "extractive, no tokens used"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "less than a second"),
        (1.4, "1 s"),
        (119, "119 s"),
        (150, "2 min"),
        (7200 + 300, "2 h 5 min"),
    ],
)
def test_durations(seconds, words):
    assert describe_duration(seconds) == words


def test_pages_of_a_document_without_summary_are_a_number():
    assert describe_pages(make_document(DocumentStatus.NO_TEXT, pages=3), None) == "3"


def test_some_key_points_come_from_all_over_the_document():
    points = [KeyPoint(text=str(number), pages=[number]) for number in range(1, 9)]
    assert [point.text for point in choose_evenly(points, 4)] == ["1", "3", "5", "7"]
    assert [point.text for point in choose_evenly(points, 3)] == ["1", "3", "6"]
    assert choose_evenly(points, 8) == choose_evenly(points, None) == points


def make_event(step, **details):
    return Event(at="2026-01-01T10:00:00.000000+00:00", step=step, details=details)


def test_a_delay_tells_its_reason_and_its_end():
    timeline = [
        make_event("extracted"),
        make_event("deferred", reason="model_access", delay_seconds=65),
    ]
    words = describe_delay(timeline)
    assert words is not None
    assert words.startswith("waits: model access, next try at ")
    assert words.endswith(":01:05")


def test_a_delay_tells_its_cause_in_one_line():
    cause = "gpt at http://127.0.0.1:1: no answer;\nsee that it runs"
    told = Wait("deferred", "model_unavailable", 30, cause).details
    words = describe_delay([make_event("deferred", **told)])
    assert words is not None
    assert "(gpt at http://127.0.0.1:1: no answer; see that it runs), next try" in words
    assert len(Wait("deferred", "x", 1, "word " * 200).details["cause"]) == 301


def test_in_the_list_a_document_tells_what_it_waits_for_as_long_as_it_does():
    waiting = make_document(
        DocumentStatus.SUMMARIZING,
        deferred_until="2026-01-01T10:00:30.000+00:00",
        deferred_reason="model_unavailable",
        deferred_cause="gpt at http://127.0.0.1:1: no answer",
    )
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert describe_wait(waiting, at) == (
        "waiting as the model's provider was down: gpt at http://127.0.0.1:1: no answer"
    )
    assert describe_wait(waiting, at + timedelta(minutes=1)) == ""
    assert describe_wait(make_document(DocumentStatus.SUMMARIZING), at) == ""


def test_a_delay_past_midnight_tells_its_day():
    words = describe_delay([make_event("deferred", reason="over_budget", delay_seconds=86_400)])
    assert words is not None
    assert words.startswith("waits: over budget, next try at 02 Jan ")


def test_a_wait_for_another_is_not_called_a_wait_twice():
    words = describe_delay([make_event("deferred", reason="waiting_for_document", delay_seconds=5)])
    assert words is not None
    assert words.startswith("waits for document, next try at ")


def test_a_document_that_went_on_does_not_wait():
    waited = make_event("returned", reason="x", delay_seconds=5)
    assert describe_delay([waited, make_event("chunk_done")]) is None
    assert describe_delay([]) is None


def test_a_parameter_is_split_at_its_first_equals_sign():
    assert split_parameter("OpenAiApiKey=sk-a=b==") == ("OpenAiApiKey", "sk-a=b==")
    assert split_parameter("LogLevel=") == ("LogLevel", "")


@pytest.mark.parametrize("text", ["LogLevel", "=INFO", ""])
def test_what_is_no_parameter_is_wrong_usage(text):
    with pytest.raises(typer.BadParameter, match="NAME=VALUE"):
        split_parameter(text)


def test_an_address_that_is_none_is_refused_in_words():
    with pytest.raises(OperatorError, match="OPENAI_BASE_URL has to be a full address"):
        read_openai_server({"OPENAI_BASE_URL": "http://[::1"})
    assert not is_on_this_machine("http://[::1")


def test_without_key_and_address_the_model_is_extractive():
    assert read_openai_server({"OPENAI_MODEL": "gpt-x"}) is None
    assert read_openai_server({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}) is None
    assert describe_model(None) == "extractive (offline)"


def test_a_model_is_named_with_its_address_and_without_any_secret():
    server = read_openai_server(
        {
            "OPENAI_API_KEY": "sk-secret",
            "OPENAI_BASE_URL": "http://user:password@127.0.0.1:8080/v1?api-key=secret",
            "OPENAI_MODEL": "qwen3",
        }
    )
    assert server is not None
    assert (server.api_key, server.model) == ("sk-secret", "qwen3")
    assert describe_model(server) == "qwen3 at http://127.0.0.1:8080/v1"
    assert "secret" not in repr(server).replace(server.base_url, "")


def test_a_key_alone_means_openai_and_the_default_model():
    assert describe_model(read_openai_server({"OPENAI_API_KEY": "k"})) == "gpt-5-mini at OpenAI"


def test_of_why_a_file_inside_is_not_read_the_sentence_has_the_first_part_alone():
    reason = "The file is of no kind that is read: it is no text. What is read: PDF, Word."
    files = (EmbeddedFile(name="a.bin", reason=reason), EmbeddedFile(name="b.bin", reason=reason))
    assert describe_status(make_document(DocumentStatus.NO_TEXT, embedded_files=files)) == (
        "Its pages hold no text; files inside were not read: a.bin, b.bin "
        "(The file is of no kind that is read: it is no text)."
    )


def test_a_document_without_text_says_what_became_of_the_files_inside():
    files = (
        EmbeddedFile(name="plan.dwg", reason="it is no PDF"),
        EmbeddedFile(name="pier.pdf", document_id="doc-2"),
    )
    sentence = describe_status(make_document(DocumentStatus.NO_TEXT, embedded_files=files))
    assert sentence == (
        "Its pages hold no text; files inside were not read: plan.dwg (it is no PDF); "
        "1 file inside is a document of its own: pier.pdf."
    )
    assert "pier.pdf" in describe_progress(
        make_document(DocumentStatus.NO_TEXT, embedded_files=files)
    )
    assert "OCR" in describe_status(make_document(DocumentStatus.NO_TEXT))
