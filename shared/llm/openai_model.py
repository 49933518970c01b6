"""A language model behind the Chat Completions API: OpenAI, or any compatible server."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import openai
from openai.types.chat import ChatCompletionMessageParam

from shared.deadline import Deadline
from shared.errors import ContextOverflowError, ModelAnswerError, ModelRefusalError
from shared.llm.chat_calls import ChatCall, ChatCaller, OutputStepRejectedError
from shared.llm.model import AnswerT, ModelAnswer, ModelRequest, Usage
from shared.llm.output_ladder import OutputLadder
from shared.llm.prompt_rendering import render_prompt
from shared.llm.retry import RetryPolicy
from shared.llm.server_dialect import ServerDialect
from shared.llm.structured_output import (
    AnswerFormatError,
    OutputStep,
    describe_shape,
    parse_answer,
    strict_schema,
)
from shared.llm.token_estimate import estimate_tokens

_MORE_ROOM = 4
# With less than this left of the window, there is no sense in asking.
_MIN_ROOM_TOKENS = 300


class OpenAIModel:
    """Answers through the Chat Completions API. Thread-safe: one instance a container.

    Args:
        client: A client that does not retry by itself (`build_openai_client`).
        model: The name of the model.
        context_window_tokens: How much the model reads and writes, all told. An answer gets no
            more room than is left of it; a request that is estimated to leave none is refused
            here, since some servers silently drop its start.
        length_parameter: `max_completion_tokens` (OpenAI) or `max_tokens` (most others); the
            other one is taken where the server asks for it.
        reasoning_effort: How long a reasoning model may think; `None` sends nothing.
        sleep: Waits for some seconds.
        clock: A monotonic clock, in seconds.
        wall_clock: Seconds since 1970.
        uniform: A random number between two bounds.
        logger: Gets one line a call, without any text of a document.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        model: str,
        context_window_tokens: int,
        *,
        length_parameter: str = "max_tokens",
        reasoning_effort: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
        logger: logging.Logger | None = None,
    ) -> None:
        self._model = model
        self._context_window_tokens = context_window_tokens
        self._ladder = OutputLadder(clock)
        self._caller = ChatCaller(
            client,
            model,
            RetryPolicy(sleep, uniform, wall_clock),
            clock,
            logger or logging.getLogger("seashore.llm"),
            ServerDialect(length_parameter, reasoning_effort),
        )

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model

    def answer(self, request: ModelRequest[AnswerT], deadline: Deadline) -> ModelAnswer[AnswerT]:
        """Answer a request; a cut-off answer is asked for once more, and so is a misshapen one.

        Raises:
            DeadlineError: Too little time is left for a call.
            ModelAnswerError: The answer is cut off twice, or does not fit the shape twice.
            ModelThrottledError: The provider asks for a pause that does not fit.
            ModelUnavailableError: The provider is down or cannot be reached.
            ModelAccessError: The provider rejects the key or the account.
            ModelRequestError: The provider rejects the request.
            ContextOverflowError: The request does not fit into the context window.
            ModelRefusalError: The model or a content filter declines.
        """
        known_pages = {
            page
            for source in request.sources
            for page in range(source.first_page, source.last_page + 1)
        }
        room_tokens = request.max_output_tokens
        step = self._ladder.first_step()
        doubtful = False
        may_widen = True
        complaint: _Complaint | None = None
        usage = Usage()
        while True:
            call = self._write_call(request, step, room_tokens, complaint)
            if call.max_tokens < min(room_tokens, _MIN_ROOM_TOKENS):
                if complaint is not None:
                    raise _unusable(f"The answer does not fit: {complaint.problem}", usage)
                raise ContextOverflowError(
                    f"About {call.prompt_tokens} tokens leave no room for an answer in the "
                    f"context window of {self._context_window_tokens}"
                )
            try:
                reply = self._caller.call(call, deadline)
            except OutputStepRejectedError as rejection:
                step = step.next_weaker or OutputStep.TEXT
                doubtful = doubtful or not rejection.by_name
                continue
            usage += reply.usage
            if reply.refused:
                raise ModelRefusalError("The model or its content filter declines this text")
            if reply.cut_off:
                if not may_widen or call.max_tokens < room_tokens:
                    raise _unusable("The answer is cut off at its greatest length", usage)
                may_widen, room_tokens = False, room_tokens * _MORE_ROOM
                continue
            try:
                value = parse_answer(reply.text, request.answer_type, known_pages)
            except AnswerFormatError as error:
                if complaint is not None:
                    raise _unusable(f"The answer does not fit: {error}", usage) from None
                complaint = _Complaint(reply.text, str(error))
                # A server that has never held an answer to the schema may not know it at all.
                if step is OutputStep.JSON_SCHEMA and call.may_step_down:
                    step, doubtful = OutputStep.JSON_OBJECT, True
                continue
            self._ladder.remember(step, doubtful=doubtful)
            return ModelAnswer(value, self._model, usage)

    def _write_call(
        self,
        request: ModelRequest[AnswerT],
        step: OutputStep,
        room_tokens: int,
        complaint: "_Complaint | None",
    ) -> ChatCall:
        prompt = render_prompt(request, describe_shape(step, request.answer_type))
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": prompt.user},
        ]
        prompt_tokens = estimate_tokens(prompt.system) + estimate_tokens(prompt.user)
        if complaint is not None:
            question = (
                f"That answer does not fit: {complaint.problem}. Give it again, whole and as one "
                "JSON object of the shape that was asked for, with nothing around it."
            )
            if complaint.answer:
                messages.append({"role": "assistant", "content": complaint.answer})
            messages.append({"role": "user", "content": question})
            prompt_tokens += estimate_tokens(complaint.answer) + estimate_tokens(question)
        return ChatCall(
            purpose=request.purpose,
            messages=messages,
            step=step,
            response_format=_response_format(step, request),
            prompt_tokens=prompt_tokens,
            max_tokens=min(room_tokens, self._context_window_tokens - prompt_tokens),
            may_step_down=not self._ladder.is_proven(step),
        )


@dataclass(frozen=True)
class _Complaint:
    """An answer that was of no use, and what is wrong with it."""

    answer: str
    problem: str


def _response_format(step: OutputStep, request: ModelRequest[AnswerT]) -> dict[str, object] | None:
    if step is OutputStep.JSON_SCHEMA:
        return {
            "type": "json_schema",
            "json_schema": {
                "name": request.answer_type.__name__,
                "strict": True,
                "schema": strict_schema(request.answer_type),
            },
        }
    return {"type": "json_object"} if step is OutputStep.JSON_OBJECT else None


def _unusable(message: str, usage: Usage) -> ModelAnswerError:
    return ModelAnswerError(
        message,
        calls=usage.calls,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
    )
