"""Deploy the template: the same code for AWS and for the local stack."""

from collections.abc import Mapping

from infra.aws import aws_errors_as
from infra.deploy.code_only import exchange_code, find_stale_functions, require_working_functions
from infra.deploy.kept_pauses import keep_pauses_of
from infra.deploy.language_files import put_missing_languages
from infra.deploy.mail_rule_set import choose_rule_set, make_rule_set, settle_rule_set
from infra.deploy.stack_changes import ResourceChange, add_code_changes
from infra.deploy.stack_operation import Deployment, read_kept_parameters
from infra.deploy.stack_place import StackPlace
from infra.deploy.staging import stage_template
from infra.packaging.build import Package, Target
from shared.aws.objects import ObjectStore
from shared.errors import DeployError

# The processors of the functions, and so what their packages are built for.
ARCHITECTURE = "Architecture"
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
    architecture = parameters.get(ARCHITECTURE)
    if architecture is None:
        with aws_errors_as(DeployError):
            kept = read_kept_parameters(place.client("cloudformation"), place.stack_name)
        default = place.parse_template()["Parameters"][ARCHITECTURE]["Default"]
        architecture = kept.get(ARCHITECTURE, str(default))
    if architecture not in TARGETS:
        raise DeployError(
            f"The parameter {ARCHITECTURE} is {architecture!r}: choose {' or '.join(TARGETS)}."
        )
    return TARGETS[architecture]


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
            message holds the reason of the first resource that failed. Or a function does not work.
    """
    with aws_errors_as(DeployError):
        parameters = choose_rule_set(place, parameters)
        make_rule_set(place, parameters)
        staged = stage_template(place, packages, parameters)
        deployment = place.operation.deploy(staged.url, staged.parameter_names, parameters)
        # CloudFormation does not know of code that `--code-only` has brought in since.
        stale = find_stale_functions(place, packages)
        if stale:
            place.report("Some functions run other code than the stack knows of: exchanging it")
            exchange_code(place, stale, staged)
        if deployment.changed:
            require_working_functions(place, packages)
        settle_rule_set(place, parameters)
        keep_pauses_of(place, deployment.outputs)
        put_missing_languages(deployment.outputs, ObjectStore(place.client("s3")), place.report)
        return Deployment(deployment.outputs, changed=deployment.changed or bool(stale))


def plan_deployment(
    place: StackPlace, packages: Mapping[str, Package], parameters: Mapping[str, str]
) -> list[ResourceChange]:
    """Compute what `deploy_stack` would change; the arguments are the same.

    Packages and template are uploaded for it, which changes nothing. The change set is deleted.

    Raises:
        DeployError: The template or a parameter is wrong, or the stack cannot be updated as it is.
    """
    with aws_errors_as(DeployError):
        parameters = choose_rule_set(place, parameters)
        staged = stage_template(place, packages, parameters)
        is_there = place.operation.describe() is not None
        changes = place.operation.plan(staged.url, staged.parameter_names, parameters)
        if not is_there:
            return changes
        stale = find_stale_functions(place, packages)
        return add_code_changes(changes, [function.logical_id for function in stale])
