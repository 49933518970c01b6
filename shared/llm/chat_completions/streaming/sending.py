"""Send a request, and wait for its answer for as long as it is being written."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from shared.deadline import Deadline
from shared.errors import ModelSlowError
from shared.llm.chat_completions.chat_replies import find_error
from shared.llm.chat_completions.openai_client import call_timeout
from shared.llm.chat_completions.server_dialect import asks_for_tier
from shared.llm.chat_completions.server_errors.error_bodies import read_error_body
from shared.llm.chat_completions.server_errors.error_translation import PageError
from shared.llm.chat_completions.streaming.response_bodies import BodyReader
from shared.llm.chat_completions.streaming.stream_chunks import StreamedCompletion

# A call ends this long before the deadline, so that its failure can still be acted on: a record
# that is out of time counts as its own fault, a silent provider does not.
_SPARE_SECONDS = 1.0
_SHORTEST_CALL_SECONDS = 0.1
# How long a server that streams may be silent: while it thinks or has others to serve, and while it
# reads the prompt, of which a small machine reads no more tokens a second than this.
_IDLE_SECONDS = 120.0
_SLOWEST_READING = 20.0
# A call without an answer shows that a model is slow only if it has lasted a while.
_PATIENCE_SECONDS = 20.0
_SLOW_DELAY_SECONDS = 30.0

# LiteLLM's; it is sent before a stream, and then without a value.
_COST_HEADER = "x-litellm-response-cost"
_STREAMING = re.compile(r"(?<![a-z_])stream(?:ing|ed|_options)?(?![a-z])", re.IGNORECASE)
_UNKNOWN_STATUSES = (400, 404, 405, 422, 501)


class AnswerTooSlowError(openai.APITimeoutError):
    """Time was up while the model was at work, as far as one can tell.

    Args:
        request: What was sent.
        seconds: How long it has worked.
        pieces: How many pieces of the answer had come, which is about the tokens.
    """

    def __init__(self, request: httpx2.Request, seconds: float, pieces: int) -> None:
        super().__init__(request)
        self.seconds = seconds
        self.pieces = pieces

    def translate(self) -> ModelSlowError:
        """The project's own exception, which says what to do."""
        written = (
            f"had written about {self.pieces} tokens ({self.pieces / self.seconds:.1f} a second)"
            if self.pieces
            else "had written nothing"
        )
        return ModelSlowError(
            f"The model {written} when the time of the call was up, after {self.seconds:.0f} s: "
            "raise WorkerTimeoutSeconds, set ModelCallsAtOnce to what its server works on at "
            "once, or choose a faster model. A long text is tried in smaller parts",
            delay_seconds=_SLOW_DELAY_SECONDS,
            reason="model_slow",
        )


@dataclass(frozen=True)
class Sent:
    """A request that was answered.

    Args:
        completion: What the server says, of which nothing is validated: a completion, as a rule.
        asked_flex: Whether the cheap and slow tier was asked for.
        told_cost: What a header says that it has cost, in dollars; as a rule nothing.
    """

    completion: object
    asked_flex: bool = False
    told_cost: str = ""


