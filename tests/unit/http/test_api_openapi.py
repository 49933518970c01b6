"""The OpenAPI document on disk is the one that the routes make, and errors have one shape in it."""

import ast
import json

from infra.openapi_file import OPENAPI_FILE, render_openapi
from tests.project_files import PROJECT

DOCUMENT = json.loads(OPENAPI_FILE.read_text(encoding="utf-8"))
OPERATOR_DOES = ("redo", "retry", "cancel", "pause", "resume")
OPERATIONS = [
    (path, method, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_the_file_is_in_step_with_the_routes():
    assert OPENAPI_FILE.read_text(encoding="utf-8") == render_openapi(), "run: make openapi"


def test_every_route_is_described():
    assert {(method, path) for path, method, _ in OPERATIONS} == {
        ("post", "/chat"),
        ("get", "/threads"),
        ("get", "/threads/{thread_id}"),
        ("delete", "/threads/{thread_id}"),
        ("post", "/tasks"),
        ("get", "/tasks"),
        ("get", "/tasks/{task_id}"),
        ("get", "/documents"),
        ("post", "/documents"),
        ("get", "/documents/{document_id}"),
        ("delete", "/documents/{document_id}"),
        ("get", "/documents/{document_id}/summary"),
        ("get", "/documents/{document_id}/versions"),
        ("get", "/documents/{document_id}/file"),
        ("get", "/documents/{document_id}/text"),
        ("get", "/documents/{document_id}/pages/{page}"),
        ("get", "/reports/{date}"),
        ("get", "/health"),
        ("post", "/extractions"),
        ("post", "/mcp"),
        ("get", "/operations"),
        *(("post", f"/operations/{name}") for name in OPERATOR_DOES),
    }
    assert all(operation["summary"] and operation["tags"] for *_, operation in OPERATIONS)


def test_every_error_has_the_one_shape():
    for path, method, operation in OPERATIONS:
        errors = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
        assert {"400", "403", "429", "500", "503", "504"} <= set(errors), (method, path)
        for status, answer in errors.items():
            schema = answer["content"]["application/json"]["schema"]
            # A message that was read is answered in the protocol's own shape, whatever it wants.
            of_protocol = path == "/mcp" and status in ("400", "404")
            told = schema["anyOf"] if of_protocol else [schema]
            assert told[-1] == {"$ref": "#/components/schemas/ErrorAnswer"}
            assert len(told) == 1 + of_protocol
    assert "HTTPValidationError" not in json.dumps(DOCUMENT)


def find_imports(module):
    """What a module of the project imports as it is loaded, not what a function of it does."""
    path = PROJECT.joinpath(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_the_function_imports_neither_pdf_engines_nor_what_only_queues_need():
    seen, waiting = set(), ["functions.api"]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            if module.split(".")[0] in ("functions", "pipeline", "shared"):
                waiting += find_imports(module)
    assert "pipeline.tasks.agent.agent" in seen
    unwanted = (
        "pipeline.extraction",
        "functions.console",
        "functions.delivery.batch",
        "functions.http.openapi",
        "pypdf",
        "pypdfium2",
        "jsonschema",
        "jinja2",
        "aws_lambda_powertools.utilities.idempotency",
        "aws_lambda_powertools.utilities.batch",
    )
    assert not [module for module in seen if module.startswith(unwanted)]
