"""Messages of the greatest size: packed, so that there is room for what a copy carries of its past.

SQS takes ten attributes and 1 MiB a message, and a sender may use up both. Then body and attributes
travel compressed in one binary attribute. They always become smaller: the characters that SQS
allows hold at most seven bits of news a byte, and a binary attribute eight.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

PACKED_NAME = "seashore-packed"

# Amazon SQS Developer Guide, "Message quotas": the most attributes, and the most bytes of body and
# attributes together; an older queue, or one that says so, takes a quarter of it.
_MOST_ATTRIBUTES = 10
_MOST_BYTES = (262_144, 1_048_576)
# A message's past with its cause of death, a thousand characters of twelve bytes at the most.
_PAST_BYTES = 16_384

# What people see who look at the queue with other means than ours.
_STUB = "The message is packed in the attribute seashore-packed; `seashore dlq show` shows it."


class _Content(BaseModel):
    """What is packed: a message as its sender sent it, its attributes as Lambda writes them."""

    model_config = ConfigDict(extra="forbid")

    body: str
    attributes: dict[str, dict[str, Any]]


def pack_if_full(body: str, attributes: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """A message's body and attributes, packed where they leave no room for one more attribute.

    Args:
        body: The body.
        attributes: Its sender's attributes, as `messageAttributes` of a Lambda event.
    """
    if not _is_full(body, attributes):
        return body, attributes
    content = _Content(body=body, attributes=dict(attributes)).model_dump_json().encode()
    packed = base64.b64encode(zlib.compress(content, level=1)).decode()
    return _STUB, {PACKED_NAME: {"dataType": "Binary", "binaryValue": packed}}


def unpack(body: str, attributes: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """A message's body and attributes as its sender sent them, and its past if it has one.

    An attribute of this name that holds something else is the sender's own.
    """
    packed = attributes.get(PACKED_NAME)
    if packed is None:
        return body, attributes
    try:
        data = base64.b64decode(packed["binaryValue"], validate=True)
        unpacking = zlib.decompressobj()
        # Twice what a message holds, as JSON escapes quotes and line ends; never more.
        content = unpacking.decompress(data, 2 * _MOST_BYTES[-1] + _PAST_BYTES)
        kept = _Content.model_validate_json(content)
    except (KeyError, TypeError, binascii.Error, zlib.error, ValidationError):
        return body, attributes
    others = {name: value for name, value in attributes.items() if name != PACKED_NAME}
    return kept.body, {**kept.attributes, **others}


def _is_full(body: str, attributes: Mapping[str, Any]) -> bool:
    if len(attributes) >= _MOST_ATTRIBUTES:
        return True
    size = len(body.encode()) + len(json.dumps(attributes, ensure_ascii=False).encode())
    return any(most - _PAST_BYTES < size <= most + _PAST_BYTES for most in _MOST_BYTES)
