"""Zip files of files that several zips share, each of which is compressed once.

`zipfile` compresses whatever it is given, anew for each zip; most of a function's dependencies are
those of other functions too. What is written here is byte for byte what `add_files` would write.
"""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.archive import make_entry


@dataclass(frozen=True)
class PackedFile:
    """A compressed file.

    Args:
        data: Its compressed form.
        size_bytes: Its own size.
        checksum: Its CRC-32.
    """

    data: bytes
    size_bytes: int
    checksum: int


def pack_file(path: Path, compression_level: int) -> PackedFile:
    """Compress a file."""
    content = path.read_bytes()
    compressor = zlib.compressobj(compression_level, zlib.DEFLATED, -zlib.MAX_WBITS)
    data = compressor.compress(content) + compressor.flush()
    return PackedFile(data, len(content), zlib.crc32(content))


def write_zip(archive: Path, files: Mapping[str, PackedFile]) -> None:
    """Write a zip file, in the order of the names in it.

    Args:
        archive: The zip file, made anew.
        files: The files by their paths in the zip.
    """
    with archive.open("wb") as stream, zipfile.ZipFile(stream, "w") as file:
        for name in sorted(files):
            packed, entry = files[name], make_entry(name)
            entry.CRC, entry.header_offset = packed.checksum, stream.tell()
            entry.file_size, entry.compress_size = packed.size_bytes, len(packed.data)
            stream.write(entry.FileHeader() + packed.data)
            # There is no method for data that is compressed: this is what `writestr` does last.
            file.filelist.append(entry)
            file.start_dir = stream.tell()
