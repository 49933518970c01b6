"""What is wrong with a message or request, in plain words instead of a validator's own."""

from collections.abc import Mapping
from typing import Any

# What a text has to hold that is not all white space. The four separators are white space to
# Python's regular expressions alone, and it is to mean the same to every reader of a schema.
SOMETHING_PATTERN = r"[^\s\x1c-\x1f]"
_NO_WORDS: Mapping[str, str] = {}
_KINDS = {
    "string_type": "it has to be text",
    "string_unicode": "it has to be text in UTF-8",
    "list_type": "it has to be a list",
    "tuple_type": "it has to be a list",
    "dict_type": "it has to be an object",
    "model_type": "it has to be an object",
    "model_attributes_type": "it has to be an object",
    "bool_type": "it has to be true or false",
    "bool_parsing": "it has to be true or false",
    "int_type": "it has to be a whole number",
    "int_parsing": "it has to be a whole number",
    "int_parsing_size": "it has to be a whole number of fewer digits",
    "int_from_float": "it has to be a whole number",
    "float_type": "it has to be a number",
    "float_parsing": "it has to be a number",
    "finite_number": "it has to be a number",
    "missing": "it is missing",
    "extra_forbidden": "it is not known here: leave it out, or mend its name",
    "union_tag_not_found": "kind is missing",
    "string_pattern_mismatch": "it has characters, or a form, that are not taken here",
}


def describe_problem(problem: Any, pattern_words: Mapping[str, str] = _NO_WORDS) -> str:
    """What is wrong in one place, without quoting what was sent.

    Args:
        problem: The problem as pydantic lists it (pydantic's documentation, "Validation Errors").
        pattern_words: What a text has to be like to fit a regular expression, by expression.
    """
    context = problem.get("ctx") or {}
    match problem["type"]:
        case "union_tag_invalid":
            return f"kind is none of {context['expected_tags']}"
        case "literal_error" | "enum":
            return f"it has to be {context['expected']}"
        case "string_pattern_mismatch" if context.get("pattern") in pattern_words:
            return pattern_words[context["pattern"]]
        case "string_pattern_mismatch" if context.get("pattern") == SOMETHING_PATTERN:
            return "it is empty"
        case "string_too_short" | "too_short" if context["min_length"] == 1:
            return "it is empty"
        case "string_too_short":
            return f"it has fewer than {context['min_length']:,} characters"
        case "string_too_long":
            return f"it has more than {context['max_length']:,} characters"
        case "too_short":
            return f"it has fewer than {context['min_length']:,} entries"
        case "too_long":
            return f"it has more than {context['max_length']:,} entries"
        case "greater_than_equal":
            return f"it has to be {context['ge']} or more"
        case "less_than_equal":
            return f"it has to be {context['le']} or less"
        case "value_error":
            return str(problem["msg"]).removeprefix("Value error, ")
        case kind:
            return _KINDS.get(kind, str(problem["msg"]))
