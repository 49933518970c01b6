"""Build the functions' package: locked dependencies, own code and bytecode in a reproducible zip.

The same inputs give the same bytes, so a deployment without a change is no change.
"""

import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from infra.bytecode import compile_bytecode, find_interpreter
from shared.errors import BuildError

PROJECT = Path(__file__).parent.parent
FUNCTIONS_LOCK = PROJECT / "infra" / "locks" / "functions.txt"
_OWN_PACKAGES = ("functions", "pipeline", "shared")

# The runtime python3.13 of AWS Lambda: Amazon Linux 2023, whose glibc is 2.34.
_AWS_PYTHON = "3.13"
_AWS_PLATFORM = "aarch64-manylinux_2_34"

# AWS Lambda: "Lambda quotas", deployment package size, unzipped.
_UNZIPPED_LIMIT_BYTES = 250 * 1024 * 1024

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)
_NEEDLESS_FOLDERS = frozenset({"__pycache__", "tests", "test", "bin"})
_NEEDLESS_SUFFIXES = frozenset({".pyi", ".pyc", ".pth"})
_NEEDLESS_NAMES = frozenset({"py.typed", ".lock"})


class Target(StrEnum):
    """Where a package is to run."""

    HOST = "host"
    AWS = "aws"


@dataclass(frozen=True)
class Package:
    """A built package.

    Args:
        path: The zip file.
        sha256: Hash of the zip file, in hex.
        size_bytes: Size of the zip file.
        unzipped_bytes: Size of all its files.
        sizes: Zipped bytes of each top-level package, the largest first.
    """

    path: Path
    sha256: str
    size_bytes: int
    unzipped_bytes: int
    sizes: dict[str, int]


def build_package(
    target: Target,
    destination: Path,
    report: Callable[[str], None],
    *,
    bytecode: bool = True,
    project: Path = PROJECT,
    lock: Path = FUNCTIONS_LOCK,
) -> Package:
    """Build the package of the functions, or return the last one if nothing has changed.

    The dependencies are kept in a zip of their own beside the package, since the project's own
    code changes far more often.

    Args:
        target: Where the package is to run.
        destination: The zip file to write; a description is written beside it.
        report: Called with one line for each step.
        bytecode: Whether to compile the modules, which more than halves a cold start.
        project: Folder that holds the packages `functions`, `pipeline` and `shared`.
        lock: Lock file of the dependencies, with hashes.

    Raises:
        BuildError: A dependency has no wheel for the target, no interpreter for the bytecode was
            found, or the package is too large; the message says what to do.
    """
    interpreter = _choose_interpreter(target) if bytecode else None
    recipe = _hash_recipe(target, interpreter, lock)
    inputs = _hash_sources(recipe, project)
    description = destination.with_suffix(".json")
    built = _read_built(destination, description, inputs)
    if built is not None:
        return built

    destination.parent.mkdir(parents=True, exist_ok=True)
    dependencies = destination.parent / f"dependencies-{target}-{recipe[:16]}.zip"
    with TemporaryDirectory(dir=destination.parent, prefix=".build-") as name:
        if not dependencies.exists():
            report(f"Installing the dependencies of the package for {target}")
            tree = Path(name, "dependencies")
            _install_dependencies(target, lock, tree)
            remove_needless_files(tree)
            archive = Path(name, "dependencies.zip")
            _write_tree(tree, archive, interpreter)
            for outdated in destination.parent.glob(f"dependencies-{target}-*.zip"):
                outdated.unlink(missing_ok=True)
            archive.replace(dependencies)
        report(f"Building the package for {target}")
        tree = Path(name, "own")
        for package in _OWN_PACKAGES:
            _copy_sources(project / package, tree / package)
        archive = Path(name, "package.zip")
        shutil.copyfile(dependencies, archive)
        _write_tree(tree, archive, interpreter)
        package_built = _describe(archive, destination)
        description.unlink(missing_ok=True)
        archive.replace(destination)
    description.write_text(
        json.dumps({"inputs": inputs, **asdict(package_built), "path": destination.name}, indent=1),
        encoding="utf-8",
    )
    report(f"Built {destination.name} ({package_built.size_bytes / 1e6:.1f} MB)")
    return package_built


def _choose_interpreter(target: Target) -> Path:
    if target is Target.HOST:
        return Path(sys.executable)
    return find_interpreter(_AWS_PYTHON, find_uv())


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


def _hash_recipe(target: Target, interpreter: Path | None, lock: Path) -> str:
    """Hash everything that the dependencies' part of a package is made of."""
    facts = [target, str(interpreter), _AWS_PYTHON, _AWS_PLATFORM]
    if target is Target.HOST:
        facts = [target, str(interpreter), sys.version, platform.machine(), sys.platform]
    files = [Path(__file__), Path(__file__).with_name("bytecode.py"), lock]
    return _hash_parts([*facts, *(_hash_file(path) for path in files)])


