"""The routes of documents, their summaries, uploads and reports."""

from pathlib import PurePosixPath
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.openapi.params import Path, Query

from functions.http.models import (
    DAY_PATTERN,
    DOCUMENT_ID_PATTERN,
    DocumentPage,
    DocumentView,
    FileLink,
    SummaryVersions,
    SummaryVersionView,
    UploadForm,
    UploadRequest,
)
from functions.http.request_facts import run_within
from functions.http.route_parts import check_day, check_id, find_facts, tell_answers
from functions.http.services import ApiServices
from functions.http.views import view_document
from pipeline.day_listing import PageWanted
from pipeline.documents.document_listing import DocumentsWanted, list_document_page
from pipeline.documents.whole_text import provide_whole_text
from pipeline.summaries.results import DocumentSummary
from pipeline.summaries.versions import choose_version, list_versions_of_summary
from shared.aws.file_links import EXPIRES_SECONDS as LINK_SECONDS
from shared.aws.upload_forms import EXPIRES_SECONDS
from shared.errors import (
    NothingFoundError,
    ObjectMissingError,
    RequestTooLargeError,
)
from shared.ledger.documents import Document, find_document
from shared.lifecycle import DocumentStatus

DocumentId = Annotated[str, Path(description="The document's id, such as `d0123456789abcdef0123`.")]


def add_document_routes(app: APIGatewayRestResolver, services: ApiServices) -> None:
    """Add what lists, shows and takes in documents."""
    reader = services.reader

    def find(document_id: str) -> Document:
        check_id(document_id, DOCUMENT_ID_PATTERN, "document")
        document = find_document(reader.table, document_id)
        if document is None:
            raise NothingFoundError("there is no such document")
        return document

    @app.get(
        "/documents",
        summary="List documents, the newest first",
        operation_id="list_documents",
        tags=["documents"],
        responses=tell_answers(200, "A page of documents; of the last 30 days without a day."),
    )
    def list_documents(
        limit: Annotated[int, Query(ge=1, le=100, description="The most of a page.")] = 25,
        cursor: Annotated[
            str | None, Query(max_length=300, description="The next_cursor of the page before.")
        ] = None,
        day: Annotated[
            str | None, Query(pattern=DAY_PATTERN, description="The day (UTC) of their arrival.")
        ] = None,
        status: Annotated[DocumentStatus | None, Query(description="Only those.")] = None,
        key: Annotated[
            str | None,
            Query(min_length=1, max_length=1024, description="Only the newest under this name."),
        ] = None,
        prefix: Annotated[
            str | None,
            Query(
                min_length=1,
                max_length=1024,
                description="Only the newest under each name that begins so.",
            ),
        ] = None,
    ) -> DocumentPage:
        if day is not None:
            check_day(day)

        def read() -> DocumentPage:
            if key is not None:
                found = [document for document in [reader.find_by_key(key)] if document]
                return DocumentPage(documents=[view_document(d) for d in found], next_cursor=None)
            wanted = DocumentsWanted(PageWanted(day, limit, cursor), status, prefix)
            documents, next_cursor = list_document_page(wanted, reader.table, reader.now)
            return DocumentPage(
                documents=[view_document(document) for document in documents],
                next_cursor=next_cursor,
            )

        return run_within(find_facts(app).deadline, read)

    @app.get(
        "/documents/<document_id>",
        summary="See how a document stands",
        operation_id="read_document",
        tags=["documents"],
        responses=tell_answers(200, "The document.", 404),
    )
    def read_document(document_id: DocumentId) -> DocumentView:
        return run_within(find_facts(app).deadline, lambda: view_document(find(document_id)))

    @app.get(
        "/documents/<document_id>/summary",
        summary="Read the summary of a document",
        operation_id="read_summary",
        tags=["documents"],
        responses=tell_answers(200, "The summary.", 404),
    )
    def read_summary(
        document_id: DocumentId,
        version: Annotated[
            int | None, Query(ge=1, le=1_000_000, description="Which version; else the newest.")
        ] = None,
    ) -> DocumentSummary:
        def read() -> DocumentSummary:
            document = find(document_id)
            if version is not None:
                document = choose_version(
                    document, version, reader.objects, reader.artifacts_bucket
                )
            summary = reader.read_summary(document)
            if summary is None:
                raise NothingFoundError(
                    f"there is no summary: the document is {document.status}"
                    f"{f' ({document.reason})' if document.reason else ''}"
                )
            return summary

        return run_within(find_facts(app).deadline, read)

    @app.get(
        "/documents/<document_id>/versions",
        summary="List the versions of a document's summary",
        operation_id="list_versions",
        tags=["documents"],
        responses=tell_answers(200, "The versions, the oldest first.", 404),
    )
    def list_versions(document_id: DocumentId) -> SummaryVersions:
        def read() -> SummaryVersions:
            document = find(document_id)
            if document.status is DocumentStatus.DELETED:
                return SummaryVersions(versions=[])
            versions = list_versions_of_summary(
                document.document_id, reader.objects, reader.artifacts_bucket
            )
            return SummaryVersions(
                versions=[
                    SummaryVersionView(
                        version=one.number,
                        run=one.run,
                        is_newest=one.key == document.result_key,
                    )
                    for one in versions
                ]
            )

        return run_within(find_facts(app).deadline, read)

    @app.get(
        "/documents/<document_id>/file",
        summary="Get the file of a document",
        operation_id="read_file",
        tags=["documents"],
        responses=tell_answers(302, "Where it lies, for five minutes.", 404),
    )
    def read_file(document_id: DocumentId) -> Response[FileLink]:
        def link() -> str:
            document = find(document_id)
            if document.status is DocumentStatus.DELETED:
                raise NothingFoundError("there is no file any more: the document is deleted")
            name = PurePosixPath(document.called).name or document.document_id
            return services.links.sign(document.bucket, document.key, document.version_id, name)

        return _redirect(run_within(find_facts(app).deadline, link))

    @app.get(
        "/documents/<document_id>/text",
        summary="Get the text of a document, page by page",
        operation_id="read_text",
        tags=["documents"],
        responses=tell_answers(302, "Where it lies, for five minutes.", 404),
    )
    def read_text(document_id: DocumentId) -> Response[FileLink]:
        def link() -> str:
            key, name = provide_whole_text(find(document_id), reader)
            return services.links.sign(reader.artifacts_bucket, key, None, name)

        return _redirect(run_within(find_facts(app).deadline, link))

    @app.post(
        "/documents",
        summary="Get a form to upload a document with",
        operation_id="upload_document",
        tags=["documents"],
        responses=tell_answers(200, "The form.", 413, 415),
    )
    def upload_document(request: UploadRequest) -> UploadForm:
        return sign_upload(request, services)


