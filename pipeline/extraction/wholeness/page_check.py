"""Whether all that a page draws is there and decodes, looked up in the objects of pypdf.

Slow beside the reading of a page: only for files that `file_scan` has put under suspicion.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.extraction.wholeness.stream_check import (
    BrokenStreamError,
    check_stream,
)

if TYPE_CHECKING:
    from pypdf import PageObject

_NAME = rb"/([^\s/<>\[\](){}%]{1,200})"
_DRAW = re.compile(_NAME + rb"\s+Do\b")
_DO = re.compile(rb"\bDo\b")
_FONT = re.compile(_NAME + rb"\s+[-+.\d]+\s+Tf\b")
# A character of a name, by its number (ISO 32000-2, 7.3.5).
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_MAX_DEPTH = 8
_MAX_FORMS = 500

_CONTENT_GONE = "a part of its content is not in the file"
_FONT_BROKEN = "a list of what the characters of a font mean is broken"
_FONT_GONE = "a font of its text is not in the file"
_RESOURCES_GONE = "what it is drawn with is not in the file"
_DRAWING_GONE = "something that it draws is not in the file"


def check_page(page: "PageObject") -> str | None:
    """Hold the content of a page, and the forms that it draws, against the file.

    Returns:
        What is missing or broken, to follow "page 3 could not be read: "; None where all is whole.
        A picture that is broken is not: what it shows is no text.

    Raises:
        Exception: Whatever pypdf raises for objects that are no objects.
    """
    try:
        contents = list(_find_contents(page))
        for stream in contents:
            _check(stream)
        content = b"\n".join(stream.get_data() for stream in contents)
        resources: Any = page.get("/Resources")
        if not hasattr(resources, "get") and (_FONT.search(content) or _DRAW.search(content)):
            raise BrokenStreamError(_RESOURCES_GONE)
        _check_drawn(content, resources, 0, set())
    except BrokenStreamError as error:
        return str(error)
    return None


def _find_contents(page: "PageObject") -> Iterator[Any]:
    from pypdf.generic import NullObject

    if "/Contents" not in page:
        return
    raw: Any = page.raw_get("/Contents")
    contents = raw.get_object()
    for part in contents if isinstance(contents, list) else [raw]:
        stream = part.get_object()
        if hasattr(stream, "get_data"):
            yield stream
        elif hasattr(part, "idnum") or not isinstance(stream, NullObject):
            # What is null by itself is as if it were not there (ISO 32000-2, 7.3.9).
            raise BrokenStreamError(_CONTENT_GONE)


def _check(stream: Any) -> None:
    # pypdf has no other way to the bytes as they are in the file. Nothing is missing of nothing.
    if stream._data:
        check_stream(stream._data, _read_filters(stream))


def _read_filters(stream: Any) -> list[str]:
    filters = stream.get("/Filter")
    filters = filters.get_object() if filters is not None else []
    names = filters if isinstance(filters, list) else [filters]
    return [str(name.get_object()).removeprefix("/") for name in names]


def _check_drawn(content: bytes, resources: Any, depth: int, seen: set[int]) -> None:
    """Check every form that content draws, and what those draw in turn, and the fonts of all."""
    resources = None if resources is None else resources.get_object()
    if not hasattr(resources, "get") or depth > _MAX_DEPTH:
        return
    for font in _list_named(resources, "/Font", set(map(_unescape, _FONT.findall(content)))):
        _check_font(font)
    drawn = set(map(_unescape, _DRAW.findall(content)))
    # Where names and the operator are not side by side, all may be drawn.
    is_told = len(_DO.findall(content)) == len(_DRAW.findall(content))
    for form in _list_named(resources, "/XObject", drawn if is_told else None):
        if not hasattr(form, "get_data"):
            if not hasattr(form, "get") or "/Length" in form:
                raise BrokenStreamError(_DRAWING_GONE)
            # Some producers write so what draws nothing.
            continue
        kind = form.get("/Subtype")
        is_form = kind is not None and kind.get_object() == "/Form"
        if not is_form or id(form) in seen or len(seen) > _MAX_FORMS:
            continue
        seen.add(id(form))
        _check(form)
        _check_drawn(form.get_data(), form.get("/Resources", resources), depth + 1, seen)


def _list_named(resources: Any, kind: str, names: set[bytes] | None) -> list[Any]:
    """The resources of one kind with these names, or all of them."""
    found: Any = resources.get(kind)
    found = None if found is None else found.get_object()
    if not hasattr(found, "raw_get"):
        return []
    known = {_encode(name): name for name in found}
    # A name that is none of those may be one in another encoding.
    is_all = names is None or not names <= known.keys()
    return [
        found.raw_get(name).get_object()
        for code, name in known.items()
        if is_all or code in (names or ())
    ]


def _check_font(font: Any) -> None:
    if hasattr(font, "get") and font.get("/Subtype") == "/Type0":
        parts: Any = font.get("/DescendantFonts")
        parts = None if parts is None else parts.get_object()
        # Whoever draws nothing for such a font has no text of it either.
        if not isinstance(parts, list) or not any(hasattr(p.get_object(), "get") for p in parts):
            raise BrokenStreamError(_FONT_GONE)
    characters = font.get("/ToUnicode") if hasattr(font, "get") else None
    characters = None if characters is None else characters.get_object()
    if hasattr(characters, "get_data"):
        try:
            _check(characters)
        except BrokenStreamError as error:
            raise BrokenStreamError(_FONT_BROKEN) from error


def _encode(name: str) -> bytes:
    return name.removeprefix("/").encode("utf-8", "replace")


def _unescape(name: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes.fromhex(match[1].decode()), name)
