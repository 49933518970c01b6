"""Presentations of PowerPoint 97 ([MS-PPT]), put together of their records."""

import struct

from tests.fakes.office.compound_files import make_compound_file

CLASS_ID = bytes.fromhex("108d81649b4fcf1186ea00aa00b929e8")
PLAIN, ENCRYPTED = 0xE391C05F, 0xF3D1C4DF
TITLE, BODY, OTHER = 0, 1, 4


def make_record(kind, content=b"", *, instance=0, version=0):
    """A record; a list of records makes a container."""
    if isinstance(content, list):
        content, version = b"".join(content), 15
    return struct.pack("<HHI", instance << 4 | version, kind, len(content)) + content


def make_text(text, kind=OTHER, further=()):
    """The records of a text, and further ones behind it."""
    written = make_record(0x0FA0, text.encode("utf-16-le"))
    return [make_record(0x0F9F, struct.pack("<I", kind)), written, *further]


def make_shape(box, *, further=(), kind=1, behind=()):
    """A shape with the records of a box for text; None for no box."""
    first = make_record(0xF00A, bytes(8), instance=kind, version=2)
    boxes = [] if box is None else [make_record(0xF00D, box)]
    return make_record(0xF004, [first, *further, *boxes, *behind])


def make_reference(number):
    """The records of a box whose text is one of the slide's list."""
    return [make_record(0x0F9E, struct.pack("<I", number))]


def make_drawing(shapes):
    """A drawing of shapes and groups."""
    group = make_record(0xF003, [make_shape(None), *shapes])
    return make_record(0x040C, [make_record(0xF002, [group])])


def make_slide(shapes, *, further=(), master=0, notes=0, kind=0x03EE, drawing=None, behind=()):
    """A slide of shapes and groups, or of a drawing."""
    atom = make_record(0x03EF, struct.pack("<12xIIHxx", master, notes, 1), version=2)
    return make_record(kind, [atom, *further, drawing or make_drawing(shapes), *behind])


def make_ppt(slides, *, masters=(), lists=((),), token=PLAIN, edit=None, saved_again=None):
    """A presentation.

    Args:
        slides: The record of each slide.
        masters: Those of masters; slides call them 1, 2 and so on.
        lists: Records of texts behind the entry of each slide in the list.
        token: What says whether it is encrypted.
        edit: Where the last edit is said to be; None for where it is.
        saved_again: A record in place of that of the first slide, saved later.
    """
    lists = [*lists, *[()] * (len(slides) - len(lists))]
    entries = [
        make_record(0x0FF0, _list(len(slides) + 2, [()] * len(masters)), instance=1),
        make_record(0x0FF0, _list(2, lists)),
    ]
    objects = [make_record(0x03E8, entries), *slides, *masters]
    stream, places = b"", []
    for one in objects:
        places.append(len(stream))
        stream += one
    stream, last = _save(stream, 1, places, 0)
    if saved_again is not None:
        stream, last = _save(stream + saved_again, 2, [len(stream)], last)
    user = struct.pack("<III", 20, token, last if edit is None else edit) + bytes(12)
    return make_compound_file(
        {"Current User": make_record(0x0FF6, user), "PowerPoint Document": stream}, CLASS_ID
    )


def _list(first, texts):
    return [
        record
        for number, behind in enumerate(texts)
        for record in (
            make_record(0x03F3, struct.pack("<IIIII", first + number, 0, 0, number + 1, 0)),
            *behind,
        )
    ]


def _save(stream, first, places, before):
    directory = len(stream)
    numbers = struct.pack(f"<{len(places) + 1}I", len(places) << 20 | first, *places)
    stream += make_record(0x1772, numbers)
    edit = struct.pack("<IHBBIIIIHH", 0, 0, 0, 3, before, directory, 1, 9, 1, 0)
    return stream + make_record(0x0FF5, edit), len(stream)
