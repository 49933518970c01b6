"""Pages whose recognition is over, one by one, and the message that takes up all of them."""

from pipeline.ingest.chunk_sending import find_group
from pipeline.services import Services
from shared.ledger.document_texts import SettledPage, settle_page
from shared.ledger.documents import find_document
from shared.messages.message import encode_message
from shared.messages.reading_messages import TakeUpPages
from shared.page_ranges import count_pages

# What stands behind a page in a document's row, which has room for few.
MOST_CAUSE_CHARACTERS = 500


def settle_and_follow(page: SettledPage, recognition_queue_url: str, services: Services) -> None:
    """Settle a page, and have all pages taken up if it was the last.

    It is looked after every page, also a repeated one: a crash before the sending is healed so.
    """
    settle_page(services.table, page, services.now)
    document = find_document(services.table, page.document_id)
    if document is None or document.run != page.run or not document.recognising_pages:
        return
    if document.pages_settled >= count_pages(document.recognising_pages):
        message = TakeUpPages(document_id=page.document_id, run=page.run)
        services.queues.send(recognition_queue_url, [encode_message(message)], find_group(document))


def have_rest_given_up(
    document_id: str, run: int, cause: str, recognition_queue_url: str, services: Services
) -> None:
    """Have those pages of a document given up that are not settled, and the others taken up."""
    rest = TakeUpPages(document_id=document_id, run=run, failure=cause[:MOST_CAUSE_CHARACTERS])
    services.queues.send(recognition_queue_url, [encode_message(rest)])
