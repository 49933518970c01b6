"""The commands about secrets: their arguments, options and help."""

from typing import Annotated

import typer

from infra.cli.options import AwsStackName, Profile, Region, add_command, open_output

secrets = typer.Typer(
    help="Keep the key of the model's provider where only the functions read it.",
    no_args_is_help=True,
)


# Without it Typer takes a group with one command for that command.
@secrets.callback()
def _begin() -> None:
    pass


@add_command(secrets, "set", example="seashore secrets set --stack my-seashore")
def set_(
    stack: AwsStackName,
    secret: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Name or ARN of a secret of Secrets Manager, or ARN of a parameter of SSM; "
            "by default the one that the stack reads, else STACK/openai-api-key.",
        ),
    ] = None,
    kms_key: Annotated[
        str | None,
        typer.Option(
            metavar="ARN", show_default=False, help="A KMS key of your own to encrypt it with."
        ),
    ] = None,
    region: Region = None,
    profile: Profile = None,
) -> None:
    """Keep a key in a secret, or replace it there.

    The key is asked for, or read from standard input; it is never an argument, since those
    can be seen by others and stay in the shell's history. The stack need not exist yet.
    """
    from infra.cli.deploy.secrets import set_model_key

    set_model_key(stack, secret, kms_key, region, profile, output=open_output())
