"""Files that only `/AF` names, of a document, a page or an annotation. Runs in the child.

A file that is associated with something (ISO 32000-2, 14.13) may, but need not, be in the
document's own list of files too, and PDFium knows that list and what hangs on pages. pypdf finds
the others. It takes longer than most documents, so the bytes of a file are asked first whether
there may be any.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipeline.extraction.files_inside.embedded_files import is_same_content

if TYPE_CHECKING:
    from pypdf import PdfReader

# A list ends before the next name, so that none is gone through for each of those that never end.
_ASSOCIATED = re.compile(rb"/AF\s*+(?:\[([^\]<>/]{0,20000}+)\]|(\d{1,10}\s+\d{1,5}\s+R\b))")
# A specification that stands in place has no number to be looked up by.
_IN_PLACE = re.compile(rb"/AF\s*+(?:\[[^\]<>/]{0,20000}+)?<<")
_REFERENCE = re.compile(rb"\b(\d{1,10})\s+\d{1,5}\s+R\b")
_RELATION = re.compile(rb"/AFRelationship\s*/(\w+)")
_FILE_NAME = re.compile(rb"/U?F\s*(?:\(((?:\\.|[^\\()])*)\)|<((?:[0-9A-Fa-f]{2})*)>)")
# A file with more of them is looked at.
_MAX_LOOKED_UP = 64
_MAX_PAGES_LOOKED_AT = 500
_MAX_ANNOTATIONS = 500


def may_name_other_files(text: bytes, find_object: Callable[[bytes], bytes | None]) -> bool:
    """Whether `/AF` may name a file that is in no list of files, from the bytes of a document.

    Args:
        text: All that is no stream.
        find_object: Gives an object by its number; None where there is none.
    """
    found = list(islice(_ASSOCIATED.finditer(text), _MAX_LOOKED_UP + 1))
    if len(found) > _MAX_LOOKED_UP or _IN_PLACE.search(text):
        return True
    numbers: set[bytes] = set()
    for listed, single in (match.groups(b"") for match in found):
        named = _REFERENCE.findall(listed or single)
        body = find_object(named[0]) if single else None
        numbers.update(_REFERENCE.findall(body) if body and body.startswith(b"[") else named)
    if len(numbers) > _MAX_LOOKED_UP:
        return True
    return any(_is_unlisted(number, text, find_object) for number in numbers)


def _is_unlisted(number: bytes, text: bytes, find_object: Callable[[bytes], bytes | None]) -> bool:
    body = find_object(number) or b""
    relation, name = _RELATION.search(body), _FILE_NAME.search(body)
    if relation is not None and is_same_content(
        relation[1].decode("latin-1"), _read_name(name) if name else ""
    ):
        return False
    # In the list of files a name stands before it.
    return re.search(rb"[)>]\s*%b\s+\d{1,5}\s+R\b" % number, text) is None


def _read_name(name: re.Match[bytes]) -> str:
    """The ASCII letters of a name: enough for how it ends."""
    written = name[1] if name[1] is not None else bytes.fromhex(name[2].decode())
    return written.replace(b"\0", b"").decode("latin-1")


def find_associated_files(reader: "PdfReader") -> Iterator[tuple[str, Any]]:
    """The names and streams of files that are in no list of files, each once.

    Raises:
        Exception: Whatever pypdf raises for objects that are no objects.
    """
    seen = set(_list_known(reader))
    for specification in _list_specifications(reader):
        name = str(specification.get("/UF") or specification.get("/F") or "")
        relation = str(specification.get("/AFRelationship", "")).removeprefix("/")
        stream = _find_stream(specification)
        if stream is None or id(stream) in seen or is_same_content(relation, name):
            continue
        seen.add(id(stream))
        yield name, stream


def _list_known(reader: "PdfReader") -> Iterator[int]:
    names: Any = _resolve(reader.root_object.get("/Names"))
    files: Any = _resolve(names.get("/EmbeddedFiles")) if hasattr(names, "get") else None
    pending = [files]
    # A node may name itself, or another one many times.
    seen: set[int] = set()
    while pending:
        node = pending.pop()
        if not hasattr(node, "get") or id(node) in seen:
            continue
        seen.add(id(node))
        listed, kids = (_resolve(node.get(key)) for key in ("/Names", "/Kids"))
        if isinstance(listed, list):
            yield from (id(_find_stream(_resolve(one))) for one in listed[1::2])
        if isinstance(kids, list):
            pending += map(_resolve, kids)
    for annotation in _list_annotations(reader):
        yield id(_find_stream(_resolve(annotation.get("/FS"))))


def _list_specifications(reader: "PdfReader") -> Iterator[Any]:
    pages = islice(reader.pages, _MAX_PAGES_LOOKED_AT)
    for holder in (reader.root_object, *pages, *_list_annotations(reader)):
        found: Any = _resolve(holder.get("/AF"))
        for one in found if isinstance(found, list) else [found]:
            specification = _resolve(one)
            if hasattr(specification, "get"):
                yield specification


def _list_annotations(reader: "PdfReader") -> Iterator[Any]:
    for page in islice(reader.pages, _MAX_PAGES_LOOKED_AT):
        listed: Any = _resolve(page.get("/Annots"))
        annotations = listed[:_MAX_ANNOTATIONS] if isinstance(listed, list) else []
        yield from (one for one in map(_resolve, annotations) if hasattr(one, "get"))


def _find_stream(specification: Any) -> Any:
    """What a file holds; None where that is not in the document."""
    held: Any = _resolve(specification.get("/EF")) if hasattr(specification, "get") else None
    if not hasattr(held, "get"):
        return None
    streams = (_resolve(held.get(key)) for key in ("/UF", "/F"))
    return next((stream for stream in streams if hasattr(stream, "get_data")), None)


def _resolve(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
