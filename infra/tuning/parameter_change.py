"""Change one parameter of a stack on AWS, and nothing else of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import WaiterError

from infra.deploy.stack_operation import describe_stack, read_parameters
from shared.errors import DeployError, UnknownStackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef


def change_parameter(
    client: "CloudFormationClient",
    stack_name: str,
    name: str,
    value: str,
    report: Callable[[str], None],
    poll_seconds: int = 5,
) -> None:
    """Deploy a stack's own template once more, with another value of one parameter.

    What a deployment is given and keeps so outlives the next one, which a change past
    CloudFormation does not.

    Raises:
        UnknownStackError: There is no such stack.
        DeployError: Its template has no such parameter, or CloudFormation gave it up.
        ClientError: AWS refused.
    """
    stack = describe_stack(client, stack_name)
    if stack is None:
        raise UnknownStackError(f"There is no stack {stack_name!r}.")
    known = read_parameters(stack)
    if name not in known:
        raise DeployError(
            f"The stack {stack_name!r} has no parameter {name}: deploy it again with this version."
        )
    if known[name] == value:
        report(f"{name} is {value} already")
        return
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": one, "UsePreviousValue": True} for one in sorted(known) if one != name
    ]
    client.update_stack(
        StackName=stack_name,
        UsePreviousTemplate=True,
        Parameters=[*parameters, {"ParameterKey": name, "ParameterValue": value}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    report(f"CloudFormation changes {name} from {known[name]} to {value}")
    try:
        client.get_waiter("stack_update_complete").wait(
            StackName=stack_name, WaiterConfig={"Delay": poll_seconds, "MaxAttempts": 360}
        )
    except WaiterError as error:
        raise DeployError(
            f"CloudFormation did not change {name}: `seashore doctor --stack {stack_name}` and the "
            "stack's events tell why. The stack has what it had."
        ) from error
