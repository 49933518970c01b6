"""What only debuggers read is blanked in shared libraries, and they load as before."""

import ctypes
import shutil
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from infra.packaging.shared_libraries import blank_debug_tables


def find_library():
    spec = find_spec("tesserocr")
    if spec is None or sys.platform != "linux":
        return None
    (library,) = Path(spec.origin).parent.glob("tesserocr.*.so")
    return library


@pytest.mark.skipif(find_library() is None, reason="no wheel of tesserocr for it")
def test_a_library_is_smaller_and_loads(tmp_path):
    library = find_library()
    blanked = blank_debug_tables(library)

    assert len(blanked) == library.stat().st_size
    assert len(zlib.compress(blanked)) < len(zlib.compress(library.read_bytes())) / 3
    copy = tmp_path / "tesserocr" / library.name
    shutil.copytree(library.parent.with_name("tesserocr.libs"), tmp_path / "tesserocr.libs")
    copy.parent.mkdir()
    copy.write_bytes(blanked)
    assert ctypes.CDLL(str(copy)).PyInit_tesserocr


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"\x7fELF\x01\x01" + b"\0" * 99, b"MZ" * 50])
def test_another_file_stays_as_it_is(tmp_path, data):
    path = tmp_path / "x.so"
    path.write_bytes(data)
    assert blank_debug_tables(path) is None
