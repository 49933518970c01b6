"""Deploy the template: the same code for AWS and for the local stack."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import boto3

from infra.aws import aws_errors_as
from infra.deploy.code_only import exchange_code, find_stale_functions
from infra.deploy.stack_changes import ResourceChange, add_code_changes
from infra.deploy.stack_events import Report
from infra.deploy.stack_operation import Deployment, StackOperation
from infra.deploy.staging import stage_template
from infra.deploy.template_file import read_parameter_names
from infra.packaging.build import Package
from infra.project_files import TEMPLATE
from shared.errors import DeployError


def deploy_stack(
    session: boto3.session.Session,
    stack_name: str,
    packages: Mapping[str, Package],
    parameters: Mapping[str, str],
    report: Report,
    *,
    template: Path = TEMPLATE,
    endpoint_url: str | None = None,
    poll_seconds: float = 2.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Deployment:
    """Create or update a stack and wait until CloudFormation is done.

    Args:
        session: Session of the account and region to deploy to.
        stack_name: Name of the CloudFormation stack.
        packages: The built packages by function, of which the template may use some.
        parameters: Values of template parameters; a parameter that is left out keeps the value
            that the stack has, or takes the template's default.
        report: Called with one line for each step and each resource that changes.
        template: The template to deploy.
        endpoint_url: Address of the emulator; None for AWS.
        poll_seconds: Pause between two looks at CloudFormation.
        sleep: Pauses for a number of seconds.

    Raises:
        DeployError: The template or a parameter is wrong, or a resource could not be made; the
            message holds the reason of the first resource that failed.
    """
    with aws_errors_as(DeployError):
        staged = stage_template(session, endpoint_url, packages, template, report, parameters)
        stack = StackOperation(
            session.client("cloudformation", endpoint_url=endpoint_url),
            stack_name,
            report,
            poll_seconds,
            sleep,
        )
        deployment = stack.deploy(staged.url, read_parameter_names(template), parameters)
        # CloudFormation does not know of code that `--code-only` has brought in since.
        stale = find_stale_functions(session, stack_name, packages, template, endpoint_url)
        if not stale:
            return deployment
        report("Some functions run other code than the stack knows of: exchanging it")
        exchange_code(session, stale, staged, report, endpoint_url, sleep)
        return Deployment(deployment.outputs, changed=True)


def plan_deployment(
    session: boto3.session.Session,
    stack_name: str,
    packages: Mapping[str, Package],
    parameters: Mapping[str, str],
    report: Report,
    *,
    template: Path = TEMPLATE,
    endpoint_url: str | None = None,
    poll_seconds: float = 2.0,
    sleep: Callable[[float], None] = time.sleep,
) -> list[ResourceChange]:
    """Compute what `deploy_stack` would change; the arguments are the same.

    Packages and template are uploaded for it, which changes nothing. The change set is deleted.

    Raises:
        DeployError: The template or a parameter is wrong, or the stack cannot be updated as it is.
    """
    with aws_errors_as(DeployError):
        staged = stage_template(session, endpoint_url, packages, template, report, parameters)
        stack = StackOperation(
            session.client("cloudformation", endpoint_url=endpoint_url),
            stack_name,
            report,
            poll_seconds,
            sleep,
        )
        is_there = stack.describe() is not None
        changes = stack.plan(staged.url, read_parameter_names(template), parameters)
        if not is_there:
            return changes
        stale = find_stale_functions(session, stack_name, packages, template, endpoint_url)
        return add_code_changes(changes, [function.logical_id for function in stale])
