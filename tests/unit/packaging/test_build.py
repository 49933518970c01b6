"""The functions' package: what is in it, that it is reproducible, and what a failure says."""

import json
import os
import shutil
import sys
import zipfile
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from infra.packaging.build import FUNCTIONS, Package, Target, build_packages
from infra.packaging.bytecode import find_interpreter
from infra.packaging.dependencies import find_uv
from infra.project_files import PROJECT
from shared.errors import BuildError
from tests.fakes.own_python import run_python
from tests.fakes.wheels import WheelShelf

# Its last test takes longest of all that stand alone: in a group it begins before them.
pytestmark = pytest.mark.xdist_group("packages")

ELF_MACHINE_ARM64 = 183


@pytest.fixture
def shelf(tmp_path: Path) -> WheelShelf:
    shelf = WheelShelf(tmp_path / "wheels")
    shelf.add(
        "plain",
        {
            "plain/__init__.py": "def is_known(x): return x in {'one', 'two', 'three', 'four'}\n",
            "plain/point.py": "import dataclasses\n@dataclasses.dataclass\nclass Point: x: int\n",
            "plain/unused.py": "",
            "plain/__init__.pyi": "def is_known(x: str) -> bool: ...\n",
            "plain/py.typed": "",
            "plain/tests/test_plain.py": "",
            "plain/data.json": "{}",
            "plain-1.0.dist-info/licenses/LICENSE.txt": "Keep this with each copy.",
            "plain-1.0.dist-info/NOTICE": "Made by Ola Berg.",
            "plain-1.0.dist-info/entry_points.txt": "",
        },
    )
    return shelf


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    for package in ("functions", "pipeline", "shared"):
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").write_text("")
    (project / "functions" / "worker.py").write_text(
        "import plain\n\ndef handler(event, context):\n    ...\n"
    )
    (project / "functions" / "__pycache__").mkdir()
    (project / "functions" / "__pycache__" / "old.cpython-39.pyc").write_bytes(b"old")
    return project


def build(
    shelf: WheelShelf, project: Path, folder: Path, target: Target = Target.HOST, **options: bool
) -> tuple[Package, list[str]]:
    steps: list[str] = []
    packages = build_packages(
        target, folder, steps.append, project=project, locks=shelf.lock.parent, **options
    )
    assert set(packages) == {"worker"}
    return packages["worker"], steps


def test_package_holds_code_bytecode_licences_and_metadata_only(shelf, project, tmp_path):
    package, _ = build(shelf, project, tmp_path)
    cache = sys.implementation.cache_tag
    assert set(zipfile.ZipFile(package.path).namelist()) == {
        "plain/__init__.pyc",
        "plain/point.py",
        "plain/unused.py",
        "plain/data.json",
        "plain-1.0.dist-info/METADATA",
        "plain-1.0.dist-info/licenses/LICENSE.txt",
        "plain-1.0.dist-info/NOTICE",
        "functions/__init__.py",
        f"functions/__pycache__/__init__.{cache}.pyc",
        "functions/worker.py",
        f"functions/__pycache__/worker.{cache}.pyc",
    }
    assert package.size_bytes == package.path.stat().st_size


def test_bytecode_is_of_this_version_and_never_compared_with_its_source(shelf, project, tmp_path):
    package, _ = build(shelf, project, tmp_path)
    bytecode = zipfile.ZipFile(package.path).read("plain/__init__.pyc")
    assert bytecode[:4] == MAGIC_NUMBER
    # PEP 552: bit 0 says hash-based, bit 1 says that the source is to be checked.
    assert int.from_bytes(bytecode[4:8], "little") == 0b01


