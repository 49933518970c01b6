"""What a document has left in the artifacts bucket and in the DLQs, and how that is deleted."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.dead_letters.restore import COPIES_PREFIX
from pipeline.erasure.erasure_types import ErasureServices
from pipeline.ingest.chunk_text import belongs_to, own_text_folder
from shared.aws.objects import ObjectVersion
from shared.dead_letters.letters import Letter
from shared.dead_letters.reading import hold_letters
from shared.errors import ObjectMissingError
from shared.ledger.answers import ANSWER_SK
from shared.ledger.erasures import (
    delete_rows,
    forget_text_user,
    read_partition,
    release_text,
)
from shared.ledger.tasks import Task, task_pk
from shared.messages.tasks import TaskMessage

_LINE_END = "\r\n"


def erase_texts(
    document_id: str, content_sha256: str, text_address: str, services: ErasureServices
) -> None:
    """Delete the texts that a document's bytes have given, but for what others share of them."""
    found: dict[str, list[ObjectVersion]] = {text_address: []} if text_address else {}
    if content_sha256:
        # Listed before they are let go: what is read anew after that is another version.
        prefix = f"text/{content_sha256}-"
        for version in services.objects.list_versions(services.artifacts_bucket, prefix):
            found.setdefault(version.key.split("/")[1], []).append(version)
    for address, versions in found.items():
        if not belongs_to(address, content_sha256):
            continue
        if release_text(services.table, address, document_id):
            services.objects.delete_versions(services.artifacts_bucket, versions)
            forget_text_user(services.table, address, document_id)
        else:
            own = own_text_folder(address, document_id)
            services.objects.delete_versions(
                services.artifacts_bucket,
                [version for version in versions if version.key.startswith(own)],
            )


def erase_answers(rows: Iterable[Mapping[str, Any]], services: ErasureServices) -> None:
    """Delete the answers of a model that the timeline of a document or task names."""
    answers = [(pk, ANSWER_SK) for row in rows for pk in row.get("answers", ())]
    delete_rows(services.table, answers)


def erase_task(task_id: str, services: ErasureServices) -> None:
    """Delete a task with its result, its answers, its discarded letters and all its rows."""
    erase_folder(_task_folder(task_id), services)
    rows = read_partition(services.table, task_pk(task_id))
    erase_answers(rows, services)
    erase_copies(rows, services)
    delete_rows(services.table, [(row["pk"], row["sk"]) for row in rows])


def erase_stale_results(task: Task, services: ErasureServices) -> None:
    """Delete all that attempts at a task have written, but for the result that it has now."""
    bucket = services.artifacts_bucket
    own = f"{task.result_key.rpartition('/')[0]}/" if task.result_key else None
    seen: set[str] = set()
    stale = []
    for version in services.objects.list_versions(bucket, _task_folder(task.task_id)):
        # S3 lists the versions of a key from the newest on.
        is_newest = version.key not in seen
        seen.add(version.key)
        if own is None or not version.key.startswith(own) or not is_newest:
            stale.append(version)
    services.objects.delete_versions(bucket, stale)


def _task_folder(task_id: str) -> str:
    return f"results/tasks/{task_id}/"


def erase_folder(prefix: str, services: ErasureServices) -> None:
    """Delete every version of every object under a prefix of the artifacts bucket."""
    versions = services.objects.list_versions(services.artifacts_bucket, prefix)
    services.objects.delete_versions(services.artifacts_bucket, versions)


def erase_copies(rows: Iterable[Mapping[str, Any]], services: ErasureServices) -> None:
    """Delete the copies of discarded dead letters that a timeline names."""
    for row in rows:
        if row.get("step") == "discarded":
            day, letter_id = row["at"][:10], row["details"].get("message_id", "")
            erase_folder(f"{COPIES_PREFIX}{day}/{letter_id}.json", services)


def erase_report_line(document_id: str, day: str, services: ErasureServices) -> None:
    """Take a document out of the list of all documents of a day's report, and of its versions."""
    key = f"reports/{day}/documents.csv"
    bucket, objects = services.artifacts_bucket, services.objects

    def without_it(text: str) -> str:
        lines = text.split(_LINE_END)
        return _LINE_END.join(line for line in lines if not line.startswith(f"{document_id},"))

    try:
        # Another erasure or the report itself may be at the list at the same moment.
        objects.change_text(bucket, key, without_it)
    except ObjectMissingError:
        return
    # S3 lists the versions of a key from the newest on.
    _newest, *older = objects.list_versions_of(bucket, key)
    objects.delete_versions(bucket, older)


def erase_letters(ids: set[str], names: set[str], services: ErasureServices) -> None:
    """Delete the dead letters about erased things, and about nothing else, as far as none are held.

    Args:
        ids: The documents and tasks.
        names: What a task may call one of the documents; its letter goes then, too.
        services: What is needed.
    """

    def is_about(letter: Letter) -> bool:
        subjects = {subject.id for subject in letter.work.subjects}
        message = letter.work.message
        named = set(message.document_names) if isinstance(message, TaskMessage) else set()
        return bool(subjects) and (subjects <= ids or not named.isdisjoint(names))

    dlqs = [dlq for dlq in services.dlqs if services.queues.count_all_messages(dlq.dlq_url)]
    if not dlqs:
        return
    with hold_letters(
        services.queues, dlqs, services.pace, services.stopwatch, is_wanted=is_about
    ) as held:
        for dlq in dlqs:
            held.delete([letter for letter in held.letters if letter.queue is dlq])
