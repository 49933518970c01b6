"""Chunks and combinations that come at the same time, late, or for another run."""

from dataclasses import replace

import pytest

from pipeline.summaries.summarize_document import give_up_chunk, give_up_combine
from shared.lifecycle import DocumentStatus
from shared.llm.model import Purpose
from shared.messages.document_messages import Combine
from tests.fakes.aws.ledger_rows import scan_rows
from tests.fakes.desks.document_desk import Desk


@pytest.fixture
def desk(account):
    return Desk(account)


def combine_message(desk, chunks_done, run=1):
    return Combine(document_id=desk.document_id, run=run, chunks_done=chunks_done)


def do_at_first_question(desk, act):
    """Have something happen while the model is asked for the first time."""
    answer, asked = desk.model.answer, []

    def act_and_answer(request, deadline):
        if not asked:
            asked.append(request)
            act()
        return answer(request, deadline)

    desk.model.answer = act_and_answer


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
    # Three chunks, and two combinations: that of the one that came too late is paid for as well.
    assert (desk.document.input_tokens, desk.document.output_tokens) == (500, 50)


def test_a_chunk_that_comes_second_is_on_the_documents_bill_too(desk):
    answer, asked = desk.model.answer, []

    def let_the_other_finish_first(request, deadline):
        if not asked:
            asked.append(request)
            desk.summarize(1)
        return answer(request, deadline)

    desk.model.answer = let_the_other_finish_first
    desk.summarize(1)
    assert desk.document.chunks_done == 1
    assert (desk.document.input_tokens, desk.document.output_tokens) == (200, 20)
    assert desk.steps[-2:] == ["chunk_done", "answered"]


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

    def let_the_replay_finish_first():
        desk.summarize(2)
        desk.finish()

    do_at_first_question(desk, let_the_replay_finish_first)
    desk.combine(stale)
    assert desk.document.status is DocumentStatus.DONE
    assert desk.result["coverage"]["summarised_pages"] == "1-3"
    assert desk.steps.count("finished") == 1
    assert desk.document.input_tokens == 100 * (3 + desk.model.count(Purpose.COMBINE)) == 500


def test_a_combination_that_a_replay_overtakes_halfway_leaves_the_document_to_the_next(desk):
    desk.summarize(1, 3)
    desk.give_up(2)
    (stale,) = desk.take_messages()
    do_at_first_question(desk, lambda: desk.summarize(2))
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
