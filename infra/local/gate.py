"""The local stack's door: the emulator as a program, with a gate before it that lets the owner in.

Run by the emulator's own Python, which has nothing of this project: so only the standard library is
imported here, and where the program starts the emulator and the files beside this one.

The emulator alone takes anyone who names its root user: it looks at no signature of theirs. Yet any
page in a browser, and any process of any user, can reach a port on 127.0.0.1.
"""

import importlib.util
import json
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, parse_qsl

# A name under which only this machine can be meant. What resolves elsewhere first, and to this
# machine later (DNS rebinding), is none of them. A bucket's name may stand before it.
_LOOPBACK_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.)?(?:localhost|127\.0\.0\.1)(?::\d+)?|\[::1\](?::\d+)?"
)
_SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key_id>[A-Za-z0-9]+)/\d{8}/[a-z0-9-]+/(?P<service>[a-z0-9-]+)"
    r"/aws4_request, ?SignedHeaders=[a-z0-9;_-]+, ?Signature=[0-9a-f]{64}"
)
# Of a signature in the address, and of the older version of it, in any case.
_QUERY_SIGNATURE = re.compile(r"x-amz-(algorithm|credential|signature)|awsaccesskeyid", re.I)
# What an address carries by which an object is read, each once; with a role's credentials, a token.
_LINK_NAMES = frozenset(
    f"X-Amz-{name}"
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
)
_LINK_TOKEN = "X-Amz-Security-Token"  # noqa: S105 - the name of it
_LINK_CREDENTIAL = re.compile(r"(?P<key_id>[A-Za-z0-9]+)/\d{8}/[a-z0-9-]+/s3/aws4_request")
_STAMP = re.compile(r"\d{8}T\d{6}Z")
_SECONDS = re.compile(r"[1-9]\d{0,5}")
_MOST_LINK_SECONDS = 7 * 24 * 3600
_CLOCK_SECONDS = 15 * 60
_BUCKET_PATH = re.compile(r"/[a-z0-9][a-z0-9.-]{2,62}/?")
# Paths by which the emulator itself is watched, changed and wiped. The API's path begins like one.
_CONTROL_PATH = re.compile(r"/(_|health$)")
_API_PATH = "/_aws/execute-api/"
_NO_SIGNATURE = "it is not signed by version 4, in a header alone or as an address of one object"
_DENIED, _UNKNOWN = "AccessDenied", "InvalidClientTokenId"
_MOST_BODY_BYTES = 64 * 1024 * 1024

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """A request, as far as its admission hangs on it.

    Args:
        method: Such as `POST`.
        path: The path, decoded.
        raw_path: The path as it was sent, which is what a signature covers.
        query: What stands behind the path.
        headers: By name in lower case; lines of one name are joined by commas.
        repeated: Names of headers that came more than once.
    """

    method: str
    path: str
    raw_path: str
    query: str
    headers: Mapping[str, str]
    repeated: frozenset[str] = frozenset()


# Says what is wrong with the signature of a request with this body; empty if nothing is.
CheckSignature = Callable[[Request, str, bytes], str]


class Gate:
    """An ASGI application before another one, which lets in only who may enter.

    Args:
        app: The emulator.
        check_signature: Checks a signature by the secret of the access key that it names.
        read_origin: Reads the one foreign origin whose pages may call; empty for none.
    """

    def __init__(
        self, app: App, check_signature: CheckSignature, read_origin: Callable[[], str]
    ) -> None:
        self._app = app
        self._check_signature = check_signature
        self._read_origin = read_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 to a request that may not enter, and pass on every other one."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # a web socket, which the pipeline has none of
            await send({"type": "websocket.close", "code": 1008})
            return
        request = read_request(scope)
        refusal = refuse_page(request, self._read_origin) or refuse_path(request)
        is_signed = "authorization" in request.headers and not _is_users_token(request)
        link_key_id = "" if is_signed else read_link(request)
        code = _DENIED
        if not refusal and link_key_id:
            refusal = self._check_signature(request, link_key_id, b"")
        elif not refusal and not is_signed:
            refusal = refuse_unsigned(request)
        elif not refusal:
            code = _UNKNOWN
            refusal, receive = await self._check(request, receive)
        if refusal:
            await _refuse(request, code, refusal, send)
        else:
            await self._app(scope, receive, send)

    async def _check(self, request: Request, receive: Receive) -> tuple[str, Receive]:
        """What is wrong with the signature, and from where the body is to be received."""
        signature = _SIGNATURE.fullmatch(request.headers["authorization"])
        if signature is None or any(map(_QUERY_SIGNATURE.fullmatch, parse_qs(request.query, True))):
            return _NO_SIGNATURE, receive
        if signature["service"] == "s3":  # a header tells the hash of the body
            return self._check_signature(request, signature["key_id"], b""), receive
        body = await _read_body(receive)
        refusal = self._check_signature(request, signature["key_id"], body)
        return refusal, _replay(body, receive)


