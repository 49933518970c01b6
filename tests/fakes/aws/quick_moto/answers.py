"""Moto's answers without the work that it does anew for each of them, and that changes nothing.

For each request it looks up which of two hundred services it is for, at which addresses that one
answers, which methods a class has, and what an action is called in Python. Each time it begins, it
registers itself 1,300 times with a library that nothing here calls AWS by. A list of the versions
in a bucket is made of copies of all of them, with what is in them. What asks, botocore, puts the
same words into the name that it goes by, character by character.
"""

from contextlib import ExitStack, contextmanager
from functools import cache
from unittest.mock import patch

from botocore import useragent
from moto import backend_index
from moto.core import models, responses
from moto.core.base_backend import BaseBackend
from moto.s3.models import FakeDeleteMarker, FakeKey
from moto.sqs import models as sqs_models

from tests.fakes.aws.quick_moto.expressions import list_replacements as list_expressions
from tests.fakes.aws.quick_moto.requests import list_replacements as list_requests
from tests.fakes.aws.quick_moto.short_way import list_replacements as list_short_way
from tests.fakes.aws.quick_moto.values import list_replacements as list_values

_known = {
    (module, name): cache(getattr(module, name))
    for module, name in (
        (responses, "camelcase_to_underscores"),
        (responses, "method_names_from_class"),
        (sqs_models, "camelcase_to_underscores"),
        (useragent, "sanitize_user_agent_string_component"),
    )
}
_OFTEN = ("dynamodb", "s3", "sqs")
_often_first = sorted(backend_index.backend_url_patterns, key=lambda known: known[0] not in _OFTEN)
_find_urls = BaseBackend.urls.fget
_urls_of_class = {}


@contextmanager
def answer_quickly():
    """Let moto answer quickly for as long as the context lasts; enter it before moto's own."""
    with ExitStack() as patches:

        def replace(owner, name, value):
            patches.enter_context(patch.object(owner, name, value, create=name == "__deepcopy__"))

        for (module, name), function in _known.items():
            replace(module, name, function)
        for list_some in (list_expressions, list_requests, list_short_way, list_values):
            for owner, name, function in list_some():
                replace(owner, name, function)
        replace(BaseBackend, "urls", property(_find_urls_once))
        replace(FakeKey, "__deepcopy__", _show_key)
        replace(FakeDeleteMarker, "__deepcopy__", _show_marker)
        replace(backend_index, "backend_url_patterns", _often_first)
        # For the library `requests`; botocore has a hook of its own.
        replace(models, "RESPONSES_METHODS", ())
        yield


def _find_urls_once(backend):
    if type(backend) not in _urls_of_class:
        _urls_of_class[type(backend)] = _find_urls(backend)
    return _urls_of_class[type(backend)]


class _ShownKey(FakeKey):
    """What a list tells of an object: it is noted there whether it is the latest of its key."""

    def __del__(self):
        """Leave the file alone, which is the object's."""


def _show_key(key, memo):
    shown = object.__new__(_ShownKey)
    vars(shown).update(vars(key))
    return shown


def _show_marker(marker, memo):
    shown = object.__new__(FakeDeleteMarker)
    vars(shown).update(vars(marker))
    return shown
