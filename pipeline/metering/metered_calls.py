"""Calls of a model: metered before they happen, billed to who pays, their answers kept.

The same question is never paid for twice: an answer is kept under the hash of all that it depends
on, in one transaction with its bill. Longer work than one run goes on from the answers it has.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from pipeline.metering.answer_services import AnswerServices
from pipeline.metering.fallback import MeteredModel, is_reason_to_fall_back, join_failures
from pipeline.metering.known_answers import Effect, KnownAnswer, read_known_answers
from pipeline.metering.payers import Payer
from pipeline.metering.run_costs import RunCosts
from pipeline.metering.spend_meter import read_paid_usage
from pipeline.prompts import PROMPT_VERSION
from shared.aws.dynamodb_items import Row
from shared.aws.dynamodb_table import Operation, Put, Update
from shared.deadline import Deadline
from shared.errors import (
    AnswerCutError,
    ContextOverflowError,
    DeadlineError,
    DeferredError,
    LateAnswerError,
    SeashoreError,
    UnfinishedError,
)
from shared.ledger.answers import build_answer_row
from shared.ledger.spending import Spending, record_spending
from shared.llm.answer_key import answer_key
from shared.llm.call_chain import find_most_of_answer, find_most_of_turn
from shared.llm.model import ModelAnswer, ModelRequest, Usage
from shared.llm.model_choice import EXTRACTIVE
from shared.llm.prompt_rendering import estimate_request_tokens
from shared.llm.turns import ModelTurn, ToolModel, Turn, TurnRequest, estimate_turn_tokens, turn_key
from shared.paid_calls import PaidCalls

AnswerT = TypeVar("AnswerT", bound=BaseModel)
ResultT = TypeVar("ResultT")
ReplyT = TypeVar("ReplyT", ModelAnswer[Any], ModelTurn)

_GO_ON_DELAY_SECONDS = 1.0


@dataclass(frozen=True)
class KeptAnswer(Generic[AnswerT]):
    """An answer, what it has cost, and the row that keeps it where that is yet to be written.

    An answer that was kept before has cost nothing.
    """

    value: AnswerT
    model: str
    used: Spending
    row: Put | None


class _NotRecordedError(Exception):
    """An effect was there already, and nothing was written."""


class MeteredCalls:
    """The calls of one run: of a message about a document, of a task, of a turn of a chat.

    Thread-safe. What a call has cost is noted on the payer's row, with its answer, before `ask` or
    `take_turn` returns. Where nobody pays only the day's limit holds, and no answer is kept: it
    would outlive the conversation that it is part of, which its user may delete.

    Args:
        services: The model, its meter, and where answers are kept.
        payer: Whose limit the calls count against, if anybody's.
        spent: What the payer has spent in earlier runs.
        keeps_at_once: If not, `ask` leaves its answer, bill included, to `keep` or to the
            transaction of the effect that it leads to.
        anew: Tells the answers of this work from those that were kept before, which then do not
            count; empty where they do.
        payer_row: The payer's row, where it was read just now: the first call needs not read it.
        effect: What the answers are for, if it has a row: nothing is asked if that is there.
        settles_along: Whether the day's spending is told what a call has cost in the transaction of
            its bill, which spares a request, or by itself before, which costs a write unit less.

    Attributes:
        payer_row: The payer's row as it was read last.
        has_kept: Whether an answer was kept, upon which a later run can go on.
    """

    def __init__(
        self,
        services: AnswerServices,
        payer: Payer | None,
        spent: Spending | None = None,
        *,
        keeps_at_once: bool = True,
        anew: str = "",
        payer_row: Row | None = None,
        effect: Effect | None = None,
        settles_along: bool = True,
    ) -> None:
        self._costs = RunCosts(payer, spent or Spending())
        self.has_kept = False
        self._answerers: dict[str, None] = {}
        self._services = services
        self._payer = payer
        self._keeps_at_once = keeps_at_once
        self.payer_row = self._fresh_row = payer_row
        self._effect = effect
        self._settles_along = settles_along
        # Part of the key of each answer.
        self._version = f"{PROMPT_VERSION} {anew}" if anew else PROMPT_VERSION

    @property
    def spent(self) -> Spending:
        """What was spent so far; of an answer that is left to others, only what `keep` noted."""
        return self._costs.spent

    @property
    def model_name(self) -> str:
        """The name of the model."""
        return self._services.model.name

    @property
    def answered_by(self) -> str:
        """Who has answered: the model's name, or the fallback's, or both."""
        return ", ".join(self._answerers) or self.model_name

    @property
    def is_extractive(self) -> bool:
        """Whether no language model is configured, so that sentences can only be picked."""
        return self.model_name == EXTRACTIVE

    @property
    def total_tokens(self) -> int:
        """What was read and written so far, earlier runs included."""
        return self.spent.input_tokens + self.spent.output_tokens

    def ask(self, request: ModelRequest[AnswerT], deadline: Deadline) -> KeptAnswer[AnswerT]:
        """Answer a request, from the ledger where it was answered before.

        What an answer that failed has cost is noted in any case, and what was learnt by it: the
        next run asks with the room that this one has found to be needed.

        Raises:
            OverBudgetError: The day's limit is reached.
            DocumentCapError, TaskCapError: The payer's own limit is reached.
            LedgerConflictError: The payer's row is gone.
            RetryableError, DeferredError, PermanentError: As `LanguageModel.answer` does.
        """
        known = self._read_known(lambda name: answer_key(name, self._version, request))
        kept = self._find_kept(known)
        if kept is not None:
            value = request.answer_type.model_validate_json(kept["value"])
            return KeptAnswer(value, kept["model"], Spending(), None)

        def call(one: MeteredModel, known: KnownAnswer) -> KeptAnswer[AnswerT]:
            if self._services.now().timestamp() < known.lesson.overflows_until:
                raise ContextOverflowError(
                    "The model's server has read a part of this before, not all"
                )
            if known.lesson.room_tokens and not request.widens:
                raise AnswerCutError("The answer was cut off at its greatest length before")
            asked = replace(request, room_tokens=known.lesson.room_tokens)
            reply, used = self._call(
                one,
                lambda: one.model.answer(asked, deadline),
                Usage(1, estimate_request_tokens(request), request.max_output_tokens),
                find_most_of_answer,
                known,
            )
            # As text, since DynamoDB takes no floats as such, and extracted values may be some.
            content = {"value": reply.value.model_dump_json(), "model": reply.model}
            return KeptAnswer(reply.value, reply.model, used, self._build_row(known.key, content))

        answer = self._call_either(call, known)
        self._note_answerer(answer.model)
        if not self._keeps_at_once:
            return answer
        self._note(answer.used, answer.row, answer.model)
        return replace(answer, row=None)

    def keep(self, answer: KeptAnswer[AnswerT]) -> None:
        """Keep an answer that further calls build upon, and bill it, whatever comes of them.

        Nothing is left to do for one that is kept.

        Raises:
            LedgerConflictError: The payer's row is gone.
        """
        if answer.row is not None:
            self._note(answer.used, answer.row, answer.model)

    def keep_with(
        self, answer: KeptAnswer[AnswerT], record: Callable[[Sequence[Operation]], bool]
    ) -> bool:
        """Keep an answer with the effect that it leads to, or as `keep` does if that fails.

        Args:
            answer: The answer.
            record: Writes the effect and further rows in one transaction; False if the effect was
                there already, and nothing was written.

        Returns:
            Whether the effect was written.

        Raises:
            LedgerConflictError: The payer's row is gone.
            SeashoreError: As `record` does.
        """
        try:
            with self._send_notes_along() as notes:
                if not record([*([] if answer.row is None else [answer.row]), *notes]):
                    raise _NotRecordedError
        except _NotRecordedError:
            self.keep(answer)
            return False
        except SeashoreError:
            self.keep(answer)
            raise
        return True

    def take_turn(self, request: TurnRequest, deadline: Deadline) -> Turn:
        """Let the model take a turn with tools, once, as `ask` does.

        Raises:
            ToolsNotTakenError: The model's server does not take tools.
            OverBudgetError, TaskCapError, LedgerConflictError: As `ask` does.
            RetryableError, DeferredError, PermanentError: As `ToolModel.take_turn` does.
        """
        known = self._read_known(lambda name: turn_key(name, self._version, request))
        kept = self._find_kept(known)
        if kept is not None:
            return Turn.model_validate_json(kept["turn"])

        def call(one: MeteredModel, known: KnownAnswer) -> Turn:
            model = one.model
            if not isinstance(model, ToolModel):
                raise TypeError(f"{model.name} takes no turns with tools")
            asked = replace(request, room_tokens=known.lesson.room_tokens)
            reply, used = self._call(
                one,
                lambda: model.take_turn(asked, deadline),
                Usage(1, estimate_turn_tokens(request), request.max_output_tokens),
                find_most_of_turn,
                known,
            )
            content = {"turn": reply.turn.model_dump_json(), "model": reply.model}
            self._note_answerer(reply.model)
            self._note(used, self._build_row(known.key, content), reply.model)
            return reply.turn

        return self._call_either(call, known)

    @contextmanager
    def go_on_later(self) -> Iterator[None]:
        """Let work that runs out of time wait for its next run, if this one has got on.

        Raises:
            UnfinishedError: The time is up, and an answer was kept: no receive is used up.
            DeadlineError, LateAnswerError: The time is up, and nothing was done with it.
        """
        try:
            yield
        except (DeadlineError, LateAnswerError) as error:
            if not self.has_kept:
                raise
            raise UnfinishedError(
                f"a part is done, and the time of this run is up: {error}",
                delay_seconds=_GO_ON_DELAY_SECONDS,
                reason="unfinished",
            ) from error

    def _read_known(self, find_key: Callable[[str], str]) -> list[KnownAnswer]:
        """What is kept of a request to each model, and the payer's row, with one call."""
        # What costs nothing is not kept: to pick sentences again takes less than to look them up.
        keys = ["" if self.is_extractive else find_key(one.model.name) for one in self._models]
        fresh_row, self._fresh_row = self._fresh_row, None
        table = self._services.table
        known = read_known_answers(table, keys, self._payer, fresh_row, self._effect)
        self.payer_row = known[0].payer_row
        return known

    @property
    def _models(self) -> list[MeteredModel]:
        services = self._services
        first = MeteredModel(services.model, services.meter)
        return [first] if services.fallback is None else [first, services.fallback.second]

    def _find_kept(self, known: list[KnownAnswer]) -> Row | None:
        """The answer that is kept, whichever model has given it."""
        kept = next((one.answer for one in known if one.answer is not None), None)
        if kept is not None:
            self._note_answerer(kept["model"])
        return kept

    def _note_answerer(self, model: str) -> None:
        self._answerers.setdefault(model)

    def _call_either(
        self, call: Callable[[MeteredModel, KnownAnswer], ResultT], known: list[KnownAnswer]
    ) -> ResultT:
        """Call the first model, or the fallback where that one is down and nothing was paid."""
        fallback = self._services.fallback
        first = self._models[0]
        if fallback is None:
            return call(first, known[0])
        failure = fallback.find_failure()
        if failure is None:
            try:
                return call(first, known[0])
            except DeferredError as error:
                if not is_reason_to_fall_back(error):
                    raise
                fallback.note_failure(error)
                failure = error
        try:
            return call(fallback.second, known[1])
        except SeashoreError as error:
            raise join_failures(failure, error) from error

    def _build_row(self, key: str, content: Mapping[str, str]) -> Put | None:
        if self._payer is None or not key:
            return None
        return build_answer_row(key, content, self._services.now)

    def _call(
        self,
        one: MeteredModel,
        call: Callable[[], ReplyT],
        once: Usage,
        find_most: Callable[[int, int], Usage],
        known: KnownAnswer,
    ) -> tuple[ReplyT, Spending]:
        """Call the model within the limits; what a call has cost that failed is noted."""
        meter = one.meter
        held, cost = self._costs.hold(meter, once, known.payer_row), 0
        try:
            try:
                if meter is None:
                    reply = call()
                else:
                    most = find_most(once.input_tokens, once.output_tokens)
                    is_noted_later = self._settles_along and self._payer is not None
                    reply, cost = meter.run(call, most, is_noted_later=is_noted_later)
            finally:
                self._costs.count(cost - held)
        except SeashoreError as error:
            if isinstance(error, PaidCalls) and error.has_cost:
                usage = read_paid_usage(error)
                cost = meter.compute_cost(usage) if meter else 0
                self._costs.count(cost)
                is_paid = self._payer is not None
                lesson = known.build_lesson(error, self._services.now) if is_paid else None
                used = _to_spending(usage, cost)
                self._note(used, lesson, one.model.name, step="answer_unusable")
                error.has_kept = self.has_kept
            raise
        return reply, _to_spending(reply.usage, cost)

    def _note(
        self, used: Spending, row: Operation | None, model: str, step: str = "answered"
    ) -> None:
        """Note what a call has cost on the payer's row, with the row that keeps what came of it."""
        if self._payer is not None and (row is not None or used != Spending()):
            with self._send_notes_along() as notes:
                record_spending(
                    self._services.table,
                    self._payer.row_key,
                    used,
                    self._services.now,
                    step=step,
                    model=model,
                    with_rows=[*([] if row is None else [row]), *notes],
                    # Chunks of a document run at the same time: its row would tell of all of them.
                    seen=None if self._effect is not None else self.payer_row,
                )
        self._costs.note(used)
        self.has_kept = self.has_kept or row is not None

    @contextmanager
    def _send_notes_along(self) -> Iterator[list[Update]]:
        """What the day's spending has yet to be told, as `SpendMeter.send_notes_along` does."""
        with ExitStack() as sending:
            meters = [one.meter for one in self._models if one.meter is not None]
            notes = [sending.enter_context(meter.send_notes_along()) for meter in meters]
            yield [note for of_meter in notes for note in of_meter]


def _to_spending(usage: Usage, cost: int) -> Spending:
    return Spending(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_micro_usd=cost,
        told_micro_usd=usage.told_micro_usd,
    )
