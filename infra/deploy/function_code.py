"""The code that a stack's functions run: which it is, and how it is exchanged or put back."""

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.function_versions import DESCRIPTION, delete_old_versions
from infra.deploy.smoke_check import invoke_harmlessly
from infra.deploy.stack_events import Report
from infra.deploy.staging import package_key, package_placeholder
from infra.signals import ignore_signals
from shared.errors import DeployError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.literals import ArchitectureType
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef

# What CloudFormation still lists of a resource that an update has taken out of the stack.
_GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})

_LONGEST_UPDATE_SECONDS = 600.0


@dataclass(frozen=True)
class DeployedFunction:
    """A function of a stack and the code that it runs.

    Args:
        package: Which one it is, such as `ingest`.
        logical_id: Its name in the template.
        name: Its name in the account.
        architecture: The processors that it runs on.
        sha256: Hash of its code, in hex.
        revision_id: Changes with every change of it.
        aliases: The version behind each alias.
        is_uniform: Whether every alias runs the same code too.
    """

    package: str
    logical_id: str
    name: str
    architecture: "ArchitectureType"
    sha256: str
    revision_id: str
    aliases: dict[str, str]
    is_uniform: bool


def find_functions(
    cloudformation: "CloudFormationClient",
    client: "LambdaClient",
    stack_name: str,
    template: Mapping[str, Any],
    packages: Sequence[str],
) -> list[DeployedFunction]:
    """Find the functions of a stack that run one of our packages.

    Args:
        cloudformation: Client of CloudFormation.
        client: Client of AWS Lambda.
        stack_name: Name of the stack.
        template: The parsed template, with the placeholders of packages.
        packages: The functions that have a package.

    Raises:
        ClientError: AWS refused.
    """
    wanted = {package_placeholder(name): name for name in packages}
    package_of = {
        logical_id: wanted[resource["Properties"]["CodeUri"]]
        for logical_id, resource in template.get("Resources", {}).items()
        if resource.get("Type") == "AWS::Serverless::Function"
        and resource.get("Properties", {}).get("CodeUri") in wanted
    }
    if not package_of:
        return []
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_name)
    return [
        _describe_function(
            client,
            package_of[resource["LogicalResourceId"]],
            resource["LogicalResourceId"],
            resource.get("PhysicalResourceId", ""),
        )
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["LogicalResourceId"] in package_of and resource["ResourceStatus"] not in _GONE
    ]


def _describe_function(
    client: "LambdaClient", package: str, logical_id: str, name: str
) -> DeployedFunction:
    configuration = client.get_function_configuration(FunctionName=name)
    pages = client.get_paginator("list_aliases").paginate(FunctionName=name)
    # One of `$LATEST` has the new code by itself: that of a `seashore tune` under way.
    aliases = [
        alias
        for page in pages
        for alias in page["Aliases"]
        if alias["FunctionVersion"] != "$LATEST"
    ]
    behind = [
        client.get_function_configuration(FunctionName=name, Qualifier=alias["Name"])
        for alias in aliases
    ]
    return DeployedFunction(
        package=package,
        logical_id=logical_id,
        name=name,
        architecture=configuration["Architectures"][0],
        sha256=_read_sha256(configuration),
        revision_id=configuration["RevisionId"],
        aliases={alias["Name"]: alias["FunctionVersion"] for alias in aliases},
        is_uniform=all(one["CodeSha256"] == configuration["CodeSha256"] for one in behind),
    )


def _read_sha256(configuration: "FunctionConfigurationResponseTypeDef") -> str:
    return base64.b64decode(configuration["CodeSha256"]).hex()


