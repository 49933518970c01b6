"""Hostile files, and those of kinds that are not read, end REJECTED with the code of what they are.

In a reader of 256 MiB and 10 s.
"""

import io
import zipfile

import pytest

from pipeline.extraction.limits import ExtractionLimits
from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.identify import identify_bytes, identify_file
from pipeline.formats.readers.xml_parts import open_package, parse_tree
from shared.document_formats import HTML, TEXT
from shared.errors import RejectedDocumentError, RejectionCode
from tests.fakes.office.hostile_files import HOSTILE
from tests.fakes.office.packages import docx_parts, make_package
from tests.fakes.pictures.hostile_pictures import HOSTILE_PICTURES
from tests.fakes.pictures.picture_files import write_png

MEGABYTES_OF_TEXT = "The pier is open. " * 3_000


def test_there_are_forty_of_them():
    assert len(HOSTILE) == 40


@pytest.mark.parametrize("name", HOSTILE | HOSTILE_PICTURES)
def test_a_hostile_file_is_refused_with_its_code_and_the_next_document_is_read(read, name):
    code, make = (HOSTILE | HOSTILE_PICTURES)[name]
    with pytest.raises(RejectedDocumentError) as refusal:
        read(make())
    assert refusal.value.code is code
    assert refusal.value.sentence.endswith(".")
    assert read(b"still here").texts == ["still here"]


@pytest.mark.parametrize("place", ["in its bytes", "in the list of parts"])
def test_a_package_whose_first_part_cannot_be_unpacked_is_refused(tmp_path, place):
    # Told by whoever looks at the list of parts: as a file of its own, and inside of a PDF.
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
    damaged = bytearray(packed.getvalue())
    if place == "in its bytes":
        start = 30 + len("mimetype")
        damaged[start : start + 12] = b"\xff" * 12
    else:
        start = damaged.rfind(b"PK\x01\x02") + 42
        damaged[start : start + 4] = (len(damaged) - 10).to_bytes(4, "little")
    path = tmp_path / "file"
    path.write_bytes(damaged)
    with pytest.raises(RejectedDocumentError) as refusal:
        identify_file(path, ExtractionLimits())
    assert refusal.value.code is RejectionCode.DAMAGED
    assert "cannot be read" in identify_bytes(bytes(damaged))


def test_many_remarks_before_a_text_are_passed_over_at_once(tmp_path):
    # By 22 of them the time had grown to a second, and twice with each further one.
    data = b"<!--a-->" * 500
    for text, told in ((b"text", TEXT), (b"<html>text", HTML)):
        path = tmp_path / "file"
        path.write_bytes(data + text)
        assert identify_file(path, ExtractionLimits()) is told


def test_a_document_that_shrinks_well_is_no_bomb(read):
    document = read(make_package(docx_parts([("One", MEGABYTES_OF_TEXT)] * 100)))
    assert len(document.texts) == 100


@pytest.mark.parametrize("fold", [None, lambda element: None], ids=["whole", "folded"])
def test_an_entity_whose_declaration_the_parser_puts_off_until_the_end_is_refused(fold):
    """Expat does so from 2.6.0 on (Python 3.13), where much of a long remark has come before."""
    remark = f"<!--{' ' * 7_000_000}-->"
    part = f'{remark}<!DOCTYPE a [<!ENTITY grown "b">]><a>&grown;</a>'
    package = io.BytesIO(make_package({"content.xml": part}))
    with open_package(package) as archive, pytest.raises(UnreadableDocumentError) as refusal:
        parse_tree(archive, "content.xml", frozenset({"b"}), fold)
    assert refusal.value.code is RejectionCode.OVER_LIMITS


@pytest.mark.parametrize("data", [b"text\x00text", b"\x01\x02\x03 text", bytes(range(1, 32)) * 20])
def test_what_is_full_of_control_characters_is_no_text(read, data):
    with pytest.raises(RejectedDocumentError) as refusal:
        read(data)
    assert refusal.value.code is RejectionCode.UNKNOWN_FORMAT


@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"JVBERi0xLjcKMSAwIG9iago8PCAvVHlwZSAvQ2F0YWxvZyA+PgplbmRvYmoK\n" * 9, "base64 --decode"),
        (b"data:application/pdf;base64,JVBERi0xLjcK", "remove all that is before JVBERi0, decode"),
        (b"%FDF-1.2\n1 0 obj << /FDF << /F (form.pdf) >> >> endobj\n%%EOF\n", "print it to a PDF"),
        (
            b"<?xml version='1.0'?>\n<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>",
            "print it to a",
        ),
        (b"\xc5\xd0\xd3\xc6\x20\0\0\0" + b"\0" * 24 + b"%!PS-Adobe-3.0 EPSF-3.0", "convert it"),
        (b"P6\n# drawn\n9 5\n255\n" + b"\xff" * 135, "save it as PNG"),
        (b"P2 9 5 255\n" + b"7 " * 45, "save it as PNG"),
        (write_png(1, 1, b"\0\0\0\0", more=[(b"acTL", bytes([0, 0, 0, 2] + [0] * 4))]), "frames"),
    ],
    ids=["Base64", "data address", "FDF", "XDP", "EPS", "PPM", "PGM", "APNG"],
)
def test_what_a_document_is_wrapped_in_is_told_with_what_helps(read, data, hint):
    with pytest.raises(RejectedDocumentError) as refusal:
        read(data)
    assert refusal.value.code is RejectionCode.UNKNOWN_FORMAT
    assert hint in refusal.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        *(b"P5 is the berth of the boat", b"P2 9 boats", b"P7 is taken"),
        *(b"P1 12 34 boats", b"P1 2026 15 9 boats\nP2 2026 7 9 boats"),
    ],
)
def test_a_text_that_begins_as_a_picture_may_is_a_text(read, text):
    assert read(text).texts == [text.decode()]
