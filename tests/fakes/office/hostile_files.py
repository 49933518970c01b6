"""Files that no reader should be given, or that must cost it no more than themselves.

Each is made when it is asked for, with the code that it has to end with. They are harmless: what
they try is our own guards.
"""

import struct
from email.message import EmailMessage

from shared.errors import RejectionCode
from tests.fakes.office.compound_files import make_compound_file
from tests.fakes.office.packages import (
    docx_parts,
    epub_parts,
    make_package,
    odt_parts,
    open_document_parts,
    pptx_parts,
    xlsx_parts,
)
from tests.fakes.pdf.pdf_files import make_text_pdf

_DOCX = docx_parts([("One", "text")])
_ODT = odt_parts([("One", "text")])
_XLSX = xlsx_parts({"Costs": [["a"]]})
_PPTX = pptx_parts(["one"])
_ZEROS = b"0" * (24 << 20)


def _patch(package, signature, offset, form, value):
    """A package with a field of each record of a kind set to a value."""
    data = bytearray(package)
    place = data.find(signature)
    while place >= 0:
        struct.pack_into(form, data, place + offset, value)
        place = data.find(signature, place + 4)
    return bytes(data)


def _overlap(copies):
    """Parts that lie over one another: one part, listed many times under other names."""
    package = make_package({**_DOCX, "word/media/a000": bytes(range(256)) * 1000}, compression=0)
    end = package.rfind(b"PK\x05\x06")
    start = int.from_bytes(package[end + 16 : end + 20], "little")
    entry = package[package.rfind(b"PK\x01\x02") : end]
    more = b"".join(entry.replace(b"a000", f"a{n:03}".encode()) for n in range(1, copies))
    fields = list(struct.unpack("<4s4H2LH", package[end:]))
    fields[3] += copies - 1
    fields[4] += copies - 1
    fields[5] += len(more)
    assert fields[6] == start
    return package[:end] + more + struct.pack("<4s4H2LH", *fields)


def _with_entities(declaration, use):
    content = open_document_parts("text", f"<text:p>{use}</text:p>")["content.xml"]
    start, _, rest = content.partition("?>")
    declared = f"{start}?><!DOCTYPE a [{declaration}]>{rest}"
    return make_package({**_ODT, "content.xml": declared})


def _nest(levels):
    return "<text:section>" * levels + "<text:p>deep</text:p>" + "</text:section>" * levels


def _nest_mails(levels):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "a@example.org", "deep"
    body = b"x"
    for number in range(levels):
        body = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--" % (
            *(number, number),
            body,
            number,
        )
    return mail.as_bytes().replace(b"\n\n", b"\n", 1) + body


_MORE = ["".join(f"&{chr(96 + n)};" for _ in range(10)) for n in range(1, 9)]
_LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(97 + n)} "{more}">' for n, more in enumerate(_MORE, start=1)
)
_UNKNOWN, _DAMAGED = RejectionCode.UNKNOWN_FORMAT, RejectionCode.DAMAGED
_TWO, _MACROS = RejectionCode.TWO_FORMATS, RejectionCode.HAS_MACROS
_LOCKED, _BOMB = RejectionCode.ENCRYPTED, RejectionCode.EXPANDS_TOO_FAR
_LIMITS = RejectionCode.OVER_LIMITS

