"""Build the functions' packages: own code, locked dependencies and bytecode in reproducible zips.

Each function has a package of its own, which holds what that function can import. The same inputs
give the same bytes, so a deployment without a change is no change.
"""

import hashlib
import json
import platform
import shutil
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.file_lock import FileLockedError, hold_file_lock
from infra.packaging.archive import add_files, list_files
from infra.packaging.bytecode import add_bytecode, find_interpreter
from infra.packaging.dependencies import Platform, find_uv
from infra.packaging.dependency_store import (
    DependencyStore,
    Kept,
    WantedDependencies,
    find_cached,
    read_services,
)
from infra.packaging.own_modules import Needs, OwnModules
from infra.packaging.service_data import DATA, trim_services
from infra.project_files import LOCKS, PROJECT
from shared.errors import BuildError

# Each has a module of its name in `functions`, a lock file, and a place in the template.
FUNCTIONS = (
    *("ingest", "convert", "recognise", "worker", "report", "api", "operator", "pages"),
    "database",
)

# The runtime python3.13 of AWS Lambda: Amazon Linux 2023, whose glibc is 2.34.
AWS_PYTHON = "3.13"
_AWS_MACHINE = {"arm64": "aarch64-manylinux_2_34", "x86_64": "x86_64-manylinux_2_34"}

# AWS Lambda: "Lambda quotas", deployment package size, unzipped.
_UNZIPPED_LIMIT_BYTES = 250 * 1024 * 1024

_LONGEST_BUILD_SECONDS = 600.0

Report = Callable[[str], None]


class Target(StrEnum):
    """Where a package is to run: on this machine, or on AWS, which has two kinds of machines."""

    HOST = "host"
    AWS = "aws"
    AWS_X86_64 = "aws-x86_64"

    @property
    def platform(self) -> Platform | None:
        """The platform to install for; None for this machine."""
        if self is Target.HOST:
            return None
        machine = "x86_64" if self is Target.AWS_X86_64 else "arm64"
        return Platform(python=AWS_PYTHON, name=_AWS_MACHINE[machine])


@dataclass(frozen=True)
class Package:
    """A built package.

    Args:
        path: The zip file.
        sha256: Hash of the zip file, in hex.
        size_bytes: Size of the zip file.
        unzipped_bytes: Size of all its files.
    """

    path: Path
    sha256: str
    size_bytes: int
    unzipped_bytes: int


def build_packages(
    target: Target,
    folder: Path,
    report: Report,
    *,
    bytecode: bool = True,
    project: Path = PROJECT,
    locks: Path = LOCKS,
) -> dict[str, Package]:
    """Build the package of each function that the project has, unless it is there and unchanged.

    The dependencies of each are kept in a zip of their own beside the packages, since the
    project's own code changes far more often.

    Args:
        target: Where the packages are to run.
        folder: Where to write `<function>-<target>.zip`, and a description of each.
        report: Called with one line for each step.
        bytecode: Whether to compile the modules, which more than halves a cold start.
        project: Folder that holds the packages `functions`, `pipeline` and `shared`.
        locks: Folder of the lock files, `functions-<function>.txt`.

    Returns:
        The packages by function.

    Raises:
        BuildError: A dependency has no wheel for the target, no interpreter for the bytecode was
            found, a package is too large, or another build does not end; the message says what to
            do.
    """
    names = [name for name in FUNCTIONS if (project / "functions" / f"{name}.py").is_file()]
    interpreter = _choose_interpreter(target) if bytecode else None
    builder = _Builder(target, folder, report, interpreter)
    modules = OwnModules(project)
    recipes = {
        name: builder.write_recipe(
            project, modules.find_needs(f"functions.{name}"), locks / f"functions-{name}.txt"
        )
        for name in names
    }
    try:
        # A build replaces dependencies that another one may be about to pack.
        with hold_file_lock(folder / ".build.lock", _LONGEST_BUILD_SECONDS):
            built = {name: builder.read_built(name, recipe) for name, recipe in recipes.items()}
            packages = {name: package for name, package in built.items() if package is not None}
            outdated = {name: recipes[name] for name in names if name not in packages}
            if outdated:
                packages |= builder.build(outdated)
    except FileLockedError as error:
        raise BuildError(f"Another process is building and does not end ({error}).") from None
    return {name: packages[name] for name in names}


def _choose_interpreter(target: Target) -> Path:
    if target is Target.HOST:
        return Path(sys.executable)
    return find_interpreter(AWS_PYTHON, find_uv())


# Functions without a word to spare in 10 MB, none of whose models describe themselves to anybody.
WITHOUT_DOCSTRINGS = frozenset({"ingest", "pages", "recognise"})


@dataclass(frozen=True)
class _Recipe:
    """What a function's package is made of.

    Args:
        files: Content of the own files by their paths in the package.
        dependencies: The dependencies.
        identity: A hash of everything.
    """

    files: dict[str, bytes]
    dependencies: WantedDependencies
    identity: str


