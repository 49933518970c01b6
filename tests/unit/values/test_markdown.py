"""Markdown with texts of unknown origin in it, as a CommonMark parser reads it."""

import ast
import re
from html import unescape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from shared.markdown import (
    escape_markdown,
    join_markdown,
    remove_escapes,
    write_code,
    write_command,
    write_lines,
    write_markdown,
)
from shared.printable import to_printable
from tests.project_files import PROJECT
from tests.unit.test_import_directions import list_sources

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "![x](http://x.example/p.png)", "[a](http://x.example)", "[a]: http://x.example",
            "<http://x.example>", "<a@x.example>", "<img src=x onerror=alert(1)>", "<script>",
            "<!--", "</td>", "&lt;", "&#91;", "{}", "{0}", "|", "|---|", ":--", "`", "```", "~~~",
            "**", "_", "__", "a_b", "#", "# ", "- ", "+ ", "1. ", "2)", "> ", "===", "---", "\n",
            "\n\n", "\r", "\u2028", "\x85", "\x9b31m", "\x1b[2J", "\x00", "\u202e", "\u2066",
            "\ud800", "\\", "\\\\", "~~", "x", " ", "    ", "\t", "*", "!", "$", "www.x.example",
            "https://x.example", "=1+1",
        ]
    ),
    max_size=8,
).map("".join)  # fmt: skip
PLACES = {
    "heading": "# {}",
    "paragraph": "{}",
    "item": "- {}",
    "emphasis": "*{}: 1 of 2*",
    "strong": "- **{}:** {}",
    "quote": "> {}",
    "cell": "| a | b |\n|---|---|\n| {} | {} |",
}


def to_line(text):
    return " ".join(to_printable(text).split())


def list_tags(html):
    return re.findall(r"</?[a-z0-9]+", html)


def read_text(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.mark.parametrize("place", PLACES)
@given(hostile=HOSTILE)
def test_any_text_is_shown_in_any_place_and_is_no_markup(place, hostile):
    template = PLACES[place]
    html = PARSER.render(str(write_markdown(template, hostile, hostile)))
    expected = PARSER.render(template.replace("{}", "HOLE"))
    line = to_line(hostile)
    if line:
        assert list_tags(html) == list_tags(expected)
        assert read_text(html) == to_line(read_text(expected).replace("HOLE", line))


@given(HOSTILE)
def test_a_text_alone_is_one_inline_of_text(hostile):
    line = to_line(hostile)
    if not line:
        assert escape_markdown(hostile) == ""
        return
    tokens = PARSER.parse(f"- {escape_markdown(hostile)}")
    assert [token.type for token in tokens].count("inline") == 1
    assert {token.type for token in tokens[3].children} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens[3].children) == line


@given(HOSTILE)
@example("a\n:--")
@example("a\n===\n\n    b")
def test_lines_of_a_text_stay_lines_and_paragraphs(hostile):
    html = PARSER.render(str(write_lines(hostile)))
    assert set(list_tags(html)) <= {"<p", "</p", "<br"}
    shown = [line for line in unescape(re.sub(r"</?p>|<br />", "", html)).split("\n") if line]
    assert shown == [line for line in map(to_line, hostile.splitlines()) if line]


@given(HOSTILE)
def test_code_is_shown_as_it_is(hostile):
    line = to_line(hostile)
    if line:
        (inline,) = [token for token in PARSER.parse(f"- {write_code(hostile)}") if token.children]
        assert [(token.type, token.content) for token in inline.children] == [("code_inline", line)]
    (fence,) = PARSER.parse(str(write_command(hostile)))
    assert (fence.type, fence.content) == ("fence", f"{to_printable(hostile)}\n")


@given(HOSTILE, HOSTILE)
def test_escapes_are_taken_out_again_for_a_terminal(text, code):
    written = write_markdown("1. {} {}", text, write_code(code))
    assert remove_escapes(str(written)).split() == f"1. {to_line(text)} ".split() + (
        remove_escapes(str(write_code(code))).split()
    )
    assert remove_escapes(str(write_code(code))) == to_line(code)
    assert [remove_escapes(line) for line in str(write_lines(text)).split("\n") if line] == [
        line for line in map(to_line, text.splitlines()) if line
    ]


def test_numbers_keep_their_form_and_markdown_is_not_escaped_twice():
    cost = write_markdown(", ${:.4f}", 0.0123)
    assert str(write_markdown("*{:,} tokens{}*", 1234, cost)) == "*1,234 tokens, $0.0123*"
    assert str(join_markdown([cost, write_markdown(""), cost], "\n")) == f"{cost}\n{cost}"


@given(HOSTILE)
def test_no_address_is_left_for_github_to_link(hostile):
    # GitHub Flavored Markdown, "Autolinks (extension)", which markdown-it-py does not have.
    assert not re.search(r"www\.|(https?|ftp)://", escape_markdown(hostile), re.IGNORECASE)


def test_a_line_that_could_make_a_table_of_the_line_before_is_escaped():
    assert str(write_lines("a\n:--")) == "a\\\n\\:--"


def test_common_names_are_left_as_they_are():
    for name in ("folder/my_report-2.pdf", "C# in 3.5 hours", "a (b): c, d; e.", "5.5", "10 % + 2"):
        assert escape_markdown(name) == name


def test_templates_are_constants_and_markdown_is_made_nowhere_else():
    """What a document says must never be a template: no f-string, no name, no sum."""
    calls = []
    for path in list_sources("functions", "infra", "pipeline", "shared"):
        source = (PROJECT / path).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)) if "arkdown" in source else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                calls.append((str(path), node))
    written = [(path, call) for path, call in calls if call.func.id == "write_markdown"]
    assert len(written) > 10
    for path, call in written:
        choices = [call.args[0]]
        if isinstance(call.args[0], ast.IfExp):
            choices = [call.args[0].body, call.args[0].orelse]
        assert all(isinstance(choice, ast.Constant) for choice in choices), (path, call.lineno)
    makers = {path for path, call in calls if call.func.id == "Markdown"}
    assert makers == {"shared/markdown.py"}