def read_request(scope: Scope) -> Request:
    """Read a request from its ASGI scope (ASGI specification, "HTTP connection scope")."""
    headers: dict[str, str] = {}
    repeated: set[str] = set()
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name in headers:
            repeated.add(name)
            value = f"{headers[name]},{value}"
        headers[name] = value
    return Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        repeated=frozenset(repeated),
    )


def refuse_page(request: Request, read_origin: Callable[[], str]) -> str:
    """Why a request of a web page may not enter; empty if it may, or none has sent it.

    Args:
        request: The request.
        read_origin: Reads the one foreign origin whose pages may call; empty for none.
    """
    host = request.headers.get("host", "")
    if "host" in request.repeated or not _LOOPBACK_HOST.fullmatch(host.lower()):
        return "the host is not a name of this machine"
    origin = request.headers.get("origin")
    if origin is None or origin == f"http://{host}" or (origin and origin == read_origin()):
        return ""
    return "the page is not of this origin, nor of the one that the parameter ApiCorsOrigin names"


def refuse_path(request: Request) -> str:
    """Why nothing on this path is let in; empty if it is a path of AWS, or of the HTTP API."""
    if request.path.startswith(_API_PATH) and "/../" not in request.path:
        return ""
    return "this path is the emulator's own" if _CONTROL_PATH.match(request.path) else ""


def read_link(request: Request) -> str:
    """The id of the key that has signed the address of an object; empty if it is no such address.

    By it an object of S3 is read, and nothing else done: no header adds to what was signed.

    Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters".
    """
    given = parse_qsl(request.query, keep_blank_values=True)
    named = [name for name, _ in given if name.lower().startswith("x-amz-")]
    values = dict(given)
    credential = _LINK_CREDENTIAL.fullmatch(values.get("X-Amz-Credential", ""))
    is_link = (
        request.method in ("GET", "HEAD")
        and "authorization" not in request.headers
        and not request.path.startswith(_API_PATH)
        and not any(name.startswith("x-amz-") for name in request.headers)
        and sorted(named) in (sorted(_LINK_NAMES), sorted({*_LINK_NAMES, _LINK_TOKEN}))
        and values["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
        and "host" in values["X-Amz-SignedHeaders"].split(";")
    )
    return credential["key_id"] if is_link and credential is not None else ""


def refuse_unsigned(request: Request) -> str:
    """Why a request without a signature in its headers may not enter; empty if it may.

    The HTTP API has a key of its own, and a form carries its signature in its fields: of both the
    emulator sees to it.
    """
    if any(_QUERY_SIGNATURE.fullmatch(name) for name in parse_qs(request.query, True)):
        return _NO_SIGNATURE
    if request.path.startswith(_API_PATH):
        return ""
    is_form = (
        request.method == "POST"
        and _BUCKET_PATH.fullmatch(request.path) is not None
        and not request.query
        and not any(name.startswith("x-amz-") for name in request.headers)
        and request.headers.get("content-type", "").startswith("multipart/form-data;")
    )
    return "" if is_form else "it is not signed"


def _is_users_token(request: Request) -> bool:
    """Whether the header is meant for the HTTP API: the token of a user of its Cognito pool."""
    is_aws = request.headers["authorization"].lstrip().upper().startswith("AWS")
    return request.path.startswith(_API_PATH) and not is_aws


async def _read_body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= _MOST_BODY_BYTES:
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if message["type"] != "http.request" or not message.get("more_body", False):
            break
    return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out a body which was read already, and then goes on as before."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> dict[str, Any]:
        return pending.pop() if pending else await receive()

    return receive_again


async def _refuse(request: Request, code: str, reason: str, send: Send) -> None:
    """Answer in the form that a client of the service reads; XML is what most read."""
    message = (
        f"The local stack is its owner's alone, and refuses this request: {reason}. "
        "`seashore local status` shows how to reach it."
    )
    media_type = request.headers.get("content-type", "")
    is_json = "json" in media_type or request.path.startswith(_API_PATH)
    if is_json:
        body = json.dumps({"__type": code, "message": message})
    else:
        told = f"<Code>{code}</Code><Message>{message}</Message>"
        body = f"<ErrorResponse><Error>{told}</Error></ErrorResponse>"
    headers = {
        "content-type": "application/json" if is_json else "application/xml",
        "content-length": str(len(body)),
        "x-amzn-errortype": code,
    }
    raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 403, "headers": raw_headers})
    await send({"type": "http.response.body", "body": body.encode()})