@dataclass(frozen=True)
class _Builder:
    """Builds packages for one target into one folder."""

    target: Target
    folder: Path
    report: Report
    interpreter: Path | None

    @property
    def compression_level(self) -> int:
        # On this machine the wait for a build counts; on AWS, a cold start that loads less. More
        # than this takes twice the time and saves a five-hundredth.
        return 1 if self.target is Target.HOST else 7

    def write_recipe(self, project: Path, needs: Needs, lock: Path) -> _Recipe:
        files = {path.relative_to(project).as_posix(): path.read_bytes() for path in needs.files}
        made_with = [self.target, str(self.interpreter), *sorted(needs.imports)]
        if self.target is Target.HOST:
            made_with += [sys.version, platform.machine(), sys.platform]
        makers = [*sorted(Path(__file__).parent.glob("*.py")), lock]
        dependencies = _hash_parts([*made_with, *(_hash(path.read_bytes()) for path in makers)])
        own = [f"{path} {_hash(content)}" for path, content in files.items()]
        identity = _hash_parts([dependencies, *own])
        return _Recipe(files, WantedDependencies(lock, needs, dependencies), identity)

    def read_built(self, name: str, recipe: _Recipe) -> Package | None:
        """The package that was built by the same recipe, if it is still there."""
        archive = self._locate(name)
        try:
            description = json.loads(archive.with_suffix(".json").read_text(encoding="utf-8"))
            is_same = description.pop("inputs") == recipe.identity
            if not is_same or archive.stat().st_size != description["size_bytes"]:
                return None
            return Package(**{**description, "path": archive})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def build(self, recipes: dict[str, _Recipe]) -> dict[str, Package]:
        store = DependencyStore(
            self.folder,
            self.target,
            self.target.platform,
            self.interpreter,
            self.compression_level,
            self.report,
        )
        kept = store.ensure({name: recipe.dependencies for name, recipe in recipes.items()})
        with (
            TemporaryDirectory(dir=self.folder, prefix=".build-") as folder,
            ThreadPoolExecutor() as pool,
        ):
            bare = {name: recipe for name, recipe in recipes.items() if name in WITHOUT_DOCSTRINGS}
            others = {name: recipe for name, recipe in recipes.items() if name not in bare}
            trees = [Path(folder) / "others", Path(folder) / "bare"]
            list(pool.map(self._write_own, [others, bare], trees, [True, False]))
            futures = {
                name: pool.submit(self._build_one, name, recipe, trees[name in bare], kept[name])
                for name, recipe in recipes.items()
            }
        return {name: future.result() for name, future in futures.items()}

    def _write_own(self, recipes: dict[str, _Recipe], tree: Path, with_docstrings: bool) -> None:
        """Write the own files of functions, most of which several have, and compile each once."""
        files = {path: file for recipe in recipes.values() for path, file in recipe.files.items()}
        for path, content in files.items():
            copy = tree / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(content)
        if files and self.interpreter is not None:
            add_bytecode(self.interpreter, tree, with_docstrings=with_docstrings)

    def _build_one(self, name: str, recipe: _Recipe, own: Path, dependencies: Kept) -> Package:
        destination = self._locate(name)
        description = destination.with_suffix(".json")
        with TemporaryDirectory(dir=self.folder, prefix=".build-") as folder:
            work, trimmed = Path(folder), Path(folder, "trimmed")
            files = {path: own / path for path in recipe.files}
            for path in recipe.files:
                files |= find_cached(own, Path(path))
            words = recipe.dependencies.needs.words | read_services(dependencies, work)
            trim_services(work / DATA, words, trimmed / DATA)
            archive = work / "package.zip"
            shutil.copyfile(dependencies.archive, archive)
            add_files(archive, files | list_files(trimmed), self.compression_level)
            package = _describe(archive, destination)
            description.unlink(missing_ok=True)
            archive.replace(destination)
        described = {"inputs": recipe.identity, **asdict(package), "path": destination.name}
        description.write_text(json.dumps(described, indent=1), encoding="utf-8")
        self.report(f"Built {destination.name} ({package.size_bytes / 1e6:.1f} MB)")
        return package

    def _locate(self, name: str) -> Path:
        return self.folder / f"{name}-{self.target}.zip"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hash_parts(parts: list[str]) -> str:
    return _hash("\0".join(parts).encode())


def _describe(archive: Path, destination: Path) -> Package:
    with zipfile.ZipFile(archive) as file:
        unzipped_bytes = sum(entry.file_size for entry in file.infolist())
    if unzipped_bytes > _UNZIPPED_LIMIT_BYTES:
        raise BuildError(
            f"{destination.name} is {unzipped_bytes / 1e6:.0f} MB unzipped and AWS Lambda takes "
            f"{_UNZIPPED_LIMIT_BYTES / 1e6:.0f} MB: remove a dependency."
        )
    return Package(
        path=destination,
        sha256=_hash(archive.read_bytes()),
        size_bytes=archive.stat().st_size,
        unzipped_bytes=unzipped_bytes,
    )
