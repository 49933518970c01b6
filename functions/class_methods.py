"""Methods of the dependencies' dataclasses, which are compiled when a package is built.

`dataclass` writes the methods of a class as text, and compiles it each time a process loads the
module: in bytecode there is nothing of it. The build compiles the texts that dependencies come to
(`infra/packaging/bytecode.py`) and keeps each by the text itself, so that what is run is always
what would have been compiled.
"""

import dataclasses
import marshal
from pathlib import Path
from types import CodeType
from typing import Any

_PATH = Path(__file__).parents[1] / "dataclass_methods.bin"


def use_compiled_methods(path: Path = _PATH) -> None:
    """Have `dataclass` take methods that are compiled; the others it compiles as ever.

    Args:
        path: Where the build has put them. Nothing is done without that file, which a package
            without bytecode has not.
    """
    if not path.is_file():
        return
    compiled: dict[str, CodeType] = marshal.loads(path.read_bytes())  # noqa: S302 - of the package, as its bytecode is

    def run(text: str, *scopes: dict[str, Any]) -> None:
        exec(compiled.get(text, text), *scopes)  # noqa: S102 - what `dataclass` runs itself

    # It calls `exec`, and a name of its own module goes before one of Python's.
    vars(dataclasses)["exec"] = run
