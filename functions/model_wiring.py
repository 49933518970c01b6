"""What the functions that ask a language model are put together from."""

import time
import uuid
from collections.abc import Callable
from functools import cache

from functions.observability import emit_cap_share, emit_chat_cap_share
from pipeline.documents.document_reader import DocumentReader
from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.fallback import Fallback, MeteredModel
from pipeline.metering.spend_meter import Limits, SpendMeter
from pipeline.services import Services
from shared.aws.dynamodb_table import LedgerTable
from shared.ledger.documents import Clock
from shared.ledger.spend import Account
from shared.llm.model import LanguageModel
from shared.prices import MICRO_USD_PER_USD, ModelPrice
from shared.settings import Settings


def build_meter(
    settings: Settings, table: LedgerTable, now: Clock, account: Account, model: str
) -> SpendMeter | None:
    """The spending limit of a configured model; None for the one that costs nothing."""
    if not settings.uses_openai:
        return None
    return build_priced_meter(
        settings, table, now, model, settings.model_prices.get(model), account
    )


def build_priced_meter(
    settings: Settings,
    table: LedgerTable,
    now: Clock,
    name: str,
    price: ModelPrice | None,
    account: Account = Account.PIPELINE,
) -> SpendMeter:
    """The spending limit of what costs money, by its price."""
    is_chat = account is Account.CHAT
    daily_cap_usd = settings.chat_daily_cap_usd if is_chat else settings.daily_cap_usd
    limits = Limits(
        price=price,
        daily=_to_micro_usd(daily_cap_usd),
        document=_to_micro_usd(settings.document_cap_usd),
        zone=settings.time_zone,
        account=account,
        daily_tokens=settings.daily_cap_tokens,
    )
    note_share = emit_chat_cap_share if is_chat else emit_cap_share
    return SpendMeter(table, name, limits, now, lambda: uuid.uuid4().hex, note_share)


def _to_micro_usd(usd: float | None) -> int | None:
    return None if usd is None else round(usd * MICRO_USD_PER_USD)


def build_answers(
    settings: Settings,
    model: LanguageModel,
    base: Services,
    account: Account = Account.PIPELINE,
    fallback: LanguageModel | None = None,
    find_other: Callable[[str], LanguageModel | None] = lambda name: None,
) -> AnswerServices:
    """What asking the model works with, within the daily limit of an account.

    Args:
        settings: The settings.
        model: The model.
        base: The ledger and the clock.
        account: Whose limit it is.
        fallback: Who answers while it is down, if anybody; within the same limit.
        find_other: Finds another model by its name; within the same limit.
    """

    def meter(name: str) -> SpendMeter | None:
        return build_meter(settings, base.table, base.now, account, name)

    second = None
    if fallback is not None:
        second = Fallback(MeteredModel(fallback, meter(fallback.name)), time.monotonic)

    @cache
    def find(name: str) -> MeteredModel | None:
        other = find_other(name)
        return None if other is None else MeteredModel(other, meter(name))

    first = meter(settings.openai_model)
    return AnswerServices(model, first, base.table, base.now, second, find)


def build_reader(settings: Settings, base: Services) -> DocumentReader:
    """What reads documents, and can write nothing."""
    return DocumentReader(
        table=base.table,
        objects=base.objects,
        documents_bucket=settings.documents_bucket,
        artifacts_bucket=base.artifacts_bucket,
        now=base.now,
    )
