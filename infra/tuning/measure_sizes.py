"""Run a function in several memory sizes, without changing the one that works.

A version is published of each size, and the function has its own size again before the first of
them is run: what the queues send goes to `$LATEST`, which is in another size for seconds only. So
does AWS Lambda Power Tuning (github.com/alexcasalboni/aws-lambda-power-tuning), with aliases.
"""

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_incrementing

from infra.aws import describe_client_error
from infra.signals import ignore_signals
from infra.tuning.choose_size import MeasuredSize, WarmRun, sum_up
from shared.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import InvocationResponseTypeDef

_REPORT = re.compile(
    r"^REPORT .*?\tDuration: ([\d.]+) ms\s+Billed Duration: (\d+) ms\s+"
    r"Memory Size: \d+ MB\s+Max Memory Used: (\d+) MB",
    re.MULTILINE,
)
_MOST_PROBLEM_CHARACTERS = 200
_MARK = "seashore tune"
# Lambda has one alias of a name: of two commands that begin at once, one makes it.
_ALIAS = "seashore-tune"
# A run that Lambda throttles has not begun. It is tried so often, with ever longer pauses.
_THROTTLED = "TooManyRequestsException"
_ATTEMPTS = 5


@dataclass(frozen=True)
class Trial:
    """What is run, how often.

    Args:
        function_name: The function's name in the account.
        payload: The event, as JSON.
        runs: How many warm runs of each size are measured, after one that is not.
        poll_seconds: Pause between two looks at whether a change is done.
        token: Stands in the description of its versions, so that no others are deleted.
        sleep: Waits before a run that Lambda has throttled is tried again.
    """

    function_name: str
    payload: bytes
    runs: int
    poll_seconds: int = 1
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    sleep: Callable[[float], None] = time.sleep

    @property
    def mark(self) -> str:
        """With what the descriptions of its versions and its alias begin."""
        return f"{_MARK} {self.token}"

    def describe(self, own_mb: int) -> str:
        """How these are described; whoever finds one reads what the function had."""
        return f"{self.mark}, of a function with {own_mb} MB"


def measure_sizes(
    client: "LambdaClient",
    runner: "LambdaClient",
    trial: Trial,
    sizes: Sequence[int],
    report: Callable[[str], None],
) -> list[MeasuredSize]:
    """Measure a function in each size; it has its own again, and no version is left, at the end.

    Args:
        client: Client of AWS Lambda.
        runner: One that waits for an answer for as long as a run may take, and does not try a call
            again.
        trial: What is run.
        sizes: In megabytes.
        report: Called with one line a step.

    Raises:
        ClientError: AWS refused.
        OperatorError: The function is being tuned already, or could not be put back; the message
            says how to.
    """
    with ExitStack() as done:
        done.enter_context(_keep_others_out(client, trial, report))
        own = client.get_function_configuration(FunctionName=trial.function_name)
        architecture, own_mb = own["Architectures"][0], own["MemorySize"]
        client.update_alias(
            FunctionName=trial.function_name, Name=_ALIAS, Description=trial.describe(own_mb)
        )
        versions = done.enter_context(_publish_sizes(client, trial, sizes, own_mb, report))
        measured = []
        for size, version in versions.items():
            measured.append(_measure(runner, trial, size, version, architecture))
            report(f"{size:,} MB: {_tell(measured[-1])}")
    return measured


@contextmanager
def _keep_others_out(
    client: "LambdaClient", trial: Trial, report: Callable[[str], None]
) -> Iterator[None]:
    """Refuse a function whose size may be that of another trial, and would be taken for its own.

    Raises:
        OperatorError: There is an alias or a version of another one.
    """
    name = trial.function_name
    try:
        try:
            client.create_alias(
                FunctionName=name, Name=_ALIAS, FunctionVersion="$LATEST", Description=trial.mark
            )
        except client.exceptions.ResourceConflictException:
            alias = client.get_alias(FunctionName=name, Name=_ALIAS)
            # The answer to the first try of the same request may have been lost.
            if alias["Description"] != trial.mark:
                raise _explain_second(
                    name, f"alias {_ALIAS}", alias["Description"], f"delete-alias --name {_ALIAS}"
                ) from None
        for version, description in _list_versions(client, name, _MARK):
            raise _explain_second(
                name, f"version {version}", description, f"delete-function --qualifier {version}"
            )
        yield
    finally:
        with ignore_signals():
            _delete_alias(client, trial, report)


def _explain_second(name: str, what: str, description: str, removal: str) -> OperatorError:
    return OperatorError(
        f"{name} is being tuned: its {what} is described as {description!r}. If that was killed, "
        f"give the function this size (`aws lambda update-function-configuration --function-name "
        f"{name} --memory-size …`) and delete the {what.partition(' ')[0]} (`aws lambda {removal} "
        f"--function-name {name}`)."
    )


def _delete_alias(client: "LambdaClient", trial: Trial, report: Callable[[str], None]) -> None:
    name = trial.function_name
    try:
        # It may not have been made, or be another one's.
        alias = client.get_alias(FunctionName=name, Name=_ALIAS)
        if alias["Description"].startswith(trial.mark):
            client.delete_alias(FunctionName=name, Name=_ALIAS)
    except client.exceptions.ResourceNotFoundException:
        return
    except (ClientError, BotoCoreError):
        report(f"The alias {_ALIAS} of {name} may be left: delete it")


