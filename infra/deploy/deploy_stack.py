"""Deploy the template: the same code for AWS and for the local stack."""

from collections.abc import Mapping

from infra.aws import aws_errors_as
from infra.deploy.code_only import exchange_code, find_stale_functions
from infra.deploy.stack_changes import ResourceChange, add_code_changes
from infra.deploy.stack_operation import Deployment
from infra.deploy.stack_place import StackPlace
from infra.deploy.staging import stage_template
from infra.packaging.build import Package
from shared.errors import DeployError


def deploy_stack(
    place: StackPlace, packages: Mapping[str, Package], parameters: Mapping[str, str]
) -> Deployment:
    """Create or update a stack and wait until CloudFormation is done.

    Args:
        place: The stack.
        packages: The built packages by function, of which the template may use some.
        parameters: Values of template parameters; a parameter that is left out keeps the value
            that the stack has, or takes the template's default.

    Raises:
        DeployError: The template or a parameter is wrong, or a resource could not be made; the
            message holds the reason of the first resource that failed.
    """
    with aws_errors_as(DeployError):
        staged = stage_template(place, packages, parameters)
        deployment = place.operation.deploy(staged.url, staged.parameter_names, parameters)
        # CloudFormation does not know of code that `--code-only` has brought in since.
        stale = find_stale_functions(place, packages)
        if not stale:
            return deployment
        place.report("Some functions run other code than the stack knows of: exchanging it")
        exchange_code(place, stale, staged)
        return Deployment(deployment.outputs, changed=True)


def plan_deployment(
    place: StackPlace, packages: Mapping[str, Package], parameters: Mapping[str, str]
) -> list[ResourceChange]:
    """Compute what `deploy_stack` would change; the arguments are the same.

    Packages and template are uploaded for it, which changes nothing. The change set is deleted.

    Raises:
        DeployError: The template or a parameter is wrong, or the stack cannot be updated as it is.
    """
    with aws_errors_as(DeployError):
        staged = stage_template(place, packages, parameters)
        is_there = place.operation.describe() is not None
        changes = place.operation.plan(staged.url, staged.parameter_names, parameters)
        if not is_there:
            return changes
        stale = find_stale_functions(place, packages)
        return add_code_changes(changes, [function.logical_id for function in stale])
