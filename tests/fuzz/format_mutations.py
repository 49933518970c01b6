"""Documents that are no PDFs, broken at random: packages in their parts, others in their bytes."""

import io
import zipfile
import zlib
from email.message import EmailMessage
from random import Random

from PIL import Image

from shared.document_formats import EML, JPEG, MSG, PNG, TIFF, WEBP, XLSX
from tests.fakes.office.compound_files import make_msg, make_rich_text, make_winmail
from tests.fakes.office.packages import make_package, xlsx_parts
from tests.fakes.pictures.picture_files import draw_pages, save_as_held, save_tiff
from tests.project_files import PROJECT

SEED_FOLDER = PROJECT / "tests" / "documents"
# A mutation of raw bytes of a package mostly breaks its checksums, and then shows little.
_SHARE_OF_RAW_BYTES = 0.2
# As Pillow calls them.
_PICTURES = {PNG.suffix: "PNG", JPEG.suffix: "JPEG", WEBP.suffix: "WEBP"}
_PIECES = (b"<", b">", b"&", b'"', b"\0", b"\xff", b"</", b"&#0;", b"9" * 20, b"-1", b"<x>" * 50)


def list_format_seeds(suffix: str) -> list[bytes]:
    """Good documents of a format."""
    if suffix in _PICTURES:
        return [save_as_held(page, _PICTURES[suffix], 6) for page in _draw_small_pages()]
    if suffix == TIFF.suffix:
        pages = _draw_small_pages()
        packed = save_tiff([page.convert("1") for page in pages], compression="group4")
        return [save_tiff(pages, compression="tiff_lzw"), packed]
    seeds = [path.read_bytes() for path in sorted(SEED_FOLDER.glob(f"*{suffix}"))]
    if suffix == MSG.suffix:
        seeds += [make_msg("Tides", "The pier is closed."), _make_mail_in_mail()]
    if suffix == EML.suffix:
        seeds.append(_make_mail_with_winmail())
    if suffix == XLSX.suffix:
        seeds += [_make_workbook_of_other_names()] * len(seeds)
    return seeds


def _make_workbook_of_other_names() -> bytes:
    parts = xlsx_parts({"Costs": [["pier", "7"]], "Ships": [["Ada"]]})
    return make_package(
        {
            name.replace("workbook.xml", "book.xml"): content.replace("workbook.xml", "book.xml")
            for name, content in parts.items()
        }
    )


def _make_mail_in_mail() -> bytes:
    """A mail in rich text alone, and in it another one."""
    folder = "__attach_version1.0_#00000000/__substg1.0_3701000D"
    rich = make_rich_text(r"{\rtf1\ansi The pier is closed.}")
    inner = [
        ("__substg1.0_10090102", rich),
        (f"{folder}/__substg1.0_0037001F", "Earlier".encode("utf-16-le")),
        (f"{folder}/__substg1.0_10090102", rich),
    ]
    return make_msg("Tides", "", further=inner)


def _make_mail_with_winmail() -> bytes:
    rich = make_rich_text(r"{\rtf1\ansi The pier is closed.}")
    files = [(b"a.txt", b"low water", [(0x1F, 0x3707, "a.txt".encode("utf-16-le"))])]
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.org", "Tides"
    mail.set_content(" ")
    winmail = make_winmail([], files, [(0x0102, 0x1009, rich)])
    mail.add_attachment(winmail, "application", "ms-tnef", filename="winmail.dat", cte="8bit")
    return mail.as_bytes()


def _draw_small_pages() -> list[Image.Image]:
    return [page.crop((10, 10, 60, 40)) for page in draw_pages("a", "b", dots_per_inch=20)]


def mutate_document(seeds: list[bytes], random: Random) -> bytes:
    """One of the documents, changed in some places."""
    data = random.choice(seeds)
    if not data.startswith(b"PK") or random.random() < _SHARE_OF_RAW_BYTES:
        return mutate_bytes(data, random)
    try:
        return _mutate_parts(data, random)
    except (zipfile.BadZipFile, zlib.error):
        return mutate_bytes(data, random)


def mutate_bytes(data: bytes, random: Random) -> bytes:
    """Bytes with some places changed, left out, said twice or filled with odd pieces."""
    changed = bytearray(data)
    for _ in range(random.randint(1, 8)):
        place = random.randrange(len(changed) + 1)
        end = min(len(changed), place + random.choice((1, 1, 2, 8, 64, 500)))
        match random.randrange(4):
            case 0:
                changed[place:end] = random.randbytes(end - place)
            case 1:
                del changed[place:end]
            case 2:
                changed[place:place] = changed[place:end]
            case _:
                changed[place:place] = random.choice(_PIECES)
    return bytes(changed)


def _mutate_parts(data: bytes, random: Random) -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        parts = source.infolist()
        chosen = {part.filename for part in random.sample(parts, min(len(parts), 2))}
        for part in parts:
            content = source.read(part)
            if part.filename in chosen:
                if random.random() < 0.05:
                    continue
                content = mutate_bytes(content, random)
            target.writestr(part.filename, content)
    return packed.getvalue()
