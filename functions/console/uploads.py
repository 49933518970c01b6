"""Forms for uploads from the console: what is dropped on the page goes straight to the bucket."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.console.fragment_routes import Asked, FragmentRoutes
from functions.http.document_routes import sign_upload
from functions.http.models import UploadRequest
from functions.http.services import ApiServices


def add_upload_routes(routes: FragmentRoutes, services: ApiServices) -> None:
    """Add the form that the script posts a file with; it is JSON, as of `POST /documents`."""

    @routes.post("/documents/form")
    def write_form(asked: Asked) -> Response[Any]:
        form = sign_upload(asked.read_form(UploadRequest), services)
        return Response(200, "application/json", form.model_dump_json())
