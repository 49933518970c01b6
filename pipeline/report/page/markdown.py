"""The daily report as Markdown; short, as its words stand in `report.md.j2`, and escapes elsewhere.

It is for people who keep their notes in Markdown, and for other tools.
"""

from pipeline.report.page.build_view import build_view
from pipeline.report.page.templates import load_template, render_lines
from pipeline.report.page.view import ListLimits
from pipeline.report.report_types import DailyReport
from shared.markdown import escape_markdown, write_code, write_command

LIMITS = ListLimits(
    documents=200,
    tasks=50,
    letters=20,
    files=50,
    models=20,
    digest_characters=20_000,
    excerpt_characters=400,
)


def render_markdown(report: DailyReport) -> str:
    """A report as Markdown (CommonMark, with the tables that GitHub has)."""
    template = load_template("report.md.j2", escape_markdown, code, command)
    return render_lines(template, build_view(report, LIMITS))


def code(text: str) -> str:
    """An address to be copied."""
    return str(write_code(text))


def command(line: str) -> str:
    """A command to be copied."""
    return str(write_command(line))
