"""`seashore build` and `seashore deploy`: the functions' packages, and the stack on AWS."""

from collections.abc import Sequence

import typer

from infra.aws import open_session
from infra.cli.deploy.change_table import changes_to_json, summarize_changes, write_changes
from infra.cli.deploy.package_table import write_sizes
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Output
from infra.deploy.architecture import choose_target
from infra.deploy.code_only import deploy_code
from infra.deploy.deploy_stack import deploy_stack, plan_deployment
from infra.packaging.build import Package, Target, build_packages
from infra.project_files import PROJECT
from infra.signals import interrupt_on_signals
from infra.stacks import check_stack_name


def build(target: Target, *, explain: bool, as_json: bool, output: Output) -> None:
    """Build the functions' packages and say where they are, or what makes them large.

    Raises:
        BuildError: One cannot be built.
    """
    packages = _build(target, output)
    if as_json:
        output.write_json(
            {
                name: {
                    "path": str(package.path),
                    "sha256": package.sha256,
                    "size_bytes": package.size_bytes,
                    "unzipped_bytes": package.unzipped_bytes,
                }
                for name, package in packages.items()
            }
        )
        return
    if explain:
        write_sizes(packages, output)
        return
    for package in packages.values():
        output.write_line([str(package.path)])


def deploy(
    stack_name: str,
    parameters: Sequence[str],
    region: str | None,
    profile: str | None,
    *,
    as_json: bool,
    output: Output,
) -> None:
    """Build the packages for AWS, and create or update a stack with it.

    Raises:
        OperatorError: The name cannot be used, or AWS cannot be asked.
        BuildError: A package cannot be built.
        DeployError: CloudFormation refused the template or a parameter.
    """
    name = check_stack_name(stack_name)
    values = dict(map(split_parameter, parameters))
    session = open_session(region, profile)
    packages = _build(choose_target(session, name, values), output)
    with interrupt_on_signals():
        deployment = deploy_stack(session, name, packages, values, output.say)
    if as_json:
        output.write_json(deployment.outputs)
    else:
        for output_name, value in deployment.outputs.items():
            output.write_line([output_name, value])
    output.say(f"The stack {name} is ready. Try: seashore put FILE.pdf --stack {name} --wait")


def write_diff(
    stack_name: str,
    parameters: Sequence[str],
    region: str | None,
    profile: str | None,
    *,
    as_json: bool,
    output: Output,
) -> ExitCode:
    """Build the packages for AWS, and write what a deployment of them would change.

    Returns:
        DIFFERS if it would change anything.

    Raises:
        OperatorError: The name cannot be used, or AWS cannot be asked.
        BuildError: A package cannot be built.
        DeployError: CloudFormation refused the template or a parameter.
    """
    name = check_stack_name(stack_name)
    values = dict(map(split_parameter, parameters))
    session = open_session(region, profile)
    packages = _build(choose_target(session, name, values), output)
    changes = plan_deployment(session, name, packages, values, output.say)
    if as_json:
        output.write_json(changes_to_json(changes))
        output.say(summarize_changes(name, changes))
    else:
        write_changes(name, changes, output)
    return ExitCode.DIFFERS if changes else ExitCode.OK


def update_code(
    stack_name: str, region: str | None, profile: str | None, *, as_json: bool, output: Output
) -> None:
    """Build the packages for AWS, and exchange the code of a stack's functions.

    Raises:
        OperatorError: The name cannot be used, or AWS cannot be asked.
        BuildError: A package cannot be built.
        UnknownStackError: There is no such stack.
        DeployError: The template has changed as well, or the new code was taken back.
    """
    name = check_stack_name(stack_name)
    session = open_session(region, profile)
    packages = _build(choose_target(session, name, {}), output)
    # Cut off halfway, the code that ran before is put back.
    with interrupt_on_signals():
        updated = deploy_code(session, name, packages, output.say)
    if as_json:
        output.write_json({"updated": updated})


def split_parameter(text: str) -> tuple[str, str]:
    """Split `NAME=VALUE`; the value may hold further equals signs.

    Raises:
        typer.BadParameter: There is no name or no equals sign.
    """
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise typer.BadParameter(
            f"{text!r} is not of the form NAME=VALUE.", param_hint="--parameters"
        )
    return name, value


def _build(target: Target, output: Output) -> dict[str, Package]:
    return build_packages(target, PROJECT / ".seashore" / "build", output.say)