@contextmanager
def _publish_sizes(
    client: "LambdaClient",
    trial: Trial,
    sizes: Sequence[int],
    own_mb: int,
    report: Callable[[str], None],
) -> Iterator[dict[int, str]]:
    """A version of each size, by size, to the end of the block; the function keeps its own."""
    versions: dict[int, str] = {}
    try:
        try:
            for size in sizes:
                _set_memory(client, trial, size)
                published = client.publish_version(
                    FunctionName=trial.function_name, Description=trial.describe(own_mb)
                )
                versions[size] = published["Version"]
        finally:
            with ignore_signals():
                _put_back(client, trial, own_mb)
        report(f"{len(versions)} versions are published; the function has its {own_mb:,} MB")
        yield versions
    finally:
        with ignore_signals():
            _delete_versions(client, trial, report)


def _set_memory(client: "LambdaClient", trial: Trial, memory_mb: int) -> None:
    client.update_function_configuration(FunctionName=trial.function_name, MemorySize=memory_mb)
    client.get_waiter("function_updated_v2").wait(
        FunctionName=trial.function_name,
        WaiterConfig={"Delay": trial.poll_seconds, "MaxAttempts": 300 // trial.poll_seconds},
    )


def _put_back(client: "LambdaClient", trial: Trial, own_mb: int) -> None:
    # What was begun when it was interrupted may still be under way, or have failed.
    with suppress(WaiterError):
        client.get_waiter("function_updated_v2").wait(
            FunctionName=trial.function_name, WaiterConfig={"Delay": trial.poll_seconds}
        )
    try:
        _set_memory(client, trial, own_mb)
    except (ClientError, BotoCoreError) as error:
        raise OperatorError(
            f"The function could not be given its {own_mb} MB again: "
            f"`aws lambda update-function-configuration --function-name {trial.function_name} "
            f"--memory-size {own_mb}` does it."
        ) from error


def _delete_versions(client: "LambdaClient", trial: Trial, report: Callable[[str], None]) -> None:
    """Delete the versions of this trial: also one whose publishing was interrupted.

    Lambda publishes nothing where nothing has changed, but names the version that is there (AWS
    Lambda API Reference, PublishVersion), which may be the one that an alias calls.
    """
    name = trial.function_name
    is_one_left = False
    try:
        for version, _ in _list_versions(client, name, trial.mark):
            try:
                client.delete_function(FunctionName=name, Qualifier=version)
            except (ClientError, BotoCoreError):
                is_one_left = True
    except (ClientError, BotoCoreError):
        is_one_left = True
    if is_one_left:
        report(f"Versions of {name} described as {_MARK!r} may be left: delete them")


def _list_versions(client: "LambdaClient", name: str, mark: str) -> list[tuple[str, str]]:
    """The versions whose description begins with a mark, and that description."""
    pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
    all_of_them = [one for page in pages for one in page["Versions"]]
    return [
        (one["Version"], one.get("Description", ""))
        for one in all_of_them
        if one.get("Description", "").startswith(mark)
    ]


def _measure(
    client: "LambdaClient", trial: Trial, size: int, version: str, architecture: str
) -> MeasuredSize:
    """Run a version: once for its cold start, then as often as is measured."""
    runs: list[WarmRun] = []
    try:
        client.get_waiter("published_version_active").wait(
            FunctionName=trial.function_name,
            Qualifier=version,
            WaiterConfig={"Delay": trial.poll_seconds},
        )
        for _ in range(trial.runs + 1):
            answer = _run(client, trial, version)
            told = answer["Payload"].read()
            if answer.get("FunctionError"):
                return MeasuredSize(size, problem=_describe_failure(told))
            runs.append(_read_report(answer.get("LogResult", "")))
    except ClientError as error:
        return MeasuredSize(size, problem=describe_client_error(error))
    except WaiterError as error:
        return MeasuredSize(size, problem=f"its version did not become ready: {error}")
    return sum_up(size, runs[1:], architecture)


def _run(client: "LambdaClient", trial: Trial, version: str) -> "InvocationResponseTypeDef":
    tries = Retrying(
        retry=retry_if_exception(_is_throttled),
        wait=wait_incrementing(trial.poll_seconds, trial.poll_seconds),
        stop=stop_after_attempt(_ATTEMPTS),
        sleep=trial.sleep,
        reraise=True,
    )
    return tries(
        client.invoke,
        FunctionName=trial.function_name,
        Qualifier=version,
        LogType="Tail",
        Payload=trial.payload,
    )


def _is_throttled(error: BaseException) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == _THROTTLED


def _read_report(log_tail: str) -> WarmRun:
    """What the REPORT line at the end of a run's log says of it.

    Raises:
        OperatorError: There is none.
    """
    text = base64.b64decode(log_tail).decode("utf-8", "replace")
    found = _REPORT.search(text)
    if found is None:
        raise OperatorError(
            "The function's log has no REPORT line of its run: its log format must be text."
        )
    return WarmRun(float(found[1]), float(found[2]), int(found[3]))


def _describe_failure(payload: bytes) -> str:
    try:
        told = json.loads(payload)
        words = f"{told['errorType']}: {told['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        words = "the run failed"
    return " ".join(words.split())[:_MOST_PROBLEM_CHARACTERS]


def _tell(size: MeasuredSize) -> str:
    if size.problem:
        return size.problem
    return f"{size.duration_ms:,.0f} ms, ${size.cost_usd:,.2f} a million runs"
