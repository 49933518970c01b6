"""A stack in the midst of its work, on moto: something of each kind that the console shows."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from shared.aws.dynamodb_table import Put
from shared.ledger.reports import ReportStatus, begin_report, finish_report
from shared.ledger.tasks import find_task, finish_task, start_task
from shared.lifecycle import DocumentStatus
from tests.fakes.daily_reports import make_bad_day
from tests.fakes.desks.console_desk import OPERATOR

LONG_NAME = (
    "a-folder-of-contracts/" + "the-second-supplementary-agreement-of-the-harbour-" * 3 + ".pdf"
)
_KINDS = ("summarize", "ask", "extract", "agent")
_FACTS = {"model": "tiny", "input_tokens": 5, "output_tokens": 3, "cost_usd": 0.0}


@dataclass(frozen=True)
class ConsoleStory:
    """Where what was entered is to be found.

    Args:
        document: A document that is done.
        partial: One of which pages are missing.
        rejected: One that was refused.
        running: One that is being summarised.
        tasks: The task of each kind, `waiting` and `failed`.
        thread: A conversation.
        report_day: A day with a report.
    """

    document: str
    partial: str
    rejected: str
    running: str
    tasks: dict[str, str]
    thread: str
    report_day: str

    def list_places(self) -> list[tuple[str, str]]:
        """Each page in each state, with its heading; no two with the same one in a row."""
        return [
            ("documents", "Documents"),
            (f"documents/{self.document}", "Lease of the harbour office"),
            (f"documents/{self.partial}", LONG_NAME),
            (f"documents/{self.rejected}", "notes/setup.exe"),
            (f"documents/{self.running}", "notes/minutes.pdf"),
            ("documents?words=nothing-has-this", "Documents"),
            ("ask", "Ask"),
            (f"ask/threads/{self.thread}", "What is the rent of the harbour office?"),
            ("tasks", "Tasks"),
            *((f"tasks/new/{kind}", f"New task: {kind}") for kind in _KINDS),
            (f"tasks/{self.tasks['extract']}", "rents"),
            (f"tasks/{self.tasks['ask']}", "What is the rent?"),
            (f"tasks/{self.tasks['summarize']}", "a text of 28 characters"),
            (f"tasks/{self.tasks['agent']}", "Which leases are there?"),
            (f"tasks/{self.tasks['waiting']}", "a text of 24 characters"),
            (f"tasks/{self.tasks['failed']}", "What is the rent?"),
            ("dead-letters", "Dead letters"),
            (f"dead-letters/task/{self.tasks['failed']}", "What is the rent?"),
            ("spend", "Spend"),
            ("reports", "Reports"),
            (f"reports/{self.report_day}", f"Report of {self.report_day}"),
            ("today", "Today"),
        ]


def tell_story(desk):
    """Enter all of it through the console's own forms where it has them."""
    done = desk.ledger.enter("leases/harbour.pdf", age=timedelta(minutes=40))
    points = [{"text": "The rent is 900 a month.", "pages": [1]}]
    desk.ledger.finish(done, title="Lease of the harbour office", points=points)
    missing = desk.ledger.enter(LONG_NAME, age=timedelta(minutes=30))
    desk.ledger.move(missing, DocumentStatus.EXTRACTED, pages=12, chunks_total=2, empty_pages="3")
    desk.ledger.move(missing, DocumentStatus.SUMMARIZING)
    changes = {"missing_pages": "5-8", "failed_pages": "11"}
    desk.ledger.move(missing, DocumentStatus.PARTIAL, title="A long agreement", **changes)
    refused = desk.ledger.enter("notes/setup.exe", age=timedelta(minutes=20))
    words = "This is no document that is read here: convert it to PDF"
    desk.ledger.move(refused, DocumentStatus.REJECTED, reason_code="unsupported", reason=words)
    running = desk.ledger.enter("notes/minutes.pdf", age=timedelta(minutes=2))
    desk.ledger.move(running, DocumentStatus.EXTRACTED, pages=4, chunks_total=3, chunks_done=1)
    desk.ledger.move(running, DocumentStatus.SUMMARIZING)
    desk.give_up_document("notes/lost.pdf")
    desk.give_up_task("failed-task")
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    desk.api.write_artifact(
        f"reports/{day}/report.json", make_bad_day(day=day).model_dump(mode="json")
    )
    begun = begin_report(desk.table, day, "", None, desk.api.now())
    finish_report(desk.table, begun, ReportStatus.KEPT, None, desk.api.now())
    _enter_spend(desk)
    desk.api.enter_document("leases/read.pdf", "The rent is 900 a month.", "It ends in 2031.")
    return ConsoleStory(
        document=done.document_id,
        partial=missing.document_id,
        rejected=refused.document_id,
        running=running.document_id,
        tasks={**_enter_tasks(desk, done.document_id), "failed": "failed-task"},
        thread=_enter_thread(desk),
        report_day=day,
    )


