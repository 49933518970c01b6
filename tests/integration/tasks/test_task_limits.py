"""Whose daily limit a task counts against: by the way that it came."""

import time
from datetime import UTC, datetime

from functions.wiring import build_services, utc_now
from pipeline.operations.cancel import cancel, list_waiting_tasks, plan_cancel
from pipeline.tasks import carry_out
from pipeline.tasks.intake import IntakeServices, take_up_task
from shared.ledger.spend import Account, read_day_spend
from shared.ledger.spending import Spending
from shared.ledger.tasks import put_task_back, start_task, task_pk
from shared.ledger.timeline import read_timeline
from shared.lifecycle import TaskStatus
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model_window import ModelWindow
from shared.messages.tasks import AskTask
from tests.fakes.aws.aws_account import AwsAccount
from tests.fakes.desks.running_pipeline import run_pipeline
from tests.fakes.desks.task_desk import HARBOUR_PAGES, open_task_desk
from tests.fakes.model.chat_behaviours import calling, throttled
from tests.fakes.operations import DEADLINE, build_operation_services
from tests.fakes.pdf.pdf_files import make_text_pdf

PRICES = {"tiny": {"input": 1.0, "output": 1.0}}
QUESTION = {"question": "When did it open?", "documents": ["skagen.pdf"]}


def post_task(desk, task_id):
    """Send a task as the API does."""
    base = build_services(desk.account.settings, desk.account.clients, utc_now)
    order = AskTask(kind="ask", v=1, id=task_id, **QUESTION)
    take_up_task(order, IntakeServices(**vars(base), callback_arns=(), has_model=True), "sender:x")


def read_spends(desk):
    """What was spent of each limit, today and, around midnight, the day before."""
    days = {time.strftime("%Y-%m-%d", time.gmtime(time.time() - age)) for age in (0, 600)}
    spends = [read_day_spend(desk.table, day, datetime.now(UTC)) for day in days]
    return [
        sum(spend.spent_by(account) for spend in spends)
        for account in (Account.PIPELINE, Account.CHAT)
    ]


def test_a_task_over_the_api_counts_as_a_chat_does():
    with open_task_desk(model_prices=PRICES) as desk:
        desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
        by_documents, by_chats = read_spends(desk)
        assert by_documents > by_chats == 0
        post_task(desk, "by-api")
        desk.pipeline.run()
        task = desk.task("by-api")
        cost = Spending.model_validate(task).cost_micro_usd
        assert (task.status, task.account) == (TaskStatus.DONE, Account.CHAT)
        assert read_spends(desk) == [by_documents, cost]
        other = desk.do("ask", id="by-queue", **QUESTION | {"question": "Who opened it?"})
        assert read_spends(desk) == [by_documents + other.cost_micro_usd, cost]


def test_what_waits_for_the_limit_goes_on_once_it_is_raised_and_says_until_then_for_what():
    with open_task_desk(model_prices=PRICES, daily_cap_usd=0.0001) as desk:
        task_id = desk.send("summarize", id="t", text="The harbour of Skagen opened in 1907.")
        desk.pipeline.run()
        assert desk.steps(task_id) == ["received", "started", "deferred"]
        desk.make_copies_come()
        desk.pipeline.run()
        waits = read_timeline(desk.table, task_pk(task_id))[2:]
        assert {wait.details["reason"] for wait in waits} == {"over_budget"}
        assert all("raise DailyCapUsd" in wait.details["cause"] for wait in waits)
        assert desk.server.calls == []

        changed = desk.account.settings.model_copy(update={"daily_cap_usd": 10.0})
        with (
            build_openai_client(desk.server.url) as client,
            run_pipeline(
                AwsAccount(desk.account.clients, changed),
                model=OpenAIModel(client, "tiny", ModelWindow(changed.context_window_tokens)),
            ) as deployed,
        ):
            desk.make_copies_come()
            deployed.run()
        assert desk.task(task_id).status is TaskStatus.DONE


def test_over_the_limit_of_the_api_its_tasks_wait_and_documents_go_on():
    with open_task_desk(model_prices=PRICES, chat_daily_cap_usd=0.0001) as desk:
        post_task(desk, "by-api")
        document = desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
        desk.make_waits_end()
        desk.pipeline.run()
        assert document.status == "DONE"
        assert desk.task("by-api").status is not TaskStatus.DONE
        assert any("over_budget" in step or step == "deferred" for step in desk.steps("by-api"))
        assert read_spends(desk)[1] == 0
        task = desk.do("ask", id="by-queue", **QUESTION)
        assert task.status is TaskStatus.DONE


def cancel_waiting(desk):
    """Cancel the tasks that have not begun; how many they were."""
    services = build_operation_services(desk.account)
    return cancel(plan_cancel([], list_waiting_tasks(services)), services, DEADLINE).cancelled


def test_a_task_that_waits_for_the_limit_is_cancelled_and_never_asked():
    with open_task_desk(model_prices=PRICES, daily_cap_usd=0.0001) as desk:
        task_id = desk.send("summarize", id="t", text="The harbour of Skagen opened in 1907.")
        desk.pipeline.run()
        desk.make_waits_end()
        desk.pipeline.run()
        task = desk.task(task_id)
        assert (task.status, task.attempts) == (TaskStatus.RECEIVED, 2)
        assert cancel_waiting(desk) == 1
        desk.make_waits_end()
        desk.pipeline.run()
        assert desk.task(task_id).status is TaskStatus.CANCELLED
        assert desk.steps(task_id)[-1] == "cancelled"
        assert desk.account.count_messages(desk.account.settings.work_queue_url) == 0
        assert (desk.letters(), desk.server.calls) == ([], [])


def test_a_task_that_waits_for_the_models_rate_is_cancelled_until_a_call_was_answered():
    with open_task_desk(model_prices=PRICES) as desk:
        desk.server.script(calling(("list_documents", {})), throttled("60"))
        assert desk.do("agent", id="had-one", prompt="Find it.").status is TaskStatus.RUNNING
        assert desk.do("agent", id="had-none", prompt="Find more.").status is TaskStatus.RECEIVED
        assert cancel_waiting(desk) == 1
        desk.make_waits_end()
        desk.pipeline.run()
        assert desk.task("had-none").status is TaskStatus.CANCELLED
        assert desk.task("had-one").status is TaskStatus.RUNNING
        assert len(desk.server.calls) == 2


def test_a_task_that_another_attempt_has_taken_up_waits_without_being_put_back(monkeypatch):
    def begin_another(table, task, now):
        start_task(table, task, now)
        put_task_back(table, task, now)

    monkeypatch.setattr(carry_out, "put_task_back", begin_another)
    with open_task_desk(model_prices=PRICES) as desk:
        desk.server.script(throttled("60"))
        task = desk.do("agent", id="t", prompt="Find it.")
        assert (task.status, task.attempts) == (TaskStatus.RUNNING, 2)
        assert desk.steps("t")[-1] == "deferred"


def test_a_task_that_waits_and_is_posted_again_has_one_message():
    with open_task_desk(model_prices=PRICES, chat_daily_cap_usd=0.0001) as desk:
        desk.put("skagen.pdf", make_text_pdf(*HARBOUR_PAGES))
        desk.server.calls.clear()
        queue = desk.account.settings.work_queue_url
        post_task(desk, "t")
        desk.pipeline.run()
        assert desk.task("t").status is TaskStatus.RECEIVED
        waiting = desk.account.count_messages(queue)
        post_task(desk, "t")
        assert desk.account.count_messages(queue) == waiting > 0
