"""What the README and the pages of `docs/` point to is there: links, files, commands, options."""

import re
import shlex

import pytest
import typer

from infra.cli.app import app
from tests.project_files import PROJECT

PAGES = sorted([PROJECT / "README.md", *(PROJECT / "docs").glob("*.md")])
MOST_LINES_OF_README = 200

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
SOURCE = re.compile(r"(?:functions|pipeline|shared|infra|tests|docs)/[\w./-]*\w")
OPTION = re.compile(r"--?[a-z][\w-]*")


@pytest.fixture(scope="module")
def command_line():
    return typer.main.get_command(app)


def read_prose(page):
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def list_anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", read_prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def list_commands(text):
    """What a page says to type: lines of its fenced code, and code in its sentences."""
    for block in FENCE.findall(text):
        yield from block.replace("\\\n", " ").splitlines()[1:-1]
    yield from CODE.findall(FENCE.sub("", text))


def split_words(line):
    """The words of a command, without its comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        return list(lexer)
    except ValueError:  # an apostrophe of a sentence
        return line.split()


def find_command_faults(words, group):
    """What is wrong with a command of `seashore`: a command or an option that is not there."""
    command, path = group, "seashore"
    for word in words:
        commands = getattr(command, "commands", None)
        if word in (";", "|", "&", "&&", "||", "--"):
            return
        if commands and word in commands:
            command, path = commands[word], f"{path} {word}"
        elif commands and not word.startswith("-"):
            # A page may leave the command open: `seashore …`.
            if re.fullmatch(r"[a-z-]+", word):
                yield f"{path} has no command {word}"
            return
        elif OPTION.fullmatch(word):
            known = {name for parameter in command.params for name in parameter.opts}
            if word not in known | {"--help", "-h"}:
                yield f"{path} has no option {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in LINK.findall(read_prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        if anchor:
            assert anchor in list_anchors(there), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_are_there(page):
    missing = [
        name
        for code in CODE.findall(read_prose(page))
        for name in SOURCE.findall(code)
        if code.startswith(name) and not (PROJECT / name).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_are_there(page, command_line):
    faults = []
    for line in list_commands(page.read_text(encoding="utf-8")):
        words = split_words(line)
        if words[:1] == ["seashore"]:
            faults += find_command_faults(words[1:], command_line)
    assert faults == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_of_make_are_there(page):
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {
        words[1]
        for line in list_commands(page.read_text(encoding="utf-8"))
        if (words := split_words(line))[:1] == ["make"] and len(words) > 1 and "=" not in words[1]
    }
    assert named - targets == set()


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("seashore nosuch", "has no command"),
        ("seashore put x.pdf --nosuch", "has no option"),
        ("seashore dlq nosuch", "has no command"),
        ("seashore documents -z", "has no option"),
    ],
)
def test_a_command_that_is_not_there_is_seen(line, fault, command_line):
    (found,) = find_command_faults(split_words(line)[1:], command_line)
    assert fault in found


def test_the_readme_is_short():
    lines = (PROJECT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MOST_LINES_OF_README


def test_each_decision_has_a_number_of_its_own_and_stands_in_the_list():
    text = (PROJECT / "docs" / "decisions.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### ((\d+)\. .*)$", text, re.MULTILINE)
    numbers = [number for _, number in headings]
    twice = sorted({number for number in numbers if numbers.count(number) > 1}, key=int)
    assert twice == [], f"give these another number: the highest is {max(map(int, numbers))}"
    listed = re.findall(r"^- \[(.+?)\]\(#[^)]+\)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(title for title, _ in headings)
