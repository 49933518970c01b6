"""Bytecode for a package, compiled by an interpreter of the version that will run it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.errors import BuildError

_PROBE = Path(__file__).with_name("import_probe.py")

# These look into their own source when they are loaded, and load everything if they cannot.
READ_THEIR_SOURCE = frozenset({"anyio/__init__.py", "anyio/abc/__init__.py"})

# Compiles a module to a file. It begins with the magic number, the kind (1: by hash, unchecked) and
# the hash (PEP 552).
#
# Without docstrings a sign takes the place of each: nothing asks for those of a dependency, and
# they are a tenth of a zip. They are not left out, since some modules work with their own while
# they are loaded. Nor are they blank, which CPython 3.13 makes empty: in the place of one that is
# empty `dataclass` writes one from the signature of the class, a hundredth of a start.
_COMPILE_ONE = """
import ast, importlib.util, marshal, pathlib, sys
documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
def compile_module(name, source, bytecode, with_docstrings):
    tree = ast.parse(source, name)
    blocks = [] if with_docstrings else [tree]
    for node in blocks:
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None:
            node.body[0].value.value = "-"
        for inner in ("body", "orelse", "handlers", "finalbody", "cases"):
            blocks += getattr(node, inner, ())
    code = marshal.dumps(compile(tree, "/var/task/" + name, "exec", dont_inherit=True))
    kind = (1).to_bytes(4, "little")
    path = pathlib.Path(bytecode)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        importlib.util.MAGIC_NUMBER + kind + importlib.util.source_hash(source) + code
    )
"""

# Compiles each module that standard input names into another folder.
_COMPILE = f"""{_COMPILE_ONE}
folder, *sourced = sys.argv[1:]
for name in sys.stdin.read().splitlines():
    bytecode = importlib.util.cache_from_source(name) if name in sourced else name + "c"
    compile_module(name, pathlib.Path(name).read_bytes(), folder + "/" + bytecode, False)
"""

# Compiles the modules of a folder, beside their sources.
_COMPILE_OWN = f"""{_COMPILE_ONE}
tree, with_docstrings = pathlib.Path(sys.argv[1]), sys.argv[2] == "True"
for path in sorted(tree.rglob("*.py")):
    name = path.relative_to(tree).as_posix()
    bytecode = importlib.util.cache_from_source(path)
    compile_module(name, path.read_bytes(), bytecode, with_docstrings)
"""

# Compiles what `dataclass` would, for `functions/class_methods.py`.
_COMPILE_METHODS = """
import json, marshal, pathlib, sys
for path, texts in json.load(sys.stdin).items():
    compiled = {text: compile(text, "<string>", "exec") for text in texts}
    pathlib.Path(path).write_bytes(marshal.dumps(compiled))
"""


@dataclass(frozen=True)
class ImportTrace:
    """What importing all that a function imports loads of its dependencies.

    Args:
        modules: The paths of the modules.
        methods: The texts that `dataclass` compiles meanwhile, in their order.
    """

    modules: frozenset[str]
    methods: tuple[str, ...]


def find_interpreter(version: str, uv: Path) -> Path:
    """Find a CPython of a version on this machine; nothing is downloaded.

    Args:
        version: Major and minor version, such as `3.13`.
        uv: The uv program, which knows the interpreters that it manages.

    Raises:
        BuildError: There is none.
    """
    for candidate in _interpreter_candidates(version, uv):
        if _is_version(candidate, version):
            return candidate
    raise BuildError(
        f"Python {version} is needed to compile bytecode for AWS Lambda: install it with "
        f"`uv python install {version}`, or build without bytecode and accept slower cold starts."
    )


def trace_imports(
    interpreter: Path, tree: Path, imports: Mapping[str, Collection[str]], cache: Path
) -> dict[str, ImportTrace]:
    """Find what is loaded where something is imported from installed dependencies.

    Args:
        interpreter: The Python to import them with.
        tree: Folder of the dependencies, installed for this machine.
        imports: By function, full names of modules, and of things in modules.
        cache: Folder in which the bytecode of the modules may be kept meanwhile.

    Returns:
        By function; modules by their paths in the folder.

    Raises:
        BuildError: Something cannot be imported: no lock file brings it.
    """
    options = ["-I", "-S", "-X", f"pycache_prefix={cache}"]
    wanted = {function: sorted(names) for function, names in imports.items()}
    options += [str(_PROBE), str(tree)]
    answers = json.loads(_run(interpreter, options, json.dumps(wanted)))
    for function, answer in answers.items():
        for name, reason in answer["missing"].items():
            raise BuildError(
                f"{name} cannot be imported ({reason}): add what brings it to the group "
                f"`{function}` of pyproject.toml, then run `make lock`."
            )
    return {
        function: ImportTrace(frozenset(answer["modules"]), tuple(answer["methods"]))
        for function, answer in answers.items()
    }


def compile_modules(
    interpreter: Path, tree: Path, modules: Collection[str], destination: Path
) -> None:
    """Compile modules of a folder, each to `<name>.pyc`, which runs without its source.

    Those that need their source get a file in `__pycache__`. Docstrings are left out.

    Args:
        interpreter: The Python whose bytecode it is to be.
        tree: The folder.
        modules: Paths in the folder.
        destination: Folder to write the bytecode to, under the same paths.

    Raises:
        BuildError: A module does not compile.
    """
    arguments = ["-s", "-P", "-S", "-c", _COMPILE, str(destination), *READ_THEIR_SOURCE]
    _run(interpreter, arguments, "\n".join(sorted(modules)), tree)


def compile_methods(interpreter: Path, texts: Mapping[Path, Collection[str]]) -> None:
    """Compile methods of dataclasses into files.

    Args:
        interpreter: The Python whose bytecode it is to be.
        texts: What `dataclass` writes, by the files.
    """
    wanted = {str(path): sorted(methods) for path, methods in texts.items()}
    _run(interpreter, ["-I", "-S", "-c", _COMPILE_METHODS], json.dumps(wanted))


def add_bytecode(interpreter: Path, tree: Path, *, with_docstrings: bool) -> None:
    """Compile every module of a folder; the sources stay, for the sake of tracebacks.

    The `.pyc` files are of the unchecked-hash kind: files from a zip have no times to compare.
    One process and a fixed hash seed make the same sources give the same bytes.

    Args:
        interpreter: The Python whose bytecode it is to be.
        tree: The folder.
        with_docstrings: Whether anything looks at them; without, a seventh is saved.

    Raises:
        BuildError: A module of this project does not compile.
    """
    _run(interpreter, ["-s", "-P", "-S", "-c", _COMPILE_OWN, str(tree), str(with_docstrings)])


def _run(
    interpreter: Path, arguments: list[str], text: str = "", folder: Path | None = None
) -> str:
    result = subprocess.run(  # noqa: S603 - this project's own programs
        [str(interpreter), *arguments],
        env={"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"},
        cwd=folder,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        words = re.sub(r"\s+", " ", result.stdout + result.stderr).strip()
        raise BuildError(f"The bytecode could not be compiled: {words[-500:]}")
    return result.stdout


def _interpreter_candidates(version: str, uv: Path) -> Iterator[Path]:
    yield Path(sys.executable)
    found = subprocess.run(  # noqa: S603 - a fixed command
        [str(uv), "python", "find", "--no-python-downloads", "--no-project", "--system", version],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode == 0:
        yield Path(found.stdout.strip())
    on_path = shutil.which(f"python{version}")
    if on_path is not None:
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    yield from sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)


def _is_version(interpreter: Path, version: str) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            [
                str(interpreter),
                "-Ic",
                "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2])",
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.split() == ["cpython", version]
