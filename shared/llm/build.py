"""Choose and build the language model that the settings name."""

import logging
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from shared.aws.clients import Clients
from shared.aws.secrets import read_secret
from shared.llm.model import LanguageModel
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
    # Each is imported only where it is used: the SDK alone takes a third of a second.
    if not settings.uses_openai:
        from shared.llm.extractive.extractive_model import ExtractiveModel

        return ExtractiveModel()
    from shared.aws.dynamodb_table import LedgerTable
    from shared.llm.answer_memory import AnswerMemory, AnswerRow
    from shared.llm.call_slots import CallSlots
    from shared.llm.chat_completions.openai_client import build_openai_client
    from shared.llm.chat_completions.openai_model import OpenAIModel

    by_iam = settings.model_auth == "iam"
    is_openai = settings.openai_base_url is None and not by_iam
    reasons = is_openai and settings.openai_model.startswith(_REASONING_FAMILIES)

    def open_table() -> LedgerTable:
        # Its client is made when it is first asked for, and not with the container.
        return LedgerTable(clients.dynamodb, settings.ledger_table, time.sleep)

    answers = AnswerRow(
        open_table,
        settings.openai_base_url or "",
        settings.openai_model,
        lambda: datetime.now(UTC),
    )
    slots = None
    if settings.model_calls_at_once:
        slots = CallSlots(
            open_table,
            settings.model_calls_at_once,
            lambda: datetime.now(UTC),
            time.sleep,
            lambda: uuid.uuid4().hex,
        )
    return OpenAIModel(
        build_openai_client(settings.openai_base_url, by_iam=by_iam),
        settings.openai_model,
        build_window(settings),
        key=None if by_iam else _build_key(settings.openai_api_key_secret, clients),
        slots=slots,
        memory=AnswerMemory(answers, may_note=notes_answers),
        length_parameter="max_completion_tokens" if is_openai else "max_tokens",
        reasoning_effort="low" if reasons else None,
        extra_body=_choose_extra_body(settings.openai_extra_body, is_urgent=is_urgent),
    )


def _choose_extra_body(extra_body: dict[str, Any], *, is_urgent: bool) -> dict[str, Any]:
    """What is sent beside our own parameters; for who waits, without the tier that is slow."""
    if is_urgent and extra_body.get("service_tier") == "flex":
        return {name: value for name, value in extra_body.items() if name != "service_tier"}
    return extra_body


def _build_key(secret: str | None, clients: Clients) -> ModelKey | None:
    """The key that lies in a secret; None for a server that asks for none."""
    if secret is None:
        return None
    return ModelKey(
        lambda: read_secret(clients, secret), time.monotonic, logging.getLogger("seashore.llm")
    )
