"""Dead letters on their page: listed from the ledger, opened, replayed, mended, discarded."""

import html
import json
import re
from urllib.parse import parse_qs

import pytest

from shared.aws.dynamodb_table import Update
from shared.ledger.subjects import subject_pk
from shared.ledger.timeline import read_timeline
from shared.messages.message import Subject
from tests.fakes.aws.aws_account import notification
from tests.fakes.dead_letter_boxes import look_at_all, make_state, put_letters, to_attributes
from tests.fakes.desks.console_desk import (
    HOSTILE,
    OPERATOR,
    assert_harmless,
    find_forms,
    open_console_desk,
)


def find_rows(html):
    return re.findall(r'<tr id="given-up-([^"]*)"', html)


def read_steps(desk, task_id):
    pk = subject_pk(Subject("task", task_id))
    return {event.step: event.details for event in read_timeline(desk.table, pk)}


def succeed(desk, task_id):
    desk.table.update_row(Update(f"TASK#{task_id}", "TASK", assign={"status": "DONE"}))


def test_without_letters_it_says_so(desk):
    page = desk.read("dead-letters")
    assert page.status == 200
    assert "was given up" in page.body
    assert "work 0" in page.body


def test_the_list_comes_from_the_ledger_by_cause_and_receives_nothing(desk):
    document = desk.give_up_document("a/b.pdf", chunks=3)
    desk.give_up_task("t1", reason="no such model 4711")
    desk.give_up_task("t2", reason="no such model 4712")
    page = desk.read("dead-letters").body
    assert "3 given up" in page
    assert "about 5 letters" in page
    assert "work 5" in page
    groups = dict(re.findall(r'href="#dead-letters\?group=(\w+)">([^<]*)<', page))
    assert sorted(groups.values()) == ["no such model 4712", "the model declines"]
    assert find_rows(page) == ["t2", "t1", document.document_id]
    letters = look_at_all(desk.sqs, desk.account.settings.work_dlq_url)
    assert {one["Attributes"]["ApproximateReceiveCount"] for one in letters} == {"1"}


def test_filters_narrow_the_list_down_and_pages_go_on(desk):
    document = desk.give_up_document("a/b.pdf")
    for number in range(52):
        desk.give_up_task(f"t{number}")

    def list_rows(**query):
        return find_rows(desk.read("dead-letters/rows", **query).body)

    assert list_rows(kind="document") == [document.document_id]
    assert list_rows(words="DECLINES") == [document.document_id]
    assert list_rows(queue="uploads") == []
    page = desk.read("dead-letters", kind="task").body
    assert len(find_rows(page)) == 50
    (cursor,) = re.findall(r"cursor=([^\"&]*)", page)
    cursor = cursor.replace("%3A", ":").replace("%2B", "+").replace("%7E", "~")
    assert list_rows(kind="task", cursor=cursor) == ["t1", "t0"]
    # What the second page asks for by itself is the second page.
    later = desk.read("dead-letters", kind="task", cursor=cursor).body
    (query,) = re.findall(r'hx-get="console/parts/dead-letters/rows\?([^"]*)"', later)
    again = {name: values[0] for name, values in parse_qs(html.unescape(query)).items()}
    assert list_rows(**again) == ["t1", "t0"]
    (group,) = set(re.findall(r"#dead-letters\?group=(\w+)", page))
    assert document.document_id not in list_rows(group=group)


@pytest.mark.parametrize(
    "query", [{"kind": "x"}, {"queue": "x"}, {"cursor": "x"}, {"words": "x" * 2000}]
)
def test_a_filter_that_means_nothing_is_refused_in_words(desk, query):
    answer = desk.read("dead-letters", **query)
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["code"] == "invalid_request"


def test_as_many_are_discarded_as_the_question_says(desk):
    desk.give_up_task("t1")
    desk.give_up_task("t2", replays=3)
    plan = desk.act("letters/plan")
    assert "1 letter would be replayed" in plan.body
    assert "Discard 2 letters?" in plan.body
    (fields,) = (fields for action, fields in find_forms(plan.body) if action == "letters/discard")
    assert "2 of 2 letters discarded" in desk.act("letters/discard", **fields, reason="x").body


