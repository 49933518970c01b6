"""The HTTP API of a stack, as a client: its address and key, requests, errors as one clear line."""

import json
import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError

from infra.aws import aws_errors_as
from infra.stacks import Stack
from shared.errors import ApiRefusalError, OperatorError

# Longer than API Gateway waits for the function, which is 29 seconds.
_TIMEOUT_SECONDS = 40.0

_ID_TOKEN = "SEASHORE_ID_TOKEN"  # noqa: S105 - the name of a variable
_MAX_QUOTED_CHARACTERS = 200


@dataclass(frozen=True)
class ApiClient:
    """Sends requests to the HTTP API of a stack.

    Args:
        stack: The stack.
        url: The API's address.
        key: The API key.
        id_token: Token of a Cognito user, where the API wants one.
    """

    stack: Stack
    url: str
    key: str = field(repr=False)
    id_token: str | None = field(default=None, repr=False)

    def send(self, method: str, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return the answer's JSON.

        Args:
            method: Such as `POST`.
            path: Such as `/chat`.
            content: The body.

        Raises:
            ApiRefusalError: The API answered with an error; the message says what to do.
            OperatorError: It cannot be reached, or what answered is not this API.
        """
        status, text, told = self._exchange(method, path, content, {})
        if status >= HTTPStatus.BAD_REQUEST:
            raise _read_refusal(status, text, told)
        try:
            return json.loads(text)
        except ValueError:
            raise OperatorError(f"What answers at {self.url} is not the API of a stack.") from None

    def post(
        self, path: str, content: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Post JSON with further headers, and return the status and the body, whatever they are.

        Raises:
            OperatorError: The API cannot be reached.
        """
        status, text, _ = self._exchange("POST", path, content, headers)
        return status, text

    def _exchange(
        self,
        method: str,
        path: str,
        content: Mapping[str, Any] | None,
        more_headers: Mapping[str, str],
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send a request: the status, the body and the headers of its answer."""
        body = None if content is None else json.dumps(content).encode()
        headers = {"Content-Type": "application/json", "x-api-key": self.key, **more_headers}
        if self.id_token is not None:
            headers["Authorization"] = self.id_token
        url = self.url + path
        if self.stack.outputs.get("ApiAuthorizer") == "iam":
            headers = self._sign(method, url, body, headers)
        request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - our own address
        # The local stack is on this machine, and never behind a proxy.
        is_local = self.stack.endpoint_url is not None
        proxies = urllib.request.ProxyHandler({} if is_local else None)
        opener = urllib.request.build_opener(proxies)
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return answer.status, answer.read(), dict(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), dict(error.headers)
        except TimeoutError:
            raise OperatorError(
                f"The API has not answered within {_TIMEOUT_SECONDS:.0f} s."
            ) from None
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            raise OperatorError(f"The API at {self.url} cannot be reached: {reason}.") from error

    def _sign(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, str]:
        """The headers with the signature of the caller's own AWS credentials."""
        request = AWSRequest(method, url, {**headers, "Host": urlsplit(url).netloc}, body)
        with aws_errors_as(OperatorError):
            credentials = self.stack.session.get_credentials()
            if credentials is None:
                raise NoCredentialsError
            SigV4Auth(credentials, "execute-api", self.stack.region).add_auth(request)
        return dict(request.headers.items())


def open_api(
    stack: Stack, environment: Mapping[str, str] = os.environ, *, key_output: str = "ApiKeyId"
) -> ApiClient:
    """Find the address and the key of a stack's API.

    Args:
        stack: The stack.
        environment: Where a token of a Cognito user is looked for.
        key_output: The output of the stack that names the key; the operators' is another.

    Raises:
        UnknownStackError: The stack has no API.
        OperatorError: The key may not be read, or a token is missing.
    """
    url = stack.output("ApiUrl")
    id_token = environment.get(_ID_TOKEN)
    if stack.outputs.get("ApiAuthorizer") != "cognito":
        id_token = None
    elif not id_token:
        raise OperatorError(f"The API wants a user of its Cognito pool: set {_ID_TOKEN}.")
    with aws_errors_as(OperatorError):
        key = stack.client("apigateway").get_api_key(
            apiKey=stack.output(key_output), includeValue=True
        )
    return ApiClient(stack, url, key["value"], id_token)


def _read_refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ApiRefusalError:
    """Turn an error of the API, or of API Gateway before it, into an exception with one line."""
    told = {name.lower(): value for name, value in headers.items()}
    try:
        error = json.loads(body)["error"]
        message, hint = str(error["message"]), error.get("what_to_do")
        code, request_id = str(error["code"]), str(error["request_id"])
    except (ValueError, LookupError, TypeError, AttributeError):
        message, hint = body.decode(errors="replace")[:_MAX_QUOTED_CHARACTERS], None
        code, request_id = "unknown", told.get("x-amzn-requestid", "unknown")
    line = f"The API answered {status}: {message.rstrip('.')}."
    if hint:
        line += f" {hint}"
    if "retry-after" in told:
        line += f" (Retry-After: {told['retry-after']} s)"
    return ApiRefusalError(f"{line} (request {request_id})", status=status, code=code)
