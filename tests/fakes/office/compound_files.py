"""Compound files ([MS-CFB]) with streams of less than 4,096 bytes, and mails of Outlook in them."""

import struct

_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR, _MINI_SECTOR, _MINI_LIMIT = 512, 64, 4096


def make_compound_file(streams, class_id=bytes(16)):
    """A file of streams by their paths; one folder deep. Each stream is padded to 4,096 bytes.

    So no stream lies among the small ones, which would need a table of their own.
    """
    folders = sorted({path.split("/")[0] for path in streams if "/" in path})
    entries = [("Root Entry", 5, None, list(folders) + [p for p in streams if "/" not in p])]
    entries += [(f, 1, None, [p for p in streams if p.startswith(f"{f}/")]) for f in folders]
    entries += [(path.split("/")[-1], 2, data, []) for path, data in streams.items()]
    place = {name: n for n, name in enumerate(["", *folders, *streams])}
    directory_sectors = -(-len(entries) * 128 // _SECTOR)
    chain, content, starts = [], b"", {}
    first_data = 1 + directory_sectors
    for path, data in streams.items():
        padded = data.ljust(_MINI_LIMIT, b"\0")
        padded += bytes(-len(padded) % _SECTOR)
        count = len(padded) // _SECTOR
        start = first_data + len(chain)
        chain += [*range(start + 1, start + count), _END]
        starts[path] = (start, max(len(data), _MINI_LIMIT))
        content += padded
    fat = [_FAT, *range(2, 1 + directory_sectors), _END, *chain]
    assert len(fat) <= _SECTOR // 4, "too much for one table"
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
        + struct.pack("<IIIIIIIII", 0, 1, 1, 0, _MINI_LIMIT, _END, 0, _END, 0)
        + struct.pack("<I", 0)
        + struct.pack("<I", _FREE) * 108
    )
    table = b"".join(struct.pack("<I", one) for one in fat).ljust(_SECTOR, b"\xff")
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
