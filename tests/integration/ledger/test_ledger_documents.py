"""Documents in the ledger, on moto's DynamoDB: entered once, moved only where it is legal."""

from datetime import timedelta
from unicodedata import normalize

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.aws.dynamodb_table import LedgerTable
from shared.errors import LedgerConflictError
from shared.ledger.document_lists import list_documents, list_in_flight
from shared.ledger.document_texts import (
    find_text,
    record_checkpoint,
    record_extraction,
)
from shared.ledger.document_versions import (
    find_current_document_id,
    forget_version,
    list_versions,
    register_document,
)
from shared.ledger.documents import (
    document_pk,
    document_row_key,
    find_document,
    move_document,
)
from shared.ledger.erasures import release_text
from shared.ledger.redoing import begin_anew
from shared.ledger.timeline import build_event, read_timeline
from shared.lifecycle import LEGAL_MOVES, DocumentStatus
from tests.fakes.aws.ledger_rows import (
    START,
    Clock,
    clear_table,
    extract_document,
    force,
    make_extraction,
    make_upload,
    scan_rows,
)


def steps(table, document_id):
    return [event.step for event in read_timeline(table, document_pk(document_id))]


def test_a_document_is_entered_once(table, now):
    first = register_document(table, make_upload(), now)
    rows = scan_rows(table)
    assert register_document(table, make_upload(), now) == first
    assert scan_rows(table) == rows
    assert first.status is DocumentStatus.RECEIVED
    assert find_document(table, first.document_id) == first
    assert steps(table, first.document_id) == ["received"]


def test_entering_again_finds_the_document_where_it_stands(table, now):
    document = extract_document(table, now)
    assert register_document(table, make_upload(), now) == document
    assert document.status is DocumentStatus.EXTRACTED


