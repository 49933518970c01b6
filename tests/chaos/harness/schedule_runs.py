"""What the schedules are held against: scenarios, and what has to be so when all is over."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.extraction.extractor import Extractor
from shared.lifecycle import DocumentStatus
from tests.chaos.harness.schedules import Event, Schedule, World, read_ledger, watching
from tests.chaos.harness.tally import (
    count_miscounted_chunks,
    read_events,
    read_statuses,
)
from tests.fakes.aws.aws_account import AwsAccount
from tests.fakes.aws.kept_account import open_account
from tests.fakes.pdf.pdf_files import make_prose_pdf, make_text_pdf

DOCUMENT, VERSIONS, TASK = "document", "versions", "task"
SCENARIOS = (DOCUMENT, VERSIONS, TASK)
TOLD_ARN = "arn:aws:sqs:eu-west-1:123456789012:told"
TASKS = ("task-one", "task-two")
# Between two events of one schedule.
_DISTANCES = (1, 5)


@dataclass(frozen=True)
class Ending:
    """How a run has ended.

    Args:
        schedule: What was to happen.
        calls: Calls of AWS that the functions made.
        happened: What of it has happened.
        faults: What is not as it has to be.
    """

    schedule: Schedule
    calls: int
    happened: int
    faults: tuple[str, ...]


def run_schedule(schedule: Schedule, extractor: Extractor) -> Ending:
    """Carry out a schedule on an account of its own."""
    with open_account(
        openai_api_key_secret="a-secret", chunk_tokens=500, callback_arns=(TOLD_ARN,)
    ) as account:
        told_url = account.clients.sqs.create_queue(QueueName="told")["QueueUrl"]
        _begin(schedule.scenario, account)
        world = World(account, extractor, schedule)
        with watching(world):
            is_over = world.run(lambda: _is_final(account))
        faults = list(_find_faults(account, schedule.scenario, told_url))
        if not is_over:
            faults.append("it comes to no end")
        return Ending(schedule, world.calls, len(world.happened), tuple(faults))


def run_schedules(schedules: Sequence[Schedule]) -> list[Ending]:
    """Carry out schedules one after the other."""
    with Extractor() as extractor:
        return [run_schedule(schedule, extractor) for schedule in schedules]


def list_schedules(calls: dict[str, int]) -> list[Schedule]:
    """Each event at each call, and deaths and takeovers followed by a further one.

    Args:
        calls: How many calls each scenario has by itself.
    """
    single = [
        Schedule(scenario, ((number, event),))
        for scenario in SCENARIOS
        for number in range(1, calls[scenario] + 1)
        for event in Event
        if event is not Event.ERASED
    ]
    double = [
        Schedule(scenario, ((number, first), (number + distance, second)))
        for scenario in SCENARIOS
        for number in range(1, calls[scenario] + 1)
        for first in (Event.DEATH_AFTER, Event.TAKEN_OVER)
        for distance in _DISTANCES
        for second in (Event.DEATH_AFTER, Event.ANSWER_LOST)
    ]
    return single + double


def _begin(scenario: str, account: AwsAccount) -> None:
    account.upload("report.pdf", make_prose_pdf(1))
    if scenario == VERSIONS:
        put = account.clients.s3.put_object(
            Bucket=account.settings.documents_bucket,
            Key="report.pdf",
            Body=make_text_pdf("Another text. " * 20),
        )
        account.announce("report.pdf", put["VersionId"], put["ETag"], 1_000, sequencer="0B")
    if scenario == TASK:
        for task_id in TASKS:
            body = {
                "kind": "ask",
                "v": 1,
                "id": task_id,
                "question": f"What of {task_id}?",
                "documents": ["report.pdf"],
                "callback": TOLD_ARN,
            }
            account.clients.sqs.send_message(
                QueueUrl=account.settings.work_queue_url, MessageBody=json.dumps(body)
            )


def _is_final(account: AwsAccount) -> bool:
    return all(
        status in ("DONE", "PARTIAL", "FAILED")
        for status in read_statuses(read_ledger(account)).values()
    )


def _find_faults(account: AwsAccount, scenario: str, told_url: str) -> Iterator[str]:
    ledger = read_ledger(account)
    statuses = read_statuses(ledger)
    expected = {DOCUMENT: 1, VERSIONS: 2, TASK: 1 + len(TASKS)}[scenario]
    if len(statuses) != expected:
        yield f"{len(statuses)} documents and tasks, not {expected}"
    yield from (
        f"{item} is {status}" for item, status in statuses.items() if status != DocumentStatus.DONE
    )
    if count_miscounted_chunks(ledger):
        yield "chunks are counted wrongly"
    for item, events in read_events(ledger).items():
        chunks = [event["details"]["chunk"] for event in events if event["step"] == "chunk_done"]
        if len(chunks) != len(set(chunks)):
            yield f"chunks of {item} were counted twice"
        if sum(event["step"] == "finished" for event in events) != 1:
            yield f"{item} was not finished once"
    for row in ledger:
        if row["sk"] == "DOC" and row["chunks_done"] != row["chunks_total"]:
            yield f"{row['document_id']} has {row['chunks_done']} chunks"
    for url in (account.settings.work_dlq_url, account.settings.uploads_dlq_url):
        if account.count_messages(url):
            yield f"letters in {url.rsplit('/', 1)[-1]}"
    if scenario == TASK:
        told = account.clients.sqs.receive_message(QueueUrl=told_url, MaxNumberOfMessages=10)
        bodies = "".join(message["Body"] for message in told.get("Messages", []))
        yield from (f"the sender of {one} was not told" for one in TASKS if one not in bodies)
