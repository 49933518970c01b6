"""Read the address of a model's server as people copy it; without the SDK, slow to load."""

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from shared.errors import SettingsError


class BaseAddress(NamedTuple):
    """A base address, and the parameters that each request to it carries."""

    url: str
    query: dict[str, object]

    def name_endpoint(self, path: str) -> str:
        """The whole address of an endpoint below it, such as `models`."""
        query = f"?{urlencode(self.query)}" if self.query else ""
        return f"{self.url}/{path}{query}"


def read_base_address(setting: str) -> BaseAddress:
    """Read the setting as people copy it from the pages of providers.

    What the SDK adds by itself, `/chat/completions`, is taken off its end; a query, such as Azure's
    `?api-version=…`, goes along with each request.

    Raises:
        SettingsError: It is no address that can be used.
    """
    try:
        parts = urlsplit(setting.strip())
        is_usable = parts.scheme in ("http", "https") and parts.hostname and not parts.fragment
        # Raises where the port is no number.
        _ = parts.port
    except ValueError:
        is_usable = False
    if not is_usable:
        raise SettingsError(
            "OPENAI_BASE_URL, or FALLBACK_BASE_URL, has to be a full address, such as "
            "http://127.0.0.1:8080/v1"
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    query: dict[str, object] = dict(parse_qsl(parts.query, keep_blank_values=True))
    return BaseAddress(urlunsplit((parts.scheme, parts.netloc, path, "", "")), query)
