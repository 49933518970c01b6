"""Whether the language model can be reached, without a call that costs anything."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from infra.doctor.check import Check, failed, passed, skipped, warned
from infra.doctor.model_server import ask_server
from shared.errors import SettingsError
from shared.llm.base_address import read_base_address

_OPENAI = "https://api.openai.com/v1"
_NAME = "language model"


@dataclass(frozen=True)
class ModelLook:
    """What was found of the language model.

    Args:
        check: The finding.
        date_header: The time at which the server has answered; None if it has not.
    """

    check: Check
    date_header: str | None = None


def check_model(
    base_url: str, model: str, api_key: str, *, timeout_seconds: float = 10.0
) -> ModelLook:
    """List the models of a server that speaks the OpenAI API.

    Args:
        base_url: Address of the server; empty for OpenAI itself.
        model: The model that is to be used.
        api_key: The key; without one only the way to the server is looked at.
        timeout_seconds: The longest wait.
    """
    advice = "Check OPENAI_BASE_URL, the network and the proxy."
    try:
        address = read_base_address(base_url or _OPENAI)
    except SettingsError:
        words = "its address is none that begins with http or https and names a server"
        return ModelLook(failed(_NAME, words, advice))
    url = address.name_endpoint("models")
    host = urlsplit(url).hostname or ""
    try:
        answer = ask_server(url, api_key, timeout_seconds)
    except (OSError, http.client.HTTPException, ValueError) as error:
        words = f"{host} cannot be reached ({type(error).__name__})"
        return ModelLook(failed(_NAME, words, advice))
    finding = judge_answer(host, model, api_key, answer.status, _read_ids(answer.body))
    return ModelLook(finding, answer.date_header)


def no_model(where: str) -> ModelLook:
    """The finding where no model is configured.

    Args:
        where: Where none is, and what follows from it.
    """
    return ModelLook(skipped(_NAME, f"none is configured {where}"))


def asked_by_role() -> Check:
    """The finding where the functions alone may ask the model."""
    return skipped(_NAME, "not tried: the functions sign by their own role (ModelAuth=iam)")


def judge_answer(
    host: str, model: str, api_key: str, status: int, model_ids: frozenset[str] | None
) -> Check:
    """Judge what a server has answered to the question for its models.

    Args:
        host: The server.
        model: The model that is to be used.
        api_key: The key that was sent; empty for none.
        status: The HTTP status.
        model_ids: The models that it lists; None if its answer lists none.
    """
    if status in (401, 403):
        if not api_key:
            return passed(_NAME, f"{host} can be reached; it asks for a key, which was not tried")
        return failed(_NAME, f"{host} rejects the key ({status})", "Check OPENAI_API_KEY.")
    if status == 404:
        words = f"{host} answers, but lists no models (404)"
        return warned(
            _NAME, words, "Check that the address ends as its server wants, often in /v1."
        )
    if status != 200 or model_ids is None:
        return warned(_NAME, f"{host} answers with {status}", "Look at the server's own log.")
    if model not in model_ids:
        return warned(
            _NAME,
            f"{host} does not list the model {model}",
            f"It lists {', '.join(sorted(model_ids)[:5]) or 'none'}; set OPENAI_MODEL.",
        )
    return passed(_NAME, f"{model} at {host}")


def _read_ids(body: bytes) -> frozenset[str] | None:
    try:
        return frozenset(str(entry["id"]) for entry in json.loads(body)["data"])
    except (ValueError, KeyError, TypeError):
        return None
