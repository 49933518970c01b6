"""What became of the work, counted from what lies in AWS and from the journal of all processes."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

from shared.aws.queues import Queues, ReceivedMessage
from shared.ledger.timeline import read_steps
from shared.messages.delivery_state import read_delivery_state
from tests.chaos.harness.journal import Entry
from tests.chaos.harness.run import Run
from tests.chaos.harness.workload import SyntheticDocument
from tests.fakes.aws.aws_account import AwsAccount

_deserialize = TypeDeserializer().deserialize

# From the note of a planned death until the process is gone.
_DYING_SECONDS = 0.5


@dataclass(frozen=True)
class Tally:
    """What became of the work of a run.

    Args:
        sent: Messages sent for chunks.
        distinct: Chunks and combinations that were to be done, each once.
        effects: Of these, those that have been done.
        lost: Of these, those that have not.
        unexpected: Effects that nobody asked for, and documents that are not DONE.
        duplicate_effects: Effects beyond the first of an item.
        calls: Calls of the language model.
        repeated_calls: Calls for the same answer beyond the first.
        unexplained_calls: Repeated calls though the process of the call before did not die.
        kills: Processes that were killed at a named point.
        in_dlq: Messages in the DLQs.
        deliveries: Receives of all messages, including those of combinations.
        seconds: Wall time from the first message to the last effect.
    """

    sent: int
    distinct: int
    effects: int
    lost: int
    unexpected: int
    duplicate_effects: int
    calls: int
    repeated_calls: int
    unexplained_calls: int
    kills: int
    in_dlq: int
    deliveries: int
    seconds: float

    @property
    def receives_per_item(self) -> float:
        return self.deliveries / max(1, self.distinct)

    @property
    def calls_per_delivery(self) -> float:
        return self.calls / max(1, self.deliveries)

    def describe(self) -> list[tuple[str, str]]:
        """Names and values, as they are printed."""
        counted = (
            "sent",
            "distinct",
            "effects",
            "lost",
            "unexpected",
            "duplicate_effects",
            "in_dlq",
        )
        return [
            *((name.replace("_", " "), f"{getattr(self, name):,}") for name in counted),
            ("receives per item", f"{self.receives_per_item:.3f}"),
            ("wall time", f"{self.seconds:.1f} s"),
        ]

    def describe_calls(self) -> list[tuple[str, str]]:
        """What deaths cost in calls of the model, as it is printed."""
        counted = ("kills", "calls", "repeated_calls", "unexplained_calls")
        return [
            *((name.replace("_", " "), f"{getattr(self, name):,}") for name in counted),
            ("calls per delivery", f"{self.calls_per_delivery:.3f}"),
        ]


def take_tally(
    run: Run, documents: Sequence[SyntheticDocument], *, sent: int, seconds: float
) -> Tally:
    """Count what is there against what was to be done."""
    account, entries = run.account, run.journal.read()
    effects = count_effects(account)
    expected = {item for d in documents for item in (*d.chunk_ids, d.combine_id)}
    folders = list_result_folders(account)
    statuses = read_statuses(scan_ledger(account))
    unexpected = sum(item not in expected for item in effects)
    unexpected += sum(statuses.get(d.document_id) != "DONE" for d in documents)
    unexpected += len(folders) - len(set(folders))
    calls = [entry for entry in entries if entry.what == "called"]
    return Tally(
        sent=sent,
        distinct=len(expected),
        effects=sum(item in expected for item in effects),
        lost=len(expected - set(effects)),
        unexpected=unexpected,
        duplicate_effects=sum(count - 1 for count in effects.values())
        + count_miscounted_chunks(scan_ledger(account)),
        calls=len(calls),
        repeated_calls=len(calls) - len({call.details["key"] for call in calls}),
        unexplained_calls=len(find_unexplained_calls(entries)),
        kills=sum(entry.what == "killed" for entry in entries),
        in_dlq=run.count_letters(),
        deliveries=sum(int(str(e.details["count"])) for e in entries if e.what == "received"),
        seconds=seconds,
    )


def count_effects(account: AwsAccount) -> Counter[str]:
    """How often each item has taken effect, by the timelines: a step is written with its effect."""
    effects: Counter[str] = Counter()
    chunks_done: dict[str, int] = {}
    for row in scan_ledger(account):
        if row["sk"] == "DOC":
            chunks_done[row["document_id"]] = int(row.get("chunks_done", 0))
    for document_id, events in read_events(scan_ledger(account)).items():
        for event in events:
            if event["step"] == "chunk_done":
                effects[f"{document_id}:1:chunk:{event['details']['chunk']}"] += 1
            elif event["step"] == "finished":
                effects[f"{document_id}:1:combine:{chunks_done[document_id]}"] += 1
    return effects


def read_events(rows: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The timeline of each document and task, oldest first, by the rows of the ledger."""
    partitions = defaultdict(list)
    for row in rows:
        owner, _, owner_id = row["pk"].partition("#")
        if owner in ("DOC", "TASK"):
            partitions[owner_id].append(row)
    return {
        owner_id: [event.model_dump() for event in read_steps(own)]
        for owner_id, own in partitions.items()
    }