HOSTILE = {
    # What is packed.
    "zeros in a part": (_BOMB, lambda: make_package({**_DOCX, "word/a.xml": _ZEROS})),
    "zeros in a sheet": (_BOMB, lambda: make_package({**_XLSX, "xl/worksheets/a.xml": _ZEROS})),
    "zeros in an OpenDocument": (_BOMB, lambda: make_package({**_ODT, "content.xml": _ZEROS})),
    "ten thousand parts": (
        _BOMB,
        lambda: make_package({**_DOCX, **{f"word/{n}": "" for n in range(10_001)}}),
    ),
    "parts over one another": (_BOMB, lambda: _overlap(100)),
    "a directory that lies of its length": (
        _BOMB,
        lambda: _patch(make_package(_DOCX), b"PK\x05\x06", 12, "<L", 0x7FFFFFFF),
    ),
    "a part that lies of its size": (
        _DAMAGED,
        lambda: _patch(
            make_package({**_ODT, "content.xml": _ZEROS[: 2 << 20]}), b"PK\x01\x02", 24, "<L", 100
        ),
    ),
    "an archive in an archive in an archive": (
        _UNKNOWN,
        lambda: make_package({"b.zip": make_package({"c.zip": make_package({"d.txt": "x"})})}),
    ),
    "an archive of documents": (_UNKNOWN, lambda: make_package({"a.docx": make_package(_DOCX)})),
    "an empty archive": (_UNKNOWN, lambda: make_package({})),
    # Locks and programs.
    "a locked part": (
        _LOCKED,
        lambda: _patch(make_package(_DOCX), b"PK\x01\x02", 8, "<H", 1),
    ),
    "a locked OpenDocument": (
        _LOCKED,
        lambda: make_package(open_document_parts("text", "x", "<manifest:encryption-data/>")),
    ),
    "a book with a licence": (
        _LOCKED,
        lambda: make_package({**epub_parts(["x"]), "META-INF/rights.xml": "<r/>"}),
    ),
    "a locked workbook": (
        _LOCKED,
        lambda: make_compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"x"}),
    ),
    "macros in a text": (_MACROS, lambda: make_package({**_DOCX, "word/vbaProject.bin": b"x"})),
    "macros in a workbook": (_MACROS, lambda: make_package({**_XLSX, "xl/vbaProject.bin": b"x"})),
    "macros in slides": (_MACROS, lambda: make_package({**_PPTX, "ppt/VBAProject.bin": b"x"})),
    "macros in an OpenDocument": (
        _MACROS,
        lambda: make_package({**_ODT, "Basic/Standard/Module1.xml": "<x/>"}),
    ),
    "macros in an old workbook": (
        _MACROS,
        lambda: make_compound_file({"Workbook": b"x", "VBA/_VBA_PROJECT": b"x"}),
    ),
    # Two kinds at once.
    "a PDF that ends as an archive": (_TWO, lambda: make_text_pdf("x") + make_package(_DOCX)),
    "an archive that begins as a PDF": (
        _TWO,
        lambda: make_package({"a.pdf": make_text_pdf("x")}, compression=0),
    ),
    "a text that is a workbook": (_TWO, lambda: make_package({**_DOCX, **_XLSX})),
    "an OpenDocument that is a Word document": (_TWO, lambda: make_package({**_ODT, **_DOCX})),
    "a binary workbook": (_UNKNOWN, lambda: make_package({**_XLSX, "xl/workbook.bin": b"x"})),
    # XML and MIME.
    "a billion laughs": (_LIMITS, lambda: _with_entities(_LAUGHS, "&i;")),
    "one long entity many times": (
        _LIMITS,
        lambda: _with_entities(f'<!ENTITY a "{"a" * 50_000}">', "&a;" * 50_000),
    ),
    "an entity from a file": (
        _LIMITS,
        lambda: _with_entities('<!ENTITY a SYSTEM "file:///etc/hostname">', "&a;"),
    ),
    "five thousand levels": (
        _LIMITS,
        lambda: make_package(open_document_parts("text", _nest(5_000))),
    ),
    "a document without its main part": (
        _DAMAGED,
        lambda: make_package({name: x for name, x in _ODT.items() if name != "content.xml"}),
    ),
    "a Word document without its main part": (
        _DAMAGED,
        lambda: make_package({n: x for n, x in _DOCX.items() if n != "word/document.xml"}),
    ),
    "a part that breaks off": (
        _DAMAGED,
        lambda: make_package({**_ODT, "content.xml": _ODT["content.xml"][:-40]}),
    ),
    "half an archive": (_DAMAGED, lambda: make_package(_DOCX)[:400]),
    "a book that leads out of itself": (
        _DAMAGED,
        lambda: make_package(
            {
                **epub_parts(["x"]),
                "book/package.opf": epub_parts(["x"])["book/package.opf"].replace(
                    "c0.xhtml", "../../../etc/hostname"
                ),
            }
        ),
    ),
    "a thousand mails in one another": (_LIMITS, lambda: _nest_mails(1_000)),
    # Kinds that are not read.
    "a film": (_UNKNOWN, lambda: b"\0\0\0\x18ftypmp42" + bytes(100)),
    "a program": (_UNKNOWN, lambda: b"\x7fELF" + bytes(200)),
    "a packed stream": (_UNKNOWN, lambda: b"\x1f\x8b\x08" + bytes(200)),
    "an old file of nothing known": (_UNKNOWN, lambda: make_compound_file({"Contents": b"x"})),
    "noise": (_UNKNOWN, lambda: bytes(range(256)) * 20),
    "nothing": (RejectionCode.EMPTY, lambda: b""),
}
