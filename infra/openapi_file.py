"""Write `docs/openapi.json`, the OpenAPI document of the HTTP API: a program of its own."""

import json

import boto3

from functions.api import build_api
from functions.http.openapi import write_openapi
from infra.project_files import PROJECT
from shared.aws.clients import Clients
from shared.llm.extractive.extractive_model import ExtractiveModel
from shared.settings import Settings

OPENAPI_FILE = PROJECT / "docs" / "openapi.json"


def render_openapi() -> str:
    """The document as it lies in the file; no service is called for it."""
    nothing = {name: "none" for name, field in Settings.model_fields.items() if field.is_required()}
    settings = Settings.model_validate({**nothing, "conversations_table": "none"})
    api = build_api(settings, Clients(boto3.Session(region_name="us-east-1")), ExtractiveModel())
    return json.dumps(write_openapi(api.app, "/"), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    OPENAPI_FILE.write_text(render_openapi(), encoding="utf-8")
