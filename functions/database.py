"""The database function: results that S3 announces in, rows of PostgreSQL out. Optional.

It alone is in a VPC, and has a queue of its own: while the database is down its messages wait
there, and the pipeline does not notice.
"""

import os
import ssl
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, Runtime
from functions.delivery.isolation import process_batch_in_isolation
from functions.queue_wiring import build_runtime
from functions.snapshot import prepare_container
from functions.wiring import build_table, utc_now
from pipeline.copy_results import CopyServices, copy_results
from shared.aws.clients import Clients
from shared.aws.objects import ObjectStore
from shared.database.connection import Database, DatabaseAddress
from shared.database.schema import apply_migrations
from shared.errors import SettingsError
from shared.messages.result_notices import ResultNotice, decode_result_notice
from shared.queue_catalogue import RESULTS
from shared.settings import Settings, read_settings


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Copy the results that a batch of S3 notifications announces."""
    consumer, runtime = _build_container()
    return process_batch_in_isolation(event, context, consumer, runtime)


@cache
def _build_container() -> tuple[Consumer[ResultNotice], Runtime]:
    """What lives as long as the container, built at its first event."""
    settings = read_settings(os.environ)
    clients = Clients()
    # RDS Proxy's certificates come from an authority that every system trusts.
    address = build_address(settings, clients, ssl.create_default_context())
    return build_database(settings, clients, Database(address, apply_migrations))


def build_address(settings: Settings, clients: Clients, tls: ssl.SSLContext) -> DatabaseAddress:
    """Where the database is.

    Raises:
        SettingsError: The settings do not say so.
    """
    host, user, database = settings.database_host, settings.database_user, settings.database_name
    if host is None or user is None or database is None:
        raise SettingsError("DATABASE_HOST, DATABASE_USER and DATABASE_NAME say where results go")
    port = settings.database_port

    def make_token() -> str:
        return clients.rds.generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user)

    return DatabaseAddress(host, port, database, user, make_token, tls)


def build_database(
    settings: Settings, clients: Clients, database: Database
) -> tuple[Consumer[ResultNotice], Runtime]:
    """Put the function's parts together.

    Raises:
        SettingsError: The settings name no queue of results.
    """
    queue_url, dlq_url = RESULTS.find_urls(settings)
    services = CopyServices(
        table=build_table(settings, clients),
        objects=ObjectStore(clients.s3),
        database=database,
        now=utc_now,
    )
    consumer = Consumer(
        name=RESULTS.stage,
        queue_url=queue_url,
        dlq_url=dlq_url,
        decode=lambda body, message_id, sent_at: decode_result_notice(body, sent_at),
        handle=lambda item, deadline: copy_results(item, services, deadline),
        # A document is done, whatever becomes of its copy: its timeline does not tell of it.
        give_up=lambda item, end: None,
        note_delay=lambda item, wait: None,
    )
    return consumer, build_runtime(settings, clients, RESULTS.stage)


prepare_container(_build_container, os.environ)
