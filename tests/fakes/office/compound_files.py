"""Compound files ([MS-CFB]) with streams of less than 4,096 bytes, and mails of Outlook in them."""

import struct

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI_SECTOR, _MINI_LIMIT = 512, 64, 4096


def make_compound_file(streams, class_id=bytes(16)):
    """A file of streams by their paths. Each stream is padded to 4,096 bytes.

    So no stream lies among the small ones, which would need a table of their own.
    """
    names = [path.split("/")[:end] for path in streams for end in range(1, path.count("/") + 1)]
    folders = sorted({"/".join(name) for name in names})

    def list_below(folder):
        return [path for path in (*folders, *streams) if path.rpartition("/")[0] == folder]

    entries = [("Root Entry", 5, None, list_below(""))]
    entries += [(folder.split("/")[-1], 1, None, list_below(folder)) for folder in folders]
    entries += [(path.split("/")[-1], 2, data, []) for path, data in streams.items()]
    place = {name: n for n, name in enumerate(["", *folders, *streams])}
    directory_sectors = -(-len(entries) * 128 // _SECTOR)
    chain, content, starts = [], b"", {}
    data_sectors = sum(-(-max(len(data), _MINI_LIMIT) // _SECTOR) for data in streams.values())
    # Each sector of the table tells of as many as it has numbers, itself among them.
    tables = -(-(directory_sectors + data_sectors) // (_SECTOR // 4 - 1))
    assert tables <= 109, "too much for the list in the header"
    first_data = tables + directory_sectors
    for path, data in streams.items():
        padded = data.ljust(_MINI_LIMIT, b"\0")
        padded += bytes(-len(padded) % _SECTOR)
        count = len(padded) // _SECTOR
        start = first_data + len(chain)
        chain += [*range(start + 1, start + count), _END]
        starts[path] = (start, max(len(data), _MINI_LIMIT))
        content += padded
    fat = [*[_FAT] * tables, *range(tables + 1, first_data), _END, *chain]
    directory = b""
    for number, (name, kind, data, children) in enumerate(entries):
        path = ["", *folders, *streams][number]
        raw = f"{name}\0".encode("utf-16-le")
        siblings = next((e[3] for e in entries if path in e[3]), [])
        later = siblings[siblings.index(path) + 1 :][:1] if path in siblings else []
        start, size = starts[path] if data is not None else (_END if kind == 5 else 0, 0)
        directory += (
            raw.ljust(64, b"\0")
            + struct.pack("<HBB", len(raw), kind, 1)
            + struct.pack(
                "<III",
                _FREE,
                place[later[0]] if later else _FREE,
                place[children[0]] if children else _FREE,
            )
            + (class_id if kind == 5 else bytes(16))
            + bytes(4 + 16)
            + struct.pack("<IQ", start, size)
        )
    directory = directory.ljust(directory_sectors * _SECTOR, b"\0")
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + bytes(16)
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6)
        + bytes(6)
        + struct.pack("<IIIIIIIII", 0, tables, tables, 0, _MINI_LIMIT, _END, 0, _END, 0)
        + struct.pack(f"<{tables}I", *range(tables))
        + struct.pack("<I", _FREE) * (109 - tables)
    )
    table = b"".join(struct.pack("<I", one) for one in fat).ljust(tables * _SECTOR, b"\xff")
    return header + table + directory + content


def make_msg(subject, body, files=(), further=()):
    """A mail of Outlook: (name, bytes) of each file attached to it, and of each further stream."""
    streams = {
        "__properties_version1.0": b"",
        "__substg1.0_0037001F": subject.encode("utf-16-le"),
        "__substg1.0_1000001F": body.encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Ada".encode("utf-16-le"),
    }
    for number, (name, data) in enumerate(files):
        folder = f"__attach_version1.0_#{number:08X}"
        streams[f"{folder}/__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[f"{folder}/__substg1.0_37010102"] = data
    return make_compound_file({**streams, **dict(further)})


def make_rich_text(text):
    """Rich text as Outlook keeps it ([MS-OXRTFCP]), with nothing in it that saves room."""
    data = text.encode("ascii")
    return struct.pack("<II4sI", len(data) + 12, len(data), b"MELA", 0) + data


def make_winmail(attributes, files=(), properties=()):
    """A file `winmail.dat` ([MS-OXTNEF]).

    Args:
        attributes: (number, bytes) of each of the mail itself.
        files: For each attached file, (number, bytes) of its properties, `title` and `data`.
        properties: (type, number, bytes) of each property of the mail.
    """
    data = struct.pack("<IH", 0x223E9F78, 1)
    if properties:
        attributes = [*attributes, (0x00069003, pack_properties(properties))]
    for number, value in attributes:
        data += _pack_attribute(1, number, value)
    for title, content, of_file in files:
        data += _pack_attribute(2, 0x00069002, bytes(14))
        data += _pack_attribute(2, 0x00018010, title + b"\0")
        if content is not None:
            data += _pack_attribute(2, 0x0006800F, content)
        if of_file:
            data += _pack_attribute(2, 0x00069005, pack_properties(of_file))
    return data


def _pack_attribute(level, number, value):
    checksum = sum(value) & 0xFFFF
    return struct.pack("<BII", level, number, len(value)) + value + struct.pack("<H", checksum)


def pack_properties(properties):
    """(type, number, bytes or value) of each as they stand in an attribute."""
    data = struct.pack("<I", len(properties))
    for kind, number, value in properties:
        data += struct.pack("<HH", kind, number)
        if number >= 0x8000:
            name = "x".encode("utf-16-le")
            data += bytes(16) + struct.pack("<II", 1, len(name)) + name.ljust(4, b"\0")
        if kind & 0x0FFF in (0x1E, 0x1F, 0x0D, 0x102):
            data += struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)
        else:
            data += value
    return data
