"""XML parts of a package, parsed by the standard library's parser in C.

It makes a tree without a call into Python for each element. Nothing may define entities, so that
none can grow.
"""

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from posixpath import normpath
from typing import IO, Any, cast
from xml.etree import ElementTree
from xml.parsers import expat

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.packages import MAX_EXPANDED_BYTES
from shared.errors import RejectionCode

_PIECE_BYTES = 1 << 16
# A tree takes some ten times as much.
_LARGE_TREE_BYTES = 6 << 20
_BROKEN_PART = "a part of it breaks off or is no XML"
_BROKEN_PACKING = "a part of it cannot be unpacked"
_LOCAL_HEADER, _LOCAL_HEADER_BYTES = b"PK\x03\x04", 30
_NAME_AND_EXTRA, _NAME_AND_EXTRA_AT = struct.Struct("<HH"), 26
_IS_UTF_8 = 0x800
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)(?=[\s>])[^<>]*>")


class NoPlainXmlError(Exception):
    """A page is no XML, or defines entities."""


class _DefinitionError(Exception):
    """A part declares what may define entities. Never leaves this module."""


class _PrologueEnd(Exception):
    """The first element of a part begins: no declaration can follow."""


class _Prologue:
    """Looks at what stands before the first element, and refuses some of its declarations."""

    def __init__(self, *, allows_doctype: bool = False) -> None:
        parser = expat.ParserCreate()
        if allows_doctype:
            parser.EntityDeclHandler = _refuse_definition
        else:
            parser.StartDoctypeDeclHandler = _refuse_definition
        parser.StartElementHandler = _end_prologue
        self._parser: expat.XMLParserType | None = parser

    def check(self, piece: bytes, *, is_end: bool = False) -> None:
        """Look at the next piece.

        Args:
            piece: The piece.
            is_end: Whether none follows. Expat may put off what it has got until it has more or
                knows that there is no more: the end has to be checked before a tree is closed.

        Raises:
            _DefinitionError: There is a declaration that is refused.
        """
        if self._parser is not None:
            try:
                self._parser.Parse(piece, is_end)
            except _PrologueEnd:
                self._parser = None