@settings(
    max_examples=10,
    deadline=None,
    # To shrink an example takes minutes on moto, and one of these is short enough to read.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.permutations(["0A", "0AF", "0B"]), st.lists(st.integers(0, 2), max_size=2), st.uuids())
def test_whatever_the_order_of_arrival_the_newest_of_a_key_is_current(table, order, repeats, key):
    now = Clock()
    uploads = [make_upload(f"v{s}", key=str(key), sequencer=s) for s in order]
    for upload in [*uploads, *(uploads[n] for n in repeats)]:
        register_document(table, upload, now)
    newest = max(uploads, key=lambda upload: upload.sequencer).document_id
    assert find_current_document_id(table, "documents", str(key)) == newest
    documents = [find_document(table, upload.document_id) for upload in uploads]
    superseded = {d.document_id: d.superseded_by for d in documents}
    assert superseded.pop(newest) is None
    sequencers = {upload.document_id: upload.sequencer for upload in uploads}
    assert all(sequencers[newer] > sequencers[older] for older, newer in superseded.items())
    # Each is found under its key, also the one that came first.
    assert dict(list_versions(table, "documents", str(key))) == sequencers
    # What is told twice is noted once.
    for older in superseded:
        told = [event.details["by"] for event in read_timeline(table, document_pk(older))[1:]]
        assert len(told) == len(set(told)) >= 1


def test_keys_do_not_supersede_each_other(table, now):
    one = register_document(table, make_upload(key="one.pdf"), now)
    two = register_document(table, make_upload(key="two.pdf", sequencer="0B"), now)
    assert find_current_document_id(table, "documents", "one.pdf") == one.document_id
    assert find_document(table, one.document_id).superseded_by is None
    assert find_current_document_id(table, "documents", "two.pdf") == two.document_id
    assert find_current_document_id(table, "documents", "three.pdf") is None


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_key_is_found_however_its_letters_are_put_together(table, now, form):
    there = register_document(table, make_upload(key=normalize(form, "å/résumé.pdf")), now)
    for spelling in ("NFC", "NFD"):
        wanted = normalize(spelling, "å/résumé.pdf")
        assert find_current_document_id(table, "documents", wanted) == there.document_id


def test_each_of_two_spellings_that_are_both_there_is_found_as_it_is_written(table, now):
    keys = [normalize(form, "é.pdf") for form in ("NFC", "NFD")]
    ids = [register_document(table, make_upload(key=key), now).document_id for key in keys]
    assert [find_current_document_id(table, "documents", key) for key in keys] == ids


def test_only_legal_moves_pass_and_the_others_change_nothing(table, now):
    document = register_document(table, make_upload(), now)
    wrong = []
    for status in DocumentStatus:
        for target in DocumentStatus:
            there = force(table, document, status=status, reason=None)
            try:
                move_document(table, there, target, now, step="moved", changes={"reason": "why"})
            except LedgerConflictError as conflict:
                moved = False
                assert conflict.row["status"] == status
            else:
                moved = True
            after = find_document(table, document.document_id)
            assert (after.status, after.reason) == ((target, "why") if moved else (status, None))
            if moved != (target in LEGAL_MOVES[status]):
                wrong.append((status, target, moved))
    assert wrong == []
    told = steps(table, document.document_id).count("moved")
    assert told == sum(len(targets) for targets in LEGAL_MOVES.values())


def test_only_what_is_not_done_is_begun_anew_and_in_a_run_of_its_own(table, now):
    document = register_document(table, make_upload(), now)
    begun = set()
    for status in DocumentStatus:
        there = force(table, document, status=status, run=3, next_page=9, chunks_total=4)
        try:
            begin_anew(table, there, now)
        except LedgerConflictError:
            continue
        begun.add(status)
        after = find_document(table, document.document_id)
        assert (after.status, after.run) == (DocumentStatus.RECEIVED, 4)
        assert (after.next_page, after.chunks_total, after.chunk_plan) == (1, 0, ())
        with pytest.raises(LedgerConflictError):
            begin_anew(table, there, now)
    assert begun == {
        DocumentStatus.EXTRACTED,
        DocumentStatus.SUMMARIZING,
        DocumentStatus.PARTIAL,
        DocumentStatus.FAILED,
    }


@pytest.mark.parametrize("status", DocumentStatus)
def test_only_what_is_not_finished_is_in_flight(table, now, status):
    sources = [source for source, targets in LEGAL_MOVES.items() if status in targets]
    document = register_document(table, make_upload(), now)
    for source in sources:
        there = force(table, document, status=source, in_flight=None if source.is_final else "yes")
        move_document(table, there, status, now, step="moved")
        row = scan_rows(table)[f"DOC#{document.document_id}", "DOC"]
        after = find_document(table, document.document_id)
        listed = [d.document_id for d in list_in_flight(table, START + timedelta(days=1))]
        if status.is_final:
            given_up = status is DocumentStatus.FAILED
            assert row.get("in_flight") == ("given_up" if given_up else None)
            assert after.finished_at == after.updated_at
            assert listed == []
        else:
            assert row["in_flight"] == "yes"
            assert after.finished_at is None
            assert listed == [document.document_id]


def test_a_run_that_is_not_the_documents_own_never_overwrites_it(table, now):
    document = extract_document(table, now)
    newer = force(table, document, run=2)
    rows = scan_rows(table)
    for target in DocumentStatus:
        with pytest.raises(LedgerConflictError):
            move_document(table, document, target, now, step="stale", changes={"title": "stale"})
    assert scan_rows(table) == rows
    move_document(table, newer, DocumentStatus.SUMMARIZING, now, step="sent")


def test_an_attribute_that_has_changed_meanwhile_stops_the_move(table, now):
    document = force(table, extract_document(table, now), status=DocumentStatus.SUMMARIZING)
    force(table, document, chunks_done=1)
    with pytest.raises(LedgerConflictError):
        move_document(
            table, document, DocumentStatus.DONE, now, step="x", unchanged=("chunks_done",)
        )
    assert find_document(table, document.document_id).status is DocumentStatus.SUMMARIZING


def test_none_removes_an_attribute(table, now):
    document = force(table, extract_document(table, now), reason="once", title="kept")
    assert document.reason == "once"
    move_document(
        table, document, DocumentStatus.SUMMARIZING, now, step="x", changes={"reason": None}
    )
    row = scan_rows(table)[f"DOC#{document.document_id}", "DOC"]
    assert "reason" not in row
    assert row["title"] == "kept"


def test_an_extraction_is_noted_with_its_plan(table, now):
    document = extract_document(table, now, 3, pages=5, empty="4", failed="5")
    assert (document.pages, document.chunks_total, document.chunks_done) == (5, 3, 0)
    assert (document.empty_pages, document.failed_pages, document.next_page) == ("4", "5", 6)
    assert [(c.first_page, c.last_page) for c in document.chunk_plan] == [(1, 1), (2, 2), (3, 3)]
    assert steps(table, document.document_id) == ["received", "extracted"]


def test_a_text_without_chunks_is_no_text(table, now):
    document = extract_document(table, now, 0, pages=2, empty="1-2")
    assert document.status is DocumentStatus.NO_TEXT
    assert document.finished_at is not None


def test_a_whole_text_is_found_by_its_address_and_one_with_gaps_is_not(table, now):
    document = extract_document(table, now, 3)
    assert find_text(table, "address") == (document.document_id, make_extraction(3))
    clear_table(table)
    extract_document(table, now, 3, failed="2")
    assert find_text(table, "address") is None


def test_an_extraction_is_noted_once(table, now):
    document = register_document(table, make_upload(), now)
    record_extraction(table, document, make_extraction(2), now)
    rows = scan_rows(table)
    with pytest.raises(LedgerConflictError):
        record_extraction(table, document, make_extraction(3), now)
    assert scan_rows(table) == rows


def test_a_checkpoint_is_noted_by_the_one_who_came_first(table, now):
    document = register_document(table, make_upload(), now)
    halfway = make_extraction(1, pages=9)
    record_checkpoint(table, document, halfway, now)
    with pytest.raises(LedgerConflictError):
        record_checkpoint(table, document, halfway, now)
    after = find_document(table, document.document_id)
    assert (after.next_page, after.status) == (10, DocumentStatus.RECEIVED)
    assert (after.chunks_total, len(after.chunk_plan)) == (0, 1)
    record_extraction(table, after, make_extraction(2), now)
    with pytest.raises(LedgerConflictError):
        record_checkpoint(table, after, halfway, now)
    # What was sent to be summarised belongs to a run; a checkpoint has sent nothing yet.
    assert find_document(table, document.document_id).run == 1


def test_text_that_is_read_anew_after_chunks_were_sent_starts_a_new_run(table, now):
    document = extract_document(table, now)
    failed = force(table, document, status=DocumentStatus.FAILED, chunks_done=1)
    record_extraction(table, failed, make_extraction(2), now)
    after = find_document(table, document.document_id)
    assert (after.run, after.chunks_done, after.chunks_total) == (2, 0, 2)


def test_documents_are_listed_by_the_day_of_their_arrival_newest_first(table):
    days = {}
    for age in (0, 0, 1, 3):
        now = Clock(START - timedelta(days=age, seconds=len(days)))
        upload = make_upload(f"v{len(days)}", key=f"{len(days)}.pdf")
        days[register_document(table, upload, now).document_id] = age
    expected = sorted(days, key=days.get)

    def listed(count):
        return [d.document_id for d in list_documents(table, lambda: START, count)]

    assert listed(1) == expected[:2]
    assert listed(3) == expected[:3]
    assert listed(4) == expected


def test_only_what_has_been_in_flight_for_long_is_listed_oldest_first(table):
    ids = []
    for minutes in (50, 40, 30, 5):
        clock = Clock(START - timedelta(minutes=minutes))
        upload = make_upload(f"v{minutes}", key=f"{minutes}.pdf")
        ids.append(register_document(table, upload, clock).document_id)
    done = find_document(table, ids[1])
    move_document(table, done, DocumentStatus.REJECTED, Clock(), step="x")
    listed = [d.document_id for d in list_in_flight(table, START - timedelta(minutes=15))]
    assert listed == [ids[0], ids[2]]


def test_an_index_that_lags_behind_is_not_believed(table, now):
    document = register_document(table, make_upload(), now)
    force(table, document, status=DocumentStatus.DONE)
    assert list(list_in_flight(table, START + timedelta(days=1))) == []


@pytest.mark.parametrize("is_before", [True, False])
def test_a_version_that_arrives_while_another_is_forgotten_does_not_bring_it_back(
    table, now, is_before
):
    forgotten = register_document(table, make_upload("v1", sequencer="0A"), now)
    newer = make_upload("v2", sequencer="0B")

    class Meanwhile(LedgerTable):
        def read_row(self, pk, sk):
            row = None if is_before else table.read_row(pk, sk)
            register_document(table, newer, now)
            return table.read_row(pk, sk) if is_before else row

    forget_version(Meanwhile(table.client, table.name, table.sleep), forgotten)
    assert [one for one, _ in list_versions(table, newer.bucket, newer.key)] == [newer.document_id]
    assert find_current_document_id(table, newer.bucket, newer.key) == newer.document_id


def test_a_documents_row_tells_its_first_steps_and_others_have_rows_of_their_own(table, now):
    document = extract_document(table, now)
    moves = ["first", "second", "third", "fourth"]
    for number, step in enumerate(moves):
        seen = find_document(table, document.document_id)
        target = DocumentStatus.RECEIVED if number % 2 else DocumentStatus.FAILED
        move_document(table, seen, target, now, step=step)
    told = read_timeline(table, document_pk(document.document_id))
    assert [event.step for event in told] == ["received", "extracted", *moves]
    assert len(table.read_row(*document_row_key(document.document_id))["steps"]) == 3
    beside = table.query_rows(document_pk(document.document_id), "EVENT#", "EVENT#~")
    assert [row["step"] for row in beside] == ["third", "fourth"]


def test_steps_that_an_earlier_release_has_written_stand_among_those_of_the_row(table, now):
    document = register_document(table, make_upload(), now)
    pk = document_pk(document.document_id)
    table.put_row(build_event(pk, now(), "checkpoint", {"next_page": 2}))
    record_extraction(table, document, make_extraction(), now)
    table.put_row(build_event(pk, now(), "superseded", {"by": "another"}))
    told = read_timeline(table, pk)
    assert [event.step for event in told] == ["received", "checkpoint", "extracted", "superseded"]
    assert told[2].details == {"status": "EXTRACTED", "pages": 2, "chunks": 2}


def test_documents_that_read_the_same_text_at_the_same_time_share_it(table, now):
    uploads = [make_upload(key=f"{name}.pdf") for name in "ab"]
    # Neither finds the text of the other.
    documents = [register_document(table, upload, now) for upload in uploads]
    for document in documents:
        record_extraction(table, document, make_extraction(), now)
    first, second = (document.document_id for document in documents)
    assert find_text(table, "address")[0] == second
    assert not release_text(table, "address", second)
    assert find_text(table, "address")[0] == first
    force(table, documents[1], text_address="")
    assert release_text(table, "address", first)
    assert find_text(table, "address") is None


def test_what_extraction_gives_back_is_what_the_row_says(table, now):
    document = register_document(table, make_upload(), now)
    extracted = record_extraction(table, document, make_extraction(3, empty="2"), now)
    there = find_document(table, document.document_id)
    changing = {"updated_at", "steps_on_row"}
    assert extracted.model_copy(update=dict.fromkeys(changing)) == there.model_copy(
        update=dict.fromkeys(changing)
    )
