"""Which models an operator may have documents redone by, each with its price."""

from collections.abc import Mapping

from shared.errors import InvalidRequestError
from shared.prices import ModelPrice
from shared.settings import Settings

# The name of the offline model, which picks sentences and costs nothing.
EXTRACTIVE = "extractive"


def list_models(settings: Settings) -> Mapping[str, ModelPrice | None]:
    """The models of the settings: the one that all are asked, the fallback, those with a price.

    The one that all are asked comes first. A price of None is one that the settings do not know.
    """
    # The operator function is not told where the key lies, but that there is a model.
    if not (settings.uses_openai or settings.has_model):
        return {EXTRACTIVE: ModelPrice(input=0, output=0)}
    named = [settings.openai_model, settings.fallback_model, *settings.model_prices]
    return {name: settings.model_prices.get(name) for name in named if name is not None}


def check_model(name: str | None, models: Mapping[str, ModelPrice | None]) -> None:
    """Pass if a model is one of those of the settings; None is the one that all are asked.

    Raises:
        InvalidRequestError: It is not; the message lists them.
    """
    if name is not None and name not in models:
        raise InvalidRequestError(
            f"the model {name!r} is not among those of the settings: {', '.join(models)}. Add it "
            "to the parameter ModelPrices, with its price"
        )
