"""The drawing of the exceptions' tree is the tree."""

import ast
import re

import shared.errors
from shared.errors import SeashoreError
from tests.project_files import PROJECT

PACKAGES = ("functions", "pipeline", "shared", "infra")
LINE = re.compile(r"^ {4}(?P<branches>[│├└─ ]*)(?P<name>\w+Error)(?: +(?P<sentence>\S.*))?$")
WIDTH_OF_A_LEVEL = len("├── ")


def read_drawing(text):
    """The parent of each class that the drawing shows, and what it says of it."""
    parents, sentences, path = {}, {}, []
    for line in filter(None, map(LINE.match, text.splitlines())):
        level = len(line["branches"]) // WIDTH_OF_A_LEVEL
        path[level:] = [line["name"]]
        assert line["name"] not in parents, f"{line['name']} is drawn twice"
        parents[line["name"]] = path[level - 1] if level else None
        sentences[line["name"]] = line["sentence"]
    return parents, sentences


def test_every_exception_stands_in_the_drawing_where_it_stands_in_the_code():
    drawn, _ = read_drawing(shared.errors.__doc__)
    defined = {
        name: value.__bases__[0].__name__
        for name, value in vars(shared.errors).items()
        if isinstance(value, type) and issubclass(value, SeashoreError)
    }
    assert drawn == defined | {"SeashoreError": None}


def test_the_drawing_says_something_about_each():
    _, sentences = read_drawing(shared.errors.__doc__)
    assert all(sentence for name, sentence in sentences.items() if name != "SeashoreError")


def test_the_drawing_is_read_as_it_is_drawn():
    drawing = """
    AError
    ├── BError   a word
    │   └── CError  another
    └── DError   more
    """
    parents, sentences = read_drawing(drawing)
    assert parents == {"AError": None, "BError": "AError", "CError": "BError", "DError": "AError"}
    assert sentences["CError"] == "another"


def test_no_other_module_adds_to_the_tree_for_others_to_catch():
    """A private class may narrow one of the tree for its own module; callers see the tree's."""
    tree = {
        name
        for name, value in vars(shared.errors).items()
        if isinstance(value, type) and issubclass(value, SeashoreError)
    }
    added = {
        f"{path.relative_to(PROJECT)}: {node.name}"
        for package in PACKAGES
        for path in (PROJECT / package).rglob("*.py")
        if path != PROJECT / "shared" / "errors.py"
        # To parse one that names no class of the tree takes as long, and finds nothing.
        if any(name in path.read_text() for name in tree)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        and not node.name.startswith("_")
        and any(ast.unparse(base).rsplit(".", 1)[-1] in tree for base in node.bases)
    }
    assert added == set()