def test_a_beginning_without_a_time_zone_is_refused_in_words(desk):
    desk.give_up_task("t1")
    answer = desk.act("letters/send", started="2026-11-28T10:00:00")
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["message"].startswith("started: ")


@pytest.mark.parametrize("canaries", ["", "[]", "{", "[1]", '[{"queue": "work"}]'])
def test_canaries_that_no_page_gave_out_let_nothing_follow(desk, canaries):
    answer = desk.act("letters/watch", canaries=canaries, total="3", done="1")
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["message"].startswith("canaries: ")


@pytest.mark.parametrize(
    "action", ["open", "look", "plan", "try", "send", "edit", "discard", "discarded", "restore"]
)
def test_only_an_operator_gets_to_letters(desk, action):
    desk.give_up_task("t1")
    answer = desk.act(f"letters/{action}", key_id="key-1", subject="t1", reason="x")
    assert answer.status == 403
    assert json.loads(answer.body)["error"]["code"] == "not_an_operator"
    assert desk.count("work_dlq") == 1


def test_a_letter_is_opened_with_its_body_attributes_and_cause(desk):
    desk.give_up_task("t1", question="How long?", reason="the model is gone")
    page = desk.read("dead-letters/task/t1").body
    assert "the model is gone" in page
    assert "Timeline" in page
    opened = desk.act("letters/open", subject="t1").body
    assert "the model is gone" in opened
    assert "&#34;question&#34;: &#34;How long?&#34;" in opened
    assert "5 attempts" in opened
    assert desk.read("dead-letters/task/nope").status == 404
    assert desk.read("dead-letters/model/t1").status == 404


def test_a_dry_run_sends_nothing_and_a_replay_of_the_filter_sends_what_it_showed(desk):
    desk.give_up_task("t1", reason="one cause")
    desk.give_up_task("t2", reason="another cause")
    plan = desk.act("letters/plan", words="another")
    assert "1 letter would be replayed" in plan.body
    assert desk.count("work_queue") == 0
    action, fields = find_forms(plan.body)[0]
    assert action == "letters/try"
    sent = desk.act("letters/send", **fields)
    assert "1 of 1 letter replayed" in sent.body
    assert sent.headers["HX-Trigger"] == "seashore:changed"
    assert (desk.count("work_queue"), desk.count("work_dlq")) == (1, 1)
    assert read_steps(desk, "t2")["replayed"]["by"] == f"key {OPERATOR}"
    assert "replayed" not in read_steps(desk, "t1")


def test_a_canary_goes_first_and_the_others_follow_when_it_has_succeeded(desk):
    for number in range(3):
        desk.give_up_task(f"t{number}")
    plan = desk.act("letters/plan")
    tried = desk.go_on(plan, canary="1")
    assert "1 replayed" in tried.body
    assert (desk.count("work_queue"), desk.count("work_dlq")) == (1, 2)
    waiting = desk.go_on(tried)
    assert "0 of 1" in waiting.body
    assert "HX-Trigger" not in waiting.headers
    for number in range(3):
        if "replayed" in read_steps(desk, f"t{number}"):
            succeed(desk, f"t{number}")
    over = desk.go_on(waiting)
    assert "1 canary succeeded" in over.body
    sent = desk.go_on(over)
    assert "3 of 3 letters replayed" in sent.body
    assert (desk.count("work_queue"), desk.count("work_dlq")) == (3, 0)


def test_nothing_follows_a_canary_that_dies_again(desk):
    desk.give_up_task("t1")
    desk.give_up_task("t2")
    tried = desk.go_on(desk.act("letters/plan"), canary="1")
    died = next(one for one in ("t1", "t2") if "replayed" in read_steps(desk, one))
    (message,) = look_at_all(desk.sqs, desk.account.settings.work_queue_url)
    desk.put_letter(message["Body"], f"letter-of-{died}", cause="worse", replays=1)
    over = desk.go_on(tried)
    assert "died again" in over.body
    assert "worse" in over.body
    assert find_forms(over.body) == []
    assert desk.count("work_queue") == 1


def test_what_was_replayed_too_often_is_left_alone_unless_forced(desk):
    desk.give_up_task("t1", replays=3)
    plan = desk.act("letters/plan")
    assert "0 letters would be replayed" in plan.body
    assert "3 times or more" in plan.body
    forced = desk.go_on(plan)
    assert "1 letter would be replayed" in forced.body


