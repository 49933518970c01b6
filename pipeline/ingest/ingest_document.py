"""From an uploaded PDF to chunks of text on the way to the worker."""

import hashlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.extraction.document import OpenDocument
from pipeline.extraction.file_header import looks_like_pdf
from pipeline.ingest.children import put_children
from pipeline.ingest.chunk_sending import find_group, may_lack_chunks, send_chunks
from pipeline.ingest.chunk_text import (
    belongs_to,
    chunk_text_key,
    read_chunk_tokens,
    text_address,
    text_folder,
)
from pipeline.ingest.chunking import group_pages
from pipeline.ingest.downloads import check_downloadable, download_document
from pipeline.ingest.failed_pages import refuse_failed
from pipeline.ingest.reading_progress import ReadingProgress, to_chunk_text
from pipeline.ingest.render_pages import (
    RenderServices,
    ask_for_pictures,
    choose_pages,
    render_pages,
)
from shared.deadline import Deadline
from shared.errors import (
    DeadlineError,
    RejectedDocumentError,
    RejectionCode,
)
from shared.ledger.document_texts import (
    ExtractedText,
    find_text,
    record_checkpoint,
    record_extraction,
)
from shared.ledger.document_versions import (
    delete_if_version_removed,
    note_removal,
    register_document,
)
from shared.ledger.documents import (
    Document,
    EmbeddedFile,
    find_document,
    move_document,
    write_embedded_files,
)
from shared.ledger.redoing import begin_anew
from shared.lifecycle import DocumentStatus, find_sources
from shared.messages.message import encode_message
from shared.messages.reading_messages import (
    ContinueIngest,
    ConversionItem,
    ConvertDocument,
    IngestItem,
    RenderPages,
)
from shared.messages.uploads import MAIL_PREFIX

if TYPE_CHECKING:
    from pipeline.inbound_mail.admission import InboundMail

logger = logging.getLogger("seashore.ingest")

# Kept back from an invocation's time, to note a checkpoint and send the message for the rest.
_CHECKPOINT_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class IngestServices(RenderServices):
    """What ingestion works with besides.

    Args:
        chunk_tokens: The size of a chunk, in tokens of the model in use.
        inbound_mail: Who may send mails to the stack; None where none are taken.
    """

    chunk_tokens: int
    inbound_mail: "InboundMail | None" = None


def ingest_item(item: IngestItem, services: IngestServices, deadline: Deadline) -> None:
    """Ingest the documents that a message announces, or go on with one; note what was deleted.

    Each step leaves its mark in the ledger, so that a repeated delivery goes on where the last one
    stopped and repeats no effect.

    Raises:
        RetryableError: The work may succeed later.
        DeferredError: An AWS service asks for patience, or no reader of PDFs became free.
    """
    if isinstance(item, RenderPages):
        render_pages(item, services, deadline)
        return
    if isinstance(item, ContinueIngest):
        document = find_document(services.table, item.document_id)
        if document is not None and item.next_page == 1 and document.run == item.run:
            document = _begin_again(document, services)
        if document is not None and item.is_about(document.run):
            _ingest_document(document, services, deadline)
        return
    for upload in item.uploads:
        document = register_document(services.table, upload, services.now)
        if document is not None:
            _ingest_document(document, services, deadline)
    for removal in item.removals:
        note_removal(services.table, removal, services.now)


def convert_item(item: ConversionItem, services: IngestServices, deadline: Deadline) -> None:
    """Read a document that ingest has handed on, go on with one, or hand its pictures out.

    Raises:
        RetryableError, DeferredError: As `ingest_item`.
    """
    if isinstance(item, RenderPages):
        render_pages(item, services, deadline)
        return
    document = find_document(services.table, item.document_id)
    if document is not None and document.run == item.run:
        _ingest_document(document, services, deadline)


def _ingest_document(document: Document, services: IngestServices, deadline: Deadline) -> None:
    if document.status in (DocumentStatus.RECEIVED, DocumentStatus.FAILED):
        extracted = _extract_document(document, services, deadline)
        if extracted is None:
            return
        document = extracted
    if may_lack_chunks(document):
        ask_for_pictures(document, services)
        send_chunks(document, services)


def _begin_again(document: Document, services: IngestServices) -> Document:
    """The document as it is to be read from its first page; one that has a summary keeps it.

    Raises:
        LedgerConflictError: The document has moved on.
    """
    if document.status not in find_sources(DocumentStatus.RECEIVED):
        return document
    if document.status is DocumentStatus.PARTIAL:
        try:
            check_downloadable(document, services.objects, services.max_document_bytes)
        except RejectedDocumentError:
            # There is nothing to read anew, and a part of a summary is better than none.
            logger.info("file_gone", extra={"action": "file_gone"})
            return document
    begin_anew(services.table, document, services.now)
    return find_document(services.table, document.document_id) or document


def _extract_document(
    document: Document, services: IngestServices, deadline: Deadline
) -> Document | None:
    """The document with its text; None if it has none, or another message goes on with it."""
    try:
        with download_document(document, services.objects, services.max_document_bytes) as path:
            return _read_document(document, path, services, deadline)
    except RejectedDocumentError as rejection:
        is_gone = rejection.code is RejectionCode.OBJECT_GONE
        if not (is_gone and delete_if_version_removed(services.table, document, services.now)):
            _reject(document, rejection, (), services)
        return None


def _reject(
    document: Document,
    rejection: RejectedDocumentError,
    files: tuple[EmbeddedFile, ...],
    services: IngestServices,
) -> None:
    move_document(
        services.table,
        document,
        DocumentStatus.REJECTED,
        services.now,
        step="rejected",
        changes={
            "reason_code": rejection.code,
            "reason": rejection.sentence,
            "embedded_files": write_embedded_files(files),
        },
    )


