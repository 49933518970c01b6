"""The commands that build and deploy: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.exit_codes import ExitCode
from infra.cli.options import (
    AsJson,
    AwsStackName,
    Profile,
    Region,
    StackOptions,
    Yes,
    add_command,
    open_output,
    split_parameter,
)

deploy_commands = typer.Typer()


@add_command(deploy_commands)
def build(
    target: Annotated[
        str,
        typer.Option(help="Where they are to run: aws (arm64), aws-x86_64, or host: here."),
    ] = "aws",
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what makes each large, part by part.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build the packages of the functions, one each, and write their paths."""
    from infra.cli.deploy.deploy import build as build_functions
    from infra.packaging.build import Target

    try:
        wanted = Target(target)
    except ValueError:
        raise typer.BadParameter(
            f"{target!r} is neither aws nor aws-x86_64 nor host.", param_hint="--target"
        ) from None
    build_functions(wanted, explain=explain, as_json=as_json, output=open_output())


@add_command(deploy_commands, example="seashore deploy --stack my-seashore")
def deploy(
    stack: AwsStackName,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters",
            "-p",
            metavar="NAME=VALUE",
            show_default=False,
            help="A parameter of infra/template.yaml; may be given again. What is left out keeps "
            "the value that the stack has.",
        ),
    ] = None,
    diff: Annotated[
        bool, typer.Option("--diff", help="Only show what would change; exit status 6 if it would.")
    ] = False,
    code_only: Annotated[
        bool,
        typer.Option(
            "--code-only",
            help="Only exchange the functions' code, in seconds; taken back if it does not work.",
        ),
    ] = False,
    region: Region = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> ExitCode:
    """Build the packages, and deploy them to a stack on AWS.

    Makes the stack if there is none of that name. An update that fails is rolled back.
    """
    from infra.cli.deploy.deploy import deploy as deploy_to_aws
    from infra.cli.deploy.deploy import open_place, update_code, write_diff

    if code_only and (diff or parameters):
        raise typer.BadParameter(
            "It goes neither with --diff nor with --parameters.", param_hint="--code-only"
        )
    output = open_output()
    values = dict(map(split_parameter, parameters or []))
    place = open_place(stack, region, profile, output)
    if code_only:
        return update_code(place, as_json=as_json, output=output)
    carry_out = write_diff if diff else deploy_to_aws
    return carry_out(place, values, as_json=as_json, output=output)


@add_command(deploy_commands, example="seashore destroy --stack my-seashore")
def destroy(
    stack: AwsStackName,
    delete_data: Annotated[
        bool,
        typer.Option("--delete-data", help="Delete its documents, results and ledger too."),
    ] = False,
    yes: Yes = False,
    region: Region = None,
    profile: Profile = None,
) -> ExitCode:
    """Delete a stack on AWS. Its documents, results and ledger are kept.

    Says first what goes and what stays, and asks for the stack's name. With --delete-data
    the data goes too, also that of a stack which was destroyed before.
    """
    from infra.cli.deploy.destroy import destroy as destroy_on_aws

    return destroy_on_aws(
        stack, region, profile, delete_data=delete_data, yes=yes, output=open_output()
    )


@add_command(deploy_commands)
def doctor(options: StackOptions) -> ExitCode:
    """Look at everything that the pipeline needs, and say what to do about what is missing.

    Of this machine always; of an account on AWS if --stack names a stack there, which need
    not exist yet. The exit status is 1 if something does not work.
    """
    from infra.cli.deploy.doctor import examine

    return examine(options, open_output())
