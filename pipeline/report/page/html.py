"""The daily report as one HTML page that mail clients show: no script, no file from elsewhere.

Mail clients know little CSS, so tables make the layout, table cells the charts, and every style is
written into its element. What cannot be inlined stays in one short style block: narrow screens and
dark ones.
"""

import html
from functools import cache
from typing import TYPE_CHECKING

from pipeline.report.page.build_view import build_view
from pipeline.report.page.templates import FOLDER, load_template
from pipeline.report.page.view import ListLimits
from pipeline.report.report_types import DailyReport
from shared.printable import to_printable

if TYPE_CHECKING:
    from css_inline import CSSInliner

# Gmail cuts a message off at 102 KB; the rest is for what servers on the way add.
MOST_BYTES = 90_000
# Tried in turn until the page is short enough; the last one always is.
LIMITS = (
    ListLimits(
        documents=40, tasks=20, letters=12, files=15, models=10,
        digest_characters=4_000, excerpt_characters=400,
    ),
    ListLimits(
        documents=25, tasks=10, letters=8, files=8, models=8,
        digest_characters=4_000, excerpt_characters=300,
    ),
    ListLimits(
        documents=12, tasks=6, letters=5, files=5, models=5,
        digest_characters=2_500, excerpt_characters=160,
    ),
    ListLimits(
        documents=4, tasks=2, letters=2, files=2, models=3,
        digest_characters=1_000, excerpt_characters=0,
    ),
)  # fmt: skip


def render_html(report: DailyReport) -> str:
    """A report as an HTML page of at most `MOST_BYTES` bytes."""
    page = ""
    for limits in LIMITS:
        page = _render_page(report, limits)
        if len(page.encode()) <= MOST_BYTES:
            break
    return page


def _render_page(report: DailyReport, limits: ListLimits) -> str:
    template = load_template("report.html.j2", _escape_html)
    return _load_inliner().inline(template.render(view=build_view(report, limits)))


@cache
def _load_inliner() -> "CSSInliner":
    # Imported only here: a page is rendered once a day, and it would burden every cold start.
    from css_inline import CSSInliner

    return CSSInliner(
        inline_style_tags=False,
        keep_style_tags=True,
        minify_css=True,
        load_remote_stylesheets=False,
        extra_css=(FOLDER / "inlined.css").read_text(encoding="utf-8"),
    )


def _escape_html(text: str) -> str:
    return html.escape(to_printable(text))
