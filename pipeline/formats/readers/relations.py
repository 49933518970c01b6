"""Where the parts of an Office package lie: parts say by relations which others they refer to.

Source: ECMA-376-2, 9.3 (relationships).
"""

from posixpath import basename, normpath
from typing import NamedTuple
from zipfile import ZipFile

from pipeline.formats.readers.xml_parts import list_elements

_MAIN_KIND = "officeDocument"


class Relation(NamedTuple):
    """What a part says of another.

    Args:
        id: By which it is referred to in the part.
        kind: The last word of its type, which is another in strict files before that.
        target: The name of the other.
    """

    id: str
    kind: str
    target: str


class PackageRelations:
    """The relations in a package.

    Args:
        archive: The package.
    """

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        # Names are compared without case (ECMA-376-2, 9.1.1.1.2).
        self._names = {name.lower(): name for name in archive.NameToInfo}

    def list_of(self, part: str) -> list[Relation]:
        """The relations of a part; those of the package itself, if it has no name.

        Raises:
            UnreadableDocumentError: The part that says them is damaged.
        """
        folder, _, name = part.rpartition("/")
        place = self._names.get(f"{folder}/_rels/{name}.rels".lstrip("/").lower())
        found = []
        for _, attributes in list_elements(self._archive, place) if place else ():
            target = attributes.get("Target", "")
            if target and attributes.get("TargetMode") != "External":
                path = normpath(target if target[0] == "/" else f"/{folder}/{target}").lstrip("/")
                kind = basename(attributes.get("Type", ""))
                known = self._names.get(path.lower(), path)
                found.append(Relation(attributes.get("Id", ""), kind, known))
        return found

    def find_main(self) -> str:
        """The name of the part that a document begins with; empty if it has none.

        Raises:
            UnreadableDocumentError: The part that says it is damaged.
        """
        mains = (one.target for one in self.list_of("") if one.kind == _MAIN_KIND)
        main = next(mains, "")
        return main if main in self._archive.NameToInfo else ""
