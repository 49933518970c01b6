"""Builders of picture files: pages with words in the forms that scanners and cameras write."""

import io
import struct
import zlib

from PIL import Image

from tests.fakes.pdf.scanned_pdf_files import render_texts

ORIENTATION_TAG = 0x112
_STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def draw_pages(*texts, dots_per_inch=100):
    """Grey images of pages with these texts."""
    return [
        Image.open(io.BytesIO(data)) for data in render_texts(*texts, dots_per_inch=dots_per_inch)
    ]


def save_picture(image, form, **options):
    """The bytes of an image in a format of Pillow's."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def save_tiff(images, **options):
    """A TIFF with a page for each image."""
    first, *others = images
    return save_picture(first, "TIFF", save_all=True, append_images=others, **options)


def save_as_held(image, form, orientation):
    """A picture as a camera that was held aslant stores it, with a note of how to turn it."""
    stored = image.transpose(_STORED_AS[orientation]) if orientation in _STORED_AS else image
    notes = Image.Exif()
    notes[ORIENTATION_TAG] = orientation
    return save_picture(stored.convert("RGB"), form, exif=notes.tobytes())


def write_png(width, height, rows, *, more=()):
    """A PNG in grey of any size, whose rows need not be there; `more` are further chunks."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        write_chunk(name, content)
        for name, content in (
            (b"IHDR", header),
            *more,
            (b"IDAT", zlib.compress(rows, 9)),
            (b"IEND", b""),
        )
    )


def write_chunk(name, content):
    """A chunk of a PNG."""
    checksum = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)


def write_tiff(*directories, order="<", data=b""):
    """A TIFF of these directories, each a dict of whole numbers by tag; `data` stands at byte 8."""
    out = bytearray({"<": b"II*\0", ">": b"MM\0*"}[order] + bytes(4) + data)
    link = 4
    for tags in directories:
        struct.pack_into(f"{order}I", out, link, len(out))
        out += struct.pack(f"{order}H", len(tags))
        for tag, value in sorted(tags.items()):
            out += struct.pack(f"{order}HHII", tag, 4, 1, value)
        link = len(out)
        out += bytes(4)
    return bytes(out)
