"""The parts of a package: own modules, descriptions of AWS services, lazy packages."""

import json
import shutil
import sys
import textwrap
import zipfile
from pathlib import Path

import aws_lambda_powertools
import botocore.session
import pytest
from botocore import xform_name

from infra.packaging.archive import OWN_CODE, measure_parts
from infra.packaging.build import FUNCTIONS
from infra.packaging.bytecode import add_bytecode, compile_modules
from infra.packaging.dependencies import leave_out_unloaded_parts, settle_questions
from infra.packaging.lazy_init import make_lazy
from infra.packaging.own_modules import OwnModules, find_mentions
from infra.packaging.service_data import find_service, trim_model
from infra.project_files import PROJECT, TEMPLATE
from shared.errors import BuildError
from tests.fakes.own_python import run_python
from tests.unit.template.template_parts import functions, own_modules, parse_template, resources

# Rights that go by another name than the operation that needs them, and those of no operation.
OPERATIONS_OF = {
    # The emulator asks for this one where a single mapping is looked at.
    "lambda:ListEventSourceMappings": {"get_event_source_mapping"},
    "s3:ListBucket": {"list_objects_v2", "get_object"},
    "s3:GetObject": {"get_object"},
    "s3:GetObjectVersion": {"get_object"},
    "s3:PutObject": {"put_object", "generate_presigned_post"},
    "s3:ListBucketVersions": {"list_object_versions"},
    "s3:DeleteObject": {"delete_objects"},
    "s3:DeleteObjectVersion": {"delete_objects"},
    "dynamodb:ConditionCheckItem": {"transact_write_items"},
}
OF_NO_CLIENT = ("logs:", "xray:", "ec2:", "kms:", "rds-db:")
# The emulator asks for these; on AWS Lambda itself has them from the queue's poller.
OF_THE_POLLER = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}


@pytest.fixture
def project(tmp_path):
    def write(**sources):
        for name, source in sources.items():
            path = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(source))
            for folder in path.relative_to(tmp_path).parents[:-1]:
                (tmp_path / folder / "__init__.py").touch()
        return OwnModules(tmp_path), tmp_path

    return write


def find_names(modules, root, name="functions.worker"):
    return [path.relative_to(root).as_posix() for path in modules.find_needs(name).files]


def test_only_what_can_be_imported_is_needed(project):
    modules, root = project(
        functions__worker="""
            from typing import TYPE_CHECKING
            from pipeline import work_items
            if TYPE_CHECKING:
                from shared.types_only import T
            def handler():
                import shared.lazy
        """,
        pipeline__work_items="CHILD = 'pipeline.child'",
        pipeline__child="",
        pipeline__other="",
        shared__lazy="",
        shared__types_only="",
    )
    assert find_names(modules, root) == [
        "functions/__init__.py",
        "functions/worker.py",
        "pipeline/__init__.py",
        "pipeline/child.py",
        "pipeline/work_items.py",
        "shared/__init__.py",
        "shared/lazy.py",
    ]


def test_data_files_lie_beside_their_modules(project):
    modules, root = project(functions__worker="import pipeline.page.view", pipeline__page__view="")
    (root / "pipeline/page/assets").mkdir()
    (root / "pipeline/page/assets/page.html").touch()
    (root / "pipeline/unused").mkdir()
    (root / "pipeline/unused/__init__.py").touch()
    (root / "pipeline/unused/data.json").touch()
    names = find_names(modules, root)
    assert "pipeline/page/assets/page.html" in names
    assert "pipeline/unused/data.json" not in names


def test_imports_of_dependencies_are_named_and_the_standard_library_is_not(project):
    modules, _ = project(functions__worker="import json, boto3\nfrom pydantic import BaseModel")
    needs = modules.find_needs("functions.worker")
    assert needs.imports == {"boto3", "pydantic", "pydantic.BaseModel"}


