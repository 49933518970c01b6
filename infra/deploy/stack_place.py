"""Where a stack is or is to be, by which template, and how work on it is followed."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3

from infra.aws import QUICK, share_clients
from infra.deploy.stack_events import Report
from infra.deploy.stack_operation import StackOperation
from infra.deploy.template_file import parse_template
from infra.project_files import TEMPLATE


@dataclass(frozen=True)
class StackPlace:
    """Where a stack is or is to be, and how work on it is followed.

    Args:
        session: Session of the stack's account and region.
        stack_name: Name of the CloudFormation stack, which need not exist yet.
        report: Called with one line for each step and each resource that changes.
        template: The template that is deployed, or is to be.
        endpoint_url: Address of the emulator; None for AWS.
        poll_seconds: Pause between two looks at CloudFormation.
        sleep: Pauses for a number of seconds.
    """

    session: boto3.session.Session = field(repr=False)
    stack_name: str
    report: Report
    template: Path = TEMPLATE
    endpoint_url: str | None = None
    poll_seconds: float = 2.0
    sleep: Callable[[float], None] = time.sleep

    @cached_property
    def client(self) -> Callable[..., Any]:
        """Gives the boto3 client of a service for this place (`share_clients`)."""
        return share_clients(self.session, self.endpoint_url)

    @property
    def region(self) -> str:
        """Region of the stack."""
        return self.session.region_name

    @cached_property
    def account_id(self) -> str:
        """Account of the stack.

        Raises:
            ClientError: AWS refused.
        """
        return str(self.client("sts", QUICK).get_caller_identity()["Account"])

    @property
    def operation(self) -> StackOperation:
        """An operation on the stack."""
        return StackOperation(
            self.client("cloudformation"),
            self.stack_name,
            self.report,
            self.poll_seconds,
            self.sleep,
        )

    def read_template(self) -> str:
        """The text of the template."""
        return self.template.read_text(encoding="utf-8")

    def parse_template(self) -> dict[str, Any]:
        """What the template says.

        Raises:
            DeployError: It is not a CloudFormation template.
        """
        return parse_template(self.read_template())
