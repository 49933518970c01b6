"""The dependencies of the functions, installed together from their lock files.

One installation serves all functions that need a new one: most of them have most dependencies in
common. Each gets only what its own lock file names.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.archive import walk_files
from infra.packaging.lazy_init import make_lazy
from infra.packaging.service_data import keep_services
from infra.packaging.shared_libraries import blank_debug_tables
from shared.errors import BuildError

_NEEDLESS_FOLDERS = frozenset({"__pycache__", "tests", "test", "bin", "examples"})
_NEEDLESS_SUFFIXES = frozenset({".pyi", ".pyc", ".pth"})
_NEEDLESS_NAMES = frozenset({"py.typed", ".lock"})
# What nearly all licences ask to be kept with each copy (PyPA: "Core metadata", License-File).
_LICENCE = re.compile(r"licen[cs]e|copying|copyright|notice|authors", re.IGNORECASE)
# Large parts that only other uses of a dependency have: an API's web page about itself, a second
# copy of the time zones and their sources, a command line, a plugin of a type checker, a browser's
# network.
_NEEDLESS_PATHS = (
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.js",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.css",
    "dateutil/zoneinfo/*.tar.gz",
    "pydantic/mypy.py",
    "pypdfium2_cli/*",
    "tzdata/zoneinfo/*.tab",
    "tzdata/zoneinfo/tzdata.zi",
    "urllib3/contrib/emscripten/*",
)

# Distributions of which one file is of use: a script for browsers.
_ONLY_FILES = {"django_htmx": "static/django_htmx/htmx-4.min.js"}

# Shared libraries that are shipped with what only a debugger asks for.
_LIBRARIES_TO_BLANK = ("pypdfium2_raw/*.so", "tesserocr/*.so", "tesserocr.libs/*")

# Packages that would load all of a large dependency for the few names that are used.
_LAZY_PACKAGES = (
    "aws_lambda_powertools/event_handler/__init__.py",
    "aws_lambda_powertools/utilities/data_classes/__init__.py",
    "openai/types/**/__init__.py",
)

# What a module asks while it is loaded, and the answer: what it loads must not depend on the order
# of imports. Where pydantic came first, Powertools' batch utility would load the models of its
# parser, a tenth of a second's worth, for type hints alone.
_SETTLED_QUESTIONS = {
    "aws_lambda_powertools/utilities/batch/types.py": ('"pydantic" in sys.modules', "False"),
}

# Folders of parts that stand alone: what loads none of a part can do without all of it.
_FOLDERS_OF_PARTS = (
    "aws_lambda_powertools/",
    "aws_lambda_powertools/utilities/",
    "boto3/data/",
    "openai/resources/",
    "openai/types/",
    "pydantic/",
)
# Folders whose modules stand alone, too: each is one kind of event, named by its lazy package.
_FOLDERS_OF_MODULES = ("aws_lambda_powertools/utilities/data_classes/",)


@dataclass(frozen=True)
class Platform:
    """Another Python than the one that runs this, or another kind of machine.

    Args:
        python: Major and minor version of CPython, such as `3.13`.
        name: What uv calls the machine, such as `aarch64-manylinux_2_34`; None for this one.
    """

    python: str
    name: str | None


@dataclass(frozen=True)
class Installation:
    """Dependencies of several functions in one folder.

    Args:
        tree: The folder.
        files: What each distribution has put there, by its normalized name, as paths in the folder.
    """

    tree: Path
    files: dict[str, frozenset[str]]

    def list_files(self, lock: Path) -> frozenset[str]:
        """The paths of what a lock file names, without the descriptions of AWS services."""
        names = re.findall(
            r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", lock.read_text("utf-8"), re.MULTILINE
        )
        files = (self.files.get(_normalize(name), frozenset()) for name in names)
        return frozenset(path for paths in files for path in paths if (self.tree / path).is_file())


def find_uv() -> Path:
    """Find uv: beside the running Python, else on the PATH.

    Raises:
        BuildError: There is none.
    """
    beside = Path(sys.executable).with_name("uv")
    if beside.exists():
        return beside
    on_path = shutil.which("uv")
    if on_path is None:
        raise BuildError("uv was not found: run `make setup`, or install uv.")
    return Path(on_path)


def install_dependencies(
    locks: Collection[Path], tree: Path, platform: Platform | None, services: Collection[str]
) -> Installation:
    """Install what lock files name into a folder, and leave out what no function needs.

    Args:
        locks: Lock files with hashes.
        tree: The folder, which is made.
        platform: What they are to run on; None for this Python on this machine.
        services: The AWS services whose descriptions are kept, among other words.

    Raises:
        BuildError: A dependency has no wheel for the platform, or cannot be had.
    """
    command = [
        str(find_uv()), "pip", "install", "--quiet", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--no-python-downloads",
        "--python", sys.executable, "--target", str(tree),
    ]  # fmt: skip
    for lock in locks:
        command += ["--requirements", str(lock)]
    if platform is not None:
        command += ["--python-version", platform.python]
    if platform is not None and platform.name is not None:
        command += ["--python-platform", platform.name]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    if result.returncode != 0:
        raise BuildError(_explain_failed_install(platform, locks, result.stderr))
    installation = Installation(tree, _read_records(tree))
    keep_services(tree, services)
    _remove_needless_files(tree)
    settle_questions(tree)
    for path in [path for pattern in _LIBRARIES_TO_BLANK for path in tree.glob(pattern)]:
        if (blanked := blank_debug_tables(path)) is not None:
            _replace(path, blanked)
    for path in [path for pattern in _LAZY_PACKAGES for path in tree.glob(pattern)]:
        package = ".".join(path.parent.relative_to(tree).parts)
        lazy = make_lazy(path.read_text(encoding="utf-8"), package)
        if lazy is not None:
            _replace(path, lazy.encode())
    return installation


def settle_questions(tree: Path) -> None:
    """Answer what modules ask of the order of imports, once and for all.

    Args:
        tree: Folder of installed dependencies.

    Raises:
        BuildError: A module is there and does not ask any more.
    """
    for name, (question, answer) in _SETTLED_QUESTIONS.items():
        path = tree / name
        if not path.is_file():
            continue
        source = path.read_text(encoding="utf-8")
        if source.count(question) != 1:
            raise BuildError(
                f"{name} does not ask for {question} any more: see whether what it loads still "
                "depends on the order of imports, and mend infra/packaging/dependencies.py."
            )
        _replace(path, source.replace(question, answer).encode())


def leave_out_unloaded_parts(names: Collection[str], loaded: Collection[str]) -> frozenset[str]:
    """Leave out the parts of large dependencies of which a function loads nothing.

    Args:
        names: Paths of installed files.
        loaded: Paths of the modules that are loaded.
    """
    unused = tuple(_find_parts(names) - _find_parts(loaded))
    return frozenset(name for name in names if not name.startswith(unused))


def _find_parts(names: Iterable[str]) -> set[str]:
    """The parts that files belong to: folders, which end with a slash, and single modules."""
    parts = set()
    for name in names:
        for folder in (*_FOLDERS_OF_PARTS, *_FOLDERS_OF_MODULES):
            part, slash, _ = name.removeprefix(folder).partition("/")
            if name.startswith(folder) and (slash or folder in _FOLDERS_OF_MODULES):
                parts.add(f"{folder}{part}{slash}")
    return parts


def _read_records(tree: Path) -> dict[str, frozenset[str]]:
    """What each distribution has installed (PyPA: "Recording installed projects")."""
    return {
        _normalize(record.parent.name.partition("-")[0]): frozenset(
            line.rsplit(",", 2)[0].strip('"')
            for line in record.read_text(encoding="utf-8").splitlines()
        )
        for record in tree.glob("*.dist-info/RECORD")
    }


def _normalize(name: str) -> str:
    """The one form of a distribution's name (PyPA: "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _explain_failed_install(platform: Platform | None, locks: Collection[Path], output: str) -> str:
    place = "this machine"
    if platform is not None:
        place = f"CPython {platform.python} on {platform.name or place}"
    without_wheel = re.search(r"(?:Because|and) (\S+) has no (?:usable )?wheels", output)
    if without_wheel:
        return (
            f"{without_wheel[1]} has no wheel for {place}: pin another version of it in "
            "pyproject.toml, then run `make lock`."
        )
    names = ", ".join(lock.name for lock in locks)
    if "hash" in output.lower() and "mismatch" in output.lower():
        name = re.search(r"`?([A-Za-z0-9._-]+==\S+?)`", output)
        return (
            f"The download of {name[1] if name else 'a dependency'} does not match its hash in "
            f"{names}: it was changed on its way, or run `make lock` if you trust it."
        )
    return f"The dependencies of {names} could not be installed: {_last_words(output)}"


