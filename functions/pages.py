"""The function that shows pages: GET /documents/{document_id}/pages/{page}.

It has the engine that draws PDFs, in a child process, and so neither a key nor a right to change or
delete anything; the API's own function, which every other request waits for, stays without one.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.http.page_routes import build_page_app
from functions.http.request_facts import read_facts
from functions.http.requests import Event, add_headers, log_answer
from functions.http.route_parts import FACTS
from functions.observability import build_logger
from functions.snapshot import prepare_container
from functions.wiring import build_table
from pipeline.documents.passages import PassageReader
from pipeline.extraction.extractor import Extractor
from pipeline.extraction.limits import ExtractionLimits
from pipeline.ingest.downloads import remove_leftovers
from pipeline.page_views.show_page import PageServices
from shared.aws.clients import Clients
from shared.aws.file_links import FileLinks
from shared.aws.objects import ObjectStore
from shared.settings import Settings, read_settings

# Somebody waits, and API Gateway no longer than 29 seconds: a page that takes longer is not shown.
_OPEN_SECONDS, _PAGE_SECONDS, _DOCUMENT_SECONDS = 12.0, 10.0, 20.0


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Answer a request that API Gateway passes on."""
    return _build_container().answer(event, context)


@cache
def _build_container() -> "Pages":
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    remove_leftovers()
    return build_pages(settings, Clients(), build_page_extractor(settings))


@dataclass(frozen=True)
class Pages:
    """What one container has to answer with."""

    app: APIGatewayRestResolver
    settings: Settings
    logger: Logger

    def answer(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """Answer a request."""
        facts = read_facts(event, context, self.settings.api_deadline_seconds)
        self.logger.append_keys(
            request_id=facts.request_id, function_request_id=context.aws_request_id
        )
        self.app.context[FACTS] = facts
        answer = self.app.resolve(event, context)
        add_headers(answer, event, self.settings.cors_origins)
        log_answer(self.logger, event, answer)
        return answer


def build_page_extractor(settings: Settings) -> Extractor:
    """What draws pages, in processes of its own."""
    limits = ExtractionLimits(
        max_document_bytes=settings.max_document_bytes,
        max_pages=settings.max_document_pages,
        document_cpu_seconds=_DOCUMENT_SECONDS,
        document_wall_seconds=_DOCUMENT_SECONDS,
        open_wall_seconds=_OPEN_SECONDS,
        page_wall_seconds=_PAGE_SECONDS,
        max_reader_losses=1,
    )
    # A container has one request at a time; what is left of one that was late keeps its own.
    return Extractor(limits, reader="pipeline.extraction.page_views.child")


def build_pages(settings: Settings, clients: Clients, extractor: Extractor) -> Pages:
    """Put the function's parts together."""
    reader = PassageReader(
        table=build_table(settings, clients),
        objects=ObjectStore(clients.s3),
        documents_bucket=settings.documents_bucket,
        artifacts_bucket=settings.artifacts_bucket,
    )
    links = FileLinks(lambda: clients.s3_signing)
    services = PageServices(
        reader=reader,
        extractor=extractor,
        max_document_bytes=settings.max_document_bytes,
        link=lambda key, name: links.sign(settings.artifacts_bucket, key, None, name),
    )
    logger = build_logger()
    return Pages(build_page_app(services, logger), settings, logger)


prepare_container(_build_container, os.environ)