def _hash_sources(recipe: str, project: Path) -> str:
    """Hash everything that a package is made of."""
    sources = [path for name in _OWN_PACKAGES for path in _own_files(project / name)]
    return _hash_parts(
        [recipe]
        + [f"{path.relative_to(project).as_posix()} {_hash_file(path)}" for path in sources]
    )


def _hash_parts(parts: list[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_built(archive: Path, description: Path, inputs: str) -> Package | None:
    """Return the package that was built from the same inputs, if it is still there."""
    try:
        facts = json.loads(description.read_text(encoding="utf-8"))
        if facts.pop("inputs") != inputs or archive.stat().st_size != facts["size_bytes"]:
            return None
        return Package(**{**facts, "path": archive})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _install_dependencies(target: Target, lock: Path, tree: Path) -> None:
    command = [
        str(find_uv()), "pip", "install", "--quiet", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--link-mode", "copy", "--no-python-downloads",
        "--python", sys.executable, "--target", str(tree), "--requirements", str(lock),
    ]  # fmt: skip
    if target is Target.AWS:
        command += ["--python-version", _AWS_PYTHON, "--python-platform", _AWS_PLATFORM]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    if result.returncode != 0:
        raise BuildError(_explain_failed_install(target, lock, result.stderr))


def _explain_failed_install(target: Target, lock: Path, output: str) -> str:
    place = f"CPython {_AWS_PYTHON} on {_AWS_PLATFORM}" if target is Target.AWS else "this machine"
    without_wheel = re.search(r"(?:Because|and) (\S+) has no (?:usable )?wheels", output)
    if without_wheel:
        return (
            f"{without_wheel[1]} has no wheel for {place}: pin another version of it in "
            "pyproject.toml, then run `make lock`."
        )
    if "hash" in output.lower() and "mismatch" in output.lower():
        name = re.search(r"`?([A-Za-z0-9._-]+==\S+?)`", output)
        return (
            f"The download of {name[1] if name else 'a dependency'} does not match its hash in "
            f"{lock.name}: it was changed on its way, or run `make lock` if you trust it."
        )
    return f"The dependencies of {lock.name} could not be installed: {_last_words(output)}"


def _last_words(output: str) -> str:
    return re.sub(r"\s+", " ", output).strip()[-500:]


def remove_needless_files(tree: Path) -> None:
    """Remove what no function needs; of the metadata, METADATA stays.

    `importlib.metadata.version` reads it: httpx2 and httpcore2 call that at import.
    """
    for folder in sorted(path for path in tree.rglob("*") if path.is_dir()):
        if folder.name in _NEEDLESS_FOLDERS and folder.exists():
            shutil.rmtree(folder)
    for path in list(_walk_files(tree)):
        in_metadata = path.relative_to(tree).parts[0].endswith(".dist-info")
        needless = path.suffix in _NEEDLESS_SUFFIXES or path.name in _NEEDLESS_NAMES
        if needless or (in_metadata and path.name != "METADATA"):
            path.unlink()


def _own_files(package: Path) -> Iterator[Path]:
    for path in _walk_files(package):
        if "__pycache__" not in path.parts and path.suffix != ".pyc":
            yield path


def _copy_sources(package: Path, destination: Path) -> None:
    for path in _own_files(package):
        copy = destination / path.relative_to(package)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def _walk_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _write_tree(tree: Path, archive: Path, interpreter: Path | None) -> None:
    """Add a folder to a zip file, with bytecode if there is an interpreter for it."""
    if interpreter is not None:
        compile_bytecode(interpreter, tree)
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        for path in _walk_files(tree):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), date_time=_FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, whatever builds it
            entry.external_attr = (0o755 if ".so" in path.suffixes else 0o644) << 16
            file.writestr(entry, path.read_bytes(), compresslevel=9)


def _describe(archive: Path, destination: Path) -> Package:
    sizes: dict[str, int] = {}
    unzipped_bytes = 0
    with zipfile.ZipFile(archive) as file:
        for entry in file.infolist():
            top = PurePosixPath(entry.filename).parts[0]
            sizes[top] = sizes.get(top, 0) + entry.compress_size
            unzipped_bytes += entry.file_size
    if unzipped_bytes > _UNZIPPED_LIMIT_BYTES:
        raise BuildError(
            f"The package is {unzipped_bytes / 1e6:.0f} MB unzipped and AWS Lambda takes "
            f"{_UNZIPPED_LIMIT_BYTES / 1e6:.0f} MB: remove a dependency."
        )
    return Package(
        path=destination,
        sha256=_hash_file(archive),
        size_bytes=archive.stat().st_size,
        unzipped_bytes=unzipped_bytes,
        sizes=dict(sorted(sizes.items(), key=lambda item: -item[1])),
    )