@contextmanager
def open_package(file: Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    r"""Open a package, once for all parts that are read of it.

    Some programs of Windows write `\` between folders: such a part has the name with `/`, too.

    Raises:
        UnreadableDocumentError: Its list of parts cannot be read.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error
    with archive:
        for name in [name for name in archive.NameToInfo if "\\" in name]:
            archive.NameToInfo.setdefault(name.replace("\\", "/"), archive.NameToInfo[name])
        yield archive


def list_elements(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    """The elements of a short part, in order: the name of each, and its attributes.

    Raises:
        UnreadableDocumentError: The part is missing, damaged or too large.
    """
    return [(one.tag, one.attrib) for one in parse_tree(archive, part).iter()]


def list_elements_of(part: bytes) -> list[tuple[str, dict[str, str]]]:
    """The elements of a short part that is unpacked, as `list_elements` gives them.

    Raises:
        UnreadableDocumentError: It is damaged.
    """
    return [(one.tag, one.attrib) for one in _parse((part,)).iter()]


def read_relations(archive: zipfile.ZipFile, part: str) -> dict[str, str]:
    """The names of the parts that a part of an Office document refers to, by their ids there.

    Source: ECMA-376-2, 9.3 (relationships), 9.3.3 (where they stand).

    Raises:
        UnreadableDocumentError: As by `list_elements`.
    """
    folder, _, name = part.rpartition("/")
    relations = f"{folder}/_rels/{name}.rels"
    if relations not in archive.NameToInfo:
        return {}
    return {
        attributes.get("Id", ""): normpath(f"/{folder}/{target}").lstrip("/")
        if not target.startswith("/")
        else target.lstrip("/")
        for _, attributes in list_elements(archive, relations)
        if (target := attributes.get("Target", ""))
    }


def parse_tree(
    archive: zipfile.ZipFile,
    part: str,
    folded: frozenset[str] = frozenset(),
    fold: Callable[[ElementTree.Element], None] | None = None,
    shorten: Callable[[Iterator[bytes]], Iterator[bytes]] = iter,
) -> ElementTree.Element:
    """Parse a part of a package.

    Args:
        archive: The package.
        part: Its name in there.
        folded: The names of elements that are made less once parsed, in a large part.
        fold: Makes one less.
        shorten: Makes its pieces less before they are parsed.

    Raises:
        UnreadableDocumentError: The part is missing, damaged or too large, or it declares a
            document type, which may define entities.
        MemoryError: The tree takes more than the process may use.
    """
    is_large = part in archive.NameToInfo and archive.getinfo(part).file_size > _LARGE_TREE_BYTES
    pieces = shorten(read_pieces(archive, part))
    return _parse(pieces, folded, fold if is_large else None)


def parse_section(part: bytes, name: bytes) -> ElementTree.Element:
    """Parse of a part its root and a section in it; all of it where the section is not found.

    Args:
        part: The part.
        name: The name of the section's element, with the prefix that programs give it.

    Raises:
        UnreadableDocumentError: As by `parse_tree`.
    """
    root, start = _ROOT.search(part), part.find(b"<" + name)
    end = part.rfind(b"</" + name)
    if root is None or not root.end() <= start < end:
        return _parse((part,))
    return _parse((part[: root.end()], part[start:end], b"</" + name + b"></" + root[1] + b">"))


def parse_page(page: bytes) -> ElementTree.Element:
    """Parse a page of a book, whose document type may name its kind and nothing else.

    Raises:
        NoPlainXmlError: It is no XML, or defines entities.
    """
    try:
        return _feed((page,), _Prologue(allows_doctype=True))
    except (
        *(_DefinitionError, ElementTree.ParseError, expat.ExpatError, LookupError, ValueError),
    ) as error:
        raise NoPlainXmlError from error


def read_part(archive: zipfile.ZipFile, part: str) -> bytes:
    """The bytes of a part; none without the part.

    Raises:
        UnreadableDocumentError: The part is damaged or too large.
    """
    return b"".join(read_pieces(archive, part)) if part in archive.NameToInfo else b""


def unpack_part(package: bytes, part: zipfile.ZipInfo) -> bytes:
    """The bytes of a part, in a fifth of the time that `zipfile` takes for a short one.

    Source: PKWARE, "APPNOTE.TXT - .ZIP File Format Specification", 4.3.7 (local file header).

    Args:
        package: The whole package.
        part: What its list says of the part.

    Raises:
        UnreadableDocumentError: The part is damaged, or not what the list says.
    """
    name_at = part.header_offset + _LOCAL_HEADER_BYTES
    header = package[part.header_offset : name_at]
    if len(header) == _LOCAL_HEADER_BYTES and header.startswith(_LOCAL_HEADER):
        name_bytes, extra_bytes = _NAME_AND_EXTRA.unpack_from(header, _NAME_AND_EXTRA_AT)
        name_end = name_at + name_bytes
        encoding = "utf-8" if part.flag_bits & _IS_UTF_8 else "cp437"
        is_same = package[name_at:name_end].decode(encoding, "replace") == part.orig_filename
        start = name_end + extra_bytes
        unpacked = _inflate(package[start : start + part.compress_size], part) if is_same else b""
        if len(unpacked) == part.file_size and zlib.crc32(unpacked) == part.CRC:
            return unpacked
    raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PACKING)


def _inflate(packed: bytes, part: zipfile.ZipInfo) -> bytes:
    if part.compress_type == zipfile.ZIP_STORED:
        return packed
    if part.compress_type != zipfile.ZIP_DEFLATED:
        return b""
    try:
        # One byte more than the list says tells that it says too little.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, part.file_size + 1)
    except zlib.error:
        return b""


def replace_parts(package: bytes, parts: Mapping[str, Iterable[bytes]]) -> bytes:
    """A package with other parts in the place of some, or besides; the rest is copied as packed.

    Args:
        package: A package that `open_package` can open.
        parts: The pieces of what they are to be, by their names.

    Raises:
        UnreadableDocumentError: What its list says of the rest is nothing that a list can say.
    """
    file = io.BytesIO(package)
    try:
        # What is large is mostly equal words, of which a package is to hold no more than before.
        with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, pieces in parts.items():
                # The list is written anew where it stood; the old bytes are in no part then. Names
                # that differ in case are one to the library.
                for old in [one for one in archive.NameToInfo if one.lower() == name.lower()]:
                    archive.filelist.remove(archive.NameToInfo.pop(old))
                with archive.open(name, "w") as part:
                    for piece in pieces:
                        part.write(piece)
    except struct.error as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error
    return file.getvalue()


def _parse(
    pieces: Iterable[bytes],
    folded: frozenset[str] = frozenset(),
    fold: Callable[[ElementTree.Element], None] | None = None,
) -> ElementTree.Element:
    try:
        if fold is None:
            return _feed(pieces, _Prologue())
        return _feed_folding(pieces, _Prologue(), folded, fold)
    except _DefinitionError as error:
        reason = "a part of it defines entities, which no office program writes"
        raise UnreadableDocumentError(RejectionCode.OVER_LIMITS, reason) from error
    # An encoding that there is none of, or of several bytes, is named by no XML that expat reads.
    except (ElementTree.ParseError, expat.ExpatError, LookupError, ValueError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error


def _feed(pieces: Iterable[bytes], prologue: _Prologue) -> ElementTree.Element:
    # What `_Prologue` lets pass defines no entity, so that none can grow or name a file. It is the
    # same parser, gets the same pieces first, and is told of their end first.
    parser: ElementTree.XMLParser = ElementTree.XMLParser()  # noqa: S314  # no entity gets here
    for piece in pieces:
        prologue.check(piece)
        parser.feed(piece)
    prologue.check(b"", is_end=True)
    return parser.close()


def _feed_folding(
    pieces: Iterable[bytes],
    prologue: _Prologue,
    folded: frozenset[str],
    fold: Callable[[ElementTree.Element], None],
) -> ElementTree.Element:
    parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(("end",))
    root = ElementTree.Element("")
    for piece in chain(pieces, (b"",)):
        prologue.check(piece, is_end=not piece)
        if piece:
            parser.feed(piece)
        else:
            parser.close()
        # The last element that ends is the root.
        for event in parser.read_events():
            root = cast("ElementTree.Element", cast(Any, event)[1])
            if root.tag in folded:
                fold(root)
    return root


def read_pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The bytes of a part, which may be large, some KiB at a time.

    Raises:
        UnreadableDocumentError: The part is missing, damaged or too large.
    """
    left_bytes = MAX_EXPANDED_BYTES
    try:
        with archive.open(part) as file:
            while piece := file.read(_PIECE_BYTES):
                left_bytes -= len(piece)
                if left_bytes < 0:
                    raise UnreadableDocumentError(RejectionCode.EXPANDS_TOO_FAR)
                yield piece
    except KeyError as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, "its main part is missing") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PART) from error
    except (zlib.error, lzma.LZMAError) as error:
        raise UnreadableDocumentError(RejectionCode.DAMAGED, _BROKEN_PACKING) from error


def _refuse_definition(*declaration: object) -> None:
    raise _DefinitionError


def _end_prologue(*element: object) -> None:
    raise _PrologueEnd
