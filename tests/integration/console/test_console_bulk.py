"""What is done with all documents that fit a filter: after a dry run, and with no others."""

import json

import pytest

from pipeline.erasure.erase_document import erase_document
from shared.errors import ServiceError
from shared.ledger.documents import find_document
from shared.lifecycle import DocumentStatus
from shared.messages.work_items import decode_work_item
from tests.fakes.aws.ledger_rows import force
from tests.fakes.dead_letter_boxes import look_at_all
from tests.fakes.desks.console_desk import (
    HOSTILE,
    OPERATOR,
    assert_harmless,
    find_forms,
)


def finish(desk, key, version="v1", **changes):
    document = desk.ledger.enter(key, version)
    desk.ledger.finish(document)
    return force(desk.table, document, etag="e", **changes)


def read_id(document):
    return document.document_id


def list_orders(desk):
    bodies = [one["Body"] for one in look_at_all(desk.sqs, desk.account.settings.work_queue_url)]
    return [decode_work_item(body, "m").message for body in bodies]


def test_a_redo_of_the_filter_is_bound_to_what_its_dry_run_has_named(desk):
    meant = {finish(desk, f"a/{number}.pdf").document_id for number in range(3)}
    finish(desk, "b/other.pdf")
    plan = desk.act("bulk/plan", what="redo", prefix="a/", status="DONE")
    assert "3 documents would be redone" in plan.body
    assert "tokens" in plan.body
    assert desk.count("work_queue") == 0
    moved = min(meant)
    force(desk.table, find_document(desk.table, moved), status="PARTIAL")
    finish(desk, "a/late.pdf")
    done = desk.go_on(plan)
    assert "2 of 3 documents ordered." in done.body
    assert "1 did not fit any more" in done.body
    assert done.headers["HX-Trigger"] == "seashore:changed"
    orders = list_orders(desk)
    assert {one.document_id for one in orders} == meant - {moved}
    assert {one.by for one in orders} == {f"key {OPERATOR}"}
    # Pressed again after a lost answer, it is the same order: no document is redone by it twice.
    again = desk.go_on(plan)
    assert again.status == 200
    assert len({one.order for one in list_orders(desk)}) == 1


def test_words_and_day_are_a_part_of_the_filter(desk):
    wanted = finish(desk, "x.pdf", title="The harbour")
    finish(desk, "y.pdf", title="The pier")
    day = wanted.received_at[:10]
    for fields, count in (
        ({"words": "HARBOUR"}, 1),
        ({"day": day}, 2),
        ({"day": "2001-02-03"}, 0),
        ({"words": "HARBOUR", "status": "FAILED"}, 0),
        ({}, 2),
    ):
        plan = desk.act("bulk/plan", what="redo", **fields).body
        assert f"{count} document{'' if count == 1 else 's'} would be redone" in plan
        assert bool(find_forms(plan)) == (count > 0)


def test_a_retry_replays_the_letters_of_what_fits_and_no_others(desk):
    document = desk.give_up_document("a/b.pdf", chunks=2)
    desk.give_up_document("c/d.pdf")
    plan = desk.act("bulk/plan", what="retry", prefix="a/")
    assert "1 document would be tried again" in plan.body
    assert "2 dead letters would be replayed" in plan.body
    assert desk.count("work_dlq") == 3
    done = desk.go_on(plan)
    assert "1 of 1 document tried again." in done.body
    assert (desk.count("work_queue"), desk.count("work_dlq")) == (2, 1)
    assert {one.document_id for one in list_orders(desk)} == {document.document_id}


def test_a_retry_of_many_letters_goes_in_rounds_each_document_whole(desk, monkeypatch):
    monkeypatch.setattr("functions.console.bulk_actions._MOST_LETTERS_A_ROUND", 3)
    for name in ("a", "b", "c"):
        desk.give_up_document(f"{name}.pdf", chunks=2)
    without = desk.give_up_document("without.pdf", chunks=0)
    answer = desk.act("bulk/plan", what="retry", status="FAILED")
    assert "6 dead letters would be replayed" in answer.body
    told, letters = [], []
    for _ in range(3):
        answer = desk.go_on(answer)
        told.append(answer.body)
        letters.append(desk.count("work_dlq"))
        for order in list_orders(desk):
            moved = find_document(desk.table, order.document_id)
            force(desk.table, moved, status="SUMMARIZING")
    assert letters == [4, 2, 0]
    assert "2 of 4 documents tried again; going on." in told[0]
    assert "Go on</button>" in told[0]
    assert "4 of 4 documents tried again." in told[2]
    assert find_forms(answer.body) == []
    assert find_document(desk.table, without.document_id).status is DocumentStatus.FAILED


