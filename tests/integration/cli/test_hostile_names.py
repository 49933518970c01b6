"""A hostile title and key through every place that a person reads: shown as text in each."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from markdown_it import MarkdownIt

from pipeline.report.daily_report import write_report
from pipeline.report.report_types import Digest
from shared.errors import DeferredError
from shared.printable import to_printable
from tests.fakes.aws.ledger_rows import force
from tests.fakes.desks.command_line import open_command_line
from tests.fakes.desks.report_desk import MAILED, Desk
from tests.fakes.desks.task_desk import open_task_desk
from tests.fakes.html_page import HtmlPage
from tests.fakes.pdf.pdf_files import make_text_pdf

# Its documents are put once, not in each process that takes one of its tests.
pytestmark = pytest.mark.xdist_group("hostile_names")

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = {
    "image": "![x](http://x.example/x.png)",
    "link": "[x](http://x.example) <http://x.example>",
    "html": "<img src=x onerror=alert(1)></td><script>alert(1)</script>",
    "table": "a | b `c` **d** ~~e~~ &lt;",
    "escape": "a\x1b[2J\x1b]8;;http://x.example\x07b",
    "c1": "a\x9b31m\x9d0;b\x9c",
    "bidi": "a\u202efdp.exe\u2066b\u2069",
    "formula": '=HYPERLINK("http://x.example")',
    "wide_formula": "\uff20SUM(1)",
    "hidden_formula": "\u200b+1+1",
}
# What a terminal or a reader's eye is misled by.
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def shown(hostile):
    return " ".join(to_printable(hostile).split())


def key_of(hostile):
    return f"{hostile}.pdf"


@pytest.fixture(scope="module")
def desk():
    """Documents with hostile titles and keys, a task about each, and the day's report, mailed."""
    with open_task_desk(with_model=False, **MAILED) as desk:
        for name, hostile in HOSTILE.items():
            words = "".join(filter(str.isprintable, hostile)).encode("ascii", "ignore").decode()
            document = desk.put(key_of(hostile), make_text_pdf(f"{words} is here."))
            force(desk.table, document, title=hostile)
            desk.do("ask", id=name, question=hostile, documents=[document.document_id])
        desk.reports = Desk(desk.account)
        now = datetime.now(UTC)
        desk.reports.at = now + timedelta(days=2)
        desk.day = f"{now:%Y-%m-%d}"
        with pytest.MonkeyPatch.context() as patch:
            # So few documents have a file of their own on no other day.
            patch.setattr("pipeline.report.figures.MOST_LINES", 2)
            write_report(desk.day, Digest(), desk.reports.services)
        try:
            desk.reports.order(desk.day)
        except DeferredError:
            desk.pipeline.run()
            desk.reports.order(desk.day)
        yield desk


@pytest.fixture
def seashore(desk):
    with open_command_line(desk.account) as seashore:
        yield seashore


def assert_shown_in_markdown(markdown, *texts):
    assert not STEERING.search(markdown)
    html = MARKDOWN.render(markdown)
    assert not {"img", "a", "script", "del"} & set(re.findall(r"<([a-z]+)", html))
    for text in texts:
        assert shown(text) in unescape(html)


def assert_shown_in_text(text, *texts):
    assert not STEERING.search(text)
    # A long text is broken into lines, a long word into parts.
    words = "".join(text.split())
    for one in texts:
        assert "".join(shown(one).split()) in words


@pytest.mark.parametrize("name", HOSTILE)
def test_in_a_summary_and_in_the_result_of_a_task(desk, name):
    hostile = HOSTILE[name]
    document = desk.pipeline.document(key_of(hostile))
    summary = desk.reports.services.objects.read_text(
        desk.account.settings.artifacts_bucket, document.result_key.replace(".json", ".md")
    )
    assert_shown_in_markdown(summary, key_of(hostile))
    assert_shown_in_markdown(desk.markdown(desk.task(name)), hostile, key_of(hostile))


@pytest.mark.parametrize("name", HOSTILE)
def test_in_the_report_and_its_mail(desk, name):
    hostile = HOSTILE[name]
    assert_shown_in_markdown(desk.reports.read("report.md", desk.day), hostile, key_of(hostile))
    page = HtmlPage(desk.reports.read("report.html", desk.day))
    assert not {"img", "a", "script"} & set(page.tags)
    assert not STEERING.search(page.text)
    assert shown(hostile) in page.text
    assert key_of(shown(hostile)) in page.text
    (mail,) = desk.reports.ses.mails
    content = mail["Content"]["Simple"]
    assert content["Body"]["Html"]["Data"] == page.html
    assert_shown_in_text(content["Body"]["Text"]["Data"], hostile, key_of(hostile))
    assert not STEERING.search(content["Subject"]["Data"])


def test_in_the_list_of_every_document(desk):
    text = desk.reports.read("documents.csv", desk.day).replace("\r\n", "\n")
    assert not STEERING.search(text)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(HOSTILE)
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
    assert {row["title"].removeprefix("'") for row in rows} == set(map(shown, HOSTILE.values()))
    assert {row["key"].removeprefix("'") for row in rows} == {
        shown(key_of(hostile)) for hostile in HOSTILE.values()
    }


def test_on_the_command_line(desk, seashore):
    for name, hostile in HOSTILE.items():
        document = desk.pipeline.document(key_of(hostile))
        shows = seashore("show", document.document_id)
        assert_shown_in_text(shows.stdout + shows.stderr, key_of(hostile))
        task = seashore("show", name)
        assert_shown_in_text(task.stdout + task.stderr, hostile, key_of(hostile))
        assert "\\" not in task.stdout


def test_in_json_on_the_command_line_which_loses_nothing(desk, seashore):
    for name, hostile in HOSTILE.items():
        document = desk.pipeline.document(key_of(hostile))
        document_json = seashore("show", document.document_id, "--json").stdout
        task_json = seashore("show", name, "--json").stdout
        assert not STEERING.search(document_json + task_json)
        shows, task = json.loads(document_json), json.loads(task_json)
        assert shows["document"]["key"] == shows["summary"]["key"] == key_of(hostile)
        assert shows["document"]["title"] == hostile
        assert task["task"]["about"] == task["result"]["question"] == hostile


@pytest.mark.parametrize("command", ["documents", "tasks"])
def test_in_lists_on_the_command_line(seashore, command):
    plain, as_json = seashore(command), seashore(command, "--json")
    assert_shown_in_text(plain.stdout, *HOSTILE.values())
    assert not STEERING.search(as_json.stdout)
    field = "title" if command == "documents" else "about"
    assert {one[field] for one in json.loads(as_json.stdout)} >= set(HOSTILE.values())