def sign_upload(request: UploadRequest, services: ApiServices) -> UploadForm:
    """A form to upload a document with.

    Raises:
        RequestTooLargeError: The document has more bytes than any may have.
        InvalidRequestError: The key cannot be had.
        ServiceError: The form cannot be signed.
    """
    forms = services.forms
    if request.size_bytes is not None and request.size_bytes > forms.max_bytes:
        raise RequestTooLargeError(f"{forms.max_bytes} bytes are the most a document may have")
    form = forms.sign(request.key)
    return UploadForm(
        key=request.key,
        method="POST",
        url=form.url,
        fields=form.fields,
        max_bytes=forms.max_bytes,
        expires_in_seconds=EXPIRES_SECONDS,
    )


def add_report_routes(app: APIGatewayRestResolver, services: ApiServices) -> None:
    """Add what shows reports."""

    @app.get(
        "/reports/<date>",
        summary="Read the report of a day",
        operation_id="read_report",
        tags=["reports"],
        responses=tell_answers(200, "The report.", 404),
    )
    def read_report(date: Annotated[str, Path(pattern=DAY_PATTERN)]) -> dict[str, Any]:
        check_day(date)

        def read() -> dict[str, Any]:
            try:
                return services.reader.read_report(date)
            except ObjectMissingError as error:
                raise NothingFoundError("there is no report of that day") from error

        return run_within(find_facts(app).deadline, read)


def _redirect(url: str) -> Response[FileLink]:
    link = FileLink(url=url, expires_in_seconds=LINK_SECONDS)
    return Response(302, "application/json", link, {"Location": url})
