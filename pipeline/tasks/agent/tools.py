"""The tools of the agent: they look and can do nothing else.

What they return is text for a model. Arguments are checked; what is wrong with them is returned to
the model as well, so that it can call again.
"""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.documents.document_reader import DocumentReader
from pipeline.ingest.text_division import divide_text
from pipeline.tasks.agent.document_tools import DocumentTools
from pipeline.tasks.agent.status_tools import StatusTools
from pipeline.tasks.agent.tool_types import Ask, ToolRefusedError, ToolResult
from shared.errors import ObjectMissingError
from shared.llm.chat_completions.structured_output import drop_docstring
from shared.llm.token_estimate import estimate_tokens
from shared.llm.turns import Tool

_CUT = "\n[cut here: ask for fewer pages, or search]"


class Toolbox:
    """The tools, bound to what they read.

    Args:
        reader: Reads documents, the ledger and reports; the tools' only way to anything.
    """

    def __init__(self, reader: DocumentReader) -> None:
        tools = [*DocumentTools(reader).build(), *StatusTools(reader).build()]
        self._tools = {tool.name: tool for tool in tools}

    def describe(self) -> tuple[Tool, ...]:
        """The tools as a model is told of them."""
        return tuple(
            Tool(
                name=tool.name,
                description=tool.description,
                parameters=_write_parameters(tool.arguments),
            )
            for tool in self._tools.values()
        )

    def call(self, name: str, arguments: str, max_tokens: int, ask: Ask) -> ToolResult:
        """Call a tool as a model asks for it.

        Args:
            name: The tool's name, as the model wrote it.
            arguments: Its arguments, as the model wrote them.
            max_tokens: The most that the result may have; what is more is cut.
            ask: Answers a question from documents.

        Returns:
            The result; a call that cannot be carried out is a result too.

        Raises:
            RetryableError, DeferredError, PermanentError: As the model, S3 and the ledger do.
        """
        tool = self._tools.get(name)
        if tool is None:
            return _refuse(f"There is no tool of that name; there are {', '.join(self._tools)}.")
        try:
            checked = tool.arguments.model_validate(json.loads(arguments or "{}"))
        except ValidationError as error:
            return _refuse(f"The arguments do not fit: {_name_problems(error)}")
        except (ValueError, RecursionError):
            return _refuse("The arguments are not JSON.")
        try:
            result = tool.run(checked, ask)
        except ToolRefusedError as refusal:
            return _refuse(str(refusal))
        except ObjectMissingError:
            return _refuse("The text of that document is gone.")
        return _cut(result, max_tokens)


def _write_parameters(arguments: type[BaseModel]) -> dict[str, Any]:
    schema = drop_docstring(arguments.model_json_schema())
    definitions = schema.pop("$defs", {})
    described = {name: drop_docstring(definition) for name, definition in definitions.items()}
    return dict(_inline(schema, described))


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    """The schema without references and titles, which some servers do not take."""
    if isinstance(node, list):
        return [_inline(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].removeprefix("#/$defs/")], definitions)
    return {
        name: _inline(part, definitions)
        for name, part in node.items()
        if name != "title" or not isinstance(part, str)
    }


def _refuse(problem: str) -> ToolResult:
    return ToolResult(f"Error: {problem}", is_error=True)


def _name_problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc'])) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)[:5]
    )


def _cut(result: ToolResult, max_tokens: int) -> ToolResult:
    if estimate_tokens(result.text) <= max_tokens:
        return result
    kept = divide_text(result.text, max(2, max_tokens - estimate_tokens(_CUT)))[0]
    return ToolResult(kept + _CUT, result.is_error, result.pages)
