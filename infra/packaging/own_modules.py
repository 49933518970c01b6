"""What of this project a function needs: what its handler can import, and no more."""

import ast
import functools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OWN_PACKAGES = ("functions", "pipeline", "shared")

# Only the Lambda runtime has it, and only it has a use for it.
_OF_THE_RUNTIME = "snapshot_restore_py"


@dataclass(frozen=True)
class Needs:
    """What a module needs, with all that it can import at any depth.

    Args:
        files: Its own modules and the data files beside them, in the order of their paths.
        imports: Full names of what it imports from dependencies, also lazily: modules, and what
            is taken out of them.
        words: Names that stand after a dot, or in quotes, anywhere in those modules: each
            operation of an AWS service that is called is among them.
    """

    files: tuple[Path, ...]
    imports: frozenset[str]
    words: frozenset[str]


class OwnModules:
    """The modules of a project, each read at most once.

    Args:
        project: Folder that holds the packages `functions`, `pipeline` and `shared`.
    """

    def __init__(self, project: Path) -> None:
        self._project = project
        # All functions ask for the same modules, and for the same names, most of which are none's.
        self._read = functools.cache(lambda path: find_mentions(path.read_bytes()))
        self._find_source = functools.cache(self._look_for_source)

    def find_needs(self, module: str) -> Needs:
        """Find what a module needs.

        A module whose full name stands in a string counts as imported: it may be run as a process
        of its own. What is imported for type checkers only does not count.

        Args:
            module: Full name, such as `functions.worker`.
        """
        files: dict[str, Path] = {}
        imports: set[str] = set()
        words: set[str] = set()
        waiting = [module]
        while waiting:
            name = waiting.pop()
            path = self._find_source(name)
            if path is None or name in files:
                continue
            files[name] = path
            mentions = self._read(path)
            words |= mentions.words
            imports |= mentions.imports
            waiting += [name.rpartition(".")[0], *mentions.imports, *mentions.words]
        folders = {path.parent for path in files.values()}
        data = {file for folder in folders for file in _find_data(folder)}
        return Needs(
            files=tuple(sorted({*files.values(), *data})),
            imports=frozenset(name for name in imports if _is_of_a_dependency(name)),
            words=frozenset(words),
        )

    def _look_for_source(self, name: str) -> Path | None:
        parts = name.split(".")
        if parts[0] not in OWN_PACKAGES:
            return None
        path = self._project.joinpath(*parts)
        candidates = (path.with_suffix(".py"), path / "__init__.py")
        return next((file for file in candidates if file.is_file()), None)


@dataclass(frozen=True)
class _Mentions:
    """What one module names: what it imports, and its other words."""

    imports: frozenset[str]
    words: frozenset[str]


# A process that builds several packages, as tests do, takes a second to parse what is in one.
@functools.lru_cache(maxsize=1_000)
def find_mentions(source: bytes) -> _Mentions:
    """Find what a source imports, and the words that stand after a dot or in quotes."""
    try:
        waiting: list[ast.AST] = [ast.parse(source)]
    except (SyntaxError, ValueError):
        return _Mentions(frozenset(), frozenset())  # its compilation will say so better
    imports: set[str] = set()
    words: set[str] = set()
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=test) if ast.unparse(test).endswith("TYPE_CHECKING"):
                waiting.extend(node.orelse)
                continue
            case ast.Import(names=names):
                imports.update(alias.name for alias in names)
            case ast.ImportFrom(module=str() as module, names=names, level=0):
                imports.update(f"{module}.{alias.name}" for alias in names)
                imports.add(module)
            case ast.Attribute(attr=word):
                words.add(word)
            case ast.Constant(value=str() as word) if word.replace(".", "_").isidentifier():
                words.add(word)
        waiting.extend(ast.iter_child_nodes(node))
    return _Mentions(frozenset(imports), frozenset(words))


def read_words(path: Path) -> frozenset[str]:
    """The words that stand after a dot or in quotes in a file of Python."""
    return find_mentions(path.read_bytes()).words


def _is_of_a_dependency(name: str) -> bool:
    top = name.partition(".")[0]
    return top not in (*OWN_PACKAGES, _OF_THE_RUNTIME) and top not in sys.stdlib_module_names


def _find_data(folder: Path) -> Iterator[Path]:
    """Files of a package that are no modules, in its folders that are no packages too."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _find_data(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc"):
            yield path
