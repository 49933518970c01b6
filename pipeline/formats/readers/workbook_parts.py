"""Parts of a workbook under the names that Excel gives them.

A workbook says by relations where its parts lie (ECMA-376-1, 12.3.22; ECMA-376-2, 9.3), and some
programs give them names of their own. The library looks for the list of sheets and for the words of
all cells by Excel's names alone: without the one it fails, without the other it leaves out words.
"""

import io
import re
from collections.abc import Iterable
from html import escape

from pipeline.formats.readers.part_starts import PartPlace, read_start
from pipeline.formats.readers.relations import PackageRelations, Relation
from pipeline.formats.readers.xml_parts import open_package, read_pieces, replace_parts

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
STYLES, WORDS = "xl/styles.xml", "xl/sharedStrings.xml"
# By the kind of their relation.
_USUAL_NAMES = {"styles": STYLES, "sharedStrings": WORDS}
_RELATION = re.compile(rb"<[^<>]*>")
_UPWARDS = b"../"
# Of a program of one's own: Office and the library look at none of it (ECMA-376-1, 15.2.5).
_OF_NO_CELLS = re.compile(rb"/customXml[\"']")
_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"


def has_other_names(data: bytes, parts: dict[str, PartPlace]) -> bool:
    """Whether the library would miss a part of a workbook by its name.

    Args:
        data: The workbook.
        parts: Of its parts at least those of Excel's names here, by their names.
    """
    if WORKBOOK not in parts or RELATIONS not in parts:
        return True
    relations = read_start(data, parts[RELATIONS], 1 << 20)
    return any(
        name not in parts and f"/{kind}".encode() in relations
        for kind, name in _USUAL_NAMES.items()
    ) or (
        _UPWARDS in relations
        and any(
            _UPWARDS in one and not _OF_NO_CELLS.search(one) for one in _RELATION.findall(relations)
        )
    )


def name_as_excel_does(data: bytes) -> bytes:
    """A workbook with copies of its main parts where Excel puts them; as it is if it has none.

    Raises:
        UnreadableDocumentError: A part that says where others lie is damaged.
    """
    with open_package(io.BytesIO(data)) as archive:
        package = PackageRelations(archive)
        main = package.find_main()
        if not main:
            return data
        relations = package.list_of(main)
        # There is one of each kind; more would be read as often as they are named.
        others = {
            _USUAL_NAMES[one.kind]: one.target
            for one in relations
            if one.kind in _USUAL_NAMES and one.target in archive.NameToInfo
        }
        names = {WORKBOOK: main, **others}
        copies = {name: read_pieces(archive, one) for name, one in names.items()}
        return replace_parts(data, {**copies, RELATIONS: [_write_relations(relations)]})


def _write_relations(relations: Iterable[Relation]) -> bytes:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    written = "".join(
        f'<Relationship Id="{escape(one)}" Type="{kinds}/{escape(kind)}" '
        f'Target="/{escape(_USUAL_NAMES.get(kind, target))}"/>'
        for one, kind, target in relations
    )
    return f'<Relationships xmlns="{_NAMESPACE}">{written}</Relationships>'.encode()
