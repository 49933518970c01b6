"""The dependencies' part of each function's package, kept until other dependencies are needed."""

import json
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.packaging import own_modules, service_data
from infra.packaging.archive import add_files
from infra.packaging.bytecode import (
    READ_THEIR_SOURCE,
    ImportTrace,
    compile_methods,
    compile_modules,
    trace_imports,
)
from infra.packaging.dependencies import (
    Installation,
    Platform,
    install_dependencies,
    leave_out_unloaded_parts,
)
from infra.packaging.own_modules import Needs
from infra.packaging.packed_zip import pack_file, write_zip
from shared.errors import BuildError

# Beside the descriptions of services: what the dependencies themselves call of them.
_WORDS = "words.json"
# Where `functions/class_methods.py` looks for them.
_METHODS = "dataclass_methods.bin"


@dataclass(frozen=True)
class WantedDependencies:
    """The dependencies that a function wants.

    Args:
        lock: The lock file that names them.
        needs: What the function's own code needs of them.
        identity: A hash of all that decides what they come to.
    """

    lock: Path
    needs: Needs
    identity: str


@dataclass(frozen=True)
class Kept:
    """The dependencies of one function.

    Args:
        archive: A zip of them, without the descriptions of AWS services.
        services: A zip of these: whole, as what is called of them changes with the code.
    """

    archive: Path
    services: Path

    @property
    def is_there(self) -> bool:
        """Whether it was made before."""
        return self.archive.exists() and self.services.exists()


@dataclass(frozen=True)
class DependencyStore:
    """Dependencies for one target in one folder.

    Args:
        folder: Where they are kept.
        target: Name of the target.
        platform: What it is; None for this Python on this machine.
        interpreter: The Python whose bytecode they are to have; None for none.
        compression_level: From 1, the quickest, to 9, the smallest.
        report: Called with one line for each step.
    """

    folder: Path
    target: str
    platform: Platform | None
    interpreter: Path | None
    compression_level: int
    report: Callable[[str], None]

    def ensure(self, wanted: Mapping[str, WantedDependencies]) -> dict[str, Kept]:
        """The dependencies of functions, by function; installed where they are not there.

        Raises:
            BuildError: They cannot be installed, or do not bring what is imported.
        """
        kept = {name: self._name(name, want) for name, want in wanted.items()}
        absent = {name: want for name, want in wanted.items() if not kept[name].is_there}
        if absent:
            self.report(f"Installing the dependencies of {', '.join(absent)} for {self.target}")
            with TemporaryDirectory(dir=self.folder, prefix=".build-") as work:
                self._make(absent, kept, Path(work))
        return kept

    def _name(self, name: str, want: WantedDependencies) -> Kept:
        stem = f"{name}-{self.target}-dependencies-{want.identity[:16]}"
        return Kept(self.folder / f"{stem}.zip", self.folder / f"{stem}-services.zip")

    def _make(
        self, absent: Mapping[str, WantedDependencies], kept: Mapping[str, Kept], work: Path
    ) -> None:
        needed = frozenset(word for want in absent.values() for word in want.needs.words)
        locks = [want.lock for want in absent.values()]
        installed = install_dependencies(locks, work / "tree", self.platform, needed)
        traces: dict[str, ImportTrace] = {}
        if self.interpreter is not None:
            runnable = installed
            if self.platform is not None:
                # Libraries of another platform cannot be imported here.
                here = Platform(self.platform.python, None)
                runnable = install_dependencies(locks, work / "runnable", here, needed)
            traces = _trace_imports(absent, runnable, self.interpreter, work / "cache")
            modules = {name for trace in traces.values() for name in trace.modules}
            sources = {
                name
                for name in modules
                if name.endswith(".py") and (installed.tree / name).is_file()
            }
            compile_modules(self.interpreter, installed.tree, sources, work / "bytecode")
            methods = {work / f"{name}-{_METHODS}": trace.methods for name, trace in traces.items()}
            compile_methods(self.interpreter, methods)
        # Not in the pool: Python 3.11 may fail to parse in several threads at the same time.
        read_words = cache(own_modules.read_words)
        for name, want in absent.items():
            words = service_data.find_words_of_powertools(
                installed.tree, want.needs.imports, read_words
            )
            file = work / f"{name}-{_WORDS}"
            file.write_text(json.dumps(sorted(words)), encoding="utf-8")
        chosen = {
            name: self._choose_files(name, want, installed, traces.get(name), work)
            for name, want in absent.items()
        }
        # Most files are those of several functions.
        paths = {path for dependencies, _ in chosen.values() for path in dependencies.values()}
        with ThreadPoolExecutor() as pool:
            pack = partial(pack_file, compression_level=self.compression_level)
            packed = dict(zip(paths, pool.map(pack, paths), strict=True))
        for name, (dependencies, services) in chosen.items():
            made = Kept(work / kept[name].archive.name, work / kept[name].services.name)
            write_zip(made.archive, {at: packed[path] for at, path in dependencies.items()})
            add_files(made.services, services, 1)
            for outdated in self.folder.glob(f"{name}-{self.target}-dependencies-*.zip"):
                outdated.unlink(missing_ok=True)
            made.services.replace(kept[name].services)
            made.archive.replace(kept[name].archive)

    def _choose_files(
        self,
        name: str,
        want: WantedDependencies,
        installed: Installation,
        trace: ImportTrace | None,
        work: Path,
    ) -> tuple[dict[str, Path], dict[str, Path]]:
        """What a function gets of its dependencies, and of the descriptions of AWS services."""
        names = installed.list_files(want.lock)
        loaded = None if trace is None else trace.modules
        if loaded is not None:
            names = leave_out_unloaded_parts(names, loaded)
        described = want.needs.words | {service_data.ENDPOINTS}
        files: dict[str, Path] = {}
        services: dict[str, Path] = {}
        for path in names:
            source = installed.tree / path
            bytecode = work / "bytecode" / f"{path}c"
            service = service_data.find_service(path)
            if service in described:
                services[path] = source
            elif service is not None:
                continue
            elif loaded is not None and path in loaded and bytecode.exists():
                files[f"{path}c"] = bytecode
            else:
                files[path] = source
                if loaded is not None and path in loaded & READ_THEIR_SOURCE:
                    files |= find_cached(work / "bytecode", Path(path))
        if trace is not None and trace.methods:
            files[_METHODS] = work / f"{name}-{_METHODS}"
        services[_WORDS] = work / f"{name}-{_WORDS}"
        return files, services


