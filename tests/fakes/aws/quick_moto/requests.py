"""Requests of botocore as moto reads them, without the work for what nobody looks at.

botocore signs each request, and moto reads only whose it is. A request of a web framework is made
of it by a class for tests of servers; the account is looked up by a key that no one has been given,
and each answer gets a number, digit by digit, and a time, which is taken apart first.
"""

import io
import sys
import time
from datetime import UTC
from urllib.parse import unquote_to_bytes, urlsplit

from aws_lambda_powertools.shared import user_agent
from botocore.auth import SigV4Auth
from botocore.httpchecksum import AwsChunkedWrapper
from moto.core import DEFAULT_ACCOUNT_ID, utils
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    Request,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.iam import models as iam
from moto.moto_api._internal import mock_random
from moto.moto_api._internal.moto_random import MotoRandom
from moto.sqs import models as queues

_PORTS = {"http": "80", "https": "443"}
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def list_replacements():
    """What is put in the place of what: the owner, the name, and the function."""
    yield SigV4Auth, "canonical_request", lambda signer, request: ""
    yield SigV4Auth, "signature", lambda signer, text, request: "0" * 64
    yield Request, "from_primitives", classmethod(_make_request)
    yield iam, "get_account_id_from", lambda key: DEFAULT_ACCOUNT_ID
    yield iam, "mark_account_as_visited", lambda **whose: None
    yield MotoRandom, "get_random_string", _choose_characters
    yield queues, "generate_receipt_handle", _choose_receipt
    yield utils, "unix_time", _tell_seconds
    yield user_agent, "register_feature_to_client", _name_once


def _make_request(kind, method, url, headers, body=None):
    """The same request that werkzeug's builder makes."""
    if isinstance(body, AwsChunkedWrapper):
        body = body.read()
    if body is None:
        body = b""
    elif hasattr(body, "read"):
        body = body.read()
    elif isinstance(body, str):
        body = body.encode()
    address = urlsplit(url)
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(address.path).decode("latin-1"),
        "QUERY_STRING": address.query,
        "REQUEST_URI": address.path,
        "RAW_URI": address.path,
        "SERVER_NAME": address.hostname,
        "SERVER_PORT": str(address.port or _PORTS[address.scheme]),
        "HTTP_HOST": address.netloc,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": address.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    preserved = {}
    for name, value in headers.items():
        key = environ_key_for_header(name)
        if key == "HTTP_TRANSFER_ENCODING":
            continue
        text = value.decode() if isinstance(value, bytes) else str(value)
        environ[key] = f"{environ[key]}, {text}" if key in environ and key != "HTTP_HOST" else text
        if should_preserve_original_header_name(name):
            preserved[key] = name
    environ["CONTENT_LENGTH"] = str(len(body))
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    return kind(environ)


def _choose_characters(random, length=20, include_digits=True, lower_case=False):
    if include_digits:  # the number of a request, above all: digits of it are as good as any
        text = f"{random.getrandbits(4 * length):0{length}X}"
    else:
        text = "".join(random.choices(_LETTERS, k=length))
    return text.lower() if lower_case else text


def _choose_receipt():
    return "".join(mock_random.choices(_LETTERS[:26], k=185))


def _tell_seconds(at=None):
    if at is None:
        return time.time()
    return at.replace(tzinfo=UTC).timestamp()


def _name_once(client, feature):
    """Powertools adds itself to a client's name with each store that it opens.

    The clients outlive tests, and after a thousand of them each request would pass as many hooks.
    """
    add = user_agent._create_feature_function(feature)
    client.meta.events.register(user_agent.TARGET_SDK_EVENT, add, unique_id=feature)
