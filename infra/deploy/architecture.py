"""The processors that a stack's functions run on, and so what their packages are built for."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import boto3

from infra.aws import aws_errors_as
from infra.deploy.stack_operation import read_kept_parameters
from infra.deploy.template_file import parse_template
from infra.packaging.build import Target
from infra.project_files import TEMPLATE
from shared.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PARAMETER = "Architecture"
TARGETS = {"arm64": Target.AWS, "x86_64": Target.AWS_X86_64}


def choose_target(
    session: boto3.session.Session,
    stack_name: str,
    parameters: Mapping[str, str],
    *,
    template: Path = TEMPLATE,
    endpoint_url: str | None = None,
) -> Target:
    """Find out what to build the packages of a stack for.

    Args:
        session: Session of the stack's account and region.
        stack_name: Name of the stack, which need not exist yet.
        parameters: The values of template parameters that are given. Without one for
            `Architecture` the stack's own counts, and without a stack the template's default.
        template: The template that is to be deployed.
        endpoint_url: Address of the emulator; None for AWS.

    Raises:
        DeployError: Lambda has no such processors, or CloudFormation cannot be asked.
    """
    architecture = parameters.get(PARAMETER)
    if architecture is None:
        with aws_errors_as(DeployError):
            client = session.client("cloudformation", endpoint_url=endpoint_url)
            architecture = _find_architecture(client, stack_name, template)
    if architecture not in TARGETS:
        raise DeployError(
            f"The parameter {PARAMETER} is {architecture!r}: choose {' or '.join(TARGETS)}."
        )
    return TARGETS[architecture]


def _find_architecture(client: "CloudFormationClient", stack_name: str, template: Path) -> str:
    kept = read_kept_parameters(client, stack_name)
    if PARAMETER in kept:
        return kept[PARAMETER]
    declared = parse_template(template.read_text(encoding="utf-8"))["Parameters"]
    return str(declared[PARAMETER]["Default"])
