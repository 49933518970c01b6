"""Make one call of the Chat Completions API, with retries, a breaker and a log line."""

import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import openai
from openai.types.chat import ChatCompletionMessageParam

from shared.deadline import Deadline
from shared.errors import (
    DeadlineError,
    DeferredError,
    ModelAnswerError,
    ModelThrottledError,
    SeashoreError,
)
from shared.llm.answer_memory import AnswerMemory
from shared.llm.call_chain import CallChain
from shared.llm.call_slots import CallSlots
from shared.llm.chat_completions.access_breaker import AccessBreaker
from shared.llm.chat_completions.chat_replies import Reply, find_error, read_reply
from shared.llm.chat_completions.format_fallback import (
    OutputStepRejectedError,
    find_step_rejection,
)
from shared.llm.chat_completions.outage_breaker import OutageBreaker
from shared.llm.chat_completions.paid_failures import may_have_been_served, read_error_usage
from shared.llm.chat_completions.prompt_limit import PromptLimit, was_full
from shared.llm.chat_completions.retry import MIN_CALL_SECONDS, RetryPolicy, SharedPause
from shared.llm.chat_completions.server_dialect import (
    ServerDialect,
    asks_for_tier,
    has_no_capacity,
    leave_tier,
)
from shared.llm.chat_completions.server_errors.error_translation import (
    PageError,
    ServerFailure,
    classify_failure,
    describe_failure,
    read_answer_limit,
    read_retry_after,
    rejects_key,
    translate_failure,
)
from shared.llm.chat_completions.streaming.sending import AnswerTooSlowError, CompletionSender, Sent
from shared.llm.chat_completions.structured_output import OutputStep
from shared.llm.chat_completions.tool_rejections import (
    ThoughtsWantedError,
    ToolsRejectedError,
    find_tool_rejection,
)
from shared.llm.key_scrubbing import holds_key
from shared.llm.model import Usage
from shared.llm.model_key import ModelKey
from shared.llm.wait_words import add_next_step, name_place

# A server has an objection at a time: to the name of a limit, to its value, to a system message.
_MOST_OBJECTIONS = 4


@dataclass(frozen=True)
class ChatCall:
    """What one call asks for.

    Attributes:
        purpose: What the answer is for, for the log.
        messages: The conversation so far.
        step: How the shape of the answer is asked for.
        response_format: The same, in the words of the API.
        prompt_tokens: About how many tokens the messages have.
        max_tokens: The most that the answer may have.
        may_step_down: Whether the server has yet to show that it takes this step.
        tools: What the model may call, in the words of the API.
        is_divisible: Whether its text is divided where it is too long for the model.
    """

    purpose: str
    messages: Sequence[ChatCompletionMessageParam]
    step: OutputStep
    response_format: dict[str, Any] | None
    prompt_tokens: int
    max_tokens: int
    may_step_down: bool
    tools: Sequence[dict[str, Any]] = ()
    is_divisible: bool = False


