"""A fresh account on moto for each test, reached by clients that are built only once.

What is in a fresh account is made only once, too, by the requests that a deployment makes; each
test gets a copy. The requests took a quarter of what the tests on moto took.
"""

import copy
from contextlib import contextmanager
from functools import cache
from threading import Condition

import boto3
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from shared.aws.clients import Clients
from tests.fakes.aws.aws_account import describe_account, make_resources
from tests.fakes.aws.moved_letters import find_at_once, tell_moved_letters
from tests.fakes.aws.quick_moto.answers import answer_quickly
from tests.fakes.aws.quick_moto.transactions import copy_only_touched_rows

_REGION = "eu-west-1"
_BACKENDS = ((dynamodb_backends, _REGION), (sqs_backends, _REGION), (s3_backends, "aws"))


@cache
def _keep_clients():
    session = boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name=_REGION
    )
    return Clients(session)


@cache
def _keep_fresh_state():
    """The addresses of the queues, and what moto holds once all is made."""
    with answer_quickly(), mock_aws():
        urls = make_resources(_keep_clients())
        return urls, [_copy(vars(_find_backend(*where))) for where in _BACKENDS]


def _find_backend(backends, region):
    return backends[DEFAULT_ACCOUNT_ID][region]


def _copy(state):
    """A copy of what moto holds; each queue has a lock, of which there are no copies."""
    queues = state.get("queues", {}).values()
    return copy.deepcopy(state, {id(queue._messages_lock): Condition() for queue in queues})


@contextmanager
def open_account(**settings):
    """An account with everything in it that the template makes; `settings` override defaults."""
    urls, states = _keep_fresh_state()
    with answer_quickly(), mock_aws():
        for where, state in zip(_BACKENDS, states, strict=True):
            vars(_find_backend(*where)).update(_copy(state))
        with copy_only_touched_rows(), tell_moved_letters(), find_at_once():
            options = {"retry_base_seconds": 0.001, **settings}
            yield describe_account(_keep_clients(), urls, **options)
