"""The functions' logs on AWS, from CloudWatch, in the order of their time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from infra.aws import aws_errors_as
from infra.cli.logs.log_lines import LogLine, read_line
from infra.stacks import Stack
from shared.errors import OperatorError


class CloudWatchLogs:
    """The log groups of a stack's functions, read from a time on.

    Lines reach CloudWatch a few seconds late, and not in order: what came since is looked for a
    little further back, and nothing is given twice.
    """

    _LATE_MILLISECONDS = 30_000

    def __init__(self, stack: Stack, since: datetime, ids: frozenset[str]) -> None:
        self._client = stack.client("logs")
        self._prefix = f"/aws/lambda/{stack.name}-"
        self._from = int(since.timestamp() * 1000)
        self._ids = ids
        self._given: set[str] = set()

    def read_new(self) -> Iterator[LogLine]:
        """The lines that came since the last call, oldest first.

        Raises:
            OperatorError: AWS refused, or cannot be reached.
        """
        with aws_errors_as(OperatorError):
            groups = self._client.get_paginator("describe_log_groups").paginate(
                logGroupNamePrefix=self._prefix
            )
            names = [
                group["logGroupName"]
                for page in groups
                for group in page["logGroups"]
                # Beside ours those of a stack whose name begins with ours and a hyphen.
                if "-" not in group["logGroupName"].removeprefix(self._prefix)
            ]
            events = [event for name in names for event in self._read_group(name)]
        for event in sorted(events, key=lambda one: one["timestamp"]):
            self._from = max(self._from, event["timestamp"] - self._LATE_MILLISECONDS)
            if event["eventId"] in self._given:
                continue
            self._given.add(event["eventId"])
            line = read_line(event["message"].rstrip())
            if line is not None:
                yield line

    def _read_group(self, name: str) -> Iterator[Any]:
        # Amazon CloudWatch Logs User Guide, "Filter pattern syntax": a term in quotes is looked for
        # as it is, and terms with a question mark are alternatives.
        wanted = [f'?"{one}"' for one in sorted(self._ids)] if len(self._ids) > 1 else [
            f'"{one}"' for one in self._ids
        ]  # fmt: skip
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=name, startTime=self._from, filterPattern=" ".join(wanted)
        )
        for page in pages:
            yield from page["events"]
