"""Documents of Microsoft Office, new and old, by `office_oxide`.

A text is cut at its headings and a presentation at its slides, as the library's tree has them. A
workbook's tree leaves out what is beyond some size; so sheets are cut out of its Markdown, where a
line that begins with no bar is no row.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from office_oxide import Document, OfficeOxideError

from pipeline.extraction.readable_document import UnreadableDocumentError
from pipeline.formats.old_office import OLE_START
from pipeline.formats.readers.old_workbooks import list_hidden_sheets
from pipeline.formats.readers.xml_parts import list_elements, open_package
from pipeline.formats.units import UnitsDocument, UnitWriter, join_cells, mark_hidden_sheet
from shared.errors import RejectionCode

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_EMPHASIS = re.compile(r"(?<!\\)(?:\*{1,3}|~~)")
_RULE = re.compile(r"^\|(?: :?-+:? \|)+$", re.MULTILINE)
_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
_MARKED = re.compile(r"[\\*~\t]|<br>|  +[^ |]")
_SHEET = "## "
_WORKBOOK = "xl/workbook.xml"
_OldKind = Literal["doc", "ppt", "xls"]
_NEW_KINDS: dict[_OldKind, Literal["docx", "pptx", "xlsx"]] = {
    "doc": "docx",
    "ppt": "pptx",
    "xls": "xlsx",
}
_WORDS_OF_LOCKS = ("encrypt", "password")


def open_text(path: Path) -> UnitsDocument:
    """Open a Word document: a unit a heading with what is below it."""
    tree = _read(path.read_bytes(), "doc", Document.to_ir_json)
    writer = UnitWriter()
    for section in json.loads(tree)["sections"]:
        # What each page repeats stands once.
        for place in ("header", "first_page_header", "even_page_header"):
            _write_blocks(writer, (section.get(place) or {}).get("content", []))
        for block in section["elements"]:
            if block.get("type") == "heading":
                writer.begin()
            _write_blocks(writer, [block])
        for place in ("footer", "first_page_footer", "even_page_footer"):
            _write_blocks(writer, (section.get(place) or {}).get("content", []))
    return UnitsDocument(writer.finish() or [""])


def open_presentation(path: Path) -> UnitsDocument:
    """Open a PowerPoint presentation: a unit a slide, with its notes."""
    units = []
    for slide in json.loads(_read(path.read_bytes(), "ppt", Document.to_ir_json))["sections"]:
        writer = UnitWriter()
        _write_blocks(writer, slide["elements"])
        _write_blocks(writer, slide.get("speaker_notes") or [])
        units.append("".join(writer.finish()))
    return UnitsDocument(units or [""])


def open_workbook(path: Path) -> UnitsDocument:
    """Open an Excel workbook: a unit a sheet, which begins with its name."""
    data = path.read_bytes()
    text = _RULE.sub("", _read(data, "xls", Document.to_markdown))
    writer = UnitWriter()
    for line in text.split("\n"):
        if line.startswith(_SHEET):
            writer.begin(keeps_empty=bool(writer.units))
            writer.write(_to_plain(line.removeprefix(_SHEET)) + "\n")
        elif line.startswith("|"):
            writer.write(_read_row(line) + "\n")
        elif line.strip():
            writer.write(_to_plain(line) + "\n")
    units = writer.finish()
    if data.startswith(OLE_START):
        hidden = list_hidden_sheets(data)
    else:
        sheets = _list_sheets(path)
        units = _put_in_order(units, [name for name, _ in sheets])
        hidden = frozenset(name for name, is_hidden in sheets if is_hidden)
    marked = [
        mark_hidden_sheet(unit) if unit.partition("\n")[0] in hidden else unit for unit in units
    ]
    return UnitsDocument(marked or [""])


def _read_row(line: str) -> str:
    """A row as it is shown; most have nothing in them that Markdown writes in another way."""
    if not _MARKED.search(line):
        return line[2:-2].rstrip(" |")
    return join_cells(map(_to_plain, _BETWEEN_CELLS.split(line)[1:-1]))


def _list_sheets(path: Path) -> list[tuple[str, bool]]:
    """All sheets of a new workbook, those without cells too.

    Returns:
        Of each its name, and whether Excel hides it (ECMA-376-1, 18.2.19, `state`).
    """
    with open_package(path) as archive:
        elements = list_elements(archive, _WORKBOOK)
    return [
        (attributes.get("name", ""), attributes.get("state", "visible") != "visible")
        for name, attributes in elements
        if name.endswith("}sheet")
    ]


def _put_in_order(units: list[str], names: list[str]) -> list[str]:
    """The units of all sheets, with those without cells, which the library leaves out."""
    placed: list[str] = []
    left = iter(units)
    unit = next(left, None)
    for name in names:
        if unit is not None and unit.split("\n", 1)[0] == name:
            placed.append(unit)
            unit = next(left, None)
        else:
            placed.append(name)
    # A name that is written in two ways would leave units over; then they are as they come.
    return placed if unit is None and names else units


def _read(data: bytes, old_kind: _OldKind, render: Callable[[Document], str]) -> str:
    kind = old_kind if data.startswith(OLE_START) else _NEW_KINDS[old_kind]
    try:
        return render(Document.from_bytes(data, kind))
    except OfficeOxideError as error:
        words = str(error)
        is_locked = any(word in words.lower() for word in _WORDS_OF_LOCKS)
        code = RejectionCode.ENCRYPTED if is_locked else RejectionCode.DAMAGED
        raise UnreadableDocumentError(code, "its parts cannot be read") from error


def _to_plain(markdown: str) -> str:
    without = _EMPHASIS.sub("", markdown.replace("<br>", " "))
    return _ESCAPED.sub(r"\1", without)


def _write_blocks(writer: UnitWriter, blocks: list[dict[str, Any]]) -> None:
    for block in blocks:
        for line in _list_lines(block):
            writer.write(line + "\n")


def _list_lines(block: dict[str, Any]) -> list[str]:
    """The lines of a block of the library's tree, whatever kinds of blocks lie in it."""
    rows, items = block.get("rows"), block.get("items")
    if isinstance(rows, list):
        return [join_cells(map(_read_cell, row.get("cells") or [])) for row in rows]
    if isinstance(items, list):
        return [f"- {line}" for item in items for line in _list_item(item)]
    text = _join_inline(block.get("content"))
    if text is not None:
        return text.split("\n")
    lines = []
    for key in ("content", "elements", "blocks", "children"):
        for inner in block.get(key) or []:
            if isinstance(inner, dict):
                lines += _list_lines(inner)
    if isinstance(block.get("text"), str):
        lines += block["text"].split("\n")
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
