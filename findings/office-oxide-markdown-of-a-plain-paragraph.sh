#!/bin/sh
# A plain paragraph of a Word document that begins with "# " is a heading in office-oxide's Markdown.
#
# The usual guess: what converts a document to Markdown writes the signs of plain text so that they
# stay text (CommonMark 0.31.2, 2.4, "Backslash escapes"), so headings in it are headings there.
# What is seen: a paragraph of the style "Normal" with the text "# 12 Harbour Street" is written as
# it stands, one with "1. May" is too, and a reader of the Markdown sees a heading and a list. In
# the tree of the same document (`to_ir`) both are paragraphs, and the true heading is a heading.
# Citing by headings needs the tree.
#
# Versions: office-oxide 0.1.15 and python-docx 1.2.0 (it writes the document), markdown-it-py 4.0.0
# (it reads the Markdown) from PyPI.
# Seen on 2026-11-28.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    office-oxide==0.1.15 python-docx==1.2.0 markdown-it-py==4.0.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import docx
import office_oxide
from markdown_it import MarkdownIt

document = docx.Document()
document.add_heading("The harbour", level=1)
document.add_paragraph("# 12 Harbour Street")
document.add_paragraph("1. May")
document.save("plain.docx")

markdown = office_oxide.to_markdown("plain.docx")
kinds = [token.type for token in MarkdownIt().parse(markdown) if token.type.endswith("_open")]
sections = office_oxide.Document.open("plain.docx").to_ir()["sections"]
told = [element["type"] for section in sections for element in section["elements"]]
print("Markdown:", repr(markdown))
print("as read: ", kinds)
print("tree:    ", told)
is_lost = kinds.count("heading_open") == 2 and "ordered_list_open" in kinds
if not is_lost or told != ["heading", "paragraph", "paragraph"]:
    sys.exit("this has changed")
PYTHON
