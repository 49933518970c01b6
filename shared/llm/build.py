"""Choose and build the language model that the settings name."""

from shared.llm.model import LanguageModel
from shared.settings import Settings

_REASONING_FAMILIES = ("gpt-5", "o1", "o3", "o4")


def build_language_model(settings: Settings) -> LanguageModel:
    """The model behind the Chat Completions API if one is configured, else the extractive one.

    Raises:
        SettingsError: The key or the address of the API cannot be used.
    """
    # Each is imported only where it is used: the SDK alone takes a third of a second.
    if not settings.uses_openai:
        from shared.llm.extractive_model import ExtractiveModel

        return ExtractiveModel()
    from shared.llm.openai_client import build_openai_client
    from shared.llm.openai_model import OpenAIModel

    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    is_openai = settings.openai_base_url is None
    reasons = is_openai and settings.openai_model.startswith(_REASONING_FAMILIES)
    return OpenAIModel(
        build_openai_client(key, settings.openai_base_url),
        settings.openai_model,
        settings.context_window_tokens,
        length_parameter="max_completion_tokens" if is_openai else "max_tokens",
        reasoning_effort="low" if reasons else None,
    )
