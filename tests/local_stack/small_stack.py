"""A stack of one function, one queue and one bucket, on the emulator of the session."""

import hashlib
import json
import uuid
import zipfile

from infra.deploy.code_only import deploy_code
from infra.deploy.deploy_stack import choose_target, deploy_stack, plan_deployment
from infra.deploy.destroy import destroy_stack, plan_destruction
from infra.deploy.stack_place import StackPlace
from infra.deploy.staging import package_placeholder
from infra.packaging.build import Package

TEMPLATE = f"""
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Architecture: {{Type: String, Default: arm64}}
  Seconds: {{Type: String, Default: "30"}}
  Suffix: {{Type: String, Default: a}}
Resources:
  WorkerFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${{AWS::StackName}}-worker
      Runtime: python3.13
      Architectures: [!Ref Architecture]
      Handler: worker.handler
      CodeUri: {package_placeholder("worker")}
      Timeout: !Ref Seconds
      AutoPublishAlias: live
  Queue:
    Type: AWS::SQS::Queue
    Properties: {{QueueName: !Sub "${{AWS::StackName}}-${{Suffix}}"}}
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: RetainExceptOnCreate
    Properties:
      BucketName: !Sub ${{AWS::StackName}}-documents-${{AWS::AccountId}}-${{AWS::Region}}
      VersioningConfiguration: {{Status: Enabled}}
Outputs:
  QueueUrl: {{Value: !Ref Queue}}
  Bucket: {{Value: !Ref Bucket}}
"""


class SmallStack:
    """Deploys the small template under a name of its own.

    Attributes:
        name: Name of the stack.
        lines: What the last operation has reported.
    """

    def __init__(self, stack, folder):
        self.name = f"small-{uuid.uuid4().hex[:8]}"
        self.lines = []
        self._stack, self._folder = stack, folder
        self._template = folder / "template.yaml"
        self._place = StackPlace(
            stack.session, self.name, self.lines.append, self._template, stack.endpoint_url, 0.05
        )
        self._template.write_text(TEMPLATE)
        self.write_code("first")

    def write_code(self, answer, head=""):
        """Have the function say another word, after some code at the top of its module."""
        path = self._folder / f"{uuid.uuid4().hex}.zip"
        with zipfile.ZipFile(path, "w") as file:
            # A fixed date: the same code is the same package.
            entry = zipfile.ZipInfo("worker.py", date_time=(1980, 1, 1, 0, 0, 0))
            body = "def handler(event, context):\n"
            body += f"    return {{'batchItemFailures': [], 'word': {answer!r}}}\n"
            file.writestr(entry, f"{head}\n{body}")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self._packages = {"worker": Package(path, digest, path.stat().st_size, 0)}

    def choose_target(self, **parameters):
        return choose_target(self._place, parameters)

    def edit_template(self, old, new):
        self._template.write_text(self._template.read_text().replace(old, new))

    def deploy(self, **parameters):
        return self._run(deploy_stack, parameters)

    def plan(self, **parameters):
        return self._run(plan_deployment, parameters)

    def deploy_code(self):
        return self._run(deploy_code)

    def _run(self, operation, *arguments):
        self.lines.clear()
        return operation(self._place, self._packages, *arguments)

    def plan_destruction(self):
        return plan_destruction(self._place)

    def destroy(self, *, delete_data=False):
        destroy_stack(self._place, self.plan_destruction(), delete_data=delete_data)

    def ask(self):
        """The word that the function says to who calls it by its alias."""
        answer = self._stack.client("lambda").invoke(
            FunctionName=f"{self.name}-worker", Qualifier="live", Payload=b"{}"
        )
        return json.loads(answer["Payload"].read())["word"]

    def architecture(self):
        """The processors that the function runs on."""
        [architecture] = self._stack.client("lambda").get_function_configuration(
            FunctionName=f"{self.name}-worker"
        )["Architectures"]
        return architecture

    def status(self):
        """Status of the stack; none if there is no stack."""
        for summary in self._stack.client("cloudformation").list_stacks()["StackSummaries"]:
            if summary["StackName"] == self.name and summary["StackStatus"] != "DELETE_COMPLETE":
                return summary["StackStatus"]
        return None


def use_emulator_as_aws(stack, monkeypatch):
    """Have the command line take the emulator for AWS, and its owner for who runs it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.endpoint_url)
    credentials = stack.session.get_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", credentials.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", credentials.secret_key)
