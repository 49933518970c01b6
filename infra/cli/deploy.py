"""`seashore build` and `seashore deploy`: the functions' package, and the stack on AWS."""

from collections.abc import Sequence

import typer

from infra.aws import open_session
from infra.build import PROJECT, Package, Target, build_package
from infra.cli.output import Output
from infra.deploy import deploy_stack
from infra.stacks import check_stack_name


def build(target: Target, *, as_json: bool, output: Output) -> None:
    """Build the functions' package and say how large it is.

    Raises:
        BuildError: It cannot be built.
    """
    package = _build(target, output)
    if as_json:
        output.write_json(
            {
                "path": str(package.path),
                "sha256": package.sha256,
                "size_bytes": package.size_bytes,
                "unzipped_bytes": package.unzipped_bytes,
            }
        )
        return
    output.write_line([str(package.path)])
    largest = ", ".join(
        f"{name} {size / 1e6:.1f}" for name, size in list(package.sizes.items())[:5]
    )
    output.say(
        f"{package.size_bytes / 1e6:.1f} MB, unzipped {package.unzipped_bytes / 1e6:.1f} MB; "
        f"the largest parts in MB: {largest}"
    )


def deploy(
    stack_name: str,
    parameters: Sequence[str],
    region: str | None,
    profile: str | None,
    *,
    as_json: bool,
    output: Output,
) -> None:
    """Build the package for AWS, and create or update a stack with it.

    Raises:
        OperatorError: The name cannot be used, or AWS cannot be asked.
        BuildError: The package cannot be built.
        DeployError: CloudFormation refused the template or a parameter.
    """
    name = check_stack_name(stack_name)
    values = dict(map(split_parameter, parameters))
    session = open_session(region, profile)
    package = _build(Target.AWS, output)
    deployment = deploy_stack(session, name, package, values, output.say)
    if as_json:
        output.write_json(deployment.outputs)
    else:
        for output_name, value in deployment.outputs.items():
            output.write_line([output_name, value])
    output.say(f"The stack {name} is ready. Try: seashore put FILE.pdf --stack {name} --wait")


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


def _build(target: Target, output: Output) -> Package:
    return build_package(
        target, PROJECT / ".seashore" / "build" / f"functions-{target}.zip", output.say
    )
