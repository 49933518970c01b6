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

_DRAW = re.compile(rb"/([^\s/<>\[\](){}%]{1,200})\s+Do\b")
_MAX_DEPTH = 8
_MAX_FORMS = 500

_CONTENT_GONE = "a part of its content is not in the file"
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
        _check_drawn(content, page.get("/Resources"), 0, set())
    except BrokenStreamError as error:
        return str(error)
    return None


def _find_contents(page: "PageObject") -> Iterator[Any]:
    if "/Contents" not in page:
        return
    raw: Any = page.raw_get("/Contents")
    contents = raw.get_object()
    for part in contents if isinstance(contents, list) else [raw]:
        stream = part.get_object()
        if not hasattr(stream, "get_data"):
            raise BrokenStreamError(_CONTENT_GONE)
        yield stream


def _check(stream: Any) -> None:
    # pypdf has no other way to the bytes as they are in the file.
    check_stream(stream._data, _read_filters(stream))


def _read_filters(stream: Any) -> list[str]:
    filters = stream.get("/Filter")
    filters = filters.get_object() if filters is not None else []
    names = filters if isinstance(filters, list) else [filters]
    return [str(name.get_object()).removeprefix("/") for name in names]


def _check_drawn(content: bytes, resources: Any, depth: int, seen: set[int]) -> None:
    """Check every form that content draws, and what those draw in turn."""
    drawn = set(_DRAW.findall(content))
    resources = None if resources is None else resources.get_object()
    if not drawn or not hasattr(resources, "get") or depth > _MAX_DEPTH:
        return
    objects: Any = resources.get("/XObject")
    objects = None if objects is None else objects.get_object()
    if not hasattr(objects, "raw_get"):
        return
    for name in objects:
        if name.removeprefix("/").encode("utf-8", "replace") not in drawn:
            continue
        form = objects.raw_get(name).get_object()
        if not hasattr(form, "get_data"):
            raise BrokenStreamError(_DRAWING_GONE)
        if form.get("/Subtype") != "/Form" or id(form) in seen or len(seen) > _MAX_FORMS:
            continue
        seen.add(id(form))
        _check(form)
        _check_drawn(form.get_data(), form.get("/Resources", resources), depth + 1, seen)
