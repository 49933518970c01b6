"""Pictures that are made to do harm, or broken, each with the code that refuses it."""

import struct

from shared.errors import RejectionCode
from tests.fakes.pictures.picture_files import draw_pages, save_picture, write_png, write_tiff

_PIXELS = RejectionCode.TOO_MANY_PIXELS
_DAMAGED = RejectionCode.DAMAGED
_UNKNOWN = RejectionCode.UNKNOWN_FORMAT
_EXPANDS = RejectionCode.EXPANDS_TOO_FAR
_LARGE = 60_000


def _draw(form, **options):
    (page,) = draw_pages("x", dots_per_inch=20)
    return save_picture(page, form, **options)


def _resize_jpeg(data):
    """A JPEG whose header says that it is far larger."""
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", _LARGE, _LARGE) + data[frame + 9 :]


def _repeat_scans(count):
    """A JPEG whose pixels are drawn over many times."""
    data = _draw("JPEG")
    scan = data.index(b"\xff\xda")
    end = data.rindex(b"\xff\xd9")
    return data[:scan] + data[scan:end] * count + data[end:]


def _resize_webp(data):
    chunk = data.index(b"VP8L")
    bits = int.from_bytes(data[chunk + 9 : chunk + 13], "little") | 0xFFFFFFF
    return data[: chunk + 9] + struct.pack("<I", bits) + data[chunk + 13 :]


def _lay_over_one_another(pages, size):
    tags = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: 8, 279: size}
    return write_tiff(*([tags] * pages), data=bytes(size))


HOSTILE_PICTURES = {
    "a PNG of a billion pixels": (_PIXELS, lambda: write_png(_LARGE, _LARGE, b"\0" * 1000)),
    "a PNG of the most pixels there are": (
        _PIXELS,
        lambda: write_png(2**31 - 1, 2**31 - 1, b""),
    ),
    "a JPEG of a billion pixels": (_PIXELS, lambda: _resize_jpeg(_draw("JPEG"))),
    "a WebP of a quarter of a billion pixels": (
        _PIXELS,
        lambda: _resize_webp(_draw("WEBP", lossless=True)),
    ),
    "a TIFF of a billion pixels": (
        _PIXELS,
        lambda: write_tiff({256: _LARGE, 257: _LARGE, 258: 8, 273: 8, 279: 8}, data=bytes(8)),
    ),
    "a JPEG in thousands of passes": (_EXPANDS, lambda: _repeat_scans(3_000)),
    "a TIFF of pages that lie over one another": (
        _EXPANDS,
        lambda: _lay_over_one_another(40, 8 << 20),
    ),
    "a TIFF whose pages go round in a circle": (
        _DAMAGED,
        lambda: b"II*\0" + struct.pack("<IHHHIII", 8, 1, 254, 4, 1, 1, 8),
    ),
    "a TIFF without a page": (_DAMAGED, lambda: b"II*\0\xff\xff\xff\x7f"),
    "a TIFF that says not where its page is": (
        _DAMAGED,
        lambda: write_tiff({256: 8, 257: 8, 258: 8}),
    ),
    "a TIFF with a strip beyond its end": (
        _DAMAGED,
        lambda: write_tiff({256: 8, 257: 8, 258: 8, 273: 8, 279: 1 << 20}, data=bytes(64)),
    ),
    "a PNG that breaks off": (_DAMAGED, lambda: _draw("PNG")[:-20]),
    "a JPEG that breaks off": (_DAMAGED, lambda: _draw("JPEG")[:-20]),
    "a WebP that breaks off": (_DAMAGED, lambda: _draw("WEBP")[:-20]),
    "no more than the beginning of a JPEG": (_DAMAGED, lambda: b"\xff\xd8\xff\xe0"),
    "a PNG without a size": (_DAMAGED, lambda: write_png(0, 0, b"")),
    "a GIF": (_UNKNOWN, lambda: _draw("GIF")),
    "a moving WebP": (
        _UNKNOWN,
        lambda: _draw("WEBP", save_all=True, append_images=draw_pages("y", dots_per_inch=20)),
    ),
    "a picture of a phone": (_UNKNOWN, lambda: b"\0\0\0\x18ftypheic" + bytes(100)),
}
