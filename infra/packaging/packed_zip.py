"""Zip files of files that several zips share, each of which is compressed once.

`zipfile` compresses whatever it is given, anew for each zip; most of a function's dependencies are
those of other functions too. What is written here is byte for byte what `zipfile` would write
(PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 4.3.7, 4.3.12 and 4.3.16).
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_VERSION, _UTF_8, _DEFLATED, _UNIX = 20, 0x800, 8, 3
# 1 January 1980, 00:00, as MS-DOS counts.
_TIME, _DATE = 0, 1 << 5 | 1
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_CENTRAL_HEADER = struct.Struct("<4s2B5H3L5H2L")
_END = struct.Struct("<4s4H2LH")


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
    compressor = zlib.compressobj(compression_level, zlib.DEFLATED, -15)
    data = compressor.compress(content) + compressor.flush()
    return PackedFile(data, len(content), zlib.crc32(content))


def write_zip(archive: Path, files: Mapping[str, PackedFile]) -> None:
    """Write a zip file of less than 4 GB and 65,536 files, in the order of their names.

    Args:
        archive: The zip file, made anew.
        files: The files by their paths in the zip.
    """
    central = bytearray()
    with archive.open("wb") as stream:
        for name in sorted(files):
            packed, offset, raw_name = files[name], stream.tell(), name.encode()
            rights = 0o755 if ".so" in Path(name).suffixes else 0o644
            common = (
                *(_VERSION, 0 if name.isascii() else _UTF_8, _DEFLATED, _TIME, _DATE),
                *(packed.checksum, len(packed.data), packed.size_bytes, len(raw_name), 0),
            )
            stream.write(_LOCAL_HEADER.pack(b"PK\3\4", *common) + raw_name + packed.data)
            central += _CENTRAL_HEADER.pack(
                b"PK\1\2", _VERSION, _UNIX, *common, 0, 0, 0, rights << 16, offset
            )
            central += raw_name
        start = stream.tell()
        end = _END.pack(b"PK\5\6", 0, 0, len(files), len(files), len(central), start, 0)
        stream.write(central + end)
