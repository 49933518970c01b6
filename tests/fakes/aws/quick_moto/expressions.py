"""Moto's expressions of DynamoDB, each of which is parsed once, and the values that they compare.

Moto parses an update four times for each request, copies what came of it by way of pickle's
protocol, and goes through it ten times; to tell a node from a word it asks an abstract class. A
value of a row is cast anew for each comparison, though most are strings, which are as they are.
"""

import copy
from collections import deque
from functools import cache, lru_cache

from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing import ast_nodes
from moto.dynamodb.parsing.ast_nodes import (
    DepthFirstTraverser,
    Expression,
    Node,
    UpdateExpression,
    UpdateExpressionAddAction,
    UpdateExpressionDeleteAction,
    UpdateExpressionFunction,
    UpdateExpressionPath,
    UpdateExpressionRemoveAction,
    UpdateExpressionSetAction,
)
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import ActionCountValidator, OverlappingPathsValidator

# Far more than there are in a test process.
_MOST = 4_096

_make = UpdateExpressionParser.make.__func__
_split = ConditionExpressionParser._lex_condition_expression
_cast = DynamoType.cast_value.fget


def _list_kinds(*bases):
    kinds = (kind for kind in vars(ast_nodes).values() if isinstance(kind, type))
    return frozenset(kind for kind in kinds if issubclass(kind, bases))


# An abstract class takes long to say whether a node is of it.
_KINDS = _list_kinds(Node)
_HOLDERS = _list_kinds(Expression, UpdateExpressionFunction)
# The only ones whose children a traverser begins with.
_BEGUN = _list_kinds(
    UpdateExpressionSetAction,
    UpdateExpressionRemoveAction,
    UpdateExpressionDeleteAction,
    UpdateExpressionAddAction,
)


def list_replacements():
    """What is put in the place of what: the owner, the name, and the function."""
    yield UpdateExpressionParser, "make", classmethod(_make_once)
    yield Node, "__deepcopy__", _copy_tree
    yield Node, "find_clauses", _find_clauses
    yield DepthFirstTraverser, "traverse", _traverse
    yield ConditionExpressionParser, "_lex_condition_expression", _split_once
    yield DynamoType, "__init__", _read_value
    yield DynamoType, "__deepcopy__", _copy_value
    yield DynamoType, "__eq__", _are_equal
    yield DynamoType, "cast_value", property(_cast_value)
    for validator in (ActionCountValidator, OverlappingPathsValidator):
        yield validator, "traverse", _check_whole


# ---- Updates


@lru_cache(maxsize=_MOST)
def _make_once(parser, expression):
    """A tree that nothing changes: what does has made a copy."""
    return _make(parser, expression)


def _copy_tree(node, memo, parent=None):
    """A copy of a node and of all below it, which belongs to another parent."""
    twin = object.__new__(type(node))
    vars(twin).update(vars(node), parent=parent)
    # What a path is made of stays as it is: it is looked at or replaced as a whole.
    if node.children is not None and type(node) is not UpdateExpressionPath:
        twin.children = [
            _copy_tree(child, memo, twin)
            if type(child) in _KINDS
            else child
            if type(child) is str
            else copy.deepcopy(child, memo)
            for child in node.children
        ]
    return twin


def _find_clauses(node, kinds):
    found = []
    for child in node.children or ():
        if type(child) in kinds:
            found.append(child)
        elif type(child) in _HOLDERS:
            found += _find_clauses(child, kinds)
    return found


def _check_whole(validator, root):
    """An update is a list whose rest is an update again: what holds of all holds of the rest."""
    return validator._processing_map()[UpdateExpression](root)


@cache
def _find_processed(traverser, kind):
    """The kind by which a class of traversers processes the nodes of another kind, if it does."""
    # Which kinds there are does not depend on what a traverser was made with.
    bare = object.__new__(traverser)
    return next((base for base in traverser._processing_map(bare) if issubclass(kind, base)), None)


def _traverse(traverser, root):
    """Visit an update from the leaves up."""
    kind_of_traverser = type(traverser)
    processors = traverser._processing_map()
    begin = traverser.pre_processing_of_child
    begins = kind_of_traverser.pre_processing_of_child is not _begins_nothing
    # Nothing that is processed is within a path, nor an action within an action.
    innermost = {UpdateExpressionPath}
    if processors.keys() == {UpdateExpressionSetAction}:
        innermost.add(UpdateExpressionSetAction)

    def visit(node, child_id):
        parent = node.parent
        children = node.children if type(node) not in innermost else None
        for number, child in enumerate(children or ()):
            if begins and type(node) in _BEGUN:
                begin(node, number)
            if type(child) in _KINDS:
                visit(child, number)
        base = _find_processed(kind_of_traverser, type(node))
        if base is not None:
            node = processors[base](node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    return visit(root, -1)


_begins_nothing = DepthFirstTraverser.pre_processing_of_child


# ---- Conditions


@lru_cache(maxsize=_MOST)
def _split_text(expression):
    return tuple(_split(ConditionExpressionParser(expression, None, None)))


def _split_once(parser):
    return deque(_split_text(parser.condition_expression))


# ---- Values


def _read_value(value, content):
    if type(content) is DynamoType:
        value.type, inner = content.type, content.value
    else:
        value.type, inner = next(iter(content.items()))
    if value.type == "L":
        inner = [DynamoType(one) for one in inner]
    elif value.type == "M":
        inner = {name: DynamoType(one) for name, one in inner.items()}
    value.value = inner


def _cast_value(value):
    return value.value if value.type == "S" else _cast(value)


def _copy_value(value, memo):
    """As moto does, but without a note of each that has been copied: no value is in itself."""
    twin = object.__new__(type(value))
    twin.type, content = value.type, value.value
    if value.type == "M":
        content = {name: _copy_part(one, memo) for name, one in content.items()}
    elif value.type == "L":
        content = [_copy_part(one, memo) for one in content]
    elif value.type in ("SS", "NS", "BS"):
        content = list(content)
    twin.value = content
    return twin


def _copy_part(part, memo):
    return _copy_value(part, memo) if type(part) is DynamoType else copy.deepcopy(part, memo)


def _are_equal(value, other):
    if value.type != other.type:
        return False
    return value.value == other.value if value.type == "S" else _cast(value) == _cast(other)
