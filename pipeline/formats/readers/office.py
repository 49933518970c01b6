"""Texts and presentations of Microsoft Office, new and old.

A new text is the library's plain text, cut at the headings that its Markdown tells: both are made
of one reading, while its tree would have to be walked word by word. The plain text of an old one
has all of a table in one line, and that of an old presentation no notes: these, and slides, are as
the tree has them.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

from office_oxide import Document

from pipeline.formats.old_office import OLE_START
from pipeline.formats.readers.office_files import read_office, to_plain
from pipeline.formats.units import UnitsDocument, UnitWriter, join_cells

_HEADING = re.compile(r"#{1,6} +(.*)")
_ITEM = re.compile(r"(?:[-*>]|\d+\.) +")
_LINK = re.compile(r"(?<!\\)\[(.*?)(?<!\\)\]\([^)]*\)")


def open_text(path: Path) -> UnitsDocument:
    """Open a Word document: a unit a heading with what is below it."""
    data = path.read_bytes()
    if data.startswith(OLE_START):
        tree = read_office(data, "doc", Document.to_ir_json)
        return UnitsDocument(_read_sections(json.loads(tree)["sections"]) or [""])
    text, markdown = read_office(data, "doc", _render_text)
    lines = text.split("\n")
    places = [0, *_find_headings(lines, markdown.split("\n")), len(lines)]
    units = ["\n".join(lines[a:b]) for a, b in pairwise(places)]
    return UnitsDocument([unit for unit in units if unit.strip()] or [""])


def _read_sections(sections: list[dict[str, Any]]) -> list[str]:
    writer = UnitWriter()
    for section in sections:
        # What each page repeats stands once.
        for place in ("header", "first_page_header", "even_page_header"):
            _write_blocks(writer, (section.get(place) or {}).get("content", []))
        for block in section["elements"]:
            if block.get("type") == "heading":
                writer.begin()
            _write_blocks(writer, [block])
        for place in ("footer", "first_page_footer", "even_page_footer"):
            _write_blocks(writer, (section.get(place) or {}).get("content", []))
    return writer.finish()


def _write_blocks(writer: UnitWriter, blocks: Iterable[dict[str, Any]]) -> None:
    for block in blocks:
        for line in _list_lines(block):
            writer.write(line)
            writer.write("\n")


def _render_text(document: Document) -> tuple[str, str]:
    return document.plain_text(), document.to_markdown()


def _find_headings(lines: list[str], markdown: list[str]) -> list[int]:
    """Which lines of the plain text are headings.

    A table of contents has the same lines, and a paragraph may begin with the mark of a heading:
    so each heading is the line that stands as far from the first of its words in both.
    """
    headings = [_show_line(line) for line in markdown if line.startswith("#")]
    wanted = Counter(heading for heading in headings if heading)
    if not wanted:
        return []
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        shown = line.strip()
        if shown in wanted:
            places[shown].append(number)
    repeated = {shown for shown, found in places.items() if len(found) > wanted[shown]}
    told = _tell_apart(repeated, markdown) if repeated else {}
    found = []
    for shown, numbers in places.items():
        are_headings = told.get(shown, ())
        if len(are_headings) == len(numbers):
            found += [n for n, is_one in zip(numbers, are_headings, strict=True) if is_one]
        else:
            # What repeats headings stands before them.
            found += numbers[-wanted[shown] :]
    return sorted(found)


def _tell_apart(repeated: set[str], markdown: Iterable[str]) -> dict[str, list[bool]]:
    """Of each line that equals some words, in order, whether it is a heading."""
    told: defaultdict[str, list[bool]] = defaultdict(list)
    for line in markdown:
        shown = _show_line(line)
        if shown in repeated:
            told[shown].append(line.startswith("#"))
    return told


def _show_line(markdown: str) -> str:
    """A line without the marks of Markdown."""
    heading = _HEADING.match(markdown)
    line = heading[1] if heading else _ITEM.sub("", markdown.strip(), count=1)
    return to_plain(_LINK.sub(r"\1", line)).strip()


def open_presentation(path: Path) -> UnitsDocument:
    """Open an old PowerPoint presentation: a unit a slide, with its notes."""
    return UnitsDocument(read_slides(path.read_bytes()))


def read_slides(data: bytes) -> list[str]:
    """The text of each slide of a presentation, with its notes."""
    tree = read_office(data, "ppt", Document.to_ir_json)
    units = []
    for slide in json.loads(tree)["sections"]:
        writer = UnitWriter()
        _write_blocks(writer, slide["elements"])
        _write_blocks(writer, slide.get("speaker_notes") or ())
        units.append("".join(writer.finish()))
    return units or [""]


def _list_lines(block: dict[str, Any]) -> list[str]:
    """The lines of a block of the library's tree, whatever kinds of blocks lie in it."""
    content = block.get("content")
    # Most are paragraphs of one piece.
    if content and len(content) == 1 and content[0].get("type") == "text":
        return str(content[0].get("text") or "").split("\n")
    rows, items = block.get("rows"), block.get("items")
    if isinstance(rows, list):
        return [join_cells(map(_read_cell, row.get("cells") or [])) for row in rows]
    if isinstance(items, list):
        return [f"- {line}" for item in items for line in _list_item(item)]
    text = _join_inline(content)
    if text is not None:
        return text.split("\n")
    lines = []
    for key in ("content", "elements", "blocks", "children"):
        for inner in block.get(key) or []:
            if isinstance(inner, dict):
                lines += _list_lines(inner)
    if isinstance(block.get("text"), str):
        lines += block["text"].split("\n")
    if not lines and block.get("type") == "image":
        lines += filter(None, [_read_alt(block)])
    return lines


def _read_cell(cell: dict[str, Any]) -> str:
    return "\n".join(line for inner in cell.get("content") or [] for line in _list_lines(inner))


def _list_item(item: dict[str, Any]) -> list[str]:
    nested = item.pop("nested", None)
    lines = _list_lines(item)
    return lines + _list_lines(nested) if isinstance(nested, dict) else lines


_INLINE = frozenset({"text", "line_break", "link", "tab", "footnote_ref", "endnote_ref", "image"})


def _join_inline(content: object) -> str | None:
    """The text of what stands in a line; None where there is something else, too."""
    if not isinstance(content, list):
        return None
    pieces = []
    for one in content:
        kind = one.get("type") if isinstance(one, dict) else None
        if kind == "text":
            pieces.append(one.get("text") or "")
        elif kind == "line_break":
            pieces.append("\n")
        elif kind == "tab":
            pieces.append("\t")
        elif kind in _INLINE:
            pieces.append(_join_inline(one.get("content")) or one.get("text") or _read_alt(one))
        else:
            return None
    return "".join(pieces)


def _read_alt(inline: dict[str, Any]) -> str:
    """What a picture in a line says of itself."""
    return str(inline.get("alt_text") or "")