@dataclass(frozen=True)
class CodeExchange:
    """An exchange of the code of several functions, which can be taken back until it is done.

    Args:
        client: Client of AWS Lambda, with a read timeout that covers a cold start.
        bucket: The deploy bucket, which holds the new packages and the ones that run now.
        report: Called with one line for each step.
        sleep: Pauses for a number of seconds.
    """

    client: "LambdaClient"
    bucket: str
    report: Report
    sleep: Callable[[float], None] = time.sleep
    _begun: list[DeployedFunction] = field(default_factory=list, init=False)
    _versions: list[tuple[DeployedFunction, str]] = field(default_factory=list, init=False)
    _pointed: list[DeployedFunction] = field(default_factory=list, init=False)

    def run(self, functions: Sequence[DeployedFunction], package_keys: Mapping[str, str]) -> None:
        """Exchange the code of each function, check that it works, and publish it as a version.

        If an update or a check fails, all of them get the code back that they had before.

        Args:
            functions: The functions as they are now.
            package_keys: Key of the new package of each in the deploy bucket.

        Raises:
            DeployError: It failed, and was taken back; or that failed too, and the message says so.
            ClientError: AWS refused, and it was taken back.
        """
        try:
            for function in functions:
                self._begun.append(function)
                # The revision keeps two updates at the same time from mixing.
                self.client.update_function_code(
                    FunctionName=function.name,
                    S3Bucket=self.bucket,
                    S3Key=package_keys[function.package],
                    Architectures=[function.architecture],
                    RevisionId=function.revision_id,
                )
            for function in functions:
                self._require_updated(function)
                self._publish(function)
            for function, version in self._versions:
                self._check(function, version)
            for function, version in self._versions:
                self._pointed.append(function)
                self._point_aliases(function, dict.fromkeys(function.aliases, version))
        except BaseException as error:
            # Ctrl-C, too, and what nobody has thought of: functions of old and new code beside each
            # other are worse than either. It is raised again, whatever it is.
            with ignore_signals():
                self._take_back(error, package_keys)
            raise
        for function, version in self._versions:
            self.report(f"{function.name} runs the new code, version {version}")
            delete_old_versions(self.client, function.name, self.report)

    def _publish(self, function: DeployedFunction) -> None:
        answer = self.client.publish_version(FunctionName=function.name, Description=DESCRIPTION)
        self._versions.append((function, answer["Version"]))
        # With SnapStart a version is ready only once its snapshot is taken.
        self._require_updated(function, answer["Version"])

    def _check(self, function: DeployedFunction, version: str) -> None:
        trouble = invoke_harmlessly(self.client, function.package, function.name, version)
        if trouble:
            raise DeployError(f"The smoke check of {function.name} failed: {trouble}")
        self.report(f"The smoke check of {function.name} passed")

    def _point_aliases(self, function: DeployedFunction, versions: Mapping[str, str]) -> None:
        for alias, version in versions.items():
            self.client.update_alias(
                FunctionName=function.name, Name=alias, FunctionVersion=version
            )

    def _require_updated(self, function: DeployedFunction, version: str = "$LATEST") -> None:
        trouble = self._await_update(function, version)
        if trouble:
            raise DeployError(f"AWS Lambda could not update {function.name}: {trouble}")

    def _await_update(self, function: DeployedFunction, version: str = "$LATEST") -> str:
        """Wait until a function or one of its versions can run (AWS Lambda: "Function states").

        Returns:
            What has failed; empty if nothing has.
        """
        waited_seconds, pause_seconds = 0.0, 0.1
        while waited_seconds < _LONGEST_UPDATE_SECONDS:
            answer = self.client.get_function_configuration(
                FunctionName=function.name, Qualifier=version
            )
            if answer.get("LastUpdateStatus") == "Failed":
                return answer.get("LastUpdateStatusReason", "no reason was given")
            if answer.get("State") == "Failed":
                return answer.get("StateReason", "no reason was given")
            if answer.get("LastUpdateStatus") != "InProgress" and answer.get("State") != "Pending":
                return ""
            self.sleep(pause_seconds)
            waited_seconds += pause_seconds
            pause_seconds = min(0.5, pause_seconds * 2)
        return "it takes too long"

    def _take_back(self, error: BaseException, package_keys: Mapping[str, str]) -> None:
        """Give every function that was updated its former code back."""
        self.report("That failed: putting the former code back")
        try:
            for function in self._begun:
                self._put_back(function, package_keys[function.package])
            for function in self._pointed:
                self._point_aliases(function, function.aliases)
            for function, version in self._versions:
                # Lambda hands out the latest version again where nothing has changed since.
                if version not in function.aliases.values():
                    self.client.delete_function(FunctionName=function.name, Qualifier=version)
        except (DeployError, ClientError, BotoCoreError) as second:
            raise DeployError(
                f"The new code failed ({error}), and the former code could not be put back "
                f"everywhere ({second}): deploy the version that worked."
            ) from second

    def _put_back(self, function: DeployedFunction, new_key: str) -> None:
        """Put the former code of a function back, unless the update has not reached it.

        Whether it has is asked and not noted, since the answer to the update may be lost.
        """
        trouble = self._await_update(function)
        runs = _read_sha256(self.client.get_function_configuration(FunctionName=function.name))
        if not trouble and package_key(function.package, runs) != new_key:
            return
        self.client.update_function_code(
            FunctionName=function.name,
            S3Bucket=self.bucket,
            S3Key=package_key(function.package, function.sha256),
            Architectures=[function.architecture],
        )
        self._require_updated(function)
        self.report(f"{function.name} has its former code back")
