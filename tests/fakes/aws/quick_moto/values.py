"""Values of DynamoDB on their way through moto and botocore, three times each, as they are.

Moto reads them from a request and writes them into an answer, botocore reads them from that one.
All go through a value and what is in it, and look at each for ten kinds. Yet but for bytes, a value
is the same in a row, in JSON and in Python.
"""

from botocore.parsers import BaseJSONParser as AnswerParser
from moto.core.parse import BaseJSONParser as RequestParser
from moto.core.serialize import BaseJSONSerializer

_VALUE = "AttributeValue"

_serialize = BaseJSONSerializer._serialize_type_structure
_parse_request = RequestParser._parse_structure
_parse_answer = AnswerParser._handle_structure


def list_replacements():
    """What is put in the place of what: the owner, the name, and the function."""
    yield BaseJSONSerializer, "_serialize_type_structure", _serialize_value
    yield RequestParser, "_parse_structure", _keep_whole(_parse_request)
    yield AnswerParser, "_handle_structure", _keep_whole(_parse_answer)


def _serialize_value(serializer, serialized, value, shape, key):
    if shape.name != _VALUE or not isinstance(value, dict):
        _serialize(serializer, serialized, value, shape, key)
        return
    if _is_the_same_in_json(value):
        wrapper = value
    else:
        wrapper = serializer.MAP_TYPE()
        for kind, content in value.items():
            serializer._serialize(wrapper, content, shape.members[kind], kind)
    serializer._default_serialize(serialized, wrapper, shape, key)


def _keep_whole(parse):
    def keep(parser, shape, value):
        if shape.name == _VALUE and _is_the_same_in_json(value):
            return value
        return parse(parser, shape, value)

    return keep


def _is_the_same_in_json(value):
    """Whether a value, or any that is in it, has no bytes and nothing that is strange."""
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    if kind in ("S", "N"):
        return type(content) is str
    if kind in ("BOOL", "NULL"):
        return type(content) is bool
    if kind == "M":
        return type(content) is dict and all(map(_is_the_same_in_json, content.values()))
    if kind == "L":
        return type(content) is list and all(map(_is_the_same_in_json, content))
    return kind in ("SS", "NS") and type(content) is list
