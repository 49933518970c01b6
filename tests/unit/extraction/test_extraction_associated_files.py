"""Files that only `/AF` names: found however it names them, and in a time that the file bounds."""

import time
from types import SimpleNamespace

import pytest

from pipeline.extraction.files_inside.associated_files import find_associated_files
from pipeline.extraction.wholeness.file_scan import scan_file
from shared.deadline import Deadline
from tests.fakes.pdf.pdf_files import (
    CATALOG,
    FIRST_PAGE,
    make_objects,
    make_stream,
    make_text_pdf,
    show_text,
    write_pdf,
)

FIRST = make_text_pdf("the first")
IN_PLACE = b"<< /Type /Filespec /F (a.pdf) /EF << /F 51 0 R >> >>"
EQUATION = b"<< /Type /Filespec /F (e.xml) /AFRelationship /Supplement /EF << /F 53 0 R >> >>"


@pytest.fixture
def list_files(shared_extractor, tmp_path):
    """The names of the files inside of a page with more objects, and this in its catalog."""

    def list_files(in_catalog, more=None):
        objects = make_objects([make_stream(show_text("A page."))])
        objects[CATALOG] = objects[CATALOG][:-2] + in_catalog + b" >>"
        objects |= {
            50: IN_PLACE,
            51: make_stream(FIRST, b"/Type /EmbeddedFile"),
            52: EQUATION,
            53: make_stream(b"<math/>", b"/Type /EmbeddedFile"),
        }
        for number, added in (more or {}).items():
            objects[number] = objects.get(number, b"<< >>")[:-2] + added + b" >>"
        path = tmp_path / "document.pdf"
        path.write_bytes(write_pdf(objects))
        with shared_extractor.open(path, Deadline.after(60)) as document:
            return list(document.embedded_files)

    return list_files


@pytest.mark.parametrize("named", [b"[%b]", b"%b", b"[52 0 R %b]"])
def test_a_specification_that_stands_in_place_is_a_file(list_files, named):
    assert list_files(b"/AF " + named % IN_PLACE) == ["a.pdf"]


def test_a_file_behind_many_equations_is_found(list_files):
    holders = dict.fromkeys(range(100, 170), b"/AF [52 0 R]")
    assert list_files(b"", holders) == []
    square = b"/Type /Annot /Subtype /Square /Rect [9 9 30 30] /AF [50 0 R]"
    assert list_files(b"", holders | {FIRST_PAGE: b"/Annots [170 0 R]", 170: square}) == ["a.pdf"]


def test_a_broken_object_hides_no_file_that_stands_before_it(list_files):
    broken = {FIRST_PAGE: b"/AF [60 0 R]", 60: b"/Type /Filespec /F " + b"[" * 3_000}
    assert list_files(b"/AF [50 0 R]", broken) == ["a.pdf"]


@pytest.mark.parametrize("word", [b"/AF[", b"/AF[ 1 0 R ", b"/Contents[", b"/Contents [ 1 0 R "])
def test_a_look_at_lists_takes_no_longer_where_none_ends(tmp_path, word):
    """To go through the rest of the text for each of them would take many seconds."""
    began = time.process_time()
    scan_file(tmp_path / "unread.pdf", b"%PDF-1.7\n1 0 obj\n/Filespec " + 60_000 * word)
    assert time.process_time() - began < 5


def test_each_node_of_the_list_of_files_is_looked_at_once():
    looked_at = []

    class Node(dict):
        def get(self, key, default=None):
            looked_at.append(key)
            return super().get(key, default)

    node = Node()
    for _ in range(12):
        node = Node({"/Kids": [node, node]})
    node["/Kids"].append(node)
    root = {"/Names": {"/EmbeddedFiles": node}}
    assert list(find_associated_files(SimpleNamespace(root_object=root, pages=[]))) == []
    assert len(looked_at) == 2 * 13