def _hand_on(document: Document, path: Path, services: IngestServices) -> bool:
    """Whether a file is for the function that reads other formats than PDF, which gets word of it.

    It lies here by now: to look at its first bytes before would cost each PDF a request of its own.

    Raises:
        RejectedDocumentError: It is a mail that is not taken.
    """
    if services.conversions_queue_url is None:
        return False
    if document.key.startswith(MAIL_PREFIX):
        # Few stacks take mails: its modules are a hundredth of the start.
        from pipeline.inbound_mail.admission import check_mail

        check_mail(path, services.inbound_mail)
    # A mail may have the first bytes of a PDF in one of its headers.
    elif looks_like_pdf(path):
        return False
    if path.stat().st_size == 0:
        # Refused at once, in words.
        return False
    message = ConvertDocument(
        document_id=document.document_id, run=document.run, next_page=document.next_page
    )
    services.queues.send(
        services.conversions_queue_url, [encode_message(message)], find_group(document)
    )
    return True


def _read_document(
    document: Document, path: Path, services: IngestServices, deadline: Deadline
) -> Document | None:
    """Read a document's text, or take over what the same bytes have given before."""
    if _hand_on(document, path, services):
        return None
    with path.open("rb") as file:
        content_sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    address = _find_address(document, content_sha256, services.chunk_tokens)
    reused_from, known = find_text(services.table, address) or (None, None)
    if known is not None and not _has_objects(known, services):
        reused_from, known = None, None
        if document.status is DocumentStatus.FAILED:
            # It may have been read to its end, and then there is nothing to go on with.
            document = _begin_again(document, services)
            address = _find_address(document, content_sha256, services.chunk_tokens)
    if known is not None and not known.embedded_files:
        return _record_text(document, known, reused_from, services)
    reading_deadline = replace(deadline, at_seconds=deadline.at_seconds - _CHECKPOINT_SECONDS)
    with services.extractor.open(
        path, reading_deadline, waited_seconds=document.reading_milliseconds / 1000
    ) as opened:
        extraction = known or _store_text(document, opened, address, services)
        if extraction.next_page <= extraction.pages:
            _send_rest(document, extraction, services)
            return None
        try:
            # Beside the document, whose folder goes when it is read.
            files = put_children(document, opened, path.with_name("inside"), services)
        except DeadlineError:
            if document.next_page > extraction.pages:
                raise
            _send_rest(document, replace(extraction, embedded_files=()), services)
            return None
    return _record_text(document, replace(extraction, embedded_files=files), reused_from, services)


def _record_text(
    document: Document, text: ExtractedText, reused_from: str | None, services: IngestServices
) -> Document | None:
    """Note what a document's text has come to, and which pages of it are to be recognised."""
    recognising = choose_pages(text) if services.recognition_queue_url is not None else ""
    if text.failed_pages and not text.chunk_plan and not recognising:
        refusal = refuse_failed(text.page_failures, text.failed_pages)
        _reject(document, refusal, text.embedded_files, services)
        return None
    return record_extraction(
        services.table,
        document,
        replace(text, recognising_pages=recognising),
        services.now,
        reused_from=reused_from,
    )


def _has_objects(text: ExtractedText, services: IngestServices) -> bool:
    """Whether every chunk of a text still lies in the artifacts bucket."""
    folder = text_folder(text.text_address)
    there = set(services.objects.list_keys(services.artifacts_bucket, folder))
    numbers = range(1, len(text.chunk_plan) + 1)
    return all(chunk_text_key(text.text_address, number) in there for number in numbers)


def _find_address(document: Document, content_sha256: str, chunk_tokens: int) -> str:
    """Where a document's text goes: one that is begun goes on as it began.

    Its chunks keep their size though the setting may be another by now.

    Raises:
        RejectedDocumentError: It was begun with other bytes; without versions a file can change.
    """
    if document.next_page == 1:
        return text_address(content_sha256, chunk_tokens)
    if not belongs_to(document.text_address, content_sha256):
        raise RejectedDocumentError(
            RejectionCode.OBJECT_GONE,
            "The file was replaced while it was being read; what replaced it is a document of its "
            "own.",
        )
    return document.text_address


def _store_text(
    document: Document, opened: OpenDocument, address: str, services: IngestServices
) -> ExtractedText:
    """Write text to the artifacts bucket chunk by chunk as it is read, as far as the time allows.

    Returns:
        How far it came. It stops only between two pages that are in chunks of their own, so that
        whoever goes on cuts the same chunks.

    Raises:
        DeadlineError: The time was up before the first such place.
    """
    reading = ReadingProgress(document, opened, address)
    try:
        pages = opened.pages(first_page=document.next_page)
        for chunk in group_pages(pages, read_chunk_tokens(address)):
            text = to_chunk_text(chunk, opened.unit)
            if text.pages:
                services.objects.write_text(
                    services.artifacts_bucket,
                    chunk_text_key(address, reading.next_chunk_number),
                    text.model_dump_json(),
                    "application/json",
                )
            reading.add(chunk)
    except DeadlineError:
        if reading.safe.next_page == document.next_page:
            raise
    return replace(reading.safe, reading_milliseconds=round(opened.waited_seconds * 1000))


def _send_rest(document: Document, extraction: ExtractedText, services: IngestServices) -> None:
    """Note how far it came, then have the rest read by a message of its own.

    A crash in between is healed by redelivery: whichever message comes next goes on from the note.
    """
    record_checkpoint(services.table, document, extraction, services.now)
    kind = ConvertDocument if services.conversions_queue_url is None else ContinueIngest
    message = kind(
        document_id=document.document_id, run=document.run, next_page=extraction.next_page
    )
    services.queues.send(services.queue_url, [encode_message(message)], find_group(document))
