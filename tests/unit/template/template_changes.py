"""Changes of a parsed template, by which a rule is shown to notice them."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.unit.template.template_parts import Template

Rule = Callable[[Template], Iterator[str]]
Change = Callable[[Template], None]
# A change, and the rule that has to notice it.
Break = tuple[Rule, Change]


def set_part(path: str, value: Any) -> Change:
    """Give the part at a path another value, or add it."""

    def change(template: Template) -> None:
        parent, key = _walk(template, path)
        parent[key] = value

    return change


def drop_part(path: str) -> Change:
    """Leave out the part at a path."""

    def change(template: Template) -> None:
        parent, key = _walk(template, path)
        del parent[key]

    return change


def _walk(template: Template, path: str) -> tuple[Any, Any]:
    """Find what holds the last part of a path.

    A list's part is an index or a statement's Sid; a slash within a part is written %.
    """
    parts = [part.replace("%", "/") for part in path.split("/")]
    place: Any = template
    for part in parts[:-1]:
        place = place[_key(place, part)]
    return place, _key(place, parts[-1])


def _key(place: Any, part: str) -> Any:
    if not isinstance(place, list):
        return part
    if part.isdigit():
        return int(part)
    return next(index for index, statement in enumerate(place) if statement["Sid"] == part)
