"""AWS Lambda, as far as an exchange of code asks it: code by its key in S3, versions, aliases."""

import base64
import io
import json
import re
from hashlib import sha256

from botocore.exceptions import ClientError, ReadTimeoutError


class _Pages:
    """One page of one operation."""

    def __init__(self, operation):
        self._operation = operation

    def paginate(self, **arguments):
        return [self._operation(**arguments)]


class FunctionDesk:
    """Functions by name; each runs code that is named by its key in the deploy bucket.

    Attributes:
        broken: Keys of code that fails at each invocation.
        refused: Names of functions whose update fails after it was accepted.
        lost: Names of functions whose next update is done, but its answer does not arrive.
        calls: The name of each operation and its function, in order.
    """

    def __init__(self, **code):
        self.broken, self.refused, self.lost, self.calls = set(), set(), set(), []
        self._functions = {
            name: {
                "key": key, "revision": 1, "versions": {}, "descriptions": {}, "aliases": {},
                "status": [],
            }
            for name, key in code.items()
        }  # fmt: skip

    def key_of(self, name, qualifier="$LATEST"):
        function = self._functions[name]
        version = function["aliases"].get(qualifier, qualifier)
        return function["key"] if version == "$LATEST" else function["versions"][version]

    def versions_of(self, name):
        return sorted(self._functions[name]["versions"], key=int)

    def add_alias(self, name, alias, description=""):
        version = self.publish_version(FunctionName=name, Description=description)["Version"]
        self._functions[name]["aliases"][alias] = version
        return version

    def update_function_code(
        self, *, FunctionName, S3Bucket, S3Key, Architectures, RevisionId=None
    ):
        self.calls.append(("update", FunctionName))
        # Lambda's own default is x86_64.
        assert Architectures == ["arm64"]
        function = self._functions[FunctionName]
        if RevisionId not in (None, str(function["revision"])):
            raise ClientError({"Error": {"Code": "PreconditionFailedException"}}, "Update")
        function["revision"] += 1
        if FunctionName in self.refused:
            self.refused.discard(FunctionName)
            function["status"] = ["InProgress", "Failed"]
        else:
            function.update(key=S3Key, status=["InProgress", "Successful"])
        if FunctionName in self.lost:
            self.lost.discard(FunctionName)
            raise ReadTimeoutError(endpoint_url="lambda")

    def get_function_configuration(self, *, FunctionName, Qualifier="$LATEST"):
        function = self._functions[FunctionName]
        status = function["status"].pop(0) if function["status"] else "Successful"
        key = self.key_of(FunctionName, Qualifier)
        named = re.fullmatch(r"functions/\w+-([0-9a-f]{64})\.zip", key)
        digest = bytes.fromhex(named[1]) if named else sha256(key.encode()).digest()
        return {
            "CodeSha256": base64.b64encode(digest).decode(),
            "Architectures": ["arm64"],
            "RevisionId": str(function["revision"]),
            "State": "Active",
            "LastUpdateStatus": status,
            "LastUpdateStatusReason": "no room" if status == "Failed" else "",
        }

    def get_paginator(self, operation):
        return _Pages(getattr(self, f"_{operation}"))

    def _list_aliases(self, FunctionName):
        aliases = self._functions[FunctionName]["aliases"]
        return {"Aliases": [{"Name": n, "FunctionVersion": v} for n, v in aliases.items()]}

    def _list_versions_by_function(self, FunctionName):
        described = self._functions[FunctionName]["descriptions"]
        versions = [{"Version": "$LATEST", "Description": "Checks an uploaded PDF."}]
        for number in self.versions_of(FunctionName):
            versions.append({"Version": number, "Description": described[number]})
        return {"Versions": versions}

    def publish_version(self, *, FunctionName, Description):
        self.calls.append(("publish", FunctionName))
        function = self._functions[FunctionName]
        number = str(len(function["descriptions"]) + 1)
        function["versions"][number] = self.key_of(FunctionName)
        function["descriptions"][number] = Description
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
