"""Which language model a local stack asks, by the caller's environment."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from infra.local.stack import OpenAiServer
from shared.errors import OperatorError
from shared.settings import Settings


def read_openai_server(environment: Mapping[str, str]) -> OpenAiServer | None:
    """Read OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL.

    Returns:
        The server to ask; None, which is the offline extractive summarizer, if neither a key nor
        an address is set.

    Raises:
        OperatorError: The address cannot be taken apart.
    """
    api_key = environment.get("OPENAI_API_KEY", "")
    base_url = environment.get("OPENAI_BASE_URL", "")
    if not api_key and not base_url:
        return None
    try:
        urlsplit(base_url)
    except ValueError as error:
        raise OperatorError(
            f"OPENAI_BASE_URL has to be a full address, such as http://127.0.0.1:8080/v1: {error}."
        ) from error
    return OpenAiServer(
        base_url=base_url, model=environment.get("OPENAI_MODEL") or None, api_key=api_key
    )


def describe_model(server: OpenAiServer | None) -> str:
    """Name the model and where it is asked; never the key."""
    if server is None:
        return "extractive (offline)"
    model = server.model or Settings.model_fields["openai_model"].default
    return (
        f"{model} at {_hide_credentials(server.base_url)}"
        if server.base_url
        else f"{model} at OpenAI"
    )


def _hide_credentials(url: str) -> str:
    """The address without a user and password, and without a query, where keys travel too."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