def test_a_mended_body_is_checked_and_sent_and_the_old_letter_goes(desk):
    desk.give_up_task("t1", question="How lang?")
    opened = desk.act("letters/open", subject="t1").body
    assert "How lang?" in opened
    body = {"v": 1, "kind": "ask", "id": "t9", "question": "How long?", "documents": ["a.pdf"]}
    fields = {"letter": "letter-of-t1", "body": json.dumps(body)}
    checked = desk.act("letters/edit", **fields, only_check="true")
    assert "It can be sent" in checked.body
    assert (desk.count("work_queue"), desk.count("work_dlq")) == (0, 1)
    sent = desk.act("letters/edit", **fields)
    assert "1 replayed" in sent.body
    (message,) = look_at_all(desk.sqs, desk.account.settings.work_queue_url)
    assert json.loads(message["Body"])["question"] == "How long?"
    assert desk.count("work_dlq") == 0
    assert read_steps(desk, "t1")["replayed_edited"]["by"] == f"key {OPERATOR}"
    assert find_rows(desk.read("dead-letters/rows").body) == []
    refused = desk.act("letters/edit", letter="gone", body="{}")
    assert refused.status == 404
    desk.give_up_task("t2")
    for wrong in ("{", json.dumps({"kind": "nope"})):
        refused = desk.act("letters/edit", letter="letter-of-t2", body=wrong)
        assert refused.status == 400
        assert "cannot be sent" in refused.body


def test_a_discard_has_a_reason_and_can_be_undone(desk):
    desk.give_up_task("t1")
    assert desk.act("letters/discard", subject="t1").status == 400
    done = desk.act("letters/discard", subject="t1", reason="a typo of ours")
    assert "1 of 1 letter discarded" in done.body
    assert desk.count("work_dlq") == 0
    told = read_steps(desk, "t1")["discarded"]
    assert (told["reason"], told["by"]) == ("a typo of ours", f"key {OPERATOR}")
    assert find_rows(desk.read("dead-letters/rows").body) == []
    assert find_rows(desk.read("dead-letters/rows", discarded="yes").body) == ["t1"]
    kept = desk.act("letters/discarded")
    assert "a typo of ours" in kept.body
    keys = re.findall(r'name="keys\[\]" value="([^"]*)"', kept.body)
    back = desk.act("letters/restore", **{"keys[]": keys})
    assert "1 back in the DLQ" in back.body
    assert desk.count("work_dlq") == 1
    assert find_rows(desk.read("dead-letters/rows").body) == ["t1"]
    assert desk.act("letters/restore", **{"keys[]": ["results/x.json"]}).status == 404
    assert desk.act("letters/discarded", day="2026-02-30").status == 400


def test_letters_about_nothing_in_the_ledger_are_found_in_the_queues(desk):
    desk.put_letter("no message", "strange-1", error_type="MessageDecodeError")
    assert find_rows(desk.read("dead-letters").body) == []
    looked = desk.act("letters/look").body
    assert "strange-1" in looked
    opened = desk.act("letters/open", letter="strange-1")
    assert "no message" in opened.body
    done = desk.act("letters/discard", error="MessageDecodeError", stage="worker", reason="junk")
    assert "1 of 1 letter discarded" in done.body


def test_names_bodies_and_causes_are_text_wherever_they_stand(desk):
    desk.give_up_task("t1", question=HOSTILE, reason=HOSTILE, error_type=HOSTILE)
    desk.give_up_document(f"{HOSTILE}.pdf", reason=HOSTILE)
    desk.put_letter(HOSTILE, HOSTILE, cause=HOSTILE, error_type=HOSTILE)
    for answer in (
        desk.read("dead-letters"),
        desk.read("dead-letters", words="alert(1)"),
        desk.read("dead-letters/task/t1"),
        desk.act("letters/open", subject="t1"),
        desk.act("letters/open", letter=HOSTILE),
        desk.act("letters/look"),
        desk.act("letters/plan", words=HOSTILE),
        desk.act("letters/discard", subject="t1", reason=HOSTILE),
        desk.act("letters/discarded"),
        desk.read("dead-letters/task/t1"),
    ):
        assert_harmless(answer)


