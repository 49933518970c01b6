"""The templates of the page. Whatever a view says is made harmless and escaped as it is written."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.report.page.view import ReportView
from pipeline.report.page.words import say_number

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = Path(__file__).parent

_END_BLANKS = re.compile(r"[ \t]+$", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n{3,}")


def render_lines(template: "Template", view: ReportView) -> str:
    """Fill a template of lines; one blank line stands where it has more."""
    text = _END_BLANKS.sub("", template.render(view=view))
    return _BLANK_LINES.sub("\n\n", text).strip("\n") + "\n"


@cache
def load_template(
    name: str, escape: Callable[[str], str], *filters: Callable[..., str]
) -> "Template":
    """A template into which every text goes escaped, unless a filter or macro has written it.

    Args:
        name: Its file.
        escape: How a text of unknown origin is written in its language.
        filters: What the template calls by their names, and what they write stays as it is.
    """
    # Imported only here: a page is rendered once a day, and it would burden every cold start.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def write(value: Any) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(str(value)))  # noqa: S704 - it is escaped

    def keep(filter_: Callable[..., str]) -> Callable[..., Markup]:
        return lambda *arguments: Markup(filter_(*arguments))  # noqa: S704 - it escapes

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        # Jinja's own escape leaves alone what `finalize` has escaped.
        autoescape=True,
        finalize=write,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = say_number
    environment.filters |= {filter_.__name__: keep(filter_) for filter_ in filters}
    return environment.get_template(name)
