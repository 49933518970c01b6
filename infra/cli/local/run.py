"""`seashore local run`: a command for which the emulator of the local stack is AWS."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from infra.aws import REHEARSAL
from infra.cli.output import Output
from infra.local.process import except_from_proxies
from infra.local.record import LocalFolder, LocalRecord, read_live_record
from shared.errors import LocalStackError, UnknownStackError, WrongUsageError

# What would lead elsewhere: a profile, a session of other credentials, other addresses.
_LEADS_ELSEWHERE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "SEASHORE_STACK")


def run_with_emulator(root: Path, command: Sequence[str], output: Output) -> int:
    """Run a command, and end as it ends.

    Returns:
        Its exit status; of a command that a signal has ended, 128 and the signal's number, as a
        shell tells it.

    Raises:
        UnknownStackError: The local stack is not running.
        WrongUsageError: There is no such command.
    """
    try:
        record = read_live_record(LocalFolder(root))
    except LocalStackError as error:
        raise UnknownStackError(str(error)) from None
    beside = Path(sys.executable).parent / command[0]
    program = str(beside) if beside.is_file() else shutil.which(command[0])
    if program is None:
        raise WrongUsageError(f"There is no command {command[0]!r} on the path.")
    environment = compose_environment(record, os.environ)
    arguments = compose_arguments(record, command)
    ended = subprocess.run([program, *arguments], env=environment, check=False)  # noqa: S603 - the user's own
    status = ended.returncode if ended.returncode >= 0 else 128 - ended.returncode
    if status:
        output.say(f"{command[0]} ended with the status {status}.")
    return status


def compose_arguments(record: LocalRecord, command: Sequence[str]) -> list[str]:
    """The arguments of a command; the AWS command line is told the address there too.

    Version 1 of it takes no other for SQS, and version 2 knows no setting before 2.13: both would
    ask AWS itself.
    """
    is_aws = Path(command[0]).name in ("aws", "aws.exe") and "--endpoint-url" not in command
    return [*(["--endpoint-url", record.endpoint_url] if is_aws else []), *command[1:]]


def compose_environment(record: LocalRecord, own: Mapping[str, str]) -> dict[str, str]:
    """An environment in which SDKs and the AWS command line take the emulator for AWS.

    Addresses that are given for single services are left out: they would go before that of all.

    Args:
        record: The local stack.
        own: The environment to begin with.
    """
    kept = {
        name: value
        for name, value in own.items()
        if name not in _LEADS_ELSEWHERE and not name.startswith("AWS_ENDPOINT_URL_")
    }
    return {
        **kept,
        **except_from_proxies(own),
        "AWS_ENDPOINT_URL": record.endpoint_url,
        "AWS_REGION": record.region,
        "AWS_DEFAULT_REGION": record.region,
        "AWS_ACCESS_KEY_ID": record.access_key_id,
        "AWS_SECRET_ACCESS_KEY": record.secret_access_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        REHEARSAL: "1",
    }
