"""The streams of compound files are read as another library reads them, or refused."""

import io
import random
import struct

import olefile
import pytest

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.readers.old_office.compound_files import FileBytes, read_streams
from shared.errors import RejectionCode
from tests.fakes.office.compound_files import make_compound_file
from tests.project_files import PROJECT

DOCUMENTS = PROJECT / "tests" / "documents"
OLD_FILES = sorted(path for end in ("doc", "ppt", "xls") for path in DOCUMENTS.rglob(f"*.{end}"))
SECTOR = 512
# Where the header tells the first sector of the directory, and that of the short sectors' table.
DIRECTORY_AT, MINI_TABLE_AT = 48, 60


@pytest.mark.parametrize("path", OLD_FILES, ids=lambda path: path.name)
def test_streams_are_those_that_another_library_finds(path):
    data = path.read_bytes()
    with path.open("rb") as opened:
        asked_for = read_streams(FileBytes(opened), ["WordDocument", "PowerPoint Document", "Book"])
    assert asked_for == read_streams(data, ["WordDocument", "PowerPoint Document", "Book"])
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        expected = {
            name: file.openstream(name).read() for name, *below in file.listdir() if not below
        }
    assert expected
    assert read_streams(data, expected) == expected
    one = next(iter(expected))
    assert read_streams(data, [one, "none of this name"]) == {one: expected[one]}


def test_a_document_inside_of_the_document_is_not_taken_for_it():
    data = make_compound_file({"ObjectPool/_1/WordDocument": b"inner", "WordDocument": b"outer"})
    assert read_streams(data, ["WordDocument"])["WordDocument"].rstrip(b"\0") == b"outer"
    inner = make_compound_file({"ObjectPool/_1/WordDocument": b"inner"})
    assert read_streams(inner, ["WordDocument"]) == {}


def test_a_table_of_more_sectors_than_the_header_names_is_read():
    # Every number of the table of the first 109 sectors, and of one more, is in use.
    content = random.Random(1).randbytes(SECTOR * 128 * 109)
    tables = -(-len(content) // SECTOR // 127) + 1
    directory, first = tables + 1, tables + 2
    count = len(content) // SECTOR
    table = [0xFFFFFFFD] * tables + [0xFFFFFFFC, 0xFFFFFFFE]
    table += [*range(first + 1, first + count), 0xFFFFFFFE]
    places = list(range(tables))
    header = bytearray(make_compound_file({"Book": b""})[:SECTOR])
    struct.pack_into("<II", header, 44, tables, directory)
    struct.pack_into("<II", header, 68, tables, 1)
    struct.pack_into("<109I", header, 76, *places[:109])
    entries = bytearray(make_compound_file({"Book": b""})[2 * SECTOR : 3 * SECTOR])
    struct.pack_into("<II", entries, 128 + 116, first, len(content))
    packed = struct.pack(f"<{len(table)}I", *table).ljust(tables * SECTOR, b"\xff")
    further = struct.pack(f"<{tables - 109}I", *places[109:]).ljust(SECTOR - 4, b"\xff")
    data = bytes(header) + packed + further + b"\xfe\xff\xff\xff" + bytes(entries) + content
    with olefile.OleFileIO(io.BytesIO(data)) as file:
        assert file.openstream("Book").read() == content
    assert read_streams(data, ["Book"]) == {"Book": content}
    # The list of the table's sectors is not there.
    struct.pack_into("<I", header, 68, 0xFFFFFFFE)
    with pytest.raises(UnreadableDocumentError):
        read_streams(bytes(header) + data[SECTOR:], ["Book"])


def patch(data, place, number):
    patched = bytearray(data)
    struct.pack_into("<I", patched, place, number)
    return bytes(patched)


def test_circles_end():
    data = make_compound_file({"Book": b"x" * 6000, "Other": b"y"})
    # The second entry of the directory is its own neighbour; a stream's second sector follows it.
    in_directory = patch(data, 2 * SECTOR + 128 + 72, 1)
    assert read_streams(in_directory, ["Other"]) == {}
    first = struct.unpack_from("<I", data, 2 * SECTOR + 128 + 116)[0]
    in_stream = patch(data, SECTOR + 4 * (first + 1), first)
    assert len(read_streams(in_stream, ["Book"])["Book"]) == 6000
    # And so for the directory itself, which is as long as the file then.
    assert read_streams(patch(data, SECTOR + 4, 1), ["Other"])


def test_what_is_no_whole_compound_file_is_refused():
    data = (DOCUMENTS / "libreoffice-lease.doc").read_bytes()
    names = ["WordDocument", "1Table", "\x01CompObj"]
    broken = [
        b"",
        b"\xd0\xcf" * 400,
        data[:511],
        data[:1500],
        data[: len(data) // 2],
        patch(data, 30, 0x00060040),
        patch(data, DIRECTORY_AT, 1 << 20),
        patch(data, MINI_TABLE_AT, 0xFFFFFFFE),
    ]
    for one in broken:
        with pytest.raises(UnreadableDocumentError) as refusal:
            read_streams(one, names)
        assert refusal.value.code is RejectionCode.DAMAGED
        assert refusal.value.reason


def test_nothing_else_is_raised_whatever_the_bytes_are():
    data = (DOCUMENTS / "libreoffice-rules.doc").read_bytes()
    names = ["WordDocument", "1Table", "\x01CompObj"]
    chance = random.Random(7)
    outcomes = set()
    for _ in range(2000):
        broken = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            # The header, the table and the directory.
            struct.pack_into(
                "<I",
                broken,
                chance.choice((chance.randrange(80), chance.randrange(len(data) - 4))),
                chance.choice((0, 1, 2, 0x7FFFFFFF, 0xFFFFFFFE, chance.getrandbits(32))),
            )
        try:
            streams = read_streams(bytes(broken), names)
        except UnreadableDocumentError:
            outcomes.add("refused")
        else:
            outcomes.add("read")
            assert all(len(stream) <= len(data) for stream in streams.values())
    assert outcomes == {"read", "refused"}
