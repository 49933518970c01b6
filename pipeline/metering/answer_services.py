"""What asking a model works with, and another model in its place."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.metering.fallback import Fallback, MeteredModel
from pipeline.metering.spend_meter import SpendMeter
from shared.aws.dynamodb_table import LedgerTable
from shared.errors import ModelRequestError
from shared.ledger.documents import Clock
from shared.llm.model import LanguageModel


@dataclass(frozen=True)
class AnswerServices:
    """What asking a model works with; there is no meter for a model that costs nothing.

    Args:
        model: The model.
        meter: Its meter.
        table: Where answers are kept.
        now: The clock.
        fallback: Who answers while it is down, if anybody.
        find_other: Finds another model of the settings by its name, within the same limits; None
            if there is none of that name.
    """

    model: LanguageModel
    meter: SpendMeter | None
    table: LedgerTable
    now: Clock
    fallback: Fallback | None = None
    find_other: Callable[[str], MeteredModel | None] = lambda name: None

    def ask_model(self, name: str | None) -> "AnswerServices":
        """The same with the model of a name, and without a fallback, as that one is wanted.

        Args:
            name: The model; None for the one that all are asked.

        Raises:
            ModelRequestError: The settings name no such model (any more).
        """
        if name is None or name == self.model.name:
            return self
        other = self.find_other(name)
        if other is None:
            raise ModelRequestError(
                f"the model {name} is not among those of the settings (ModelPrices): add it with "
                "its price, then replay"
            )
        return replace(self, model=other.model, meter=other.meter, fallback=None)
