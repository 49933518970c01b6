"""Remember which way of asking for structured output a server knows."""

import threading
from collections.abc import Callable

import openai

from shared.llm.chat_completions.server_errors.error_translation import (
    ServerFailure,
    classify_failure,
    names_bounds,
    objects_to_output_format,
)
from shared.llm.chat_completions.structured_output import OutputStep

_DOUBT_SECONDS = 600.0


class OutputStepRejectedError(Exception):
    """The server does not take the asked-for output format, as far as one can tell.

    Args:
        by_name: Whether it said so; if not, it answered with an internal error.
        may_be_bounds: Whether it may be the bounds in the schema alone that it does not take.
    """

    def __init__(self, *, by_name: bool, may_be_bounds: bool = False) -> None:
        super().__init__("the server does not take the output format")
        self.by_name = by_name
        self.may_be_bounds = may_be_bounds


def find_step_rejection(
    error: openai.OpenAIError, step: OutputStep, *, may_step_down: bool
) -> OutputStepRejectedError | None:
    """Whether the error may well mean that the server does not take the output format.

    A server that fails on the format does so with any status: llama.cpp with 500, others with
    400, 404, 422 or 501. Once a step has served, only an error that names the format counts: an
    internal error is an outage then.

    Args:
        error: What the SDK raised.
        step: How the shape of the answer was asked for.
        may_step_down: Whether the server has yet to show that it takes this step.
    """
    if step.next_weaker is None or not isinstance(error, openai.APIStatusError):
        return None
    failure = classify_failure(error)
    if failure is ServerFailure.BAD_REQUEST and error.status_code in (400, 404, 422):
        is_bound = names_bounds(error)
        by_name = is_bound or objects_to_output_format(error)
    elif failure is ServerFailure.UNAVAILABLE and error.status_code in (500, 501):
        is_bound = by_name = False
    else:
        return None
    if not by_name and not may_step_down:
        return None
    return OutputStepRejectedError(by_name=by_name, may_be_bounds=is_bound or not by_name)


class FormatFallback:
    """The strongest step that the server is known, or not yet known not, to take. Thread-safe.

    Bounds in a schema are a strength of their own: they are left out first.

    A step that the server named as unknown stays ruled out. One that was only followed by an
    internal error is tried again after ten minutes, since the server may just have been unwell.

    Args:
        clock: A monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._step = OutputStep.JSON_SCHEMA
        self._proven = False
        self._takes_bounds = True
        self._doubted_until: float | None = None

    @property
    def takes_bounds(self) -> bool:
        """Whether the server takes bounds in a schema, as far as is known."""
        with self._lock:
            return self._takes_bounds

    def first_step(self) -> OutputStep:
        """The step to begin an answer with."""
        with self._lock:
            if self._doubted_until is not None and self._clock() >= self._doubted_until:
                self._step = OutputStep.JSON_SCHEMA
                self._proven = False
                self._takes_bounds = True
                self._doubted_until = None
            return self._step

    def is_proven(self, step: OutputStep) -> bool:
        """Whether the server has given a good answer at this step."""
        with self._lock:
            return self._proven and self._step is step

    def remember(self, step: OutputStep, *, with_bounds: bool = True, doubtful: bool) -> None:
        """Note that the server gave a good answer at a step.

        Args:
            step: The step that served.
            with_bounds: Whether bounds were left in the schema, if it had any.
            doubtful: Whether a stronger way was left only for an internal error of the server.
        """
        with self._lock:
            if self._proven and self._step is step and (with_bounds or not self._takes_bounds):
                return
            self._step = step
            self._takes_bounds = self._takes_bounds and with_bounds
            self._proven = True
            self._doubted_until = self._clock() + _DOUBT_SECONDS if doubtful else None
