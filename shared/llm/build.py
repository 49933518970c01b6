"""Choose and build the language model that the settings name."""

import logging
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.aws.clients import Clients
from shared.aws.secrets import read_secret
from shared.deadline import sleep_in_time
from shared.llm.model import LanguageModel
from shared.llm.model_choice import list_models
from shared.llm.model_key import ModelKey
from shared.llm.model_window import build_window
from shared.settings import Settings

_REASONING_FAMILIES = ("gpt-5", "o1", "o3", "o4")


def build_language_model(
    settings: Settings, clients: Clients, *, notes_answers: bool = True, is_urgent: bool = False
) -> LanguageModel:
    """The model behind the Chat Completions API if one is configured, else the extractive one.

    The key is read from its secret by the first call, not here.

    Args:
        settings: The settings.
        clients: The AWS clients.
        notes_answers: Whether the function may note in the ledger that the model has answered.
        is_urgent: Whether somebody waits for the answers, so that no slow tier is asked for.

    Raises:
        SettingsError: The address of the API cannot be used.
    """
    if not settings.uses_openai:
        # Imported only where it is used.
        from shared.llm.extractive.extractive_model import ExtractiveModel

        return ExtractiveModel()
    server = _Server(
        settings.openai_model,
        settings.openai_base_url,
        settings.openai_api_key_secret,
        by_iam=settings.model_auth == "iam",
        is_first=True,
    )
    return _build_server_model(
        server, settings, clients, notes_answers=notes_answers, is_urgent=is_urgent
    )


def build_fallback_model(
    settings: Settings, clients: Clients, *, notes_answers: bool = True, is_urgent: bool = False
) -> LanguageModel | None:
    """The model that answers while the first is down; None if none is configured.

    Without an address of its own it is another model of the same server, asked by the same key. At
    another address the parameters of `OpenAiExtraBody` and the bound of `ModelCallsAtOnce`, which
    are of the first server, do not hold.

    Args: As those of `build_language_model`.

    Raises:
        SettingsError: The address of the API cannot be used.
    """
    if not settings.uses_openai or settings.fallback_model is None:
        return None
    is_elsewhere = settings.fallback_base_url is not None
    secret = settings.fallback_api_key_secret
    server = _Server(
        settings.fallback_model,
        settings.fallback_base_url if is_elsewhere else settings.openai_base_url,
        secret if is_elsewhere or secret else settings.openai_api_key_secret,
        by_iam=settings.model_auth == "iam" and not is_elsewhere,
        is_first=not is_elsewhere,
    )
    return _build_server_model(
        server, settings, clients, notes_answers=notes_answers, is_urgent=is_urgent
    )


def build_other_model(name: str, settings: Settings, clients: Clients) -> LanguageModel | None:
    """Another model that the settings name, for work that is to be done by it.

    The fallback is asked at its own address, every other model of `ModelPrices` at the first one's.

    Args:
        name: The model's name.
        settings: The settings.
        clients: The AWS clients.

    Returns:
        The model; None if the settings name none of that name.

    Raises:
        SettingsError: The address of the API cannot be used.
    """
    if name not in list_models(settings):
        return None
    if name == settings.fallback_model:
        return build_fallback_model(settings, clients)
    return build_language_model(settings.model_copy(update={"openai_model": name}), clients)


@dataclass(frozen=True)
class _Server:
    """One model of one server, and how it is asked.

    Args:
        model: The model's name.
        base_url: The server's address; None for OpenAI's own, or that of Bedrock.
        secret: Where its key lies, if it asks for one.
        by_iam: Whether requests are signed by the function's role.
        is_first: Whether it is the server of the first model.
    """

    model: str
    base_url: str | None
    secret: str | None
    by_iam: bool
    is_first: bool


def _build_server_model(
    server: _Server, settings: Settings, clients: Clients, *, notes_answers: bool, is_urgent: bool
) -> LanguageModel:
    # Imported only where they are used: the SDK alone takes a third of a second.
    from shared.aws.dynamodb_table import LedgerTable
    from shared.llm.answer_memory import AnswerMemory, AnswerRow
    from shared.llm.call_slots import CallSlots
    from shared.llm.chat_completions.openai_client import build_openai_client
    from shared.llm.chat_completions.openai_model import OpenAIModel
    from shared.llm.chat_completions.server_dialect import asks_for_tier, leave_tier

    extra_body = settings.openai_extra_body if server.is_first else {}
    if is_urgent and asks_for_tier({"extra_body": extra_body}):
        extra_body = leave_tier(extra_body)
    is_openai = server.base_url is None and not server.by_iam
    reasons = is_openai and server.model.startswith(_REASONING_FAMILIES)

    def open_table() -> LedgerTable:
        # Its client is made when it is first asked for, and not with the container.
        return LedgerTable(clients.dynamodb, settings.ledger_table, sleep_in_time)

    answers = AnswerRow(
        open_table,
        server.base_url or "",
        server.model,
        lambda: datetime.now(UTC),
    )
    slots = None
    if settings.model_calls_at_once and server.is_first:
        slots = CallSlots(
            open_table,
            settings.model_calls_at_once,
            lambda: datetime.now(UTC),
            time.sleep,
            lambda: uuid.uuid4().hex,
        )
    return OpenAIModel(
        build_openai_client(server.base_url, by_iam=server.by_iam),
        server.model,
        build_window(settings),
        key=None if server.by_iam else _build_key(server.secret, clients),
        slots=slots,
        memory=AnswerMemory(answers, may_note=notes_answers),
        length_parameter="max_completion_tokens" if is_openai else "max_tokens",
        reasoning_effort="low" if reasons else None,
        extra_body=extra_body,
    )


def _build_key(secret: str | None, clients: Clients) -> ModelKey | None:
    """The key that lies in a secret; None for a server that asks for none."""
    if secret is None:
        return None
    return ModelKey(
        lambda: read_secret(clients, secret), time.monotonic, logging.getLogger("seashore.llm")
    )