def find_cached(bytecode: Path, module: Path) -> dict[str, Path]:
    """The bytecode that lies beside a module's source."""
    found = (bytecode / module.parent).glob(f"__pycache__/{module.stem}.*.pyc")
    return {path.relative_to(bytecode).as_posix(): path for path in found}


def _trace_imports(
    wanted: Mapping[str, WantedDependencies],
    runnable: Installation,
    interpreter: Path,
    cache: Path,
) -> dict[str, ImportTrace]:
    """What functions load of their dependencies, by function.

    Raises:
        BuildError: One imports what its lock file does not name.
    """
    files = {name: runnable.list_files(want.lock) for name, want in wanted.items()}
    for name, want in wanted.items():
        tops = {path.partition("/")[0].partition(".")[0] for path in files[name]}
        strange = sorted(item for item in want.needs.imports if item.partition(".")[0] not in tops)
        if strange:
            raise BuildError(
                f"The function {name} imports {strange[0]}, which {want.lock.name} does not "
                f"bring: add it to the group `{name}` of pyproject.toml, then run `make lock`."
            )
    imports = {name: want.needs.imports for name, want in wanted.items()}
    traces = trace_imports(interpreter, runnable.tree, imports, cache)
    return {
        name: ImportTrace(files[name] & traces[name].modules, traces[name].methods)
        for name in wanted
    }


def read_services(kept: Kept, folder: Path) -> frozenset[str]:
    """Unpack the descriptions of AWS services into a folder.

    Returns:
        The words of the dependencies, what they call of the services among them.
    """
    with zipfile.ZipFile(kept.services) as archive:
        archive.extractall(folder)
    return frozenset(json.loads((folder / _WORDS).read_text(encoding="utf-8")))
