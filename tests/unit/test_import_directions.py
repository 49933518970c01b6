"""functions → pipeline → shared, nothing imports infra, and each vendor has its one place."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

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
}


def find_imports(source):
    """The top-level names that a module imports at run time or for types."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module.split(".")[0]


def find_violations(path, source):
    package = path.split("/")[0]
    for name in find_imports(source):
        if name in MAY_IMPORT and name not in MAY_IMPORT[package]:
            yield f"{path} imports {name}"
        if name in ONLY_IN and not path.startswith(ONLY_IN[name]):
            yield f"{path} imports {name}"


def test_every_module_keeps_the_directions():
    paths = [path for package in MAY_IMPORT for path in (PROJECT / package).rglob("*.py")]
    assert len(paths) > 30
    violations = [
        violation
        for path in paths
        for violation in find_violations(
            path.relative_to(PROJECT).as_posix(), path.read_text(encoding="utf-8")
        )
    ]
    assert violations == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("shared/x.py", "import pipeline.ingest"),
        ("pipeline/x.py", "from functions.batch import Consumer"),
        ("pipeline/x.py", "import boto3"),
        ("functions/x.py", "def f():\n    from botocore.config import Config"),
        ("pipeline/x.py", "import openai"),
        ("pipeline/ingest.py", "import pypdfium2"),
        ("shared/x.py", "from infra.build import build_packages"),
    ],
)
def test_a_wrong_import_is_seen(path, source):
    assert list(find_violations(path, source))
