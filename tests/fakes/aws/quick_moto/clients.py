"""Clients of boto3, and of models, that share what is the same for all of them.

Each session reads the descriptions of services anew, each client makes a tree of the rules by which
its address is found, gives each of 150 hooks its name by comparing it with 40 others, and has its
signature taken apart to see whether it takes any keyword. Many tests run one command, which makes
a session and four clients: that took longer than what they test. Each client of a model reads all
authorities that this machine trusts, for servers on loopback.
"""

import functools
import inspect
import os
from contextlib import contextmanager

import botocore.session
import httpcore2
import pytest
from botocore import hooks, regions

_accepts_kwargs = hooks.accepts_kwargs
_name = hooks.EventAliaser._alias_event_name


@contextmanager
def build_clients_quickly():
    """Let clients be built quickly for as long as the context lasts."""
    with pytest.MonkeyPatch.context() as patch:
        cached = functools.cache(botocore.session.create_loader)
        patch.setattr(botocore.session, "create_loader", cached)
        patch.setattr(regions, "EndpointProvider", _share_providers(regions.EndpointProvider))
        patch.setattr(hooks.EventAliaser, "_alias_event_name", _name_once())
        patch.setattr(hooks, "accepts_kwargs", _takes_any_keyword)
        patch.setattr(httpcore2, "default_ssl_context", _trust_once())
        yield


def _share_providers(kind):
    providers = {}

    def find(ruleset_data, partition_data, excluded_params=None):
        # Both are kept for as long as their identities are.
        key = (id(ruleset_data), id(partition_data), frozenset(excluded_params or ()))
        if key not in providers:
            provider = kind(ruleset_data, partition_data, excluded_params)
            providers[key] = (provider, ruleset_data, partition_data)
        return providers[key][0]

    return find


def _name_once():
    names = {}

    def find(aliaser, event_name):
        key = (id(aliaser._event_aliases), event_name)
        if key not in names:
            names[key] = (_name(aliaser, event_name), aliaser._event_aliases)
        return names[key][0]

    return find


def _takes_any_keyword(function):
    code = getattr(function, "__code__", None)
    if code is None:
        return _accepts_kwargs(function)
    return code.co_flags & inspect.CO_VARKEYWORDS


def _trust_once():
    original = httpcore2.default_ssl_context

    @functools.cache
    def build(*_authorities, **options):
        return original(**options)

    def find(**options):
        # A test may name other authorities.
        return build(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"), **options)

    return find