def test_methods_of_dataclasses_are_compiled_where_they_are_loaded(shelf, project, tmp_path):
    (project / "functions" / "worker.py").write_text("def handler():\n    import plain.point\n")
    for name in ("__init__.py", "class_methods.py"):
        shutil.copyfile(PROJECT / "functions" / name, project / "functions" / name)
    package, _ = build(shelf, project, tmp_path / "first")
    zipfile.ZipFile(package.path).extractall(tmp_path / "package")
    program = """
import os, sys
sys.path.insert(0, sys.argv[1])
os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
import dataclasses, functions.class_methods
run = []
functions.class_methods.exec = lambda what, *names: (run.append(type(what)), exec(what, *names))
from plain.point import Point
print({kind.__name__ for kind in run}, Point(1), Point(1) == Point(1) != Point(2))
run.clear()
print(dataclasses.make_dataclass("Place", ["another"])(2), {kind.__name__ for kind in run})
"""
    told = run_python(program, tmp_path / "package", options="-Ic").splitlines()
    assert told[0] == "{'code'} Point(x=1) True"
    assert told[1].startswith("Place(another=2)") and "'str'" in told[1]
    assert build(shelf, project, tmp_path / "second")[0].sha256 == package.sha256


def test_package_without_bytecode_runs_too(shelf, project, tmp_path):
    package, _ = build(shelf, project, tmp_path, bytecode=False)
    assert not [name for name in zipfile.ZipFile(package.path).namelist() if name.endswith(".pyc")]
    program = (
        f"import sys; sys.path.insert(0, {str(package.path)!r});"
        "import functions.worker, plain; print(plain.is_known('two'))"
    )
    assert run_python(program, options="-Ic") == "True\n"


def test_import_that_the_lock_file_does_not_bring_stops_the_build(shelf, project, tmp_path):
    (project / "functions" / "worker.py").write_text("import absent\n")
    with pytest.raises(BuildError, match="worker imports absent, which functions-worker"):
        build(shelf, project, tmp_path)


def test_name_that_a_dependency_lacks_stops_the_build(shelf, project, tmp_path):
    (project / "functions" / "worker.py").write_text("from plain import absent\n")
    with pytest.raises(BuildError, match=r"plain\.absent cannot be imported"):
        build(shelf, project, tmp_path)


def test_same_inputs_give_the_same_bytes(shelf, project, tmp_path):
    first, _ = build(shelf, project, tmp_path / "first")
    second, steps = build(shelf, project, tmp_path / "second")
    assert steps  # it was really built again
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == second.sha256


def test_file_times_and_rights_do_not_matter(shelf, project, tmp_path):
    first, _ = build(shelf, project, tmp_path / "first")
    worker = project / "functions" / "worker.py"
    worker.chmod(0o600)
    os.utime(worker, (1, 1))
    second, _ = build(shelf, project, tmp_path / "second")
    assert first.sha256 == second.sha256
    entries = zipfile.ZipFile(first.path).infolist()
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o644}


def test_nothing_is_built_when_nothing_has_changed(shelf, project, tmp_path):
    first, _ = build(shelf, project, tmp_path)
    again, steps = build(shelf, project, tmp_path)
    assert (again, steps) == (first, [])


def test_two_builds_at_the_same_time_do_not_disturb_each_other(shelf, project, tmp_path):
    second: list[Future[tuple[Package, list[str]]]] = []
    with ThreadPoolExecutor() as pool:

        def build_meanwhile(line: str) -> None:
            if not second:
                second.append(pool.submit(build, shelf, project, tmp_path))

        first = build_packages(
            Target.HOST, tmp_path, build_meanwhile, project=project, locks=shelf.lock.parent
        )
    # It has waited, and found everything built.
    assert second[0].result() == (first["worker"], [])


def test_changed_code_is_built_without_installing_again(shelf, project, tmp_path):
    first, first_steps = build(shelf, project, tmp_path)
    (project / "functions" / "worker.py").write_text("import plain\nhandler = print\n")
    second, second_steps = build(shelf, project, tmp_path)
    assert second.sha256 != first.sha256
    assert zipfile.ZipFile(second.path).read("functions/worker.py").endswith(b"handler = print\n")
    assert [step for step in first_steps if "Installing" in step]
    assert not [step for step in second_steps if "Installing" in step]


