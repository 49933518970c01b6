"""Texts of Microsoft Office, and slides whose plain text does not tell enough.

A text is the library's plain text, cut at the headings that its Markdown tells: both are made of
one reading, while its tree would have to be walked word by word. Slides whose plain text does not
tell enough are as the tree has them. Old texts are read so if they are of before Word 97.
"""

import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from office_oxide import Document

from pipeline.formats.readers.office_files import read_office, to_plain
from pipeline.formats.readers.office_pieces.word_pieces import change_pieces
from pipeline.formats.readers.part_starts import read_package
from pipeline.formats.readers.unused_styles import drop_table_styles
from pipeline.formats.readers.xml_parts import open_package, read_part, replace_parts
from pipeline.formats.units import UnitsDocument, join_cells

_HEADING = re.compile(r"#{1,6} +(.*)")
_ITEM = re.compile(r"(?:[-*>]|\d+\.) +")
# What Markdown writes in another way than it is shown.
_MARKED = re.compile(r"[\\*~<\[]")
_LINK = re.compile(r"(?<!\\)\[(.*?)(?<!\\)\]\([^)]*\)")

# Of texts in Japanese and Chinese, in which a word may have beside it how it is read: their full
# stop and comma, and the words for "of". To look for each is faster than for a range.
_SIGNS_OF_EAST_ASIA = "\u3002\u3001\uff0c\u306e\u7684"
# None lies in another; to go on beyond the next one would take forever where none ends.
_RUBY = re.compile(
    rb"<w:ruby>(?:(?!<w:ruby>|<w:rt>|</w:ruby>).)*+<w:rt>((?:(?!<w:ruby>|</w:rt>).)*+)</w:rt>\s*"
    rb"<w:rubyBase>((?:(?!<w:ruby>|</w:rubyBase>).)*+)</w:rubyBase>\s*</w:ruby>",
    re.DOTALL,
)
_DOCUMENT = "word/document.xml"

_Block = dict[str, Any]
_PARAGRAPHS = frozenset({"paragraph", "heading"})
_LINE_BREAK = "line_break"


def open_text(path: Path) -> UnitsDocument:
    """Open a new Word document: a unit a heading with what is below it."""
    return UnitsDocument(read_text(path))


def read_text(path: Path) -> list[str]:
    """The units of a Word document that the library reads."""
    data = change_pieces(drop_table_styles(read_package(path)))
    text, markdown = read_office(data, "doc", _render_text)
    if any(sign in text for sign in _SIGNS_OF_EAST_ASIA):
        flat = _flatten_ruby(data)
        if flat is not None:
            text, markdown = read_office(flat, "doc", _render_text)
    lines = text.split("\n")
    places = [0, *_find_headings(lines, markdown.split("\n")), len(lines)]
    units = ["\n".join(lines[a:b]) for a, b in pairwise(places)]
    return [unit for unit in units if unit.strip()] or [""]


def _flatten_ruby(data: bytes) -> bytes | None:
    """A document with its words before how they are read; None if that is told of none.

    The library leaves out words beside which stands how they are read (ECMA-376-1, 17.3.3.25).
    """
    with open_package(io.BytesIO(data)) as archive:
        content = read_part(archive, _DOCUMENT)
    flat, count = _RUBY.subn(rb"</w:r>\2<w:r><w:t>(</w:t></w:r>\1<w:r><w:t>)</w:t>", content)
    return replace_parts(data, {_DOCUMENT: [flat]}) if count else None


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
    if not _MARKED.search(line):
        return line.strip()
    return to_plain(_LINK.sub(r"\1", line)).strip()


def read_slides(data: bytes) -> list[str]:
    """The text of each slide of a presentation, with its notes."""
    return _list_slides(read_office(data, "ppt", Document.to_ir_json))


def _list_slides(tree: str) -> list[str]:
    return [
        "\n".join(_list_texts(slide["elements"]) + _list_texts(slide.get("speaker_notes") or ()))
        for slide in json.loads(tree)["sections"]
    ] or [""]


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
