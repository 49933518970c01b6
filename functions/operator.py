"""The function behind what operators do over HTTP, and its ticks, which finish what broke off.

It has a role of its own, so that the function of the chat, which reads strangers' texts, gains no
right by it. It asks no model and reads no text.
"""

import os
import time
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.http.operation_routes import OperationParts
from functions.http.operator_right import OperatorRight, find_actor
from functions.http.operator_routes import build_operator_app
from functions.http.request_facts import read_facts
from functions.http.requests import Event, add_headers, is_for_console, log_answer
from functions.http.route_parts import answer_request
from functions.observability import build_logger
from functions.snapshot import prepare_container
from functions.wiring import build_table, utc_now
from pipeline.dead_letters.hold import LetterServices
from pipeline.erasure.erase_document import settle_erasures
from pipeline.erasure.erasure_types import ErasureServices
from pipeline.operations.pause import PauseServices, keep_pauses
from pipeline.operations.selection import OperationServices
from shared.aws.api_keys import read_api_key
from shared.aws.clients import Clients
from shared.aws.consumers import ConsumerMappings
from shared.aws.dynamodb_table import LedgerTable
from shared.aws.objects import ObjectStore
from shared.aws.queues import Queues
from shared.dead_letters.letters import DeadLetterQueue
from shared.llm.model_choice import list_models
from shared.queue_catalogue import list_queues
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from functions.console.fragment_routes import FragmentRoutes


def handler(event: Event, context: LambdaContext) -> dict[str, Any]:
    """Answer a request that API Gateway passes on, or a tick of the schedule."""
    operator = _build_container()
    if "httpMethod" not in event:
        return operator.settle()
    return operator.answer(event, context)


@cache
def _build_container() -> "Operator":
    """What lives as long as the container, built at its first event."""
    return build_operator(read_settings(os.environ), Clients())


@dataclass(frozen=True)
class Operator:
    """What one container has to answer with."""

    app: APIGatewayRestResolver
    services: ErasureServices
    operations: OperationParts
    pauses: PauseServices
    settings: Settings
    logger: Logger

    def settle(self) -> dict[str, Any]:
        """Finish erasures that broke off, and those whose last look is due; keep pauses."""
        try:
            paused = keep_pauses(self.pauses)
        finally:
            # An erasure waits for no mapping that cannot be switched.
            settled = settle_erasures(self.services)
        self.logger.info("erasures_settled", extra={"action": "erasures_settled", "count": settled})
        return {"settled": settled, "paused": paused}

    def answer(self, event: Event, context: LambdaContext) -> dict[str, Any]:
        """Answer a request."""
        facts = read_facts(event, context, self.settings.api_deadline_seconds)
        self.logger.append_keys(
            request_id=facts.request_id, function_request_id=context.aws_request_id
        )
        if is_for_console(event):
            answer = self._actions.answer(event, context, facts)
        else:
            answer = answer_request(self.app, event, context, facts, self.logger)
            add_headers(answer, event, self.settings.cors_origins)
        log_answer(self.logger, event, answer, by=find_actor(event))
        return answer

    @cached_property
    def _actions(self) -> "FragmentRoutes":
        # As in the API: its templates would slow down the start of all else.
        from functions.console.action_services import ActionServices
        from functions.console.actions import build_console_actions

        return build_console_actions(ActionServices(self.services, self.operations), self.logger)


def build_operator(settings: Settings, clients: Clients) -> Operator:
    """Put the function's parts together.

    Raises:
        SettingsError: A queue or the operators' key is not named.
    """
    services = ErasureServices(
        table=build_table(settings, clients),
        objects=ObjectStore(clients.s3),
        queues=Queues(clients.sqs),
        documents_bucket=settings.documents_bucket,
        artifacts_bucket=settings.artifacts_bucket,
        dlqs=tuple(
            DeadLetterQueue(queue, *queue.find_urls(settings)) for queue in list_queues(settings)
        ),
        zone=settings.time_zone,
        now=utc_now,
        stopwatch=time.monotonic,
    )
    right = OperatorRight(
        key_id=settings.operator_api_key_id or "",
        group=settings.operator_group,
        read_key=lambda key_id: read_api_key(clients.apigateway, key_id),
    )
    logger = build_logger()
    pauses = build_pauses(settings, clients, services.table)
    parts = OperationParts(lambda by: build_operations(settings, services, by), pauses, right)
    app = build_operator_app(services, parts, logger)
    return Operator(app, services, parts, pauses, settings, logger)


def build_operations(settings: Settings, services: ErasureServices, by: str) -> OperationServices:
    """Put together what somebody's redo, retry and cancel work with."""
    return OperationServices(
        table=services.table,
        objects=services.objects,
        queues=services.queues,
        documents_bucket=services.documents_bucket,
        artifacts_bucket=services.artifacts_bucket,
        uploads_queue_url=settings.uploads_queue_url,
        work_queue_url=settings.work_queue_url,
        models=list_models(settings),
        letters=LetterServices(
            queues=services.queues,
            table=services.table,
            dlqs=services.dlqs,
            pace=services.pace,
            actor=by,
            now=services.now,
            stopwatch=services.stopwatch,
            sleep=time.sleep,
        ),
        by=by,
        now=services.now,
    )


def build_pauses(settings: Settings, clients: Clients, table: LedgerTable) -> PauseServices:
    """Put together what pausing works with: the consumers whose mappings the settings name."""
    ids = {
        "ingest": settings.ingest_mapping_id,
        "convert": settings.convert_mapping_id,
        "recognise": settings.recognise_mapping_id,
        "worker": settings.worker_mapping_id,
        "report": settings.report_mapping_id,
    }
    named = {name: mapping_id for name, mapping_id in ids.items() if mapping_id is not None}
    return PauseServices(table, ConsumerMappings(lambda: clients.lambda_, named), utc_now)


prepare_container(_build_container, os.environ)
