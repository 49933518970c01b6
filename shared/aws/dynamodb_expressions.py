"""The expressions of one request to DynamoDB, with their names and values."""

from collections.abc import Mapping, Sequence
from typing import Any

from boto3.dynamodb.conditions import ConditionBase, ConditionExpressionBuilder

from shared.aws.dynamodb_items import to_item


class Expressions:
    """Collects the expressions of one request with their names and values."""

    def __init__(self) -> None:
        self._expressions: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def with_condition(self, condition: ConditionBase | None) -> "Expressions":
        """A condition of the write, if it has one."""
        if condition is not None:
            built = ConditionExpressionBuilder().build_expression(condition)
            self._expressions["ConditionExpression"] = built.condition_expression
            self._names |= built.attribute_name_placeholders
            self._values |= built.attribute_value_placeholders
        return self

    def with_update(
        self,
        assign_or_remove: Mapping[str, Any],
        assign_once: Mapping[str, Any],
        add: Mapping[str, Any],
        append: Mapping[str, Sequence[Any]],
    ) -> "Expressions":
        """Attributes to set (None removes one) or to set once, numbers to add, lists to append to.

        Amazon DynamoDB Developer Guide, "Using update expressions in DynamoDB": `list_append`.
        """
        assign = {name: value for name, value in assign_or_remove.items() if value is not None}
        remove = [name for name, value in assign_or_remove.items() if value is None]
        clauses = {
            "SET": [
                *(f"#{name} = :{name}" for name in assign),
                *(f"#{name} = if_not_exists(#{name}, :{name})" for name in assign_once),
                *(
                    f"#{name} = list_append(if_not_exists(#{name}, :no_{name}), :{name})"
                    for name in append
                ),
            ],
            "REMOVE": [f"#{name}" for name in remove],
            "ADD": [f"#{name} :{name}" for name in add],
        }
        self._expressions["UpdateExpression"] = " ".join(
            f"{verb} {', '.join(terms)}" for verb, terms in clauses.items() if terms
        )
        named = {**assign_or_remove, **assign_once, **add, **append}
        self._names |= {f"#{name}": name for name in named}
        values = {**assign, **assign_once, **add, **append}
        values |= {f"no_{name}": [] for name in append}
        self._values |= {f":{name}": value for name, value in values.items()}
        return self

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the request that hold them."""
        arguments: dict[str, Any] = dict(self._expressions)
        if self._names:
            arguments["ExpressionAttributeNames"] = self._names
        if self._values:
            arguments["ExpressionAttributeValues"] = to_item(self._values)
        return arguments
