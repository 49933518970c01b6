"""One request to a language model's server, for the checks: with the key, and to nobody else."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ServerAnswer:
    """What a server has answered, whatever its status.

    Args:
        status: The HTTP status.
        date_header: The time at which it answered; None if it does not say.
        body: The body; empty for an error.
    """

    status: int
    date_header: str | None
    body: bytes


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Takes a redirection for an answer: a key must not follow it to another server."""

    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        return None


def ask_server(
    url: str, api_key: str, timeout_seconds: float, content: dict[str, Any] | None = None
) -> ServerAnswer:
    """Send a GET, or a POST where there is content.

    Args:
        url: An address of `read_base_address`, which takes http and https only.
        api_key: The key; empty for none.
        timeout_seconds: The longest wait.
        content: What is sent as JSON.

    Raises:
        OSError, http.client.HTTPException, ValueError: There is no answer.
    """
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    data = None
    if content is not None:
        headers["Content-Type"] = "application/json"
        data = json.dumps(content).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - see the argument
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=timeout_seconds) as answer:
            return ServerAnswer(answer.status, answer.headers.get("date"), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return ServerAnswer(error.code, error.headers.get("date"), b"")
