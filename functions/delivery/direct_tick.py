"""A tick that its schedule hands to the function itself, so that it waits behind no message.

What it cannot finish goes on as a message on the function's queue, with the delivery policy that
everything else there has; the next tick comes in any case.
"""

import json
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.batch import SETTLE_SECONDS
from functions.delivery.consumer import Consumer, ItemT, Runtime
from shared.deadline import Deadline
from shared.errors import SeashoreError


def handle_tick(
    event: dict[str, Any], context: LambdaContext, consumer: Consumer[ItemT], runtime: Runtime
) -> None:
    """Do the work that a tick asks for, within the function's time.

    Lambda has taken the event and nobody waits for an answer: what fails for good is told by the
    message that goes on in its place.

    Args:
        event: The tick, which reads like the body of a message.
        context: Lambda's context of this invocation.
        consumer: The consumer that does the work.
        runtime: Its queues and its log.

    Raises:
        ServiceError: The queue cannot be reached either; Lambda tries again in a minute.
    """
    body = json.dumps(event)
    seconds = context.get_remaining_time_in_millis() / 1000 - SETTLE_SECONDS
    try:
        item = consumer.decode(body, context.aws_request_id, runtime.now())
        deadline = Deadline.after(seconds)
        with deadline.apply():
            consumer.handle(item, deadline)
    except SeashoreError as error:
        runtime.logger.warning(
            "tick_goes_on_as_message",
            extra={"action": "tick_goes_on_as_message", "reason": str(error)},
        )
        runtime.queues.send(consumer.queue_url, [body])
