"""How long other libraries take to give the text of documents: `bench_formats` runs this.

Runs in an environment of its own, and imports nothing of this project. Prints one line of JSON:
milliseconds of CPU time by document and library.
"""

import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import anydoc
import docx
import office_oxide
import openpyxl
import pptx
from bs4 import BeautifulSoup
from odf import opendocument, teletype
from striprtf.striprtf import rtf_to_text


def read_oxide(path):
    with office_oxide.Document.open(str(path)) as document:
        return document.plain_text()


def read_docx(path):
    document = docx.Document(str(path))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return [p.text for p in document.paragraphs] + cells


def read_pptx(path):
    return [
        shape.text_frame.text
        for slide in pptx.Presentation(str(path)).slides
        for shape in slide.shapes
        if shape.has_text_frame
    ]


def read_xlsx(path):
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return [list(sheet.iter_rows(values_only=True)) for sheet in book]


ANY = ("anydoc", lambda path: anydoc.to_markdown(str(path)))
OXIDE = ("office-oxide", read_oxide)
ODFPY = ("odfpy", lambda path: teletype.extractText(opendocument.load(str(path)).body))
PEERS = {
    ".docx": (ANY, OXIDE, ("python-docx", read_docx)),
    ".pptx": (ANY, OXIDE, ("python-pptx", read_pptx)),
    ".xlsx": (ANY, OXIDE, ("openpyxl", read_xlsx)),
    ".doc": (ANY, OXIDE),
    ".ppt": (ANY, OXIDE),
    ".xls": (ANY, OXIDE),
    ".odt": (ANY, ODFPY),
    ".ods": (ANY, ODFPY),
    ".odp": (ANY, ODFPY),
    ".epub": (ANY,),
    ".rtf": (ANY, ("striprtf", lambda path: rtf_to_text(path.read_text("latin-1")))),
    ".html": (("beautifulsoup4", lambda p: BeautifulSoup(p.read_bytes(), "html.parser").text),),
}


def measure(read, path, rounds):
    times = []
    for _ in range(rounds + 1):
        started = time.process_time()
        read(path)
        times.append((time.process_time() - started) * 1000)
    return statistics.median(times[1:])


def main():
    warnings.simplefilter("ignore")
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    measured = {}
    for path in sorted(folder.iterdir()):
        found = {}
        for name, read in PEERS.get(path.suffix, ()):
            try:
                found[name] = measure(read, path, rounds)
            # A library that does not read a document has no time.
            except Exception:  # noqa: S112 - and which document it is does not matter here
                continue
        measured[path.name] = found
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
