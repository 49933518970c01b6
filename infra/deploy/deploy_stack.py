"""Deploy the template: the same code for AWS and for the local stack."""

from collections.abc import Mapping

from infra.aws import aws_errors_as
from infra.deploy.code_only import exchange_code, find_stale_functions, require_working_functions
from infra.deploy.kept_pauses import keep_pauses_of
from infra.deploy.language_files import put_missing_languages
from infra.deploy.mail_rule_set import choose_rule_set, make_rule_set, settle_rule_set
from infra.deploy.stack_changes import ResourceChange, add_code_changes
from infra.deploy.stack_operation import (
    Deployment,
    describe_stack,
    read_kept_parameters,
    read_outputs,
)
from infra.deploy.stack_place import StackPlace
from infra.deploy.staging import stage_template
from infra.packaging.build import Package, Target
from shared.aws.objects import ObjectStore
from shared.errors import DeployError

# The processors of the functions, and so what their packages are built for.
ARCHITECTURE = "Architecture"
TARGETS = {"arm64": Target.AWS, "x86_64": Target.AWS_X86_64}

# The ledger's index by day: whether that of earlier releases is kept beside the one of now.
FORMER_DAY_INDEX = "FormerDayIndex"
_FORMER, _PRESENT = "by_day", "arrivals"


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
        *first, last = _plan_steps(place, staged.parameter_names, parameters)
        for step in first:
            place.operation.deploy(staged.url, staged.parameter_names, step)
        deployment = place.operation.deploy(staged.url, staged.parameter_names, last)
        # CloudFormation does not know of code that `--code-only` has brought in since.
        stale = find_stale_functions(place, packages)
        if stale:
            place.report("Some functions run other code than the stack knows of: exchanging it")
            exchange_code(place, stale, staged)
        if deployment.changed or first:
            require_working_functions(place, packages)
        settle_rule_set(place, parameters)
        keep_pauses_of(place, deployment.outputs)
        put_missing_languages(deployment.outputs, ObjectStore(place.client("s3")), place.report)
        changed = deployment.changed or bool(first) or bool(stale)
        return Deployment(deployment.outputs, changed=changed)


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


def _plan_steps(
    place: StackPlace, known: frozenset[str], parameters: Mapping[str, str]
) -> list[Mapping[str, str]]:
    """The parameters of each update that is to follow: two where an index is to be exchanged.

    What an index projects cannot be changed, and an update of a table makes or deletes one index at
    the most (AWS CloudFormation, "AWS::DynamoDB::Table": "GlobalSecondaryIndexes"). So a stack that
    has only the index by day of earlier releases is updated twice: the first time both are there,
    and the functions go over to the new one once it is filled; the second time the old one goes.

    Args:
        place: The stack.
        known: The parameters that its template has.
        parameters: The values that are given.

    Raises:
        ClientError: AWS refused.
    """
    if FORMER_DAY_INDEX not in known or FORMER_DAY_INDEX in parameters:
        return [parameters]
    last = {**parameters, FORMER_DAY_INDEX: "false"}
    indexes = _list_indexes(place)
    if _FORMER in indexes and _PRESENT not in indexes:
        place.report("The ledger gets a smaller index by day first, then loses the old one")
        return [{**parameters, FORMER_DAY_INDEX: "true"}, last]
    return [last]


def _list_indexes(place: StackPlace) -> set[str]:
    """The names of the indexes that the ledger of a stack has."""
    stack = describe_stack(place.client("cloudformation"), place.stack_name)
    outputs = {} if stack is None else read_outputs(stack)
    if "LedgerTable" not in outputs:
        return set()
    table = place.client("dynamodb").describe_table(TableName=outputs["LedgerTable"])["Table"]
    return {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
