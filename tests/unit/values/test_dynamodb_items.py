"""Rows of the ledger as what DynamoDB gives is read: plain values, and of plain types."""

import pytest

from shared.aws.dynamodb_items import to_item, to_row

_ROW = {
    "text": "high water",
    "whole": 12,
    "below": -3,
    "part": 0.5,
    "packed": b"\x00water",
    "yes": True,
    "list": [1, "two", {"three": 2.5}],
}


def test_a_row_that_was_written_is_read_as_it_was():
    assert to_row(to_item({**_ROW, "nothing": None})) == _ROW


@pytest.mark.parametrize("name", _ROW)
def test_what_is_read_is_of_a_plain_type(name):
    """What boto3 makes of bytes equals them, and is none that `zlib` or `json` take."""
    read = to_row(to_item(_ROW))[name]
    assert type(read) is type(_ROW[name])


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_bytes_are_bytes_whatever_a_client_has_them_in(kind):
    read = to_row({"packed": {"B": kind(b"water")}})["packed"]
    assert (type(read), read) == (bytes, b"water")
