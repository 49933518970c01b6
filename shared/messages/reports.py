"""The messages on the reports queue: a tick of the schedule, or the order for one day's report."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, ValidationError, model_validator

from shared.calendar import parse_day
from shared.errors import MessageDecodeError
from shared.messages.message import Message, Subject, describe_problems


def _check_day(text: str) -> str:
    try:
        parse_day(text)
    except ValueError:
        # Python's own sentence quotes what was sent, and a cause goes into logs.
        raise ValueError("no day that is written as YYYY-MM-DD") from None
    return text


Day = Annotated[str, AfterValidator(_check_day)]


class DailyReportOrder(Message):
    """Make a day's report; without a day, that of the day before this was sent.

    Attributes:
        day: The day.
        resend: Make it again, and send it again.
        wish: Tells one wish to have it sent again from another; its message does, without one.
    """

    kind: Literal["daily_report"] = "daily_report"
    day: Day | None = None
    resend: bool = False
    wish: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")] | None = None

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The day's report; a tick of the schedule names no day."""
        return () if self.day is None else (Subject("report", self.day),)

    @model_validator(mode="after")
    def _names_what_to_resend(self) -> "DailyReportOrder":
        if self.resend and self.day is None:
            raise ValueError("a report that is to be sent again needs its day")
        return self


@dataclass(frozen=True)
class ReportItem:
    """A message of the reports queue with the identity of its work.

    Args:
        item_id: The same for every message that orders the same report.
        order: What is asked for.
        message_id: The id of the message's first copy.
        sent_at: When that was sent.
    """

    item_id: str
    order: DailyReportOrder
    message_id: str
    sent_at: datetime

    @property
    def request(self) -> str:
        """What names a wish to have a report sent again; empty for the schedule's own."""
        return (self.order.wish or self.message_id) if self.order.resend else ""


def encode_report_order(order: DailyReportOrder) -> str:
    """The body of an order, as JSON."""
    return order.model_dump_json(exclude_none=True)


def decode_report_item(body: str, message_id: str, sent_at: datetime) -> ReportItem:
    """Read a message of the reports queue.

    Args:
        body: Its body.
        message_id: The id of its first copy.
        sent_at: When that was sent: what tells a tick's day. EventBridge Scheduler's own
            placeholders for the time are not filled in everywhere.

    Raises:
        MessageDecodeError: The body is no order for a report.
    """
    try:
        order = DailyReportOrder.model_validate_json(body)
    except ValidationError as error:
        raise MessageDecodeError(f"not an order for a report: {describe_problems(error)}") from None
    return ReportItem(_name(order, message_id), order, message_id, sent_at)


def _name(order: DailyReportOrder, message_id: str) -> str:
    if order.day is None:
        return f"report-tick#{message_id}"
    name = f"report#{order.day}"
    return f"{name}#{order.wish or message_id}" if order.resend else name
