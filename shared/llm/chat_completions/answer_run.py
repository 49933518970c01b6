"""One answer of a server, from the first call to the one that is of use."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from openai.types.chat import ChatCompletionContentPartParam, ChatCompletionMessageParam

from shared.deadline import Deadline
from shared.errors import (
    AnswerCutError,
    ContextOverflowError,
    DeadlineError,
    ModelAnswerError,
    ModelRefusalError,
    ModelUnavailableError,
)
from shared.llm.call_chain import CallChain, find_most_of_answer
from shared.llm.chat_completions.answer_room import AnswerRoom
from shared.llm.chat_completions.chat_calls import ChatCall, ChatCaller
from shared.llm.chat_completions.chat_replies import ONLY_THOUGHTS, Reply
from shared.llm.chat_completions.format_fallback import FormatFallback, OutputStepRejectedError
from shared.llm.chat_completions.server_errors.error_translation import UNAVAILABLE_DELAY_SECONDS
from shared.llm.chat_completions.structured_output import (
    AnswerFormatError,
    OutputStep,
    describe_shape,
    has_bounds,
    parse_answer,
    strict_schema,
)
from shared.llm.model import DIVISIBLE, AnswerT, ModelRequest, Picture
from shared.llm.model_window import ModelWindow
from shared.llm.prompt_rendering import (
    TOKENS_OF_PICTURE,
    estimate_request_tokens,
    render_prompt,
)
from shared.llm.token_estimate import estimate_tokens


@dataclass(frozen=True)
class _Complaint:
    """An answer that was of no use, and what is wrong with it."""

    answer: str
    problem: str


class AnswerRun(Generic[AnswerT]):
    """Calls until an answer is whole and fits its shape: three times where calls are answered.

    An answer that is cut off is asked for once more with more room, one that does not fit its
    shape once more with the complaint; output formats that the server does not take are left.

    Args:
        request: What is asked for.
        caller: Makes the calls.
        formats: The output formats that the server is known to take.
        window: How much the model reads and writes.

    Attributes:
        chain: What the calls have used up so far, and whether another one fits.
    """

    def __init__(
        self,
        request: ModelRequest[AnswerT],
        caller: ChatCaller,
        formats: FormatFallback,
        window: ModelWindow,
    ) -> None:
        self.chain = CallChain(
            find_most_of_answer(estimate_request_tokens(request), request.max_output_tokens)
        )
        self._request = request
        self._caller = caller
        self._formats = formats
        self._known_pages = _find_known_pages(request)
        self._room = AnswerRoom(request.max_output_tokens, window, request.room_tokens)
        self._step = formats.first_step()
        self._with_bounds = formats.takes_bounds
        self._doubtful = False
        self._complaint: _Complaint | None = None
        # What stands around the sources: an answer that holds it is an echo of the prompt.
        self._mark = ""

    @property
    def room_tokens(self) -> int:
        """The room that the answer is known to need; 0 where nothing is known."""
        return self._room.found_tokens

    def run(self, deadline: Deadline) -> AnswerT:
        """Call until there is an answer.

        Raises:
            SeashoreError: As `LanguageModel.answer` says.
        """
        while True:
            call = self._write_call()
            try:
                reply = self._caller.call(call, deadline, self.chain)
            except OutputStepRejectedError as rejection:
                if self._sends_bounds and rejection.may_be_bounds:
                    self._with_bounds = False
                else:
                    self._step = self._step.next_weaker or OutputStep.TEXT
                self._doubtful = self._doubtful or not rejection.by_name
                continue
            except DeadlineError:
                if not self._doubtful or self.chain.usage.calls:
                    raise
                # No format was answered: the internal errors were no dislike of one, but an outage.
                raise ModelUnavailableError(
                    "The provider answered with internal errors until the time was up",
                    delay_seconds=UNAVAILABLE_DELAY_SECONDS,
                    reason="model_unavailable",
                ) from None
            self.chain.charge(reply.usage, call.prompt_tokens, call.max_tokens)
            self._caller.check_was_read(call, reply)
            if reply.refused:
                raise ModelRefusalError("The model or its content filter declines this text")
            if reply.cut_off and not self._request.widens:
                self._room.note_cut()
                raise AnswerCutError("The answer is cut off at its greatest length")
            if reply.cut_off:
                self._room.widen(call.max_tokens)
                continue
            value = self._read(reply, call)
            if value is not None:
                self._formats.remember(
                    self._step, with_bounds=self._with_bounds, doubtful=self._doubtful
                )
                return value

    def _read(self, reply: Reply, call: ChatCall) -> AnswerT | None:
        """The answer, or nothing where it is worth asking again."""
        try:
            if reply.thoughts_alone:
                raise AnswerFormatError(f"it is empty: {ONLY_THOUGHTS}")
            if self._mark and self._mark in reply.text:
                raise AnswerFormatError("it repeats the lines around the sources")
            return parse_answer(reply.text, self._request.answer_type, self._known_pages)
        except AnswerFormatError as error:
            if self._complaint is not None:
                raise ModelAnswerError(f"The answer does not fit: {error}") from None
            # What the server is to be given is nothing that its model could do.
            problem = "it is empty" if reply.thoughts_alone else str(error)
            self._complaint = _Complaint(reply.text, problem)
        # Servers that hold the thoughts to a format have an end when these fit it: LM Studio, and
        # vLLM by some of its parsers. Such a thought is no answer.
        if reply.thoughts_alone and call.may_step_down:
            self._step, self._doubtful = OutputStep.TEXT, True
        # A server that has never held an answer to the schema may not know it at all.
        elif self._step is OutputStep.JSON_SCHEMA and call.may_step_down:
            self._step, self._doubtful = OutputStep.JSON_OBJECT, True
        return None

    @property
    def _sends_bounds(self) -> bool:
        return (
            self._step is OutputStep.JSON_SCHEMA
            and self._with_bounds
            and has_bounds(self._request.answer_type)
        )

    def _write_call(self) -> ChatCall:
        messages, prompt_tokens = self._write_messages()
        try:
            max_tokens = self._room.fit(prompt_tokens)
        except ContextOverflowError:
            if self._complaint is None:
                raise
            problem = self._complaint.problem
            raise ModelAnswerError(f"The answer does not fit: {problem}") from None
        return ChatCall(
            purpose=self._request.purpose,
            messages=messages,
            step=self._step,
            response_format=self._write_response_format(),
            prompt_tokens=prompt_tokens,
            max_tokens=max_tokens,
            may_step_down=not self._formats.is_proven(self._step),
            is_divisible=self._request.purpose in DIVISIBLE,
        )

    def _write_messages(self) -> tuple[list[ChatCompletionMessageParam], int]:
        """The conversation so far, and about how many tokens it has."""
        prompt = render_prompt(self._request, describe_shape(self._step, self._request.answer_type))
        self._mark = prompt.mark
        question, later = prompt.user, list[ChatCompletionMessageParam]()
        tokens = (
            estimate_tokens(prompt.system)
            + estimate_tokens(prompt.user)
            + len(self._request.pictures) * TOKENS_OF_PICTURE
        )
        if self._complaint is not None:
            demand = (
                f"That answer does not fit: {self._complaint.problem}. Give it again, whole and as "
                "one JSON object of the shape that was asked for, with nothing around it."
            )
            # Some servers refuse a message without text, others two of the user in a row.
            if self._complaint.answer.strip():
                later.append({"role": "assistant", "content": self._complaint.answer})
                later.append({"role": "user", "content": demand})
            else:
                question = f"{question}\n\n{demand}"
            tokens += estimate_tokens(self._complaint.answer) + estimate_tokens(demand)
        content = _write_content(question, self._request.pictures)
        system: ChatCompletionMessageParam = {"role": "system", "content": prompt.system}
        return [system, {"role": "user", "content": content}, *later], tokens

    def _write_response_format(self) -> dict[str, object] | None:
        answer_type = self._request.answer_type
        if self._step is OutputStep.JSON_SCHEMA:
            return {
                "type": "json_schema",
                "json_schema": {
                    "name": answer_type.__name__,
                    "strict": True,
                    "schema": strict_schema(answer_type, with_bounds=self._with_bounds),
                },
            }
        return {"type": "json_object"} if self._step is OutputStep.JSON_OBJECT else None


def _write_content(
    text: str, pictures: Sequence[Picture]
) -> str | list[ChatCompletionContentPartParam]:
    """The text of a message, in parts where pictures follow it."""
    if not pictures:
        return text
    parts: list[ChatCompletionContentPartParam] = [{"type": "text", "text": text}]
    for picture in pictures:
        data = base64.b64encode(picture.data).decode()
        url = f"data:{picture.media_type};base64,{data}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts


def _find_known_pages(request: ModelRequest[AnswerT]) -> set[int] | None:
    """The pages that an answer may name; None where its lists of that name are none of pages."""
    if not request.checks_pages:
        return None
    return {
        page
        for source in request.sources
        for page in range(source.first_page, source.last_page + 1)
    }
