"""Layers that are off are no part of what a page shows. Runs in the child.

PDFium leaves them out where it draws a page, but not in its text, and does not say which they are.
pypdf does. So for a document that has such layers, and for no other, each page that draws on one
is written anew without that, and its text is that of the copy.

A layer is off if the default configuration says so (ISO 32000-2, 8.11.4), and what it has viewers
switch by themselves for viewing counts. What they switch for print or by the zoom is not looked at.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.extraction.pypdf_errors import LazyReader, PypdfError

if TYPE_CHECKING:
    from pypdf import PdfReader

_SHOWING = frozenset({b"Tj", b"TJ", b"'", b'"', b"Do"})
_BEGINNINGS = frozenset({b"BDC", b"BMC"})
_LINE_SHOWING = frozenset({b"'", b'"'})
# Of forms in each other: PDFium reads 40. Of hundreds pypdf can write none, and all would be shown.
_MAX_DEPTH = 64

# How a stream is kept, which its copy is not.
_CODING = frozenset({"/Filter", "/DecodeParms", "/Length"})
# When what belongs to several layers is shown, by how many of them are on.
_MEMBERSHIP: dict[str, Callable[[list[bool]], bool]] = {
    "/AllOn": all,
    "/AnyOn": any,
    "/AnyOff": lambda states: not all(states),
    "/AllOff": lambda states: not any(states),
}
_EXPRESSIONS: dict[str, Callable[[list[bool]], bool]] = {
    "/And": all,
    "/Or": any,
    "/Not": lambda states: not any(states),
}


class Layers:
    """The layers of a document of which some may be off.

    Args:
        reader: The document, whose pages are changed.
    """

    def __init__(self, reader: LazyReader) -> None:
        self._reader = reader
        self._off: frozenset[int] | None = None
        self._held: dict[int, bool] = {}
        # Of resources whether something that they name, or that is drawn with that, is off.
        self._layered: dict[int, bool] = {}
        # Of each form, by what it draws with, a copy without what is off, or itself.
        self._copies: dict[tuple[int, int, bool], Any] = {}
        # Of each copy the form: another page may show more of it.
        self._forms: dict[int, Any] = {}

    def write_shown(self, page_number: int) -> bytes | None:
        """A document of one page, that page without what is on layers that are off.

        Returns:
            None where nothing is on such a layer, or pypdf cannot tell.

        Raises:
            MemoryError: The memory limit was reached.
        """
        try:
            with self._use() as reader:
                return self._write_shown(reader, page_number)
        except PypdfError:
            return None

    def is_annotation_off(self, page_number: int, number: int) -> bool:
        """Whether an annotation, by its place in the page's list from 0, is on such a layer.

        Raises:
            MemoryError: The memory limit was reached.
        """
        try:
            with self._use() as reader:
                page: Any = reader.pages[page_number - 1]
                return self._is_off(page["/Annots"].get_object()[number].get_object().get("/OC"))
        except PypdfError:
            return False

    @contextmanager
    def _use(self) -> Iterator["PdfReader"]:
        with self._reader.use() as reader:
            if self._off is None:
                # Where it cannot be told, none is.
                self._off = frozenset()
                self._off = _find_off(reader)
            yield reader

    def _write_shown(self, reader: "PdfReader", page_number: int) -> bytes | None:
        from pypdf import PdfWriter
        from pypdf.generic import ContentStream, NameObject

        page = reader.pages[page_number - 1]
        resources = _find_resources(page)
        if not self._is_layered(resources):
            return None
        contents = page.get_contents()
        if contents is None:
            return None
        shown = ContentStream(contents, reader)
        shown.operations = list(self._list_shown(shown.operations, resources))
        page[NameObject("/Contents")] = shown
        writer = PdfWriter()
        writer.add_page(page, excluded_keys=("/Annots",))
        data = io.BytesIO()
        writer.write(data)
        return data.getvalue()

    def _is_layered(self, resources: Any) -> bool:
        """Whether what a page or a form draws with has something on a layer that is off.

        All resources are looked at once: where all forms share those of the page, each names all.
        """
        pending, seen = [resources], dict[int, bool]()
        while pending:
            one = pending.pop()
            if id(one) in seen:
                continue
            seen[id(one)] = False
            is_layered = self._layered.get(id(one))
            if is_layered is None:
                forms = [form.get_object() for form in _list_named(one, "/XObject").values()]
                layers = [*_list_named(one, "/Properties").values()]
                is_layered = any(map(self._is_off, layers + [form.get("/OC") for form in forms]))
                # One that has none draws with these.
                pending += map(_find_resources, forms)
            if is_layered:
                self._layered[id(one)] = self._layered[id(resources)] = True
                return True
        self._layered |= seen
        return False

    def _list_shown(
        self, operations: Iterable[tuple[Any, bytes]], resources: Any, depth: int = 0
    ) -> Iterator[tuple[Any, bytes]]:
        """The operations of a page or form without those that show something on such a layer."""
        properties = _list_named(resources, "/Properties")
        forms = _list_named(resources, "/XObject")
        off: list[bool] = []
        for operands, operator in operations:
            if operator in _BEGINNINGS:
                layer = properties.get(operands[1]) if operands[0] == "/OC" else None
                off.append(self._is_off(layer))
            elif operator == b"EMC" and off:
                off.pop()
            elif operator == b"Do" and not any(off) and operands[0] in forms:
                form = forms[operands[0]].get_object()
                is_off = self._is_off(form.get("/OC"))
                shown = None if is_off else self._find_copy(form, resources, depth + 1)
                if shown is None:
                    continue
                forms[operands[0]] = shown
            if not (any(off) and operator in _SHOWING):
                yield operands, operator
            elif operator in _LINE_SHOWING:
                # What is not shown has begun a line all the same.
                yield [], b"T*"

    def _find_copy(self, form: Any, inherited: Any, depth: int) -> Any:
        """A form without what is on such a layer; None of one that is being copied.

        It would draw itself, which no viewer does. That of one that lies too deep is empty.
        """
        from pypdf.generic import DecodedStreamObject

        form = self._forms.get(id(form), form)
        is_form = form.get("/Subtype") == "/Form"
        resources = _find_resources(form, inherited if is_form else None)
        is_too_deep = depth > _MAX_DEPTH
        key = id(form), id(resources), is_too_deep
        if key not in self._copies:
            self._copies[key] = None
            copy = form
            try:
                if is_too_deep:
                    copy = DecodedStreamObject()
                elif self._is_layered(resources):
                    copy = self._write_form(form, resources, depth)
            finally:
                self._copies[key] = copy
                self._forms[id(copy)] = form
        return self._copies[key]

    def _write_form(self, form: Any, resources: Any, depth: int) -> Any:
        from pypdf.generic import ContentStream, DecodedStreamObject

        shown = ContentStream(form, None)
        shown.operations = list(self._list_shown(shown.operations, resources, depth))
        copy = DecodedStreamObject()
        copy.update({key: form.raw_get(key) for key in form if key not in _CODING})
        copy.set_data(shown.get_data())
        return copy

    def _is_off(self, layer: Any) -> bool:
        """Whether what is on a layer, or belongs to several layers, is not shown."""
        if layer is None:
            return False
        found = layer.get_object()
        if not hasattr(found, "get"):
            return False
        if found.get("/Type") != "/OCMD":
            reference = getattr(layer, "idnum", None) or found.indirect_reference.idnum
            return self._off is not None and reference in self._off
        if "/VE" in found:
            return not self._holds(found.raw_get("/VE"))
        members: Any = found.raw_get("/OCGs") if "/OCGs" in found else []
        listed = members.get_object()
        # One that is gone says nothing (ISO 32000-2, table 97).
        layers = [
            member
            for member in (listed if isinstance(listed, list) else [members])
            if hasattr(member.get_object(), "get")
        ]
        states = [self._holds(member) for member in layers]
        rule = _MEMBERSHIP.get(found.get("/P", "/AnyOn"), any)
        return bool(states) and not rule(states)

    def _holds(self, expression: Any) -> bool:
        """Whether a layer is on, or an expression of them holds: `[/And, a, [/Not, b]]`.

        What has a number is looked at once: a few that name each other many times would take hours.
        """
        number = getattr(expression, "idnum", None)
        if number in self._held:
            return self._held[number]
        if number is not None:
            # As a part of itself it says nothing.
            self._held[number] = True
        parts: Any = expression.get_object()
        if isinstance(parts, list):
            holds = _EXPRESSIONS.get(parts[0], all)([self._holds(part) for part in parts[1:]])
        else:
            holds = not self._is_off(expression)
        if number is not None:
            self._held[number] = holds
        return holds


def _find_resources(holder: Any, inherited: Any = None) -> Any:
    """What a page or a form draws with: its own resources, or those of what draws it."""
    found = holder.get("/Resources")
    return inherited if found is None else found.get_object()


def _list_named(resources: Any, kind: str) -> Any:
    """The resources of one kind by their names."""
    found = resources.get(kind) if resources is not None else None
    return {} if found is None else found.get_object()


def _find_off(reader: "PdfReader") -> frozenset[int]:
    """The numbers of the layers that the default configuration has off."""
    layers: Any = reader.root_object["/OCProperties"]
    state = layers["/D"]
    every = {layer.idnum for layer in layers.get("/OCGs", [])}
    off = every if state.get("/BaseState") == "/OFF" else set()
    off -= {layer.idnum for layer in state.get("/ON", [])}
    off |= {layer.idnum for layer in state.get("/OFF", [])}
    for switch in map(_resolve, state.get("/AS", [])):
        if switch.get("/Event") != "/View" or "/View" not in switch.get("/Category", []):
            continue
        for layer in switch.get("/OCGs", []):
            usage = _resolve(_resolve(layer).get("/Usage", {})).get("/View", {})
            wanted = _resolve(usage).get("/ViewState")
            if wanted == "/ON":
                off.discard(layer.idnum)
            elif wanted is not None:
                off.add(layer.idnum)
    return frozenset(off)


def _resolve(value: Any) -> Any:
    return value.get_object() if hasattr(value, "get_object") else value
