"""The function behind the HTTP API: chat with the agent, start tasks, read results.

Every answer carries the headers that browsers ask for, and every error has the same shape
(`functions/http/errors.py`). Every request has a time of its own, less than API Gateway gives it.
"""

import os
import time
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

# A model behind an API is what nearly every stack has: its import belongs to the start of the
# container, where Lambda gives more of a processor than later.
import shared.llm.chat_completions.openai_model  # noqa: F401 - `build_language_model` finds it loaded
from functions.http.request_facts import read_facts
from functions.http.requests import (
    Event,
    add_headers,
    answer_preflight,
    is_for_console,
    log_answer,
)
from functions.http.route_parts import answer_request
from functions.http.routes import build_app
from functions.http.services import ApiServices
from functions.model_wiring import build_answers, build_reader
from functions.observability import build_logger
from functions.snapshot import prepare_container
from functions.wiring import build_services, utc_now
from pipeline.chat.chat_turn import ChatServices
from pipeline.tasks.agent.agent import Agent, AgentLimits
from pipeline.tasks.agent.tools import Toolbox
from pipeline.tasks.intake import IntakeServices
from shared.aws.clients import Clients
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.file_links import FileLinks
from shared.aws.upload_forms import UploadForms
from shared.deadline import sleep_in_time
from shared.errors import SettingsError
from shared.ledger.spend import Account
from shared.llm.build import build_fallback_model, build_language_model
from shared.llm.model import LanguageModel
from shared.llm.model_window import build_window
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from functions.console.console_app import ConsoleApp


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Answer a request that API Gateway passes on."""
    return _build_container().answer(event, context)


@cache
def _build_container() -> "Api":
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    clients = Clients()
    # What it writes into the ledger is told by the partition, and this is none of them.
    model = build_language_model(settings, clients, notes_answers=False, is_urgent=True)
    fallback = build_fallback_model(settings, clients, notes_answers=False, is_urgent=True)
    return build_api(settings, clients, model, fallback)


@dataclass(frozen=True)
class Api:
    """The API of one container."""

    app: APIGatewayRestResolver
    services: ApiServices
    settings: Settings
    logger: Logger

    def answer(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """Answer a request."""
        started = time.monotonic()
        facts = read_facts(event, context, self.settings.api_deadline_seconds)
        # Every line that is written until the next request, the model's too, tells of this one.
        self.logger.append_keys(
            request_id=facts.request_id, function_request_id=context.aws_request_id
        )
        if event["httpMethod"] == "OPTIONS":
            answer = answer_preflight()
        elif is_for_console(event):
            answer = self._console.answer(event, context, facts)
        else:
            answer = answer_request(self.app, event, context, facts, self.logger)
        if not is_for_console(event):
            add_headers(answer, event, self.settings.cors_origins)
        log_answer(
            self.logger, event, answer, duration_ms=round((time.monotonic() - started) * 1000)
        )
        return answer

    @cached_property
    def _console(self) -> "ConsoleApp":
        # Most requests are of programs, whose start its pages and templates would slow down.
        from functions.console.console_app import build_console_app

        return build_console_app(self.services, self.logger)


def build_api(
    settings: Settings,
    clients: Clients,
    model: LanguageModel,
    fallback: LanguageModel | None = None,
) -> Api:
    """Put the function's parts together; the fallback answers while the model is down.

    Raises:
        SettingsError: The table of the conversations is not named.
    """
    if settings.conversations_table is None:
        raise SettingsError("Set this environment variable of the function: CONVERSATIONS_TABLE")
    base = build_services(settings, clients)
    reader = build_reader(settings, base)
    chat = ChatServices(
        answers=build_answers(settings, model, base, Account.CHAT, fallback),
        agent=Agent(Toolbox(reader), reader, build_window(settings)),
        limits=AgentLimits(max_steps=settings.chat_max_steps, max_tokens=settings.chat_max_tokens),
        now=utc_now,
        sleep=time.sleep,
    )
    services = ApiServices(
        settings=settings,
        reader=reader,
        chat=chat,
        conversations=LedgerTable(clients.dynamodb, settings.conversations_table, sleep_in_time),
        intake=IntakeServices(
            **vars(base), callback_arns=settings.callback_arns, has_model=settings.uses_openai
        ),
        forms=UploadForms(
            lambda: clients.s3_signing, settings.documents_bucket, settings.max_document_bytes
        ),
        links=FileLinks(lambda: clients.s3_signing),
    )
    logger = build_logger()
    return Api(build_app(services, logger), services, settings, logger)


prepare_container(_build_container, os.environ)
