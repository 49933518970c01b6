"""Update nothing but the code of a stack's functions: seconds instead of minutes."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from infra.aws import aws_errors_as
from infra.deploy.deploy_bucket import is_uploaded
from infra.deploy.function_code import CodeExchange, DeployedFunction, find_functions
from infra.deploy.smoke_check import invoke_harmlessly
from infra.deploy.stack_place import StackPlace
from infra.deploy.staging import StagedTemplate, package_key, stage_template, unstage_template
from infra.packaging.build import Package
from shared.errors import DeployError, UnknownStackError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A smoke check waits for a cold start, and for no real work.
_LAMBDA_CONFIG = Config(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3})

_READY = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


def deploy_code(place: StackPlace, packages: Mapping[str, Package]) -> list[str]:
    """Exchange the code of the functions that run another one, check them, or take it all back.

    Args:
        place: The stack; its template must be the one that is deployed.
        packages: The built packages by function.

    Returns:
        The names of the functions that run new code.

    Raises:
        UnknownStackError: There is no such stack.
        DeployError: The stack is being changed, or the template has changed as well, or the new
            code does not work and was taken back.
    """
    with aws_errors_as(DeployError):
        _require_ready(place)
        _require_same_template(place)
        staged = stage_template(place, packages)
        stale = find_stale_functions(place, packages)
        if not stale:
            place.report(
                f"The functions of {place.stack_name} run this code already: nothing is to change"
            )
            return []
        s3 = place.client("s3")
        for function in stale:
            _require_former_package(s3, staged, function)
        exchange_code(place, stale, staged)
        return [function.name for function in stale]


def find_stale_functions(
    place: StackPlace, packages: Mapping[str, Package]
) -> list[DeployedFunction]:
    """Find the functions of a stack that run other code than the packages.

    Raises:
        ClientError: AWS refused.
    """
    return [
        function
        for function in _find_functions(place, packages)
        if function.sha256 != packages[function.package].sha256 or not function.is_uniform
    ]


def require_working_functions(place: StackPlace, packages: Mapping[str, Package]) -> None:
    """Run each function of a stack that was deployed once, with an event that changes nothing.

    Raises:
        DeployError: One does not start, or does not answer as it has to.
        ClientError: AWS refused to list them.
    """
    client = place.client("lambda", _LAMBDA_CONFIG)

    def check(function: DeployedFunction) -> str:
        try:
            trouble = invoke_harmlessly(client, function.package, function.name, "$LATEST")
        except ClientError as error:
            # It may be paused, and whoever deploys need not be one who may call it.
            place.report(f"The smoke check of {function.name} was not made: {error}")
            return ""
        return f"{function.name} ({trouble})" if trouble else ""

    functions = _find_functions(place, packages)
    with ThreadPoolExecutor(max_workers=max(1, len(functions))) as pool:
        troubles = [trouble for trouble in pool.map(check, functions) if trouble]
    if troubles:
        raise DeployError(
            f"The stack {place.stack_name} is deployed, but not all of it works: "
            f"{', '.join(troubles)}. Its messages are tried again for a while: mend it and deploy "
            "again."
        )


def _find_functions(place: StackPlace, packages: Mapping[str, Package]) -> list[DeployedFunction]:
    return find_functions(
        place.client("cloudformation"),
        place.client("lambda"),
        place.stack_name,
        place.parse_template(),
        list(packages),
    )


def exchange_code(
    place: StackPlace, functions: Sequence[DeployedFunction], staged: StagedTemplate
) -> None:
    """Give functions the code of their packages.

    Raises:
        DeployError: The new code does not work, and was taken back.
        ClientError: AWS refused.
    """
    client = place.client("lambda", _LAMBDA_CONFIG)
    exchange = CodeExchange(client, staged.bucket, place.report, place.sleep)
    exchange.run(functions, staged.package_keys)


def _require_ready(place: StackPlace) -> None:
    stack = place.operation.describe()
    if stack is None:
        raise UnknownStackError(
            f"There is no stack {place.stack_name!r}: make it with `seashore deploy` without "
            "--code-only."
        )
    place.operation.refuse_while_changing(stack)
    if stack["StackStatus"] not in _READY:
        raise DeployError(
            f"The stack {place.stack_name} is in {stack['StackStatus']}: deploy it without "
            "--code-only."
        )


def _require_same_template(place: StackPlace) -> None:
    body: Any = place.client("cloudformation").get_template(
        StackName=place.stack_name, TemplateStage="Original"
    )["TemplateBody"]
    text = place.read_template()
    if not isinstance(body, str) or unstage_template(body).strip() != text.strip():
        raise DeployError(
            f"The template of {place.stack_name} is another one than here, and new code may need "
            "it: look with `seashore deploy --diff`, and deploy without --code-only."
        )


def _require_former_package(
    s3: "S3Client", staged: StagedTemplate, function: DeployedFunction
) -> None:
    key = package_key(function.package, function.sha256)
    if not is_uploaded(s3, staged.bucket, staged.account_id, key):
        raise DeployError(
            f"The code that {function.name} runs now is not in the deploy bucket {staged.bucket}, "
            "so it could not be put back: deploy without --code-only."
        )