def test_words_stand_after_a_dot_or_in_quotes():
    mentions = find_mentions(b"client.get_item(Key='x y'); client.get_paginator('query')")
    assert {"get_item", "get_paginator", "query"} <= mentions.words
    assert "x y" not in mentions.words


MODEL = {
    "operations": {
        "GetItem": {"input": {"shape": "Key"}, "documentation": "long"},
        "Drop": {"input": {"shape": "Other"}},
    },
    "shapes": {
        "Key": {"members": {"documentation": {"shape": "Text"}, "list": {"shape": "Texts"}}},
        "Texts": {"member": {"shape": "Text"}},
        "Text": {"type": "string", "documentation": "long"},
        "Other": {},
    },
}


def test_an_operation_keeps_the_shapes_that_it_reaches():
    trimmed = trim_model(MODEL, {"get_item"})
    assert list(trimmed["operations"]) == ["GetItem"]
    assert set(trimmed["shapes"]) == {"Key", "Texts", "Text"}
    # A member may have that name; only texts go.
    assert "documentation" in trimmed["shapes"]["Key"]["members"]
    assert "long" not in json.dumps(trimmed)


def test_files_of_services_are_told_from_others():
    assert find_service("botocore/data/s3/2006/service-2.json.gz") == "s3"
    assert find_service("botocore/data/endpoints.json") == "endpoints.json"
    assert find_service("botocore/data/_retry.json") is None
    assert find_service("botocore/client.py") is None


def test_parts_of_which_nothing_is_loaded_are_left_out():
    names = ["openai/types/chat/a.py", "openai/types/beta/b.py", "openai/types/c.py", "other/d.py"]
    kept = leave_out_unloaded_parts(names, ["openai/types/chat/a.py"])
    assert kept == {"openai/types/chat/a.py", "openai/types/c.py", "other/d.py"}


def test_what_powertools_loads_does_not_depend_on_the_order_of_imports(tmp_path):
    installed = Path(aws_lambda_powertools.__file__).parent
    copy = tmp_path / "aws_lambda_powertools/utilities/batch/types.py"
    copy.parent.mkdir(parents=True)
    shutil.copyfile(installed / "utilities/batch/types.py", copy)
    settle_questions(tmp_path)
    program = (
        "import runpy, sys, pydantic; runpy.run_path(sys.argv[1]);"
        "print('aws_lambda_powertools.utilities.parser' in sys.modules)"
    )
    assert run_python(program, copy) == "False\n"
    with pytest.raises(BuildError, match="does not ask"):
        settle_questions(tmp_path)


def test_lazy_package_answers_as_before(tmp_path, monkeypatch):
    package = tmp_path / "lazily_loaded"
    package.mkdir()
    (package / "a.py").write_text("class A: pass\n")
    (package / "b.py").write_text("raise RuntimeError('loaded')\n")
    original = (
        "from __future__ import annotations\nfrom .a import A as A\nfrom lazily_loaded.b import B"
    )
    (package / "__init__.py").write_text(make_lazy(original, "lazily_loaded"))
    monkeypatch.syspath_prepend(tmp_path)
    import lazily_loaded  # pyright: ignore

    assert lazily_loaded.A is lazily_loaded.a.A
    with pytest.raises(RuntimeError, match="loaded"):
        _ = lazily_loaded.B
    with pytest.raises(AttributeError, match="nothing"):
        _ = lazily_loaded.nothing


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "import os",
        "from .a import A\nprint(A)",
        "",
        "from os import path",
        "from ab.c import d",
    ],
)
def test_package_that_does_more_than_name_things_stays_as_it_is(source):
    assert make_lazy(source, "a") is None


