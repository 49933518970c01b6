"""From chunks to a document's summary, on moto: fan-in, coverage, replays and what comes late."""

from contextlib import suppress
from dataclasses import replace

import pytest

from pipeline.summarize import (
    combine_chunks,
    give_up_chunk,
    give_up_combine,
    summarize_chunk,
)
from pipeline.summary_types import Entity, EventDate
from shared.errors import (
    LedgerConflictError,
    ModelAnswerError,
    ObjectMissingError,
    ServiceError,
)
from shared.ledger.chunks import chunk_row_key
from shared.ledger.table import Put
from shared.lifecycle import DocumentStatus
from shared.llm.model import Purpose
from shared.messages import Combine
from tests.fakes.document_desk import DEADLINE, Desk
from tests.fakes.kept_account import open_account
from tests.fakes.ledger_rows import force, scan_rows


class FailingQueues:
    """Queues whose next sending fails, as if the process had died before it."""

    def __init__(self, queues):
        self._queues = queues
        self.fails = True

    def send(self, queue_url, bodies):
        if self.fails:
            self.fails = False
            raise ServiceError("died", delay_seconds=1, reason="x")
        self._queues.send(queue_url, bodies)


@pytest.fixture
def account():
    with open_account() as account:
        yield account


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
    assert desk.steps == ["received", "extracted", *["chunk_done"] * 3, "finished"]


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
    desk.services = replace(desk.services, combine_tokens=100)
    desk.summarize(*range(1, 10))
    desk.finish()
    assert desk.document.status is DocumentStatus.DONE
    combined = desk.model.count(Purpose.COMBINE)
    assert combined > 2
    assert desk.document.input_tokens == 100 * (9 + combined)


def test_a_crash_between_the_commit_and_the_sending_is_healed_by_redelivery(desk):
    services = replace(desk.services, queues=FailingQueues(desk.services.queues))
    desk.summarize(1, 2)
    with pytest.raises(ServiceError):
        desk.summarize(3, services=services)
    assert desk.document.has_all_parts
    assert desk.take_messages() == []
    desk.summarize(3, services=services)
    assert desk.take_messages() == [combine_message(desk, 3)]
    assert desk.model.count(Purpose.SUMMARIZE_CHUNK) == 3
    assert desk.document.chunks_done == 3


def test_a_crash_after_a_chunk_was_given_up_is_healed_too(desk):
    services = replace(desk.services, queues=FailingQueues(desk.services.queues))
    desk.summarize(1, 2)
    with pytest.raises(ServiceError):
        give_up_chunk(desk.message(3), "why", services)
    give_up_chunk(desk.message(3), "why", services)
    assert desk.take_messages() == [combine_message(desk, 2)]


def test_a_crash_in_the_middle_of_combining_pays_for_no_answer_twice(account):
    desk = Desk(account, chunks=9)
    desk.services = replace(desk.services, combine_tokens=100)
    desk.summarize(*range(1, 10))
    (message,) = desk.take_messages()
    answer, asked = desk.model.answer, []

    def die_at_every_second_call(request, deadline):
        asked.append(request.sources)
        if len(asked) % 2 == 0:
            raise ServiceError("died", delay_seconds=1, reason="x")
        return answer(request, deadline)

    desk.model.answer = die_at_every_second_call
    deliveries = 0
    while desk.document.status is not DocumentStatus.DONE:
        deliveries += 1
        with suppress(ServiceError):
            desk.combine(message)
    assert deliveries > 2
    answered = [sources for number, sources in enumerate(asked, 1) if number % 2]
    assert len(answered) == len(set(answered))
    # The document bears the cost of all of them, whichever delivery has paid for them.
    document = desk.document
    assert document.input_tokens == desk.result["input_tokens"] == 100 * (9 + len(answered))
    assert document.output_tokens == desk.result["output_tokens"] == 10 * (9 + len(answered))


@pytest.mark.parametrize("paid_calls", [0, 2])
def test_what_an_unusable_answer_has_cost_is_on_the_documents_bill(account, paid_calls):
    desk = Desk(account, chunks=1)
    answer, errors = desk.model.answer, [ModelAnswerError("does not fit")]
    errors[0].calls, errors[0].input_tokens, errors[0].output_tokens = paid_calls, 70, 7

    def fail_once(request, deadline):
        if errors:
            raise errors.pop()
        return answer(request, deadline)

    desk.model.answer = fail_once
    with pytest.raises(ModelAnswerError):
        desk.summarize(1)
    assert desk.steps.count("answer_unusable") == (paid_calls > 0)
    desk.summarize(1)
    desk.finish()
    unusable = 70 if paid_calls else 0
    assert desk.document.input_tokens == desk.result["input_tokens"] == 100 + unusable


