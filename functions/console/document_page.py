"""A document on its page: what it says and where, what became of each page, and how it fared."""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

from functions.console.coverage_view import draw_coverage
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.timeline_view import read_steps
from functions.http.models import DOCUMENT_ID_PATTERN
from functions.http.route_parts import check_id
from functions.http.services import ApiServices
from pipeline.documents.document_listing import has_text
from pipeline.documents.standing_words import describe_status, describe_wait
from pipeline.documents.whole_text import provide_whole_text
from pipeline.summaries.versions import (
    choose_version,
    compare_summaries,
    list_versions_of_summary,
)
from shared.errors import InvalidRequestError, NothingFoundError, ObjectMissingError
from shared.ledger.document_lists import read_children
from shared.ledger.documents import Document, document_pk, find_document
from shared.lifecycle import REDONE_FROM, DocumentStatus
from shared.page_ranges import parse_page_ranges

# What is longer is read whole from its file.
_MOST_PAGE_CHARACTERS = 200_000
# As the route that marks it takes (`functions/http/page_models.py`), whose function is another.
_MOST_QUOTE_CHARACTERS = 2_000


def add_document_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what shows a document."""
    desk = DocumentDesk(services)

    @routes.get("/documents/<document_id>")
    def show_document(asked: Asked, document_id: str) -> Fragment:
        document = desk.find(document_id)
        version = asked.choose_number("version")
        values = desk.describe(document, version)
        leaf = asked.choose_number("page")
        if leaf is None and has_text(document):
            leaf = 1
        return Fragment(
            "document.html.j2",
            {**values, "leaf": None if leaf is None else desk.read_page(document, leaf, asked)},
        )

    @routes.get("/documents/<document_id>/standing")
    def show_standing(asked: Asked, document_id: str) -> Fragment:
        return Fragment("document_standing.html.j2", desk.describe_standing(desk.find(document_id)))

    @routes.get("/documents/<document_id>/pages/<page>")
    def show_page(asked: Asked, document_id: str, page: str) -> Fragment:
        document = desk.find(document_id)
        if not page.isascii() or not page.isdigit():
            raise NothingFoundError("there is no such page")
        leaf = desk.read_page(document, int(page[:9]), asked)
        return Fragment("document_page.html.j2", {"leaf": leaf})

    @routes.get("/documents/<document_id>/files")
    def link_files(asked: Asked, document_id: str) -> Fragment:
        return Fragment("document_files.html.j2", desk.link_files(desk.find(document_id)))

    @routes.get("/documents/<document_id>/versions/<number>")
    def compare(asked: Asked, document_id: str, number: str) -> Fragment:
        document = desk.find(document_id)
        if not number.isascii() or not number.isdigit():
            raise NothingFoundError("there is no such version")
        return Fragment("document_versions.html.j2", desk.compare(document, int(number[:9])))


class DocumentDesk:
    """Reads what the page of a document shows.

    Args:
        services: What the routes work with.
    """

    def __init__(self, services: ApiServices) -> None:
        self._reader = services.reader
        self._links = services.links

    def find(self, document_id: str) -> Document:
        """The document of an id.

        Raises:
            NothingFoundError: There is none.
        """
        check_id(document_id, DOCUMENT_ID_PATTERN, "document")
        document = find_document(self._reader.table, document_id)
        if document is None:
            raise NothingFoundError("there is no such document")
        return document

    def describe(self, document: Document, version: int | None) -> dict[str, Any]:
        """All of a document's page but the text of a page of it.

        Raises:
            NothingFoundError: There is no such version of its summary.
        """
        reader = self._reader
        shown = document
        if version is not None:
            shown = choose_version(document, version, reader.objects, reader.artifacts_bucket)
        summary, is_gone = None, False
        try:
            summary = reader.read_summary(shown)
        except ObjectMissingError:
            is_gone = True
        versions = (
            list_versions_of_summary(document.document_id, reader.objects, reader.artifacts_bucket)
            if document.result_key is not None
            else []
        )
        return {
            **self.describe_standing(document),
            "summary": summary,
            "summary_is_gone": is_gone,
            "version": version,
            "versions": versions,
            "coverage": draw_coverage(document, summary),
            "parent": None if document.parent is None else self._find_parent(document),
            "children": read_children(reader.table, document),
            "is_redoable": document.status in REDONE_FROM,
            "has_file": document.status is not DocumentStatus.DELETED,
        }

    def describe_standing(self, document: Document) -> dict[str, Any]:
        """What changes while a document is worked on."""
        return {
            "document": document,
            "sentence": describe_status(document),
            "wait": describe_wait(document, self._reader.now()),
            **read_steps(self._reader.table, document_pk(document.document_id)),
        }

    def read_page(self, document: Document, number: int, asked: Asked) -> dict[str, Any]:
        """The text of a page, or why there is none, and where its picture is asked for.

        That is a function of its own (`functions/pages.py`): the script asks it for the picture
        with the quoted words marked, while the text is there to read.

        Raises:
            NothingFoundError: The document has no such page.
        """
        if not 1 <= number <= document.pages:
            raise NothingFoundError(f"there is no such {document.unit}: it has {document.pages}")
        text, reason = "", ""
        try:
            passages = self._reader.read_passages(document, number, number)
            text = "\n".join(passage.text for passage in passages)
        except ObjectMissingError as error:
            reason = str(error)
        if document.status is DocumentStatus.DELETED:
            text, reason = "", "the document is deleted"
        quote = asked.choose("quote", _MOST_QUOTE_CHARACTERS)
        query = "" if quote is None else f"?{urlencode({'quote': quote})}"
        return {
            "document": document,
            "number": number,
            "quote": quote,
            "view": f"documents/{document.document_id}/pages/{number}{query}",
            "text": text[:_MOST_PAGE_CHARACTERS],
            "is_cut": len(text) > _MOST_PAGE_CHARACTERS,
            "reason": reason,
            "source": next(
                (
                    name
                    for name, pages in document.text_sources.items()
                    if number in parse_page_ranges(pages)
                ),
                None,
            ),
        }

    def link_files(self, document: Document) -> dict[str, Any]:
        """Addresses of the file and of its text, for minutes.

        Raises:
            NothingFoundError: The document is deleted.
        """
        if document.status is DocumentStatus.DELETED:
            raise NothingFoundError("there is no file any more: the document is deleted")
        name = PurePosixPath(document.called).name or document.document_id
        text = None
        if has_text(document):
            key, text_name = provide_whole_text(document, self._reader)
            text = self._links.sign(self._reader.artifacts_bucket, key, None, text_name)
        file = self._links.sign(document.bucket, document.key, document.version_id, name)
        return {"file": file, "text": text, "name": name}

    def compare(self, document: Document, number: int) -> dict[str, Any]:
        """What the newest version of a summary says that an older one does not, and the reverse.

        Raises:
            NothingFoundError: There is no such version.
            InvalidRequestError: The document has no summary.
        """
        reader = self._reader
        old = choose_version(document, number, reader.objects, reader.artifacts_bucket)
        before, after = reader.read_summary(old), reader.read_summary(document)
        if before is None or after is None:
            raise InvalidRequestError("the document has no summary")
        return {"number": number, "differences": compare_summaries(before, after)}

    def _find_parent(self, document: Document) -> Document | None:
        return find_document(self._reader.table, str(document.parent))
