"""Hostile files end REJECTED, each with the code of what it is, in a reader of 256 MiB and 10 s."""

import pytest

from pipeline.extraction import ExtractionLimits
from pipeline.formats.identify import identify_file
from shared.document_formats import HTML, TEXT
from shared.errors import RejectedDocumentError
from tests.fakes.office.hostile_files import HOSTILE
from tests.fakes.office.packages import docx_parts, make_package
from tests.fakes.pictures.hostile_pictures import HOSTILE_PICTURES

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
