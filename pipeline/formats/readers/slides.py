"""New presentations of PowerPoint: a unit a slide, with its notes.

The library's plain text has all slides, apart from empty ones, with a rule between two; its tree,
which takes twice as long to be read in Python, is asked where a rule or a row of a table cannot be
told from text that looks like one.
"""

import io
import re
from collections.abc import Container
from pathlib import Path

from office_oxide import Document

from pipeline.formats.readers.office import read_slides
from pipeline.formats.readers.office_files import read_office
from pipeline.formats.readers.office_pieces.slide_pieces import change_slides, divide_cells
from pipeline.formats.readers.part_starts import (
    PartPlace,
    list_parts,
    read_package,
    read_start,
)
from pipeline.formats.readers.relations import PackageRelations
from pipeline.formats.readers.xml_parts import list_elements, open_package
from pipeline.formats.units import BETWEEN_CELLS, HIDDEN_SLIDE, UnitsDocument

_PARTS = rb"ppt/(?:presentation|slides/[^/\0]{1,80}?|charts/chart[^/\0]{0,40}?)\.xml"
_CHARTS = "ppt/charts/"
# In the list of slides (ECMA-376-1, 19.2.1.33), which takes some KiB.
# Sections list them once more, and name no part.
_LISTED = re.compile(rb"<(?:[\w.-]+:)?sldId\s[^<>]*?:id\s*=")
_MOST_BYTES_OF_LIST = 16 << 20
_RULE = "\n\n---\n\n"
# On the first element of its part (ECMA-376-1, 19.3.1.38, sld).
_HIDDEN = re.compile(rb"<(?:[\w.-]+:)?sld\b[^<>]*\sshow=[\"'](?:0|false)[\"']")
_PRESENTATION = "ppt/presentation.xml"
_SLIDE, _ANY_PART = "slide", rb"[^\0]{1,200}?\.xml"


def open_slides(path: Path) -> UnitsDocument:
    """Open a new presentation: a unit a slide, with its notes; a hidden one says so."""
    data = read_package(path)
    listed = list_parts(data, _PARTS)
    charts = [part for part in listed if part.name.startswith(_CHARTS)]
    main = _PRESENTATION
    parts = {part.name: part for part in listed if not part.name.startswith(_CHARTS)}
    slide_count = _count_slides(data, parts.get(main))
    # The presentation, or a slide of it, lies elsewhere.
    if len(parts) <= slide_count or main not in parts:
        main, parts = _find_parts(data)
        slide_count = _count_slides(data, parts.get(main))
    hidden = {name for name, part in parts.items() if _HIDDEN.search(read_start(data, part))}
    shown = change_slides(data, parts.values(), charts)
    units = _cut_plain_text(read_office(shown, "ppt", Document.plain_text), slide_count)
    if units is None:
        units = read_slides(divide_cells(shown, _list_slides_in(shown, parts)))
        # What masters show stands behind all slides, in the library's tree.
        if slide_count:
            units[0] = "\n".join([units[0], *units[slide_count:]])
            del units[slide_count:]
    for number in _number_slides(data, main, hidden) if hidden else ():
        if number < len(units):
            units[number] = f"{HIDDEN_SLIDE}\n{units[number]}"
    return UnitsDocument(units)


def _list_slides_in(data: bytes, names: Container[str]) -> list[PartPlace]:
    """Where slides of some names lie now."""
    return [part for part in list_parts(data, _ANY_PART) if part.name in names]


def _count_slides(data: bytes, presentation: PartPlace | None) -> int:
    """How many slides a presentation lists."""
    listed = b"" if presentation is None else read_start(data, presentation, _MOST_BYTES_OF_LIST)
    return len(_LISTED.findall(listed))


def _cut_plain_text(text: str, slide_count: int) -> list[str] | None:
    """The units of the plain text; None where it does not tell slides and rows for sure."""
    units = text.split(_RULE)
    if len(units) != slide_count:
        return None
    if "\t" not in text:
        return units
    shown = []
    for unit in units:
        blocks = unit.split("\n\n") if "\t" in unit else ()
        for block in blocks:
            # A line that ends in a cell divides its row.
            if "\t" in block and len({line.count("\t") for line in block.split("\n")}) > 1:
                return None
        shown.append(unit.replace("\t", BETWEEN_CELLS))
    return shown


def _find_parts(data: bytes) -> tuple[str, dict[str, PartPlace]]:
    """The name of the presentation, and where it and its slides lie, wherever that is."""
    with open_package(io.BytesIO(data)) as archive:
        package = PackageRelations(archive)
        main = package.find_main()
        names = {main, *(one.target for one in package.list_of(main) if one.kind == _SLIDE)}
    return main, {part.name: part for part in list_parts(data, _ANY_PART) if part.name in names}


def _number_slides(data: bytes, main: str, names: set[str]) -> list[int]:
    """Which slides of the presentation parts are, from 0."""
    with open_package(io.BytesIO(data)) as archive:
        relations = {one.id: one.target for one in PackageRelations(archive).list_of(main)}
        elements = list_elements(archive, main)
    slides = [attributes for tag, attributes in elements if tag.endswith("}sldId")]
    return [
        number
        for number, attributes in enumerate(slides)
        if any(relations.get(value) in names for name, value in attributes.items() if "}id" in name)
    ]
