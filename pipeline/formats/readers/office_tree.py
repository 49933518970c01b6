"""Old texts and presentations of Microsoft Office: as the library's tree has them.

The plain text of an old text has all of a table in one line, and that of an old presentation no
notes. The tree of a new presentation is read where its plain text does not tell enough.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from office_oxide import Document

from pipeline.formats.readers.office_files import read_office, read_old_file
from pipeline.formats.units import UnitsDocument, join_cells

_Block = dict[str, Any]
_PARAGRAPHS = frozenset({"paragraph", "heading"})
_LINE_BREAK = "line_break"
_HEADERS = ("header", "first_page_header", "even_page_header")
_FOOTERS = ("footer", "first_page_footer", "even_page_footer")


def open_old_text(path: Path) -> UnitsDocument:
    """Open an old Word document: a unit a heading with what is below it."""
    units: list[list[str]] = [[]]
    for section in json.loads(read_old_file(path, "doc", Document.to_ir_json))["sections"]:
        # What each page repeats stands once.
        units[-1] += _read_repeated(section, _HEADERS)
        for block in section["elements"]:
            if block["type"] == "heading":
                units.append([])
            units[-1] += _list_texts((block,))
        units[-1] += _read_repeated(section, _FOOTERS)
    texts = ("\n".join(unit) for unit in units)
    return UnitsDocument([text for text in texts if text.strip()] or [""])


def open_old_presentation(path: Path) -> UnitsDocument:
    """Open an old PowerPoint presentation: a unit a slide, with its notes."""
    return UnitsDocument(_list_slides(read_old_file(path, "ppt", Document.to_ir_json)))


def read_slides(data: bytes) -> list[str]:
    """The text of each slide of a presentation, with its notes."""
    return _list_slides(read_office(data, "ppt", Document.to_ir_json))


def _list_slides(tree: str) -> list[str]:
    return [
        "\n".join(_list_texts(slide["elements"]) + _list_texts(slide.get("speaker_notes") or ()))
        for slide in json.loads(tree)["sections"]
    ] or [""]


def _read_repeated(section: _Block, places: Iterable[str]) -> Iterator[str]:
    for place in places:
        if place in section:
            yield from _list_texts(section[place]["content"])


def _list_texts(blocks: Iterable[_Block]) -> list[str]:
    """The text of each block, in which a line break is the end of a line."""
    texts = []
    for block in blocks:
        if block["type"] in _PARAGRAPHS:
            content = block["content"]
            # Most are of one piece.
            if len(content) == 1:
                texts.append(_read_piece(content[0]))
            else:
                texts.append("".join(map(_read_piece, content)))
        else:
            texts += _list_lines(block)
    return texts


def _read_piece(piece: _Block) -> str:
    """The text of a piece of a paragraph; marks of notes and remarks have none."""
    return piece.get("text") or ("\n" if piece["type"] == _LINE_BREAK else "")


def _list_lines(block: _Block) -> list[str]:
    """The lines of a block that is no paragraph."""
    match block["type"]:
        case "table":
            return [join_cells(map(_read_cell, row["cells"])) for row in block["rows"]]
        case "list":
            return list(_list_items(block))
        case "code_block":
            return [str(block["content"])]
        case "image":
            # What a picture says of itself.
            return [block["alt_text"]] if block.get("alt_text") else []
        case _:
            # Text boxes and notes; breaks and shapes hold nothing.
            return _list_texts(block.get("content") or ())


def _read_cell(cell: _Block) -> str:
    return "\n".join(_list_texts(cell["content"]))


def _list_items(block: _Block) -> Iterator[str]:
    for item in block["items"]:
        for line in "\n".join(_list_texts(item["content"])).split("\n"):
            yield f"- {line}"
        for line in _list_items(item["nested"]) if item.get("nested") else ():
            yield f"- {line}"
