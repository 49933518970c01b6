"""Work that is longer than one run: what is done is kept, and the next run goes on from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from shared.errors import DeadlineError, LateAnswerError, UnfinishedError

_GO_ON_DELAY_SECONDS = 1.0


class KeptCalls(Protocol):
    """The calls of one run: `document_calls.DocumentCalls` or `task_calls.TaskCalls`."""

    @property
    def has_kept(self) -> bool:
        """Whether an answer was kept, upon which a later run can go on."""
        ...


@contextmanager
def go_on_later(calls: KeptCalls) -> Iterator[None]:
    """Let work that runs out of time wait for its next run, if this one has got on.

    Raises:
        UnfinishedError: The time is up, and an answer was kept: no receive is used up.
        DeadlineError, LateAnswerError: The time is up, and nothing was done with it.
    """
    try:
        yield
    except (DeadlineError, LateAnswerError) as error:
        if not calls.has_kept:
            raise
        raise UnfinishedError(
            f"a part is done, and the time of this run is up: {error}",
            delay_seconds=_GO_ON_DELAY_SECONDS,
            reason="unfinished",
        ) from error
