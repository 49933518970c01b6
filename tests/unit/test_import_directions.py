"""Floors and chapters: who may import whom, where each vendor has its place, and no circles.

A floor is a top-level folder, a chapter a folder of a floor (of the command line too, whose folders
are groups of commands). A folder inside a chapter is part of it.
"""

import ast
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.project_files import PROJECT

MAY_IMPORT = {
    "functions": {"functions", "pipeline", "shared"},
    "pipeline": {"pipeline", "shared"},
    "shared": {"shared"},
    "infra": {"functions", "infra", "pipeline", "shared"},
}
ONLY_IN = {
    "boto3": ("shared/", "infra/"),
    "botocore": ("shared/", "infra/"),
    # The build looks which modules the SDK loads when it is used.
    "openai": ("shared/llm/", "infra/packaging/import_probe.py"),
    "httpx2": ("shared/llm/", "infra/packaging/import_probe.py"),
    "pg8000": ("shared/database/",),
    "pypdf": ("pipeline/extraction/",),
    "pypdfium2": ("pipeline/extraction/",),
    "pypdfium2_raw": ("pipeline/extraction/",),
}
MOST_FILES_OF_A_FOLDER = 20
MOST_LINES_OF_A_FILE = 400
FEW_LINES_OF_A_FILE = 40


def list_sources(*tops):
    """Paths of the sources below some top-level folders, from the project's root."""
    return sorted(
        path.relative_to(PROJECT)
        for top in tops
        for path in (PROJECT / top).rglob("*.py")
        if not path.relative_to(PROJECT / top).parts[0].startswith(".")
    )


@cache
def find_imported_names(source):
    """The full names that a module imports at run time or for types."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def find_violations(path, source):
    package = path.split("/")[0]
    for name in {name.split(".")[0] for name in find_imported_names(source)}:
        if name in MAY_IMPORT and name not in MAY_IMPORT[package]:
            yield f"{path} imports {name}"
        if name in ONLY_IN and not path.startswith(ONLY_IN[name]):
            yield f"{path} imports {name}"


def find_chapter(module, packages):
    """The chapter that a module belongs to; a module beside the chapters stands for itself."""
    parts = module.split(".")
    depth = 3 if module.startswith("infra.cli.") else 2
    chapter = ".".join(parts[:depth])
    return chapter if chapter in packages else module


def find_circle(graph):
    """The nodes of a circle in a graph of what imports what, or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def build_graphs(sources):
    """What imports what, module by module and chapter by chapter.

    Args:
        sources: Text by the module's full name; a package by its own name.
    """
    packages = {name.rpartition(".")[0] for name in sources}
    modules, chapters = defaultdict(set), defaultdict(set)
    for name, source in sources.items():
        for imported in find_imported_names(source) & sources.keys() - {name}:
            # A package that only says what it holds is no part of a circle through its modules.
            if not name.startswith(imported + "."):
                modules[name].add(imported)
            one, other = find_chapter(name, packages), find_chapter(imported, packages)
            if one != other:
                chapters[one].add(other)
    return modules, chapters


def read_modules():
    return {
        ".".join(path.with_suffix("").parts).removesuffix(".__init__"): (PROJECT / path).read_text(
            encoding="utf-8"
        )
        for path in list_sources(*MAY_IMPORT)
    }


def test_every_module_keeps_the_directions():
    paths = list_sources(*MAY_IMPORT)
    assert len(paths) > 30
    violations = [
        violation
        for path in paths
        for violation in find_violations(
            path.as_posix(), (PROJECT / path).read_text(encoding="utf-8")
        )
    ]
    assert violations == []


def test_no_circle_of_modules_or_chapters():
    modules, chapters = build_graphs(read_modules())
    assert len(chapters) > 20
    assert find_circle(modules) == []
    assert find_circle(chapters) == []


def test_a_circle_of_chapters_is_seen():
    sources = {
        "shared.a": "",
        "shared.a.one": "import shared.b.one",
        "shared.b": "",
        "shared.b.one": "",
        "shared.b.two": "from shared.a import two",
        "shared.a.two": "",
    }
    modules, chapters = build_graphs(sources)
    assert find_circle(modules) == []
    assert set(find_circle(chapters)) == {"shared.a", "shared.b"}


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shared/x.py", "import pipeline.ingest"),
        ("pipeline/x.py", "from functions.delivery.batch import Consumer"),
        ("pipeline/x.py", "import boto3"),
        ("functions/x.py", "def f():\n    from botocore.config import Config"),
        ("pipeline/x.py", "import openai"),
        ("pipeline/ingest/x.py", "import pypdfium2"),
        ("pipeline/ingest/x.py", "import pypdfium2_raw"),
        ("shared/x.py", "from infra.packaging.build import build_packages"),
    ],
)
def test_a_wrong_import_is_seen(path, source):
    assert list(find_violations(path, source))


def test_folders_and_files_keep_their_size():
    """A folder is one screen of names, and a file is read in one go."""
    folders = defaultdict(list)
    for path in list_sources(*MAY_IMPORT, "tests"):
        folders[path.parent.as_posix()].append(path)
    large = {
        name: len(paths) for name, paths in folders.items() if len(paths) > MOST_FILES_OF_A_FOLDER
    }
    assert large == {}
    lines = {
        path.as_posix(): len((PROJECT / path).read_text(encoding="utf-8").splitlines())
        for paths in folders.values()
        for path in paths
    }
    assert {path: count for path, count in lines.items() if count > MOST_LINES_OF_A_FILE} == {}
