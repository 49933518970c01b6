"""AWS Lambda, as far as an exchange of code asks it: code by its key in S3, versions, aliases."""

import base64
import io
import json
from hashlib import sha256

from botocore.exceptions import ClientError


class FunctionDesk:
    """Functions by name; each runs code that is named by its key in the deploy bucket.

    Attributes:
        broken: Keys of code that fails at each invocation.
        refused: Names of functions whose update fails after it was accepted.
        calls: The name of each operation and its function, in order.
    """

    def __init__(self, **code):
        self.broken, self.refused, self.calls = set(), set(), []
        self._functions = {
            name: {"key": key, "revision": 1, "versions": {}, "aliases": {}, "status": []}
            for name, key in code.items()
        }

    def key_of(self, name, qualifier="$LATEST"):
        function = self._functions[name]
        version = function["aliases"].get(qualifier, qualifier)
        return function["key"] if version == "$LATEST" else function["versions"][version]

    def versions_of(self, name):
        return sorted(self._functions[name]["versions"])

    def add_alias(self, name, alias):
        version = self.publish_version(FunctionName=name, Description="")["Version"]
        self._functions[name]["aliases"][alias] = version

    def update_function_code(self, *, FunctionName, S3Bucket, S3Key, RevisionId=None):
        self.calls.append(("update", FunctionName))
        function = self._functions[FunctionName]
        if RevisionId not in (None, str(function["revision"])):
            raise ClientError({"Error": {"Code": "PreconditionFailedException"}}, "Update")
        function["revision"] += 1
        if FunctionName in self.refused:
            self.refused.discard(FunctionName)
            function["status"] = ["InProgress", "Failed"]
        else:
            function.update(key=S3Key, status=["InProgress", "Successful"])

    def get_function_configuration(self, *, FunctionName, Qualifier="$LATEST"):
        function = self._functions[FunctionName]
        status = function["status"].pop(0) if function["status"] else "Successful"
        digest = sha256(self.key_of(FunctionName, Qualifier).encode()).digest()
        return {
            "CodeSha256": base64.b64encode(digest).decode(),
            "RevisionId": str(function["revision"]),
            "State": "Active",
            "LastUpdateStatus": status,
            "LastUpdateStatusReason": "no room" if status == "Failed" else "",
        }

    def list_aliases(self, *, FunctionName):
        aliases = self._functions[FunctionName]["aliases"]
        return {"Aliases": [{"Name": n, "FunctionVersion": v} for n, v in aliases.items()]}

    def publish_version(self, *, FunctionName, Description):
        self.calls.append(("publish", FunctionName))
        versions = self._functions[FunctionName]["versions"]
        number = str(len(versions) + 1)
        versions[number] = self.key_of(FunctionName)
        return {"Version": number}

    def update_alias(self, *, FunctionName, Name, FunctionVersion):
        self.calls.append(("alias", FunctionName))
        self._functions[FunctionName]["aliases"][Name] = FunctionVersion

    def delete_function(self, *, FunctionName, Qualifier):
        del self._functions[FunctionName]["versions"][Qualifier]

    def invoke(self, *, FunctionName, Qualifier, Payload):
        self.calls.append(("invoke", FunctionName))
        assert json.loads(Payload) == {"Records": []}
        if self.key_of(FunctionName, Qualifier) in self.broken:
            error = {"errorType": "ImportError", "errorMessage": "no module\nnamed x"}
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(error).encode())}
        return {"Payload": io.BytesIO(b'{"batchItemFailures": []}')}
