"""Pages whose text is to be recognised: which, and how their pictures get to the recogniser.

A message of its own asks for the pictures, so that no page with text waits for them.
"""

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from pipeline.extraction.extractor import Extractor
from pipeline.extraction.file_header import looks_like_pdf
from pipeline.ingest.chunk_sending import find_group
from pipeline.ingest.chunk_text import picture_key, text_folder
from pipeline.ingest.downloads import download_document
from pipeline.ingest.settled_pages import have_rest_given_up, settle_and_follow
from pipeline.services import Services
from shared.deadline import Deadline
from shared.errors import DeadlineError, RejectedDocumentError, RejectionCode
from shared.ledger.document_texts import ExtractedText, SettledPage
from shared.ledger.documents import Document, find_document
from shared.messages.message import encode_message
from shared.messages.reading_messages import RecognisePage, RenderPages
from shared.page_ranges import format_page_ranges, parse_page_ranges

logger = logging.getLogger("seashore.ingest")

# Letters of 8 points have 13 pixels between two of their lines: finer pictures cost more and are
# read no better (`make bench-ocr`).
DOTS_PER_INCH = 200
# A page of A3 at that. Larger ones are plans and posters, whose letters are larger too.
MAX_PIXELS = 8_000_000
# Kept back from an invocation's time, to have the rest rendered by another.
_RESERVE_SECONDS = 3.0
_PICTURE_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class RenderServices(Services):
    """What rendering works with besides.

    Args:
        extractor: Reads documents, and renders their pages.
        queue_url: Where the rest of a long document is sent, to be read or rendered.
        conversions_queue_url: Where a document is sent that is no PDF; None in the function that
            reads those.
        recognition_queue_url: Where pictures are recognised; None where no picture is.
        max_document_bytes: Larger documents are refused before they are downloaded.
    """

    extractor: Extractor
    queue_url: str
    conversions_queue_url: str | None
    recognition_queue_url: str | None = None
    max_document_bytes: int


def choose_pages(text: ExtractedText) -> str:
    """Ranges of the pages that recognition may read: pictures, and fonts that do not say what."""
    pages = parse_page_ranges(text.picture_pages)
    for failure in text.page_failures:
        if failure.code == RejectionCode.UNMAPPED_FONTS:
            pages |= parse_page_ranges(failure.pages)
    return format_page_ranges(pages)


def ask_for_pictures(document: Document, services: RenderServices) -> None:
    """Have the pages of a document rendered that are to be recognised."""
    if document.recognising_pages:
        message = RenderPages(document_id=document.document_id, run=document.run, first_page=1)
        services.queues.send(services.queue_url, [encode_message(message)], find_group(document))


def render_pages(message: RenderPages, services: RenderServices, deadline: Deadline) -> None:
    """Put the pictures of pages into the artifacts bucket and have them recognised.

    A picture that is there is not made again, so that a repeated delivery repeats little.

    Raises:
        DeadlineError: The time was up before the first picture.
        RetryableError, DeferredError: As the ledger, S3 and the reader do.
    """
    document = find_document(services.table, message.document_id)
    queue_url = services.recognition_queue_url
    is_current = document is not None and document.run == message.run
    if document is None or not is_current or not document.recognising_pages or queue_url is None:
        logger.info("rendering_outdated", extra={"action": "rendering_outdated"})
        return
    pages = [
        n for n in sorted(parse_page_ranges(document.recognising_pages)) if n >= message.first_page
    ]
    # One that is let go of is empty: an engine that was named since may want to see it again.
    sizes = services.objects.list_sizes(
        services.artifacts_bucket, f"{text_folder(document.text_address)}pages/"
    )
    there = {n for n in pages if sizes.get(picture_key(document.text_address, n))}
    _have_recognised(document, sorted(there), queue_url, services)
    left = [n for n in pages if n not in there]
    if not left:
        return
    reading_deadline = replace(deadline, at_seconds=deadline.at_seconds - _RESERVE_SECONDS)
    done = 0
    try:
        with ExitStack() as kept:
            path = kept.enter_context(
                download_document(document, services.objects, services.max_document_bytes)
            )
            if services.conversions_queue_url is not None and not looks_like_pdf(path):
                conversion = [encode_message(message)]
                services.queues.send(
                    services.conversions_queue_url, conversion, find_group(document)
                )
                return
            opened = kept.enter_context(services.extractor.open(path, reading_deadline))
            pictures = opened.render(left, dots_per_inch=DOTS_PER_INCH, max_pixels=MAX_PIXELS)
            for picture in pictures:
                if picture.reason is not None:
                    settled = SettledPage(
                        document_id=document.document_id,
                        run=document.run,
                        page=picture.number,
                        reason=picture.reason,
                    )
                    settle_and_follow(settled, queue_url, services)
                else:
                    services.objects.write_bytes(
                        services.artifacts_bucket,
                        picture_key(document.text_address, picture.number),
                        picture.data,
                        _PICTURE_TYPE,
                    )
                    _have_recognised(document, [picture.number], queue_url, services)
                done += 1
    except RejectedDocumentError as error:
        have_rest_given_up(document.document_id, document.run, error.sentence, queue_url, services)
    except DeadlineError:
        if not done:
            raise
        rest = message.model_copy(update={"first_page": left[done]})
        services.queues.send(services.queue_url, [encode_message(rest)], find_group(document))


def _have_recognised(
    document: Document, pages: Iterable[int], queue_url: str, services: Services
) -> None:
    messages = [
        RecognisePage(
            document_id=document.document_id,
            run=document.run,
            page=page,
            picture_key=picture_key(document.text_address, page),
        )
        for page in pages
    ]
    bodies = [encode_message(one) for one in messages]
    services.queues.send(queue_url, bodies, find_group(document))