class ChatCaller:
    """Calls one model of one server. Thread-safe.

    Args:
        client: A client that does not retry by itself.
        model: The name of the model.
        policy: When to call again.
        clock: A monotonic clock, in seconds.
        logger: Gets one line a call, without any text of a document.
        dialect: Which parameters the server takes.
        key: The key of the account; None for a server that asks for none.
        memory: Whether the model has ever answered; of this container alone where none is given.
        slots: What bounds the calls that run at once in all containers, if anything does.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        model: str,
        policy: RetryPolicy,
        clock: Callable[[], float],
        logger: logging.Logger,
        dialect: ServerDialect,
        key: ModelKey | None = None,
        memory: AnswerMemory | None = None,
        slots: CallSlots | None = None,
    ) -> None:
        self._slots = slots
        self._limit = PromptLimit(clock, logger)
        self._sender = CompletionSender(client, model, clock, logger)
        self._model = model
        self._place = name_place(str(client.base_url))
        self._policy = policy
        self._clock = clock
        self._logger = logger
        self._breaker = AccessBreaker(clock, logger)
        self._outage = OutageBreaker(clock)
        self._pause = SharedPause(clock)
        self._dialect = dialect
        self._key = key
        self._memory = memory or AnswerMemory()

    def call(self, call: ChatCall, deadline: Deadline, chain: CallChain) -> Reply:
        """Make the call; what attempts without an answer may have cost is charged to its chain.

        Raises:
            ModelAnswerError: The chain has no room for it, or the answer is of no use.
            OutputStepRejectedError: A weaker output format is worth a try.
            ToolsRejectedError: The server does not take the tools.
            ThoughtsWantedError: It takes no results without the thoughts before their calls.
            SeashoreError: As `LanguageModel.answer` says.
        """
        try:
            return self._call(call, deadline, chain)
        except DeferredError as error:
            add_next_step(error, self._model, self._place)
            raise

    def _call(self, call: ChatCall, deadline: Deadline, chain: CallChain) -> Reply:
        if call.is_divisible:
            self._limit.check(call.prompt_tokens, deadline)
        if not chain.has_room(call.prompt_tokens, call.max_tokens):
            raise ModelAnswerError("The answer is of no use yet, and has cost what it may")
        failures: list[openai.OpenAIError] = []

        def is_final(error: openai.OpenAIError) -> bool:
            is_rejection = _find_rejection(call, error) is not None or self._is_setting(error)
            return is_rejection or not chain.has_room(call.prompt_tokens, call.max_tokens)

        def attempt(number: int) -> Reply:
            try:
                return self._attempt(call, deadline, number, chain)
            except openai.OpenAIError as error:
                failures.append(error)
                raise

        try:
            return self._policy.run(attempt, deadline, is_final)
        except openai.OpenAIError as error:
            rejection = _find_rejection(call, error)
            if rejection is not None:
                raise rejection from None
            if isinstance(error, AnswerTooSlowError):
                self._limit.note_slow(call.prompt_tokens, error.seconds)
                raise error.translate() from None
            raise self._translate(error, attempts_made=len(failures)) from None
        except DeadlineError:
            if not failures:
                raise
            # It is the provider's failure that the time went on, not the record's.
            raise self._translate(failures[-1], attempts_made=len(failures)) from None

    def check_was_read(self, call: ChatCall, reply: Reply) -> None:
        """Pass if the server may have read all of the prompt, and had room for the answer.

        Raises:
            ContextOverflowError: It counts fewer tokens than there were, so that nothing of the
                answer may count; or its window was full in the middle of the answer.
        """
        text = "\n".join(map(_read_text, call.messages))
        if self._limit.was_cut(reply.read_tokens, call.prompt_tokens, text):
            raise self._limit.note_cut(call.prompt_tokens, reply.read_tokens)
        written_tokens = reply.usage.output_tokens
        if (
            call.is_divisible
            and reply.is_out_of_room
            and was_full(reply.read_tokens, written_tokens, call.max_tokens)
        ):
            raise self._limit.note_full(reply.read_tokens + written_tokens)

    def _translate(self, error: openai.OpenAIError, *, attempts_made: int) -> SeashoreError:
        failure = classify_failure(error)
        is_setting = self._is_setting(error)
        wait_seconds = self._policy.backoff_seconds(attempts_made)
        if failure is ServerFailure.ACCESS or is_setting:
            wait_seconds = self._breaker.record_rejection(describe_failure(error))
        return translate_failure(
            error,
            now_seconds=self._policy.wall_clock(),
            backoff_seconds=wait_seconds,
            is_setting=is_setting,
        )

    def _is_setting(self, error: openai.OpenAIError) -> bool:
        """Whether it may be a setting that is wrong, as the model has never answered yet.

        What is set wrong must not kill the documents that meet it.
        """
        is_rejected = classify_failure(error) is ServerFailure.BAD_REQUEST
        return (is_rejected or isinstance(error, PageError)) and not self._memory.has_answered()

    def _attempt(self, call: ChatCall, deadline: Deadline, number: int, chain: CallChain) -> Reply:
        # Before the breakers: who has no time left for a call takes nobody's turn to try one.
        deadline.check(MIN_CALL_SECONDS)
        self._breaker.check()
        self._outage.check()
        self._wait_for_pause(deadline)
        deadline.check(MIN_CALL_SECONDS)
        started = self._clock()
        try:
            with self._slots.hold(deadline) if self._slots else contextlib.nullcontext():
                sent = self._send(call, deadline)
        except openai.OpenAIError as error:
            retry_after = read_retry_after(error, self._policy.wall_clock())
            if classify_failure(error) is ServerFailure.THROTTLED and retry_after is not None:
                self._pause.extend(retry_after)
            if may_have_been_served(error):
                if not (isinstance(error, AnswerTooSlowError) and error.pieces):
                    self._outage.record_lost(describe_failure(error))
                chain.charge_unanswered(call.prompt_tokens, call.max_tokens)
            else:
                chain.charge(read_error_usage(error), call.prompt_tokens, call.max_tokens)
            self._log(call, number, started, outcome=describe_failure(error))
            raise
        except (json.JSONDecodeError, UnicodeDecodeError):
            # The SDK lets these through for a body that calls itself JSON and is not.
            chain.charge_unanswered(call.prompt_tokens, call.max_tokens)
            self._log(call, number, started, outcome="the body is not JSON")
            raise ModelAnswerError("The provider's response is not JSON") from None
        try:
            reply = read_reply(
                sent.completion,
                call.prompt_tokens,
                asked_flex=sent.asked_flex,
                told_cost=sent.told_cost,
            )
            self._check_for_key(reply)
        except ModelAnswerError:
            chain.charge_unanswered(call.prompt_tokens, call.max_tokens)
            raise
        self._breaker.record_success()
        self._outage.record_answer()
        self._memory.note_answer()
        self._log(
            call,
            number,
            started,
            outcome="refused" if reply.refused else "cut_off" if reply.cut_off else "ok",
            usage=reply.usage,
        )
        return reply

    def _check_for_key(self, reply: Reply) -> None:
        """Pass if an answer, which will be kept and shown, does not repeat the key."""
        if self._key is None:
            return
        key = self._key.read()
        texts = [reply.text, reply.kept_fields]
        for call in reply.tool_calls:
            texts += [call.arguments, call.kept_fields]
        if any(holds_key(text, key) for text in texts):
            raise ModelAnswerError("The answer repeats the key of the model's provider")

    def _wait_for_pause(self, deadline: Deadline) -> None:
        left_seconds = self._pause.left_seconds
        if not left_seconds:
            return
        if not self._policy.fits(left_seconds, deadline):
            raise ModelThrottledError(
                "it has asked for a pause a short while ago",
                delay_seconds=left_seconds,
                reason="model_throttled",
            )
        self._policy.sleep(left_seconds + self._policy.spread_seconds())

    def _send(self, call: ChatCall, deadline: Deadline) -> Sent:
        """Send the request; again where the server objects to a parameter, its value or a message.

        A cheap tier that has no room now is left for this call.
        """
        max_tokens = call.max_tokens
        objections = 0
        while True:
            parameters = self._dialect.write_parameters(call.messages, max_tokens)
            try:
                return self._create(call, parameters, deadline)
            except openai.APIStatusError as error:
                if asks_for_tier(parameters) and has_no_capacity(error):
                    parameters["extra_body"] = leave_tier(parameters["extra_body"])
                    return self._create(call, parameters, deadline)
                objections += 1
                limit_tokens = read_answer_limit(error, max_tokens)
                is_met = limit_tokens is not None or self._dialect.adapt(error, parameters)
                if not is_met or objections > _MOST_OBJECTIONS:
                    raise
                if limit_tokens is not None:
                    self._dialect.note_limit(error, limit_tokens)
                    max_tokens = limit_tokens

    def _create(self, call: ChatCall, parameters: dict[str, Any], deadline: Deadline) -> Sent:
        if call.response_format is not None:
            parameters = {**parameters, "response_format": call.response_format}
        if call.tools:
            parameters = {**parameters, "tools": call.tools}

        def create(key: str | None) -> Sent:
            sent = self._sender.send(parameters, key, call.prompt_tokens, deadline)
            error = find_error(sent.completion, key)
            if error is not None:
                raise error
            return sent

        if self._key is None:
            return create(None)
        key = self._key.read()
        try:
            return create(key)
        except openai.APIStatusError as error:
            # It may have been rotated since it was read.
            renewed = self._key.renew(key) if rejects_key(error) else None
            if renewed is None:
                raise
        return create(renewed)

    def _log(
        self,
        call: ChatCall,
        number: int,
        started: float,
        *,
        outcome: str,
        usage: Usage | None = None,
    ) -> None:
        usage = usage or Usage()
        self._logger.info(
            "model_call",
            extra={
                "action": "model_call",
                "purpose": call.purpose,
                "model": self._model,
                "step": call.step.value,
                "attempt": number,
                "outcome": outcome,
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cached_tokens": usage.cached_tokens,
                "tokens_estimated": usage.estimated,
                "by_flex": usage.flex_input_tokens > 0,
                "told_micro_usd": usage.told_micro_usd,
                "duration_ms": round((self._clock() - started) * 1000),
            },
        )


def _read_text(message: ChatCompletionMessageParam) -> str:
    """The text of a message, without pictures."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if part["type"] == "text")


def _find_rejection(
    call: ChatCall, error: openai.OpenAIError
) -> OutputStepRejectedError | ToolsRejectedError | ThoughtsWantedError | None:
    rejection = find_tool_rejection(error, call.messages) if call.tools else None
    if rejection is not None:
        return rejection
    return find_step_rejection(error, call.step, may_step_down=call.may_step_down)