def test_changed_lock_is_installed_again(shelf, project, tmp_path):
    build(shelf, project, tmp_path)
    shelf.add("another", {"another.py": ""})
    package, _ = build(shelf, project, tmp_path)
    assert "another.py" in zipfile.ZipFile(package.path).namelist()
    assert len(list(tmp_path.glob("*-dependencies-*.zip"))) == 2


@pytest.mark.parametrize("damage", ["", "{}", '{"inputs": 1', "[]"])
def test_damaged_description_is_not_believed(shelf, project, tmp_path, damage):
    first, _ = build(shelf, project, tmp_path)
    (tmp_path / "worker-host.json").write_text(damage)
    second, steps = build(shelf, project, tmp_path)
    assert steps
    assert second == first


def test_truncated_package_is_built_again(shelf, project, tmp_path):
    first, _ = build(shelf, project, tmp_path)
    first.path.write_bytes(b"PK")
    second, _ = build(shelf, project, tmp_path)
    assert second == first
    assert zipfile.ZipFile(second.path).testzip() is None


def test_failed_build_leaves_the_last_package(shelf, project, tmp_path):
    first, _ = build(shelf, project, tmp_path)
    (project / "functions" / "worker.py").write_text("def handler(:\n")
    with pytest.raises(BuildError, match=r"bytecode could not be compiled.*worker\.py"):
        build(shelf, project, tmp_path)
    assert zipfile.ZipFile(first.path).testzip() is None
    assert json.loads((tmp_path / "worker-host.json").read_text())["sha256"] == first.sha256
    assert not list(tmp_path.glob(".build-*"))


def test_missing_wheel_names_the_package_and_the_platform(shelf, project, tmp_path):
    shelf.add("native", {"native.py": ""}, version="2.5", tag="cp313-cp313-win_amd64")
    with pytest.raises(BuildError, match=r"native==2\.5 has no wheel for CPython 3\.13 .*aarch64"):
        build(shelf, project, tmp_path, Target.AWS, bytecode=False)


def test_changed_wheel_is_refused(shelf, project, tmp_path):
    shelf.pin("plain==1.0", "0" * 64)
    with pytest.raises(BuildError, match=r"plain==1\.0 does not match its hash"):
        build(shelf, project, tmp_path)


def test_unknown_package_is_an_error_in_one_line(shelf, project, tmp_path):
    shelf.pin("absent==1.0", "0" * 64)
    with pytest.raises(BuildError, match="absent was not found") as caught:
        build(shelf, project, tmp_path)
    assert "\n" not in str(caught.value)


def test_missing_interpreter_says_how_to_get_it():
    with pytest.raises(BuildError, match=r"uv python install 3\.99.*without bytecode"):
        find_interpreter("3.99", find_uv())


def test_real_packages_for_aws_fit_and_hold_arm64_libraries_only():
    try:
        # Where the command line builds them, so that only what has changed is built again.
        packages = build_packages(Target.AWS, PROJECT / ".seashore" / "build", [].append)
    except BuildError as error:
        missing = ("could not be installed", "is needed to compile")
        if "CI" in os.environ or not any(words in str(error) for words in missing):
            raise
        pytest.skip(f"what is needed cannot be had here: {error}")
    assert set(packages) == set(FUNCTIONS)
    for function, package in packages.items():
        archive = zipfile.ZipFile(package.path)
        libraries = [name for name in archive.namelist() if ".so" in Path(name).suffixes]
        assert any("pydantic_core" in name for name in libraries)
        assert "dataclass_methods.bin" in archive.namelist()
        for name in libraries:
            with archive.open(name) as library:
                header = library.read(20)
            assert header[:4] == b"\x7fELF", name
            assert int.from_bytes(header[18:20], "little") == ELF_MACHINE_ARM64, name
        tops = {name.partition("/")[0] for name in archive.namelist()}
        assert ("pypdfium2" in tops) == (function in ("ingest", "pages"))
        assert ("openai" in tops) == (function in ("worker", "api"))
        assert package.size_bytes < 10_000_000
