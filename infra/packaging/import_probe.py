"""A program: import from a folder what functions import, and tell what that loads and compiles.

Usage: python -I -S import_probe.py FOLDER, with the names that each function imports, by function,
as JSON on standard input; the answer is JSON on standard output. What all of them import is loaded
once, and then each has a fork of the process for what is its own: a few of the dependencies take
most of the time, and each function has them.
"""

import dataclasses
import importlib
import json
import sys
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any


def import_name(name: str) -> None:
    """Import a module, or something that a module holds.

    Raises:
        ImportError: There is no such thing.
    """
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        module, _, attribute = name.rpartition(".")
        # What is missing may also be something that the module itself imports.
        if not module or error.name != name:
            raise
        try:
            getattr(importlib.import_module(module), attribute)
        except AttributeError:
            raise ImportError(f"{module} has no {attribute}", name=name) from None


def start_boto3() -> None:
    """Build a client of each service that botocore describes."""
    import boto3

    session: Any = boto3.Session("none", "none", region_name="us-east-1")
    for service in session.get_available_services():
        session.client(service)


def start_openai() -> None:
    """Make a call, which is answered here: the SDK loads half of itself when it is first used."""
    import httpx2
    import openai

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"choices": [], "id": "", "model": "", "created": 0})

    openai.DefaultHttpxClient().close()
    client = openai.OpenAI(
        api_key="none",
        max_retries=0,
        http_client=httpx2.Client(transport=httpx2.MockTransport(answer)),
    )
    client.chat.completions.create(model="none", messages=[{"role": "user", "content": "none"}])


def start_powertools() -> None:
    """Build what loads parts of itself when it is built."""
    from aws_lambda_powertools import Logger, Metrics

    Logger(service="none")
    Metrics(namespace="none", service="none")


def start_resolver() -> None:
    """Answer a request."""
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver

    app = APIGatewayRestResolver(enable_validation=True)

    @app.get("/none")
    def answer() -> dict[str, str]:
        return {}

    context: Any = object()
    request = {"httpMethod": "GET", "path": "/none", "headers": {}, "requestContext": {}}
    app.resolve(request, context)


def start_pydantic() -> None:
    """Build a model."""
    import pydantic

    pydantic.create_model("Model", number=(int, ...))(number=1)


# What is loaded at first use only, and is always used.
STARTS: dict[str, Callable[[], Any]] = {
    "aws_lambda_powertools": start_powertools,
    "aws_lambda_powertools.event_handler": start_resolver,
    "boto3": start_boto3,
    "openai": start_openai,
    "pydantic": start_pydantic,
}


def load(names: Iterable[str]) -> dict[str, str]:
    """Import names, and do with each what a function does with it first.

    Returns:
        Why, by the names that cannot be imported.
    """
    missing = {}
    for name in sorted(names):
        try:
            import_name(name)
        except ImportError as error:
            missing[name] = str(error)
    if not missing:
        for module in sorted(set(names) & set(STARTS)):
            STARTS[module]()
    return missing


def list_loaded(root: Path) -> list[str]:
    """What is loaded of a folder: the paths in it."""
    files = [Path(getattr(module, "__file__", None) or "/") for module in sys.modules.values()]
    return sorted(path.relative_to(root).as_posix() for path in files if path.is_relative_to(root))


def note_methods() -> set[str]:
    """Note each text that `dataclass` compiles from now on: the methods of a class."""
    texts = set()

    def run(text: str, *scopes: dict[str, Any]) -> None:
        texts.add(text)
        exec(text, *scopes)  # noqa: S102 - what `dataclass` runs itself

    vars(dataclasses)["exec"] = run
    return texts


def main(folder: str, wanted: dict[str, list[str]]) -> None:
    """Write what each function loads: paths in the folder and methods, or what is missing."""
    sys.path.insert(0, folder)
    root = Path(folder).resolve()
    methods = note_methods()
    shared = set.intersection(*map(set, wanted.values()))
    missing = load(shared)

    def look(names: list[str], answer: Connection) -> None:
        own = missing or load(set(names) - shared)
        loaded = list_loaded(root)
        answer.send({"missing": own, "modules": loaded, "methods": sorted(methods)})

    answers = {}
    fork = get_context("fork")
    for function, names in wanted.items():
        reader, writer = fork.Pipe(duplex=False)
        with reader:
            process = fork.Process(target=look, args=(names, writer))
            process.start()
            writer.close()
            answers[function] = reader.recv()
            process.join()
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
