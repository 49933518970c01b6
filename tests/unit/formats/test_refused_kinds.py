"""Files that are of no kind that is read are refused with what they are and what helps."""

import pytest

from shared.errors import RejectedDocumentError, RejectionCode


@pytest.mark.parametrize("data", [b"text\x00text", b"\x01\x02\x03 text", bytes(range(1, 32)) * 20])
def test_what_is_full_of_control_characters_is_no_text(read, data):
    with pytest.raises(RejectedDocumentError) as refusal:
        read(data)
    assert refusal.value.code is RejectionCode.UNKNOWN_FORMAT


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"JVBERi0xLjcKMSAwIG9iago8PCAvVHlwZSAvQ2F0YWxvZyA+PgplbmRvYmoK\n" * 9, "base64 --decode"),
        (b"data:application/pdf;base64,JVBERi0xLjcK", "base64 --decode"),
        (b"%FDF-1.2\n1 0 obj << /FDF << /F (form.pdf) >> >> endobj\n%%EOF\n", "print it to a PDF"),
        (
            b"<?xml version='1.0'?>\n<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>",
            "print it to a",
        ),
        (b"\xc5\xd0\xd3\xc6\x20\0\0\0" + b"\0" * 24 + b"%!PS-Adobe-3.0 EPSF-3.0", "convert it"),
    ],
    ids=["Base64", "data address", "FDF", "XDP", "EPS"],
)
def test_what_a_document_is_wrapped_in_is_told_with_what_helps(read, data, hint):
    with pytest.raises(RejectedDocumentError) as refusal:
        read(data)
    assert refusal.value.code is RejectionCode.UNKNOWN_FORMAT
    assert hint in refusal.value.sentence
