"""How long other libraries take to give the text of documents: `bench_formats` runs this.

Runs in an environment of its own, and imports nothing of this project. A line that it reads names
a document and how often to read it; each that it writes has, by library, milliseconds of CPU time,
and the text if it was to be read no time.
"""

import json
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
    return "\n".join([p.text for p in document.paragraphs] + cells)


def read_pptx(path):
    shapes = [shape for slide in pptx.Presentation(str(path)).slides for shape in slide.shapes]
    return "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)


def read_xlsx(path):
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
    return "\n".join(" ".join(map(str, row)) for row in rows)


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
    ".html": (
        ("beautifulsoup4", lambda p: BeautifulSoup(p.read_bytes(), "html.parser").get_text(" ")),
    ),
}


def measure(read, path, rounds):
    times = []
    for _ in range(rounds):
        started = time.process_time()
        read(path)
        times.append((time.process_time() - started) * 1000)
    return times


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        asked = json.loads(line)
        path, rounds = Path(asked["path"]), asked["rounds"]
        found = {
            name: measure(read, path, rounds) if rounds else read(path)
            for name, read in PEERS.get(path.suffix, ())
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
