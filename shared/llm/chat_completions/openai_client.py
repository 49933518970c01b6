"""Build the OpenAI client: one a container, its connections reused by all threads."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai

from shared.llm.base_address import BaseAddress, read_base_address

OPENAI_BASE_URL = "https://api.openai.com/v1"
CONNECT_TIMEOUT_SECONDS = 5.0
_STARTED = "seashore_started"
_BEDROCK_HOST = re.compile(r"bedrock-[a-z-]+\.([a-z0-9-]+)\.")

# The SDK insists on a key; a call brings its own, which is so in no attribute of the client.
_NO_KEY = "none"


def build_openai_client(base_url: str | None = None, *, by_iam: bool = False) -> openai.OpenAI:
    """Build a client that never retries by itself and reads no setting of its own.

    The caller gives each call its timeout and its key, and closes the client.

    Args:
        base_url: The root of a compatible server, such as `http://127.0.0.1:8080/v1`; OpenAI's
            own, or that of Bedrock in the function's region, where none is given.
        by_iam: Whether requests are signed by the function's role, as Bedrock takes them.

    Raises:
        SettingsError: The address cannot be used.
    """
    address = None if by_iam and not base_url else read_base_address(base_url or OPENAI_BASE_URL)
    client = openai.OpenAI(
        **(_go_by_iam(address) if by_iam or address is None else _go_by_key(address)),
        max_retries=0,
        http_client=openai.DefaultHttpxClient(
            # A redirect would take the key and the text along to an address nobody has set.
            follow_redirects=False,
            event_hooks={"request": [_note_start], "response": [_bound_body]},
        ),
    )
    # The SDK loads what makes a call when it is first asked for; a container starts with it.
    _ = client.chat.completions
    return client


def _go_by_key(address: BaseAddress) -> dict[str, Any]:
    return {"api_key": _NO_KEY, "base_url": address.url, "default_query": address.query}


def _go_by_iam(address: BaseAddress | None) -> dict[str, Any]:
    """What signs requests: the SDK's own provider, with the credentials that botocore finds.

    A provider of them is named, since else a bearer token of the environment would go before.
    """
    # Only who signs loads it.
    import botocore.session
    from openai.providers.bedrock import bedrock

    session = botocore.session.Session()
    named = _BEDROCK_HOST.match(urlsplit(address.url).hostname or "") if address else None
    provider = bedrock(
        endpoint="runtime" if address is None else None,
        base_url=None if address is None else address.url,
        # It may be another one than the function's.
        region=named[1] if named else None,
        credential_provider=session.get_credentials,
    )
    return {"provider": provider, "default_query": address.query if address else {}}


def call_timeout(seconds: float, idle_seconds: float) -> httpx2.Timeout:
    """The limits of one call.

    Args:
        seconds: For the whole of it, which no wait for a connection outlasts either.
        idle_seconds: For each silence.
    """
    connect_seconds = min(seconds, CONNECT_TIMEOUT_SECONDS)
    return httpx2.Timeout(idle_seconds, connect=connect_seconds, pool=seconds)


def _note_start(request: httpx2.Request) -> None:
    request.extensions.setdefault(_STARTED, time.monotonic())


def _bound_body(response: httpx2.Response) -> None:
    """Hold the whole body to the limit of its call: a read timeout holds only for each piece.

    Some gateways send white space while they wait for the model: each byte would begin the
    timeout anew, and the call could outlast the function.
    """
    limit_seconds = response.request.extensions.get("timeout", {}).get("pool")
    started = response.request.extensions.get(_STARTED)
    if (
        limit_seconds is not None
        and started is not None
        and isinstance(response.stream, httpx2.SyncByteStream)
    ):
        response.stream = _BoundedStream(response.stream, started + limit_seconds, response.request)


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(
        self, stream: httpx2.SyncByteStream, until: float, request: httpx2.Request
    ) -> None:
        self._stream = stream
        self._until = until
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if time.monotonic() > self._until:
                raise httpx2.ReadTimeout("The body takes too long", request=self._request)
            yield piece

    def close(self) -> None:
        self._stream.close()
