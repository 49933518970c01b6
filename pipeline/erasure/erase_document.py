"""One document erased: its file, its text, its results, its rows, and what came out of it.

The order of the steps makes it safe to break off anywhere: first the document is DELETED, so that
nothing about it is written any more; what is found by way of its rows goes before they do; and the
row of the document itself goes last, in one write. Begun again, each step finds less to do.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from pipeline.erasure.erasure_types import SETTLES_AFTER, ErasureEnd, ErasureServices
from pipeline.erasure.traces import (
    erase_answers,
    erase_copies,
    erase_folder,
    erase_letters,
    erase_report_line,
    erase_stale_results,
    erase_task,
    erase_texts,
)
from pipeline.page_views.view_keys import views_folder
from shared.errors import ObjectMissingError, SeashoreError
from shared.ledger.children import CHILDREN_PREFIX, list_children, note_child_erased
from shared.ledger.document_versions import find_current_document_id, forget_version, list_versions
from shared.ledger.documents import Document, document_pk, find_document
from shared.ledger.erasures import (
    Erasure,
    Leftovers,
    find_erasure,
    finish_erasure,
    forget_rows,
    list_open_erasures,
    name_linked_tasks,
    note_never_entered,
    order_erasure,
    read_order,
    read_partition,
    settle_erasure,
)
from shared.ledger.tasks import find_task
from shared.messages.uploads import make_document_id

logger = logging.getLogger("seashore.erasure")


def erase_document(document_id: str, by: str, services: ErasureServices) -> ErasureEnd:
    """Erase a document with all that was made of it, whatever is at work on it.

    Safe to repeat and to break off. What a run that is going on writes after this has looked is
    deleted by `settle_erasures` half an hour later.

    Args:
        document_id: The document.
        by: Who wants it: the ARN of an identity, a user or a key.
        services: What is needed.

    Raises:
        DeferredError, PermanentError: As AWS does; begun again it goes on.
    """
    document = find_document(services.table, document_id)
    if document is None:
        was_erased = find_erasure(services.table, document_id) is not None
        return ErasureEnd.GONE if was_erased else ErasureEnd.UNKNOWN
    if read_order(services.table, document_id) is None:
        content_sha256 = _hash_content(document, services)
        order_erasure(services.table, document, content_sha256, by, services.now())
    order = read_order(services.table, document_id)
    if order is None:
        return ErasureEnd.GONE
    _erase_children(document, by, services)
    # Read after the order: what was under way by then is found, and nothing is added any more.
    rows = read_partition(services.table, document_pk(document_id))
    tasks = name_linked_tasks(rows)
    current = find_current_document_id(services.table, document.bucket, document.key)
    names = {document_id, document.key} if current == document_id else {document_id}
    erase_letters({document_id, *tasks}, names, services)
    for task_id in tasks:
        erase_task(task_id, services)
    erase_answers(rows, services)
    erase_copies(rows, services)
    leftovers = Leftovers(
        bucket=document.bucket,
        content_sha256=order["erased_sha256"],
        day=_tell_day(document, services),
        task_ids=tuple(tasks),
    )
    document = find_document(services.table, document_id) or document
    _erase_artifacts(document_id, leftovers, document.text_address, services)
    _erase_object(document, services)
    if document.parent is not None:
        note_child_erased(services.table, document.key)
    forget_version(services.table, document)
    forget_rows(services.table, document_id)
    finish_erasure(services.table, document_id, leftovers)
    # The one line that stays, with the row: no name, no content.
    logger.info(
        "document_erased",
        extra={"action": "document_erased", "document_id": document_id, "by": order["erased_by"]},
    )
    return ErasureEnd.ERASED


def settle_erasures(services: ErasureServices) -> int:
    """Finish erasures that broke off, and delete what was written late about erased documents.

    One that fails keeps no other from it.

    Returns:
        How many documents are settled now.

    Raises:
        DeferredError, PermanentError, RetryableError: As the first that failed did.
    """
    cleared: list[Erasure] = []
    failures: list[SeashoreError] = []
    for document_id in list(list_open_erasures(services.table)):
        try:
            erasure = _clear(document_id, services)
        except SeashoreError as error:
            failures.append(error)
            logger.warning(
                "erasure_kept",
                extra={
                    "action": "erasure_kept",
                    "document_id": document_id,
                    "cause": str(error),
                },
            )
            continue
        if erasure is not None:
            cleared.append(erasure)
    _erase_late_letters(cleared, services)
    for erasure in cleared:
        settle_erasure(services.table, erasure)
    if failures:
        raise failures[0]
    return len(cleared)


def _clear(document_id: str, services: ErasureServices) -> Erasure | None:
    """Delete what was written late; the erasure, if nothing more can come but dead letters."""
    order = read_order(services.table, document_id)
    if order is not None:
        erase_document(document_id, order["erased_by"], services)
        return None
    erasure = find_erasure(services.table, document_id)
    if erasure is None or erasure.leftovers is None:
        return None
    if services.now() - datetime.fromisoformat(erasure.erased_at) < SETTLES_AFTER:
        return None
    left = erasure.leftovers
    are_final = [_clear_task(task_id, services) for task_id in left.task_ids]
    _erase_files_inside(document_id, left.bucket, erasure.erased_by, services)
    _erase_artifacts(document_id, left, "", services)
    forget_rows(services.table, document_id)
    return erasure if all(are_final) else None


def _erase_late_letters(erasures: Sequence[Erasure], services: ErasureServices) -> None:
    """Delete the letters that somebody held when they were looked for, or that came after."""
    if not erasures:
        return
    documents = {erasure.document_id for erasure in erasures}
    tasks = chain.from_iterable(one.leftovers.task_ids for one in erasures if one.leftovers)
    gone = {task_id for task_id in tasks if find_task(services.table, task_id) is None}
    erase_letters(documents | gone, documents, services)


def _clear_task(task_id: str, services: ErasureServices) -> bool:
    """Delete what an attempt from before the erasure has written late.

    One whose message came again since is a task without the document, which keeps its own result.

    Returns:
        Whether it is done with; what is in flight may be writing its result.
    """
    task = find_task(services.table, task_id)
    if task is None:
        erase_task(task_id, services)
        return True
    if task.status.is_final:
        erase_stale_results(task, services)
    return task.status.is_final


def _hash_content(document: Document, services: ErasureServices) -> str:
    """The hash under which its text lies; a document that is being read has it in its bytes."""
    if document.text_address:
        return document.text_address.split("-")[0]
    try:
        return services.objects.hash_content(document.bucket, document.key, document.version_id)
    except ObjectMissingError:
        return ""


def _tell_day(document: Document, services: ErasureServices) -> str:
    return f"{datetime.fromisoformat(document.received_at).astimezone(services.zone):%Y-%m-%d}"


def _erase_children(document: Document, by: str, services: ErasureServices) -> None:
    for child in list_children(services.table, document.document_id):
        for child_id, _ in list(list_versions(services.table, document.bucket, child.key)):
            erase_document(child_id, by, services)
    _erase_files_inside(document.document_id, document.bucket, by, services)


def _erase_files_inside(document_id: str, bucket: str, by: str, services: ErasureServices) -> None:
    """Erase what was put beside a document, and keep out what has not arrived yet."""
    prefix = f"{CHILDREN_PREFIX}{document_id}/"
    versions = services.objects.list_versions(bucket, prefix)
    for version in versions:
        child_id = make_document_id(bucket, version.key, version.version_id, version.etag)
        if version.is_marker or erase_document(child_id, by, services) is not ErasureEnd.UNKNOWN:
            continue
        # Its own bytes are in the text of nobody yet.
        left = Leftovers(bucket=bucket, content_sha256="", day="")
        note_never_entered(services.table, child_id, by, services.now(), left)
    services.objects.delete_versions(bucket, versions)


def _erase_artifacts(
    document_id: str, left: Leftovers, text_address: str, services: ErasureServices
) -> None:
    erase_texts(document_id, left.content_sha256, text_address, services)
    if left.content_sha256:
        # Also of those who share the bytes, for whom they are drawn anew.
        erase_folder(views_folder(left.content_sha256), services)
    erase_folder(f"results/{document_id}/", services)
    if left.day:
        erase_report_line(document_id, left.day, services)


def _erase_object(document: Document, services: ErasureServices) -> None:
    """Delete the document's own version, and the key's delete markers with its last version."""
    there = services.objects.list_versions_of(document.bucket, document.key)
    own = [
        version
        for version in there
        if not version.is_marker
        and make_document_id(document.bucket, version.key, version.version_id, version.etag)
        == document.document_id
    ]
    rest = [version for version in there if version not in own]
    gone = own if any(not version.is_marker for version in rest) else there
    services.objects.delete_versions(document.bucket, gone)