def main() -> None:
    """Run the emulator behind the gate, by the files of the key and of the origin as arguments."""
    key_file, origin_file = (Path(argument) for argument in sys.argv[1:3])
    key = key_file.read_text(encoding="utf-8")
    # What the emulator holds forms against that its root user has signed.
    os.environ["AWS_SECRET_ACCESS_KEY"] = key
    _hide_function_credentials(key)
    _read_templates_quickly()
    _unpack_code_once(Path(tempfile.mkdtemp(prefix="code-")))
    _load_beside("http_server").serve_by_uvicorn()
    gateway = importlib.import_module("ministack.services.apigateway_v1")
    _load_beside("body_problems").name_problems_in_answers(gateway)
    emulator: Any = importlib.import_module("ministack.app")
    app = _load_beside("saved_state").save_while_running(emulator.app, key_file.parent)
    app = _load_beside("room").refuse_without_room(app, key_file.parent)
    # Where the emulator looks for the application that it serves.
    emulator.app = Gate(app, _check_signature, lambda: _read_origin(origin_file))
    del sys.argv[1:]
    emulator.main()


def _hide_function_credentials(key: str) -> None:
    """Have the credentials of functions hang on the key: the emulator makes them of ARNs alone."""
    runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    derive = runtime.execution_credentials

    def derive_secretly(config: dict[str, Any]) -> dict[str, str]:
        credentials: dict[str, str] = derive(
            {**config, "FunctionArn": f"{config['FunctionArn']}:{key}"}
        )
        return credentials

    runtime.execution_credentials = derive_secretly


def _read_templates_quickly() -> None:
    """Have the emulator read templates by libyaml, a tenth of the time, if PyYAML has it."""
    yaml: Any = importlib.import_module("yaml")
    # The emulator's own reader is made of this one when it is first needed.
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _load_beside(name: str) -> Any:
    """A module whose file lies beside this one."""
    path = Path(__file__).with_name(f"{name}.py")
    spec: Any = importlib.util.spec_from_file_location(name, path)
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _unpack_code_once(folder: Path) -> None:
    """Have the emulator unpack a package once, and not for each worker that runs it."""
    unpacked = _load_beside("unpacked_code").UnpackedCode(folder)
    runtime: Any = importlib.import_module("ministack.core.lambda_runtime")

    class Package(zipfile.ZipFile):
        def extractall(self, path: Any = None, *arguments: Any, **options: Any) -> None:
            archive = Path(str(self.filename))
            if archive.name == "code.zip":
                unpacked.put(archive, Path(path))
            else:
                super().extractall(path, *arguments, **options)

    runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": Package})


def _check_signature(request: Request, key_id: str, body: bytes) -> str:
    """Check a signature by the emulator's own means, for its root user too."""
    sigv4 = importlib.import_module("ministack.core.sigv4")
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    responses = importlib.import_module("ministack.core.responses")
    query = parse_qs(request.query, keep_blank_values=True)
    is_link = "authorization" not in request.headers
    tokens = (
        query.get(_LINK_TOKEN) if is_link else [request.headers.get("x-amz-security-token", "")]
    )
    credential = evaluator.resolve_credential(
        key_id, responses.get_account_id(), (tokens or [""])[0]
    )
    signature = (
        sigv4.parse_query_signature(query)
        if is_link
        else sigv4.parse_header_signature(request.headers)
    )
    if isinstance(credential, evaluator.CredentialResolutionError) or isinstance(signature, tuple):
        return "the access key is not known"
    if is_link and is_over(query["X-Amz-Date"][0], query["X-Amz-Expires"][0], datetime.now(UTC)):
        return "the address is no longer good"
    failure = (None if is_link else sigv4.request_time_failure(signature)) or (
        sigv4.header_signature_failure(
            signature,
            credential.secret_access_key,
            request.method,
            request.raw_path,
            query,
            request.headers,
            body,
            presigned=is_link,
        )
    )
    return f"the signature does not hold ({failure[0]})" if failure else ""


def is_over(signed_at: str, lasts_seconds: str, now: datetime) -> bool:
    """Whether a signed address is good no longer, or not yet, or says nothing of it."""
    if not _STAMP.fullmatch(signed_at) or not _SECONDS.fullmatch(lasts_seconds):
        return True
    age = (now - datetime.strptime(f"{signed_at}+0000", "%Y%m%dT%H%M%SZ%z")).total_seconds()
    return not -_CLOCK_SECONDS <= age <= min(int(lasts_seconds), _MOST_LINK_SECONDS)


def _read_origin(path: Path) -> str:
    """The origin that the deployment has named; empty for all and for none."""
    try:
        origin = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    return "" if origin == "*" else origin


if __name__ == "__main__":
    main()
