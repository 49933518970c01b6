"""Update nothing but the code of a stack's functions: seconds instead of minutes."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from infra.aws import aws_errors_as
from infra.deploy.deploy_bucket import is_uploaded
from infra.deploy.function_code import CodeExchange, DeployedFunction, find_functions
from infra.deploy.stack_events import Report
from infra.deploy.stack_operation import StackOperation
from infra.deploy.staging import (
    StagedTemplate,
    package_key,
    stage_template,
    unstage_template,
)
from infra.deploy.template_file import parse_template
from infra.packaging.build import Package
from infra.project_files import TEMPLATE
from shared.errors import DeployError, UnknownStackError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client

# A smoke check waits for a cold start, and for no real work.
_LAMBDA_CONFIG = Config(read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3})

_READY = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})


def deploy_code(
    session: boto3.session.Session,
    stack_name: str,
    packages: Mapping[str, Package],
    report: Report,
    *,
    template: Path = TEMPLATE,
    endpoint_url: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Exchange the code of the functions that run another one, check them, or take it all back.

    Args:
        session: Session of the stack's account and region.
        stack_name: Name of the stack.
        packages: The built packages by function.
        report: Called with one line for each step.
        template: The template, which must be the one that is deployed.
        endpoint_url: Address of the emulator; None for AWS.
        sleep: Pauses for a number of seconds.

    Returns:
        The names of the functions that run new code.

    Raises:
        UnknownStackError: There is no such stack.
        DeployError: The stack is being changed, or the template has changed as well, or the new
            code does not work and was taken back.
    """
    with aws_errors_as(DeployError):
        cloudformation = session.client("cloudformation", endpoint_url=endpoint_url)
        _require_ready(StackOperation(cloudformation, stack_name, report, 0, sleep), stack_name)
        _require_same_template(cloudformation, stack_name, template)
        staged = stage_template(session, endpoint_url, packages, template, report)
        stale = find_stale_functions(session, stack_name, packages, template, endpoint_url)
        if not stale:
            report(f"The functions of {stack_name} run this code already: nothing is to change")
            return []
        s3 = session.client("s3", endpoint_url=endpoint_url)
        for function in stale:
            _require_former_package(s3, staged, function)
        exchange_code(session, stale, staged, report, endpoint_url, sleep)
        return [function.name for function in stale]


def find_stale_functions(
    session: boto3.session.Session,
    stack_name: str,
    packages: Mapping[str, Package],
    template: Path,
    endpoint_url: str | None,
) -> list[DeployedFunction]:
    """Find the functions of a stack that run other code than the packages.

    Raises:
        ClientError: AWS refused.
    """
    functions = find_functions(
        session.client("cloudformation", endpoint_url=endpoint_url),
        session.client("lambda", endpoint_url=endpoint_url),
        stack_name,
        parse_template(template.read_text(encoding="utf-8")),
        list(packages),
    )
    return [
        function
        for function in functions
        if function.sha256 != packages[function.package].sha256 or not function.is_uniform
    ]


def exchange_code(
    session: boto3.session.Session,
    functions: Sequence[DeployedFunction],
    staged: StagedTemplate,
    report: Report,
    endpoint_url: str | None,
    sleep: Callable[[float], None],
) -> None:
    """Give functions the code of their packages.

    Raises:
        DeployError: The new code does not work, and was taken back.
        ClientError: AWS refused.
    """
    client = session.client("lambda", endpoint_url=endpoint_url, config=_LAMBDA_CONFIG)
    CodeExchange(client, staged.bucket, report, sleep).run(functions, staged.package_keys)


def _require_ready(operation: StackOperation, stack_name: str) -> None:
    stack = operation.describe()
    if stack is None:
        raise UnknownStackError(
            f"There is no stack {stack_name!r}: make it with `seashore deploy` without --code-only."
        )
    operation.refuse_while_changing(stack)
    if stack["StackStatus"] not in _READY:
        raise DeployError(
            f"The stack {stack_name} is in {stack['StackStatus']}: deploy it without --code-only."
        )


def _require_same_template(client: "CloudFormationClient", stack_name: str, template: Path) -> None:
    body: Any = client.get_template(StackName=stack_name, TemplateStage="Original")["TemplateBody"]
    text = template.read_text(encoding="utf-8")
    if not isinstance(body, str) or unstage_template(body).strip() != text.strip():
        raise DeployError(
            f"The template of {stack_name} is another one than here, and new code may need it: "
            "look with `seashore deploy --diff`, and deploy without --code-only."
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
