"""What operators do with a document from its page: delete it, or have it summarised once more."""

from functions.console.action_services import ActionServices
from functions.console.fragment_routes import Asked, Fragment, FragmentRoutes
from functions.http.models import DOCUMENT_ID_PATTERN
from functions.http.operation_models import RedoRequest
from functions.http.operation_routes import answer_redo
from functions.http.operator_right import find_actor
from functions.http.route_parts import check_id
from pipeline.erasure.erase_document import erase_document
from pipeline.erasure.erasure_types import ErasureEnd
from shared.errors import NothingFoundError


def add_routes(routes: FragmentRoutes, services: ActionServices) -> None:
    """Add what is done with a document."""

    @routes.post("/documents/<document_id>/delete")
    def delete(asked: Asked, document_id: str) -> Fragment:
        check_id(document_id, DOCUMENT_ID_PATTERN, "document")
        end = erase_document(document_id, find_actor(asked.event), services.erasures)
        if end is ErasureEnd.UNKNOWN:
            raise NothingFoundError("there is no such document")
        return Fragment("document_deleted.html.j2", {"document_id": document_id})

    @routes.post("/documents/<document_id>/redo")
    def redo(asked: Asked, document_id: str) -> Fragment:
        check_id(document_id, DOCUMENT_ID_PATTERN, "document")
        request = asked.read_form(RedoRequest, documents=[document_id])
        answer = answer_redo(request, services.open(asked.event), asked.facts.deadline)
        told = {"answer": answer, "document_id": document_id, "is_fresh": request.fresh}
        return Fragment("document_redone.html.j2", told)
