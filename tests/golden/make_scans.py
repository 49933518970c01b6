"""Make the scans of the golden set anew: pages of its documents as pictures, with their answers.

    python -m tests.golden.make_scans

The answers are those of the document; the pictures are kept, as another version of what renders
and packs them gives other bytes.
"""

import io
import json
from collections.abc import Callable

from PIL import Image

from tests.fakes.pdf.scanned_pdf_files import render_pdf
from tests.golden.make_golden_set import HERE

DOTS_PER_INCH = 150
_FINE_DOTS_PER_INCH = 200
_BLACK_BELOW = 128


def scan_by_office_machine(pages: list[Image.Image]) -> bytes:
    """A PDF of pictures in grey, packed hard and a little askew."""
    askew = [page.rotate(1, Image.Resampling.BICUBIC, fillcolor=255) for page in pages]
    out = io.BytesIO()
    first, *others = askew
    first.save(
        out,
        "PDF",
        save_all=True,
        append_images=others,
        resolution=DOTS_PER_INCH,
        quality=40,
        creationDate=None,
        modDate=None,
    )
    return out.getvalue()


def scan_by_fax(pages: list[Image.Image]) -> bytes:
    """A TIFF of pages in black and white."""
    first, *others = [_to_black(page) for page in pages]
    out = io.BytesIO()
    first.save(
        out,
        "TIFF",
        save_all=True,
        append_images=others,
        compression="group4",
        dpi=(_FINE_DOTS_PER_INCH, _FINE_DOTS_PER_INCH),
    )
    return out.getvalue()


def scan_on_its_side(pages: list[Image.Image]) -> bytes:
    """A PNG of a page that was laid down the wrong way."""
    (page,) = pages
    out = io.BytesIO()
    _to_black(page).rotate(90, expand=True).save(out, "PNG", optimize=True)
    return out.getvalue()


def _to_black(page: Image.Image) -> Image.Image:
    return page.point(lambda grey: 255 if grey >= _BLACK_BELOW else 0, "1")


SCANS: tuple[tuple[str, str, int, Callable[[list[Image.Image]], bytes]], ...] = (
    ("letter-en", ".pdf", DOTS_PER_INCH, scan_by_office_machine),
    ("invoice-en", ".tiff", _FINE_DOTS_PER_INCH, scan_by_fax),
    ("form-en", ".png", _FINE_DOTS_PER_INCH, scan_on_its_side),
)


def write_scans() -> None:
    """Write the pictures and their answers beside the documents."""
    for name, suffix, dots_per_inch, scan in SCANS:
        data = (HERE / f"{name}.pdf").read_bytes()
        pages = [Image.open(io.BytesIO(one)) for one in render_pdf(data, dots_per_inch)]
        file = HERE / f"scan-{name}{suffix}"
        file.write_bytes(scan(pages))
        answers = json.loads((HERE / f"{name}.answers.json").read_text(encoding="utf-8"))
        answers |= {"document": file.name, "tags": [*answers["tags"], "scan"]}
        text = json.dumps(answers, ensure_ascii=False, indent=1)
        (HERE / f"scan-{name}.answers.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_scans()
