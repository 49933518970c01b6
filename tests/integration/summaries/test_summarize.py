"""From chunks to a document's summary, on moto: fan-in, coverage and replays."""

from dataclasses import replace

import pytest

from pipeline.summaries.results import excerpt_abstract
from pipeline.summaries.summarize_document import (
    combine_chunks,
    give_up_chunk,
    give_up_combine,
    summarize_chunk,
)
from shared.aws.dynamodb_table import LedgerTable, Put
from shared.errors import ObjectMissingError
from shared.ledger.chunks import chunk_row_key
from shared.ledger.documents import document_row_key
from shared.ledger.erasures import Leftovers, finish_erasure, forget_rows, order_erasure
from shared.lifecycle import DocumentStatus
from shared.llm.model import Purpose
from shared.llm.model_window import ModelWindow
from shared.messages.document_messages import Combine
from tests.fakes.aws.ledger_rows import force, scan_rows
from tests.fakes.desks.document_desk import DEADLINE, Desk, make_window


@pytest.fixture
def desk(account):
    return Desk(account)


def combine_message(desk, chunks_done, run=1):
    return Combine(document_id=desk.document_id, run=run, chunks_done=chunks_done)


def test_the_last_chunk_and_no_other_has_the_document_combined(desk):
    desk.summarize(2, 1)
    assert desk.take_messages() == []
    desk.summarize(3)
    assert desk.take_messages() == [combine_message(desk, 3)]
    assert desk.document.status is DocumentStatus.SUMMARIZING


def test_a_document_is_done_when_every_page_is_summarised(desk):
    desk.summarize(1, 2, 3)
    desk.finish()
    document = desk.document
    assert document.status is DocumentStatus.DONE
    assert desk.result["coverage"]["summarised_pages"] == "1-3"
    assert desk.result["status"] == "DONE"
    assert (document.missing_pages, document.reason) == ("", None)
    # Three chunks and one combination.
    assert (document.input_tokens, document.output_tokens) == (400, 40)
    assert (desk.result["input_tokens"], desk.result["output_tokens"]) == (400, 40)
    assert desk.steps == ["received", "extracted", *["chunk_done"] * 3, "answered", "finished"]


def test_the_combination_is_made_from_every_chunk_in_the_order_of_the_pages(desk):
    desk.summarize(3, 1, 2)
    desk.finish()
    (request,) = [r for r in desk.model.requests if r.purpose is Purpose.COMBINE]
    abstracts = [s.text for s in request.sources if "Text of page" in s.text]
    assert [text[-2] for text in abstracts] == ["1", "2", "3"]


def test_a_document_of_one_chunk_needs_no_combination(account):
    desk = Desk(account, chunks=1)
    desk.summarize(1)
    desk.finish()
    assert desk.document.status is DocumentStatus.DONE
    assert desk.model.count(Purpose.COMBINE) == 0
    assert desk.result["title"] == "summarize_chunk 1"


def test_many_chunks_are_combined_level_by_level(account):
    desk = Desk(account, chunks=9)
    desk.services = replace(desk.services, window=make_window(100))
    desk.summarize(*range(1, 10))
    desk.finish()
    assert desk.document.status is DocumentStatus.DONE
    combined = desk.model.count(Purpose.COMBINE)
    assert combined > 2
    assert desk.document.input_tokens == 100 * (9 + combined)


def test_names_and_dates_are_joined_from_all_chunks(account):
    desk = Desk(account, chunks=3)
    answer = desk.model.answer

    def name(request, deadline):
        got = answer(request, deadline)
        if request.purpose is Purpose.COMBINE:
            assert "people" not in request.answer_type.model_fields
            return got
        pages = [source.first_page for source in request.sources]
        mentions = {
            "people": ["Mallory"],
            "other_names": ["Text"],
            "dates": [f"page {pages[0]}: x"],
        }
        return replace(got, value=got.value.model_copy(update=mentions))

    desk.model.answer = name
    desk.summarize(1, 2, 3)
    desk.finish()
    assert desk.result["entities"] == [{"name": "Text", "kind": "other", "pages": [1, 2, 3]}]
    assert [(date["text"], date["iso"]) for date in desk.result["dates"]] == [
        (f"page {number}", None) for number in (1, 2, 3)
    ]


