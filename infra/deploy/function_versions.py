"""The versions of functions that an exchange of code publishes, and how old ones are deleted.

Each holds a whole package, and an account has room for 75 GB of them in a region (AWS Lambda:
"Lambda quotas"), so they cannot be left to pile up.
"""

from typing import TYPE_CHECKING

from infra.aws import aws_errors_as
from infra.deploy.stack_events import Report
from shared.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# The mark of our own versions. Others belong to CloudFormation, or to somebody else.
DESCRIPTION = "seashore deploy --code-only"

# The one that was just published, and the one before it, to compare with or go back to by hand.
KEPT_VERSIONS = 2


def delete_old_versions(client: "LambdaClient", function_name: str, report: Report) -> None:
    """Delete the versions of a function that earlier exchanges have published.

    The newest ones are kept, and those that an alias names. Nothing depends on the deletion: a
    failure is only reported.

    Args:
        client: Client of AWS Lambda.
        function_name: The function.
        report: Called with a line if something was deleted or could not be.
    """
    deleted = 0
    try:
        with aws_errors_as(DeployError):
            for version in _find_old_versions(client, function_name):
                client.delete_function(FunctionName=function_name, Qualifier=version)
                deleted += 1
    except DeployError as error:
        report(f"Old versions of {function_name} are left over: {error}")
    if deleted:
        report(f"Deleted {deleted} old version(s) of {function_name}")


def _find_old_versions(client: "LambdaClient", function_name: str) -> list[str]:
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=function_name)
    ours = [
        version["Version"]
        for page in pages
        for version in page["Versions"]
        if version.get("Description") == DESCRIPTION and version["Version"].isdecimal()
    ]
    aliases = client.get_paginator("list_aliases").paginate(FunctionName=function_name)
    named = {alias["FunctionVersion"] for page in aliases for alias in page["Aliases"]}
    return [version for version in sorted(ours, key=int)[:-KEPT_VERSIONS] if version not in named]
