"""What a message carries of its past, in one message attribute.

SQS gives a fresh copy of a message a new id, a new sent time and a receive count of zero. What must
outlive the copy travels in the attribute `seashore`, as JSON: one attribute, because SQS allows ten
and the others belong to the sender. Where the sender uses all ten, see `packing.py`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.messages.message_groups import GROUP_PATTERN

ATTRIBUTE_NAME = "seashore"

# More than any message lives to see. A sender can write what it likes into the attribute.
MAX_COUNT = 1_000_000
Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
MAX_WAITED_SECONDS = 1e9


class CauseOfDeath(BaseModel):
    """Why a message was dead-lettered."""

    model_config = ConfigDict(frozen=True)

    error_type: str
    message: str
    stage: str
    failed_at: AwareDatetime
    attempts: int
    request_id: str
    source_queue: str


class WaitCause(BaseModel):
    """What a message waits for.

    Args:
        reason: A stable word for it.
        cause: The same as a sentence; empty where the word says it all.
        limits: The mark of the limits of spending that it waits for (`Runtime.limits`): once they
            are others its wait is over. None where it waits for something else.
    """

    model_config = ConfigDict(frozen=True)

    reason: str
    cause: str = ""
    limits: str | None = None


class DeliveryState(BaseModel):
    """A message's past.

    Args:
        message_id: The id of the first copy; an item without an id of its own goes by it.
        first_enqueued_at: When the first copy was sent.
        deferrals: How often it was sent anew because it had to wait.
        waited_seconds: How long these waits were to be, together, but for those that may last for
            ever; what the limit on waiting holds. Time in which nobody received it is no wait.
        attempts: Receives that earlier copies used up.
        not_before: No work is done on it before; a wait can be longer than a queue can delay.
        waits_for: What it waits for until then; None in what earlier releases have sent.
        failure: Why it was dead-lettered, on messages in a DLQ.
        replays: How often it was taken out of a DLQ and sent to its queue again.
        replayed_at: When it was sent to its queue again for the last time.
        group: Its message group, which every copy keeps: among whom it is shared fairly.
    """

    model_config = ConfigDict(frozen=True)

    message_id: str
    first_enqueued_at: AwareDatetime
    deferrals: Count = 0
    waited_seconds: Annotated[float, Field(ge=0, le=MAX_WAITED_SECONDS)] = 0
    attempts: Count = 0
    not_before: AwareDatetime | None = None
    waits_for: WaitCause | None = None
    failure: CauseOfDeath | None = None
    replays: Count = 0
    replayed_at: AwareDatetime | None = None
    group: Annotated[str | None, Field(pattern=GROUP_PATTERN)] = None

    def reset_for_replay(self, at: datetime) -> "DeliveryState":
        """The past of a message that gets a fresh chance: all its receives, and all its time.

        Who it is stays: the id and the time of its first copy.
        """
        return self.model_copy(
            update={
                "deferrals": 0,
                "waited_seconds": 0,
                "attempts": 0,
                "not_before": None,
                "waits_for": None,
                "failure": None,
                "replays": self.replays + 1,
                "replayed_at": at,
            }
        )


def read_delivery_state(
    attributes: Mapping[str, Any],
    *,
    message_id: str,
    sent_at: datetime,
    group: str | None = None,
) -> DeliveryState:
    """Read a message's past from its attributes.

    An attribute that cannot be read is taken as absent: a sender may use the name for something
    else, and the message must not be lost for it.

    Args:
        attributes: `messageAttributes` of a Lambda event, or `MessageAttributes` of a received
            message.
        message_id: The message's own id.
        sent_at: The message's own sent time.
        group: The message's own group; one that its past names comes first.
    """
    fresh = DeliveryState(message_id=message_id, first_enqueued_at=sent_at, group=group)
    attribute = attributes.get(ATTRIBUTE_NAME) or {}
    text = attribute.get("stringValue") or attribute.get("StringValue")
    if not text:
        return fresh
    try:
        state = DeliveryState.model_validate_json(text)
    except ValidationError:
        return fresh
    return state if state.group else state.model_copy(update={"group": group})
