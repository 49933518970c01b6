"""What the bytes of a PDF say of it, without an engine: a quick look that only raises a suspicion.

Every stream that may hold text is held against its own end and checksum (`stream_check`), and
objects that pages refer to are looked for. What lies in the file need not be in use, so this
judges no page: a file under suspicion is looked at page by page (`page_check`), which takes longer.
"""

import mmap
import re
from pathlib import Path
from typing import NamedTuple

from pipeline.extraction.file_header import breaks_off_in_change, has_end
from pipeline.extraction.wholeness.conversions import find_conversion
from pipeline.extraction.wholeness.font_signs import has_renamed_glyphs, lacks_parts_of_fonts
from pipeline.extraction.wholeness.stream_check import (
    BROTLI,
    FLATE,
    MAX_SLOW_BYTES,
    MAX_UNPACKED_BYTES,
    BrokenStreamError,
    check_flate,
    check_stream,
    unpack_flate,
)

# No more than this is unpacked of a file: a suspicion that is not raised costs less than a bomb.
_MAX_UNPACKED_OF_FILE = 4 * MAX_UNPACKED_BYTES
# What only Python decodes counts for so much more.
_COST_OF_SLOW_BYTES = _MAX_UNPACKED_OF_FILE // MAX_SLOW_BYTES
_MAX_DICTIONARY_BYTES = 4096
# The number and the generation of an object.
_MAX_NUMBERS_BYTES = 20
_MAX_OBJECT_BYTES = 60_000
# More objects that are named where streams belong, and are none, are suspicious by themselves.
_MAX_LOOKED_UP = 64

_STREAM, _END_OF_STREAM = b"stream", b"endstream"
_LINE_ENDS = (b"\n", b"\r")
_FILTER = re.compile(rb"/Filter\s*(\[[^\]]{0,400}\]|/[^\s/<>\[\]()]{1,60})")
# Its name stands elsewhere: nothing is known of such a stream here.
_FILTER_APART = re.compile(rb"/Filter\s*+(?:\[\s*+)?\d")
_NAME = re.compile(rb"/([^\s/<>\[\]()]{1,60})")
# Pictures (a thumbnail has no subtype), fonts, colour profiles, metadata, attached files, shadings:
# no engine reads text from them.
_NO_TEXT = re.compile(
    rb"/(?:Image|Width|Length1|Type1C|CIDFontType0C|OpenType|Alternate|Metadata"
    rb"|EmbeddedFile|XRef|ShadingType)\b"
)
_OBJECTS_INSIDE = b"/ObjStm"
# A form may name a picture, or the width of one, among its resources.
_FORM = b"/Form"
_LENGTH = re.compile(rb"/Length\s+(\d{1,10})")
_MAX_LINE_END_BYTES = 2
_FIRST = re.compile(rb"/First\s+(\d{1,9})")

# Where a page says what it shows: streams, or an array or a dictionary that names them, by how that
# begins. Each pattern begins with a plain word, which is found quickly.
_USES = {
    b"[": re.compile(rb"/Contents(?:\s*\[[^\]<>()/]{0,60000}[\]/]|\s+\d{1,10}\s+\d{1,5}\s+R\b)"),
    b"<<": re.compile(rb"/XObject(?:\s*<<[^<>]{0,60000}>>|\s+\d{1,10}\s+\d{1,5}\s+R\b)"),
}
_STRING = re.compile(rb"\(|<(?!<)")
_REFERENCE = re.compile(rb"\b(\d{1,10})\s+\d{1,5}\s+R\b")
# What is associated is a file specification, and has to say so.
_SPECIFICATION, _ASSOCIATED = b"/Filespec", b"/AF"
_FILE_ANNOTATION_NAME = b"/FileAttachment"
_FILE_ANNOTATION = re.compile(rb"/Subtype\s*/FileAttachment\b")
# Any kind of thing that is not one of these: fonts, pictures, metadata, and annotations that show
# no words of their own.
_NOTE = re.compile(
    rb"/Subtype(?!\s*/(?:Link|Popup|Type0|Type1C?|MMType1|TrueType|Type3|CIDFontType[02]C?|OpenType"
    rb"|Image|Form|XML)\b)"
)
_LAYERS = b"/OCProperties"
# Also what belongs to layers so that it is shown where they are off, or by an expression.
_LAYER_OFF = re.compile(
    rb"/OFF\s*\[\s*\d|/OFF\s+\d|/(?:BaseState|ViewState)\s*/OFF|/P\s*/A(?:ll|ny)Off|/VE\s*[\[\d]"
)
_CERTIFICATE = re.compile(rb"/(?:Adobe\.PubSec|Adobe\.APS|Adobe\.PPKLite|Entrust\.PPKEF)\b")


