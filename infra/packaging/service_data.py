"""botocore's descriptions of AWS services, cut down to what a function calls.

All of them are 27 MB, and those of one service take longer to parse than the client takes to be
built. Operations are kept by name: one whose name stands nowhere in a function's code cannot be
called by it.
"""

import gzip
import json
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from botocore import xform_name

Json = dict[str, Any]

DATA = Path("botocore", "data")
ENDPOINTS = "endpoints.json"

_POWERTOOLS = "aws_lambda_powertools.utilities."

# Methods of clients that are no operations of their service.
_OTHER_METHODS = {"rds": frozenset({"generate_db_auth_token"})}

# Methods of clients that read the description of an operation which they do not call.
_READ_BY_METHODS = {"generate_presigned_post": "create_bucket"}

_DOCUMENTATION = frozenset({"documentation", "documentationUrl"})


def keep_services(tree: Path, words: Collection[str]) -> None:
    """Remove the descriptions of services that no function names from installed dependencies.

    Args:
        tree: Folder that botocore is installed in; without botocore nothing is done.
        words: Names of services such as `s3`, among other words.
    """
    data = tree / DATA
    for folder in [path for path in data.glob("*") if path.is_dir() and path.name not in words]:
        shutil.rmtree(folder)


def find_service(path: str) -> str | None:
    """The service whose description a file belongs to; None for other files.

    Args:
        path: Path in a folder that botocore is installed in. Of the file of endpoints, which
            describes all services, its own name is the answer.
    """
    parts = Path(path).relative_to(DATA).parts if Path(path).is_relative_to(DATA) else ()
    return parts[0] if len(parts) > 1 or parts == (ENDPOINTS,) else None


def find_words_of_powertools(
    tree: Path, imports: Collection[str], read_words: Callable[[Path], frozenset[str]]
) -> frozenset[str]:
    """Find the words of those parts of Powertools that a function uses, as they call AWS too.

    Args:
        tree: Folder that Powertools is installed in.
        imports: Full names of what the function imports.
        read_words: Reads the words of a file; functions have most files in common.
    """
    parts = {tuple(name.split(".")[:3]) for name in imports if name.startswith(_POWERTOOLS)}
    sources = (path for part in parts for path in tree.joinpath(*part).rglob("*.py"))
    return frozenset(word for path in sources for word in read_words(path))


def trim_services(data: Path, words: frozenset[str], destination: Path) -> None:
    """Write the descriptions of what is called, each operation with the shapes that it reaches.

    Args:
        data: A folder of botocore's with the descriptions of whole services and of all endpoints.
        words: The services, and the operations as methods are named, among other words.
        destination: The folder to write them to; a service of which nothing is called is left out.
    """
    words |= {_READ_BY_METHODS[method] for method in words & _READ_BY_METHODS.keys()}
    prefixes = set()
    for folder in sorted(path for path in data.glob("*") if path.is_dir()):
        source = _find_model(folder)
        model = trim_model(_read(source), words)
        if not model["operations"] and words.isdisjoint(_OTHER_METHODS.get(folder.name, ())):
            continue
        prefixes.add(model["metadata"]["endpointPrefix"])
        copy = destination / folder.name / source.parent.name
        copy.mkdir(parents=True)
        _write(copy / "service-2.json", model)
        for path in source.parent.iterdir():
            name = path.name.removesuffix(".gz")
            if name.startswith("endpoint-rule-set-") or ".sdk-extras." in name:
                _write(copy / name, _read(path))
            elif name.startswith(("paginators-", "waiters-")):
                _write(copy / name, _trim_helpers(_read(path), model["operations"]))
    if (data / ENDPOINTS).exists():
        destination.mkdir(parents=True, exist_ok=True)
        _write(destination / ENDPOINTS, _trim_endpoints(_read(data / ENDPOINTS), prefixes))


def _trim_endpoints(endpoints: Json, prefixes: Collection[str]) -> Json:
    partitions = [
        {
            **partition,
            "services": {
                name: value for name, value in partition["services"].items() if name in prefixes
            },
        }
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def trim_model(model: Json, words: Collection[str]) -> Json:
    """Cut the model of a service down to the operations that are among `words`."""
    operations = {
        name: operation
        for name, operation in model["operations"].items()
        if xform_name(name) in words
    }
    shapes = model["shapes"]
    reached: set[str] = set()
    waiting = list(_find_shapes(operations.values()))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(_find_shapes([shapes[name]]))
    kept = {name: shape for name, shape in shapes.items() if name in reached}
    trimmed = _without_documentation({**model, "operations": operations, "shapes": kept})
    # botocore reads the documentation of these, and fails without it.
    untouched = {name: model[name] for name in ("clientContextParams",) if name in model}
    return cast(Json, {**trimmed, **untouched})


def _find_shapes(nodes: Iterable[Any]) -> Iterator[str]:
    """The names of the shapes that parts of a model refer to."""
    for node in nodes:
        if isinstance(node, Mapping):
            if isinstance(node.get("shape"), str):
                yield node["shape"]
            yield from _find_shapes(node.values())
        elif isinstance(node, list):
            yield from _find_shapes(node)


def _without_documentation(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {
            name: _without_documentation(value)
            for name, value in node.items()
            # A member of a shape may bear this name too, and is no text.
            if not (name in _DOCUMENTATION and isinstance(value, str))
        }
    if isinstance(node, list):
        return [_without_documentation(value) for value in node]
    return node


def _trim_helpers(helpers: Json, operations: Json) -> Json:
    """Paginators, which are named like their operation, or waiters, which name it."""
    return {
        kind: {
            name: value
            for name, value in entries.items()
            if name in operations or value.get("operation") in operations
        }
        if isinstance(entries, dict)
        else entries
        for kind, entries in helpers.items()
    }


def _find_model(service: Path) -> Path:
    """The newest model of a service, which is the one that a client takes."""
    return max(service.glob("*/service-2.json*"), key=lambda path: path.parent.name)


def _read(path: Path) -> Json:
    content = path.read_bytes()
    return cast(Json, json.loads(gzip.decompress(content) if path.suffix == ".gz" else content))


def _write(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
