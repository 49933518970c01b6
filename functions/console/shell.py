"""What a browser gets without a key: an empty page, our script, our styles, and htmx."""

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aws_lambda_powertools import Logger

from functions.console.fragment_routes import HTML, add_security_headers
from functions.console.pages import PAGES
from functions.console.rendering import render
from functions.http.errors import describe_error, log_failure, write_failure
from functions.http.request_facts import RequestFacts
from functions.http.requests import Event
from functions.http.services import ApiServices
from shared.errors import NothingFoundError

ASSETS = "/console/assets/"

_FOLDER = Path(__file__).parent / "assets"
# A static file of the distribution django-htmx, which is in the function's package for it alone.
_HTMX = "htmx-4.min.js"
_SCRIPTS = (
    *("notice.js", "unfinished.js", "sign-in.js", "upload.js", "page-view.js", "download.js"),
    "console.js",
)
_OWN_ASSETS = (*_SCRIPTS, "console.css", "icon.svg")
_MEDIA_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """A file that the page loads, with what its address is told apart by."""

    content: str
    media_type: str
    version: str


@dataclass(frozen=True)
class Shell:
    """Answers requests without a key.

    Args:
        services: What the routes work with.
        logger: The logger.
    """

    services: ApiServices
    logger: Logger

    def answer(self, event: Event, facts: RequestFacts) -> dict[str, Any]:
        """Answer a request for the page or for one of its assets."""
        path = str(event["path"])
        if path == "/console":
            return self._show_page()
        if path == "/console/":
            # What the page loads is relative to its address, and so is this, whatever stage is in
            # front of it (RFC 9110, "Location"). A browser takes the place behind `#` along.
            return _write(302, "", HTML, {"Location": "../console"})
        asset = load_assets().get(path.removeprefix(ASSETS))
        if asset is None:
            error = NothingFoundError("there is no such file")
            failure = describe_error(error)
            log_failure(self.logger, failure, error)
            refusal = write_failure(failure, facts.request_id)
            return _write(404, str(refusal.body), "application/json", {})
        is_current = (event.get("queryStringParameters") or {}).get("v") == asset.version
        # An address with a version never means other content.
        caching = "public, max-age=31536000, immutable" if is_current else "no-cache"
        return _write(200, asset.content, asset.media_type, {"Cache-Control": caching})

    def _show_page(self) -> dict[str, Any]:
        values = {
            "pages": PAGES,
            "scripts": ("htmx.js", *_SCRIPTS),
            "versions": {name: asset.version for name, asset in load_assets().items()},
            "stack": self.services.settings.stack_name,
            "authorizer": self.services.settings.api_authorizer,
            "provider": self._provider,
            "client_id": self.services.settings.cognito_client_id,
        }
        policy = {"Content-Security-Policy": self._policy}
        return _write(200, render("shell.html.j2", values), HTML, policy)

    @property
    def _provider(self) -> str | None:
        """Where people sign in; None where they do not, or nobody has said where."""
        settings = self.services.settings
        if settings.api_authorizer != "cognito" or settings.cognito_client_id is None:
            return None
        return None if settings.cognito_domain is None else f"https://{settings.cognito_domain}"

    @cached_property
    def _policy(self) -> str:
        """What the page may load and send (W3C, "Content Security Policy Level 3")."""
        services = self.services
        uploads = _find_origin(services.forms.sign("console").url)
        bucket = services.reader.artifacts_bucket
        pictures = _find_origin(services.links.sign(bucket, "console", None, "console"))
        return "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                "style-src 'self'",
                f"img-src 'self' {pictures}",
                " ".join(filter(None, ("connect-src 'self'", uploads, self._provider))),
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )


@cache
def load_assets() -> dict[str, Asset]:
    """Every file that the page loads, by its name."""
    paths = {name: _FOLDER / name for name in _OWN_ASSETS} | {"htmx.js": _find_htmx()}
    return {name: _read_asset(path) for name, path in paths.items()}


def _read_asset(path: Path) -> Asset:
    content = path.read_text(encoding="utf-8")
    version = hashlib.sha256(content.encode()).hexdigest()[:16]
    return Asset(content, _MEDIA_TYPES[path.suffix], version)


def _find_htmx() -> Path:
    spec = importlib.util.find_spec("django_htmx")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package django-htmx is missing")
    return Path(spec.submodule_search_locations[0], "static", "django_htmx", _HTMX)


def _find_origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _write(status: int, body: str, media_type: str, headers: dict[str, str]) -> dict[str, Any]:
    return add_security_headers(
        {
            "statusCode": status,
            "body": body,
            "isBase64Encoded": False,
            "multiValueHeaders": {
                "Content-Type": [media_type],
                **{name: [value] for name, value in headers.items()},
            },
        }
    )
