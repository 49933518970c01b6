"""What the role of a function may do with rows: moto and ministack let everybody do all of this.

The rules are those of the Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB transactions"
and "Using IAM policy conditions for fine-grained access control".
"""

from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cache
from threading import current_thread, main_thread

from infra.project_files import TEMPLATE
from tests.fakes.aws.aws_account import TABLES
from tests.unit.template.template_parts import (
    as_list,
    functions,
    parse_template,
    policy_statements,
    resources,
    text_of,
)

_PARTS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


class RoleWatch:
    """Holds what functions ask of DynamoDB against their roles.

    Args:
        dynamodb: The client that they ask by.
    """

    def __init__(self, dynamodb):
        self._events = dynamodb.meta.events
        self._at_work = []
        self.denied = []

    @contextmanager
    def watch(self):
        """Fail at the end if AWS would have denied anything."""
        self._events.register("provide-client-params.dynamodb", self._look)
        try:
            yield self
        finally:
            self._events.unregister("provide-client-params.dynamodb", self._look)
        assert self.denied == []

    @contextmanager
    def act_as(self, function):
        """What is asked meanwhile is asked by a function, such as `IngestFunction`."""
        entry = (function, current_thread())
        self._at_work.append(entry)
        try:
            yield
        finally:
            self._at_work.remove(entry)

    def _look(self, params, model, **_):
        # A function may ask in threads of its own. Where it answers a browser, and not the test, it
        # is in another thread than the test, whose requests may come at the same time.
        entries = list(self._at_work)
        is_test = current_thread() is main_thread()
        if is_test and all(thread is not main_thread() for _, thread in entries):
            return
        # Of two that are at work at once, as for a browser, nobody knows which has asked.
        if len(at_work := {function for function, _ in entries}) == 1:
            self.denied += find_denied(at_work.pop(), model.name, params)


class WatchedFunction:
    """A function that answers requests, held to its role meanwhile.

    Args:
        function: What answers.
        name: Its name in the template.
        roles: The watch.
    """

    def __init__(self, function, name, roles):
        self._function, self._name, self._roles = function, name, roles

    def __getattr__(self, name):
        return getattr(self._function, name)

    def answer(self, event, context):
        with self._roles.act_as(self._name):
            return self._function.answer(event, context)


def find_denied(function, operation, params):
    """The rights that a request needs and a function's role does not have."""
    return [
        f"{function}: {action} of {resource}, {partition}"
        for action, resource, partition in _list_needs(operation, params)
        if not any(
            _allows(statement, f"dynamodb:{action}", resource, partition)
            for statement in _list_statements(function)
        )
    ]


def _allows(statement, action, resource, partition):
    keys = [
        key
        for operator in statement.get("Condition", {}).values()
        for key in as_list(operator["dynamodb:LeadingKeys"])
    ]
    return (
        action in as_list(statement["Action"])
        and resource in [text_of(arn) for arn in as_list(statement["Resource"])]
        and (not keys or any(fnmatchcase(partition, key) for key in keys))
    )


@cache
def _list_statements(function):
    template = parse_template(TEMPLATE)
    role = dict(functions(template))[function]["Role"]["Fn::GetAtt"][0]
    policies = [
        *template["Resources"][role]["Properties"]["Policies"],
        *(
            policy
            for _, policy in resources(template, "AWS::IAM::Policy")
            if {"Ref": role} in policy["Roles"]
        ),
    ]
    return [
        statement
        for policy in policies
        for statement in policy_statements(policy)
        if any(action.startswith("dynamodb:") for action in as_list(statement["Action"]))
    ]


def _list_needs(operation, params):
    if operation == "TransactWriteItems":
        for part in params["TransactItems"]:
            ((kind, request),) = part.items()
            yield _PARTS[kind], _name_table(request), _read_partition(request)
    elif operation == "BatchGetItem":
        for table, request in params["RequestItems"].items():
            for key in request["Keys"]:
                yield operation, _name_table({"TableName": table}), _read_partition({"Key": key})
    elif operation == "BatchWriteItem":
        for table, writes in params["RequestItems"].items():
            for write in writes:
                (request,) = write.values()
                yield operation, _name_table({"TableName": table}), _read_partition(request)
    elif operation != "DescribeTable":
        yield operation, _name_table(params), _read_partition(params)


def _name_table(request):
    arn = f"${{{TABLES[request['TableName']]}.Arn}}"
    return f"{arn}/index/{request['IndexName']}" if "IndexName" in request else arn


def _read_partition(request):
    row = request.get("Key") or request.get("Item")
    if row is not None:
        value = row["pk"] if "pk" in row else row["id"]
    else:
        # Of an index the partition goes by another name, and no role is bound to some of them.
        value = request["ExpressionAttributeValues"].get(":pk", "")
    return value["S"] if isinstance(value, dict) else value
