"""What a provider serves against what the ledger says, under failures that hide an answer."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import ClientError

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.metered_calls import MeteredCalls
from pipeline.metering.payers import Payer, pay_by_document
from pipeline.metering.spend_meter import Limits, SpendMeter
from pipeline.summaries.summary_types import Summary
from shared.aws.dynamodb_table import LedgerTable
from shared.deadline import Deadline
from shared.errors import OverBudgetError, PermanentError, SeashoreError
from shared.ledger.spend import close_expired_leases, read_day_spend
from shared.llm.call_chain import find_most_of_answer
from shared.llm.chat_completions.openai_client import build_openai_client
from shared.llm.chat_completions.openai_model import OpenAIModel
from shared.llm.model import ModelRequest, Purpose, Source
from shared.llm.model_window import ModelWindow
from shared.llm.prompt_rendering import estimate_request_tokens
from shared.prices import MICRO_USD_PER_USD, ModelPrice, compute_cost_micro_usd
from tests.fakes.aws.kept_account import open_account
from tests.fakes.aws.ledger_rows import Clock, extract_document, open_table
from tests.fakes.model.chat_behaviours import Behaviour, failing, saying
from tests.fakes.model.chat_server import ChatServer
from tests.fakes.model.pacing import count_prompt_tokens, count_tokens

DOCUMENT_LIMIT = MICRO_USD_PER_USD // 20
PRICE = ModelPrice(input=10, output=30)
ROOM_TOKENS = 300
ANSWER = (
    '{"title": "t", "abstract": "a", "key_points": [], "language": "en", "names": [], "dates": []}'
)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = "2026-05-04"
_LEASE_IS_OVER = timedelta(minutes=31)
# A call is begun with three seconds at the least, which a busy machine comes to late.
_SLOW_SECONDS = 8.0


class ProcessDiedError(BaseException):
    """The process is gone: nothing of it handles this."""


@dataclass(frozen=True)
class Outcome:
    """What was served and what the ledger says of it, in millionths of a dollar.

    Args:
        name: What was done.
        asked: How often an answer was asked for.
        served: What the provider has served, calls without an answer with all their room.
        spent: What the ledger says in the end.
        deaths: Processes that died with a call open.
        dearest: The most that one answer can cost.
        document: What the document has cost, by its own row, if there was one.
    """

    name: str
    asked: int
    served: int
    spent: int
    deaths: int
    dearest: int
    document: int | None = None


class FailingClient:
    """A client of DynamoDB for threads, whose process may be dead and whose table may throttle."""

    def __init__(self, client: Any, throttles_each: int | None = None) -> None:
        self.is_dead = False
        self._client = client
        self._throttles_each = throttles_each
        self._calls = itertools.count(1)
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not name.endswith("_item") and not name.endswith("_items"):
            return attribute

        def call(**arguments: Any) -> Any:
            with self._lock:
                if self.is_dead:
                    raise ProcessDiedError
                if self._throttles_each and next(self._calls) % self._throttles_each == 0:
                    raise ClientError({"Error": {"Code": "ThrottlingException"}}, name)
                return attribute(**arguments)

        return call


@dataclass
class Provider:
    """The fake provider, the account, and the time."""

    limit: int
    server: ChatServer
    account: Any
    client: Any
    now: datetime = NOON
    asked: int = 0
    deaths: int = 0
    ids: Iterator[int] = field(default_factory=itertools.count)

    def start(self, *, throttles_each: int | None = None, dies: bool = False) -> "Container":
        """A container of its own."""
        return Container(self, throttles_each, dies)

    def count_served(self) -> int:
        """What it has served, by the calls that came in."""
        return sum(map(_cost_of_call, self.server.calls))


class Container:
    """A meter and a model of one process.

    Args:
        provider: Who serves it.
        throttles_each: Every how-manieth request to the ledger is throttled.
        dies: Whether it dies when the provider has answered, before it can note so.
    """

    def __init__(self, provider: Provider, throttles_each: int | None, dies: bool) -> None:
        self._provider = provider
        settings, clients = provider.account.settings, provider.account.clients
        self._client = FailingClient(clients.dynamodb, throttles_each)
        self._table = LedgerTable(self._client, settings.ledger_table, lambda seconds: None)
        self._dies = dies
        limits = Limits(
            price=PRICE, daily=provider.limit, document=DOCUMENT_LIMIT, zone=ZoneInfo("UTC")
        )
        self._meter = SpendMeter(
            self._table, "model", limits, self._now, lambda: f"lease-{next(provider.ids)}"
        )
        self._model = OpenAIModel(
            provider.client, "model", ModelWindow(32_000), sleep=lambda seconds: None
        )

    @property
    def name(self) -> str:
        return "model"

    def ask(self, number: int, payer: Payer | None = None, seconds: float = 60) -> None:
        """Ask for an answer.

        Raises:
            SeashoreError, ProcessDiedError: As it comes.
        """
        self._provider.asked += 1
        services = AnswerServices(self, self._meter, self._table, self._now)
        MeteredCalls(services, payer).ask(write_request(number), Deadline.after(seconds))

    def answer(self, request: Any, deadline: Deadline) -> Any:
        """Answer as the model does, and die if that is to be."""
        answer = self._model.answer(request, deadline)
        if self._dies:
            self._provider.deaths += 1
            self._client.is_dead = True
            raise ProcessDiedError
        return answer

    def _now(self) -> datetime:
        return self._provider.now


def write_request(number: int) -> ModelRequest[Summary]:
    """One of many requests."""
    source = Source(1, 1, f"Report {number}. " + "The heron counts the tides. " * 40)
    return ModelRequest(Purpose.SUMMARIZE_CHUNK, "Summarise.", (source,), Summary, ROOM_TOKENS)


def run_slow_provider(provider: Provider) -> None:
    """Eight chats against a provider that answers none in time, until it is left alone."""
    provider.server.script(*[failing("hang")] * 1_000)
    containers = [provider.start() for _ in range(8)]

    def chat(number: int) -> None:
        with suppress(SeashoreError):
            containers[number].ask(number, seconds=_SLOW_SECONDS)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(chat, range(8)))


def run_resets(provider: Provider) -> None:
    """Every other call is cut off on its way back, until the limit is reached."""
    behaviours = itertools.cycle([failing("reset"), saying(ANSWER), failing("reset_in_body")])
    provider.server.script(*itertools.islice(behaviours, 1_000))
    _ask_until_over(provider, [provider.start() for _ in range(3)])


def run_deaths(provider: Provider) -> None:
    """Ninety-two processes die with their answer; their leases run out in between."""
    _script_answers(provider)
    for number in range(92):
        with suppress(SeashoreError, ProcessDiedError):
            provider.start(dies=True).ask(number)
        if number % 4 == 3:
            provider.now += _LEASE_IS_OVER
        if provider.now > NOON + timedelta(hours=11):
            provider.now = NOON + timedelta(hours=11)


def run_throttled_ledger(provider: Provider) -> None:
    """Every fifth request to the ledger is throttled, until the limit is reached."""
    _script_answers(provider)
    _ask_until_over(provider, [provider.start(throttles_each=5) for _ in range(3)])


def run_forty_chunks(provider: Provider) -> int:
    """Forty chunks of one document at once, in four containers."""
    _script_answers(provider)
    table = open_table(provider.account)
    document_id = extract_document(table, Clock(), 40).document_id
    containers = [provider.start() for _ in range(4)]
    begin = threading.Barrier(10)

    def work(number: int) -> None:
        if number < 10:
            begin.wait()
        with suppress(OverBudgetError, PermanentError):
            containers[number % 4].ask(number, pay_by_document(document_id))

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(work, range(40)))
    row = table.read_row(*pay_by_document(document_id).row_key)
    return int((row or {}).get("cost_micro_usd", 0))


SCENARIOS: dict[str, Callable[[Provider], int | None]] = {
    "slow provider": run_slow_provider,
    "resets": run_resets,
    "92 deaths": run_deaths,
    "throttled ledger": run_throttled_ledger,
    "40 chunks at once": run_forty_chunks,
}


def run_scenarios(limit: int) -> list[Outcome]:
    """Carry out all of them under a limit of a day, each on an account of its own."""
    outcomes = []
    for name, run in SCENARIOS.items():
        with _open_provider(limit) as provider:
            document = run(provider)
            table = open_table(provider.account)
            end = NOON + timedelta(hours=11, minutes=59)
            close_expired_leases(table, DAY, end)
            outcomes.append(
                Outcome(
                    name=name,
                    asked=provider.asked,
                    served=provider.count_served(),
                    spent=read_day_spend(table, DAY, end).spent,
                    deaths=provider.deaths,
                    dearest=_find_dearest(),
                    document=document,
                )
            )
    return outcomes


@contextmanager
def _open_provider(limit: int) -> Iterator[Provider]:
    with (
        open_account() as account,
        ChatServer() as server,
        build_openai_client(server.url) as client,
    ):
        yield Provider(limit, server, account, client)


def _script_answers(provider: Provider) -> None:
    provider.server.script(*[saying(ANSWER)] * 1_000)


def _ask_until_over(provider: Provider, containers: list[Container]) -> None:
    for number in range(300):
        try:
            containers[number % len(containers)].ask(number)
        except OverBudgetError:
            provider.now += timedelta(seconds=60)
            if provider.now > NOON + timedelta(minutes=20):
                return
        except SeashoreError:
            continue


def _find_dearest() -> int:
    most = find_most_of_answer(estimate_request_tokens(write_request(999)), ROOM_TOKENS)
    return compute_cost_micro_usd(PRICE, most.input_tokens, most.output_tokens)


def _cost_of_call(call: Any) -> int:
    """What a call is billed at: by its answer, or with all its room where nobody got to see it."""
    read = count_prompt_tokens(call.body)
    is_answered = call.kind == Behaviour("says").kind
    written = count_tokens(ANSWER) + 1 if is_answered else call.body["max_tokens"]
    return compute_cost_micro_usd(PRICE, read, written)
