"""One word for one thing: names that are taken once."""

import ast
from collections import defaultdict

from tests.project_files import PROJECT


def test_no_two_public_classes_share_a_name():
    places = defaultdict(list)
    for top in ("functions", "pipeline", "shared", "infra"):
        for path in (PROJECT / top).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            for node in ast.parse(source).body if "class " in source else []:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(path.relative_to(PROJECT).as_posix())
    assert len(places) > 100
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