def _enter_spend(desk):
    for days in range(4):
        day = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"
        counts = {"calls": 3, "input_tokens": 81_000, "output_tokens": 950, "spent": 210_000}
        row = {"pk": f"SPEND#{day}", "sk": "MODEL#tiny", "model": "tiny", "account": "pipeline"}
        desk.table.put_row(Put({**row, **counts}))


def _enter_thread(desk):
    message = {"message": "What is the rent of the harbour office?"}
    answer = desk.api.browse("/console/parts/ask/threads", message, key_id=OPERATOR)
    return re.search(r'name="thread_id" value="([^"]*)"', answer.body)[1]


def _begin_task(desk, kind, **form):
    answer = desk.api.browse(f"/console/parts/tasks/new/{kind}", form)
    return re.search(r'id="task-([^"]*)"', answer.body)[1]


def _end_task(desk, task_id, result):
    task = find_task(desk.table, task_id)
    key = f"results/tasks/{task_id}/result.json"
    desk.api.write_artifact(key, {"task_id": task_id, "kind": task.kind, **_FACTS, **result})
    now = partial(datetime.now, UTC)
    begun = start_task(desk.table, task, now)
    finish_task(desk.table, begun, now, result_key=key, model="tiny", shortfall=None)


def _enter_tasks(desk, document_id):
    place = {"document_id": document_id, "key": "leases/harbour.pdf", "unit": "page"}
    asked = _begin_task(desk, "ask", question="What is the rent?", documents="leases/harbour.pdf")
    citation = {**place, "page": 1, "quote": "The rent is 900 a month."}
    answer = {"question": "What is the rent?", "answer": "900 a month.", "answered": True}
    _end_task(desk, asked, {**answer, "citations": [citation], "pages_read": []})
    extracted = _begin_task(
        desk, "extract", name="rents", document="leases/harbour.pdf", fields="rent: number\nlessee"
    )
    _end_task(desk, extracted, {**_extraction(), "document_id": document_id})
    summed = _begin_task(desk, "summarize", text="The pier is long. It is old.")
    points = [{"text": "It was built in 1931.", "pages": []}]
    _end_task(
        desk,
        summed,
        {"title": "The pier", "abstract": "A long pier.", "key_points": points, "document": None},
    )
    agent = _begin_task(desk, "agent", prompt="Which leases are there?", max_steps="3")
    steps = [
        {"tool": "search_documents", "arguments": json.dumps({"words": "lease"}), "is_error": False}
    ]
    read = {**place, "pages": "1-2", "of": 2}
    _end_task(
        desk,
        agent,
        {"prompt": "Which leases are there?", "answer": "One.", "stopped_by": "steps",
         "steps": steps, "pages_read": [read]},
    )  # fmt: skip
    waiting = _begin_task(desk, "summarize", text="It waits for the worker.")
    return {
        "ask": asked,
        "extract": extracted,
        "summarize": summed,
        "agent": agent,
        "waiting": waiting,
    }


def _extraction():
    names = (
        "number",
        "date_of_issue",
        "description_of_the_service",
        "quantity",
        "unit_price",
        "total",
    )
    rows = [
        dict(
            zip(
                names,
                (n, "2026-11-03", f"Berth {n}, mooring and water", n * 2, 41.5, n * 83.0),
                strict=True,
            )
        )
        for n in range(1, 6)
    ]
    evidence = [{"page": 2, "words": f"Berth {n}", "level": "exact"} for n in range(1, 6)]
    return {
        "fields": {
            "rent": 900,
            "lessee": "The Harbour Company of the Sound of Ellery",
            "lines": rows,
        },
        "pages": {"rent": 1, "lessee": 1},
        "rows": {"lines": evidence},
        "levels": {"rent": "exact", "lessee": "whole_value"},
        "missing": ["deposit"],
        "not_borne_out": 1,
        "document_key": "leases/harbour.pdf",
    }
