"""The page *Documents*: their list, the newest first, with filters that have an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from functions.console.document_page import add_document_routes
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.console.looking import look_through
from functions.console.uploads import add_upload_routes
from functions.http.route_parts import check_day
from functions.http.services import ApiServices
from pipeline.day_listing import DAYS_BACK, PageWanted
from pipeline.documents.document_listing import DocumentsWanted, list_document_page
from pipeline.documents.standing_words import describe_progress, describe_wait
from shared.errors import InvalidRequestError
from shared.ledger.documents import Document
from shared.lifecycle import DocumentStatus

_MOST_ROWS = 50
_FILTERS = ("status", "day", "prefix", "words")


@dataclass(frozen=True)
class ListFilters:
    """Which documents are to be listed, as the form above the list has it.

    Args:
        values: What was given, by the names of the fields.
        cursor: Where the page begins; None for the first.
    """

    values: Mapping[str, str]
    cursor: str | None

    def build_query(self, cursor: str | None = None) -> str:
        """The query of the address of a page of this list."""
        return urlencode({**self.values, **({"cursor": cursor} if cursor else {})})


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what lists documents, shows one, and takes in new ones."""
    reader = services.reader

    def read_values(asked: Asked, is_polled: bool = False) -> dict[str, object]:
        filters = ListFilters(
            {name: value for name in _FILTERS if (value := asked.choose(name))},
            asked.choose("cursor"),
        )

        def read_page(cursor: str | None, most: int) -> tuple[list[Document], str | None]:
            wanted = _read_wanted(filters.values, cursor, most)
            return list_document_page(wanted, reader.table, reader.now)

        look = look_through(read_page, filters.cursor, _MOST_ROWS, is_polled)
        now = reader.now()
        return {
            "rows": [
                {"document": one, "more": describe_wait(one, now) or describe_progress(one)}
                for one in look.found
            ],
            "filters": filters,
            "statuses": tuple(DocumentStatus),
            "days_back": DAYS_BACK,
            "looked_at": look.rows,
            "is_polled": filters.cursor is None and not look.is_long,
            "next_query": filters.build_query(look.cursor) if look.cursor else None,
        }

    @routes.get("/documents")
    def list_documents(asked: Asked) -> Fragment:
        return Fragment("documents.html.j2", read_values(asked))

    @routes.get("/documents/rows")
    def list_rows(asked: Asked) -> Fragment:
        return Fragment("document_rows.html.j2", read_values(asked, is_polled=True))

    add_upload_routes(routes, services)
    add_document_routes(routes, services)


def _read_wanted(values: Mapping[str, str], cursor: str | None, limit: int) -> DocumentsWanted:
    day, status = values.get("day"), values.get("status")
    if day is not None:
        check_day(day)
    if status is not None and status not in set(DocumentStatus):
        raise InvalidRequestError("status: no document has such a status")
    return DocumentsWanted(
        PageWanted(day, limit, cursor),
        None if status is None else DocumentStatus(status),
        values.get("prefix"),
        values.get("words"),
    )
