"""One receive of a message: its work, and what the delivery policy makes of its end.

What each end means for the message is decided in `policy.py`, and carried out here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic

from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
)
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.delivery.consumer import Consumer, ItemT, Runtime
from functions.delivery.policy import (
    Acknowledge,
    DeadLetter,
    Defer,
    Outcome,
    Receipt,
    Regroup,
    ReturnToQueue,
    decide_outcome,
)
from functions.delivery.received_record import ReceivedRecord
from functions.delivery.tracing import ItemTrace
from shared.deadline import Deadline
from shared.errors import EarlyReceiveError, OverBudgetError, SeashoreError
from shared.ledger.waiting import Wait, cut_cause
from shared.messages.delivery_state import (
    MAX_WAITED_SECONDS,
    CauseOfDeath,
    DeliveryState,
    WaitCause,
)

# Where nothing lies before it, a message is received within a second, and a cold start takes two.
BACKLOG_SECONDS = 5.0


@dataclass(frozen=True)
class Invocation:
    """What the deliveries of one invocation share.

    Args:
        context: The invocation's own.
        deadline: By when the work has to be finished.
        idempotency_config: Holds the context too, which bounds the locks of items.
    """

    context: LambdaContext
    deadline: Deadline
    idempotency_config: IdempotencyConfig


class Delivery(Generic[ItemT]):
    """One record: its item, its past, and what becomes of its message."""

    def __init__(
        self,
        record: ReceivedRecord,
        consumer: Consumer[ItemT],
        runtime: Runtime,
        invocation: Invocation,
    ) -> None:
        self._record = record
        self._consumer = consumer
        self._runtime = runtime
        self._invocation = invocation
        self._item: ItemT | None = None
        self._has_begun = False
        self._lacks_group = False
        self._started = runtime.now()

    def run(self) -> None:
        """Decode the message and do its work, unless it was done before."""
        state = self._record.state
        item = self._consumer.decode(self._record.body, state.message_id, state.first_enqueued_at)
        self._item = item
        self._runtime.logger.thread_safe_append_keys(
            message_id=state.message_id, item_id=item.item_id
        )
        self._check_not_before()
        self._lacks_group = self._find_lack_of_group(item)
        if self._lacks_group:
            return

        def handle(*, item_id: str) -> None:
            deadline = self._invocation.deadline
            deadline.check()
            self._has_begun = True
            with deadline.apply():
                self._consumer.handle(item, deadline)

        # Of several messages about one item each would keep the others away for an invocation's
        # time. So whoever comes again says for all of them that it is done.
        is_told = self._record.receive_count == 1 and self._consumer.is_told_by_ledger(item)
        handle_once = idempotent_function(
            handle,
            data_keyword_argument="item_id",
            persistence_store=self._runtime.claims if is_told else self._runtime.idempotency,
            config=self._invocation.idempotency_config,
            key_prefix=self._consumer.name,
        )
        try:
            handle_once(item_id=item.item_id)
        except IdempotencyAlreadyInProgressError:
            if not self._consumer.is_over(item):
                raise

    def _check_not_before(self) -> None:
        not_before = self._find_not_before()
        if not_before is None:
            return
        early = (not_before - self._runtime.now()).total_seconds()
        if early > 0:
            past = self._record.state.waits_for or WaitCause(reason="waiting")
            raise EarlyReceiveError(
                past.cause or "its wait is not over", delay_seconds=early, reason=past.reason
            )

    def _find_not_before(self) -> datetime | None:
        """Until when it waits; who waits for a limit does so only for as long as that is the same.

        The settings tell: to ask the limit itself at each receive would take writes.
        """
        state = self._record.state
        limits = state.waits_for.limits if state.waits_for else None
        return state.not_before if limits in (None, self._runtime.limits) else None

    def _find_lack_of_group(self, item: ItemT) -> bool:
        """Whether it is to be sent again with its message group: it came without, behind many.

        That takes a hundredth of its work's time, and then SQS can tell the many from the few. It
        is not done where nothing waits, nor a second time.
        """
        state = self._record.state
        waited_seconds = (self._runtime.now() - state.first_enqueued_at).total_seconds()
        is_first = self._record.receive_count == 1 and not state.deferrals and not state.replays
        if state.group or not is_first or waited_seconds < BACKLOG_SECONDS:
            return False
        return self._consumer.find_group(item) is not None

    def decide(self, error: BaseException | None) -> Outcome:
        """Decide what becomes of the message."""
        receipt = Receipt(
            receive_count=self._record.receive_count,
            waited_seconds=self._record.state.waited_seconds,
            has_begun=self._has_begun,
            lock_seconds=self._invocation.context.get_remaining_time_in_millis() / 1000 + 1,
            random=self._runtime.random(),
            deferrals=self._record.state.deferrals,
            lacks_group=self._lacks_group,
        )
        return decide_outcome(error, receipt, self._runtime.policy)

    def settle(self, outcome: Outcome, error: BaseException | None) -> None:
        """Carry out the decision, and log it.

        Raises:
            SeashoreError: It could not be carried out; the message has to stay on its queue.
        """
        match outcome:
            case Acknowledge():
                self.log(self._runtime.logger.info, "item_done")
            case ReturnToQueue(delay_seconds, reason):
                self._return_to_queue(delay_seconds, reason, error)
            case Defer():
                self._defer(outcome, error)
            case Regroup():
                self._regroup()
            case DeadLetter():
                self._dead_letter(outcome, error)

    def _return_to_queue(
        self, delay_seconds: float, reason: str, error: BaseException | None
    ) -> None:
        logger = self._runtime.logger
        is_bug = reason != "in_progress" and not isinstance(error, SeashoreError)
        self.log(
            logger.error if is_bug else logger.warning,
            "item_returned",
            reason=reason,
            cause=str(error),
            delay_seconds=delay_seconds,
            exc_info=error if is_bug else None,
        )
        self._note_delay(Wait("returned", reason, delay_seconds, _tell_cause(error)))
        self._runtime.queues.change_visibility(
            self._consumer.queue_url, self._record.receipt_handle, delay_seconds
        )

    def _defer(self, outcome: Defer, error: BaseException | None) -> None:
        delay_seconds = outcome.delay_seconds
        past = self._record.state
        now = self._runtime.now()
        not_before = self._find_not_before()
        goes_on = not_before is not None and not_before > now
        if not_before is not None and goes_on:
            # Received early: its wait goes on as it was. Jitter at each receive would prolong it.
            waits_for = past.waits_for
            delay_seconds = (not_before - now).total_seconds()
        else:
            not_before = now + timedelta(seconds=delay_seconds)
            waits_for = WaitCause(
                reason=outcome.reason,
                cause=cut_cause(_tell_cause(error)),
                limits=self._runtime.limits if isinstance(error, OverBudgetError) else None,
            )
        waited_seconds = past.waited_seconds + outcome.is_limited * delay_seconds
        state = past.model_copy(
            update={
                "deferrals": past.deferrals + 1,
                "waited_seconds": min(waited_seconds, MAX_WAITED_SECONDS),
                "not_before": not_before,
                "waits_for": waits_for,
                # This receive was not the message's fault, and counts only if it cost money.
                "attempts": self._record.receive_count - (not outcome.uses_receive),
            }
        )
        self._send_copy(self._consumer.queue_url, state, delay_seconds)
        self.log(
            self._runtime.logger.warning,
            "item_deferred",
            reason=outcome.reason,
            cause=str(error),
            delay_seconds=delay_seconds,
            deferrals=state.deferrals,
        )
        if goes_on:
            # That it waits, until when and for what was noted when its wait began.
            return
        self._note_delay(Wait("deferred", outcome.reason, delay_seconds, _tell_cause(error)))

    def _regroup(self) -> None:
        if self._item is None:
            return
        group = self._consumer.find_group(self._item)
        # This receive was not the message's fault.
        update = {"group": group, "attempts": self._record.receive_count - 1}
        self._send_copy(self._consumer.queue_url, self._record.state.model_copy(update=update))
        self.log(self._runtime.logger.info, "item_regrouped")

    def _dead_letter(self, outcome: DeadLetter, error: BaseException | None) -> None:
        # The ledger first: it may be told twice, while a second copy in the DLQ would be one more.
        if self._item is not None:
            self._consumer.give_up(self._item, outcome)
        failure = CauseOfDeath(
            error_type=outcome.error_type,
            message=outcome.message,
            stage=self._consumer.name,
            failed_at=self._runtime.now(),
            attempts=self._record.receive_count,
            request_id=self._invocation.context.aws_request_id,
            source_queue=self._record.source_queue,
        )
        state = self._record.state.model_copy(
            update={"attempts": self._record.receive_count, "failure": failure}
        )
        self._send_copy(self._consumer.dlq_url, state)
        is_bug = not isinstance(error, SeashoreError)
        self.log(
            self._runtime.logger.error,
            "item_dead_lettered",
            error_type=outcome.error_type,
            cause=outcome.message,
            exc_info=error if is_bug else None,
        )

    def _send_copy(self, queue_url: str, state: DeliveryState, delay_seconds: float = 0) -> None:
        self._runtime.queues.send_copy(
            queue_url, self._record.body, self._record.attributes, state, delay_seconds
        )

    def _note_delay(self, wait: Wait) -> None:
        if self._item is None:
            return
        try:
            self._consumer.note_delay(self._item, wait)
        except SeashoreError as error:
            # The timeline lacks a line; the message itself is safe.
            self.log(self._runtime.logger.warning, "delay_not_noted", cause=str(error))

    def trace(self, outcome: Outcome) -> None:
        """Tell X-Ray which item this was, and what became of it."""
        if self._item is not None:
            self._runtime.tracer.send(
                ItemTrace(
                    stage=self._consumer.name,
                    item_id=self._item.item_id,
                    outcome=_name(outcome),
                    started=self._started,
                    ended=self._runtime.now(),
                )
            )

    def log(self, write: Callable[..., None], action: str, **details: Any) -> None:
        """Write one log line about this delivery, with the logger's method `write`."""
        exc_info = details.pop("exc_info", None)
        write(
            action,
            exc_info=exc_info,
            stacklevel=3,
            extra={
                "action": action,
                "stage": self._consumer.name,
                "message_id": self._record.state.message_id,
                "item_id": self._item.item_id if self._item else None,
                "receive_count": self._record.receive_count,
                "duration_ms": round((self._runtime.now() - self._started).total_seconds() * 1_000),
                **details,
            },
        )


def _tell_cause(error: BaseException | None) -> str:
    """What a wait is for, in words: our own ones, as others may hold a document's text."""
    return str(error) if isinstance(error, SeashoreError) else ""


def _name(outcome: Outcome) -> str:
    """An outcome in a word or two, to search for."""
    match outcome:
        case Acknowledge():
            return "done"
        case ReturnToQueue(_, reason):
            return f"returned: {reason}"
        case Defer(reason=reason):
            return f"deferred: {reason}"
        case Regroup():
            return "regrouped"
        case DeadLetter(error_type):
            return f"dead-lettered: {error_type}"
