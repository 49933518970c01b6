from shared.lifecycle import LEGAL_MOVES, DocumentStatus, find_sources


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
        assert not LEGAL_MOVES[status]


def test_only_a_document_with_summaries_can_be_done():
    assert find_sources(DocumentStatus.DONE) == {
        DocumentStatus.SUMMARIZING,
        DocumentStatus.FAILED,
    }
