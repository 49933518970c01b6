"""The processors that a stack's functions run on, and so what their packages are built for."""

from collections.abc import Mapping

from infra.aws import aws_errors_as
from infra.deploy.stack_operation import read_kept_parameters
from infra.deploy.stack_place import StackPlace
from infra.packaging.build import Target
from shared.errors import DeployError

PARAMETER = "Architecture"
TARGETS = {"arm64": Target.AWS, "x86_64": Target.AWS_X86_64}


def choose_target(place: StackPlace, parameters: Mapping[str, str]) -> Target:
    """Find out what to build the packages of a stack for.

    Args:
        place: The stack.
        parameters: The values of template parameters that are given. Without one for
            `Architecture` the stack's own counts, and without a stack the template's default.

    Raises:
        DeployError: Lambda has no such processors, or CloudFormation cannot be asked.
    """
    architecture = parameters.get(PARAMETER)
    if architecture is None:
        with aws_errors_as(DeployError):
            kept = read_kept_parameters(place.client("cloudformation"), place.stack_name)
        default = place.parse_template()["Parameters"][PARAMETER]["Default"]
        architecture = kept.get(PARAMETER, str(default))
    if architecture not in TARGETS:
        raise DeployError(
            f"The parameter {PARAMETER} is {architecture!r}: choose {' or '.join(TARGETS)}."
        )
    return TARGETS[architecture]