def test_a_chunk_that_was_summarised_before_there_were_names_is_still_combined(account):
    desk = Desk(account, chunks=2)
    desk.summarize(1, 2)
    for number in (1, 2):
        pk, sk = chunk_row_key(desk.document_id, 1, number)
        row = scan_rows(desk.table)[pk, sk]
        del row["summary"]["entities"], row["summary"]["dates"]
        desk.table.put_row(Put(row))
    desk.finish()
    assert desk.document.status is DocumentStatus.DONE
    assert desk.result["entities"] == desk.result["dates"] == []


def test_a_chunk_that_failed_leaves_a_partial_document_that_names_its_pages(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    desk.finish()
    document = desk.document
    assert document.status is DocumentStatus.PARTIAL
    assert (document.missing_pages, document.reason_code) == ("2", "pages_missing")
    assert document.reason == "page 2 could not be summarised"
    assert desk.result["coverage"]["missing_pages"] == "2"
    assert desk.result["status"] == "PARTIAL"
    markdown_key = document.result_key.replace(".json", ".md")
    markdown = desk.s3.get_object(Bucket=desk.bucket, Key=markdown_key)["Body"].read().decode()
    assert "page 2 could not be summarised" in markdown


def test_replaying_the_chunk_that_failed_makes_the_document_done(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    desk.finish()
    partial = desk.document
    desk.summarize(2)
    assert desk.document.status is DocumentStatus.SUMMARIZING
    desk.finish()
    document = desk.document
    assert document.status is DocumentStatus.DONE
    assert (document.missing_pages, document.reason, document.reason_code) == ("", None, None)
    assert document.result_key != partial.result_key
    assert desk.result["coverage"]["summarised_pages"] == "1-3"
    # The earlier result is still there for who has its address.
    assert partial.result_key in desk.result_keys()


def test_giving_up_again_after_a_replay_changes_nothing(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    desk.finish()
    before = desk.document
    desk.give_up(2)
    assert desk.document == before
    assert desk.take_messages() == []


def test_a_document_of_which_nothing_could_be_summarised_has_failed(desk):
    desk.give_up(1, 2, 3)
    desk.finish()
    document = desk.document
    assert document.status is DocumentStatus.FAILED
    assert (document.reason_code, document.result_key) == ("not_summarised", None)
    assert desk.result_keys() == set()
    desk.summarize(2)
    desk.finish()
    assert desk.document.status is DocumentStatus.PARTIAL
    desk.summarize(1, 3)
    desk.finish()
    assert desk.document.status is DocumentStatus.DONE


@pytest.mark.parametrize(
    ("empty", "failed", "status"),
    [("4", "", "DONE"), ("", "4", "PARTIAL"), ("5", "4", "PARTIAL"), ("4-5", "", "DONE")],
)
def test_a_page_that_could_not_be_read_never_makes_a_document_done(account, empty, failed, status):
    desk = Desk(account, chunks=3, pages=5, empty=empty, failed=failed)
    desk.summarize(1, 2, 3)
    desk.finish()
    assert desk.document.status == status
    assert desk.result["coverage"]["failed_pages"] == failed
    assert desk.result["coverage"]["empty_pages"] == empty


def test_a_combination_that_is_given_up_fails_the_document_and_a_replay_finishes_it(desk):
    desk.summarize(1, 2, 3)
    (message,) = desk.take_messages()
    give_up_combine(message, "the model refused", desk.services)
    assert desk.document.status is DocumentStatus.FAILED
    assert desk.document.reason == "the model refused"
    desk.combine(message)
    assert desk.document.status is DocumentStatus.DONE
    assert desk.document.reason is None


def test_an_answer_is_asked_for_once_whichever_document_holds_the_text(account):
    desk = Desk(account)
    desk.summarize(1, 1)
    assert desk.model.count(Purpose.SUMMARIZE_CHUNK) == 1
    force(desk.table, desk.document, run=2)
    summarize_chunk(desk.message(1, run=2), desk.services, DEADLINE)
    assert desk.model.count(Purpose.SUMMARIZE_CHUNK) == 1
    # What was kept costs nothing more.
    assert desk.document.input_tokens == 100


def test_a_text_that_is_gone_again_and_again_is_said_to_be_gone(desk):
    force(desk.table, desk.document, run=5)
    message = desk.message(1).model_copy(update={"text_key": "text/none.json", "run": 5})
    with pytest.raises(ObjectMissingError):
        summarize_chunk(message, desk.services, DEADLINE)
    assert desk.model.requests == []


def test_a_message_of_an_unknown_document_can_be_given_up(desk):
    unknown = desk.message(1).model_copy(update={"document_id": "unknown"})
    rows = scan_rows(desk.table)
    give_up_chunk(unknown, "why", desk.services)
    give_up_combine(Combine(document_id="unknown", run=1, chunks_done=0), "why", desk.services)
    combine_chunks(Combine(document_id="unknown", run=1, chunks_done=0), desk.services, DEADLINE)
    # As after a document was erased: nothing is asked, and nothing is written.
    summarize_chunk(unknown, desk.services, DEADLINE)
    assert scan_rows(desk.table) == rows


def test_a_list_tells_the_first_two_sentences_of_an_abstract():
    abstract = "The harbour opened in 1907.  It is\nlarge. Nobody knows why. The end."
    assert excerpt_abstract(abstract) == "The harbour opened in 1907. It is large."
    assert excerpt_abstract("") == ""
    assert len(excerpt_abstract("word " * 500)) <= 400


def test_a_chunk_of_which_was_read_that_it_is_the_last_looks_no_more(desk, monkeypatch):
    desk.summarize(1, 2)
    assert desk.take_messages() == []
    reads = []
    read = LedgerTable.read_rows
    monkeypatch.setattr(
        LedgerTable, "read_rows", lambda *args, **how: reads.append(args) or read(*args, **how)
    )
    desk.summarize(3)
    assert desk.take_messages() == [combine_message(desk, 3)]
    assert len(reads) == 1
    # What comes again cannot know, and heals what broke off before it was sent.
    desk.summarize(3)
    assert desk.take_messages() == [combine_message(desk, 3)]
    assert len(reads) == 3


def test_nothing_is_asked_for_an_erased_document_whose_text_others_share(desk):
    order_erasure(desk.table, desk.document, "hash", "me", desk.now())
    forget_rows(desk.table, desk.document_id)
    left = Leftovers(bucket="b", content_sha256="hash", day="")
    finish_erasure(desk.table, desk.document_id, left)
    rows = scan_rows(desk.table)
    desk.summarize(1)
    assert desk.model.requests == []
    assert scan_rows(desk.table) == rows


def test_chunks_at_the_same_time_do_not_lengthen_the_row_of_their_document(account):
    desk = Desk(account, chunks=6)
    # So small that each chunk keeps an answer on the way.
    desk.services = replace(desk.services, window=ModelWindow(2000))
    answer, begun = desk.model.answer, [1]

    def answer_after_others(request, deadline):
        if len(begun) < 6:
            begun.append(len(begun) + 1)
            desk.summarize(begun[-1])
        return answer(request, deadline)

    desk.model.answer = answer_after_others
    desk.summarize(1)
    row = desk.table.read_row(*document_row_key(desk.document_id))
    assert [step["step"] for step in row["steps"]] == ["extracted"]
    assert desk.steps.count("answered") == desk.steps.count("chunk_done") == 6


def test_the_last_chunk_beside_one_that_failed_is_told_by_a_look(desk):
    desk.give_up(2)
    desk.summarize(1, 3)
    assert desk.take_messages() == [combine_message(desk, 2)]
    # By a replay, which takes the place of the one that failed.
    desk.summarize(2)
    assert desk.take_messages() == [combine_message(desk, 3)]


@pytest.mark.parametrize("grows", [False, True])
def test_pages_that_are_taken_up_while_the_last_chunk_is_summarised_count(desk, grows):
    desk.summarize(1, 2)
    force(desk.table, desk.document, recognising_pages="4")
    answer = desk.model.answer

    def answer_late(request, deadline):
        taken = {"recognising_pages": None, "is_recognised": True, "chunks_total": 3 + grows}
        force(desk.table, desk.document, **taken)
        return answer(request, deadline)

    desk.model.answer = answer_late
    desk.summarize(3)
    asked = [combine_message(desk, 3).model_copy(update={"is_recognised": True})]
    assert desk.take_messages() == ([] if grows else asked)
