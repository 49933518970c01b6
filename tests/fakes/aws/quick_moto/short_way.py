"""The short way from botocore to moto, for the two services that are asked by one line of JSON.

A request is made ready for a network: it is signed, each retry gets a number, its headers become
bytes. Moto then looks which service its address is of, makes a request of a web framework of it,
searches it for forms and files, and reads its region back from the address. None of that changes
what DynamoDB and SQS answer: that hangs on the operation and the body, which are handed over as
they are. What is checked before a request and read from its answer stays botocore's, and so do its
hooks but for the one that signs; what is answered stays moto's.
"""

import time
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from botocore.endpoint import Endpoint
from botocore.regions import EndpointRulesetResolver
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import HTTPException
from moto.core.models import botocore_stubber
from moto.core.parse import JSONParser
from moto.core.utils import get_service_model
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.responses import SQSResponse
from moto.utilities.utils import get_partition
from werkzeug.http import http_date

_HANDLERS = {"dynamodb": DynamoHandler, "sqs": SQSResponse}

_create_request = Endpoint.create_request
_process_request = BotocoreStubber.process_request
_construct_endpoint = EndpointRulesetResolver.construct_endpoint


def list_replacements():
    """What is put in the place of what: the owner, the name, and the function."""
    yield Endpoint, "create_request", _keep_request
    yield BotocoreStubber, "process_request", _answer
    yield EndpointRulesetResolver, "construct_endpoint", _construct_once


@dataclass
class _Request:
    """What botocore asks, as far as it is looked at."""

    service: str
    operation: str
    method: str
    url: str
    headers: dict[str, Any]
    body: bytes

    def reset_stream(self):
        """Be ready to be sent again, as a body of bytes is."""


def _keep_request(endpoint, params, operation_model=None):
    service = operation_model.service_model.service_name if operation_model else ""
    is_aws = service in _HANDLERS and botocore_stubber.enabled and _is_of_aws(params["url"])
    # What would be part of an address is none of theirs.
    if not is_aws or params["query_string"]:
        return _create_request(endpoint, params, operation_model)
    # Bytes, as they come to who answers in moto's place.
    endpoint._encode_headers(params["headers"])
    kept = (params["method"], params["url"], params["headers"], params["body"])
    return _Request(service, operation_model.name, *kept)


def _answer(stubber, request):
    if not isinstance(request, _Request):
        return _process_request(stubber, request)
    handler = _HANDLERS[request.service]()
    _set_up(handler, request)
    try:
        return handler.call_action()
    except HTTPException as error:
        return error.code, error.get_headers(), error.get_body()


def _set_up(handler, request):
    """What moto's `setup_class` comes to for such a request."""
    handler.is_werkzeug_request = False
    handler.normalized_request = request
    handler.uri, handler.method = request.url, request.method
    handler.parsed_url, handler.region, handler.partition = _read_address(request.url)
    handler.path = handler.raw_path = handler.parsed_url.path
    handler.raw_body = request.body
    handler.body = request.body.decode()
    handler.form_data, handler.querystring, handler.data, handler.uri_match = {}, {}, {}, {}
    handler.headers = {name: value.decode() for name, value in request.headers.items()}
    handler.response_headers = {"server": "amazon.com", "date": _write_date(int(time.time()))}
    handler.params = _find_parser(handler.boto3_service_name, request.operation).parse(
        {"body": request.body}
    )
    handler.access_key = handler.get_access_key()
    handler.current_account = DEFAULT_ACCOUNT_ID


@lru_cache(maxsize=1)
def _write_date(seconds):
    return http_date(seconds)


@cache
def _is_of_aws(url):
    return (urlsplit(url).hostname or "").endswith(".amazonaws.com")


@cache
def _read_address(url):
    parts = urlsplit(url)
    region = parts.hostname.split(".")[1]
    return parts, region, get_partition(region)


@cache
def _find_parser(service, operation):
    return JSONParser(get_service_model(service).operation_model(operation))


def _construct_once(resolver, operation_model, call_args, request_context):
    if resolver._service_model.service_name not in _HANDLERS:
        return _construct_endpoint(resolver, operation_model, call_args, request_context)
    # Without the number of an account, an address hangs on nothing that a call says.
    key = ("endpoint", operation_model.name)
    if key not in resolver._instance_cache:
        resolver._instance_cache[key] = _construct_endpoint(
            resolver, operation_model, call_args, request_context
        )
    return resolver._instance_cache[key]