class FileScan(NamedTuple):
    """What a look at the bytes has shown.

    Args:
        is_suspicious: Whether a stream is not whole, or an object that a page may draw is gone.
        is_encrypted: Whether streams are encrypted, so that nothing is known of them.
        has_renamed_glyphs: Whether fonts whose glyphs are drawings call them by other letters than
            their codes.
        has_file_annotations: Whether files may hang on pages.
        has_unlisted_files: Whether files may be associated with something and in no list of files.
        may_hide_layers: Whether it speaks of layers, and of some that are off, or has more
            compressed objects than are looked at. Encrypted ones count as if they did not.
        may_show_notes: Whether there may be fields, or annotations that show words.
        needs_certificate: Whether it is encrypted for somebody's key, without any password.
        breaks_off_in_change: Whether it shows what it was before its last change.
        damage: What has happened to the whole file, to follow "it is damaged: "; empty where
            nothing tells it.
    """

    is_suspicious: bool = False
    is_encrypted: bool = False
    has_renamed_glyphs: bool = False
    has_file_annotations: bool = False
    has_unlisted_files: bool = False
    may_hide_layers: bool = False
    may_show_notes: bool = True
    needs_certificate: bool = False
    breaks_off_in_change: bool = False
    damage: str = ""


def scan_file(path: Path, data: bytes | None = None, *, is_decrypted: bool = False) -> FileScan:
    """Look at all bytes of a file once.

    Args:
        path: The file.
        data: Its bytes, where it is held in memory.
        is_decrypted: Whether it is a copy of an encrypted file that is encrypted no more, whatever
            is left in it of the words for that.
    """
    try:
        if data is not None:
            return _Scan(data, is_decrypted=is_decrypted).finish()
        with (
            path.open("rb", buffering=0) as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        ):
            return _Scan(mapped, is_decrypted=is_decrypted).finish()
    except MemoryError:
        return FileScan()


