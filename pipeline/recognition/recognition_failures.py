"""What the ledger is told when pages cannot be recognised, or not yet.

Apart from what recognises them, as the sweep is without that: its zip has no room for an engine.
"""

from pipeline.ingest.settled_pages import (
    MOST_CAUSE_CHARACTERS,
    have_rest_given_up,
    settle_and_follow,
)
from pipeline.services import Services
from shared.ledger.document_texts import SettledPage
from shared.ledger.documents import document_row_key
from shared.ledger.waiting import Wait, note_wait
from shared.messages.reading_messages import RecognisePage, RecognitionItem


def give_up_recognition(
    item: RecognitionItem, cause: str, recognition_queue_url: str, services: Services
) -> None:
    """Note that a page cannot be recognised, or have all given up that could not be taken up.

    Where the latter is given up too, its dead letter waits for a replay, and the document with it.
    """
    if isinstance(item, RecognisePage):
        page = SettledPage(
            document_id=item.document_id,
            run=item.run,
            page=item.page,
            reason=cause[:MOST_CAUSE_CHARACTERS],
        )
        settle_and_follow(page, recognition_queue_url, services)
    elif not item.failure:
        have_rest_given_up(item.document_id, item.run, cause, recognition_queue_url, services)


def note_recognition_delay(item: RecognitionItem, wait: Wait, services: Services) -> None:
    """Note in the timeline of a document that a page of it waits."""
    details = {"item": item.item_id, **wait.details}
    row_key = document_row_key(item.document_id)
    note_wait(services.table, row_key, services.now(), wait.step, details)
