"""A zip of files that were compressed before is the one that `zipfile` writes."""

import zipfile

import pytest

from infra.packaging.archive import add_files
from infra.packaging.packed_zip import pack_file, write_zip


@pytest.fixture
def files(tmp_path):
    """Files of several kinds by their paths in a zip."""
    contents = {
        "a/module.pyc": b"bytecode " * 5_000,
        "a/__init__.py": b"",
        "lib/liba.so.3": bytes(range(256)) * 300,
        "år rapport.txt": b"text",
    }
    paths = {}
    for number, (name, content) in enumerate(contents.items()):
        paths[name] = tmp_path / str(number)
        paths[name].write_bytes(content)
    return paths


@pytest.mark.parametrize("level", [1, 9])
def test_it_is_byte_for_byte_what_zipfile_writes(files, tmp_path, level):
    add_files(tmp_path / "expected.zip", files, level)
    packed = {name: pack_file(path, level) for name, path in files.items()}
    write_zip(tmp_path / "written.zip", packed)
    assert (tmp_path / "written.zip").read_bytes() == (tmp_path / "expected.zip").read_bytes()


def test_more_is_added_to_it_as_to_any_other(files, tmp_path):
    archive = tmp_path / "written.zip"
    write_zip(archive, {name: pack_file(path, 9) for name, path in files.items()})
    more = tmp_path / "more"
    more.write_bytes(b"own code")
    add_files(archive, {"own.py": more}, 1)
    with zipfile.ZipFile(archive) as written:
        assert written.testzip() is None
        assert written.namelist() == [*sorted(files), "own.py"]
        assert {name: written.read(name) for name in files} == {
            name: path.read_bytes() for name, path in files.items()
        }
