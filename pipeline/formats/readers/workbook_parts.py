"""Parts of a workbook under the names that Excel gives them.

A workbook says by relations where its parts lie (ECMA-376-1, 12.3.22; ECMA-376-2, 9.3), and some
programs give them names of their own. The library looks for the list of sheets and for the words of
all cells by Excel's names alone: without the one it fails, without the other it leaves out words.
"""

import io
from html import escape
from posixpath import basename, normpath
from zipfile import ZipFile

from pipeline.formats.readers.part_starts import PartPlace, read_start
from pipeline.formats.readers.xml_parts import (
    list_elements,
    open_package,
    read_part,
    replace_parts,
)

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
STYLES, WORDS = "xl/styles.xml", "xl/sharedStrings.xml"
_ROOT_RELATIONS = "_rels/.rels"
_MAIN_KIND = "officeDocument"
# By the last word of their relation's type, which is another in strict files before that.
_USUAL_NAMES = {"styles": STYLES, "sharedStrings": WORDS}
_RELATES_WORDS = b"/sharedStrings"
_UPWARDS = b"../"
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
    return _UPWARDS in relations or (WORDS not in parts and _RELATES_WORDS in relations)


def name_as_excel_does(data: bytes) -> bytes:
    """A workbook with copies of its main parts where Excel puts them; as it is if it has none.

    Raises:
        UnreadableDocumentError: A part that says where others lie is damaged.
    """
    with open_package(io.BytesIO(data)) as archive:
        # Names are compared without case (ECMA-376-2, 9.1.1.1.2).
        names = {name.lower(): name for name in archive.NameToInfo}
        roots = _list_relations(archive, names, "")
        main = next((target for _, kind, target in roots if kind == _MAIN_KIND), "")
        if main not in archive.NameToInfo:
            return data
        relations = _list_relations(archive, names, main)
        copies = {WORKBOOK: read_part(archive, main), RELATIONS: _write_relations(relations)}
        # There is one of each kind; more would be read as often as they are named.
        others = {
            _USUAL_NAMES[kind]: one
            for _, kind, one in relations
            if kind in _USUAL_NAMES and one in archive.NameToInfo
        }
        copies |= {name: read_part(archive, one) for name, one in others.items()}
    return replace_parts(data, copies)


def _list_relations(
    archive: ZipFile, names: dict[str, str], part: str
) -> list[tuple[str, str, str]]:
    """The relations of a part: the id, the last word of the type, and the name of the other."""
    folder, _, name = part.rpartition("/")
    place = names.get(f"{folder}/_rels/{name}.rels".lstrip("/").lower())
    found = []
    for _, attributes in list_elements(archive, place) if place else ():
        target = attributes.get("Target", "")
        if target and attributes.get("TargetMode") != "External":
            path = normpath(target if target[0] == "/" else f"/{folder}/{target}").lstrip("/")
            kind = basename(attributes.get("Type", ""))
            found.append((attributes.get("Id", ""), kind, names.get(path.lower(), path)))
    return found


def _write_relations(relations: list[tuple[str, str, str]]) -> bytes:
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    written = "".join(
        f'<Relationship Id="{escape(one)}" Type="{kinds}/{escape(kind)}" '
        f'Target="/{escape(_USUAL_NAMES.get(kind, target))}"/>'
        for one, kind, target in relations
    )
    return f'<Relationships xmlns="{_NAMESPACE}">{written}</Relationships>'.encode()
