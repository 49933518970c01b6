"""Other PDFs out of good, broken and hostile ones: bytes, numbers, names, streams and lengths."""

import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from tests.fakes.pdf import hostile_pdf_files as hostile
from tests.fakes.pdf import nesting_pdf_files as nesting
from tests.fakes.pdf import pdf_files as good
from tests.fakes.pdf import shown_pdf_files as shown
from tests.project_files import CORPUS, PROJECT

MAX_SEED_BYTES = 300_000
MAX_STREAM_BYTES = 1 << 20
SEED_FOLDERS = (PROJECT / "infra" / "demo_documents", CORPUS)

_NUMBER = re.compile(rb"(?<![\w.])\d{1,10}(?![\w.])")
_NAME = re.compile(rb"/[A-Za-z0-9]+")
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_ODD_NUMBERS = (
    *(b"0", b"-1", b"1", b"2", b"255", b"65536", b"8388607", b"2147483647", b"2147483648"),
    *(b"-2147483648", b"4294967295", b"9223372036854775808", b"1e9", b"0.000001", b"9" * 400),
)
_TOKENS = (
    *(
        b"<<",
        b">>",
        b"[",
        b"]",
        b"(",
        b")",
        b"<",
        b">",
        b"obj",
        b"endobj",
        b"stream\n",
        b"\nendstream",
    ),
    *(b" R", b"1 0 R", b"2 0 R", b"null", b"true", b"xref\n", b"trailer\n", b"startxref\n0\n"),
    *(b"/Filter [/FlateDecode /LZWDecode /ASCII85Decode]", b"/DecodeParms << /Predictor 15 >>"),
    *(b"/Kids [2 0 R]", b"/Type /ObjStm", b"BT ", b" ET", b" Do ", b"%%EOF\n", b"[" * 2000),
    *(b"<<" * 2000, b"/Encrypt << /Filter /Standard /V 5 /R 6 >> ", b"\0", b"\xff\xfe"),
)


def list_seeds(folders: Iterable[Path] = SEED_FOLDERS) -> list[bytes]:
    """Small documents of every kind, and those of the folders that are there."""
    built = [
        good.make_marker_pdf(3),
        good.make_prose_pdf(2),
        good.make_text_pdf("one", "", "three"),
        good.make_pdf_for_pypdf("for the other engine", "page two"),
        good.make_pdf_with_page_for_pypdf("one", "two"),
        good.make_pdf_with_page_of_no_type("one", "two"),
        good.make_unmappable_text_pdf(),
        shown.make_pdf_with_annotations(
            "Name:\nGoods:",
            [
                shown.make_text_field("name", "Ola Berg", (200, 717, 400, 731)),
                shown.make_tick_box("goods", (200, 703, 212, 715), is_ticked=True),
                shown.make_remark(b"Stamp", (72, 600, 400, 618), b"/AP << /N 50 0 R >>"),
            ],
            form_entries=b"/DA (/F1 12 Tf 0 g)",
        ),
        shown.make_layered_pdf(b"/OC /L1 BDC BT /F1 12 Tf 72 700 Td (off) Tj ET EMC /X2 Do"),
        shown.make_drawn_pdf(
            b"BT /F1 12 Tf 72 700 Td (1,250) Tj 5 Ts /F1 7 Tf (3) Tj 0 -20 Td (a) Tj ET",
            b"/Rotate 90 /CropBox [50 50 550 730]",
            b"/ViewerPreferences << /Direction /R2L >>",
        ),
        shown.make_mapped_pdf(
            b"BT /F1 10 Tf 72 700 Td <4142> Tj ( (12) ) Tj <43> Tj ET", "\u05d0\u0645\u0e01"
        ),
        nesting.make_portfolio(
            [("a.pdf", good.make_text_pdf("inside")), ("b.txt", b"words")],
            on_page=[("c.pdf", good.make_text_pdf("pinned"))],
            is_packed=True,
        ),
        hostile.make_zip_bomb(size_bytes=1 << 20),
        hostile.make_form_bomb(depth=3),
        hostile.make_cyclic_page_tree(),
        hostile.make_tiny_objects(200),
        hostile.make_deep_page_tree(200),
        hostile.make_deep_nesting(2_000),
        hostile.make_lying_page_count(50),
        hostile.make_scripts(),
        hostile.make_over_long_page(20_000),
    ]
    return [*built, *_read_files(folders)]


def _read_files(folders: Iterable[Path]) -> Iterator[bytes]:
    for folder in folders:
        for path in sorted(folder.glob("*.pdf")):
            if path.stat().st_size <= MAX_SEED_BYTES:
                yield path.read_bytes()


def mutate_pdf(seeds: list[bytes], random: Random) -> bytes:
    """One of the documents with a few things wrong."""
    data = random.choice(seeds)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        mutate = random.choice(
            (_mutate_bytes, _mutate_number, _mutate_number, _mutate_name, _mutate_stream)
        )
        data = mutate(data, random)
    if random.random() < 0.05:
        other = random.choice(seeds)
        data = data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]
    return data


def _mutate_bytes(data: bytes, random: Random) -> bytes:
    start = random.randint(0, len(data))
    end = min(len(data), start + random.choice((0, 1, 1, 8, 200, 5000)))
    middle = random.choice(
        (b"", data[start:end] * 2, random.randbytes(1 + end - start), random.choice(_TOKENS))
    )
    return data[:start] + middle + data[end:]


def _mutate_number(data: bytes, random: Random) -> bytes:
    return _replace_one(_NUMBER, data, random, [*_ODD_NUMBERS, b"%d" % random.randrange(30)])


def _mutate_name(data: bytes, random: Random) -> bytes:
    # Another name of the same document: keys trade places.
    return _replace_one(_NAME, data, random, sorted(set(_NAME.findall(data)))[:500] or [b"/A"])


def _replace_one(
    pattern: re.Pattern[bytes], data: bytes, random: Random, replacements: list[bytes]
) -> bytes:
    match = pattern.search(data, random.randint(0, len(data))) or pattern.search(data)
    if match is None:
        return _mutate_bytes(data, random)
    return data[: match.start()] + random.choice(replacements) + data[match.end() :]


def _mutate_stream(data: bytes, random: Random) -> bytes:
    """Change a stream inside its compression, where it is Flate; its length goes wrong or not."""
    match = _STREAM.search(data, random.randint(0, len(data))) or _STREAM.search(data)
    if match is None:
        return _mutate_bytes(data, random)
    packed = match[1]
    try:
        inner = zlib.decompressobj().decompress(packed, MAX_STREAM_BYTES)
        changed = zlib.compress(_mutate_bytes(inner, random))
    except zlib.error:
        changed = _mutate_bytes(packed, random)
    before = data[: match.start(1)]
    length = b"/Length %d" % len(packed)
    if length in before[-500:] and random.random() < 0.8:
        head, _, tail = before.rpartition(length)
        before = head + b"/Length %d" % len(changed) + tail
    return before + changed + data[match.end(1) :]
