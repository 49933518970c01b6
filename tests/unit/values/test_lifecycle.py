from pipeline.report.report_types import Counts
from shared.lifecycle import (
    DEFERRED,
    IN_FLIGHT,
    LEGAL_MOVES,
    STANDINGS,
    DocumentStatus,
    TaskStatus,
    find_sources,
)


def test_every_status_has_its_moves():
    assert set(LEGAL_MOVES) == set(DocumentStatus)


def test_every_status_can_be_reached_from_received():
    reached, frontier = {DocumentStatus.RECEIVED}, [DocumentStatus.RECEIVED]
    while frontier:
        for target in LEGAL_MOVES[frontier.pop()] - reached:
            reached.add(target)
            frontier.append(target)
    assert reached == set(DocumentStatus)


def test_every_status_in_flight_leads_to_a_final_one():
    for status in DocumentStatus:
        if not status.is_final:
            assert LEGAL_MOVES[status]


def test_what_is_finished_for_good_stays_so():
    for status in (DocumentStatus.DONE, DocumentStatus.NO_TEXT, DocumentStatus.REJECTED):
        assert status.is_final
        assert LEGAL_MOVES[status] == {DocumentStatus.DELETED}


def test_a_document_can_be_deleted_wherever_it_stands_and_nothing_follows():
    assert find_sources(DocumentStatus.DELETED) == set(DocumentStatus) - {DocumentStatus.DELETED}
    assert not LEGAL_MOVES[DocumentStatus.DELETED]


def test_only_a_document_with_summaries_can_be_done():
    assert find_sources(DocumentStatus.DONE) == {
        DocumentStatus.SUMMARIZING,
        DocumentStatus.FAILED,
    }


def test_a_report_counts_every_standing_and_nothing_else():
    names = {standing.count for standing in STANDINGS.values()}
    assert set(Counts.model_fields) == names | {"received"}


def test_every_final_status_has_a_standing_and_each_its_own_place():
    final = {status.value for status in (*DocumentStatus, *TaskStatus) if status.is_final}
    assert set(STANDINGS) == final | {DEFERRED, IN_FLIGHT}
    assert len({standing.place for standing in STANDINGS.values()}) == len(STANDINGS)
