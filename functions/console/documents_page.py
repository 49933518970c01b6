"""The page *Documents*: their list, the newest first, with filters."""

from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.services import ApiServices
from pipeline.day_listing import PageWanted
from pipeline.documents.document_listing import DocumentsWanted, list_document_page

_MOST_ROWS = 50


def add_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add what lists documents."""
    reader = services.reader

    @routes.get("/documents")
    def list_documents(asked: Asked) -> Fragment:
        wanted = DocumentsWanted(PageWanted(None, _MOST_ROWS, asked.choose("cursor")))
        documents, next_cursor = list_document_page(wanted, reader.table, reader.now)
        return Fragment("documents.html.j2", {"documents": documents, "next_cursor": next_cursor})
