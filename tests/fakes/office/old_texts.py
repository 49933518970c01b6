"""Old Word documents ([MS-DOC]), of the parts that a reader looks at."""

import struct
from itertools import accumulate

from tests.fakes.office.compound_files import make_compound_file

_TEXT_AT, _PAGE = 1024, 512
_MARKS = "\r\x07\x0c"
_STYLES, _HEADERS, _CHARACTERS, _PARAGRAPHS, _FONTS, _PIECES = 1, 11, 12, 13, 15, 33


def make_old_text(runs, styles=None, further=None, **options):
    """A document.

    Args:
        runs: (text, properties of its characters, number of its style with the properties of the
            paragraph that it ends) of each run; of the shorter ones the rest is nothing.
        styles: By number (what Word knows it as, kind, number below it, properties of paragraphs,
            of characters).
        further: Streams beside the text's, by name.
        options: `counts`, of characters of each part of the text; `headers`, the ends of those;
            `pieces`, of how many characters each is, and whether it is in bytes, or the whole
            property of it; `fonts`, their names; further `tables` by their numbers; `flags`;
            `version`; `cut`, how many bytes of the text are not there.
    """
    runs = [(run + (b"", b"\0\0")[len(run) - 1 :]) for run in runs]
    text = "".join(run[0] for run in runs)
    pieces = options.get("pieces") or [(len(text), False, 0)]
    data, places, piece_table = b"", [], b""
    done = 0
    for length, in_bytes, look in pieces:
        start = _TEXT_AT + len(data)
        width = 1 if in_bytes else 2
        places += [start + width * n for n in range(length)]
        part = text[done : done + length]
        data += part.encode("cp1252") if in_bytes else part.encode("utf-16-le", "surrogatepass")
        piece_table += struct.pack("<HIH", 0, (start << 1 | 1 << 30) if in_bytes else start, look)
        done += length
    places.append(_TEXT_AT + len(data))
    ends = list(accumulate((len(run[0]) for run in runs), initial=0))
    of_runs = [
        (places[a], places[b], run[1]) for a, b, run in zip(ends, ends[1:], runs, strict=False)
    ]
    of_paragraphs, begin = [], 0
    for end, run in zip(ends[1:], runs, strict=True):
        if run[0] and run[0][-1] in _MARKS:
            of_paragraphs.append((places[begin], places[end], run[2]))
            begin = end
    stream = bytes(_TEXT_AT) + data
    stream += bytes(-len(stream) % _PAGE)
    stream, characters = _add_pages(stream, of_runs, 1, _pack_characters)
    stream, paragraphs = _add_pages(stream, of_paragraphs, 13, _pack_paragraph)
    clx = b"".join(b"\x01" + struct.pack("<H", len(p)) + p for p in options.get("formats", ()))
    starts = list(accumulate((one[0] for one in pieces), initial=0))
    plc = struct.pack(f"<{len(starts)}I", *starts) + piece_table
    clx += b"\x02" + struct.pack("<I", len(plc)) + plc
    headers = options.get("headers", ())
    tables = {
        _STYLES: _pack_styles(styles or {}),
        _HEADERS: struct.pack(f"<{len(headers)}I", *headers),
        _CHARACTERS: characters,
        _PARAGRAPHS: paragraphs,
        _FONTS: _pack_fonts(options.get("fonts", ())),
        _PIECES: clx,
        **options.get("tables", {}),
    }
    header, table = bytearray(_TEXT_AT), b""
    struct.pack_into("<HH", header, 0, 0xA5EC, options.get("version", 0xC1))
    struct.pack_into("<H", header, 10, options.get("flags", 0))
    counts = options.get("counts", (len(text),))
    struct.pack_into(f"<{len(counts)}I", header, 76, *counts)
    for number, content in tables.items():
        struct.pack_into("<II", header, 154 + 8 * number, len(table), len(content))
        table += content
    name = "1Table" if options.get("flags", 0) & 0x200 else "0Table"
    return make_compound_file(
        {"WordDocument": bytes(header) + stream[_TEXT_AT:], name: table, **(further or {})}
    )


def _pack_fonts(names):
    fonts = [bytes(39) + f"{name}\0".encode("utf-16-le") for name in names]
    table = struct.pack("<HH", len(fonts), 0)
    return table + b"".join(bytes((len(font),)) + font for font in fonts)


def _pack_characters(properties):
    return bytes((len(properties),)) + properties if properties else None


def _pack_paragraph(properties):
    properties += bytes(len(properties) % 2)
    return bytes((0, len(properties) // 2)) + properties


def _add_pages(stream, of_places, item_bytes, pack):
    """The stream with a page for each five runs, and the table of these pages."""
    first = [of_places[n][0] for n in range(0, len(of_places), 5)]
    numbers = []
    for n in range(0, len(of_places), 5):
        some = of_places[n : n + 5]
        page = bytearray(_PAGE)
        struct.pack_into(f"<{len(some) + 1}I", page, 0, *(one[0] for one in some), some[-1][1])
        room = _PAGE - 2
        for k, (_, _, properties) in enumerate(some):
            packed = pack(properties)
            if packed:
                room = (room - len(packed)) // 2 * 2
                page[room : room + len(packed)] = packed
                page[4 * (len(some) + 1) + item_bytes * k] = room // 2
        page[-1] = len(some)
        numbers.append(len(stream) // _PAGE)
        stream += bytes(page)
    ends = [*first, of_places[-1][1]] if of_places else [0]
    return stream, struct.pack(f"<{len(ends) + len(numbers)}I", *ends, *numbers)


def _pack_styles(styles):
    count = max(styles, default=-1) + 1
    table = struct.pack("<HHH", 4, count, 10)
    for number in range(count):
        style = b""
        if number in styles:
            known, kind, below, *lists = styles[number]
            style = struct.pack("<HHHHH", known, kind | below << 4, len(lists), 0, 0)
            style += struct.pack("<HHH", 1, ord("x"), 0)
            for position, properties in enumerate(lists):
                if kind == 1 and position == 0:
                    properties = struct.pack("<H", number) + properties
                style += bytes(len(style) % 2)
                style += struct.pack("<H", len(properties)) + properties
        table += struct.pack("<H", len(style)) + style
    return table