def _last_words(output: str) -> str:
    return re.sub(r"\s+", " ", output).strip()[-500:]


def _remove_needless_files(tree: Path) -> None:
    """Remove what no function needs; of the metadata, licences and the head of METADATA stay.

    `importlib.metadata.version` reads it: httpx2 and httpcore2 call that at import. A project's
    whole README follows it.
    """
    for folder in sorted(path for path in tree.rglob("*") if path.is_dir()):
        if folder.name in _NEEDLESS_FOLDERS and folder.exists():
            shutil.rmtree(folder)
    for pattern in _NEEDLESS_PATHS:
        for path in tree.glob(pattern):
            path.unlink()
    for package, kept in _ONLY_FILES.items():
        for path in list(walk_files(tree / package)):
            if path != tree / package / kept:
                path.unlink()
    for path in list(walk_files(tree)):
        top, *inner = path.relative_to(tree).parts
        in_metadata = top.endswith(".dist-info")
        needless = path.suffix in _NEEDLESS_SUFFIXES or path.name in _NEEDLESS_NAMES
        is_head = in_metadata and path.name == "METADATA"
        is_licence = in_metadata and _LICENCE.search("/".join(inner)) is not None
        if needless or (in_metadata and not is_head and not is_licence):
            path.unlink()
        elif is_head:
            _replace(path, path.read_bytes().partition(b"\n\n")[0] + b"\n")


def _replace(path: Path, content: bytes) -> None:
    # The file may be the very one of uv's cache, which has to stay as it is.
    path.unlink()
    path.write_bytes(content)