class CompletionSender:
    """Sends requests to one model of one server, streamed if that does. Thread-safe.

    A stream shows that a model is at work, and no gateway takes it for dead. Servers that do not
    stream, or do not count tokens when they do, are asked for answers in one piece from then on.

    Args:
        client: A client that does not retry by itself.
        model: The name of the model.
        clock: A monotonic clock, in seconds.
        logger: Gets a line when a server turns out not to stream.
    """

    def __init__(
        self,
        client: openai.OpenAI,
        model: str,
        clock: Callable[[], float],
        logger: logging.Logger,
    ) -> None:
        self._client = client
        self._model = model
        self._clock = clock
        self._logger = logger
        # Written whole by any thread, and right whoever writes last.
        self._streams: bool | None = None

    def send(
        self, request: Mapping[str, Any], key: str | None, prompt_tokens: int, deadline: Deadline
    ) -> Sent:
        """Send a request and read the answer.

        Args:
            request: The parameters of the call, without the model's name.
            key: The key of the account, if it has one.
            prompt_tokens: About how many tokens the model has to read.
            deadline: The longest that the answer may take.

        Raises:
            AnswerTooSlowError: Time is up, and the model is still at work.
            PageError: There is no answer, and no error either.
            openai.OpenAIError: As the SDK does.
            json.JSONDecodeError, UnicodeDecodeError: The body calls itself JSON and is none.
        """
        if self._streams is not False:
            try:
                return self._send(request, key, prompt_tokens, deadline, streams=True)
            except openai.APIStatusError as error:
                if not _objects_to_streaming(error):
                    raise
            self._note_no_stream("it says so")
        return self._send(request, key, prompt_tokens, deadline, streams=False)

    def _send(
        self,
        request: Mapping[str, Any],
        key: str | None,
        prompt_tokens: int,
        deadline: Deadline,
        *,
        streams: bool,
    ) -> Sent:
        limit_seconds = max(_SHORTEST_CALL_SECONDS, deadline.remaining_seconds - _SPARE_SECONDS)
        # An answer in one piece comes after a silence as long as it takes, and so does the first
        # piece of one that waits for its turn in a cheap tier.
        idle_seconds = limit_seconds
        if self._streams and streams and not asks_for_tier(request):
            idle_seconds = min(limit_seconds, _IDLE_SECONDS + prompt_tokens / _SLOWEST_READING)
        parameters: dict[str, Any] = dict(request)
        if streams:
            parameters |= {"stream": True, "stream_options": {"include_usage": True}}
        started = self._clock()
        reader: BodyReader | None = None
        try:
            with self._client.chat.completions.with_streaming_response.create(
                model=self._model,
                timeout=call_timeout(limit_seconds, idle_seconds),
                extra_headers={"Authorization": f"Bearer {key}"} if key else None,
                **parameters,
            ) as response:
                reader = BodyReader(response.http_response)
                sent = Sent(
                    reader.read(),
                    asks_for_tier(request),
                    response.headers.get(_COST_HEADER, ""),
                )
        except (openai.APIConnectionError, httpx2.TransportError) as error:
            streamed = reader.streamed if reader else None
            if streamed is not None and streamed.is_finished:
                return Sent(streamed.build(), asks_for_tier(request))
            seconds = self._clock() - started
            if _was_at_work(error, streamed, seconds, limit_seconds):
                raise AnswerTooSlowError(
                    error.request, seconds, streamed.pieces if streamed else 0
                ) from None
            if isinstance(error, openai.APIConnectionError):
                # Its cause says whether anything was sent.
                raise
            raise _to_sdk_error(error) from None
        if isinstance(sent.completion, str):
            raise PageError(response.http_request)
        if streams:
            self._learn(reader, sent.completion, response.http_request)
        return sent

    def _learn(self, reader: BodyReader, completion: object, request: httpx2.Request) -> None:
        """Remember how the server has answered a request for a stream.

        Raises:
            openai.APIConnectionError: The stream has come to no end.
        """
        streamed = reader.streamed
        if streamed is None:
            self._note_no_stream("it answers in one piece")
        elif find_error(completion) is not None:
            return
        elif not streamed.is_finished and not reader.was_ended:
            raise openai.APIConnectionError(message="The stream broke off", request=request)
        elif not streamed.has_usage or not streamed.is_finished:
            self._note_no_stream("its streams do not count tokens, or do not say why they end")
        elif self._streams is None:
            self._streams = True

    def _note_no_stream(self, cause: str) -> None:
        self._streams = False
        self._logger.info(
            "The model's server is asked for whole answers from now on: %s.",
            cause,
            extra={"action": "model_does_not_stream"},
        )


def _was_at_work(
    error: Exception, streamed: StreamedCompletion | None, seconds: float, limit_seconds: float
) -> bool:
    """Whether the time of the call is up, and nothing says that the server is dead."""
    is_timeout = isinstance(error, (openai.APITimeoutError, httpx2.TimeoutException))
    if not is_timeout or seconds < limit_seconds - _SHORTEST_CALL_SECONDS:
        return False
    return bool(streamed and streamed.pieces) or seconds >= _PATIENCE_SECONDS


def _to_sdk_error(error: httpx2.TransportError) -> openai.OpenAIError:
    """The exception that the SDK raises where it reads a body itself."""
    if isinstance(error, httpx2.TimeoutException):
        return openai.APITimeoutError(error.request)
    return openai.APIConnectionError(request=error.request)


def _objects_to_streaming(error: openai.APIStatusError) -> bool:
    """Whether the server says that it does not stream, or not what it is asked for.

    llama.cpp has refused tools in a stream with 500, vLLM and others `stream_options` with 400 or
    422.
    """
    text = read_error_body(error.body).text
    if error.status_code == 500:
        return "tools with stream" in text
    return error.status_code in _UNKNOWN_STATUSES and bool(_STREAMING.search(text))