def test_bytecode_of_dependencies_has_signs_for_docstrings_and_does_the_same(tmp_path):
    source = (
        '"""About it."""\nfrom __future__ import annotations\n'
        "from dataclasses import dataclass\n"
        'def say(x: str):\n    """Say it."""\n    assert x\n    return x\n'
        '@dataclass\nclass Thing:\n    """A thing."""\n    words = __doc__.upper()\n'
    )
    tree, compiled = tmp_path / "tree", tmp_path / "compiled"
    tree.mkdir()
    (tree / "undocumented.py").write_text(source)
    compile_modules(Path(sys.executable), tree, ["undocumented.py"], compiled)
    first = (compiled / "undocumented.pyc").read_bytes()
    assert b"About it" not in first
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import undocumented as one;"
        "print([one.__doc__, one.say.__doc__, one.say('x'), one.Thing.__doc__, one.Thing.words],"
        "one.say.__code__.co_filename, one.say.__annotations__)"
    )
    told = "['-', '-', 'x', '-', '-'] /var/task/undocumented.py {'x': 'str'}\n"
    assert run_python(program, compiled) == told
    compile_modules(Path(sys.executable), tree, ["undocumented.py"], compiled)
    assert (compiled / "undocumented.pyc").read_bytes() == first


def test_a_class_without_its_docstring_is_given_none_from_its_signature(tmp_path):
    (tmp_path / "own.py").write_text(
        "from dataclasses import dataclass\n@dataclass\n"
        'class Thing:\n    """A thing."""\n    x: int\n'
    )
    program = "import sys; sys.path.insert(0, sys.argv[1]); import own; print(own.Thing.__doc__)"
    for with_docstrings, told in ((True, "A thing.\n"), (False, "-\n")):
        add_bytecode(Path(sys.executable), tmp_path, with_docstrings=with_docstrings)
        assert run_python(program, tmp_path) == told


def test_sizes_add_up_to_the_zip(tmp_path):
    archive = tmp_path / "package.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("a/x.py", "a/x.pyc", "a/lib.so", "a-1.0.dist-info/METADATA", "shared/y.py"):
            file.writestr(name, name * 50)
    parts = measure_parts(archive)
    assert set(parts) == {"a", OWN_CODE}
    assert parts["a"].source and parts["a"].bytecode and parts["a"].other
    # The end of the central directory takes 22 bytes.
    assert sum(part.total for part in parts.values()) + 22 == archive.stat().st_size


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_with_the_files_of_its_package_alone(function, tmp_path):
    for path in own_modules().find_needs(f"functions.{function}").files:
        copy = tmp_path / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    program = "import importlib, sys; sys.path.insert(0, sys.argv[1]);"
    program += "print(importlib.import_module(sys.argv[2]).__file__)"
    told = run_python(program, tmp_path, f"functions.{function}", options="-Ic")
    assert told == f"{tmp_path}/functions/{function}.py\n"


def read_rights(template, role):
    """The actions that a role allows, by its inline policies."""
    for _, properties in resources(template, "AWS::IAM::Role"):
        if properties is template["Resources"][role]["Properties"]:
            for policy in properties["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    actions = statement.get("Action", [])
                    yield from [actions] if isinstance(actions, str) else actions


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_right_of_a_function_is_an_operation_that_its_package_describes(function):
    """The template's rights are written by hand, the operations are found in the code."""
    template = parse_template(TEMPLATE)
    role = next(
        properties["Role"]["Fn::GetAtt"]
        for _, properties in functions(template)
        if properties["Handler"] == f"functions.{function}.handler"
    )
    words = own_modules().find_needs(f"functions.{function}").words
    # What Powertools' idempotency calls.
    words |= {"get_item", "put_item", "update_item", "delete_item"}
    for action in read_rights(template, role[0] if isinstance(role, list) else role.split(".")[0]):
        if action.startswith(OF_NO_CLIENT) or action in OF_THE_POLLER:
            continue
        calls = OPERATIONS_OF.get(action, {xform_name(action.partition(":")[2])})
        assert calls & words, f"{function} may {action}, and no client in its package can"


def test_names_of_operations_are_those_of_botocore():
    model = botocore.session.Session().get_service_model("dynamodb")
    assert "transact_write_items" in {xform_name(name) for name in model.operation_names}