def count_miscounted_chunks(ledger: Iterable[dict[str, Any]]) -> int:
    """By how much the counters of documents differ from the chunks that are there."""
    rows: Counter[str] = Counter()
    counters: dict[str, int] = {}
    for row in ledger:
        if row["sk"].startswith("CHUNK#"):
            rows[row["document_id"]] += 1
        elif row["sk"] == "DOC":
            counters[row["document_id"]] = int(row.get("chunks_done", 0)) + int(
                row.get("chunks_failed", 0)
            )
    return sum(abs(rows[document] - count) for document, count in counters.items())


def read_statuses(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The status of each document and task, by the rows of the ledger."""
    return {
        row["pk"].partition("#")[2]: row["status"] for row in rows if row["sk"] in ("DOC", "TASK")
    }


def scan_ledger(account: AwsAccount) -> Iterable[dict[str, Any]]:
    """All rows of the ledger."""
    pages = account.clients.dynamodb.get_paginator("scan").paginate(
        TableName=account.settings.ledger_table
    )
    for page in pages:
        for item in page["Items"]:
            yield {name: _deserialize(value) for name, value in item.items()}


def list_result_folders(account: AwsAccount) -> list[str]:
    """The document of each folder of results."""
    pages = account.clients.s3.get_paginator("list_objects_v2").paginate(
        Bucket=account.settings.artifacts_bucket, Prefix="results/"
    )
    return [
        entry["Key"].split("/")[1]
        for page in pages
        for entry in page.get("Contents", [])
        if entry["Key"].endswith("/summary.json")
    ]


def find_unexplained_calls(entries: Sequence[Entry]) -> list[Entry]:
    """Calls for an answer that had been asked for by a process that did not die after it."""
    # Planned deaths are noted a little before they happen, others a little after.
    died = {e.details["dead"]: e.at_seconds for e in entries if e.what == "died"}
    died |= {e.pid: e.at_seconds for e in entries if e.what == "killed"}
    by_key: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.what == "called":
            by_key[entry.details["key"]].append(entry)
    unexplained = []
    for calls in by_key.values():
        calls.sort(key=lambda call: call.at_seconds)
        for before, call in itertools.pairwise(calls):
            death = died.get(before.pid, math.inf)
            if not before.at_seconds - _DYING_SECONDS < death <= call.at_seconds:
                unexplained.append(call)
    return unexplained


def receive_letters(account: AwsAccount, dlq_url: str) -> list[ReceivedMessage]:
    """The messages of a DLQ, which are hidden for a second by this."""
    letters: dict[str, ReceivedMessage] = {}
    queues = Queues(account.clients.sqs)
    while batch := queues.receive(dlq_url, visibility_seconds=5):
        letters |= {letter.message_id: letter for letter in batch}
    for letter in letters.values():
        queues.change_visibility(dlq_url, letter.receipt_handle, 0)
    return list(letters.values())


def read_cause(letter: ReceivedMessage) -> str | None:
    """The type of the error for which a message is in the DLQ, if it says so."""
    state = read_delivery_state(
        letter.attributes, message_id=letter.message_id, sent_at=letter.sent_at
    )
    return state.failure.error_type if state.failure else None
