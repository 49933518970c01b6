"""A fresh account on moto for each test, reached by clients that are built only once."""

from contextlib import contextmanager
from functools import cache

import boto3
from moto import mock_aws

from shared.aws.clients import Clients
from tests.fakes.aws.aws_account import build_account
from tests.fakes.aws.moved_letters import find_at_once, tell_moved_letters
from tests.fakes.aws.quick_answers import answer_quickly
from tests.fakes.aws.quick_transactions import copy_only_touched_rows


@cache
def _keep_clients():
    session = boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1"
    )
    return Clients(session)


@contextmanager
def open_account(**settings):
    """An account with everything in it that the template makes; `settings` override defaults."""
    with (
        mock_aws(),
        answer_quickly(),
        copy_only_touched_rows(),
        tell_moved_letters(),
        find_at_once(),
    ):
        yield build_account(_keep_clients(), **{"retry_base_seconds": 0.001, **settings})
