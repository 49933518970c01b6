"""A trial: an event that no queue sends, by which `seashore tune` measures a function.

Its work is done as always and leaves nothing behind. Whoever may invoke the function may send it.
"""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, ItemT
from shared.deadline import Deadline
from shared.errors import MessageDecodeError

TRIAL = "trial"

# What is kept back of the function's time for the answer.
_ANSWER_SECONDS = 1.0


def is_trial(event: dict[str, Any]) -> bool:
    """Whether an event is a trial, and no batch of records."""
    return TRIAL in event


def run_trial(
    event: dict[str, Any], context: LambdaContext, consumer: Consumer[ItemT]
) -> dict[str, Any]:
    """Do what a trial asks for; what came of it is the function's answer.

    Raises:
        MessageDecodeError: The function has no trials.
        SeashoreError: The work failed, which whoever measures is to see.
    """
    if consumer.try_out is None:
        raise MessageDecodeError(f"{consumer.name} has no trials")
    remaining_seconds = context.get_remaining_time_in_millis() / 1000
    return consumer.try_out(event[TRIAL], Deadline.after(remaining_seconds - _ANSWER_SECONDS))