def test_names_and_dates_are_joined_from_all_chunks(account):
    desk = Desk(account, chunks=3)
    answer = desk.model.answer

    def name(request, deadline):
        got = answer(request, deadline)
        if request.purpose is Purpose.COMBINE:
            assert "entities" not in request.answer_type.model_fields
            return got
        pages = [source.first_page for source in request.sources]
        mentions = {
            "entities": [
                Entity(name="Text", kind="other", pages=pages),
                Entity(name="Mallory", kind="person", pages=pages),
            ],
            "dates": [EventDate(text=f"page {pages[0]}", iso="2026", event="x", pages=pages)],
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


def test_the_last_two_chunks_at_the_same_time_have_one_effect(desk):
    desk.summarize(1)
    second = desk.table.client.transact_write_items
    interleaved = []

    def commit_then_let_the_other_in(**arguments):
        answer = second(**arguments)
        if not interleaved:
            interleaved.append(True)
            desk.summarize(3)
        return answer

    class Client:
        transact_write_items = staticmethod(commit_then_let_the_other_in)

        def __getattr__(self, name):
            return getattr(desk.services.table.client, name)

    desk.summarize(2, services=replace(desk.services, table=replace(desk.table, client=Client())))
    messages = desk.take_messages()
    # Both saw that all parts are there. Both ask for the same work, hence the same item.
    assert messages == [combine_message(desk, 3)] * 2
    assert len({message.item_id for message in messages}) == 1
    for message in messages:
        desk.combine(message)
    assert desk.steps.count("finished") == 1
    assert desk.model.count(Purpose.COMBINE) == 1
    assert len(desk.result_keys()) == 2
    assert desk.document.status is DocumentStatus.DONE


def test_two_combinations_at_the_same_time_finish_the_document_once(desk):
    desk.summarize(1, 2, 3)
    (message,) = desk.take_messages()
    answer, asked = desk.model.answer, []

    def let_the_other_finish_first(request, deadline):
        if not asked:
            asked.append(request)
            desk.combine(message)
        return answer(request, deadline)

    desk.model.answer = let_the_other_finish_first
    desk.combine(message)
    assert desk.document.status is DocumentStatus.DONE
    assert desk.steps.count("finished") == 1
    assert (desk.document.input_tokens, desk.document.output_tokens) == (400, 40)


def test_a_chunk_that_failed_leaves_a_partial_document_that_names_its_pages(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    desk.finish()
    document = desk.document
    assert document.status is DocumentStatus.PARTIAL
    assert (document.missing_pages, document.reason_code) == ("2", "pages_missing")
    assert document.reason == "pages 2 could not be summarised"
    assert desk.result["coverage"]["missing_pages"] == "2"
    assert desk.result["status"] == "PARTIAL"
    markdown_key = document.result_key.replace(".json", ".md")
    markdown = desk.s3.get_object(Bucket=desk.bucket, Key=markdown_key)["Body"].read().decode()
    assert "pages 2 could not be summarised" in markdown


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


def test_a_combination_that_is_outdated_does_nothing(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    (stale,) = desk.take_messages()
    desk.summarize(2)
    rows, asked = scan_rows(desk.table), len(desk.model.requests)
    desk.combine(stale)
    assert scan_rows(desk.table) == rows
    assert len(desk.model.requests) == asked
    assert desk.result_keys() == set()


def test_a_combination_that_is_overtaken_does_not_overwrite_the_result(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    (stale,) = desk.take_messages()
    answer, asked = desk.model.answer, []

    def let_the_replay_finish_first(request, deadline):
        if not asked:
            asked.append(request)
            desk.summarize(2)
            desk.finish()
        return answer(request, deadline)

    desk.model.answer = let_the_replay_finish_first
    desk.combine(stale)
    assert desk.document.status is DocumentStatus.DONE
    assert desk.result["coverage"]["summarised_pages"] == "1-3"
    assert desk.steps.count("finished") == 1


def test_a_combination_that_a_replay_overtakes_halfway_leaves_the_document_to_the_next(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    (stale,) = desk.take_messages()
    answer, asked = desk.model.answer, []

    def let_a_replay_in(request, deadline):
        if not asked:
            asked.append(request)
            desk.summarize(2)
        return answer(request, deadline)

    desk.model.answer = let_a_replay_in
    desk.combine(stale)
    assert desk.document.status is DocumentStatus.SUMMARIZING
    desk.finish()
    assert desk.document.status is DocumentStatus.DONE
    assert desk.result["coverage"]["summarised_pages"] == "1-3"


@pytest.mark.parametrize("run", [2, 7])
def test_messages_of_another_run_do_nothing(desk, run):
    desk.summarize(1, 2)
    rows = scan_rows(desk.table)
    give_up_chunk(desk.message(3, run=run), "why", desk.services)
    desk.combine(combine_message(desk, 2, run=run))
    give_up_combine(combine_message(desk, 2, run=run), "why", desk.services)
    assert scan_rows(desk.table) == rows


def test_a_finished_document_is_not_reopened_by_what_comes_late(desk):
    desk.summarize(1, 2, 3)
    (message,) = desk.take_messages()
    desk.combine(message)
    rows = scan_rows(desk.table)
    desk.summarize(1)
    desk.give_up(3)
    desk.combine(message)
    give_up_combine(message, "late", desk.services)
    assert scan_rows(desk.table) == rows
    assert desk.take_messages() == []


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


def test_a_text_that_is_gone_is_said_to_be_gone(desk):
    message = desk.message(1).model_copy(update={"text_key": "text/none.json"})
    with pytest.raises(ObjectMissingError):
        summarize_chunk(message, desk.services, DEADLINE)
    assert desk.model.requests == []


def test_a_message_of_an_unknown_document_can_be_given_up(desk):
    unknown = desk.message(1).model_copy(update={"document_id": "unknown"})
    rows = scan_rows(desk.table)
    give_up_chunk(unknown, "why", desk.services)
    give_up_combine(Combine(document_id="unknown", run=1, chunks_done=0), "why", desk.services)
    combine_chunks(Combine(document_id="unknown", run=1, chunks_done=0), desk.services, DEADLINE)
    assert scan_rows(desk.table) == rows
    with pytest.raises(LedgerConflictError):
        summarize_chunk(unknown, desk.services, DEADLINE)
