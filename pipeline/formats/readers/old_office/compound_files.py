"""The streams of a compound file, in which old Office keeps a document (Microsoft, [MS-CFB]).

A stream is a chain of sectors, and a table tells of each sector which is the next one; a short
stream lies in smaller sectors of a stream that is the root's. Names stand in a directory, a tree of
which only the top is looked at: below it are documents inside of the document.
"""

import struct
from array import array
from collections.abc import Iterable, Iterator
from mmap import mmap
from os import fstat, pread
from typing import BinaryIO, NamedTuple

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.old_office import OLE_START
from shared.errors import RejectionCode

# 2.2, Compound File Header: the shifts of both sizes of sectors; then the number of sectors of the
# table, the first of the directory, from which size on a stream is long, where the table of short
# sectors begins and how long it is, the same of the list of the table's sectors; its beginning.
_SHIFTS = struct.Struct("<30xHH")
_PLACES = struct.Struct("<44xII4xIIIII")
_TABLE_LIST_AT, _TABLE_LIST_LENGTH = 76, 109
_HEADER_BYTES = 512
_SECTOR_SHIFTS = (9, 12)
_MINI_SHIFT = 6
# 2.6.1, Compound File Directory Entry: name, its bytes with the null at its end, kind; entries to
# the left and right and below; first sector, size.
_ENTRY = struct.Struct("<64sHBxIII36xII4x")
_STORAGE, _STREAM = 1, 2
_NUMBER_BYTES = 4


class FileBytes:
    """The bytes of a file of which little is read: to map it costs more than to ask for that.

    Args:
        file: The file, which stays open while slices are taken.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._number = file.fileno()
        self._size = fstat(self._number).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        return pread(self._number, max(stop - start, 0), start)


class _Entry(NamedTuple):
    name: bytes
    name_bytes: int
    kind: int
    left: int
    right: int
    below: int
    sector: int
    size: int


class _Sectors(NamedTuple):
    """Sectors of one size, one after the other, and of each which is the next one."""

    data: bytes | mmap | FileBytes
    shift: int
    start: int
    following: "array[int]"

    def read(self, sector: int, size: int) -> bytes:
        """The first bytes of the stream that begins with a sector: fewer where it ends before."""
        left = -(-size >> self.shift)
        runs = []
        while left > 0 and sector < len(self.following):
            end = sector + 1
            # Most lie one after the other. A chain that turns in a circle ends with its size.
            while end < sector + left and self.following[end - 1] == end:
                end += 1
            runs.append(
                self.data[self.start + (sector << self.shift) : self.start + (end << self.shift)]
            )
            left -= end - sector
            sector = self.following[end - 1]
        return (runs[0] if len(runs) == 1 else b"".join(runs))[:size]


def read_streams(
    data: bytes | mmap | FileBytes, names: Iterable[str], folder: str | None = None
) -> dict[str, bytes]:
    """The streams at the top of a compound file that have one of some names, those that are there.

    Args:
        data: The bytes of the file.
        names: The names, as programs write them.
        folder: The name of a storage at the top, in which the streams are looked for instead.

    Raises:
        UnreadableDocumentError: It is no such file, or a stream is not all there.
    """
    header = data[:_HEADER_BYTES]
    if len(header) < _HEADER_BYTES or not header.startswith(OLE_START):
        raise _refuse("it does not begin as its format does")
    shift, _ = _SHIFTS.unpack_from(header)
    if shift not in _SECTOR_SHIFTS:
        raise _refuse("it has sectors of no known size")
    count, directory, long_from, mini_table, _, table_list, _ = _PLACES.unpack_from(header)
    place = 1 << shift
    table = b"".join(
        data[(sector << shift) + place : (sector << shift) + 2 * place]
        for sector in _list_table(data, shift, min(count, _count_most(data, shift)), table_list)
    )
    sectors = _Sectors(data, shift, place, _to_numbers(table))
    entries = sectors.read(directory, len(data))
    if len(entries) < _ENTRY.size:
        raise _refuse("its directory is missing")
    root = _Entry(*_ENTRY.unpack_from(entries))
    top = root.below if folder is None else _find_folder(entries, root.below, folder)
    wanted = {f"{name}\0".encode("utf-16-le"): name for name in names}
    streams: dict[str, bytes] = {}
    short: _Sectors | None = None
    for entry in _walk(entries, top):
        name = wanted.get(entry.name[: entry.name_bytes])
        if name is None or entry.kind != _STREAM:
            continue
        if entry.size >= long_from:
            held = sectors
        else:
            short = held = short or _Sectors(
                sectors.read(root.sector, min(root.size, len(data))),
                _MINI_SHIFT,
                0,
                _to_numbers(sectors.read(mini_table, len(data))),
            )
        # No stream is longer than its file.
        streams[name] = held.read(entry.sector, min(entry.size, len(data)))
        if len(streams[name]) < entry.size:
            raise _refuse("it breaks off before its end")
        if len(streams) == len(wanted):
            break
    return streams


def _find_folder(entries: bytes, top: int, name: str) -> int:
    """The first entry in a storage at the top; one that is not there if there is no such."""
    wanted = f"{name}\0".encode("utf-16-le")
    for entry in _walk(entries, top):
        if entry.kind == _STORAGE and entry.name[: entry.name_bytes] == wanted:
            return entry.below
    return len(entries)


def _count_most(data: bytes | mmap | FileBytes, shift: int) -> int:
    """As many sectors as a table of all sectors of a file takes at most."""
    return (len(data) >> shift) * _NUMBER_BYTES // (1 << shift) + 1


def _list_table(
    data: bytes | mmap | FileBytes, shift: int, count: int, sector: int
) -> Iterator[int]:
    """The sectors of the table: the list begins in the header and goes on in sectors of its own."""
    first = min(count, _TABLE_LIST_LENGTH)
    yield from struct.unpack_from(f"<{first}I", data[:_HEADER_BYTES], _TABLE_LIST_AT)
    count -= first
    in_sector = (1 << shift) // _NUMBER_BYTES - 1
    while count > 0:
        place = (sector + 1) << shift
        listed = data[place : place + (1 << shift)]
        if len(listed) < 1 << shift:
            raise _refuse("its table of sectors breaks off")
        # The last of its numbers is the next sector of the list.
        *numbers, sector = struct.unpack(f"<{in_sector + 1}I", listed)
        yield from numbers[:count]
        count -= in_sector


def _to_numbers(data: bytes) -> "array[int]":
    return array("I", data[: len(data) // _NUMBER_BYTES * _NUMBER_BYTES])


def _walk(entries: bytes, first: int) -> Iterator[_Entry]:
    """The entries of a level of the directory, each once whatever they say of one another."""
    waiting, seen = [first], set()
    while waiting:
        number = waiting.pop()
        place = number * _ENTRY.size
        if number in seen or place + _ENTRY.size > len(entries):
            continue
        seen.add(number)
        entry = _Entry(*_ENTRY.unpack_from(entries, place))
        yield entry
        waiting += (entry.right, entry.left)


def _refuse(reason: str) -> UnreadableDocumentError:
    return UnreadableDocumentError(RejectionCode.DAMAGED, reason)
