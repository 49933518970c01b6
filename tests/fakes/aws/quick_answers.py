"""Moto's answers without the work that it does anew for each of them, and that changes nothing.

A value of DynamoDB is one of ten kinds; moto looks for all ten in it, under three names each. And
for each request it looks up which methods a class has, and what an action is called in Python. What
asks, botocore, puts the same words into the name that it goes by, character by character.
"""

from contextlib import ExitStack, contextmanager
from functools import cache
from unittest.mock import patch

from botocore import useragent
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer

_serialize = BaseJSONSerializer._serialize_type_structure
_known = {
    (module, name): cache(getattr(module, name))
    for module, name in (
        (responses, "camelcase_to_underscores"),
        (responses, "method_names_from_class"),
        (useragent, "sanitize_user_agent_string_component"),
    )
}


@contextmanager
def answer_quickly():
    """Let moto answer quickly for as long as the context lasts."""
    with ExitStack() as patches:
        for (module, name), function in _known.items():
            patches.enter_context(patch.object(module, name, function))
        patches.enter_context(
            patch.object(BaseJSONSerializer, "_serialize_type_structure", _serialize_what_is_there)
        )
        yield


def _serialize_what_is_there(serializer, serialized, value, shape, key):
    if shape.name != "AttributeValue" or not isinstance(value, dict):
        _serialize(serializer, serialized, value, shape, key)
        return
    wrapper = serializer.MAP_TYPE()
    for kind, content in value.items():
        serializer._serialize(wrapper, content, shape.members[kind], kind)
    serializer._default_serialize(serialized, wrapper, shape, key)
