"""What is known of a request, and how long it may take. Apart, for functions without a chat."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDoneError
from dataclasses import dataclass
from typing import TypeVar

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.http.requests import Event, find_owner, find_request_id
from shared.deadline import Deadline
from shared.errors import DeadlineError

ResultT = TypeVar("ResultT")

# Work looks at its deadline by itself and says why it ends; only what does not is left behind.
_GRACE_SECONDS = 1.5

# What is kept back of the function's time to write the answer.
_ANSWER_SECONDS = 2.0


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


def read_facts(event: Event, context: LambdaContext, most_seconds: float) -> RequestFacts:
    """What is known of a request, which may take so long, and no longer than its function."""
    remaining_seconds = context.get_remaining_time_in_millis() / 1000 - _ANSWER_SECONDS
    return RequestFacts(
        request_id=find_request_id(event, context.aws_request_id),
        owner=find_owner(event),
        deadline=Deadline.after(min(most_seconds, remaining_seconds)),
    )


def run_within(
    deadline: Deadline, work: Callable[[], ResultT], grace_seconds: float = _GRACE_SECONDS
) -> ResultT:
    """Do some work, but wait no longer than until a little after the deadline.

    A call of a service can hang for longer than its caller may wait: API Gateway gives up after 29
    seconds. Such work keeps its thread, and what it returns in the end is thrown away.

    Raises:
        DeadlineError: It is not done in time.
    """

    def do_in_time() -> ResultT:
        with deadline.apply():
            return work()

    pool = ThreadPoolExecutor(max_workers=1)
    try:
        future = pool.submit(contextvars.copy_context().run, do_in_time)
        try:
            return future.result(deadline.remaining_seconds + grace_seconds)
        except NotDoneError as error:
            if future.done():
                raise
            raise DeadlineError("the work did not end with its time") from error
    finally:
        pool.shutdown(wait=False)