def test_what_cannot_be_restored_from_here_stands_in_nobody_elses_way(desk):
    desk.give_up_task("t1")
    desk.give_up_task("t2")
    desk.act("letters/discard", reason="x")
    day = f"{desk.api.now():%Y-%m-%d}"
    # As `seashore dlq` leaves it of a letter of the database's queue.
    kept = desk.account.clients.s3.get_object(
        Bucket=desk.account.settings.artifacts_bucket,
        Key=f"dead-letters/{day}/letter-of-t1.json",
    )
    copy = {**json.load(kept["Body"]), "queue": "results"}
    desk.api.write_artifact(f"dead-letters/{day}/other.json", copy)
    page = desk.act("letters/discarded")
    assert page.status == 200
    assert "1 copy cannot be shown here" in page.body
    keys = re.findall(r'value="(dead-letters/[^"]*)"', page.body)
    assert len(keys) == 2
    assert "1 back in the DLQ" in desk.act("letters/restore", **{"keys[]": keys[:1]}).body
    both = desk.act("letters/restore", **{"keys[]": keys}).body
    assert "1 back in the DLQ" in both
    assert "1 copy was there no more" in both
    assert desk.act("letters/restore", **{"keys[]": keys}).status == 404
    assert desk.count("work_dlq") == 2


def open_desk_with_database():
    """A stack whose results are copied into PostgreSQL: its queue of results has a DLQ too."""
    address = "https://sqs.eu-west-1.amazonaws.com/123456789012"
    return open_console_desk(
        results_queue_url=f"{address}/results", results_dlq_url=f"{address}/results-dlq"
    )


def put_result_letter(desk, document_id, message_id, cause):
    key = f"results/{document_id}/1.1/summary.json"
    body = json.dumps(notification(desk.account.settings.artifacts_bucket, key, "v", "e", 1))
    attributes = to_attributes(make_state(message_id, cause=cause, stage="database"))
    put_letters(desk.sqs, desk.account.settings.results_dlq_url, [(body, attributes)])


def test_letters_of_the_databases_queue_are_counted_shown_replayed_and_discarded():
    with open_desk_with_database() as desk:
        for name in ("results", "results-dlq"):
            desk.sqs.create_queue(QueueName=name)
        desk.give_up_task("t1")
        document = desk.ledger.enter("a.pdf")
        for number, cause in enumerate(("no host", "no table")):
            put_result_letter(desk, document.document_id, f"copy-{number}", cause)
        page = desk.read("dead-letters").body
        assert "results 2" in page
        assert "2 letters of the queue results" in page
        assert "could not be copied into the database" in page
        alone = desk.read("dead-letters", queue="results").body
        assert find_rows(alone) == []
        looked = desk.act("letters/look").body
        assert "copy-0" in looked
        assert f'href="#documents/{document.document_id}"' in looked
        assert "letter-of-t1" not in looked
        assert "copy-1" in desk.act("letters/open", letter="copy-1").body
        plan = desk.act("letters/plan", queue="results", words="NO host")
        assert "1 letter would be replayed" in plan.body
        sent = desk.act("letters/send", queue="results", words="NO host")
        assert "1 of 1 letter replayed" in sent.body
        assert (desk.count("results_queue"), desk.count("results_dlq")) == (1, 1)
        gone = desk.act("letters/discard", queue="results", reason="the database is gone")
        assert "1 of 1 letter discarded" in gone.body
        assert (desk.count("results_dlq"), desk.count("work_dlq")) == (0, 1)
        back = desk.act("letters/discarded")
        keys = re.findall(r'name="keys\[\]" value="([^"]*)"', back.body)
        assert "1 back in the DLQ" in desk.act("letters/restore", **{"keys[]": keys}).body
        assert desk.count("results_dlq") == 1


def test_a_report_that_was_given_up_is_found_by_its_queue(desk):
    body = json.dumps({"v": 1, "kind": "daily_report", "day": "2026-03-01"})
    attributes = to_attributes(make_state("report-1", cause="no sender", stage="report"))
    put_letters(desk.sqs, desk.account.settings.reports_dlq_url, [(body, attributes)])
    assert "1 letter of the queue reports" in desk.read("dead-letters").body
    assert 'href="#reports/2026-03-01"' in desk.act("letters/look").body
    assert "1 letter would be replayed" in desk.act("letters/plan", queue="reports").body
