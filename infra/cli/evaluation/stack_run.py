"""The documents of an evaluation at work on a stack: put, summarised, asked about, extracted."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.cli.command_context import open_ledger, open_objects
from infra.cli.progress.follow_documents import REAL_PACE, Followed, follow_documents
from infra.cli.progress.follow_tasks import FollowedTask, follow_tasks
from infra.cli.put.files import FileToPut
from infra.cli.put.upload import PutDocument, put_files
from infra.cli.tasks.enqueue import TERMINAL, send_task
from infra.cli.times import read_clock
from infra.evaluation.cases import EvalCase, Json, Outcome
from infra.stacks import Stack
from pipeline.documents.document_reader import DocumentReader
from shared.errors import OperatorError
from shared.ledger.tasks import Task
from shared.messages.message_groups import group_of_bulk
from shared.messages.tasks import TASK

Report = Callable[[str], None]


@dataclass(frozen=True)
class _Sent:
    """A task that was sent: the document that it is about, its kind, and its id."""

    case: EvalCase
    kind: str
    task_id: str


def run_on_stack(
    stack: Stack,
    folder: Path,
    cases: Sequence[EvalCase],
    *,
    with_extract: bool,
    report: Report,
    patience_seconds: float,
) -> list[Outcome]:
    """Have a stack work on documents, and read what came of them.

    The documents are put under a prefix of their own, `seashore-eval-...`, and stay.

    Args:
        stack: The stack.
        folder: Where the documents are.
        cases: The documents.
        with_extract: Whether fields are extracted; without a language model they cannot be.
        report: Called with a line for each step.
        patience_seconds: How long each step may take at most.

    Raises:
        OperatorError: AWS refused, or it takes too long.
    """
    prefix = f"seashore-eval-{secrets.token_hex(4)}"
    put = _put(stack, folder, cases, prefix)
    until = time.monotonic() + patience_seconds
    documents: Sequence[Followed] = ()
    for documents in follow_documents(
        open_ledger(stack), [Followed(one.document_id, one.key) for one in put]
    ):
        _check_time(until, f"{sum(not one.is_final for one in documents)} documents")
        report(f"{sum(one.is_final for one in documents)} of {len(put)} documents")
    sent = [
        _Sent(case, str(content["kind"]), _send(stack, f"{prefix}-{number}", content))
        for number, (case, content) in enumerate(
            (case, content)
            for case, one in zip(cases, put, strict=True)
            for content in _list_tasks(case, one.document_id, with_extract=with_extract)
        )
    ]
    tasks = _follow_tasks(stack, sent, report, time.monotonic() + patience_seconds)
    return [
        _read_outcome(stack, case, followed, sent, tasks)
        for case, followed in zip(cases, documents, strict=True)
    ]


def _put(
    stack: Stack, folder: Path, cases: Sequence[EvalCase], prefix: str
) -> list[PutDocument]:  # fmt: skip
    files = [
        FileToPut(path, f"{prefix}/{path.name}", path.stat().st_size)
        for path in (folder / case.document for case in cases)
    ]
    results = put_files(
        stack.client("s3"), stack.output("DocumentsBucket"), files, lambda count: None
    )
    put = [one for one in results if isinstance(one, PutDocument)]
    if len(put) < len(files):
        raise OperatorError(f"Not every document of {folder} can be read: check its permissions.")
    return put


def _list_tasks(
    case: EvalCase, document_id: str, *, with_extract: bool
) -> Iterable[Mapping[str, Any]]:
    for known in case.questions:
        yield {"kind": "ask", "question": known.question, "documents": [document_id]}
    for known_fields in case.extract if with_extract else ():
        yield {"kind": "extract", "schema": known_fields.fields_schema, "document": document_id}


def _send(stack: Stack, task_id: str, content: Mapping[str, Any]) -> str:
    task = TASK.validate_python({**content, "id": task_id})
    return send_task(stack, task, group_of_bulk(TERMINAL))


def _follow_tasks(
    stack: Stack, sent: Sequence[_Sent], report: Report, until: float
) -> dict[str, Task]:
    if not sent:
        return {}
    followed: Sequence[FollowedTask] = ()
    for followed in follow_tasks(open_ledger(stack), [one.task_id for one in sent], REAL_PACE):
        _check_time(until, f"{sum(not one.is_final for one in followed)} tasks")
        report(f"{sum(one.is_final for one in followed)} of {len(sent)} tasks")
    return {one.task_id: one.task for one in followed if one.task is not None}


def _check_time(until: float, what: str) -> None:
    if time.monotonic() > until:
        raise OperatorError(
            f"{what} are not final after the time that an evaluation waits: see `seashore watch`, "
            "and give it more with --patience."
        )


def _read_outcome(
    stack: Stack,
    case: EvalCase,
    followed: Followed,
    sent: Sequence[_Sent],
    tasks: Mapping[str, Task],
) -> Outcome:
    objects, bucket = open_objects(stack), stack.output("ArtifactsBucket")
    document = followed.document
    if document is None:
        return Outcome(None, None)
    summary = document.result_key and objects.read_json(bucket, document.result_key)
    mine = [(one.kind, tasks[one.task_id]) for one in sent if one.case is case]

    def read(kind: str) -> list[Json | None]:
        return [
            objects.read_json(bucket, task.result_key) if task.result_key else None
            for task_kind, task in mine
            if task_kind == kind
        ]

    texts: list[str] = []
    if not case.text and document.result_key is not None:
        reader = DocumentReader(open_ledger(stack), objects, document.bucket, bucket, read_clock)
        pages: dict[int, str] = {}
        for passage in reader.read_passages(document):
            pages[passage.page] = pages.get(passage.page, "") + passage.text
        texts = [pages.get(number, "") for number in range(1, document.pages + 1)]
    return Outcome(
        status=document.status,
        summary=summary or None,
        texts=texts,
        answers=read("ask"),
        extracts=read("extract"),
        failures=[f"{kind}: {task.reason}" for kind, task in mine if not task.result_key],
    )