def test_a_round_reads_what_was_chosen_and_nothing_else(desk, monkeypatch):
    monkeypatch.setattr("functions.console.bulk_actions._MOST_A_ROUND", 2)
    monkeypatch.setattr("shared.aws.dynamodb_table.MOST_KEYS", 1)
    meant = [finish(desk, f"a/{number}.pdf") for number in range(5)]
    answer = desk.act("bulk/plan", what="redo", prefix="a/")
    for document in meant[-2:]:
        force(desk.table, document, status="SUMMARIZING")
    asked = []
    desk.table.client.meta.events.register(
        "before-call.dynamodb.Query", lambda **_: asked.append("Query")
    )
    told = []
    for _ in range(3):
        answer = desk.go_on(answer)
        told.append(answer.body)
    assert asked == []
    # The newest come first, and have moved on: that is no reason to stop.
    assert "0 of 5 documents ordered; going on." in told[0]
    assert "3 of 5 documents ordered." in told[2]
    assert "2 did not fit any more" in told[2]
    assert find_forms(answer.body) == []
    assert {one.document_id for one in list_orders(desk)} == {one.document_id for one in meant[:3]}


class ShortDeadline:
    """Has time for one document, whatever the clock says."""

    def __init__(self, at_seconds, clock):
        self._left = [1.0]

    @property
    def remaining_seconds(self):
        return self._left.pop() if self._left else 0.0


def test_what_fits_is_deleted_with_its_older_versions_in_rounds(desk, monkeypatch):
    monkeypatch.setattr("functions.console.bulk_actions.Deadline", ShortDeadline)
    old = finish(desk, "a.pdf")
    new = finish(desk, "a.pdf", "v2")
    kept = finish(desk, "b.pdf")
    plan = desk.act("bulk/plan", what="delete", words="a.pdf")
    assert "2 documents would be deleted for good" in plan.body
    assert "hx-confirm" in plan.body
    begun = desk.go_on(plan)
    assert "1 of 2 documents deleted; going on." in begun.body
    assert "HX-Trigger" not in begun.headers
    over = desk.go_on(begun)
    assert "2 of 2 documents deleted." in over.body
    assert find_forms(over.body) == []
    assert find_document(desk.table, old.document_id) is None
    assert find_document(desk.table, new.document_id) is None
    assert find_document(desk.table, kept.document_id).status is DocumentStatus.DONE


def test_a_document_that_cannot_be_deleted_holds_up_no_other(desk, monkeypatch):
    documents = sorted((finish(desk, f"{number}.pdf") for number in range(3)), key=read_id)
    broken = documents[0].document_id

    def erase(document_id, by, services):
        if document_id == broken:
            raise ServiceError("S3 does not answer", delay_seconds=1, reason="aws_service")
        return erase_document(document_id, by, services)

    monkeypatch.setattr("functions.console.bulk_actions.erase_document", erase)
    plan = desk.act("bulk/plan", what="delete")
    begun = desk.go_on(plan)
    assert "2 of 3 documents deleted; going on." in begun.body
    # What is left is all that failed: its reason is told.
    assert desk.go_on(begun).status >= 500
    left = [one for one in documents if find_document(desk.table, one.document_id) is not None]
    assert [one.document_id for one in left] == [broken]


@pytest.mark.parametrize("action", ["plan", "do"])
def test_only_an_operator_acts_on_all_that_fits(desk, action):
    finish(desk, "a.pdf")
    answer = desk.act(f"bulk/{action}", key_id="key-1", what="delete")
    assert answer.status == 403
    assert json.loads(answer.body)["error"]["code"] == "not_an_operator"


@pytest.mark.parametrize("chosen", ["", "!", "AAAA", "d0123", "é"])
def test_nothing_is_done_without_a_dry_run(desk, chosen):
    finish(desk, "a.pdf")
    answer = desk.act("bulk/do", what="delete", chosen=chosen)
    assert answer.status == 400
    assert desk.act("bulk/plan", what="nothing").status == 400
    assert desk.act("bulk/plan", what="redo", day="2026-02-30").status == 400


def test_names_and_filters_are_text_wherever_they_stand(desk):
    finish(desk, f"{HOSTILE}.pdf", title=HOSTILE)
    for answer in (
        desk.read("documents", words="<img", prefix=HOSTILE[:3]),
        desk.act("bulk/plan", what="redo", words=HOSTILE),
        desk.act("bulk/plan", what="delete", prefix=HOSTILE),
    ):
        assert_harmless(answer)