class _Scan:
    """The look at one file.

    Args:
        data: The file.
        is_decrypted: As `scan_file` has it.
    """

    def __init__(self, data: bytes | mmap.mmap, *, is_decrypted: bool) -> None:
        self._data = data
        self._is_decrypted = is_decrypted
        self._is_encrypted = False
        self._has_broken_stream = False
        # Whether one of them is packed into bytes that are not text.
        self._has_broken_bytes = False
        self._has_brotli = False
        self._streams: set[bytes] = set()
        # What object streams hold: pairs of an object's number and its place, and the objects.
        self._packed: list[tuple[list[bytes], bytes]] = []
        self._has_unknown_objects = False
        # What is not inside of a stream, and what object streams unpack to.
        self._texts: list[bytes] = []
        self._room = _MAX_UNPACKED_OF_FILE

    def finish(self) -> FileScan:
        """Look at the text around streams, then at every stream."""
        packed = self._find_packed_streams()
        text = b"\n".join(self._texts)
        self._texts = [text]
        # Nothing is encrypted that says so, and no stream is where it says so.
        self._is_encrypted = not self._is_decrypted and b"/Encrypt" in text
        with memoryview(self._data) as view:
            for dictionary, start, end in packed:
                with view[start:end] as stream:
                    self._look_at_stream(dictionary, stream)
        text = b"\n".join(self._texts)
        self._texts.clear()
        is_suspicious = (
            self._has_broken_stream or self._lacks_stream(text) or lacks_parts_of_fonts(text)
        )
        return FileScan(
            is_suspicious=is_suspicious,
            is_encrypted=self._is_encrypted,
            has_renamed_glyphs=has_renamed_glyphs(
                text, lambda number: self._find_object(number, text)
            ),
            has_file_annotations=_FILE_ANNOTATION_NAME in text
            and _FILE_ANNOTATION.search(text) is not None,
            has_unlisted_files=self._may_have_unlisted_files(text),
            may_hide_layers=(_LAYERS in text and _LAYER_OFF.search(text) is not None)
            or (self._has_unknown_objects and self._room <= 0),
            may_show_notes=self._has_unknown_objects or _NOTE.search(text) is not None,
            needs_certificate=self._is_encrypted and _CERTIFICATE.search(text) is not None,
            breaks_off_in_change=breaks_off_in_change(self._data),
            damage=self._describe_damage(),
        )

    def _find_packed_streams(self) -> list[tuple[bytes, int, int]]:
        """Tell streams from the text around them; what is not packed is as it is.

        Returns:
            The dictionary, the start and the end of each that is packed.
        """
        data, end = self._data, 0
        texts, streams = self._texts, self._streams
        packed: list[tuple[bytes, int, int]] = []
        # To find a plain word is many times as quick as to search for a pattern.
        while (place := data.find(_STREAM, end)) >= 0:
            start = place + len(_STREAM)
            between = data[end:place]
            before = between[-_MAX_DICTIONARY_BYTES:].rstrip()
            after = data[start : start + _MAX_LINE_END_BYTES]
            line_end_bytes = 2 if after == b"\r\n" else 1 if after[:1] in _LINE_ENDS else 0
            if not line_end_bytes or before[-2:] != b">>":
                texts.append(data[end:start])
                end = start
                continue
            start += line_end_bytes
            texts.append(between)
            header = max(0, before.rfind(b" obj"))
            streams.update(before[max(0, header - _MAX_NUMBERS_BYTES) : header].split()[-2:-1])
            dictionary = before[header:]
            end = self._find_end(dictionary, start)
            if b"/Filter" in dictionary or _OBJECTS_INSIDE in dictionary:
                packed.append((dictionary, start, end))
            end += len(_END_OF_STREAM)
        texts.append(data[end:])
        return packed

    def _find_end(self, dictionary: bytes, start: int) -> int:
        """Where a stream ends: where its length says, if that is true."""
        length = _LENGTH.search(dictionary)
        if length is not None:
            end = start + int(length[1])
            after = self._data[end : end + _MAX_LINE_END_BYTES + len(_END_OF_STREAM)]
            place = after.find(_END_OF_STREAM)
            if place >= 0:
                return end + place
        end = self._data.find(_END_OF_STREAM, start)
        return len(self._data) if end < 0 else end

    def _look_at_stream(self, dictionary: bytes, stream: memoryview) -> None:
        has_objects = _OBJECTS_INSIDE in dictionary
        if self._is_encrypted or self._room <= 0:
            self._has_unknown_objects |= has_objects
            return
        if _FORM not in dictionary and _NO_TEXT.search(dictionary):
            return
        if not stream:
            # Nothing is missing of nothing: blank pages of some producers.
            return
        filters = read_filters(dictionary)
        if not filters and _FILTER_APART.search(dictionary):
            self._has_broken_stream = True
            self._has_unknown_objects |= has_objects
            return
        self._has_brotli |= not BROTLI.isdisjoint(filters)
        try:
            if has_objects:
                self._look_at_objects(dictionary, stream, filters)
            elif len(filters) == 1 and filters[0] in FLATE:
                self._room -= check_flate(stream)
            elif filters:
                self._room -= len(stream) * _COST_OF_SLOW_BYTES
                check_stream(stream, filters)
        except BrokenStreamError:
            self._has_broken_stream = True
            self._has_broken_bytes |= bool(filters) and filters[0] in FLATE
            self._has_unknown_objects |= has_objects

    def _look_at_objects(
        self, dictionary: bytes, stream: memoryview, filters: tuple[str, ...]
    ) -> None:
        if not filters:
            objects = bytes(stream)
        elif len(filters) == 1 and filters[0] in FLATE:
            objects = unpack_flate(stream)
        else:
            check_stream(stream, filters)
            self._has_unknown_objects = True
            return
        self._room -= len(objects)
        first = _FIRST.search(dictionary)
        if first is None or b"/Predictor" in dictionary:
            self._has_unknown_objects = True
            return
        start = int(first[1])
        self._texts.append(objects[start:])
        self._packed.append((objects[:start].split(), objects[start:]))

    def _lacks_stream(self, text: bytes) -> bool:
        """Whether something that a page may show refers to what is no stream, or not there."""
        for kind, pattern in _USES.items():
            named: set[bytes] = set()
            apart: set[bytes] = set()
            for match in pattern.finditer(text):
                # An array within one is read by no engine.
                if match[0].count(kind) > 1:
                    return True
                (named if kind in match[0] else apart).update(_REFERENCE.findall(match[0]))
            apart -= self._streams
            if len(apart) > _MAX_LOOKED_UP:
                return True
            for number in apart:
                body = self._find_object(number, text)
                # The words of a note refer to nothing.
                if body is None or not _STRING.match(body):
                    named.update(_REFERENCE.findall(body or b"%b 0 R" % number))
                    if body and not body.startswith(kind):
                        return True
            named -= self._streams
            if len(named) > _MAX_LOOKED_UP or any(self._is_gone(name, text) for name in named):
                return True
        return False

    def _is_gone(self, number: bytes, text: bytes) -> bool:
        """Whether what should be a stream has not even a dictionary."""
        body = self._find_object(number, text)
        return not self._has_unknown_objects if body is None else not body.startswith(b"<<")

    def _may_have_unlisted_files(self, text: bytes) -> bool:
        if _SPECIFICATION not in text or _ASSOCIATED not in text:
            return False
        from pipeline.extraction.files_inside.associated_files import may_name_other_files

        return may_name_other_files(text, lambda number: self._find_object(number, text))

    def _find_object(self, number: bytes, text: bytes) -> bytes | None:
        """An object that is no stream; None where there is none, or null."""
        for pairs, objects in self._packed:
            if number in pairs[::2]:
                place = pairs[::2].index(number)
                ends = [int(end) for end in pairs[1::2][place : place + 2] if end.isdigit()]
                # The last one goes on to the end.
                start, end = [*ends, None, None][:2]
                body = b"" if start is None else objects[start:end].strip()
                return None if body == b"null" else body
        # With its plain beginning in front, the pattern is found many times as quickly.
        heads = re.finditer(rb"%b(?<!\d%b)\s+\d{1,5}\s+obj\b" % (number, number), text)
        for head in heads:
            end = text.find(b"endobj", head.end(), head.end() + _MAX_OBJECT_BYTES)
            if end >= 0:
                body = text[head.end() : end].strip()
                return None if body == b"null" else body
        return None

    def _describe_damage(self) -> str:
        """What a whole file has gone through, where its bytes tell."""
        if self._has_broken_bytes:
            how = find_conversion(self._data[:])
            if how:
                return f"bytes of it were changed on the way, by something that took it for {how}"
        if self._has_brotli:
            return "its content is packed with Brotli, which no engine here unpacks"
        if not has_end(self._data):
            return "it breaks off, and its last part is missing"
        return ""


def read_filters(dictionary: bytes) -> tuple[str, ...]:
    """The names of the filters of a stream, from the bytes of its dictionary."""
    if b"/Filter/FlateDecode" in dictionary or b"/Filter /FlateDecode" in dictionary:
        return ("FlateDecode",)
    match = _FILTER.search(dictionary)
    if match is None:
        return ()
    return tuple(name.decode("latin-1") for name in _NAME.findall(match[1]))
