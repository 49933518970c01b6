"""What is known of a request, and how long it may take. Apart, for functions without a chat."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDoneError
from dataclasses import dataclass
from typing import TypeVar

from shared.deadline import Deadline
from shared.errors import DeadlineError

ResultT = TypeVar("ResultT")

# Work looks at its deadline by itself and says why it ends; only what does not is left behind.
_GRACE_SECONDS = 1.5


@dataclass(frozen=True)
class RequestFacts:
    """What is known of the request that is being answered.

    Args:
        request_id: Its id.
        owner: Whose conversations its sender may see.
        deadline: When it has to be answered.
    """

    request_id: str
    owner: str
    deadline: Deadline


def run_within(
    deadline: Deadline, work: Callable[[], ResultT], grace_seconds: float = _GRACE_SECONDS
) -> ResultT:
    """Do some work, but wait no longer than until a little after the deadline.

    A call of a service can hang for longer than its caller may wait: API Gateway gives up after 29
    seconds. Such work keeps its thread, and what it returns in the end is thrown away.

    Raises:
        DeadlineError: It is not done in time.
    """
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        future = pool.submit(contextvars.copy_context().run, work)
        try:
            return future.result(deadline.remaining_seconds + grace_seconds)
        except NotDoneError as error:
            if future.done():
                raise
            raise DeadlineError("the work did not end with its time") from error
    finally:
        pool.shutdown(wait=False)
