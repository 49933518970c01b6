"""What the calls of one run cost, held against their payer's limit though they go side by side."""

import threading

from pipeline.metering.payers import Payer
from pipeline.metering.spend_meter import SpendMeter
from shared.aws.dynamodb_items import Row
from shared.ledger.spending import Spending
from shared.llm.model import Usage


class RunCosts:
    """The costs of one run. Thread-safe.

    Args:
        payer: Whose limit the calls count against, if anybody's.
        spent: What the payer has spent in earlier runs.

    Attributes:
        spent: What was spent so far, as far as it is noted.
    """

    def __init__(self, payer: Payer | None, spent: Spending) -> None:
        self.spent = spent
        self._payer = payer
        self._lock = threading.Lock()
        # What the calls that run now are expected to cost, and those have cost that just ended.
        self._unnoted = 0

    def hold(self, meter: SpendMeter | None, once: Usage, row: Row | None) -> int:
        """Count a call against the payer's limit before it goes out, beside those that run.

        Args:
            meter: Knows prices and limits; None for a model that costs nothing.
            once: What the call is expected to use up.
            row: The payer's row as it was read.

        Returns:
            What was counted, in millionths of a dollar, to be put right by `count`.

        Raises:
            DocumentCapError, TaskCapError: The limit is reached.
        """
        if self._payer is None or meter is None:
            return 0
        cost = meter.compute_cost(once)
        with self._lock:
            # Calls that ended after the row was read are known here already.
            noted = 0 if row is None else row.get("cost_micro_usd", 0)
            besides = self._unnoted + max(0, self.spent.cost_micro_usd - noted)
            self._payer.check_cap(row, cost + besides, meter.limits.document)
            self._unnoted += cost
        return cost

    def count(self, cost: int) -> None:
        """Count more, or less, of what is not noted yet, in millionths of a dollar."""
        with self._lock:
            self._unnoted += cost

    def note(self, used: Spending) -> None:
        """Count what is noted on the payer's row now."""
        with self._lock:
            self._unnoted -= used.cost_micro_usd
            self.spent += used
