"""A font for text whose own is not in the file, so that PDFium does not drop it.

PDFium gives no characters for vertical Chinese, Japanese and Korean text in a font that is neither
embedded nor on the machine, though the file says which they are; a function's machine has none. The
font made here has one glyph, a square, for every character (an empty one does not do). It also
makes the text of a page the same on every machine, whatever fonts are there. Runs in the child.
"""

import ctypes
import struct

import pypdfium2_raw as pdfium

# Shift-JIS, Hangul, GB 2312 and Big5, as PDFium numbers character sets (fpdf_sysfontinfo.h).
_CHARSETS = frozenset(
    {
        pdfium.FXFONT_SHIFTJIS_CHARSET,
        pdfium.FXFONT_HANGEUL_CHARSET,
        pdfium.FXFONT_GB2312_CHARSET,
        pdfium.FXFONT_CHINESEBIG5_CHARSET,
    }
)
_HANDLE = 1
_UNITS_PER_EM = 1000
_LEFT, _BOTTOM, _RIGHT, _TOP = 50, -80, 950, 820


def build_font() -> bytes:
    """A TrueType font with one glyph and a character map that gives it for any character.

    The tables are the least that an engine asks for (OpenType 1.9.1, "Font tables"); the map is one
    of format 13, which is made for this ("Many-to-one range mappings").
    """
    square = struct.pack(
        ">hhhhhHH4B8h2x",
        *(1, _LEFT, _BOTTOM, _RIGHT, _TOP, 3, 0, 1, 1, 1, 1),
        *(_LEFT, _RIGHT - _LEFT, 0, _LEFT - _RIGHT),
        *(_BOTTOM, 0, _TOP - _BOTTOM, 0),
    )
    character_map = struct.pack(
        ">HHHHI HHIII III", 0, 1, 3, 10, 12, 13, 0, 28, 0, 1, 0x20, 0x10FFFF, 1
    )
    tables = {
        b"cmap": character_map,
        b"glyf": square * 2,
        b"head": struct.pack(
            ">HHIIIHHqqhhhhHHhhh",
            *(1, 0, 0x10000, 0, 0x5F0F3CF5, 0, _UNITS_PER_EM, 0, 0),
            *(_LEFT, _BOTTOM, _RIGHT, _TOP, 0, 8, 2, 1, 0),
        ),
        b"hhea": struct.pack(
            ">HHhhhHhhhhhhhhhhhH",
            *(1, 0, 880, -120, 0, _UNITS_PER_EM, 0, 0, _UNITS_PER_EM, 1),
            *(0, 0, 0, 0, 0, 0, 0, 2),
        ),
        b"hmtx": struct.pack(">HhHh", _UNITS_PER_EM, 0, _UNITS_PER_EM, 0),
        b"loca": struct.pack(">III", 0, len(square), 2 * len(square)),
        b"maxp": struct.pack(">IH13H", 0x10000, 2, 4, 1, 0, 0, 1, *([0] * 8)),
    }
    place = 12 + 16 * len(tables)
    directory = struct.pack(">IHHHH", 0x10000, len(tables), 64, 2, 16 * len(tables) - 64)
    body = b""
    for tag, table in tables.items():
        directory += tag + struct.pack(">III", 0, place + len(body), len(table))
        body += table + b"\0" * (-len(table) % 4)
    return directory + body


class StandInFont:
    """Gives PDFium the font where it looks for one of its character sets. Must outlive PDFium."""

    def __init__(self) -> None:
        self._font = build_font()
        self._info = pdfium.FPDF_SYSFONTINFO(version=1)
        answers = {
            "Release": lambda _: None,
            "EnumFonts": lambda _, _mapper: None,
            "MapFont": self._map_font,
            "GetFont": lambda _, _face: None,
            "GetFontData": self._copy_table,
            "GetFaceName": lambda _, _font, _buffer, _size: 0,
            "GetFontCharset": lambda _, _font: pdfium.FXFONT_DEFAULT_CHARSET,
            "DeleteFont": lambda _, _font: None,
        }
        kinds = dict(pdfium.FPDF_SYSFONTINFO._fields_)
        for name, answer in answers.items():
            setattr(self._info, name, kinds[name](answer))

    def install(self) -> None:
        """Have PDFium ask for fonts here, and not on the machine."""
        pdfium.FPDF_SetSystemFontInfo(ctypes.byref(self._info))

    def _map_font(
        self, _: object, _weight: int, _italic: int, charset: int, *_wanted: object
    ) -> int:
        return _HANDLE if charset in _CHARSETS else 0

    def _copy_table(self, _: object, _font: int, table: int, buffer: int, size: int) -> int:
        """Copy a table, or the whole font for table 0, as far as there is room; give its size."""
        data = self._find_table(table)
        if buffer and size >= len(data):
            ctypes.memmove(buffer, data, len(data))
        return len(data)

    def _find_table(self, tag: int) -> bytes:
        if tag == 0:
            return self._font
        (count,) = struct.unpack_from(">H", self._font, 4)
        for index in range(count):
            name, _, place, size = struct.unpack_from(">IIII", self._font, 12 + 16 * index)
            if name == tag:
                return self._font[place : place + size]
        return b""
