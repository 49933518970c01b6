"""Chunks in the ledger, on moto's DynamoDB: each is counted once, whoever delivers it how often."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.aws.dynamodb_table import Put
from shared.errors import LedgerConflictError
from shared.ledger.answers import answer_row_key, build_answer_row, read_answer
from shared.ledger.chunks import Chunk, ChunkStatus, read_parts, record_chunk
from shared.ledger.document_versions import register_document
from shared.ledger.documents import (
    GIVEN_UP,
    IN_FLIGHT,
    document_pk,
    document_row_key,
    find_document,
    leaves_letters,
    move_document,
)
from shared.ledger.timeline import read_timeline
from shared.lifecycle import LEGAL_MOVES, DocumentStatus
from tests.fakes.aws.ledger_rows import (
    Clock,
    clear_table,
    extract_document,
    force,
    make_upload,
    scan_rows,
)

DONE, FAILED = ChunkStatus.DONE, ChunkStatus.FAILED
CHUNKS = 3


def make_chunk(document, number=1, status=DONE, run=1, **fields):
    return Chunk(
        document_id=document.document_id,
        run=run,
        chunk_number=number,
        first_page=number,
        last_page=number,
        status=status,
        **fields,
    )


def counts(document):
    return document.chunks_done, document.chunks_failed


def test_a_chunk_is_counted_once_however_often_it_comes(table, now):
    document = extract_document(table, now, CHUNKS)
    chunk = make_chunk(document, input_tokens=10, output_tokens=3, cost_micro_usd=7)
    assert record_chunk(table, chunk, now)
    rows = scan_rows(table)
    for status in (DONE, FAILED, DONE):
        assert not record_chunk(table, make_chunk(document, status=status, input_tokens=5), now)
    assert scan_rows(table) == rows
    after = find_document(table, document.document_id)
    assert counts(after) == (1, 0)
    assert (after.input_tokens, after.output_tokens, after.cost_micro_usd) == (10, 3, 7)
    assert after.status is DocumentStatus.SUMMARIZING


def test_a_summary_replaces_a_failure_and_nothing_replaces_a_summary(table, now):
    document = extract_document(table, now, CHUNKS)
    assert record_chunk(table, make_chunk(document, status=FAILED, reason="why"), now)
    assert counts(find_document(table, document.document_id)) == (0, 1)
    # Reports read it there, since they read no chunks.
    assert table.read_row(*document_row_key(document.document_id))["chunk_reason"] == "why"
    assert record_chunk(table, make_chunk(document, summary={"title": "t"}), now)
    assert counts(find_document(table, document.document_id)) == (1, 0)
    assert not record_chunk(table, make_chunk(document, status=FAILED), now)
    (chunk,) = read_parts(table, document.document_id, 1).chunks
    assert (chunk.status, chunk.summary, chunk.reason) == (DONE, {"title": "t"}, None)
    steps = [event.step for event in read_timeline(table, document_pk(document.document_id))]
    assert steps[2:] == ["chunk_failed", "chunk_done"]


def test_two_deliveries_at_the_same_time_replace_a_failure_once(table, now):
    document = extract_document(table, now, CHUNKS)
    chunk = make_chunk(document, input_tokens=10)
    record_chunk(table, make_chunk(document, status=FAILED), now)
    transact, calls = table.client.transact_write_items, []

    class Client:
        def transact_write_items(self, **arguments):
            calls.append(arguments)
            if len(calls) == 2:
                # This one has seen the failure; the other replaces it first.
                assert record_chunk(table, chunk, now)
            return transact(**arguments)

    assert not record_chunk(replace(table, client=Client()), chunk, now)
    after = find_document(table, document.document_id)
    assert (counts(after), after.input_tokens) == ((1, 0), 10)


def test_a_chunk_of_another_run_is_not_counted(table, now):
    document = force(table, extract_document(table, now, CHUNKS), run=2)
    rows = scan_rows(table)
    assert not record_chunk(table, make_chunk(document, run=1), now)
    assert not record_chunk(table, make_chunk(document, run=3), now)
    assert scan_rows(table) == rows
    assert record_chunk(table, make_chunk(document, run=2), now)


@pytest.mark.parametrize("chunk_status", ChunkStatus)
def test_a_chunk_that_comes_late_opens_only_what_was_given_up(table, now, chunk_status):
    document = extract_document(table, now, CHUNKS)
    opened = set()
    for number, status in enumerate(DocumentStatus, start=1):
        before = force(table, document, status=status, in_flight=None, finished_at="then")
        if record_chunk(table, make_chunk(document, number, chunk_status), now):
            opened.add(status)
        else:
            assert find_document(table, document.document_id) == before
    waiting = {DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING}
    given_up = {DocumentStatus.PARTIAL, DocumentStatus.FAILED}
    assert opened == (waiting | given_up if chunk_status is DONE else waiting)


def test_what_a_chunk_opens_is_in_flight_again(table, now):
    document = extract_document(table, now, CHUNKS)
    for number in range(1, CHUNKS + 1):
        record_chunk(table, make_chunk(document, number, status=FAILED), now)
    there = find_document(table, document.document_id)
    move_document(table, there, DocumentStatus.FAILED, now, step="x")
    assert record_chunk(table, make_chunk(document), now)
    row = scan_rows(table)[document_pk(document.document_id), "DOC"]
    assert (row["status"], row["in_flight"]) == (DocumentStatus.SUMMARIZING, "yes")
    assert "finished_at" not in row


def test_a_failed_document_is_opened_by_the_chunk_that_completes_it_and_by_no_other(table, now):
    document = extract_document(table, now, CHUNKS)
    move_document(table, document, DocumentStatus.FAILED, now, step="x")
    for number in range(1, CHUNKS + 1):
        there = find_document(table, document.document_id)
        assert (there.status, there.chunks_done) == (DocumentStatus.FAILED, number - 1)
        assert record_chunk(table, make_chunk(document, number), now)
    there = find_document(table, document.document_id)
    assert (there.status, there.chunks_done) == (DocumentStatus.SUMMARIZING, CHUNKS)


def test_a_chunk_of_an_unknown_document_is_no_effect(table, now):
    document = register_document(table, make_upload(), now)
    clear_table(table)
    with pytest.raises(LedgerConflictError):
        record_chunk(table, make_chunk(document), now)
    assert scan_rows(table) == {}


def test_further_rows_are_written_with_the_chunk_or_not_at_all(table, now):
    document = extract_document(table, now, CHUNKS)
    answer = {"value": {"title": "t", "score": 0.5, "pages": [1, 2], "none": None}, "model": "m"}
    chunk = make_chunk(document)
    assert record_chunk(table, chunk, now, with_rows=[build_answer_row("one", answer, now)])
    assert not record_chunk(table, chunk, now, with_rows=[build_answer_row("two", answer, now)])
    one, two = table.read_rows([answer_row_key("one"), answer_row_key("two")])
    assert read_answer(one) == answer
    assert one["expires_at"] > now().timestamp()
    assert two is None


def test_a_document_is_read_with_the_chunks_of_one_run_only(table, now):
    document = extract_document(table, now, CHUNKS)
    for number in (2, 1):
        record_chunk(table, make_chunk(document, number), now)
    force(table, document, run=10)
    record_chunk(table, make_chunk(document, 3, run=10), now)
    for run, numbers in ((1, [1, 2]), (10, [3]), (2, [])):
        parts = read_parts(table, document.document_id, run)
        assert [chunk.chunk_number for chunk in parts.chunks] == numbers
        assert parts.document == find_document(table, document.document_id)
    assert read_parts(table, "unknown", 1) is None


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("chunk"), st.integers(1, CHUNKS), st.sampled_from(ChunkStatus)),
        st.tuples(st.just("stale chunk"), st.integers(1, CHUNKS), st.sampled_from(ChunkStatus)),
        st.tuples(st.just("read"), st.just(0), st.just(None)),
        st.tuples(
            st.just("finish"),
            st.just(0),
            st.sampled_from([DocumentStatus.DONE, DocumentStatus.PARTIAL, DocumentStatus.FAILED]),
        ),
    ),
    max_size=14,
)


class Model:
    """What the rules say a document and its chunks come to."""

    def __init__(self):
        self.status = DocumentStatus.EXTRACTED
        self.chunks = {}
        self.seen = {}

    def count(self, number, status):
        was_failed = self.status is DocumentStatus.FAILED
        waits = self.status in {DocumentStatus.EXTRACTED, DocumentStatus.SUMMARIZING}
        replayed = self.status in {DocumentStatus.PARTIAL, DocumentStatus.FAILED}
        there = self.chunks.get(number)
        better = there is None or (there is FAILED and status is DONE)
        if not better or not (waits or (replayed and status is DONE)):
            return False
        self.chunks[number] = status
        # What is missing of a FAILED document may never have been sent.
        if not was_failed or len(self.chunks) == CHUNKS:
            self.status = DocumentStatus.SUMMARIZING
        return True

    def finish(self, target):
        if self.chunks != self.seen or target not in LEGAL_MOVES[self.status]:
            return False
        self.status = target
        return True


@settings(
    max_examples=12,
    deadline=None,
    # To shrink an example takes minutes on moto, and one of these is short enough to read.
    phases=[Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_counters_always_equal_the_rows(table, steps):
    clear_table(table)
    now = Clock()
    document = read = extract_document(table, now, CHUNKS)
    model = Model()
    for kind, number, value in steps:
        if kind == "chunk":
            counted = record_chunk(table, make_chunk(document, number, value), now)
            assert counted == model.count(number, value)
        elif kind == "stale chunk":
            assert not record_chunk(table, make_chunk(document, number, value, run=7), now)
        elif kind == "read":
            read, model.seen = find_document(table, document.document_id), dict(model.chunks)
        else:
            assert finish(table, read, value, now) == model.finish(value)
    parts = read_parts(table, document.document_id, 1)
    assert {chunk.chunk_number: chunk.status for chunk in parts.chunks} == model.chunks
    values = list(model.chunks.values())
    assert counts(parts.document) == (values.count(DONE), values.count(FAILED))
    assert parts.document.has_all_parts == (len(values) == CHUNKS)
    assert parts.document.status is model.status
    row = scan_rows(table)[document_pk(document.document_id), "DOC"]
    ended = GIVEN_UP if leaves_letters(model.status, None, values.count(FAILED)) else None
    assert row.get("in_flight") == (ended if model.status.is_final else IN_FLIGHT)
    assert ("finished_at" in row) == model.status.is_final


def finish(table, document, target, now):
    unchanged = ("chunks_done", "chunks_failed")
    try:
        move_document(table, document, target, now, step="finished", unchanged=unchanged)
    except LedgerConflictError:
        return False
    return True


def test_long_summaries_and_answers_are_kept_compressed_and_read_as_they_were(table, now):
    document = extract_document(table, now, 1)
    summary = {"title": "Über", "abstract": "The tide comes in. " * 200, "score": 0.5, "none": None}
    answer = {"value": "The tide goes out. " * 200, "model": "m"}
    chunk = make_chunk(document).model_copy(update={"summary": summary})
    record_chunk(table, chunk, now, with_rows=[build_answer_row("long", answer, now)])
    [kept] = table.read_rows([answer_row_key("long")])
    assert read_answer(kept) == answer
    assert len(kept["packed"]) < 1000
    # An earlier release looks for it here, and could not read it.
    assert "answer" not in kept
    [read] = read_parts(table, document.document_id, 1).chunks
    assert read.summary == summary
    # As an earlier release has written it.
    whole = {"pk": "ANSWER#old", "sk": "ANSWER", "answer": answer}
    table.put_row(Put(whole))
    assert read_answer(table.read_row("ANSWER#old", "ANSWER")) == answer
