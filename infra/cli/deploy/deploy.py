"""`seashore build` and `seashore deploy`: the functions' packages, and the stack on AWS."""

import os
from collections.abc import Mapping, Sequence

from rich.text import Text

from infra.aws import REHEARSAL, name_command, open_session
from infra.cli.deploy.change_table import changes_to_json, summarize_changes, write_changes
from infra.cli.exit_codes import ExitCode
from infra.cli.output import Cell, Output
from infra.deploy.code_only import deploy_code
from infra.deploy.deploy_stack import choose_target, deploy_stack, plan_deployment
from infra.deploy.parameter_check import check_parameters
from infra.deploy.stack_place import StackPlace
from infra.packaging.archive import PartSize, measure_parts
from infra.packaging.build import Package, Target, build_packages
from infra.project_files import find_state_folder
from infra.signals import interrupt_on_signals
from infra.stacks import check_stack_name

# Smaller parts are added up, so that one sees what counts.
_LEAST_BYTES = 20_000


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
        for name, package in packages.items():
            _write_sizes(name, package, output)
        return
    for package in packages.values():
        output.write_line([str(package.path)])


def _write_sizes(name: str, package: Package, output: Output) -> None:
    """Write what makes a package large, part by part."""
    parts = measure_parts(package.path)
    shown = {part: size for part, size in parts.items() if size.total >= _LEAST_BYTES}
    rest_bytes = package.size_bytes - sum(size.total for size in shown.values())
    blank = ("", "", "")
    rows: list[Sequence[Cell]] = [
        (part, *(f"{cell / 1e3:,.0f}" if cell else "" for cell in _list_sizes(size)))
        for part, size in shown.items()
    ]
    rows += [
        (f"{len(parts) - len(shown)} smaller parts", *blank, f"{rest_bytes / 1e3:,.0f}"),
        (Text("the zip", "bold"), *blank, Text(f"{package.size_bytes / 1e3:,.0f}", "bold")),
    ]
    output.write_table(
        {
            f"{name}, kB": "word",
            "sources": "number",
            "bytecode": "number",
            "libraries and data": "number",
            "all": "number",
        },
        rows,
        [
            *((name, part, *_list_sizes(size)) for part, size in parts.items()),
            (name, "", *blank, package.size_bytes),
        ],
    )
    if output.is_terminal:
        output.write()


def _list_sizes(size: PartSize) -> tuple[int, int, int, int]:
    return size.source, size.bytecode, size.other, size.total


def open_place(
    stack_name: str, region: str | None, profile: str | None, output: Output
) -> StackPlace:
    """Find the account and region of a stack on AWS, which need not exist yet.

    Raises:
        OperatorError: The name cannot be used, or AWS is not configured.
    """
    name = check_stack_name(stack_name)
    return StackPlace(open_session(region, profile), name, output.say)


def deploy(
    place: StackPlace, parameters: Mapping[str, str], *, as_json: bool, output: Output
) -> ExitCode:
    """Build the packages for AWS, and create or update a stack with it.

    Raises:
        OperatorError: AWS cannot be asked.
        BuildError: A package cannot be built.
        DeployError: CloudFormation refused the template or a parameter.
    """
    packages = _build_checked(place, parameters, output)
    with interrupt_on_signals():
        deployment = deploy_stack(place, packages, parameters)
    if as_json:
        output.write_json(deployment.outputs)
    else:
        for output_name, value in deployment.outputs.items():
            output.write_line([output_name, value])
    name = place.stack_name
    following = name_command(f"put FILE.pdf --stack {name} --wait")
    output.say(f"The stack {name} is ready. Try: {following}")
    return ExitCode.OK


def write_diff(
    place: StackPlace, parameters: Mapping[str, str], *, as_json: bool, output: Output
) -> ExitCode:
    """Build the packages for AWS, and write what a deployment of them would change.

    Returns:
        DIFFERS if it would change anything.

    Raises:
        OperatorError: AWS cannot be asked.
        BuildError: A package cannot be built.
        DeployError: CloudFormation refused the template or a parameter.
    """
    packages = _build_checked(place, parameters, output)
    changes = plan_deployment(place, packages, parameters)
    if as_json:
        output.write_json(changes_to_json(changes))
        output.say(summarize_changes(place.stack_name, changes))
    else:
        write_changes(place.stack_name, changes, output)
    return ExitCode.DIFFERS if changes else ExitCode.OK


def update_code(place: StackPlace, *, as_json: bool, output: Output) -> ExitCode:
    """Build the packages for AWS, and exchange the code of a stack's functions.

    Raises:
        OperatorError: AWS cannot be asked.
        BuildError: A package cannot be built.
        UnknownStackError: There is no such stack.
        DeployError: The template has changed as well, or the new code was taken back.
    """
    packages = _build(choose_target(place, {}), output)
    # Cut off halfway, the code that ran before is put back.
    with interrupt_on_signals():
        updated = deploy_code(place, packages)
    if as_json:
        output.write_json({"updated": updated})
    return ExitCode.OK


def _build_checked(
    place: StackPlace, parameters: Mapping[str, str], output: Output
) -> dict[str, Package]:
    """Build the packages of a stack, once its parameters are known to be good."""
    target = choose_target(place, parameters)
    check_parameters(place, parameters)
    return _build(target, output)


def _build(target: Target, output: Output) -> dict[str, Package]:
    if REHEARSAL in os.environ:
        # The emulator runs functions by a Python of this machine.
        target = Target.HOST
    return build_packages(target, find_state_folder() / "build", output.say)
